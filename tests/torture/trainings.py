"""The small trainings that the parts torture, and how one is told from another."""
import json

import program
from program import Folder, require, run

SMALL = """--tokenizer words --embedding 8 --encoder-hidden 8 --hidden 8 --dropout 0.1 --warmup 10
--learning-rate 0.01 --batch-size 16 --valid-size 12 --threads 1 --shards 2 --metric loss
--beam 2 --average-decay 0.9 --patience 0""".split()
UPDATES = 40
TIMES = ("seconds", "tokens_per_second", "memory_mb")  # what differs from run to run
# Each saves often; what they keep, and how, is different.
VARIANTS = {
    "plain": "--valid-every 5",
    "moments": "--valid-every 10 --snapshots 4 --keep-best 2",
    "subwords": "--valid-every 8 --tokenizer bpe --vocab-size 60 --snapshots 2",
    "threads": "--valid-every 10 --threads 2 --accumulate 2 --log-every 3",
    "between": "--valid-every 17 --snapshots 5 --average-decay 0",  # ends between two validations
    "old": "--valid-every 10 --seed 7 --cell lstm --keep-best 1 --snapshots 2",
}


def make_world(folder):
    """The folder, new, with a corpus in it."""
    folder.mkdir()
    write_corpus(folder)
    return folder


def write_corpus(folder, pairs=240):
    for side in ("fr", "en"):
        lines = (program.ROOT / f"data/train.{side}").read_text().splitlines()
        (folder / f"train.{side}").write_text("".join(f"{l}\n" for l in lines[:pairs]))
    lines = (program.ROOT / "data/train.align").read_text().splitlines()
    (folder / "train.align").write_text("".join(f"{l}\n" for l in lines[:pairs]))


def train(variant, out="model", updates=UPDATES, more=()):
    return ["train", "--source", "train.fr", "--target", "train.en", "--out", out, *SMALL,
            *VARIANTS[variant].split(), "--max-updates", str(updates), *more]


def resume(out="model", updates=UPDATES):
    return ["train", "--resume", "--out", out, "--max-updates", str(updates)]


def must_run(arguments, folder, given=b""):
    finished = run(arguments, folder, given, seconds=60)
    require(finished.code == 0, program.told(arguments), finished)
    return finished


def is_whole(place):
    return all((place / name).exists() for name in ("config.json", "model.safetensors"))


def current(folder):
    """The folder in which its model stands."""
    incoming = folder / ".babelgrad-incoming"
    return incoming if incoming.is_dir() else folder


class Reference:
    """What an uninterrupted training leaves."""

    def __init__(self, variant, world):
        with Folder(world) as folder:
            self.seconds = must_run(train(variant), folder).seconds
            self.files = significant(folder / "model")

    def require_equal(self, model, what, ignored=()):
        """ignored: how files begin that may be there besides."""
        found = {name: data for name, data in significant(model).items()
                 if not name.startswith(tuple(ignored))}
        for name in sorted({*self.files, *found}):
            require(name in found, what, f"{name} is missing")
            require(name in self.files, what, f"{name} is left over")
            require(found[name] == self.files[name], what, f"{name} is another one",
                    first_difference(found[name], self.files[name]))


def first_difference(found, expected):
    """Of two logs; nothing of files that no message can show."""
    if not isinstance(found, list):
        return ""
    for a, b in zip(found, expected):
        if a != b:
            return f"{str(a)[:150]}, not {str(b)[:150]}"
    return f"{len(found)} lines, not {len(expected)}"


def significant(model):
    """{name: what must be equal} of a model folder: all but times."""
    return {name: without_times(name, data) for name, data in program.contents(model).items()}


def without_times(name, data):
    if name == "training_state.safetensors":
        size = int.from_bytes(data[:8], "little")
        header = json.loads(data[8:8 + size])
        state = json.loads(header["__metadata__"]["training"])
        return {k: v for k, v in state.items() if k != "seconds"}, data[8 + size:]
    if name == "metrics.jsonl":
        lines = [json.loads(line) for line in data.splitlines()]
        for line in lines:  # a training that is resumed at its end has no gradients there
            for norms in line.get("parameters", {}).values() if line.get("final") else ():
                norms.pop("gradient_norm", None)
        return [{k: v for k, v in line.items() if k not in TIMES} for line in lines]
    return data
