"""A request as the server hands it over, and the way back: its body in pieces, whether its client
is still there.

The server's ASGI interface tells what its WSGI interface keeps back: the fields by their own names,
a body that was cut, and that a client has hung up. Owns the translation between the two; no
coroutine is run, and no thread waits for a body. Refuses what no client of ours sends: long fields
and addresses, and bodies that end before their end.
"""

from __future__ import annotations

import sys
import time
from asyncio import CancelledError, InvalidStateError
from collections.abc import Callable, Iterable, Iterator
from http import HTTPStatus
from io import BytesIO
from itertools import chain
from threading import Event, Semaphore
from typing import Any, Protocol
from urllib.parse import unquote_to_bytes

import orjson

from service.words import say

HOLD = "loa.hold"
"""In an environ, where the application put it: what takes the answer, and sends one later."""

Environ = dict[str, Any]
Headers = list[tuple[str, str]]

MAX_FIELD_BYTES = 8 << 10
"""Of one field of a request, or of its address: what servers and proxies take by default (nginx,
Apache)."""

MAX_FIELDS_BYTES = 64 << 10
"""Of all fields of a request: the server ends a connection that sends more (see `server`)."""

MOST_PIECES = 4096
"""Of a request's body, as the server hands it on: each chunk is one, and takes 14 µs however small
it is, so that a megabyte of single bytes would take a processor for as long as the body may.
A line that is as slow as it may be brings some hundred."""

PIECE_BYTES = 16 << 10
"""Handed to the server at once; it holds four of them for a reader that takes nothing."""

_TURNS = Semaphore(2)
"""Of dozens of readers at once so many are handed a piece: more threads that all want the
interpreter would keep it from whoever asks for something small."""

TAKEN_WITHIN_S = 60.0
"""A reader that takes nothing for half as long is cut off by the system (see `sockets`)."""

SLOWEST_BYTES_PER_S = 4096
"""Who takes less on the whole only holds a thread; the slowest telephone takes several times as
much."""

_FRAMING = frozenset({b"content-length", b"transfer-encoding"})
_BEFORE_COMMAS = {"HTTP_COOKIE": ";"}
_KEYS = {
    name.encode(): "HTTP_" + name.upper().replace("-", "_")
    for name in (
        "accept", "accept-encoding", "accept-language", "authorization", "cache-control",
        "connection", "cookie",
        "host", "if-match", "if-modified-since", "if-none-match", "if-unmodified-since", "origin",
        "pragma",
        "referer", "sec-fetch-dest", "sec-fetch-mode", "sec-fetch-site", "sec-fetch-user",
        "user-agent",
        "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip",
    )
} | {b"content-type": "CONTENT_TYPE", b"content-length": "CONTENT_LENGTH"}  # fmt: skip


class Pending(Protocol):
    """What the server promises to have later."""

    def add_done_callback(self, act: Callable[[Any], object]) -> None: ...

    def result(self) -> Any: ...

    def cancelled(self) -> bool: ...

    def cancel(self) -> bool: ...


def when_done(pending: Pending, act: Callable[[Any], object]) -> None:
    """Calls `act` once with what the server promised, when it is there.

    The server (granian 2.8, PyFutureAwaitable) misses a callback that is added in the moment in
    which the promise is kept: so it is looked at once more.
    """
    acts = iter((act,))

    def once(done: Any) -> None:
        for one in acts:
            one(done)

    pending.add_done_callback(once)
    try:
        pending.result()
    except InvalidStateError:
        return  # it calls, then
    except CancelledError:
        pass
    once(pending)


class Exchange:
    """One request and its answer. `response_bytes` and `response_iter` answer it, once, from any
    thread. With slots: 10,000 may wait."""

    __slots__ = ("_now", "_pending", "_server", "is_gone", "is_read", "is_started")

    def __init__(
        self,
        server: Any,
        fields: Iterable[tuple[bytes, bytes]] = (),
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._server = server
        self._now = now
        self.is_read: bool = not any(name in _FRAMING for name, _ in fields)
        """Nothing of its body is still to come."""
        self._pending: Pending | None = None
        self.is_started = False
        """Something of the answer is on its way."""
        self.is_gone = False
        """Its client has hung up, or has been answered."""

    def response_bytes(self, status: int, headers: Headers, body: bytes) -> None:
        self._start(status, headers)
        self._server.send({"type": "http.response.body", "body": body})

    def response_iter(self, status: int, headers: Headers, parts: Iterator[bytes]) -> None:
        """Sends each part when the reader has taken those before; holds this thread until then.

        A reader that takes nothing for TAKEN_WITHIN_S, or fewer than SLOWEST_BYTES_PER_S on the
        whole, is cut off.
        """
        first = next(parts, b"")
        if not first or ("Content-Length", str(len(first))) in headers:
            self.response_bytes(status, headers, first)
            return
        self._start(status, headers)
        until = self._now() + TAKEN_WITHIN_S
        pieces = _pieces(chain((first,), parts))
        while (size := self._hand_on(pieces, until)) > 0:
            until += size / SLOWEST_BYTES_PER_S
        self._server.send({"type": "http.response.body", "body": b""})

    def _start(self, status: int, headers: Headers) -> None:
        self.is_started = True
        raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        self._server.send({"type": "http.response.start", "status": status, "headers": raw})

    def _hand_on(self, pieces: Iterator[bytes], until: float) -> int:
        """Bytes of the next piece, once the reader has taken it; 0: there is none, or he took it
        not in time."""
        left_s = until - self._now()
        if self.is_gone or left_s <= 0:
            return 0
        with _TURNS:
            piece = next(pieces, b"")
            if not piece:
                return 0
            message = {"type": "http.response.body", "body": piece, "more_body": True}
            sent = self._server.send(message)
        if not hasattr(sent, "add_done_callback"):
            return len(piece)
        taken = Event()
        when_done(sent, lambda _: taken.set())
        return len(piece) if taken.wait(min(TAKEN_WITHIN_S, left_s)) else 0

    def follow(self) -> None:
        """Notices from now on when the client hangs up. Not where a part of the body was left
        unread: the server drops that, and the connection with it."""
        if self.is_read:
            self.receive(self._look)

    def read_body(self, most: int, act: Callable[[bytes | None], object]) -> None:
        """Calls `act` with the body once it is there, and one byte more than `most` of one that is
        longer; with None where it was cut: shorter than it said, without its last chunk, no
        chunks at all, or more than MOST_PIECES. `act` must not wait."""
        _RequestBody(self, most, act).read_on()

    def stop_reading(self) -> None:
        """The rest of the body is not wanted: the server ends the connection."""
        pending, self._pending = self._pending, None
        if pending is not None:
            pending.cancel()

    def _look(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.request":
            self.receive(self._look)
        else:
            self.is_gone = True

    def receive(self, act: Callable[[dict[str, Any]], object]) -> None:
        """Calls `act` with what the server tells next, as ASGI has it; one at a time."""

        def come(pending: Pending) -> None:
            self._pending = None  # it holds on to this exchange, and no collector sees through it
            if not pending.cancelled():
                act(pending.result())

        pending = self._pending = self._server.receive()
        when_done(pending, come)


def _pieces(parts: Iterable[bytes]) -> Iterator[bytes]:
    """Of PIECE_BYTES at most."""
    for part in parts:
        for start in range(0, len(part), PIECE_BYTES):
            yield part[start : start + PIECE_BYTES]


class _RequestBody:
    """Collects a body, at most `most` bytes and one. No closure that names itself: it would live
    until collected."""

    def __init__(
        self, exchange: Exchange, most: int, act: Callable[[bytes | None], object]
    ) -> None:
        self._exchange = exchange
        self._most = most
        self._act = act
        self._parts: list[bytes] = []
        self._size = 0

    def read_on(self) -> None:
        self._exchange.receive(self._take)

    def _take(self, message: dict[str, Any]) -> None:
        if message["type"] != "http.request":
            self._act(None)
            return
        if len(self._parts) >= MOST_PIECES:
            self._act(None)
            self._exchange.stop_reading()
            return
        self._parts.append(message["body"])
        self._size += len(message["body"])
        if message["more_body"] and self._size <= self._most:
            self.read_on()
        else:
            self._exchange.is_read = not message["more_body"]
            self._act(b"".join(self._parts)[: self._most + 1])


def read_environ(scope: dict[str, Any]) -> tuple[Environ, int]:
    """The request as WSGI has it (PEP 3333), without its body; and the status that refuses it, 200
    for none.

    A field whose name holds an underscore is left out, as nginx does: WSGI could not tell it from
    the one with a hyphen, which a proxy in front vouches for.
    """
    raw_path, query = scope["raw_path"], scope["query_string"]
    path = unquote_to_bytes(raw_path) if b"%" in raw_path else raw_path
    environ: Environ = {
        "REQUEST_METHOD": scope["method"],
        "PATH_INFO": path.decode("latin-1"),
        "QUERY_STRING": query.decode("latin-1"),
        "REMOTE_ADDR": scope["client"][0],
    }
    refusal = 200 if len(raw_path) + len(query) <= MAX_FIELD_BYTES else 414
    if _is_misframed(scope):
        refusal = 400
    for name, value in scope["headers"]:
        if len(name) + len(value) > MAX_FIELD_BYTES:
            refusal = 431
        key = _KEYS.get(name)
        if key is None:
            if b"_" in name:
                continue
            key = "HTTP_" + name.decode("latin-1").upper().replace("-", "_")
        said = value.decode("latin-1")
        if key in environ:
            environ[key] += _BEFORE_COMMAS.get(key, ",") + said
            if len(environ[key]) > MAX_FIELD_BYTES:
                refusal = 431
        else:
            environ[key] = said
    return environ, refusal


def _is_misframed(scope: dict[str, Any]) -> bool:
    """Whether a body is said to be chunked twice: whoever stands before us may have seen another
    end of it (RFC 9112, 6.1 and 6.3). A length beside chunks never comes here: the server goes by
    the chunks and ends the connection with the answer. Nor is a body in chunks taken of what only
    looks: nobody reads it, and the server would for as long as the answer takes."""
    framing = [name for name, _ in scope["headers"] if name in _FRAMING]
    if b"transfer-encoding" not in framing:
        return False
    return len(framing) > 1 or scope["method"] in ("GET", "HEAD")


def complete_environ(environ: Environ, scope: dict[str, Any]) -> Environ:
    """With what a WSGI application may ask for beside it."""
    host, port = scope["server"]
    return {
        "SERVER_NAME": host,
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "SCRIPT_NAME": "",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "wsgi.input_terminated": True,
        "wsgi.input": BytesIO(),  # of a request without a body; PEP 3333 wants one always
        **environ,
    }


def plain_answer(
    environ: Environ, status: int, *more: tuple[str, str]
) -> tuple[int, Headers, bytes]:
    """An answer without a page, for what is refused before a route is known; the connection ends
    with it. A program is told as the API tells it (RFC 9457)."""
    media_type, body = (
        "text/plain; charset=utf-8",
        f"{status} {HTTPStatus(status).phrase}\n".encode(),
    )
    if _is_for_program(environ):
        media_type, code = PROBLEM, f"problem.{status}"
        language = "vi" if _asks_vietnamese(environ) else "en"
        document = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status,
                    "code": code, "detail": say(code, language)}  # fmt: skip
        body = orjson.dumps(document)
    headers = [("Content-Type", media_type), ("Content-Length", str(len(body)))]
    return status, [*headers, ("Connection", "close"), *more], body


PROBLEM = "application/problem+json"


def _is_for_program(environ: Environ) -> bool:
    accepted = environ.get("HTTP_ACCEPT", "").partition(",")[0].partition(";")[0].strip().lower()
    return "/api/" in environ.get("PATH_INFO", "") or accepted in ("application/json", PROBLEM)


def _asks_vietnamese(environ: Environ) -> bool:
    """Whether the first language that is named is Vietnamese; who names none reads English."""
    return bool(environ.get("HTTP_ACCEPT_LANGUAGE", "").strip().lower().startswith("vi"))


def answer_wsgi(
    application: Callable[..., Iterable[bytes]], exchange: Any, environ: Environ
) -> None:
    """Lets a WSGI application answer."""
    started: list[tuple[int, Headers]] = []

    def start_response(status: str, headers: Headers, _exc_info: Any = None) -> None:
        started[:] = [(int(status.partition(" ")[0]), headers)]

    answer = application(environ, start_response)
    status, headers = started[0]
    hold = environ.get(HOLD)
    if hold is not None:
        hold(exchange, (status, headers, b"".join(answer)))
        return
    if isinstance(answer, list):
        exchange.response_bytes(status, headers, b"".join(answer))
        return
    try:
        exchange.response_iter(status, headers, iter(answer))
    finally:
        close = getattr(answer, "close", None)
        if close is not None:
            close()
