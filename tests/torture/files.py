"""Damaged and crafted files: each is read, or refused by one sentence that names it, in bounded
time and memory. Bits flipped and bytes lost; safetensors, vocabularies, configurations and logs
that are wrong within, their checksums right."""
import json
import struct

import safetensors
from program import Folder, is_scarce, judge, require, run
from trainings import SMALL, make_world, must_run, resume, train

TRANSLATE = ["translate", "--model", "model"]
REPORT = ["report", "--model", "model", "-o", "page.html"]
INSPECT = ["inspect", "--model", "model"]
EXPLAIN = ["explain", "--model", "model", "je vois", "-o", "page.html"]
AVERAGE = ["average", "model", "model", "--out", "new"]
QUANTIZE = ["quantize", "--model", "model", "--out", "new"]
# A quantized model, beside the one that it was made of.
QUANTIZED = "../quantized/model.safetensors"
READ_QUANTIZED = [["translate", "--model", "quantized"],
                  ["quantize", "--model", "quantized", "--out", "new"],
                  ["average", "quantized", "model", "--out", "new"]]
SECONDS = 10
# One file may contradict another: either is named. What diverges was read.
NAMES = ("model", "diverged", "config")
FEATURES = "features.safetensors"
TRAIN_FEATURES = ["train", "--source-features", FEATURES, "--target", "short.en", "--out", "new",
                  *SMALL, "--max-updates", "2"]
# What reads a file of the model; the first one must notice every flipped bit, if it has a checksum.
READERS = {
    "config.json": [TRANSLATE, resume(), REPORT, INSPECT],
    "model.safetensors": [TRANSLATE, resume(), INSPECT, EXPLAIN, AVERAGE, QUANTIZE],
    QUANTIZED: READ_QUANTIZED,
    "training_state.safetensors": [resume()],
    "source.vocab": [TRANSLATE, resume()],
    "target.vocab": [TRANSLATE, resume()],
    "metrics.jsonl": [REPORT, resume()],
    "snapshots/000000010.safetensors": [REPORT],
    "shared.vocab": [TRANSLATE, resume()],
    "shared.spm": [TRANSLATE, resume()],
}
SEALED = ("model.safetensors", QUANTIZED, "training_state.safetensors", "snapshots/000000010.safetensors",
          "source.vocab", "target.vocab", "shared.vocab", "shared.spm")


class Part:
    unit = "files"

    def __init__(self, folder):
        self.worlds = {name: make_world(folder / name)
                       for name in ("moments", "subwords", "pictures")}
        for name, world in self.worlds.items():
            write_text_files(world)
            if name == "pictures":
                command = [a if a != "new" else "model" for a in TRAIN_FEATURES]
            else:
                command = train(name, updates=20)
            must_run(command, world)
        must_run(["quantize", "--model", "model", "--out", "quantized"], self.worlds["moments"])

    def case(self, random, _):
        random.choice([self.flipped, self.flipped, self.crafted_safetensors,
                       self.crafted_safetensors, self.crafted_config, self.crafted_vocabulary,
                       self.crafted_log, self.crafted_text, self.crafted_features])(random)

    def model_file(self, random, wanted=lambda name: True):
        """(world, name) of a file of one of the models."""
        name = random.choice([name for name in READERS if wanted(name)])
        return self.worlds["subwords" if name.startswith("shared") else "moments"], name

    def flipped(self, random):
        world, name = self.model_file(random)
        with Folder(world) as folder:
            path = folder / "model" / name
            data, done = spoilt(random, path.read_bytes())
            path.write_bytes(data)
            command = random.choice(READERS[name])
            if name == "config.json":
                return check_config(folder, command, f"{name}: {done}")
            must_refuse = name in SEALED and command is READERS[name][0]
            return check(folder, command, f"{name}: {done}", must_refuse=must_refuse)

    def crafted_safetensors(self, random):
        world, name = self.model_file(random, lambda name: name.endswith(".safetensors"))
        with Folder(world) as folder:
            path = folder / "model" / name
            data, done = safetensors.damaged(random, path.read_bytes())
            path.write_bytes(data)
            # Of the optimizer's, one may be infinite.
            single_value = ";" not in done and "adam." not in done and (
                ": nan" in done or ": inf" in done or "-inf" in done or "all nan" in done
                or "all inf" in done)
            check(folder, random.choice(READERS[name]), f"{name}: {done}", must_refuse=single_value)

    def crafted_config(self, random):
        with Folder(self.worlds["moments"]) as folder:
            path = folder / "model/config.json"
            config = json.loads(path.read_bytes())
            done = change_config(random, config)
            text = write_json(random, config)
            way = random.choice(["config.json", "both", "--config"])
            if way == "--config":
                (folder / "given.json").write_bytes(text)
                command = ["train", "--config", "given.json", "--out", "new", "--max-updates", "3"]
                return check_config(folder, command, f"given.json: {done}")
            path.write_bytes(text)
            if way == "both":  # as whoever crafts a model would
                model = folder / "model/model.safetensors"
                header, data = safetensors.read(model.read_bytes())
                header["__metadata__"]["config"] = text.decode("utf-8", "surrogateescape")
                model.write_bytes(safetensors.write(header, data))
            check_config(folder, random.choice(READERS["config.json"]), f"{way}: {done}")

    def crafted_vocabulary(self, random):
        world, name = self.model_file(random, lambda name: name.endswith(".vocab"))
        with Folder(world) as folder:
            path = folder / "model" / name
            spm = path.with_suffix(".spm")
            body = path.read_bytes().split(b"\n", 1)[1]
            lines = body.splitlines(keepends=True)
            done = change_lines(random, lines, VOCABULARY_LINES)
            size = random.choice([len(lines)] * 9 + [0, 2**32, 2**64 - 1])
            path.write_bytes(vocabulary(lines, size, spm.read_bytes() if spm.exists() else b""))
            check(folder, random.choice(READERS[name]), f"{name}: {done}, size={size}")

    def crafted_log(self, random):
        with Folder(self.worlds["moments"]) as folder:
            path = folder / "model/metrics.jsonl"
            lines = path.read_bytes().splitlines(keepends=True)
            done = change_lines(random, lines, LOG_LINES)
            path.write_bytes(b"".join(lines))
            command = random.choice(READERS["metrics.jsonl"])
            finished = check(folder, command, f"metrics.jsonl: {done}")
            if command == resume():
                require(finished.code == 0, f"metrics.jsonl: {done}: stops a training", finished)

    def crafted_text(self, random):
        name, command, change = random.choice(TEXT_FILES)
        with Folder(self.worlds["moments"]) as folder:
            path = folder / name
            lines = path.read_bytes().splitlines(keepends=True)
            done = change_lines(random, lines, change)
            path.write_bytes(b"".join(lines))
            check(folder, command, f"{name}: {done}", names=(name,))

    def crafted_features(self, random):
        with Folder(self.worlds["pictures"]) as folder:
            path = folder / FEATURES
            change = random.choice([safetensors.damaged, spoilt])
            data, done = change(random, path.read_bytes())
            path.write_bytes(data)
            command = random.choice([TRAIN_FEATURES, [*TRANSLATE, "--source-features", FEATURES]])
            names = (FEATURES, "source_features", "diverged")
            check(folder, command, f"{FEATURES}: {done}", names=names)


def check_config(folder, command, done):
    """Of a configuration, which may ask for more memory than there is, and for any other file."""
    return check(folder, command, done, names=(*NAMES, "given.json", ": no such file", "/dev/null"),
                 sizes=True)


def check(folder, command, done, must_refuse=False, names=None, sizes=False):
    """The command with the file as it is now: the common verdict. sizes: whether the file says how
    much memory is needed."""
    training = command[0] == "train"
    seconds = 4 if training else SECONDS
    finished = run(command, folder, b"je vois le chat\nil aime\n", seconds)
    if sizes and is_scarce(finished):
        return finished
    file = done.split(":")[0].split("/")[-1]
    what = f"{command[0]}{' --resume' if '--resume' in command else ''} with {done}"
    names = (*(names or (file, *NAMES)), "alignment ")
    judge(finished, what, names=names, lines=None if training else 1, endless=training)
    if must_refuse:
        require(finished.code == 2, what, "is not noticed", finished)
    return finished


def spoilt(random, data):
    """(bytes, what was done): a bit, some bytes, an end, or all of a file."""
    if not data:
        return b"\0", "a zero in an empty one"
    at = random.randrange(len(data))
    way = random.choice(["flip", "flip", "flip", "flip", "cut", "lose", "zero", "append", "empty"])
    if way == "flip":
        bit = 1 << random.randrange(8)
        flipped = bytes([data[at] ^ bit])
        return data[:at] + flipped + data[at + 1:], f"bit {bit} of byte {at} flipped"
    size = min(random.choice([1, 4, 512, 4096]), len(data) - at)
    if way == "zero" and not any(data[at:at + size]):
        way = "lose"
    result = {"cut": data[:at], "lose": data[:at] + data[at + size:], "empty": b"",
              "zero": data[:at] + bytes(size) + data[at + size:], "append": data + bytes(size)}[way]
    return result, f"{way} at byte {at}, {size} bytes"


def change_config(random, config):
    done = []
    for _ in range(random.choice([1, 1, 2, 3])):
        key = random.choice(list(config))
        way = random.choice(["value", "value", "value", "drop", "new"])
        if way == "drop":
            config.pop(key)
        else:
            if way == "new":
                key = random.choice(["x", "", "\0", "é", "architecture", "layers"])
            config[key] = random.choice([*safetensors.NUMBERS, "", "x" * 100000, "é\0", ["a"] * 3,
                                         "/dev/null", "words", "gru", 16, 64, 65536, 1000000000])
        done.append(f"{key} {str(config.get(key, 'dropped'))[:30]}")
    return ", ".join(done)


def write_json(random, config):
    text = json.dumps(config).encode()
    way = random.randrange(12)
    if way == 0:  # nlohmann-json copies and frees recursively
        text = text[:-1] + b', "deep": ' + b"[" * 100000 + b"]" * 100000 + b"}"
    elif way == 1:
        text = text[:random.randrange(len(text))]
    elif way == 2:
        text = text.replace(b'"', b"\xff", 1) if random.random() < 0.5 else b"\xef\xbb\xbf" + text
    return text


def fnv1a(data, value=0xcbf29ce484222325):
    for byte in data:
        value = (value ^ byte) * 0x100000001b3 & 0xffffffffffffffff
    return value


def vocabulary(lines, size, spm):
    body = b"".join(lines)
    head = f"#babelgrad-vocabulary 1 size={size} checksum={fnv1a(spm, fnv1a(body)):016x}\n"
    return head.encode() + body


VOCABULARY_LINES = [b"\t1\n", b"a\t-1\n", b"a\t18446744073709551615\n",
                    b"a\t18446744073709551616\n", b"a 1\n", b"\xff\t1\n", b"\\x\t1\n", b"\\\t1\n",
                    b"<unk>\t0\n", b"je\t5\n", b"\n", "é\t007\n".encode(), b"a\t1\r\n",
                    b"a\0b\t2\n", b"x" * 1000000 + b"\t1\n"]
LOG_LINES = [b"{}\n", b"[]\n", b"null\n", b'{"update": -1}\n', b'{"update": 1e99}\n', b"\xff\n",
             b"\n", b"[" * 100000 + b"]" * 100000 + b"\n", b'{"valid_loss": null}\n',
             b'{"valid_loss": 1}\n', b'{"update": 5, "epoch": 0, "seconds": "x"}\n', b"{",
             b'{"update": 18446744073709551615}\n']
LINK_LINES = [b"0-0 1-\n", b"-1-0\n", b"99999999999999999999-0\n", b"4294967296-0\n", b"500-500\n",
              b"0-0" * 10000 + b"\n", b"a-b\n", b"\xff\n", b"\n", b"0-0 0-0 0-0\n", b"0:0\n"]
PAIR_LINES = [b"a\n", b"\t\n", b"a\t\n", b"\tb\n", b"a\tb\tc\n", b"\xff\tb\n",
              b"a\t" + b"b " * 100000 + b"\n", b"\n", b"a\0b\tc\n", b"a\tb\r\n",
              b"\xef\xbb\xbfa\tb\n", b"a\tb\t2\n", b"a\tb\t-nan\n", b"a\tb\t1e999\n",
              b"a\tb\t0.5\n"]
WORD_LINES = [b"\n", b"the\n", b"nosuchword\n", b"the\tthe\n", b"\xff\n", b"the " * 100 + b"\n",
              b"\t\n", b"\0\n", b"</s>\n", b"<unk>\n"]
TEXT_FILES = [
    ("train.align", "evaluate --model model --source train.fr --reference train.en "
                    "--alignments train.align".split(), LINK_LINES),
    ("train.align", train("plain", "new", 3, ["--guided-alignment", "train.align"]), LINK_LINES),
    ("train.align", "lexicon --source train.fr --target train.en --alignments train.align "
                    "-o new.tsv".split(), LINK_LINES),
    ("pairs.tsv", ["train", "--tsv", "pairs.tsv", "--out", "new", *SMALL, "--max-updates", "3"],
     PAIR_LINES),
    ("lexicon.tsv", [*TRANSLATE, "--replace-unknown", "lexicon.tsv"], PAIR_LINES),
    ("lexicon.tsv", [*TRANSLATE, "--shortlist", "lexicon.tsv"], PAIR_LINES),
    ("prefix.txt", [*TRANSLATE, "--prefix-file", "prefix.txt"], WORD_LINES),
    ("prefix.txt", [*TRANSLATE, "--constrain-file", "prefix.txt"], WORD_LINES),
]


def change_lines(random, lines, strange):
    """One to three lines put in, lost, doubled or spoilt; what was done."""
    done = []
    for _ in range(random.choice([1, 1, 2, 3])):
        at = random.randrange(len(lines) + 1)
        way = random.choice(["insert", "replace", "drop", "double", "spoil"])
        line = random.choice(strange)
        if way == "insert" or at == len(lines):
            lines.insert(at, line)
        elif way == "replace":
            lines[at] = line
        elif way == "drop":
            lines.pop(at)
        elif way == "double":
            lines.insert(at, lines[at])
        else:
            lines[at] = line = spoilt(random, lines[at])[0]
        done.append(f"{way} line {at + 1} {line[:30]!r}")
    return ", ".join(done)


def write_text_files(folder):
    pairs = zip((folder / "train.fr").read_text().splitlines(),
                (folder / "train.en").read_text().splitlines())
    (folder / "pairs.tsv").write_text("".join(f"{a}\t{b}\n" for a, b in pairs))
    (folder / "lexicon.tsv").write_text("chat\tcat\t0.75\nchat\tdog\t0.25\nvois\tsee\t1\n")
    (folder / "prefix.txt").write_text("the\n\n")
    items, positions, size = 60, 4, 6
    values = [((i * 37) % 101) / 50 - 1 for i in range(items * positions * size)]
    lengths = [1 + i % positions for i in range(items)]
    data = struct.pack(f"<{len(values)}f{items}i", *values, *lengths)
    at = 4 * len(values)
    header = {
        "features": {"dtype": "F32", "shape": [items, positions, size], "data_offsets": [0, at]},
        "lengths": {"dtype": "I32", "shape": [items], "data_offsets": [at, len(data)]},
        "__metadata__": {}}
    (folder / FEATURES).write_bytes(safetensors.write(header, data))
    english = (folder / "train.en").read_text().splitlines()[:items]
    (folder / "short.en").write_text("".join(f"{line}\n" for line in english))
