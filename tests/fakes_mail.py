"""A mail relay on loopback that records what it takes, and fails where it is told to."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from service.words import say


@dataclass
class Received:
    sender: str
    recipient: str
    mail: bytes


Answer = Callable[[str], str | None]
"""The reply to a recipient, or None to go on as usual."""


@dataclass
class FakeRelay:
    """`at_rcpt` and `at_data` answer for an address; `drop_after_data` takes the mail and hangs up
    unsaid."""

    at_rcpt: Answer = lambda address: None
    at_data: Answer = lambda address: None
    drop_after_data: set[str] = field(default_factory=set)
    received: list[Received] = field(default_factory=list)
    sessions: int = 0
    max_sessions: int = 1000
    port: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    @property
    def recipients(self) -> list[str]:
        return sorted(one.recipient for one in self.received)

    async def handle_EHLO(
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
        hostname: str,
        responses: list[str],
    ) -> list[str]:
        if self.sessions >= self.max_sessions:
            return ["421 4.7.0 too many connections"]
        self.sessions += 1
        session.host_name = hostname
        return responses

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = self.at_rcpt(address)
        if answer is not None:
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        address = envelope.rcpt_tos[0]
        answer = self.at_data(address)
        if answer is not None:
            return answer
        content: Any = envelope.content
        with self.lock:
            self.received.append(Received(envelope.mail_from or "", address, content))
        if address in self.drop_after_data:
            self.drop_after_data.discard(address)
            server.transport.abort()  # type: ignore[union-attr]  # it is open: the mail has just come over it
        return "250 taken"


class _Controller(Controller):
    def __init__(self, relay: FakeRelay, **options: Any) -> None:
        super().__init__(relay, hostname="127.0.0.1", port=options.pop("port", 0), **options)
        self._made: list[SMTP] = []

    def factory(self) -> SMTP:
        self._made.append(super().factory())  # type: ignore[no-untyped-call]  # aiosmtpd has no types
        return self._made[-1]

    def hang_up(self) -> None:
        """Ends what clients keep open, so that no socket outlives the loop."""
        asyncio.run_coroutine_threadsafe(self._hang_up(), self.loop).result(5)

    async def _hang_up(self) -> None:
        for server in self._made:
            if isinstance(server.transport, asyncio.Transport):
                server.transport.abort()
        await asyncio.sleep(0.01)

    def _trigger_server(self) -> None:
        """The port is known only now; the base class would connect to 0."""
        self.port = self.server.sockets[0].getsockname()[1]  # type: ignore[union-attr]  # it listens
        super()._trigger_server()  # type: ignore[no-untyped-call]  # aiosmtpd has no types


@contextmanager
def running_relay(
    relay: FakeRelay | None = None, *, tls: ssl.SSLContext | None = None, **options: Any
) -> Iterator[FakeRelay]:
    relay = relay or FakeRelay()
    controller = _Controller(relay, tls_context=tls, **options)
    controller.start()
    relay.port = controller.port
    try:
        yield relay
    finally:
        controller.hang_up()
        controller.stop()


def letter_text(body: Mapping[str, Any], language: str = "vi") -> str:
    """What a letter that waits in the ledger says: its subject and its paragraphs."""
    return "\n".join(say(one, language) for one in (body["subject"], *body["paragraphs"]))
