#!/usr/bin/env python3
"""Compiles and runs the C++ programs that stand in README.md and docs/, against build/.

Each block ```cpp is a program. Where "It prints `...`" or a block ```text follows, that is what it
must print. The table of ops must be whole, too, and layers.md name each header of nn/. check_docs.py [BUILD_FOLDER] [PAGE ...]
"""
import concurrent.futures
import pathlib
import re
import subprocess
import sys
import tempfile

import ops_table

root = pathlib.Path(__file__).resolve().parent.parent
build = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else root / "build").resolve()
pages = [pathlib.Path(page).resolve() for page in sys.argv[2:]] or [root / "README.md", *sorted((root / "docs").rglob("*.md"))]
libraries = [build / folder / f"libbabelgrad_{folder}.a" for folder in ("nn", "base", "autograd")]
block = re.compile(r"```cpp\n(.*?)```\s*(?:It prints `(.*?)`|(?:It prints:\s*)?```text\n(.*?)```)?", re.S)


def failure(place, code, expected):
    """What is wrong with a program, or None."""
    if "#include" not in code:
        return f"{place}: is no program"
    with tempfile.TemporaryDirectory() as folder:
        source = pathlib.Path(folder, "program.cpp")
        source.write_text(code)
        binary = pathlib.Path(folder, "program")
        command = ["c++", "-std=c++20", "-Wall", "-Wextra", "-Werror", f"-I{build}/include", source,
                   "-o", binary, *filter(pathlib.Path.exists, libraries), "-lopenblas", "-lpthread"]
        compilation = subprocess.run(command, capture_output=True, text=True)
        if compilation.returncode != 0:
            return f"{place}: does not compile\n{compilation.stderr}"
        run = subprocess.run([binary], capture_output=True, text=True, cwd=folder)
        if run.returncode != 0:
            return f"{place}: exit code {run.returncode}\n{run.stdout}{run.stderr}"
        if expected is not None and run.stdout.strip() != expected.strip():
            return f"{place}: prints\n{run.stdout.strip()}\nnot\n{expected.strip()}"
    return None


if errors := ops_table.mismatches():
    sys.exit("\n".join(errors))
layers = (root / "docs/library/layers.md").read_text()
unnamed = {header.name for header in (root / "nn").glob("*.h") if f"nn/{header.name}" not in layers} - {"mapped_file.h"}
if unnamed:
    sys.exit(f"docs/library/layers.md does not name {', '.join(sorted(unnamed))}")
programs = []
for page in pages:
    text = page.read_text()
    for match in block.finditer(text):
        place = f"{page.relative_to(root)}:{text[:match.start()].count(chr(10)) + 2}"
        programs.append((place, match[1], match[2] or match[3]))
if not programs:
    sys.exit("check_docs.py: found no programs to check")
with concurrent.futures.ThreadPoolExecutor(2) as two:
    failures = [text for text in two.map(lambda program: failure(*program), programs) if text]
if failures:
    sys.exit("\n\n".join(failures))
print(f"{len(programs)} programs compile and run")
