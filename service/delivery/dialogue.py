"""One conversation with a mail relay, without its socket: what to write, and what an answer means
for a mail.

Sorts what goes wrong into the recipient's fault, the channel's, or unknown. smtplib is not used for
this: it waits for each answer in turn and rewrites each mail by expressions, at three times the
cost.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from enum import StrEnum

from service.alerts.refusal import is_relaying_denied
from service.delivery.smtp import reply_line
from service.words import coded

MAX_ANSWER = 16_384
"""Octets that a relay may say before it must have come to an end."""
_END = b".\r\n"


class DialogueOutcome(StrEnum):
    SENT = "sent"
    REFUSED = "refused"
    """For good, for this recipient alone."""
    DEFERRED = "deferred"
    """Not now, for this recipient alone."""
    UNKNOWN = "unknown"
    """The connection was lost after the mail was handed over: it may have arrived, it is repeated
    as it was."""
    DOWN = "down"
    """The relay cannot be used: no mail is to blame, none is counted as tried."""


@dataclass(frozen=True, slots=True)
class ReplyVerdict:
    outcome: DialogueOutcome
    code: int | None
    said: str
    """The relay's own words; empty where it said nothing."""
    reason: str
    """Coded: what is stored."""
    is_of_recipient: bool = False
    """It was said of the address, before any mail was seen."""
    is_denied: bool = False
    """The relay does not relay for us at all, or wants a login first: no address is to blame."""

    @property
    def is_over(self) -> bool:
        """The connection is of no more use."""
        return self.outcome in (DialogueOutcome.DOWN, DialogueOutcome.UNKNOWN)


class Dialogue:
    """Begin a mail, write what `begin` and `take` give, feed what is read to `take`, until there is
    a verdict."""

    def __init__(self, *, is_pipelined: bool) -> None:
        self._is_pipelined = is_pipelined
        self._expected: deque[str] = deque()
        self._commands: dict[str, bytes] = {}
        self._mail = b""
        self._read = b""
        self._refusal: ReplyVerdict | None = None
        self._is_open = False
        """A transaction was refused half-way: the next mail begins with RSET."""

    @property
    def is_handed_over(self) -> bool:
        """The mail itself is on its way: only the last answer is waited for."""
        return "BODY" in self._expected

    def begin(self, sender: str, recipient: str, mail: bytes) -> bytes:
        """What to write first. `mail` ends with CRLF and holds no other line ends."""
        self._mail, self._refusal = mail, None
        mail_from, rcpt_to = (
            f"MAIL FROM:<{sender}>\r\n".encode(),
            f"RCPT TO:<{recipient}>\r\n".encode(),
        )
        steps = ("RSET", "MAIL") if self._is_open else ("MAIL",)
        reset, self._is_open = (b"RSET\r\n" if self._is_open else b""), False
        if self._is_pipelined:  # RFC 2920, 3.1: DATA may be the last of a group
            self._expected.extend((*steps, "RCPT", "DATA"))
            return b"".join((reset, mail_from, rcpt_to, b"DATA\r\n"))
        self._expected.extend(steps)
        self._commands = {"RCPT": rcpt_to, "DATA": b"DATA\r\n"}
        return reset + mail_from

    def take(self, data: bytes) -> tuple[bytes, ReplyVerdict | None]:
        """What to write now, and the verdict on the mail once there is one."""
        self._read += data
        out = b""
        while self._expected:
            reply = self._next()
            if reply is None:
                break
            more, verdict = self._hear(self._expected.popleft(), *reply)
            out += more
            if verdict is not None:
                return out, verdict
        if len(self._read) > MAX_ANSWER:
            return out, self.lost("relay.endless")
        return out, None

    def lost(self, why: str) -> ReplyVerdict:
        """The verdict when the connection ends before there was another. `why` is coded."""
        if self.is_handed_over:
            return ReplyVerdict(DialogueOutcome.UNKNOWN, None, "", coded("relay.lost", reason=why))
        return ReplyVerdict(DialogueOutcome.DOWN, None, "", coded("relay.broke_off", reason=why))

    def _next(self) -> tuple[int, bytes] | None:
        """The next answer (RFC 5321, 4.2.1): its code and words; code 0 for what is none. None: not
        whole yet."""
        start = 0
        while (end := self._read.find(b"\n", start)) >= 0:
            line = self._read[start:end]
            if line[3:4] != b"-":
                whole, self._read = self._read[:end], self._read[end + 1 :]
                code = int(line[:3]) if line[:3].isdigit() else 0
                return code, whole[4:] if start == 0 else b" ".join(
                    one[4:] for one in whole.split(b"\n")
                )
            start = end + 1
        return None

    def _hear(self, step: str, code: int, words: bytes) -> tuple[bytes, ReplyVerdict | None]:
        said = f"{code} {reply_line(words)}"
        if code in (0, 421):
            return b"", ReplyVerdict(
                DialogueOutcome.DOWN, code, said, coded("relay.closes", said=said)
            )
        match step:
            case "RSET":
                return b"", None if code == 250 else ReplyVerdict(
                    DialogueOutcome.DOWN, code, said, coded("relay.confused", said=said)
                )
            case "MAIL":
                return self._on_sender(code, said)
            case "RCPT":
                return self._on_recipient(code, said)
            case "DATA":
                return self._on_data(code, said)
            case "BODY":
                return b"", _judge(code, said) if code // 100 != 2 else _verdict(
                    DialogueOutcome.SENT, code, said
                )
        return b"", self._refusal  # END: nothing was sent after a refusal

    def _on_sender(self, code: int, said: str) -> tuple[bytes, ReplyVerdict | None]:
        if code == 250:
            return self._ask("RCPT"), None
        if code != 552:  # one sender for all: what is said of it holds for every mail
            return b"", ReplyVerdict(
                DialogueOutcome.DOWN, code, said, coded("relay.refuses_sender", said=said)
            )
        return b"", self._refuse(_verdict(DialogueOutcome.REFUSED, code, said))

    def _on_recipient(self, code: int, said: str) -> tuple[bytes, ReplyVerdict | None]:
        if code in (250, 251):
            return self._ask("DATA"), None
        if self._refusal is None and code // 100 == 5 and is_relaying_denied(said):
            reason = coded("relay.denies", said=said)
            return b"", self._refuse(
                ReplyVerdict(DialogueOutcome.DOWN, code, said, reason, is_denied=True)
            )
        return b"", self._refuse(self._refusal or replace(_judge(code, said), is_of_recipient=True))

    def _on_data(self, code: int, said: str) -> tuple[bytes, ReplyVerdict | None]:
        if code != 354:
            self._is_open = True
            return b"", self._refusal or _judge(code, said)
        if self._refusal is not None:  # RFC 2920, 3.1: then nothing but the end is sent
            self._expected.append("END")
            return _END, None
        self._expected.append("BODY")
        return self._mail.replace(b"\r\n.", b"\r\n..") + _END, None

    def _ask(self, step: str) -> bytes:
        if self._is_pipelined:
            return b""
        self._expected.append(step)
        return self._commands[step]

    def _refuse(self, verdict: ReplyVerdict) -> ReplyVerdict | None:
        """None while answers to what was asked at once are still to come."""
        self._refusal = verdict
        if self._expected:
            return None
        self._is_open = True
        return verdict


def _judge(code: int, said: str) -> ReplyVerdict:
    return _verdict(
        DialogueOutcome.REFUSED if 500 <= code < 600 else DialogueOutcome.DEFERRED, code, said
    )


def _verdict(outcome: DialogueOutcome, code: int, said: str) -> ReplyVerdict:
    return ReplyVerdict(outcome, code, said, coded("relay.answered", said=said))
