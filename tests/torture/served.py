"""The server that is tortured: what it holds, its models loaded again, faults in its calls."""
import contextlib
import pathlib
import re
import signal
import subprocess
import time

from program import finish, require, start

LIMITS = "--client-timeout 2 --idle-timeout 3 --threads 2".split()
SAMPLE = 1  # s between two looks at its memory
LEAK = 32  # MiB that it may grow by in the second half of its time
# System calls, of which file, the errors that they may end with.
FAULTS = [("accept,accept4", None, "EMFILE ENFILE ECONNABORTED ENOBUFS ENOMEM EPERM EPROTO"),
          ("recvmsg,recvfrom", None, "ECONNRESET EINTR ETIMEDOUT ENOMEM"),
          ("sendmsg,sendto", None, "EPIPE ECONNRESET ENOBUFS ENOMEM"),
          ("epoll_wait", None, "EINTR"), ("epoll_ctl", None, "ENOMEM ENOSPC"),
          ("clone,clone3", None, "EAGAIN ENOMEM"), ("mmap", None, "ENOMEM"),
          ("getpeername", None, "ENOTCONN ENOBUFS"), ("setsockopt", None, "ENOBUFS EINVAL"),
          ("write", "log", "ENOSPC EIO EDQUOT EINTR"), ("poll", None, "EINTR ENOMEM"),
          ("openat", "log", "EACCES EMFILE"), ("openat", "model/config.json", "EIO EMFILE"),
          ("openat", "model/model.safetensors", "EIO ENFILE"),
          ("read,pread64", "model/model.safetensors", "EIO")]


class Served:
    def __init__(self, folder):
        self.folder, self.told = folder, folder / "told"
        with open(self.told, "wb") as log:
            self.process = start(["serve", "--model", "model", "--port", "0", "--access-log",
                                  "log", *LIMITS], folder, stderr=log, stdin=None)
        self.port = int(re.search(rb":(\d+)/", self.line(0))[1])
        self.faults = 0  # odd: they happen now
        self.memory = []  # MiB, a sample a second

    def line(self, behind):
        """The line that it says behind so many bytes; not those about the log that cannot be written."""
        end = time.monotonic() + 20
        while True:
            lines = self.told.read_bytes()[behind:].splitlines(keepends=True)
            told = b"".join(line for line in lines if not line.startswith(b"log: "))
            if told.endswith(b"\n"):
                return told
            time.sleep(0.02)
            self.require_alive()
            require(time.monotonic() < end, "the server says nothing")

    def require_alive(self):
        require(self.process.poll() is None, "the server has ended", self.told.read_bytes()[-500:])

    def resources(self):
        """(threads, descriptors, resident MiB)."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        files = len(list(pathlib.Path(f"/proc/{self.process.pid}/fd").iterdir()))
        return (int(re.search(r"Threads:\s+(\d+)", status)[1]), files,
                int(re.search(r"VmRSS:\s+(\d+)", status)[1]) // 1024)

    def sample_memory(self):
        now = time.monotonic()
        if not self.memory or now - self.memory[-1][0] > SAMPLE:
            self.memory.append((now, self.resources()[2]))

    def memory_in_tenths(self):
        """The most in each tenth of the time, MiB."""
        count = len(self.memory)
        return [max(m for _, m in self.memory[count * k // 10:max(1, count * (k + 1) // 10)] or
                    self.memory[-1:]) for k in range(10)]

    def require_flat_memory(self):
        tenths = self.memory_in_tenths()
        require(max(tenths[5:]) <= max(tenths[:5]) + LEAK, f"memory grows: {tenths} MiB")

    def load_again(self):
        """What it says to that."""
        behind = self.told.stat().st_size
        self.process.send_signal(signal.SIGHUP)
        return self.line(behind)

    @contextlib.contextmanager
    def with_faults(self, random):
        """For the time of the block one kind of system call fails, now and then or always."""
        calls, file, errors = random.choice(FAULTS)
        error, when = random.choice(errors.split()), random.choice(["1+", "1+2", "2+3", "3+10"])
        file = ["-P", str(self.folder / file)] if file else []
        self.faults += 1
        tracer = subprocess.Popen(
            ["strace", "-f", "-qq", "-o", "/dev/null", "-p", str(self.process.pid), *file, "-e",
             f"trace={calls}", "-e", f"inject={calls}:error={error}:when={when}"],
            stderr=subprocess.PIPE)
        try:
            status = pathlib.Path(f"/proc/{self.process.pid}/status")
            while "TracerPid:\t0" in status.read_text():
                time.sleep(0.005)
                if tracer.poll() is not None:
                    raise OSError(tracer.stderr.read())
            yield f"{calls} {' '.join(file)} {error} {when}"
        finally:
            tracer.terminate()
            tracer.communicate()
            self.faults += 1

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        finished = finish(self.process, seconds=10)
        require(finished.code == 0 and not finished.late, "does not end", finished)
