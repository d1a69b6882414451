"""What a bounced mail says: of which message it speaks, and whether it is final.

Order: the signed envelope address first (VERP), then the fields of RFC 3464 with the words beside
them, then those of mails that follow no standard, then flufl.bounce. What words mean stands in
`refusal`, for RCPT too. Pure; only what this service sealed is believed. Never answers a bounce.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from email import message_from_bytes, message_from_string
from email.message import Message
from email.policy import compat32
from email.utils import parseaddr
from typing import Any

from service.alerts.refusal import MAX_WORDS, Kind, kind_of_refusal, says_something
from service.errors import InvalidInput
from service.words import coded

_MARK = 16
"""Hexadecimal digits of the seal: 64 bits, tried only by mail; the local part must stay below 64
octets."""
_VERP = re.compile(r"\+b-([0-9a-f]{32})-([0-9a-f]{16})@[a-z0-9]", re.IGNORECASE)


MAX_BYTES = 256 << 10
"""Of a mail that are looked at: further back is the mail that came back. As many parts or lines as
fit in there take some 5 s of CPU, of the 8 that a reader has."""
MAX_FIELD = 8 << 10


class _BoundedMail(Message):
    """Of whose fields only so much is looked at: the library reads the parameters of one at the
    square of its length."""

    def get(self, name: str, failobj: Any = None) -> Any:
        value = super().get(name, failobj)
        return value if value is failobj else str(value)[:MAX_FIELD]


@dataclass(frozen=True, slots=True)
class Bounce:
    """`message_id` of the mail that came back, None when nothing proves one: then nothing may be
    done.

    `detail` is coded.
    """

    kind: Kind
    message_id: str | None
    detail: str


def seal(secret_key: str, message_id: str) -> str:
    return hmac.digest(b"loa.bounce" + secret_key.encode(), message_id.encode(), "sha256").hex()[
        :_MARK
    ]


def envelope_sender(sender: str, message_id: str, secret_key: str) -> str:
    """`loa+b-<id>-<seal>@domain`: where a bounce of exactly this message comes back to (VERP)."""
    local, _, domain = sender.rpartition("@")
    return f"{local}+b-{message_id.replace('-', '')}-{seal(secret_key, message_id)}@{domain}"


def read_envelope(address: str, *keys: str) -> str | None:
    """The message's id in an address that `envelope_sender` made with one of these keys; None for
    any other."""
    found = _VERP.search(address)
    if found is None:
        return None
    digits, mark = found[1].lower(), found[2].lower()
    message_id = f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
    is_ours = any(hmac.compare_digest(mark, seal(key, message_id)) for key in keys)
    return message_id if is_ours else None


def read(raw: bytes, *keys: str) -> Bounce:
    """Classifies a mail as an MTA's pipe gives it. Raises InvalidInput for what is no mail at
    all."""
    raw = raw[:MAX_BYTES]
    mail = message_from_bytes(raw, _BoundedMail, policy=compat32)
    if not mail.keys():
        raise InvalidInput("mail", "has no headers", "a whole mail, as it was received")
    message_id = _of_message(mail, raw, *keys)
    feedback = _feedback(mail)
    if feedback is not None:
        return Bounce(
            feedback,
            message_id,
            "bounce.complaint" if feedback is Kind.COMPLAINT else "bounce.feedback",
        )
    report = _report(mail)
    if report is not None:
        return Bounce(report[0], message_id, report[1])
    if message_id is None:
        return Bounce(Kind.NONE, None, "bounce.unproven")
    if _is_automatic_answer(mail):
        return Bounce(Kind.NONE, message_id, "bounce.automatic")
    return Bounce(*_by_habit(mail, message_id))


def refusal_kind(answer: str) -> Kind:
    """What a refusal for good (5xx) at RCPT says: of the address, or of us."""
    return kind_of_refusal(answer[3:], answer[:3])


def _of_message(mail: Message, raw: bytes, *keys: str) -> str | None:
    for name in ("X-Original-To", "Delivered-To", "Envelope-To", "To"):
        for value in mail.get_all(name, []):
            message_id = read_envelope(str(value), *keys)
            if message_id:
                return message_id
    for found in _VERP.finditer(
        raw.decode("ascii", "replace")
    ):  # the returned headers show our Return-Path
        message_id = read_envelope(found[0], *keys)
        if message_id:
            return message_id
    return None


def _feedback(mail: Message) -> Kind | None:
    """What a feedback report (RFC 5965) says: a person's complaint, or what a machine found of our
    mail (RFC 6591).

    None: it is no such report.
    """
    if (
        mail.get_content_type() != "multipart/report"
        or mail.get_param("report-type") != "feedback-report"
    ):
        subject = str(mail.get("Subject", ""))
        head = f"{subject} {_human(mail)[:1000]}".lower()
        is_complaint = _is_request_to_end(subject) or any(mark in head for mark in _COMPLAINTS)
        return Kind.COMPLAINT if is_complaint else None
    for part in mail.walk():
        if part.get_content_type() == "message/feedback-report":
            said = re.search(r"(?im)^feedback-type:[ \t]*([a-z-]*)", _text(part))
            return _OF_FEEDBACK.get(said[1].lower(), Kind.COMPLAINT) if said else Kind.COMPLAINT
    return Kind.COMPLAINT


def _is_request_to_end(subject: str) -> bool:
    """Whether a mail client sends it for somebody who wants no more mail (RFC 2369, 3.2)."""
    return subject.strip().lower() == "unsubscribe"


_OF_FEEDBACK = {
    "auth-failure": Kind.OURS, "dmarc": Kind.OURS, "virus": Kind.OURS, "not-spam": Kind.NONE,
    "other": Kind.NONE,
}  # fmt: skip
_COMPLAINTS = ("complaint about message from", '"notificationtype":"complaint"')
"""Of services that write a complaint in a form of their own."""


def _report(mail: Message) -> tuple[Kind, str] | None:
    """The verdict of a delivery status notification (RFC 3464, 2.3); None when there is none."""
    blocks = (
        block
        for part in mail.walk()
        if part.get_content_type() in ("message/delivery-status", "message/global-delivery-status")
        for block in _blocks(part)
    )
    human = _human(mail)
    return next(filter(None, (_verdict(block, human) for block in blocks)), None)


_AT_SENDER = re.compile(
    r"(?:after|in reply to)\s(?:the\s)?(?:mail from|helo|ehlo)\b|\bmy name was rejected",
    re.IGNORECASE,
)
_AT_CONTENT = re.compile(r"(?:after|in reply to)\s(?:the\s)?end of data\b", re.IGNORECASE)


def _of_mailbox(kind: Kind, human: str) -> Kind:
    """What was refused before a recipient was named speaks of us; after the text was seen, perhaps
    of the text."""
    if kind is Kind.HARD and _AT_SENDER.search(human):
        return Kind.OURS
    return Kind.SOFT if kind is Kind.HARD and _AT_CONTENT.search(human) else kind


def _blocks(part: Message) -> list[Message]:
    """The groups of fields of a report (RFC 3464, 2.1): the one of the message, then one of each
    recipient."""
    if str(part.get("Content-Transfer-Encoding", "")).lower() in ("quoted-printable", "base64"):
        text = _text(part)  # forbidden by RFC 3464, 2.1, and met
        return [
            message_from_string(group, policy=compat32)
            for group in re.split(r"\r?\n\r?\n", text.strip())
        ]
    return list(part.walk())


_ACTION = re.compile(r"[a-z-]+")
_CODE = re.compile(r"[245](?:\.\d{1,3}\.\d{1,3}|\d\d)")
_MAIL_SYSTEM = re.compile(r"mailer-daemon|postmaster|mail delivery", re.IGNORECASE)
_FAILED = {"failed", "failure", "error"}
"""`failed` is the standard's word, the others are met."""


def _verdict(block: Message, human: str) -> tuple[Kind, str] | None:
    said = _ACTION.match(str(block.get("Action", "")).strip().lower())
    if said is None:
        return None
    action = said[0]
    found = _CODE.match(str(block.get("Status", "")).strip())
    status = found[0] if found else ""
    detail = coded("bounce.reported", said=f"{action} {status}".strip())
    if action == "delayed":
        return Kind.SOFT, detail
    if action not in _FAILED:
        return Kind.NONE, detail
    reason = " ".join(str(value) for value in block.get_all("Diagnostic-Code", []))
    if not _LETTERS.search(reason.partition(";")[2] or reason):
        reason = _answer(human)  # the report has the code alone: the words are those for people
    return _of_mailbox(kind_of_refusal(reason, status), human), detail


_LETTERS = re.compile(r"[^\W\d_]{3}")


def _is_automatic_answer(mail: Message) -> bool:
    """A vacation or a challenge. What a mail system says of itself is none, whatever it calls
    it."""
    if _MAIL_SYSTEM.search(str(mail.get("From", ""))):
        return False
    answered = str(mail.get("Auto-Submitted", "no")).lower().startswith("auto-replied")
    return answered or any(
        mail.get(name) for name in ("X-Autoreply", "X-Autorespond", "X-Auto-Response-Suppress")
    )


_RETURNED = re.compile(
    r"(?im)^(?:>? ?(?:return-path|received|message-id|dkim-signature):|-+ ?(?:this is a "
    r"copy|original message|below"
    r"|the body of|message header|returned message|header of|unsent message|message "
    r"contents|included is))"
)
"""Where the mail that comes back begins: its own words say nothing of its delivery."""


def _human(mail: Message) -> str:
    """The text for people, up to the mail that came back."""
    for part in mail.walk():
        is_whole = part is mail  # of a report whose boundary is wrong, all is one text
        if (
            is_whole or part.get_content_type() in ("text/plain", "text/html")
        ) and not part.is_multipart():
            text = _text(part)[:MAX_WORDS]
            if part.get_content_type() == "text/html":
                text = re.sub(r"<[^<>]*>", " ", text)
            returned = _RETURNED.search(text)
            text = text[: returned.start()] if returned else text
            if text.strip():
                return text.replace("\r\n", "\n")
    return ""


def _answer(human: str) -> str:
    """The relay's own answer, where the text quotes one; else all of it."""
    found = _ANSWER.search(human)
    return human[found.start() :].partition("\n\n")[0] if found else human


_ANSWER = re.compile(r"(?<![\w.-])[45]\d\d[ -](?:[45]\.\d{1,3}\.\d{1,3}|[^\W\d_<#'(\[]|[<#'(\[])")
"""The beginning of a relay's answer (RFC 5321, 4.2) within a text."""


def _text(part: Message) -> str:
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes):  # a message/… part is a list of messages
        return "\n\n".join(_plain(block) for block in list(part.walk())[1:])
    return payload.decode("utf-8", "replace")


def _plain(block: Message) -> str:
    """Its fields as they came, and what is in none: the library would fold them anew, at the square
    of what a field with bytes of no charset is long."""
    text = block.get_payload()
    fields = "".join(f"{name}: {value}\n" for name, value in block.raw_items())
    return f"{fields}\n{text}" if isinstance(text, str) else fields


def _by_habit(mail: Message, message_id: str | None) -> tuple[Kind, str | None, str]:
    from flufl.bounce import all_failures  # only here: it costs 30 ms to import

    human = _human(mail)
    sender = parseaddr(str(mail.get("From", "")))[1]
    origin = f"{mail.get('From', '')} {mail.get('Subject', '')}"
    is_of_a_system = mail.get("Return-Path", "") == "<>" or bool(_SYSTEM.search(origin))
    del mail["From"]
    mail["From"] = (
        sender if sender.isascii() and "@" in sender else "unknown@localhost"
    )  # its detectors need one
    try:
        temporary, permanent = all_failures(mail)
    except (LookupError, ValueError, TypeError, AttributeError) as error:
        raise InvalidInput(
            "mail", "cannot be read by flufl.bounce", "a bounce; keep it and look at it"
        ) from error
    if temporary:
        return Kind.SOFT, message_id, "bounce.deferred"
    answer = _answer(human)
    if permanent or (is_of_a_system and says_something(answer)):
        return _of_mailbox(kind_of_refusal(answer), human), message_id, "bounce.returned"
    return Kind.NONE, message_id, "bounce.none"


_SYSTEM = re.compile(
    r"mailer-daemon|postmaster|mail delivery|mail administrator|undeliver|returned mail|failure not"
    r"|delivery (?:status|failure|report)",
    re.IGNORECASE,
)
