"""Clients that mean harm, faults and models loaded again, while others that mean none are served:
their answers, the latency of short requests, health at once after each case, memory that does not
grow, and no thread or descriptor left at the end."""
import json
import resource
import time

import hostile
from hostile import BODY, HEALTH, HOST, POST, VIOLATIONS, Client, post
from neighbours import Neighbour, answers
from program import require
from served import Served
from trainings import must_run, write_corpus

# A second, after which it translates in whole sentences.
TRAIN = """train --source train.fr --target train.en --out model --tokenizer words --embedding 32
--encoder-hidden 32 --hidden 32 --warmup 30 --learning-rate 0.01 --valid-size 12 --valid-every 100
--metric loss --max-updates 300""".split()
LATENCY = 0.15  # s, the 99th percentile of the bystander's
CROWD = 1000
ENDS = 15  # s for the server to forget all its clients
VALUES = [None, True, False, 0, 1, -1, 1.5, 16, 17, 1e9, 2**63, "", "x", [], {}, [[]], [1], [0],
          [99], ["je", "vois"], {"0": [1]}, {"x": []}, {"0": [0, 0]}, {"0": [-1]}, {"99": [1]},
          "é" * 1000, "\0"]
KEYS = {b"/api/explain": ["sentence", "beam", "masked", "weights", "model"],
        b"/translate": ["q", "source", "target", "format", "alternatives", "api_key"]}


class Part:
    unit = "hostile requests"

    def __init__(self, folder):
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        write_corpus(folder, pairs=2400)
        must_run(TRAIN, folder)
        self.model = (folder / "model/model.safetensors").read_bytes()
        self.served = Served(folder)
        self.port = self.served.port
        idle = answers(self.port)
        self.ask_all_kinds()
        self.before = self.served.resources()
        self.bystander = Neighbour(self.served, 2, {post(BODY): idle[post(BODY)]}, pause=0.02)
        self.others = [Neighbour(self.served, 3 + k, idle, pause=0.1) for k in range(3)]

    def ask_all_kinds(self):
        """So that all that the server opens once is open."""
        for request in (HEALTH, post(b'{"sentences": ["' + b"je " * 20000 + b'"]}')):
            with Client(self.port) as client:
                client.send(request)
                client.reply()
        self.served.load_again()
        time.sleep(0.2)

    def case(self, random, k):
        if k % 200 == 199:
            self.crowd(random)
        elif k % 50 == 25:
            self.faulty(random)
        elif k % 100 == 75:
            self.damaged(random)
        else:
            random.choice([self.framing, self.framing, self.framing, self.mutated, self.mutated,
                           self.slow, self.half_closed, self.pipelined, self.vanished, self.deep,
                           self.huge, self.wrong_values, self.idle, self.deaf])(random)
        self.check_health()

    def check_health(self):
        self.served.require_alive()
        self.served.sample_memory()
        began = time.monotonic()
        with Client(self.port, 3) as client:
            client.send(HEALTH)
            require(client.reply() == (200, b"ok\n"), "no health")
        seconds = time.monotonic() - began
        require(seconds < 1, f"health after {seconds:.2f} s")

    def framing(self, random):
        violation = random.choice(VIOLATIONS)
        piece = random.choice([None, None, 1, random.randrange(1, 40)])
        behind = random.choice([b"", HEALTH])
        with Client(self.port) as client:
            client.send(violation + behind, piece)
            client.half_close() if random.random() < 0.2 and behind == b"" else None
            got = client.reply()
            # The rest of what was sent may end the connection by a reset, the reply lost with it.
            require(got is None and behind or got and got[0] == 400, f"{violation!r}: {got}")
            require(client.is_closed(), f"{violation!r}: goes on behind it")

    def mutated(self, random):
        request = random.choice([
            post(BODY), HEALTH, POST + b"Transfer-Encoding: chunked\r\n\r\n" + hostile.CHUNKED,
            post({"sentence": "je"}, b"/api/explain"),
            post({"q": "je", "source": "fr", "target": "en"}, b"/translate")])
        for _ in range(random.choice([1, 1, 2, 5])):
            at = random.randrange(len(request))
            middle = random.choice([b"", bytes([random.randrange(256)]), request[at:at + 1] * 2,
                                    request[:at], b"\r\n", b"\0", b"9" * 30])
            request = request[:at] + middle + request[at + random.choice([0, 1, 1, 4]):]
        with Client(self.port) as client:
            client.send(request)
            client.half_close()
            while got := client.reply():
                require(got[0] in range(200, 600) and got[0] != 500, f"{request!r}: {got}")

    def slow(self, random):
        request = random.choice([post(BODY), HEALTH])
        with Client(self.port) as client:
            client.send(request, random.randrange(len(request) // 20, len(request)),
                        random.choice([0.001, 0.02]))
            got = client.reply()
            require(got and got[0] == 200, f"{request!r} slowly: {got}")

    def half_closed(self, random):
        request = random.choice([post(BODY), HEALTH, post(BODY)[:-5], HEALTH[:-1], b""])
        with Client(self.port) as client:
            client.send(request)
            client.half_close()
            client.reply()
            require(client.is_closed(), f"{request!r}, half closed: stays open")

    def pipelined(self, random):
        kinds = {HEALTH: 200, post(BODY): 200, post(b"{"): 400,
                 b"GET /no HTTP/1.1\r\n" + HOST + b"\r\n": 404}
        requests = [random.choice(list(kinds)) for _ in range(random.choice([2, 5, 50]))]
        with Client(self.port) as client:
            client.send(b"".join(requests), random.choice([None, 7, 1000]))
            for request in requests:
                got = client.reply()
                require(got and got[0] == kinds[request],
                        f"of {len(requests)} at once: {request!r}: {got}")

    def clients(self, random, count):
        return [Client(self.port, random.randrange(10, 200)) for _ in range(count)]

    def vanished(self, random):
        sentence = " ".join(["je"] * 250)
        request = random.choice([post({"sentences": [sentence] * 60, "beam": 16}), post(BODY),
                                 post({"sentence": sentence[:200]}, b"/api/explain"), HEALTH])
        clients = self.clients(random, random.choice([1, 2, 8]))
        for client in clients:
            client.send(request[:random.choice([len(request), len(request) // 2])])
        time.sleep(random.choice([0, 0.001, 0.1]))
        for client in clients:
            client.vanish() if random.random() < 0.5 else client.close()

    def deep(self, random):
        depth = random.choice([63, 65, 100, 1000, 100000, 480000])
        opened, closed = random.choice([(b"[", b"]"), (b'{"a":', b"}"), (b"[", b"")])
        depth = min(depth, 1000000 // (len(opened) + len(closed)))
        key = random.choice([b"sentences", b"beam", b"nbest", b"alignments", b"model", b"sentence",
                             b"masked", b"weights", b"q"])
        path = random.choice([b"/api/translate", b"/api/explain", b"/translate"])
        value = opened * depth + (b"1" if opened != b"[" else b"") + closed * depth
        body = b'{"sentences": "x", "sentence": "x", "' + key + b'": ' + value + b"}"
        with Client(self.port) as client:
            client.send(post(body, path))
            got = client.reply()
            require(got and got[0] == 400, f"{key} {depth} deep: {got}")

    def huge(self, random):
        big = random.choice([20000, 200000, 2000000])
        length = random.choice([2**20 + 1, 2**40, 2**64, 10**30])
        request, statuses = random.choice([
            (post(b'{"sentences": "' + b"x" * big + b'"}'), (200, 413)),
            (POST + b"Content-Length: %d\r\n\r\n" % length, (413,)),
            (get(b"/" + b"x" * big), (414,)),
            (get(b"/", b"X: " + b"x" * big + b"\r\n"), (431,)),
            (get(b"/", b"X: y\r\n" * (big // 6)), (431,)),
            (post({"sentences": ["je"] * random.choice([257, 10000])}), (413,)),
            (post({"sentences": "je " * random.choice([257, 100000])}), (413,))])
        with Client(self.port) as client:
            whole = client.send(request)
            got = client.reply()
            # Who sends on while it is refused may lose the reply.
            require(got is None and (not whole or big > 60000) or got and got[0] in statuses,
                    f"{request[:80]!r} ... {len(request)} bytes: {got}")

    def wrong_values(self, random):
        path = random.choice([b"/api/translate", b"/api/explain", b"/translate",
                              b"/api/translate?model=x"])
        keys = KEYS.get(path, ["sentences", "beam", "nbest", "alignments", "model"])
        body = {keys[0]: "je vois"}
        for _ in range(random.choice([1, 1, 2])):
            body[random.choice([*keys, "x"])] = random.choice(VALUES)
        with Client(self.port) as client:
            client.send(post(body, path))
            got = client.reply()
            require(got and got[0] in (200, 400, 401, 404, 413), f"{path} {body}: {got}")
            require("json.exception" not in got[1].decode() and json.loads(got[1]) is not None,
                    f"{path} {body}: {got}")

    def idle(self, random):
        """Connections that say nothing, or stop in the middle: closed when their time is up."""
        begun = random.choice([b"", b"GET /hea", POST, POST + b"Content-Length: 24\r\n\r\n{"])
        clients = self.clients(random, random.choice([1, 10, 50]))
        for client in clients:
            client.send(begun)
        if random.random() < 0.1:
            for client in clients:
                got = client.reply()
                require(got is None or got[0] == 408, f"{begun!r} and no more: {got}")
        for client in clients:
            client.close()

    def deaf(self, random):
        """Asks for much and reads nothing."""
        with Client(self.port) as client:
            client.socket.settimeout(0.2)
            client.send(b"GET / HTTP/1.1\r\n" + HOST + b"\r\n" * 1)
            client.send((b"GET / HTTP/1.1\r\n" + HOST + b"\r\n") * random.choice([10, 200]))
            time.sleep(random.choice([0, 0.1]))

    def crowd(self, random):
        """1,000 connections at once, idle or with half a request."""
        begun = random.choice([b"", b"GET /healthz HT", POST + b"Content-Length: 9"])
        clients = [Client(self.port, 10 + i % 100) for i in range(CROWD)]
        for client in clients:
            client.send(begun)
        for _ in range(20):
            self.check_health()
        for client in clients:
            client.close()

    def faulty(self, random):
        """System calls fail while clients ask, and perhaps all is loaded again."""
        with self.served.with_faults(random) as what:
            if loads := random.random() < 0.5:
                said = self.served.load_again()
                require(b"oaded again" in said and said.count(b"\n") == 1, what, said)
            for request in random.choices([post(BODY), HEALTH, post(b"x" * 50000)], k=5):
                try:
                    with Client(self.port, 10, seconds=1) as client:
                        client.send(request)
                        got = client.reply()
                        require(got is None or got[0] in (200, 400, 500, 503), what, got)
                except TimeoutError:  # a reply that was never sent
                    pass
        if loads:
            require(self.served.load_again() == b"loaded again\n", what, "not loaded after it")

    def damaged(self, random):
        """A damaged model is not loaded, and the one that is there goes on."""
        data = bytearray(self.model)
        data[random.randrange(len(data))] ^= 1 << random.randrange(8)
        for bytes_, expected in ((random.choice([data, data[:random.randrange(len(data))]]),
                                  b"not loaded again: "), (self.model, b"loaded again")):
            (self.served.folder / "new").write_bytes(bytes_)
            (self.served.folder / "new").rename(self.served.folder / "model/model.safetensors")
            said = self.served.load_again()
            require(said.startswith(expected) and said.count(b"\n") == 1, said)

    def end_all(self):
        latencies = self.bystander.stop()
        asked = [len(other.stop()) for other in self.others]
        time.sleep(0.2)
        end = time.monotonic() + ENDS
        while (after := self.served.resources())[:2] > self.before[:2] and time.monotonic() < end:
            time.sleep(0.2)
        low, high = latencies[len(latencies) // 2], latencies[len(latencies) * 99 // 100]
        yield (f"{self.served.faults // 2:,} times faults in its system calls; {sum(asked):,} "
               f"requests of all kinds answered as by the idle server")
        yield (f"bystander {len(latencies):,} short requests, median {1e3 * low:.1f} ms, 99 % "
               f"{1e3 * high:.1f} ms; threads, descriptors, MiB: {self.before}, "
               f"at the end {after}")
        yield f"memory in the tenths of its time: {self.served.memory_in_tenths()} MiB"
        self.served.end()
        require(after[:2] <= self.before[:2], "left behind", f"{self.before} before, {after} after")
        self.served.require_flat_memory()
        require(high < LATENCY, f"the bystander's 99th percentile is {1e3 * high:.0f} ms")


def get(path, headers=b""):
    return b"GET " + path + b" HTTP/1.1\r\n" + HOST + headers + b"\r\n"
