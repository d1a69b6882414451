"""A webhook receiver on loopback that records what it is sent and answers as it is told."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Answer = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Received:
    path: str
    headers: dict[str, str]
    body: bytes
    at: float


def status(code: int, body: bytes = b"", **headers: str) -> Answer:
    """Answers so, at once."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(code)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("content-length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def hang(seconds: float) -> Answer:
    """Says nothing for so long."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and not getattr(handler.server, "is_closing", False):
            time.sleep(0.02)

    return answer


def raw(*parts: bytes, every_s: float = 0.0) -> Answer:
    """Writes these bytes as they are, then closes."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.close_connection = True
        for part in parts:
            if getattr(handler.server, "is_closing", False):
                return
            handler.wfile.write(part)
            handler.wfile.flush()
            time.sleep(every_s)

    return answer


def reset(part: bytes) -> Answer:
    """Writes these bytes, then breaks the connection off."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.close_connection = True
        handler.wfile.write(part)
        handler.wfile.flush()
        time.sleep(0.1)  # or the reset would overtake what was written
        handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        handler.connection.close()

    return answer


@dataclass
class FakeReceiver:
    """`answers` maps a path, with its query or without, to what it answers; the rest get 204."""

    answers: dict[str, Answer] = field(default_factory=dict)
    received: list[Received] = field(default_factory=list)

    def __enter__(self) -> FakeReceiver:
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", "0")))
                headers = {name.lower(): value for name, value in self.headers.items()}
                fake.received.append(Received(self.path, headers, body, time.monotonic()))
                try:
                    path = self.path.partition("?")[0]
                    answers = fake.answers
                    (answers.get(self.path) or answers.get(path) or status(204))(self)
                except OSError:
                    self.close_connection = True

            do_GET = do_POST

            def log_message(self, *_: object) -> None:
                """Says nothing: what came is in `received`."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 256

            def handle_error(self, request: object, client_address: object) -> None:
                """A sender that hangs up is what some tests are about."""

        self.server = Server(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(
            target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.is_closing = True  # type: ignore[attr-defined] # read by the answers that take their time
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def url(self, path: str = "/hook", host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.server.server_address[1]}{path}"

    def count(self, path: str) -> int:
        return sum(one.path == path for one in self.received)
