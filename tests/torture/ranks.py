"""Trainings on several ranks of which one is killed, or mpirun; resumed on another number of ranks:
they end as one process does that nobody disturbs."""
import os
import pathlib
import signal
import time

import kills
from program import Failure, require, run, start, told
from trainings import resume

MPIRUN = ["env", "OMPI_ALLOW_RUN_AS_ROOT=1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1", "mpirun",
          "--oversubscribe", "-n"]
START = 0.5  # seconds until mpirun's processes have found each other
PATIENCE = 10  # seconds after which nothing may be left


class Part(kills.Part):
    unit = "kills"

    def case(self, random, k):
        self.random = random
        return super().case(random, k)

    def kill(self, command, folder, seconds):
        random = self.random
        count = random.randint(2, 3)
        process = start(command, folder, under=[*MPIRUN, str(count)])
        time.sleep(START + seconds)
        ranks = children(process.pid)
        victim = random.choice([*ranks, process.pid])
        number = random.choice([signal.SIGKILL, signal.SIGKILL, signal.SIGTERM])
        end(victim, number)
        began = time.monotonic()
        what = f"{count} ranks, {told(command)}, {number.name} to {victim} of {ranks}"
        try:
            _, err = process.communicate(timeout=PATIENCE)
        except Exception as error:
            process.kill()
            raise Failure(f"{what}: mpirun has not ended") from error
        while any(is_there(rank) for rank in ranks):
            require(time.monotonic() - began < PATIENCE, what, "a rank is left")
            time.sleep(0.05)
        ends = {0, 1, 137, 143, -signal.SIGKILL, -signal.SIGTERM}
        if victim == process.pid and number == signal.SIGTERM:
            ends.add(-signal.SIGSEGV)  # Open MPI 4.1: mpirun itself, where it was about to end
        if process.returncode not in ends:
            raise Failure(f"{what}: exit code {process.returncode}, {err[-300:]!r}")

    def end(self, folder, variant, what):
        command = self.next_command(folder, variant) or resume()
        finished = run(command, folder, seconds=60, under=[*MPIRUN, "2"])
        require(finished.code == 0, what, f"then on 2 ranks {told(command)}", finished)
        self.references[variant].require_equal(folder / "model", what)


def children(pid):
    try:
        return [int(child) for child in
                pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def is_there(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def end(pid, number):
    try:
        os.kill(pid, number)
    except ProcessLookupError:  # it has ended
        pass
