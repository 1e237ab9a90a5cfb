#!/usr/bin/env python3
"""Lays out in build/site-source what the site is built from (scripts/docs.sh).

That is docs/ with the table of ops widened (ops_table.py), and a page for each file of the tree that
a document links to. A link that leads nowhere is an error.
"""
import pathlib
import re
import shutil
import sys

import pygments
import pygments.formatters
import pygments.lexers

import ops_table

root = pathlib.Path(__file__).resolve().parent.parent
docs, site = root / "docs", root / "build/site-source"
link = re.compile(r"```.*?```|`[^`\n]*`|(\]\()((?!\w+:|#)[^)#]+)", re.S)  # none within code


def source_page(path):
    """Where the site shows a file of the tree that is not in docs/."""
    name = f"source/{path.relative_to(root)}.html"
    target = site / name
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        text = path.read_text()
        formatter = pygments.formatters.HtmlFormatter(full=True, linenos="inline", title=str(path.relative_to(root)))
        lexer = pygments.lexers.get_lexer_for_filename(path.name, text)
        target.write_text(pygments.highlight(text, lexer, formatter))
    return name


def copy_page(page):
    place = page.relative_to(docs)
    text = page.read_text()
    if page == ops_table.page:
        text = ops_table.widened(text)

    def resolved(match):
        if not match[2]:
            return match[0]
        path = (page.parent / match[2]).resolve()
        if not path.is_file():
            sys.exit(f"docs/{place}: links to {match[2]}, which is no file")
        if docs in path.parents:
            return match[0]
        return match[1] + "../" * (len(place.parts) - 1) + source_page(path)

    (site / place).write_text(link.sub(resolved, text))


if errors := ops_table.mismatches():
    sys.exit("\n".join(errors))
shutil.rmtree(site, ignore_errors=True)
for file in sorted(docs.rglob("*")):
    place = site / file.relative_to(docs)
    if file.is_dir() or file.name in ("mkdocs.yml", "Doxyfile", "reference.dox", "reference.css"):
        continue
    place.parent.mkdir(parents=True, exist_ok=True)
    if file.suffix == ".md":
        copy_page(file)
    else:
        shutil.copy(file, place)
