"""Signals at any moment, closed descriptors, full devices, and limits of address space, file size
and open files: what can be done is done, else a sentence says why, and no work is lost."""
import os
import resource
import signal
import subprocess
import time

from program import Folder, finish, judge, require, run, start, told
from trainings import VARIANTS, Reference, current, make_world, must_run, resume, train

COMMANDS = {
    "train": train("plain", out="new", updates=10),
    "resume": resume(),
    "translate": "translate --model model".split(),
    "evaluate": "evaluate --model model --source train.fr --reference train.en".split(),
    "score": "score --model model --source train.fr --target train.en".split(),
    "inspect": "inspect --model model".split(),
    "gradients": "inspect --model model --gradients --source je --target i".split(),
    "explain": "explain --model model je -o page.html".split(),
    "report": "report --model model -o page.html".split(),
    "page": "report --model model -o -".split(),
    "average": "average model model --out mean".split(),
    "quantize": "quantize --model model --out mean".split(),
    "lexicon": "lexicon --source train.fr --target train.en --model model -o -".split(),
    "help": ["--help"],
    "help train": ["train", "--help"],
    "version": ["--version"],
    "wrong": "translate --modle x".split(),
}
# What a training saves at and ends.
ENDING = [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1, signal.SIGXCPU]
GIVEN = b"je vois\nil aime le chat\n"
FULL = "babelgrad: standard output: cannot be written"


class Part:
    unit = "commands"

    def __init__(self, folder):
        self.world = make_world(folder / "world")
        self.references = {name: Reference(name, self.world) for name in VARIANTS}
        self.half = folder / "half"
        with Folder(self.world) as place:
            must_run(train("moments", updates=20), place)
            place.rename(self.half)
        self.expected = {}
        for name, command in COMMANDS.items():
            with Folder(self.half) as place:
                self.expected[name] = run(command, place, GIVEN, seconds=60)

    def case(self, random, _):
        return random.choice([self.signalled, self.signalled, self.closed, self.full,
                              self.short_memory, self.short_files, self.few_files,
                              self.gone_reader])(random)

    def signalled(self, random):
        """A training stops, says how to go on, and goes on to the last bit; two end it at once."""
        variant = random.choice([name for name in VARIANTS if name != "old"])
        numbers = [random.choice(ENDING)]
        numbers += random.choice([[], [], [random.choice([signal.SIGTERM, signal.SIGINT])]])
        reference = self.references[variant]
        moment = random.uniform(0, 1.1) * reference.seconds
        what = f"training {variant}, {[n.name for n in numbers]} after {moment:.3f} s"
        with Folder(self.world) as folder:
            process = start(train(variant), folder)
            for number in numbers:
                time.sleep(moment)
                process.send_signal(number)
                moment = random.choice([0, 0.01])
            finished = finish(process, seconds=10)
            require(not finished.late, what, "did not end", finished)
            begun = b"update " in finished.err
            ended = (0, 1, *(-n for n in (numbers if len(numbers) > 1 or not begun else [])))
            require(finished.code in ended, what, finished)
            if finished.code == 1:
                require("go on with: babelgrad train" in finished.last_line(), what, finished)
            state = current(folder / "model") / "training_state.safetensors"
            again = resume() if state.exists() else train(variant, more=["--overwrite"])
            finished = run(again, folder, seconds=60)
            require(finished.code == 0, what, f"then {told(again)}", finished)
            reference.require_equal(folder / "model", what)

    def closed(self, random):
        name = random.choice(list(COMMANDS))
        streams = random.choice([[0], [1], [2], [0, 1], [0, 2], [1, 2], [0, 1, 2]])
        what = f"{told(COMMANDS[name])} without {streams}"
        with Folder(self.half) as folder:
            given = b"" if 0 in streams else GIVEN
            finished = run(COMMANDS[name], folder, given, closed=streams,
                           **with_streams(streams, None))
            self.judge_streams(name, finished, what, streams)
            self.check_unharmed(folder, what)

    def judge_streams(self, name, finished, what, gone):
        """gone: streams that cannot be used. Only who needs one fails, with its exit code."""
        require(not finished.late, what, "did not end", finished)
        expected = self.expected[name]
        if 0 in gone and name == "translate":
            require(finished.code == 2, what, finished)
        elif 1 in gone and expected.out:
            require(finished.code == 1, what, finished)
            require(2 in gone or finished.last_line() == FULL, what, finished)
        else:
            require(finished.code == expected.code, what, finished)
            same = finished.timeless_out() == expected.timeless_out()
            require(1 in gone or same, what, "another result", finished)

    def check_unharmed(self, folder, what):
        finished = run(resume(), folder, seconds=60)
        require(finished.code == 0, what, f"then {told(resume())}", finished)
        self.references["moments"].require_equal(folder / "model", what)

    def full(self, random):
        """Standard output or error is a full disk."""
        name = random.choice(list(COMMANDS))
        streams = random.choice([[1], [1], [2], [1, 2]])
        what = f"{told(COMMANDS[name])} with {streams} at /dev/full"
        with Folder(self.half) as folder, open("/dev/full", "wb") as device:
            finished = run(COMMANDS[name], folder, GIVEN, **with_streams(streams, device))
            self.judge_streams(name, finished, what, streams)
            self.check_unharmed(folder, what)

    def gone_reader(self, random):
        """Nobody reads standard output or error any more, as behind `| head`."""
        name = random.choice(list(COMMANDS))
        streams = random.choice([[1], [2], [1, 2]])
        what = f"{told(COMMANDS[name])} with {streams} into a closed pipe"
        read, write = os.pipe()
        os.close(read)
        with Folder(self.half) as folder, os.fdopen(write) as pipe:
            finished = run(COMMANDS[name], folder, GIVEN, **with_streams(streams, pipe))
            self.judge_streams(name, finished, what, streams)
            self.check_unharmed(folder, what)

    def short_memory(self, random):
        name = random.choice(list(COMMANDS))
        memory = int(2 ** random.uniform(25, 30))
        what = f"{told(COMMANDS[name])} with an address space of {memory >> 20} MiB"
        with Folder(self.half) as folder:
            finished = run(COMMANDS[name], folder, GIVEN, memory=memory, seconds=20)
            if finished.code == 127 or b"blas_thread_init" in finished.err:
                return  # not even its libraries could be loaded
            self.judge_scarce(name, finished, what, "memory", "cannot start")
            self.check_unharmed(folder, what)

    def short_files(self, random):
        """RLIMIT_FSIZE, SIGXFSZ left as it is or ignored: files end there, as on a full disk."""
        name = random.choice(list(COMMANDS))
        size = int(2 ** random.uniform(0, 19))
        ignored = random.choice([(), (signal.SIGXFSZ,)])
        what = f"{told(COMMANDS[name])} with files of {size} bytes at most, {len(ignored)} ignored"
        with Folder(self.half) as folder:
            finished = run(COMMANDS[name], folder, GIVEN, limits={resource.RLIMIT_FSIZE: size},
                           ignored=ignored)
            self.judge_scarce(name, finished, what, "written")
            self.check_unharmed(folder, what)

    def few_files(self, random):
        name = random.choice(list(COMMANDS))
        most = random.randrange(3, 16)
        what = f"{told(COMMANDS[name])} with {most} open files at most"
        with Folder(self.half) as folder:
            finished = run(COMMANDS[name], folder, GIVEN, limits={resource.RLIMIT_NOFILE: most})
            if finished.code == 127:
                return
            self.judge_scarce(name, finished, what, "Too many open files")
            self.check_unharmed(folder, what)

    def judge_scarce(self, name, finished, what, *words):
        expected = self.expected[name].code
        judge(finished, what, codes=(expected, 1, 2), lines=None)
        if finished.code == 0:
            same = finished.timeless_out() == self.expected[name].timeless_out()
            require(same, what, "another result", finished)
        elif expected == 0:
            said = any(word in finished.last_line() for word in words)
            require(said, what, "does not say why", finished)


def with_streams(streams, other):
    return {name: other if stream in streams else subprocess.PIPE
            for stream, name in enumerate(("stdin", "stdout", "stderr"))}
