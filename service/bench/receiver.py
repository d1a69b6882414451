"""A small epoll receiver in a process of its own: keeps connections, answers 204, and says by a
pipe what came."""

from __future__ import annotations

import multiprocessing
import os
import select
import signal
import socket
import time
from collections import deque
from types import TracebackType

_ANSWER = b"HTTP/1.1 204 No Content\r\n\r\n"


class BenchReceiver:
    """`with Receiver() as r`: listens on 127.0.0.0/8, port `r.port`; `r.seen()` is what it has
    answered.

    Paths that begin with `/hang` are never answered; `delay_s` holds every answer back for so long.
    """

    def __init__(self, delay_s: float = 0.0) -> None:
        self._delay_s = delay_s
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind(("0.0.0.0", 0))  # noqa: S104 — all of 127/8, so that endpoints have hosts of their own
        self._socket.listen(1024)
        self.port = int(self._socket.getsockname()[1])
        self._reader, self._writer = os.pipe()

    def __enter__(self) -> BenchReceiver:
        context = multiprocessing.get_context("fork")
        self._process = context.Process(
            target=_serve, args=(self._socket, self._writer, self._delay_s), daemon=True
        )
        self._process.start()
        self._socket.close()
        os.close(self._writer)
        os.set_blocking(self._reader, False)
        self._ids: list[tuple[str, float, str]] = []
        self._rest = b""
        return self

    def __exit__(
        self, _t: type[BaseException] | None, _e: BaseException | None, _b: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.join()
        os.close(self._reader)

    def seen(self) -> list[tuple[str, float, str]]:
        """Id, instant (monotonic) and path of all that was answered so far."""
        while True:
            try:
                data = os.read(self._reader, 1 << 20)
            except BlockingIOError:
                return self._ids
            if not data:
                return self._ids
            *lines, self._rest = (self._rest + data).split(b"\n")
            for line in lines:
                message_id, at, path = line.decode().split(" ")
                self._ids.append((message_id, float(at), path))


def _serve(listener: socket.socket, writer: int, delay_s: float) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    listener.setblocking(False)
    poll = select.epoll()
    poll.register(listener, select.EPOLLIN)
    clients: dict[int, tuple[socket.socket, bytearray]] = {}
    late: deque[tuple[float, int]] = deque()
    while True:
        wait = max(0.0, late[0][0] - time.monotonic()) if late else 1.0
        said = bytearray()
        for fd, _ in poll.poll(wait):
            if fd == listener.fileno():
                _accept(listener, poll, clients)
                continue
            path = _read(*clients[fd])
            if path is None:
                poll.unregister(fd)
                clients.pop(fd)[0].close()
            elif path and not path[1].startswith(b"/hang"):
                now = time.monotonic()
                said += b"%s %f %s\n" % (path[0], now, path[1])
                if delay_s:
                    late.append((now + delay_s, fd))
                else:
                    _answer(clients, fd)
        if said and not delay_s:  # with a delay nobody reads the pipe, and a full one would stop us
            os.write(writer, said)
        while late and late[0][0] <= time.monotonic():
            _answer(clients, late.popleft()[1])


def _accept(
    listener: socket.socket, poll: select.epoll, clients: dict[int, tuple[socket.socket, bytearray]]
) -> None:
    while True:
        try:
            client, _ = listener.accept()
        except BlockingIOError:
            return
        client.setblocking(False)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        poll.register(client, select.EPOLLIN)
        clients[client.fileno()] = (client, bytearray())


def _read(client: socket.socket, buffer: bytearray) -> tuple[bytes, bytes] | tuple[()] | None:
    """The id and the path of a request that is whole now; empty while it is not, None when the
    sender hung up."""
    try:
        data = client.recv(65536)
    except OSError:
        return None
    if not data:
        return None
    buffer += data
    end = buffer.find(b"\r\n\r\n")
    if end < 0:
        return ()
    head = bytes(buffer[: end + 2]).lower()
    if len(buffer) < end + 4 + int(_value(head, b"content-length") or 0):
        return ()
    path = bytes(buffer[: buffer.find(b"\r\n")]).split(b" ")[1]
    buffer.clear()
    return _value(head, b"webhook-id") or b"-", path


def _value(head: bytes, name: bytes) -> bytes:
    at = head.find(b"\r\n" + name + b": ")
    return b"" if at < 0 else head[at + len(name) + 4 : head.find(b"\r\n", at + 2)]


def _answer(clients: dict[int, tuple[socket.socket, bytearray]], fd: int) -> None:
    if fd in clients:
        try:
            clients[fd][0].send(_ANSWER)
        except OSError:
            return  # the sender has hung up: its next attempt is a new connection
