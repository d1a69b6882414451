"""A portal on loopback that answers with whatever bytes a test hands it, as slowly and as wrongly
as it likes.

Raw sockets, because a library would be too polite.
"""

from __future__ import annotations

import contextlib
import gzip
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from service.portals.gate import StoredRobots
from service.settings import ListingConfig, PollingSettings, PortalConfig

Answer = bytes | Callable[["Request"], "bytes | Iterable[bytes]"]


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    headers: dict[str, str]


def reply(
    body: bytes | str = b"", *, status: str = "200 OK", length: int | None = None, **headers: str
) -> bytes:
    """A whole answer. Header names are written with `_` for `-`; `length` lies about the body's."""
    data = body.encode() if isinstance(body, str) else body
    fields = {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Length": str(len(data) if length is None else length),
        "Connection": "close",
    }
    fields |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items() if value)
    return f"HTTP/1.1 {status}\r\n{head}\r\n".encode("latin-1") + data


def drip(data: bytes, every_s: float = 0.05) -> Iterator[bytes]:
    """One byte at a time."""
    for value in data:
        time.sleep(every_s)
        yield bytes([value])


def endless(head: bytes, chunk: bytes = b"x" * 65_536, limit: int = 110_000_000) -> Iterator[bytes]:
    """A head and then 110 MB."""
    yield head
    for _ in range(limit // len(chunk)):
        yield chunk


def bomb(inflated: int = 100_000_000) -> bytes:
    """A gzip answer that inflates to many times what is on the wire."""
    return reply(gzip.compress(b"\0" * inflated, 6), Content_Encoding="gzip")


@dataclass
class HostilePortal:
    """Paths that are not known are 404; so robots.txt allows all unless a test says otherwise."""

    answers: dict[str, Answer] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    context: ssl.SSLContext | None = None
    is_hanging_up: bool = False
    """Keeps a connection after its first answer, and closes it without a word at the second
    request."""
    connections: int = 0

    def __enter__(self) -> HostilePortal:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):  # on Linux this is what wakes accept()
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    @property
    def url(self) -> str:
        return f"{'https' if self.context else 'http'}://127.0.0.1:{self.port}"

    def paths(self) -> list[str]:
        return [request.path for request in self.requests]

    def portal(self, path: str = "/list", **fields: object) -> PortalConfig:
        """A portal whose only listing is `path`."""
        values = {"id": "p", "name": "P", "base_url": self.url, "kind": "td-portal"} | fields
        values.setdefault("listings", (ListingConfig(url=self.url + path),))
        return PortalConfig.model_validate(values)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError, ValueError), contextlib.ExitStack() as stack:
            stack.enter_context(connection)
            connection.settimeout(10)
            if self.context:
                connection = stack.enter_context(
                    self.context.wrap_socket(connection, server_side=True)
                )
            self.connections += 1
            request = _read_request(connection)
            self.requests.append(request)
            answer = self.answers.get(request.path, reply("không có", status="404 Not Found"))
            parts = answer(request) if callable(answer) else answer
            for part in (parts,) if isinstance(parts, bytes) else parts:
                connection.sendall(part)
            if self.is_hanging_up:
                _read_request(connection)


def _read_request(connection: socket.socket) -> Request:
    data = b""
    while b"\r\n\r\n" not in data:
        received = connection.recv(65_536)
        if not received:
            raise ValueError("the client went away")
        data += received
    lines = data.decode("latin-1").split("\r\n")
    method, path, _ = lines[0].split(" ", 2)
    pairs = (line.split(": ", 1) for line in lines[1:] if ": " in line)
    return Request(method, path, {name.lower(): value for name, value in pairs})


class MemoryGate:
    """A HostGate in memory that records what was waited for."""

    def __init__(self) -> None:
        self.known: dict[str, StoredRobots] = {}
        self.free_at: dict[str, datetime] = {}
        self.reserved: list[tuple[str, float]] = []

    def robots(self, host_key: str) -> StoredRobots | None:
        return self.known.get(host_key)

    def store_robots(self, host_key: str, robots: StoredRobots) -> None:
        self.known[host_key] = robots

    def reserve(self, host_key: str, delay_s: float, now: datetime) -> float:
        start = max(now, self.free_at.get(host_key, now))
        self.free_at[host_key] = start + timedelta(seconds=delay_s)
        self.reserved.append((host_key, delay_s))
        return (start - now).total_seconds()


def quick_polling(**fields: object) -> PollingSettings:
    """Settings under which a test of a deadline ends soon."""
    return PollingSettings.model_validate({"timeout_s": 1.0, "min_delay_per_host_s": 0} | fields)
