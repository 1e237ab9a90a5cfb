#!/usr/bin/env python3
"""Compiles and runs every C++ program that stands in README.md and docs/*.md, against build/.

A block ```cpp is a program if it holds an #include; where the text behind it says "It prints `...`",
that is what it must print. check_docs.py [BUILD_FOLDER]
"""
import pathlib
import re
import subprocess
import sys
import tempfile

root = pathlib.Path(__file__).resolve().parent.parent
build = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else root / "build").resolve()
libraries = [build / folder / f"libbabelgrad_{folder}.a" for folder in ("nn", "base", "autograd")]
block = re.compile(r"```cpp\n(.*?)```\s*(?:It prints `(.*?)`)?", re.S)

programs = 0
for page in [root / "README.md", *sorted((root / "docs").glob("*.md"))]:
    text = page.read_text()
    for match in block.finditer(text):
        code, expected = match.groups()
        if "#include" not in code:
            continue
        programs += 1
        place = f"{page.relative_to(root)}:{text[:match.start()].count(chr(10)) + 2}"
        with tempfile.TemporaryDirectory() as folder:
            source = pathlib.Path(folder, "program.cpp")
            source.write_text(code)
            binary = pathlib.Path(folder, "program")
            command = ["c++", "-std=c++20", "-Wall", "-Wextra", "-Werror", f"-I{build}/include", source,
                       "-o", binary, *filter(pathlib.Path.exists, libraries), "-lopenblas", "-lpthread"]
            if subprocess.run(command).returncode != 0:
                sys.exit(f"{place}: does not compile")
            run = subprocess.run([binary], capture_output=True, text=True)
            if run.returncode != 0:
                sys.exit(f"{place}: exit code {run.returncode}\n{run.stdout}{run.stderr}")
            if expected is not None and run.stdout.strip() != expected:
                sys.exit(f"{place}: prints '{run.stdout.strip()}', not '{expected}'")
if programs < 2:
    sys.exit("check_docs.py: found no programs to check")
print(f"{programs} programs compile and run")
