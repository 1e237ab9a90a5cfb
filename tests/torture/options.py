"""Option values, those that --help lists and none that it means: done, or one sentence."""
import os
import re

import program
from program import GIBI, Folder, is_scarce, judge, require, run, told
from trainings import make_world, must_run, train

VALUES = ["0", "1", "-1", "2", "3", "64", "1000", "65536", "1000000000", "1000000001", "4294967296",
          "9223372036854775807", "9223372036854775808", "18446744073709551615",
          "18446744073709551616", "1e9", "1e400", "-1e-400", "0.5", "1.5", ".5", "+1", "0x10", " 1",
          "1 ", "1,5", "nan", "-nan", "inf", "-inf", "true", "", " ", "x", "-", "--", "--beam", "é",
          "\0".strip("\0"), "x" * 100000, "a\nb", "a\tb", "%s%n", "$HOME", "*", "/", ".", "..",
          "/dev/null", "/dev/full", "nosuch/nosuch", "model", "train.fr", "model/config.json",
          "words", "chars", "gru", "lstm", "none", "global", "json", "text", "[1,2]", '{"a": 1}',
          b"latin\xe91", b"\xff\xfe", b"\xed\xa0\x80"]
BASES = {
    "train": train("plain", out="new", updates=3),
    "translate": "translate --model model".split(),
    "evaluate": "evaluate --model model --source short.fr --reference short.en".split(),
    "compare": "compare model short.en --source short.fr --reference short.en".split(),
    "average": "average model model --out new".split(),
    "quantize": "quantize --model model --out new".split(),
    "score": "score --model model --source short.fr --target short.en".split(),
    "inspect": "inspect --model model".split(),
    "explain": "explain --model model je -o new.html".split(),
    "report": "report --model model -o new.html".split(),
    "lexicon": "lexicon --source short.fr --target short.en --model model -o new.tsv".split(),
    "serve": "serve --model model --port 0".split(),
}
# It is written, and nothing else: no other file is to change.
OUTPUTS = {"--out", "-o", "--html", "--graph", "--plot-attention", "--access-log"}


class Part:
    unit = "commands"

    def __init__(self, folder):
        self.world = make_world(folder / "world")
        for side in ("fr", "en"):
            lines = (self.world / f"train.{side}").read_text().splitlines(keepends=True)
            (self.world / f"short.{side}").write_text("".join(lines[:6]))
        must_run(train("moments"), self.world)
        self.flags = {command: self.list_flags(command) for command in BASES}

    def list_flags(self, command):
        text = run([command, "--help"], self.world).out.decode()
        flags = re.findall(r"^  (?:-\w,)?(--?[\w-]+)", text, re.M)
        return [flag for flag in flags if flag not in ("-h", "--help")]

    def case(self, random, _):
        name = random.choice(list(BASES))
        command = list(BASES[name])
        for _ in range(random.choice([1, 1, 1, 2])):
            flag = random.choice(self.flags[name])
            value = random.choice(VALUES)
            joined = os.fsencode(flag) + b"=" + os.fsencode(value)
            command += random.choice([[flag, value], [joined], [flag]])
        if random.random() < 0.05:
            command.insert(random.randrange(len(command)), random.choice(VALUES))
        with Folder(self.world) as folder:
            before = program.contents(folder)
            long = name in ("train", "serve")
            finished = run(command, folder, b"je vois\n", seconds=2 if long else 10,
                           memory=2 * GIBI)
            what = told(command)
            if finished.late and any("/dev/full" in str(a) for a in command):
                return  # to read it is to read without end
            if name == "serve" and finished.late:
                require(finished.code == 0, what, "did not obey TERM", finished)
                return
            unwritable = finished.code == 1 and "written" in finished.last_line()
            failed = is_scarce(finished) or unwritable or b"/dev/full" in finished.err
            codes = (0, 1, 2) if failed else (0, 2)
            judge(finished, what, codes, lines=None if name == "train" else 2, endless=long)
            after = program.contents(folder)
            written = any(str(a).split("=")[0] in OUTPUTS for a in command)
            for file, data in before.items():
                require(file in after, what, f"{file} is gone")
                require(after[file] == data or written and not file.startswith("model/"), what,
                        f"{file} has changed")
