"""A proxy between finews and a store: it counts requests, injects faults, and takes the store away.

The proxy forwards the header `Host` unchanged, because the signature of a request covers it. Each request has a new
connection to the store, with HTTP/1.0, so that a response ends with its connection.
"""

import asyncio
import random
import threading
from collections import Counter
from dataclasses import dataclass

from store import BUCKET, signed

KINDS = ("log", "pack", "probe")


@dataclass
class Faults:
    """The faults of a proxy. The probabilities are between 0 and 1."""

    # The bounds of the delay of each request, in seconds.
    delay: tuple = (0, 0)
    # The probability and the length of a longer delay.
    stall: tuple = (0, 0)
    # 503 instead of the request, and 500 after a write that succeeds.
    refuse: float = 0
    forget: float = 0
    # Half of a response body, and one other bit in the body of a commit or of a pack.
    cut: float = 0
    flip: float = 0
    # A store that ignores `If-None-Match`.
    unconditional: bool = False
    # A store that hides missing objects from a client without the permission to list the bucket.
    hidden: bool = False
    # The code of a response 403 to each request, such as `ExpiredToken`.
    denial: str = ""


class Proxy:
    """A running proxy in a thread. The end of the `with` block stops it."""

    def __init__(self, store, seed=0, **faults):
        self.store = store
        self.random = random.Random(seed)
        self.faults = Faults(**faults)
        self.requests = Counter()
        self.connections = set()
        self.server = None
        self.port = 0
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.hang = self.run(self.new_event())
        self.appear()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def disappear(self):
        """Closes the listener and all connections, like a store that has ended."""
        self.run(self.close())

    def appear(self):
        self.run(self.listen())

    def freeze(self):
        """Keeps all requests without a response, like a store behind a broken network."""
        self.loop.call_soon_threadsafe(self.hang.clear)

    def thaw(self):
        """Closes the connections whose requests waited, and answers again."""
        self.loop.call_soon_threadsafe(self.hang.set)

    def count(self, method, *kinds):
        """The number of requests with a method, for some kinds of keys or for all."""
        counts = dict(self.requests)
        return sum(number for (verb, kind), number in counts.items() if verb == method and (not kinds or kind in kinds))

    def run(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(20)

    async def new_event(self):
        event = asyncio.Event()
        event.set()
        return event

    async def listen(self):
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", self.port, limit=1 << 20)
        self.port = self.server.sockets[0].getsockname()[1]

    async def close(self):
        self.server.close()
        for writer in list(self.connections):
            writer.transport.abort()

    async def serve(self, reader, writer):
        """Answers the requests of one connection."""
        self.connections.add(writer)
        try:
            while await self.answer(reader, writer):
                pass
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            self.connections.discard(writer)
            writer.close()

    async def answer(self, reader, writer):
        """Answers one request. Returns whether the connection stays open."""
        request = await read_request(reader, writer)
        method, target, headers, body = request
        self.requests[method, kind(method, target)] += 1
        await self.pause()
        if not self.hang.is_set():
            await self.hang.wait()
            return False
        faults, status = self.faults, None
        if faults.denial:
            status, head, answer = 403, {}, error_body(faults.denial)
        elif self.happens(faults.refuse):
            status, head, answer = 503, {}, error_body("SlowDown")
        else:
            status, head, answer = await self.forward(method, target, headers, body)
            if method == "PUT" and status == 200 and self.happens(faults.forget):
                status, head, answer = 500, {}, error_body("InternalError")
            elif status == 404 and faults.hidden:
                status, head, answer = 403, {}, error_body("AccessDenied")
        is_object = method == "GET" and status in (200, 206) and kind(method, target) in ("log", "pack")
        if is_object and self.happens(faults.flip):
            place = self.random.randrange(len(answer))
            answer = answer[:place] + bytes([answer[place] ^ 1 << self.random.randrange(8)]) + answer[place + 1 :]
        is_cut = len(answer) > 1 and self.happens(faults.cut)
        head.setdefault("content-length", str(len(answer)))
        if method == "HEAD":
            answer = b""
        lines = [f"HTTP/1.1 {status} -", *(f"{name}: {value}" for name, value in head.items()), "", ""]
        writer.write("\r\n".join(lines).encode("latin-1") + (answer[: len(answer) // 2] if is_cut else answer))
        await writer.drain()
        return not is_cut

    async def pause(self):
        seconds = self.random.uniform(*self.faults.delay)
        if self.happens(self.faults.stall[0]):
            seconds += self.faults.stall[1]
        if seconds:
            await asyncio.sleep(seconds)

    def happens(self, probability):
        return self.random.random() < probability

    async def forward(self, method, target, headers, body):
        """Sends a request to the store. Returns status, headers and body of the response."""
        if self.faults.unconditional and headers.pop("if-none-match", None):
            # The signature covers the removed header.
            headers = signed(method, target, headers)
        reader, writer = await asyncio.open_connection("127.0.0.1", self.store.port, limit=1 << 20)
        try:
            lines = [f"{method} {target} HTTP/1.0", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
            writer.write("\r\n".join(lines).encode("latin-1") + body)
            await writer.drain()
            line, head = await read_head(reader)
            answer = await reader.read(-1)
        finally:
            writer.close()
        length = head.get("content-length")
        if method != "HEAD" and length is not None and int(length) != len(answer):
            raise ConnectionError("the store ended a response early")
        return int(line.split()[1]), head, answer

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.thaw()
        self.disappear()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)


async def read_head(reader):
    """The first line of a message, and its headers with names in lower case, without those of the connection."""
    line, *rest = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    pairs = (field.split(":", 1) for field in rest if field)
    headers = {name.lower(): value.strip() for name, value in pairs}
    for name in ("connection", "keep-alive"):
        headers.pop(name, None)
    return line, headers


async def read_request(reader, writer):
    line, headers = await read_head(reader)
    method, target, _ = line.split(" ")
    if headers.pop("expect", "").lower() == "100-continue":
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    if "transfer-encoding" in headers:
        raise ConnectionError("the proxy reads no chunked requests")
    return method, target, headers, await reader.readexactly(int(headers.get("content-length", 0)))


def kind(method, target):
    """The kind of a request by its key: `log`, `pack`, `probe` (the test of the store), `list`, or the key's last part."""
    path, _, query = target.partition("?")
    if method == "GET" and path.rstrip("/") == f"/{BUCKET}" or "list-type=" in query:
        return "list"
    parts = path.split("/")
    return next((part for part in parts[2:] if part in KINDS), parts[-1])


def error_body(code):
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>of the proxy</Message></Error>'.encode()
