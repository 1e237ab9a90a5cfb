#!/usr/bin/env python3
"""Doxygen's INPUT_FILTER: the headers' plain comments as those that Doxygen reads.

The comment at the head of a file describes the file, one above or behind a declaration that
declaration, and a heading `// ---- Title ----` what follows it. Indented lines are code.
"""
import pathlib
import re
import sys


def prose(text):
    if text.startswith("   "):
        return "    " + text  # Markdown's code
    return re.sub(r"\bal\. ", r"al.\\ ", re.sub(r"([<>@\\#])", r"\\\1", text))  # no end of a sentence


text = pathlib.Path(sys.argv[1]).read_text()
grouped, code = False, False
for line in text.splitlines():
    indent, comment = re.match(r"( *)//(.*)", line).groups() if re.match(r" *//", line) else ("", None)
    heading = re.match(r" ---- (.*?) ?----$", comment or "")
    if heading:
        print(("/// @}\n" if grouped else "") + f"/// @name {prose(heading[1])}\n/// @{{")
        grouped = True
    elif comment is not None:
        if line == text.splitlines()[0]:
            print("/// @file")
        if comment.startswith("   ") and not code:
            print(f"{indent}///")  # a paragraph ends before code
        code = comment.startswith("   ")
        print(f"{indent}///{prose(comment)}")
        continue
    else:
        if grouped and line.startswith("}  // namespace"):
            print("/// @}")
            grouped = False
        behind = re.match(r"([^#}].*\S)  //( .*)$", line)
        print(f"{behind[1]}  ///<{prose(behind[2])}" if behind else line)
    code = False
