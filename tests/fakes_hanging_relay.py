"""A mail relay on loopback that speaks SMTP up to a point and says nothing from there on, while its
connections stay open."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager

POINTS = ("greeting", "EHLO", "MAIL", "RCPT", "DATA", "mail")
"""Where it falls silent: before it greets, at a command, or when it has taken the whole mail."""


class _Session(socketserver.StreamRequestHandler):
    point = ""

    def handle(self) -> None:
        if self.point != "greeting" and self._answers("220 relay.example ESMTP"):
            while line := self.rfile.readline():
                command = line[:4].decode("latin-1").upper()
                if command == self.point or not self._answers(_ANSWERS.get(command, "250 OK")):
                    break
                if command == "DATA" and not self._takes_mail():
                    break
        while self.rfile.readline():
            pass  # until whoever called hangs up

    def _takes_mail(self) -> bool:
        while (line := self.rfile.readline()) not in (b"", b".\r\n"):
            pass
        return bool(line) and self.point != "mail" and self._answers("250 taken")

    def _answers(self, words: str) -> bool:
        self.wfile.write(f"{words}\r\n".encode())
        return True


_ANSWERS = {"EHLO": "250 relay.example", "DATA": "354 go on", "QUIT": "221 bye"}


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True


@contextmanager
def hanging_relay(point: str) -> Iterator[str]:
    """Its address, as `email.smtp_url` has it."""
    session = type("_Session", (_Session,), {"point": point})
    with _Server(("127.0.0.1", 0), session) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"smtp://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
