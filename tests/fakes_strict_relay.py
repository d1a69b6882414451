"""A mail relay on loopback that is strict in one way: in how it is greeted, whom it relays for, how
it is spelt."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BufferedReader


@dataclass
class StrictRelay:
    """`denied`: what it answers to RCPT of these recipients, all of them for `*`. `extensions`:
    lines after EHLO."""

    refuses_literals: bool = False
    denied: dict[str, str] = field(default_factory=dict)
    extensions: tuple[str, ...] = ()
    port: int = 0
    helloed: list[str] = field(default_factory=list)
    logins: int = 0
    taken: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    def serve(self, line: socket.socket) -> None:
        with line, line.makefile("rb") as heard:
            line.sendall(b"220 relay ESMTP\r\n")
            recipient = ""
            for raw in heard:
                said = raw.decode("latin-1").strip()
                verb = said.upper()
                if verb.startswith(("EHLO", "HELO")):
                    self.helloed.append(said[5:])
                    if self.refuses_literals and re.search(r"\[|LOCALHOST", verb):
                        line.sendall(b"421 4.7.0 Try again later, closing connection. (EHLO)\r\n")
                        return
                    line.sendall(
                        "".join(f"250-{one}\r\n" for one in ("relay", *self.extensions)).encode()
                        + b"250 OK\r\n"
                    )
                elif verb.startswith("AUTH LOGIN"):
                    self._login(line, heard, said[10:].strip())
                elif verb.startswith("RCPT"):
                    recipient = said.partition("<")[2].partition(">")[0]
                    line.sendall(
                        f"{self.denied.get(recipient, self.denied.get('*', '250 ok'))}\r\n".encode()
                    )
                elif verb == "DATA":
                    line.sendall(b"354 go\r\n")
                    while heard.readline() not in (b".\r\n", b""):
                        pass
                    self.taken.append(recipient)
                    line.sendall(b"250 queued\r\n")
                elif verb == "QUIT":
                    line.sendall(b"221 bye\r\n")
                    return
                else:
                    line.sendall(b"250 ok\r\n")

    def _login(self, line: socket.socket, heard: BufferedReader, name: str) -> None:
        for answer in ("334 UGFzc3dvcmQ6", "235 ok") if name else ("334 VXNlcm5hbWU6",):
            line.sendall(f"{answer}\r\n".encode())
            if answer.startswith("334"):
                heard.readline()
        self.logins += 1


@contextmanager
def running(relay: StrictRelay) -> Iterator[StrictRelay]:
    door = socket.create_server(("127.0.0.1", 0))
    relay.port = door.getsockname()[1]

    def accept() -> None:
        while True:
            try:
                line, _ = door.accept()
            except OSError:  # the door was closed
                return
            threading.Thread(target=relay.serve, args=(line,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield relay
    finally:
        door.shutdown(socket.SHUT_RDWR)
        door.close()
