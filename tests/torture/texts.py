"""Every kind of text, through every command that reads some: as many lines out as in, or a sentence
that names the line."""
import json
import re

from program import Folder, judge, require, run, told
from trainings import SMALL, make_world, must_run, train

PIECES = ["je", "vois", " ", "le chat", "é", "é", "ﬁ", "ß", "İ", "\u200b", "\u200d", "\u202e",
          "\ufeff", "\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1f", "\x7f", "\0", "\t", "\r",
          "\\", '"', "'", "<unk>", "</s>", "<pad>", "<s>", "▁", "|||", "0-0", "👩‍👩‍👧‍👦", "🇫🇷", "नि",
          "한국어", "日本語", "العربية", "עברית", "ไทย", "𐍈", "\U0010ffff", "\ufffd", "\ufffe", "̈" * 50,
          "a" * 5000, " " * 3000, "mot " * 1999, "mot " * 2001, "é" * 2500, "&amp;", "<b>", "$(x)",
          "%s", "{}", "1e5", "-1", "…"]
BROKEN = [b"\xff", b"\xc3", b"\xe2\x82", b"\xf0\x9f\x98", b"\xed\xa0\x80", b"\xc0\xaf", b"\x80",
          b"\xf4\x90\x80\x80", "é".encode("latin-1"), "é".encode("utf-16")]
ENDS = [b"\n", b"\n", b"\n", b"\r\n", b""]
WAYS = [[], [], ["--beam", "1"], ["--nbest", "2"], ["--format", "json"],
        ["--alignments", "pharaoh"], ["--alignments", "words"], ["--word-scores"], ["--sample"],
        ["--replace-unknown"],
        ["--no-repeat-ngram", "2"], ["--prefix", "the"], ["--search-batch", "1"]]


class Part:
    unit = "texts"

    def __init__(self, folder):
        self.worlds = {}
        for name in ("plain", "subwords"):
            self.worlds[name] = make_world(folder / name)
            must_run(train(name), self.worlds[name])
        chars = make_world(folder / "chars")
        must_run([*train("plain"), "--tokenizer", "chars", "--lowercase"], chars)
        self.worlds["chars"] = chars

    def case(self, random, _):
        text = make_text(random)
        check = random.choice([check_translate, check_translate, check_files, check_argument])
        with Folder(self.worlds[random.choice(list(self.worlds))]) as folder:
            check(random, folder, text)


def make_text(random):
    lines = []
    for _ in range(random.choice([1, 1, 2, 5, 20])):
        pieces = random.choices(PIECES, k=random.choice([0, 1, 2, 3, 8]))
        line = "".join(pieces).encode()
        if random.random() < 0.05:
            at = random.randrange(len(line) + 1)
            line = line[:at] + random.choice(BROKEN) + line[at:]
        lines.append(line + b"\n")
    text = b"".join(lines)[:-1] + random.choice(ENDS)
    return b"\xef\xbb\xbf" + text if random.random() < 0.05 else text


def lines_in(text):
    return text.count(b"\n") + (not text.endswith(b"\n") and text != b"")


def check_translate(random, folder, text):
    way = random.choice(WAYS)
    command = ["translate", "--model", "model", *way]
    what = f"{told(command)} on {text[:200]!r}"
    finished = run(command, folder, text, seconds=30)
    judge(finished, what, names=("standard input:",), lines=2)
    out = finished.out.split(b"\n")[:-1]
    if finished.code == 2:
        number = int(re.search(r"standard input:(\d+)", finished.last_line())[1])
        require(1 <= number <= lines_in(text), what, "names a line that is not there", finished)
        expected = number - 1
    else:
        expected = lines_in(text)
    if "--nbest" in way:
        require(len({line.split(b" ||| ")[0] for line in out}) == expected, what,
                f"{expected} lines in, others out", finished)
    else:
        require(len(out) == expected, what, f"{expected} lines in, {len(out)} out", finished)
    for line in out:
        line.decode()
        if "json" in way:
            json.loads(line)


def check_files(random, folder, text):
    """As training text, test set, pairs to score or to count: the same on both sides."""
    (folder / "a").write_bytes(text)
    (folder / "b").write_bytes(text if random.random() < 0.8 else make_text(random))
    small = ["--out", "new", *SMALL, "--max-updates", "2"]
    command = random.choice([
        "evaluate --model model --source a --reference b".split(),
        "score --model model --source a --target b".split(),
        "lexicon --model model --source a --target b -o out".split(),
        "compare a b --reference a".split(),
        "train --source train.fr --source a --target train.en --target b".split() + small,
        "train --source train.fr --target train.en --valid-source a "
        "--valid-target b".split() + small,
        "train --tsv a".split() + small,
        "translate --model model --replace-unknown a".split(),
        "translate --model model --prefix-file a".split()])
    finished = run(command, folder, text, seconds=30)
    what = f"{told(command)}, a {text[:200]!r}"
    judge(finished, what, lines=None if command[0] == "train" else 2)
    if command[0] == "score" and finished.code == 0:
        require(finished.out.count(b"\n") == lines_in(text), what, "another number of lines",
                finished)


def check_argument(random, folder, text):
    """As a sentence on the command line, where no zero byte can be."""
    sentence = text.rstrip(b"\r\n").replace(b"\0", b"")
    pair = ["inspect", "--model", "model", "--gradients", "--source"]
    command = random.choice([
        ["explain", "--model", "model", sentence, "-o", "out.html"],
        ["explain", "--model", "model", sentence, "-o", "out.json", "--json"],
        [*pair, sentence, "--target", "the cat"],
        [*pair, "je vois", "--target", sentence],
        ["translate", "--model", "model", b"--prefix=" + sentence],
        # The beam grows with each token that is demanded.
        ["translate", "--model", "model", b"--constrain=" + sentence[:100]]])
    finished = run(command, folder, b"je vois\n", seconds=30)
    what = f"{told(command)}, {sentence[:200]!r}"
    judge(finished, what, lines=2)
    if "--json" in command and finished.code == 0:
        json.loads((folder / "out.json").read_bytes())
