"""Several commands at once in one folder: one training has it, the others are told so, whoever
reads finds one whole model, and what is left is one of the models that were asked for."""
import re
import time

from program import Folder, finish, judge, require, run, start, told
from trainings import Reference, current, make_world, must_run, resume, train

TOLD_SO = re.compile(r"is being trained by (process \d+|another process)|: exists; give --over")


class Part:
    unit = "commands"

    def __init__(self, folder):
        self.world = make_world(folder / "world")
        self.references = {name: Reference(name, self.world)
                           for name in ("plain", "moments", "old")}
        self.old = folder / "old"
        with Folder(self.world) as place:
            must_run(train("old"), place)
            place.rename(self.old)

    def case(self, random, _):
        over_old = random.random() < 0.6
        with Folder(self.old if over_old else self.world) as folder:
            commands = [self.training(random, over_old) for _ in range(random.choice([2, 2, 3]))]
            count = random.choice([0, 1, 3]) if over_old else 0
            readers = [self.reader(random) for _ in range(count)]
            started = []
            for command in commands + readers:
                started.append((command, start(command, folder)))
                time.sleep(random.choice([0, 0, 0.01, random.uniform(0, 0.3)]))
            ends = [(command, finish(process, b"je vois\n", 60)) for command, process in started]
            what = "; ".join(told(command)[:60] + " " + " ".join(command[-2:])
                             for command in commands)
            self.judge_all(folder, ends, over_old, what)
        return len(ends)

    @staticmethod
    def training(random, over_old):
        if over_old and random.random() < 0.2:
            return resume(updates=40)
        more = ["--overwrite"] if over_old or random.random() < 0.5 else []
        return train(random.choice(["plain", "moments"]), more=more)

    @staticmethod
    def reader(random):
        return random.choice([["translate", "--model", "model"], ["inspect", "--model", "model"],
                              ["score", "--model", "model", "--source", "train.fr", "--target",
                               "train.en"]])

    def judge_all(self, folder, ends, over_old, what):
        trained = 0
        for command, finished in ends:
            training = command[0] == "train"
            judge(finished, f"{what}: {told(command)}", lines=None if training else 1)
            if training and finished.code == 2:
                require(TOLD_SO.search(finished.last_line()), what, told(command), finished)
            trained += training and finished.code == 0
        require(trained >= 1, what, "none has trained")
        model = folder / "model"
        require(current(model) == model, what, "not put in place")
        translated = run(["translate", "--model", "model"], folder, b"je vois\n")
        require(translated.code == 0, what, translated)
        if over_old and trained and any("--resume" in c for c, f in ends if f.code == 0):
            return  # resumed with a limit that it had reached already
        misfits = []
        for reference in self.references.values():
            try:
                return reference.require_equal(model, what)
            except Exception as error:
                misfits.append(str(error)[-60:])
        require(False, what, "the model is none of those that were asked for", misfits)
