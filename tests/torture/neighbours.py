"""Clients that mean no harm: each asks one thing after the other, and must get what the idle server
answered."""
import json
import math
import threading
import time

from hostile import BODY, Client, post
from program import require

LONG = " ".join(["je vois le chat dans la maison et il mange"] * 6)
ASKED = [post(BODY), post({"sentences": ["je vois", "il mange", ""], "nbest": 4, "beam": 8}),
         post({"sentences": LONG, "alignments": True}), post({"sentences": [LONG, "je"] * 20}),
         post({"sentence": "je vois le chat"}, b"/api/explain"),
         post({"sentence": "je vois", "masked": [0]}, b"/api/explain"),
         post({"q": ["je vois\nil mange", ""], "source": "fr", "target": "en"}, b"/translate"),
         post({"sentences": 1}), post({"sentences": ["x"], "model": "none"})]


def answers(port):
    """{request: (status, body)} of a server that does nothing else."""
    with Client(port) as client:
        return {request: (client.send(request), client.reply())[1] for request in ASKED}


def is_same(got, expected):
    """Of replies; a batch's size changes the last digits of numbers."""
    return got == expected or got is not None and got[0] == expected[0] and is_same_json(
        json.loads(got[1]), json.loads(expected[1]))


def is_same_json(a, b):
    if isinstance(a, float) and isinstance(b, float):
        return math.isclose(a, b, rel_tol=1e-4, abs_tol=1e-4)
    if isinstance(a, dict) and isinstance(b, dict):
        return list(a) == list(b) and is_same_json(list(a.values()), list(b.values()))
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(is_same_json, a, b))
    return type(a) is type(b) and a == b


class Neighbour(threading.Thread):
    """served: a Served, whose faults may end a connection or a request, and nothing else may."""

    def __init__(self, served, address, expected, pause):
        super().__init__(daemon=True)
        self.served, self.address, self.expected, self.pause = served, address, expected, pause
        self.ended = threading.Event()
        self.seconds, self.wrong = [], ""
        self.start()

    def run(self):
        while not self.ended.is_set() and not self.wrong:
            faults = self.served.faults  # as they were when all was well
            try:
                with Client(self.served.port, self.address) as client:
                    self.ask(client, faults)
            except OSError as error:
                self.wrong = self.wrong or f"{error}"

    def ask(self, client, faults):
        """Until the end, or the first answer that a fault spoilt."""
        while True:
            for request, expected in self.expected.items():
                if self.ended.wait(self.pause):
                    return
                began = time.monotonic()
                client.send(request)
                got = client.reply()
                if not is_same(got, expected):
                    if self.served.faults == faults and faults % 2 == 0:
                        self.wrong = f"{request[-200:]!r}: {got}, idle: {expected}"
                    elif got and got[0] not in (500, 503):
                        self.wrong = f"{request[-200:]!r} with faults: {got}"
                    return
                self.seconds.append(time.monotonic() - began)
                faults = self.served.faults

    def stop(self):
        """The seconds that its requests took, sorted."""
        self.ended.set()
        self.join()
        require(not self.wrong and self.seconds, f"client {self.address} got {self.wrong}")
        return sorted(self.seconds)
