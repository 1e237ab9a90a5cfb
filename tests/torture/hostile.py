"""A client that sends any bytes at any pace, and requests that break the framing of RFC 9112."""
import json
import socket
import struct
import time

HOST = b"Host: localhost\r\n"
POST = b"POST /api/translate HTTP/1.1\r\n" + HOST + b"Content-Type: application/json\r\n"
HEALTH = b"GET /healthz HTTP/1.1\r\n" + HOST + b"\r\n"
BODY = b'{"sentences": "je vois"}'
CHUNKED = b"18\r\n" + BODY + b"\r\n0\r\n\r\n"


def post(body, path=b"/api/translate"):
    body = body if isinstance(body, bytes) else json.dumps(body).encode()
    return POST.replace(b"/api/translate", path) + b"Content-Length: %d\r\n\r\n" % len(body) + body


def length(value):
    return POST + b"Content-Length" + value + b"\r\n\r\n" + BODY


def coded(value, body=CHUNKED):
    return POST + b"Transfer-Encoding" + value + b"\r\n\r\n" + body


# Each must be answered with 400 and the connection closed.
LENGTHS = [b":", b": x", b": 24x", b": +24", b": -24", b": 0x18", b": 24.0", b": 24, 24", b': "24"',
           b" : 24", b"\t: 24", b":\r\n 24", b"", b": 24\r\nContent-Length: 24",
           b": 24\r\ncontent-length: 0", b": 0\r\nContent-Length: 24"]
CODINGS = [b": gzip, chunked", b": chunked, chunked", b": chunked, identity", b": xchunked",
           b": chunked;q=1", b": \x0bchunked", b": identity", b":", b" : chunked",
           b":\r\n chunked", b": chunked\r\nTransfer-Encoding: chunked",
           b": chunked\r\nContent-Length: 24", b": chunked\r\nContent-Length: 0"]
END = b"\r\n0\r\n\r\n"
CHUNKS = [b"18 \r\n" + BODY + END, b"+18\r\n" + BODY + END, b"0x18\r\n" + BODY + END,
          b"-1\r\n" + BODY + END, b"\r\n" + BODY + END, b"18\n" + BODY + END,
          b"17\r\n" + BODY + END, b"18\r\n" + BODY + b"X" + END, b"18;\r\n" + BODY + END,
          b"10000000000000018\r\n" + BODY + END,
          b"18\r\n" + BODY + b"\r\n0\r\nContent-Length: 5\r\n\r\n"]
HEADERS = [b"", HOST + HOST, b"Host:\r\n", b"Host: a b\r\n", b"Host : localhost\r\n",
           HOST + b"X: a\r\n b\r\n", HOST + b"X: a\rb\r\n", HOST + b"X: a\0b\r\n",
           HOST + b"(X): a\r\n", b" X: a\r\n" + HOST]
STARTS = [b"GET  /healthz HTTP/1.1", b"GET /healthz HTTP/1.1 ", b" GET /healthz HTTP/1.1",
          b"GET /healthz", b"GET /healthz HTTP/1.2", b"GET /healthz http/1.1", b"G@T / HTTP/1.1",
          b"GET / a HTTP/1.1"]
VIOLATIONS = [*map(length, LENGTHS), *map(coded, CODINGS),
              *(coded(b": chunked", chunk) for chunk in CHUNKS),
              *(b"GET /healthz HTTP/1.1\r\n" + header + b"\r\n" for header in HEADERS),
              *(start + b"\r\n" + HOST + b"\r\n" for start in STARTS)]


class Client:
    def __init__(self, port, address=9, seconds=15):
        """address: the last number of the loopback address that it comes from."""
        here = (f"127.0.0.{address}", 0)
        self.socket = socket.create_connection(("127.0.0.1", port), seconds, here)
        self.buffer = b""

    def send(self, data, piece=None, pause=0.0):
        """Whether all of it could be sent."""
        try:
            piece = piece or len(data) or 1
            for at in range(0, len(data), piece):
                self.socket.sendall(data[at:at + piece])
                time.sleep(pause)
        except OSError:
            return False
        return True

    def fill(self):
        try:
            data = self.socket.recv(1 << 16)
        except ConnectionError:
            data = b""
        self.buffer += data
        return data != b""

    def until(self, mark):
        """What comes up to and with the mark; None if the server closes before."""
        while mark not in self.buffer:
            if not self.fill():
                return None
        head, self.buffer = self.buffer.split(mark, 1)
        return head + mark

    def reply(self):
        """(status, body); None if the server closes before."""
        head = self.until(b"\r\n\r\n")
        if head is None:
            return None
        size = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        size = int(size[0].split(b":")[1]) if size else 0
        while len(self.buffer) < size:
            if not self.fill():
                return None
        body, self.buffer = self.buffer[:size], self.buffer[size:]
        return int(head.split()[1]), body

    def is_closed(self):
        """Whether the server closes, having sent nothing else."""
        while self.fill():
            pass
        return self.buffer == b""

    def half_close(self):
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def vanish(self):
        """Closed with a reset, as by a crash."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
