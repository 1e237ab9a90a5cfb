"""Runs babelgrad as torture wants it (limits, closed descriptors, signals), and judges its end."""
import os
import pathlib
import re
import resource
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass

ROOT = pathlib.Path(__file__).resolve().parents[2]
binary = ROOT / "build/babelgrad"  # run.py sets it

# What no user should ever read: the text of an exception of C++ or of a library.
FOREIGN = re.compile(
    rb"json\.exception|std::|terminate called|basic_string|vector::|filesystem error"
    rb"|bad_alloc|\bsto(?:ul|i|d)\b|invalid_argument|out_of_range|Assertion|sanitizer"
    rb"|invalid argument:|what\(\)|sentencepiece.*\.cc")
GIBI = 1 << 30


class Failure(Exception):
    """What was done, and what came out."""


@dataclass
class Finished:
    code: int  # -N: ended by signal N
    out: bytes
    err: bytes
    seconds: float
    late: bool = False  # it was sent TERM since it took too long, or killed (code -9)

    def last_line(self):
        return self.err.rstrip(b"\n").split(b"\n")[-1].decode(errors="replace")

    def timeless_out(self):
        return re.sub(rb"\d+ sentences in .*", b"", self.out)

    def told(self):
        """For messages: how it ended and its last words."""
        return f"exit code {self.code}, {self.seconds:.1f} s, {self.last_line()[:300]!r}"


def start(arguments, folder, under=(), limits=None, closed=(), ignored=(), **streams):
    """limits: {RLIMIT_...: soft limit}; closed: descriptors; ignored: signals."""

    def prepare():
        for number in (signal.SIGPIPE, signal.SIGXFSZ):  # Python ignores them
            signal.signal(number, signal.SIG_IGN if number in ignored else signal.SIG_DFL)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        for what, most in (limits or {}).items():
            resource.setrlimit(what, (most, most))
        for descriptor in closed:
            os.close(descriptor)

    return subprocess.Popen([*under, binary, *arguments], cwd=folder, preexec_fn=prepare,
                            stdin=streams.get("stdin", subprocess.PIPE),
                            stdout=streams.get("stdout", subprocess.PIPE),
                            stderr=streams.get("stderr", subprocess.PIPE))


def finish(process, given=b"", seconds=10):
    """After `seconds` it gets TERM, 10 s later KILL."""
    began, late = time.monotonic(), False
    for patience, number in ((seconds, signal.SIGTERM), (10, signal.SIGKILL)):
        try:
            out, err = process.communicate(given or None, timeout=patience)
            break
        except subprocess.TimeoutExpired:
            given, late = b"", True
            process.send_signal(number)
    else:
        out, err = process.communicate()
    return Finished(process.returncode, out or b"", err or b"", time.monotonic() - began, late)


def run(arguments, folder, given=b"", seconds=10, memory=4 * GIBI, limits=None, **more):
    """memory: None is no limit, under which the program does some things in another way."""
    limits = {**({resource.RLIMIT_AS: memory} if memory else {}), **(limits or {})}
    return finish(start(arguments, folder, limits=limits, **more), given, seconds)


def require(condition, *told):
    if not condition:
        raise Failure(": ".join(t.told() if isinstance(t, Finished) else str(t) for t in told))


def judge(finished, what, codes=(0, 2), names=(), lines=1, endless=False):
    """Ended with one of the codes and, if it is not 0, one clear sentence with one of `names`.
    lines: how many there may be on standard error before, and with, that sentence (None: any).
    endless: it may be a long training, which must have ended after TERM, with code 0 if it came
    to its own end meanwhile."""
    if finished.late and endless and finished.code in (0, 1):
        return
    require(not finished.late, what, "did not end in time", finished)
    require(finished.code in codes, what, finished)
    require(not FOREIGN.search(finished.err), what, "an exception's text", finished)
    if finished.code == 0:
        return
    require(finished.last_line().startswith("babelgrad: "), what, "no sentence", finished)
    if lines is not None:
        require(finished.err.count(b"\n") <= lines, what, "more than one line", finished)
    if names:
        require(any(n in finished.last_line() for n in names), what, "names no file", finished)


def is_scarce(finished):
    """Whether it was told, with exit code 1, that what was asked for needs more than there is."""
    return finished.code == 1 and finished.last_line().startswith(
        ("babelgrad: out of memory", "babelgrad: cannot start"))


def told(arguments):
    """Arguments as a message shows them."""
    texts = [a.decode(errors="backslashreplace") if isinstance(a, bytes) else str(a)
             for a in arguments]
    return "babelgrad " + " ".join(t if len(t) < 80 else t[:60] + "..." for t in texts)


class Folder:
    """A temporary folder, removed at its end; `copy` makes one from another."""

    def __init__(self, like=None):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="babelgrad-torture-"))
        if like is not None:
            shutil.copytree(like, self.path, dirs_exist_ok=True)

    def __enter__(self):
        return self.path

    def __exit__(self, *_):
        shutil.rmtree(self.path, ignore_errors=True)


def contents(folder):
    """{path: bytes} of all files below a folder."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*"))
            if p.is_file()}
