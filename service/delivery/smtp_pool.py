"""Several connections to the relay, served by one thread: each mail goes over whichever is free.

Owns sockets, time limits and how many connections the relay bears. A connection that breaks gives
its mail back unless the mail was handed over. Knows nothing of the ledger.
"""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Generic, Protocol, TypeVar

from service.delivery.dialogue import Dialogue, DialogueOutcome, ReplyVerdict
from service.delivery.smtp import ChannelDownError, open_smtp_session, reply_line
from service.settings.trust import relay_context
from service.values import Relay
from service.words import coded

CONNECTIONS = 8
IDLE_S = 30.0
"""After so long without a mail a connection is closed; Postfix keeps it for 300 s."""
FEWER_S = 300.0
"""For so long no more connections are asked for than the relay last gave."""
STOPPING_S = 4.0
"""What is on its way when the process is told to stop has so long to end."""
_TICK_S = 0.25
_NOT_NOW = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class OutboundMail(Protocol):
    """What is to be handed over."""

    @property
    def envelope_sender(self) -> str: ...
    @property
    def address(self) -> str: ...
    @property
    def mail(self) -> bytes: ...


P = TypeVar("P", bound=OutboundMail)


class MailSource(Protocol[P]):
    """Where mails come from, and where verdicts go."""

    def take(self) -> tuple[P | None, float]:
        """The next mail, or None with the seconds after which to ask again; infinity when there is
        no more."""
        ...

    def has_more(self) -> bool: ...

    def is_stopping(self) -> bool: ...

    def give_back(self, parcel: P) -> None: ...

    def settle(self, parcel: P, verdict: ReplyVerdict, took_s: float) -> None: ...


@dataclass(slots=True, eq=False)
class SmtpConnection(Generic[P]):
    """A connection, and the mail that is on its way over it."""

    sock: socket.socket
    dialogue: Dialogue
    parcel: P | None = None
    unsent: bytes = b""
    began: float = 0.0
    until: float = 0.0
    """When the answer that is waited for is too late."""
    rested_at: float = 0.0
    is_tried: bool = False
    """It was of use before: that it is dead now is no news."""
    wants_write: bool = False


class Pool(Generic[P]):
    """`timeout_s` holds for each answer but the last, `mail_s` for all of a mail: relays scan
    before they accept."""

    def __init__(
        self,
        relay: Relay,
        timeout_s: float,
        mail_s: float,
        ca_file: str = "",
        hello: str | None = None,
    ) -> None:
        self._relay = relay
        self._hello = hello
        self._has_relayed = False
        is_encrypted = relay.is_tls or relay.is_starttls
        self._tls = relay_context(ca_file) if is_encrypted else None
        self._timeout_s = timeout_s
        self._mail_s = mail_s
        self._idle: list[SmtpConnection[P]] = []
        self._room = CONNECTIONS
        self._fewer_until = 0.0

    def run(self, source: MailSource[P], wanted: int) -> None:
        """Hands mails over until the source has no more. Raises ChannelDownError when the relay
        takes none."""
        while True:
            lines = self._lines(wanted)
            talk = SmtpBatch(
                source, lines, self._timeout_s, self._mail_s, has_relayed=self._has_relayed
            )
            try:
                talk.run()
            finally:
                self._idle += talk.rest()
                self._has_relayed = talk.has_relayed
            if talk.lines_down and not talk.has_progress:
                raise ChannelDownError(talk.lines_down)
            if not talk.lines_down or not source.has_more():
                return

    def rest(self) -> None:
        """Closes what has not been used for a while."""
        now = time.monotonic()
        kept = []
        for line in self._idle:
            if now - line.rested_at > IDLE_S:
                _quit(line.sock)
            else:
                kept.append(line)
        self._idle = kept

    def close(self) -> None:
        while self._idle:
            _quit(self._idle.pop().sock)

    def _lines(self, wanted: int) -> list[SmtpConnection[P]]:
        self.rest()
        now = time.monotonic()
        if now > self._fewer_until:
            self._room = CONNECTIONS
        wanted = max(1, min(wanted, self._room))
        lines = [line for line in self._idle if _is_alive(line.sock)]
        for line in self._idle:
            if line not in lines:
                line.sock.close()
        self._idle = lines[wanted:]
        lines = lines[:wanted]
        return lines + self._open(wanted - len(lines), len(lines))

    def _open(self, missing: int, present: int) -> list[SmtpConnection[P]]:
        """All at once, in threads, since each waits for several answers. Raises when there is no
        line at all."""
        if missing <= 0:
            return []
        opened: list[SmtpConnection[P]] = []
        fault: ChannelDownError | None = None
        if present == 0:  # the first tells whether there is any use in more
            opened.append(self._open_one())
            missing -= 1
        if missing:
            with ThreadPoolExecutor(missing, "loa-mail") as threads:
                for future in [threads.submit(self._open_one) for _ in range(missing)]:
                    try:
                        opened.append(future.result())
                    except ChannelDownError as error:
                        fault = error
        if fault is not None:
            self._room, self._fewer_until = (
                max(1, present + len(opened)),
                time.monotonic() + FEWER_S,
            )
        return opened

    def _open_one(self) -> SmtpConnection[P]:
        session = open_smtp_session(self._relay, self._timeout_s, self._tls, self._hello)
        return SmtpConnection(session.sock, Dialogue(is_pipelined=session.is_pipelined))


class SmtpBatch(Generic[P]):
    """One pass over some lines: ends when the source is dry, or the last line is down."""

    def __init__(
        self,
        source: MailSource[P],
        lines: Sequence[SmtpConnection[P]],
        timeout_s: float,
        mail_s: float,
        *,
        has_relayed: bool = False,
    ) -> None:
        self._source = source
        self._lines = {line.sock.fileno(): line for line in lines}
        self._free = list(lines)
        self._timeout_s = timeout_s
        self._mail_s = mail_s
        self.has_progress = False
        self.has_relayed = has_relayed
        """The relay has taken mail of ours: that it relays nothing for us is not so."""
        self.lines_down = ""
        """What the last line that broke said; empty: no mail waits for a line or fell with one."""
        self._has_given_back = False
        self._said = ""
        self._is_ending = False

    def run(self) -> None:
        with select.epoll() as poll:
            for fileno in self._lines:
                poll.register(fileno, select.EPOLLIN)
            look_at = 0.0
            while True:
                wait_s = self._begin(poll)
                if len(self._free) == len(self._lines):
                    if not self._lines and (self._source.has_more() or self._has_given_back):
                        self.lines_down = self._said or "relay.closed_all"
                    if not self._lines or wait_s == float("inf"):
                        return
                for fileno, events in poll.poll(min(wait_s, _TICK_S)):
                    self._serve(poll, self._lines[fileno], events)
                now = time.monotonic()
                if now >= look_at:
                    look_at = now + _TICK_S
                    self._end_late(poll, now)

    def rest(self) -> list[SmtpConnection[P]]:
        """The lines that may be used again."""
        now = time.monotonic()
        for line in self._lines.values():
            line.rested_at, line.is_tried = now, True
        return [line for line in self._lines.values() if line.parcel is None]

    def _begin(self, poll: select.epoll) -> float:
        """Returns every free line a mail; the seconds after which there may be another."""
        while self._free:
            parcel, wait_s = self._source.take()
            if parcel is None:
                return wait_s
            line = self._free.pop()
            line.parcel, line.began = parcel, time.monotonic()
            line.until = line.began + self._timeout_s
            self._write(
                poll, line, line.dialogue.begin(parcel.envelope_sender, parcel.address, parcel.mail)
            )
        return _TICK_S

    def _serve(self, poll: select.epoll, line: SmtpConnection[P], events: int) -> None:
        if events & select.EPOLLOUT and line.unsent:
            self._write(poll, line, b"")
        if not events & ~select.EPOLLOUT or line.sock.fileno() < 0:
            return
        try:
            data = _read(line.sock)
        except _NOT_NOW:
            return
        except OSError as error:
            self._lose(poll, line, coded("relay.failed", said=reply_line(str(error))))
            return
        if not data or line.parcel is None:  # a relay that speaks unasked says that it closes
            self._lose(poll, line, "relay.closed")
            return
        out, verdict = line.dialogue.take(data)
        ends = line.began + self._mail_s
        if not self._is_ending:
            line.until = (
                ends
                if line.dialogue.is_handed_over
                else min(ends, time.monotonic() + self._timeout_s)
            )
        if out:
            self._write(poll, line, out)
        if verdict is not None and line.parcel is not None:
            self._conclude(poll, line, verdict)

    def _write(self, poll: select.epoll, line: SmtpConnection[P], more: bytes) -> None:
        unsent = line.unsent + more
        try:
            while unsent:
                unsent = unsent[line.sock.send(unsent) :]
        except _NOT_NOW:
            pass  # the rest is written when the socket takes it
        except OSError as error:
            self._lose(poll, line, coded("relay.failed", said=reply_line(str(error))))
            return
        line.unsent = unsent
        if bool(unsent) is not line.wants_write:
            line.wants_write = bool(unsent)
            poll.modify(line.sock.fileno(), select.EPOLLIN | (select.EPOLLOUT if unsent else 0))

    def _conclude(self, poll: select.epoll, line: SmtpConnection[P], verdict: ReplyVerdict) -> None:
        parcel, line.parcel = line.parcel, None
        if parcel is None:
            return
        if verdict.is_denied and self.has_relayed:  # of this recipient alone, then
            verdict = replace(verdict, outcome=DialogueOutcome.DEFERRED)
        self.has_relayed |= verdict.outcome is DialogueOutcome.SENT
        if verdict.outcome is DialogueOutcome.DOWN:
            self.has_progress |= line.is_tried
            self._said = verdict.reason
            self._has_given_back |= not self._source.is_stopping()
            self._source.give_back(parcel)
        else:
            self.has_progress = line.is_tried = True
            self._source.settle(parcel, verdict, time.monotonic() - line.began)
        if verdict.is_over:
            self._said = self._said or verdict.reason
            self._drop(poll, line)
        else:
            self._free.append(line)

    def _lose(self, poll: select.epoll, line: SmtpConnection[P], why: str) -> None:
        if line.parcel is not None:
            self._conclude(poll, line, line.dialogue.lost(why))
            return
        self._free.remove(line)
        self._said = self._said or why
        self.has_progress = True  # it took nothing with it
        self._drop(poll, line)

    def _drop(self, poll: select.epoll, line: SmtpConnection[P]) -> None:
        fileno = line.sock.fileno()
        poll.unregister(fileno)
        del self._lines[fileno]
        line.sock.close()

    def _end_late(self, poll: select.epoll, now: float) -> None:
        if self._source.is_stopping() and not self._is_ending:
            self._is_ending = True
            for line in self._lines.values():
                line.until = min(line.until, now + STOPPING_S)
        for line in list(self._lines.values()):
            if line.parcel is not None and now > line.until:
                self._lose(poll, line, "relay.silent")


def _read(sock: socket.socket) -> bytes:
    data = sock.recv(65_536)
    while isinstance(sock, ssl.SSLSocket) and sock.pending():
        data += sock.recv(65_536)
    return data


def _is_alive(sock: socket.socket) -> bool:
    """Whether nothing came while it rested: what comes then is the relay's farewell."""
    try:
        sock.recv(1)
    except _NOT_NOW:
        return True
    except OSError:
        return False
    return False


def _quit(sock: socket.socket) -> None:
    """Says good-bye (RFC 5321, 4.1.1.10) and waits for no answer."""
    with contextlib.suppress(OSError):  # it was dead already
        sock.send(b"QUIT\r\n")
    sock.close()
