"""A small epoll receiver in a process of its own: keep-alive, answers 204, writes the ids it is sent to a pipe."""

from __future__ import annotations

import multiprocessing
import os
import select
import signal
import socket
import time
from types import TracebackType

_ANSWER = b"HTTP/1.1 204 No Content\r\n\r\n"


class Receiver:
    """`with Receiver() as r`: listens on 127.0.0.0/8, port `r.port`; `r.ids()` are the webhook-ids it has answered.

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

    def __enter__(self) -> Receiver:
        context = multiprocessing.get_context("fork")
        self._process = context.Process(target=_serve, args=(self._socket, self._writer, self._delay_s), daemon=True)
        self._process.start()
        self._socket.close()
        os.close(self._writer)
        os.set_blocking(self._reader, False)
        self._ids: list[tuple[str, float, str]] = []
        self._rest = b""
        return self

    def __exit__(self, _t: type[BaseException] | None, _e: BaseException | None, _b: TracebackType | None) -> None:
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
    late: list[tuple[float, int]] = []
    while True:
        wait = max(0.0, late[0][0] - time.monotonic()) if late else 1.0
        for fd, _ in poll.poll(wait):
            if fd == listener.fileno():
                _accept(listener, poll, clients)
            elif not _read(fd, clients, writer, late, delay_s):
                poll.unregister(fd)
                clients.pop(fd)[0].close()
        while late and late[0][0] <= time.monotonic():
            _answer(clients, late.pop(0)[1])


def _accept(listener: socket.socket, poll: select.epoll, clients: dict[int, tuple[socket.socket, bytearray]]) -> None:
    while True:
        try:
            client, _ = listener.accept()
        except BlockingIOError:
            return
        client.setblocking(False)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        poll.register(client, select.EPOLLIN)
        clients[client.fileno()] = (client, bytearray())


def _read(
    fd: int,
    clients: dict[int, tuple[socket.socket, bytearray]],
    writer: int,
    late: list[tuple[float, int]],
    delay_s: float,
) -> bool:
    client, buffer = clients[fd]
    try:
        data = client.recv(65536)
    except OSError:
        return False
    if not data:
        return False
    buffer += data
    end = buffer.find(b"\r\n\r\n")
    if end < 0:
        return True
    head = bytes(buffer[:end]).decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:])}
    if len(buffer) < end + 4 + int(headers.get("content-length", "0")):
        return True
    buffer.clear()
    path = head[0].split(" ")[1]
    if path.startswith("/hang"):
        return True
    if not delay_s:  # with a delay nobody reads the pipe, and a full one would stop us
        os.write(writer, f"{headers.get('webhook-id', '-')} {time.monotonic()} {path}\n".encode())
    if delay_s:
        late.append((time.monotonic() + delay_s, fd))
    else:
        _answer(clients, fd)
    return True


def _answer(clients: dict[int, tuple[socket.socket, bytearray]], fd: int) -> None:
    if fd in clients:
        try:
            clients[fd][0].send(_ANSWER)
        except OSError:
            return  # the sender has hung up: its next attempt is a new connection
