#!/usr/bin/env python3
"""Letters to sounds: the data of docs/results.md from the npm package cmu-pronouncing-dictionary
(3.0.0), and the error rates of what a model makes of the held-out words.

    letters.py prepare PACKAGE/index.js DIR   DIR/train.tsv, DIR/test.words, DIR/test.json
    letters.py score DIR OUTPUT               OUTPUT: the phonemes of DIR/test.words, line by line

A tenth of the words is held out. Stress (the digits) is stripped before counting, and of several
listed pronunciations the nearest counts.
"""
import json
import pathlib
import random
import re
import sys


def read_dictionary(path):
    """{word: [pronunciation, ...]} of the package's lines `"word": "W ER1 D"` and `"word(2)": ...`"""
    words = {}
    text = pathlib.Path(path).read_text(encoding="utf-8")
    for word, sounds in re.findall(r'^\s*["\']?(.+?)["\']?:\s*["\'](.*?)["\'],?$', text, re.M):
        words.setdefault(re.sub(r"\(\d+\)$", "", word), []).append(sounds)
    return words


def prepare(package, folder):
    words = read_dictionary(package)
    if not words:
        sys.exit(f"{package}: no line like \"word\": \"W ER1 D\"")
    order = sorted(words)
    random.Random(2026).shuffle(order)
    held_out = set(order[: len(order) // 10])
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    pairs = [f"{w}\t{s}\n" for w in sorted(words) if w not in held_out for s in words[w]]
    (folder / "train.tsv").write_text("".join(pairs), encoding="utf-8")
    (folder / "test.words").write_text("".join(w + "\n" for w in sorted(held_out)), encoding="utf-8")
    (folder / "test.json").write_text(json.dumps({w: words[w] for w in sorted(held_out)}))


def edits(a, b):
    """The least number of insertions, deletions and replacements that make b of a."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        before, row = row, [i]
        for j, y in enumerate(b, 1):
            row.append(min(before[j] + 1, row[-1] + 1, before[j - 1] + (x != y)))
    return row[-1]


def without_stress(sounds):
    return re.sub(r"\d", "", sounds).split()


def score(folder, output):
    references = json.loads((pathlib.Path(folder) / "test.json").read_text())
    lines = pathlib.Path(output).read_text(encoding="utf-8").splitlines()
    if len(lines) != len(references):
        sys.exit(f"{output} has {len(lines)} lines; need {len(references)}")
    wrong = errors = phonemes = 0
    for listed, line in zip(references.values(), lines):
        said = without_stress(line)
        distance, length = min((edits(said, r), len(r)) for r in map(without_stress, listed))
        wrong += distance > 0
        errors += distance
        phonemes += length
    print(f"{len(lines)} words: {100 * wrong / len(lines):.2f} % of the words wrong, "
          f"{100 * errors / phonemes:.2f} % of the phonemes")


if __name__ == "__main__":
    commands = {"prepare": prepare, "score": score}
    if len(sys.argv) != 4 or sys.argv[1] not in commands:
        sys.exit(__doc__)
    try:
        commands[sys.argv[1]](*sys.argv[2:])
    except OSError as error:
        sys.exit(f"letters.py: {error}")
