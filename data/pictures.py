#!/usr/bin/env python3
"""Writes the bundled corpus of pictures with captions, or checks that the files are what this program writes.

    python3 data/pictures.py                  # writes data/pictures/{train,valid,test}.tsv and reports
    python3 data/pictures.py --check          # regenerates in memory, compares byte for byte, checks the rules
    python3 data/pictures.py --features OUT   # draws every scene: OUT/{train,valid,test}.{safetensors,en}

A line of a .tsv file is a scene, a tab and its caption. The same seed gives the same bytes on every machine.
"""

import argparse
import random
import sys
import zlib
from collections import Counter
from itertools import combinations
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))
from pictures_render import FEATURES, PATCHES, features, render, write_safetensors  # noqa: E402
from pictures_scenes import (  # noqa: E402
    COLOURS, CORNERS, LAST, MIDDLE, PATTERNS, SHAPES, SIDES, SIZES, Group, apart, in_order, parse_scene, place,
    reading_order, scene_text, tell)

SEED = 2015
SIZES_OF_SPLITS = {"train": 8000, "valid": 300, "test": 300}
FORMS = {"place": 22, "relation": 26, "relation, edge": 10, "around": 8, "corners": 8,
         "between": 9, "one and two": 9}  # in 100 scenes
LENGTHS = range(7, 15)  # words
TRAIN_MINIMUM = 30  # occurrences in train of every word
DRAWN = 0x7775579F  # CRC-32 of the features of test: the pixels are the same everywhere, too
HERE = Path(__file__).resolve().parent / "pictures"


def layouts():
    """Form -> kind of layout -> layouts: for each group the cells of its objects.

    Layouts are of one kind if they have as many groups, or, for one group, the same place.
    """
    found = {form: {} for form in FORMS}
    single = [((c, r),) for r in range(LAST + 1) for c in range(LAST + 1)]
    several = [layout for n in (2, 3) for layout in combinations(single, n) if apart(sum(layout, ()))]
    around = [(outer, ((MIDDLE, MIDDLE),)) for outer in (CORNERS, SIDES)]
    for layout in [(cells,) for cells in PATTERNS] + several + around:
        shown = tell([Group("small", COLOURS[i], "ring", reading_order(cells)) for i, cells in enumerate(layout)])
        if shown:
            key = place(layout[0]) if len(layout) == 1 else len(layout)
            found[shown[0]].setdefault(key, []).append(layout)
    return {form: list(kinds.values()) for form, kinds in found.items()}


class Stream:
    """New scenes without end."""

    def __init__(self, seed):
        self._random = random.Random(seed)
        self._layouts = layouts()

    def pick(self, options):
        return options[int(self._random.random() * len(options))]

    def form(self):
        at = self._random.random() * sum(FORMS.values())
        for form, weight in FORMS.items():
            at -= weight
            if at < 0:
                break
        return form

    def draw(self, form):
        """Groups in reading order, each of its own colour; they often share a shape."""
        groups = []
        layout = list(self.pick(self.pick(self._layouts[form])))
        layout.sort(key=lambda _: self._random.random())
        for cells in layout:
            colour = self.pick([c for c in COLOURS if all(c != g.colour for g in groups)])
            shape = self.pick(SHAPES)
            if groups and self._random.random() < 0.4:
                shape = groups[0].shape
            groups.append(Group(self.pick(SIZES), colour, shape, reading_order(cells)))
        return in_order(groups)


def build():
    """The three splits, lists of (scene, caption, form)."""
    stream, scenes_told, captions_told = Stream(SEED), set(), set()
    splits = {}
    for name, count in SIZES_OF_SPLITS.items():
        scenes = splits[name] = []
        while len(scenes) < count:
            form = stream.form()
            groups = stream.draw(form)
            text, caption = scene_text(groups), tell(groups)[1]
            if name != "train" and (text in scenes_told or caption in captions_told):
                continue
            scenes_told.add(text)
            captions_told.add(caption)
            scenes.append((text, caption, form))
    return splits


def pictures(name, scenes):
    """The RGB bytes of each picture of a split."""
    return (render(parse_scene(text), f"{SEED} {name} {i}") for i, (text, _, _) in enumerate(scenes))


def problems(splits):
    """Every broken rule, one sentence each."""
    train_words = Counter(word for _, caption, _ in splits["train"] for word in caption.split(" "))
    train_captions = {caption for _, caption, _ in splits["train"]}
    train_scenes = {text for text, _, _ in splits["train"]}
    found = []

    def demand(holds, complaint):
        if not holds:
            found.append(complaint)

    demand(min(train_words.values()) >= TRAIN_MINIMUM, "a word is rare in train")
    for name, scenes in splits.items():
        demand(len(scenes) == SIZES_OF_SPLITS[name], f"{name} has {len(scenes)} scenes")
        for text, caption, form in scenes:
            groups = parse_scene(text)
            demand(tell(groups) == (form, caption) and scene_text(groups) == text, f"{name}: told otherwise: {text}")
            demand(apart([cell for g in groups for cell in g.cells]), f"{name}: objects overlap: {text}")
            demand(len(caption.split(" ")) in LENGTHS, f"{name}: length: {caption}")
            if name != "train":
                demand(caption not in train_captions and text not in train_scenes, f"{name}: seen in train: {text}")
                demand(set(caption.split(" ")) <= set(train_words), f"{name}: a word that train lacks: {caption}")
    drawn = 0
    for picture in pictures("test", splits["test"]):
        drawn = zlib.crc32(features(picture), drawn)
    demand(drawn == DRAWN, f"the pictures of test have changed (CRC-32 0x{drawn:08X})")
    return found


def report(splits):
    for name, scenes in splits.items():
        words = [caption.split(" ") for _, caption, _ in scenes]
        forms = Counter(form for _, _, form in scenes)
        print(f"{name:5s} {len(scenes):5d} pictures  {len({w for c in words for w in c}):3d} words  lengths "
              f"{min(map(len, words))} to {max(map(len, words))}, mean {sum(map(len, words)) / len(words):.1f}  "
              f"{len({caption for _, caption, _ in scenes}):5d} captions")
        print("      " + ", ".join(f"{form} {forms[form]}" for form in FORMS))
    seen = Counter(word for _, caption, _ in splits["train"] for word in caption.split(" "))
    rarest = sorted(seen.items(), key=lambda item: (item[1], item[0]))[:8]
    print("rarest words in train: " + ", ".join(f"{word} {count}" for word, count in rarest))


def write_features(splits, folder):
    folder.mkdir(parents=True, exist_ok=True)
    for name, scenes in splits.items():
        write_safetensors(folder / f"{name}.safetensors", pictures(name, scenes), len(scenes))
        (folder / f"{name}.en").write_bytes("".join(caption + "\n" for _, caption, _ in scenes).encode())
        print(f"{folder / name}.safetensors: {len(scenes)} pictures, {PATCHES}, {FEATURES} features a patch")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare with the files, write nothing")
    parser.add_argument("--features", type=Path, metavar="OUT", help="write the pictures' features to this folder")
    options = parser.parse_args()
    splits = build()
    if options.features:
        write_features(splits, options.features)
        return 0
    report(splits)
    found = problems(splits)
    for complaint in found[:20]:
        print("broken rule: " + complaint, file=sys.stderr)
    if not options.check:
        HERE.mkdir(exist_ok=True)
    for name, scenes in splits.items():
        path, text = HERE / f"{name}.tsv", "".join(f"{text}\t{caption}\n" for text, caption, _ in scenes)
        if not options.check:
            path.write_bytes(text.encode())
        elif not path.exists() or path.read_bytes() != text.encode():
            found.append(name)
            print(f"data/pictures/{name}.tsv is not what pictures.py writes; run python3 data/pictures.py",
                  file=sys.stderr)
    print("broken" if found else "all rules hold" + ("; the files are up to date" if options.check else ""))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
