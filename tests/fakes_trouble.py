"""What goes wrong beneath a deliverer: a database that fails at every point, and a receiver that
counts."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal

from sqlalchemy import Connection

from service.errors import StorageError
from service.storage.engine import Database

When = Literal["before", "at commit", "after commit"]


class TroubledDatabase(Database):
    """Fails as often as it is told: transactions that write, in any thread, or all of one thread's
    with a bug."""

    def __init__(self, whole: Database, *, when: When = "before") -> None:
        super().__init__(whole.engine, whole.url)
        self.when = when
        self.failures = 0
        self.bugs: Counter[str] = Counter()
        """How many transactions of a thread still meet a bug, by the beginning of its name."""
        self._lock = threading.Lock()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        self._meet_bug()
        with super().reading() as conn:
            yield conn

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        self._meet_bug()
        fails = self._fails()
        if fails and self.when == "before":
            raise StorageError("cannot use the database: it is away")
        with super().writing() as conn:
            yield conn
            if fails and self.when == "at commit":
                raise StorageError("cannot use the database: the disk is full")
        if fails:
            raise StorageError("cannot use the database: the connection was lost after the commit")

    def _fails(self) -> bool:
        with self._lock:
            self.failures -= 1
            return self.failures >= 0

    def _meet_bug(self) -> None:
        name = threading.current_thread().name
        with self._lock:
            met = [key for key, left in self.bugs.items() if left > 0 and name.startswith(key)]
            if met:
                self.bugs[met[0]] -= 1
        if met:
            raise RuntimeError(f"a bug in {name}")


class CountingReceiver:
    """Counts what is in the air at once, by path and in all; says nothing at all to paths that
    begin with `/hang`.

    One loop, so that a connection that was closed is seen before a request that came after it.
    """

    def __init__(self, *, takes_s: float) -> None:
        self.takes_s = takes_s
        self.now: Counter[str] = Counter()
        self.most: Counter[str] = Counter()
        self.seen: Counter[str] = Counter()
        self.open: set[asyncio.Transport] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> CountingReceiver:
        self._thread.start()
        started = asyncio.run_coroutine_threadsafe(self._start(), self._loop)
        self._port = started.result(10)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _start(self) -> int:
        self._server = await self._loop.create_server(
            lambda: _Connection(self), "127.0.0.1", 0, backlog=256
        )
        return int(self._server.sockets[0].getsockname()[1])

    async def _end(self) -> None:
        self._server.close()
        for transport in list(self.open):
            transport.abort()
        while self.open:
            await asyncio.sleep(0)

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self._port}{path}"

    def begin(self, *keys: str) -> None:
        for key in keys:
            self.now[key] += 1
            self.most[key] = max(self.most[key], self.now[key])

    def end(self, *keys: str) -> None:
        self.now.subtract(keys)


class _Connection(asyncio.Protocol):
    def __init__(self, receiver: CountingReceiver) -> None:
        self._receiver = receiver
        self._data = b""
        self._keys: tuple[str, ...] = ()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._receiver.open.add(transport)

    def data_received(self, data: bytes) -> None:
        self._data += data
        head, found, rest = self._data.partition(b"\r\n\r\n")
        if not found:
            return
        lines = head.decode("latin-1").split("\r\n")
        lengths = [
            line.split(":")[1] for line in lines if line.lower().startswith("content-length:")
        ]
        if len(rest) < int(lengths[0]):
            return
        self._data = b""
        path = lines[0].split(" ")[1]
        receiver = self._receiver
        receiver.seen[path] += 1
        is_silent = path.startswith("/hang")
        late = ("hanging again",) if is_silent and receiver.seen[path] > 2 else ()
        self._keys = (path, "all", *late)
        receiver.begin(*self._keys)
        if not is_silent:
            asyncio.get_running_loop().call_later(receiver.takes_s, self._answer)

    def _answer(self) -> None:
        if self._keys:
            self._receiver.end(*self._keys)
            self._keys = ()
            self._transport.write(b"HTTP/1.1 204 No Content\r\n\r\n")

    def connection_lost(self, _error: Exception | None) -> None:
        self._receiver.end(*self._keys)
        self._keys = ()
        self._receiver.open.discard(self._transport)


def wait_until(is_so: Callable[[], bool], within_s: float = 30.0) -> bool:
    """Whether something came to be so in time."""
    deadline = time.monotonic() + within_s
    while not is_so():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
