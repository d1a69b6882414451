"""What a bounced mail says: of which message it speaks, and whether it is final.

Order: the signed envelope address first (VERP), then RFC 3464, then flufl.bounce for what follows no standard.
Pure; only what this service sealed is believed. Never answers a bounce.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from email.policy import compat32
from email.utils import parseaddr
from enum import StrEnum

from service.errors import InvalidInput

_MARK = 16
"""Hexadecimal digits of the seal: 64 bits, tried only by mail; the local part must stay below 64 octets."""
_VERP = re.compile(r"([^+@\s<>]+)\+b-([0-9a-f]{32})-([0-9a-f]{16})@([A-Za-z0-9.-]+)", re.IGNORECASE)


class Kind(StrEnum):
    HARD = "hard"
    SOFT = "soft"
    COMPLAINT = "complaint"
    NONE = "none"
    """An answer by a machine or a person that says nothing of delivery."""


@dataclass(frozen=True, slots=True)
class Bounce:
    """`message_id` of the mail that came back, None when nothing proves one: then nothing may be done."""

    kind: Kind
    message_id: str | None
    detail: str


def seal(secret_key: str, message_id: str) -> str:
    return hmac.digest(b"loa.bounce" + secret_key.encode(), message_id.encode(), "sha256").hex()[:_MARK]


def envelope_sender(sender: str, message_id: str, secret_key: str) -> str:
    """`loa+b-<id>-<seal>@domain`: where a bounce of exactly this message comes back to (VERP)."""
    local, _, domain = sender.rpartition("@")
    return f"{local}+b-{message_id.replace('-', '')}-{seal(secret_key, message_id)}@{domain}"


def read_envelope(address: str, secret_key: str) -> str | None:
    """The message's id in an address that `envelope_sender` made with this key; None for any other."""
    found = _VERP.search(address)
    if found is None:
        return None
    digits, mark = found[2].lower(), found[3].lower()
    message_id = f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
    return message_id if hmac.compare_digest(mark, seal(secret_key, message_id)) else None


def read(raw: bytes, secret_key: str) -> Bounce:
    """Classifies a mail as an MTA's pipe gives it. Raises InvalidInput for what is no mail at all."""
    mail = message_from_bytes(raw, policy=compat32)
    if not mail.keys():
        raise InvalidInput("mail", "has no headers", "a whole mail, as it was received")
    message_id = _of_message(mail, raw, secret_key)
    if _is_complaint(mail):
        return Bounce(Kind.COMPLAINT, message_id, "khiếu nại của người nhận")
    report = _report(mail)
    if report is not None:
        return Bounce(report[0], message_id, report[1])
    if message_id is None:
        return Bounce(Kind.NONE, None, "không có dấu của dịch vụ này")
    if _is_automatic_answer(mail):
        return Bounce(Kind.NONE, message_id, "thư trả lời tự động")
    return Bounce(*_by_habit(mail, message_id))


_STATUS = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
_NO_MAILBOX = {"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"}
"""Of RFC 3463 and 7505: no such mailbox, no such host, an address that is none, moved, takes no mail, disabled."""
_NOT_THEIRS = {"5.3", "5.4", "5.5", "5.6", "5.7"}
"""The relay's system, routing, protocol, content or policy: says nothing of the address."""


def refusal_kind(answer: str) -> Kind | None:
    """What a refusal for good (5xx) at RCPT says of the address: HARD where it says that there is no mailbox.

    Without such a status it is SOFT: suspended only when it comes on several days. None: it speaks of us.
    """
    found = _STATUS.search(answer)
    if found is None:
        return Kind.SOFT if answer.startswith(("550", "551", "553")) else None
    if found[0] in _NO_MAILBOX:
        return Kind.HARD
    return None if f"{found[1]}.{found[2]}" in _NOT_THEIRS else Kind.SOFT


def _of_message(mail: Message, raw: bytes, secret_key: str) -> str | None:
    for name in ("X-Original-To", "Delivered-To", "Envelope-To", "To"):
        for value in mail.get_all(name, []):
            message_id = read_envelope(str(value), secret_key)
            if message_id:
                return message_id
    for found in _VERP.finditer(raw.decode("ascii", "replace")):  # the returned headers show our Return-Path
        message_id = read_envelope(found[0], secret_key)
        if message_id:
            return message_id
    return None


def _is_complaint(mail: Message) -> bool:
    return mail.get_content_type() == "multipart/report" and mail.get_param("report-type") == "feedback-report"


def _report(mail: Message) -> tuple[Kind, str] | None:
    """The verdict of a delivery status notification (RFC 3464, 2.3); None when there is none."""
    parts = (part for part in mail.walk() if part.get_content_type() == "message/delivery-status")
    return next(filter(None, (_verdict(block) for part in parts for block in part.walk())), None)


_FAILED = {"failed", "failure", "error"}
"""`failed` is the standard's word, the others are met."""


def _verdict(block: Message) -> tuple[Kind, str] | None:
    said = re.match(r"[a-z-]+", str(block.get("Action", "")).strip().lower())
    if said is None:
        return None
    action = said[0]
    status = re.match(r"[245](?:\.\d{1,3}\.\d{1,3}|\d\d)", str(block.get("Status", "")).strip())
    code = status[0] if status else ""
    detail = f"{action} {code}".strip()
    if action in _FAILED:
        return (Kind.SOFT if code.startswith("4") else Kind.HARD), detail
    return (Kind.SOFT if action == "delayed" else Kind.NONE), detail


def _is_automatic_answer(mail: Message) -> bool:
    """A vacation or a challenge. What a mail system says of itself is none, whatever it calls it."""
    if re.search(r"mailer-daemon|postmaster|mail delivery", str(mail.get("From", "")), re.IGNORECASE):
        return False
    answered = str(mail.get("Auto-Submitted", "no")).lower().startswith("auto-replied")
    return answered or any(mail.get(name) for name in ("X-Autoreply", "X-Autorespond", "X-Auto-Response-Suppress"))


def _by_habit(mail: Message, message_id: str | None) -> tuple[Kind, str | None, str]:
    from flufl.bounce import all_failures  # only here: it costs 30 ms to import

    sender = parseaddr(str(mail.get("From", "")))[1]
    del mail["From"]
    mail["From"] = sender if sender.isascii() and "@" in sender else "unknown@localhost"  # its detectors need one
    try:
        temporary, permanent = all_failures(mail)
    except (LookupError, ValueError, TypeError, AttributeError) as error:
        raise InvalidInput("mail", "cannot be read by flufl.bounce", "a bounce; keep it and look at it") from error
    if permanent:
        return Kind.HARD, message_id, "thư bị trả lại"
    if temporary:
        return Kind.SOFT, message_id, "thư bị hoãn"
    return Kind.NONE, message_id, "không phải thư trả lại"
