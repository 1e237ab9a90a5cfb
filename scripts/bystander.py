#!/usr/bin/env python3
"""How long one short sentence takes while other clients do their worst: prints the median and the
99th percentile of its latency, alone, beside four maximal clients, beside four with many ordinary
sentences, with 1,000 idle connections and after 40 clients that went away.

  scripts/bystander.py MODEL [REQUESTS]      (default: 300 each)
"""
import json
import random
import re
import socket
import subprocess
import sys
import threading
import time

SHORT = {"sentences": "je vois le chat"}
words = [word for line in open("data/train.fr", encoding="utf-8") for word in line.split()]


class Client:
    def __init__(self, port, number=1):
        self.socket = socket.create_connection(("127.0.0.1", port), 120, (f"127.0.0.{number}", 0))
        self.file = self.socket.makefile("rb")

    def send(self, request):
        body = json.dumps(request).encode()
        head = "POST /api/translate HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        self.socket.sendall(head.encode() + b"Content-Length: %d\r\n\r\n" % len(body) + body)

    def ask(self, request):
        self.send(request)
        status = int(self.file.readline().split()[1])
        length = 0
        while (line := self.file.readline()) != b"\r\n":
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        body = self.file.read(length)
        if status != 200:
            raise SystemExit(body.decode())

    def close(self):
        self.file.close()
        self.socket.close()


def maximal():
    """As much as one request may ask for: 60 x 256 tokens at beam 16."""
    sentences = [" ".join(random.choice(words) for _ in range(255)) for _ in range(60)]
    return {"sentences": sentences, "beam": 16}


def many():
    """As many sentences as one request may have, of 30 words."""
    return {"sentences": [" ".join(random.choice(words) for _ in range(30)) for _ in range(256)]}


def measure(port, name, requests):
    client, times = Client(port), []
    for _ in range(requests):
        start = time.perf_counter()
        client.ask(SHORT)
        times.append(1e3 * (time.perf_counter() - start))
        time.sleep(0.02)
    client.close()
    times.sort()
    print(f"{name:24} median {times[len(times) // 2]:6.1f} ms, "
          f"99 % {times[len(times) * 99 // 100]:6.1f} ms", flush=True)


def main():
    model, requests = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 300
    server = subprocess.Popen(["build/babelgrad", "serve", "--model", model, "--port", "0"],
                              stderr=subprocess.PIPE, text=True)
    try:
        port = int(re.search(r":(\d+)/", server.stderr.readline()).group(1))
        measure(port, "alone", requests)

        for name, request in [("4 maximal clients", maximal), ("4 with many sentences", many)]:
            stop = threading.Event()

            def press(number):
                client = Client(port, number)
                while not stop.is_set():
                    client.ask(request())

            threads = [threading.Thread(target=press, args=(2 + i,)) for i in range(4)]
            for thread in threads:
                thread.start()
            time.sleep(2)
            measure(port, name, requests)
            stop.set()
            for thread in threads:
                thread.join()

        idle = [Client(port) for _ in range(1000)]
        measure(port, "1,000 idle connections", requests)
        for client in idle:
            client.close()

        vanishing = [Client(port, 10 + i) for i in range(40)]
        for client in vanishing:
            client.send(maximal())
        time.sleep(1)
        for client in vanishing:
            client.close()
        measure(port, "40 that went away", requests)
    finally:
        server.terminate()
        server.wait()


main()
