#!/usr/bin/env python3
"""The table of all ops: docs/library/ops.md has a row an op, and this adds what the headers say of it.

As a program it checks that every op of autograd/ops.h and autograd/ops/shapes.h has a row under its
family, and every row an op. docs_site.py takes widened() for the site.
"""
import html
import pathlib
import re
import sys

root = pathlib.Path(__file__).resolve().parent.parent
page = root / "docs/library/ops.md"

heading = re.compile(r"^// ---- (.*) ----\n((?:// .*\n)*)", re.M)
declaration = re.compile(r"((?:^// .*\n)*)^template .*\n[\w:]+(?:<.*>)? (\w+)\(([^;]*?)\)(?:;| \{)(?:  // (.*))?$", re.M)
# Of shapes.h, what belongs to other families.
HOMES = {"argmax": "Order", "argmin": "Order", "argsort": "Order", "categorical": "Indices",
         "equal": "Choice by a mask", "allclose": "Choice by a mask"}
row = re.compile(r"\| `(\w+)` \| (.*?) \| ?(.*?) ?\|$")


def plain(comment):
    return " ".join(line[3:] for line in comment.splitlines())


def call(name, arguments):
    """`softmax(x, axis, keep = {})`: the arguments without their types."""
    parts = re.sub(r"\s+", " ", re.sub(r"<[^<>]*>", "", re.sub(r"<[^<>]*>", "", arguments))).split(", ")
    return f"{name}({', '.join(re.sub(r'^(?:const )?[^ ]+ ', '', part) for part in parts)})"


def read_headers():
    """{family: what its heading says of it}, {op: (family, [(call, comment) of each overload])}"""
    families, ops = {}, {}
    for path, family in (("autograd/ops.h", ""), ("autograd/ops/shapes.h", "Shapes")):
        text = (root / path).read_text()
        places = [(match.start(), match) for pattern in (heading, declaration) for match in pattern.finditer(text)]
        shared = ""  # the comment above a declaration serves those right behind it, too
        for start, match in sorted(places, key=lambda place: place[0]):
            if match.re is heading:
                title = re.sub(r" \([^)]*ops/[^)]*\)", "", match[1])
                family, rest = re.match(r"([^,:;]*)[,:;]? ?(.*)", title).groups()
                families[family] = [sentence for sentence in (rest, plain(match[2])) if sentence]
                continue
            above, name, arguments, behind = match.groups()
            if above or text[start - 2:start] == "\n\n":
                shared = plain(above)
            home = HOMES.get(name, family)
            ops.setdefault(name, (home, []))[1].append((call(name, arguments), behind or shared))
    return families, ops


def lines_of(text):
    """(line, its family, (op, gradient, PyTorch's name) if it is a row)"""
    family = ""
    for line in text.splitlines():
        if line.startswith("## "):
            family = line[3:]
        match = row.match(line)
        yield line, family, match and match.groups()


def mismatches():
    _, ops = read_headers()
    rows = {(columns[0], family) for _, family, columns in lines_of(page.read_text()) if columns}
    declared = {(name, family) for name, (family, _) in ops.items()}
    return ([f"{page.relative_to(root)} has no row for {name} under {family}" for name, family in sorted(declared - rows)] +
            [f"{page.relative_to(root)} has {name} under {family}; the headers do not" for name, family in sorted(rows - declared)])


def cell(text):
    return re.sub(r"[|*_\[\]]", lambda match: f"&#{ord(match[0])};", html.escape(text, quote=False))


def linked(sentence):
    """A family's sentence, its headers as links."""
    return re.sub(r"\b(\w+\.h)\b", r"[\1](../../autograd/\1)", cell(sentence))


def widened(text):
    """The page with what the headers say."""
    families, ops = read_headers()
    lines = []
    for line, family, columns in lines_of(text):
        if line.startswith("| op |"):
            lines += [linked(sentence[0].upper() + sentence[1:].rstrip(".") + ".") + "\n" for sentence in families[family]]
            line = "| call | computes | gradient | PyTorch |"
        elif line.startswith("|---"):
            line = "|---|---|---|---|"
        elif columns:
            name, gradient, torch = columns
            calls = [f"<code>{cell(text)}</code>" for text, _ in ops[name][1]]
            torch = re.sub("`(.*?)`", lambda match: f"<code>{cell(match[1]).replace('.', '.<wbr>')}</code>", torch)
            comments = [cell(comment) for _, comment in ops[name][1] if comment]
            line = f"| {'<br>'.join(dict.fromkeys(calls))} | {'<br>'.join(dict.fromkeys(comments))} | {gradient} | {torch} |"
        lines.append(line)
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    if errors := mismatches():
        sys.exit("\n".join(errors))
    print(f"{len(read_headers()[1])} ops have their rows")
