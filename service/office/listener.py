"""A receiver on loopback for who tries webhooks: verifies, answers the handshake, says what came.

Keeps nothing. Refuses bodies that no Loa sends, and who takes too long.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from service.alerts.verifying import Verifier

MAX_BYTES = 1 << 20
WITHIN_S = 10.0


@dataclass(frozen=True, slots=True)
class ReceivedMessage:
    """A request that came. `fault`: why it is not believed, empty where it is. `status`: as it was
    answered. `said`: its body; None where that is no JSON object."""

    id: str
    fault: str
    status: int
    said: dict[str, Any] | None
    headers: dict[str, str]

    @property
    def type(self) -> str:
        return str((self.said or {}).get("type", ""))


class Listener:
    """Listens from the beginning; `serve` answers until `stop`. `status`: what good messages are
    answered, to see what a failing receiver is sent again."""

    def __init__(
        self, port: int, verifier: Verifier, tell: Callable[[ReceivedMessage], object], status: int
    ) -> None:
        """Raises OSError where the port is taken."""
        self._server = ThreadingHTTPServer(("127.0.0.1", port), _handler(verifier, tell, status))
        self.url = f"http://127.0.0.1:{self._server.server_port}/"

    def serve(self) -> None:
        try:
            self._server.serve_forever(poll_interval=0.1)
        finally:
            self._server.server_close()

    def stop(self) -> None:
        """From another thread than `serve` runs in."""
        self._server.shutdown()


def answer_to(verifier: Verifier, headers: dict[str, str], body: bytes, status: int) -> tuple[
    ReceivedMessage, bytes
]:  # fmt: skip
    """What came, and the body of its answer: the challenge, where it is asked for."""
    fault = verifier.fault(headers, body, time.time())
    said = _object(body)
    if not fault and said is None:
        fault = "its body is no JSON object"
    answered, reply = (401, fault.encode()) if fault else (status, b"")
    if not fault and said is not None and said.get("type") == "subscription.confirm":
        reply = json.dumps({"challenge": said.get("data", {}).get("challenge")}).encode()
        answered = 200 if status == 204 else status
    message_id = headers.get("webhook-id", "")
    return ReceivedMessage(message_id, fault, answered, said, headers), reply


def _object(body: bytes) -> dict[str, Any] | None:
    try:
        said = json.loads(body)
    except ValueError:
        return None
    return said if isinstance(said, dict) else None


def _handler(
    verifier: Verifier, tell: Callable[[ReceivedMessage], object], status: int
) -> type[BaseHTTPRequestHandler]:
    class ListenerHandler(BaseHTTPRequestHandler):
        timeout = WITHIN_S

        def do_POST(self) -> None:
            size = self.headers.get("content-length", "")
            if not (size.isascii() and size.isdigit()) or int(size) > MAX_BYTES:
                self.send_error(413 if size.isdigit() else 411)
                return
            body = self.rfile.read(int(size))
            headers = {name.lower(): value for name, value in self.headers.items()}
            received, reply = answer_to(verifier, headers, body, status)
            self.send_response(received.status)
            if received.status != 204:
                self.send_header("content-length", str(len(reply)))
            self.end_headers()
            self.wfile.write(reply)
            tell(received)

        def log_message(self, *_: object) -> None:
            """`tell` says what came."""

    return ListenerHandler
