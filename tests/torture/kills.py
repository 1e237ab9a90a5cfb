"""Trainings killed at random moments, resumed, killed again: they end as if nothing had been."""
import shutil
import signal
import time

from program import Failure, Folder, require, run, start, told
from trainings import VARIANTS, Reference, current, is_whole, make_world, must_run, resume, train

KILLS = 8  # a case


class Part:
    unit = "kills"

    def __init__(self, folder):
        self.world = make_world(folder / "world")
        self.references = {name: Reference(name, self.world) for name in VARIANTS}
        self.old = folder / "old"
        with Folder(self.world) as place:
            must_run(train("old"), place)
            (place / "model").rename(self.old)

    def case(self, random, _):
        variant = random.choice([name for name in VARIANTS if name != "old"])
        over_old = random.random() < 0.5
        what = f"training {variant}{' over an old model' if over_old else ''}"
        with Folder(self.world) as folder:
            if over_old:
                shutil.copytree(self.old, folder / "model")
            moments = []
            for _ in range(KILLS):
                command = self.next_command(folder, variant)
                if command is None:
                    break
                moments.append(random.uniform(0, 1) ** 1.5 * self.references[variant].seconds)
                self.kill(command, folder, moments[-1])
                self.check(folder / "model", over_old, f"{what}, killed after {moments}")
            self.end(folder, variant, f"{what}, killed after {moments}")
        return len(moments)

    def next_command(self, folder, variant):
        """None if the training has come to its end."""
        place = current(folder / "model")
        config, log = place / "config.json", place / "metrics.jsonl"
        if not (place / "training_state.safetensors").exists() or '"seed": 7' in config.read_text():
            return train(variant, more=["--overwrite"])
        ended = log.exists() and b'"final":true' in log.read_bytes()
        return None if ended and place == folder / "model" else resume()

    @staticmethod
    def kill(command, folder, seconds):
        process = start(command, folder)
        time.sleep(seconds)
        process.send_signal(signal.SIGKILL)
        _, err = process.communicate()
        if process.returncode not in (0, -signal.SIGKILL):
            raise Failure(f"{told(command)}: exit code {process.returncode}, {err[-300:]!r}")

    @staticmethod
    def check(model, over_old, what):
        """A model that was there is there; what is there can be read."""
        place = current(model)
        require(is_whole(place) or not over_old, what, "no model is left")
        if is_whole(place):
            translated = run(["translate", "--model", "model"], model.parent, b"je vois\n")
            require(translated.code == 0 and not b"damaged" in translated.err, what, translated)

    def end(self, folder, variant, what):
        command = self.next_command(folder, variant) or resume()
        finished = run(command, folder, seconds=60)
        require(finished.code == 0, what, f"then {told(command)}", finished)
        self.references[variant].require_equal(folder / "model", what)
