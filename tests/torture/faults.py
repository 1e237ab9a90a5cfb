"""One system call on a file fails (EIO, ENOSPC ...), or the program is killed there, by strace:
nothing that was there is lost, what is said is one sentence, and what is begun again ends as ever.
"""
import random as random_module
import re
import signal

from program import Folder, contents, judge, require, run, told
from trainings import Reference, current, is_whole, make_world, must_run, resume, train

FAULTS = {
    "openat": "EIO ENOSPC EACCES EMFILE", "read": "EIO EINTR", "pread64": "EIO",
    "mmap": "ENOMEM EACCES", "write": "EIO ENOSPC EDQUOT EINTR", "pwrite64": "EIO ENOSPC",
    "fsync": "EIO ENOSPC", "close": "EIO", "rename": "EIO ENOSPC EACCES", "unlink": "EIO EACCES",
    "unlinkat": "EIO EACCES", "mkdir": "EIO ENOSPC EACCES", "rmdir": "EIO EACCES",
    "link": "EIO ENOSPC EPERM", "linkat": "EIO ENOSPC EPERM", "ftruncate": "EIO",
    "truncate": "EIO", "flock": "EIO EINTR", "newfstatat": "EIO EACCES", "getdents64": "EIO",
    "lseek": "EIO"}
TRANSLATE = "translate --model model".split()
EXPLAIN = "explain --model model je -o page.html".split()
REPORT = "report --model model -o page.html".split()
EVALUATE = ("evaluate --model model --source train.fr --reference train.en "
            "--alignments train.align".split())
LEXICON = "lexicon --source train.fr --target train.en --model model -o page.html".split()
REFERENCES = ("moments", "between", "old")
NAMES_ALONE = ("mkdir", "rmdir", "unlink", "rename", "link", "truncate")  # paths without a folder
REMOVALS = ("unlink", "unlinkat", "rmdir", "openat", "newfstatat", "getdents64")
LEFT = (".babelgrad-incoming.tmp/", "training.lock")  # what may be left if it could not be removed
OWN_STREAM = re.compile(r"^\d+ +(?:write\(1|read\(0)<")
OF_OTHERS = re.compile(r', "/|glibc-hwcaps|\.so\b')  # of the loader and the libraries


class Setup:
    """A command, what it is run on, and what must hold after a fault in it."""

    def __init__(self, name, command, world, given=b"", out=None):
        self.name, self.command, self.world, self.given, self.out = name, command, world, given, out
        with Folder(world) as folder:
            self.expected = must_run(command, folder, given).timeless_out()
            self.file = (folder / out).read_bytes() if out else None
        self.operations = self.list_operations()

    def strace(self, folder, *inject):
        return ["strace", "-f", "-qq", "-y", "-o", folder / "trace", "-e",
                f"trace={','.join('?' + name for name in FAULTS)}", *inject]

    def list_operations(self):
        """(system call, its number among those of the first thread, line): of our own files."""
        with Folder(self.world) as folder:
            run(self.command, folder, self.given, 60, None, under=self.strace(folder))
            lines = (folder / "trace").read_text(errors="replace").splitlines()
            here = str(folder)
        first, counts, found = lines[0].split()[0], {}, []
        for line in lines:
            match = re.match(r"(\d+) +(\w+)\(", line)
            if not match or match[1] != first:
                continue
            name = match[2]
            counts[name] = counts.get(name, 0) + 1
            ours = here in line and not OF_OTHERS.search(line)
            if ours or name in NAMES_ALONE or OWN_STREAM.match(line):
                found.append((name, counts[name], line.replace(here, "")))
        return found

    def run_faulty(self, folder, name, number, fault):
        inject = f"inject={name}:{fault}:when={number}"
        # With --seccomp-bpf it is faster, but injects no signals.
        quick = [] if fault.startswith("signal") else ["--seccomp-bpf"]
        strace = self.strace(folder, *quick, "-e", inject)
        return run(self.command, folder, self.given, memory=None, under=strace)


class Part:
    unit = "faults"

    def __init__(self, folder):
        self.references = {name: Reference(name, make_world(folder / name))
                           for name in REFERENCES}
        empty, old = folder / "between", folder / "with-old"
        with Folder(empty) as place:
            must_run(train("old"), place)
            (place / "page.html").write_text("old")
            place.rename(old)
        half = folder / "half"
        with Folder(empty) as place:
            must_run(train("moments", updates=20), place)
            place.rename(half)
        best = sorted((old / "model/best").iterdir())[0].relative_to(old)
        quantize = ["quantize", "--model", "model", "--out", "new"]
        average = ["average", "model", best, "--out", "mean"]
        self.setups = [
            Setup("train", train("moments"), empty),
            Setup("train --overwrite", train("between", more=["--overwrite"]), old),
            Setup("train --resume", resume(), half),
            Setup("translate", TRANSLATE, old, b"je vois\nil aime\n"),
            Setup("explain", EXPLAIN, old, out="page.html"),
            Setup("report", REPORT, old, out="page.html"),
            Setup("average", average, old, out="mean/model.safetensors"),
            Setup("quantize", quantize, old, out="new/model.safetensors"),
            Setup("evaluate", EVALUATE, old),
            Setup("lexicon", LEXICON, old, out="page.html"),
        ]
        self.all = [(setup, *operation, fault) for setup in self.setups
                    for operation in setup.operations for fault in faults_of(operation[0])]
        random_module.Random("faults").shuffle(self.all)

    def case(self, _, k):
        setup, name, number, line, fault = self.all[k % len(self.all)]
        what = f"{setup.name}, {fault} at {name} {number} ({line[:160]})"
        with Folder(setup.world) as folder:
            finished = setup.run_faulty(folder, name, number, fault)
            (folder / "trace").unlink(missing_ok=True)
            if fault == "signal=KILL":
                require(finished.code in (0, -signal.SIGKILL), what, finished)
            else:
                streams = OWN_STREAM.match(line)
                judge(finished, what, codes=(0, 1, 2) if streams else (0, 2), lines=None)
            check = self.check_training if setup.name.startswith("train") else check_result
            check(setup, folder, finished, what, name)

    def check_training(self, setup, folder, finished, what, name):
        variant = {"train": "moments", "train --overwrite": "between"}.get(setup.name, "moments")
        model = folder / "model"
        place = current(model)
        if finished.code == 0:
            ignored = LEFT if name in REMOVALS else ()
            return self.references[variant].require_equal(model, f"{what}: exit code 0", ignored)
        require(is_whole(place) or setup.name == "train", what, "no model is left")
        if is_whole(place):
            must_run(["translate", "--model", "model"], folder, b"je vois\n")
        if setup.name == "train --resume" or has_new_state(place):
            again = resume()
        else:
            again = train(variant, more=["--overwrite"])
        ended = run(again, folder, seconds=60)
        require(ended.code == 0, what, f"then {told(again)}", ended)
        self.references[variant].require_equal(model, f"{what}: then {told(again)}")

    def end_all(self):
        yield f"{len(self.all)} pairs of operation and fault in {len(self.setups)} commands"


def faults_of(name):
    return ["signal=KILL", *(f"error={error}" for error in FAULTS[name].split())]


def has_new_state(place):
    state, config = place / "training_state.safetensors", place / "config.json"
    return state.exists() and '"seed": 7' not in config.read_text()


def check_result(setup, folder, finished, what, name):
    """The result is whole where the exit code is 0; else the old file or the new one stands."""
    if finished.code == 0:
        require(finished.timeless_out() == setup.expected, what, "another result, exit code 0")
    if setup.out:
        path = folder / setup.out
        data = path.read_bytes() if path.exists() else None
        before = setup.world / setup.out
        old = before.read_bytes() if before.exists() else None
        require(data in ((setup.file,) if finished.code == 0 else (setup.file, old)), what,
                f"{setup.out} is neither the old nor the new one", finished)
    unchanged = {n: d for n, d in contents(setup.world).items() if n != setup.out}
    after = contents(folder)
    for name, data in unchanged.items():
        require(after.get(name) == data, what, f"{name} has changed or gone", finished)
    if finished.code != -signal.SIGKILL:
        left = [n for n in after if n.endswith(".tmp")]
        require(not left or name in REMOVALS, what, f"{left} left behind", finished)
