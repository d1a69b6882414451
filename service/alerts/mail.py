"""Mails as bytes: what is the same for everybody is encoded once, what is a recipient's own is laid
in between.

Owns the shape of a mail (headers of design.md section 6, RFC 8058, RFC 3834, multipart text and
HTML, both quoted-printable so that encoded pieces can be joined). Knows no relay, no database and
no clock. Content that cannot be sent raises InvalidInput.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from functools import lru_cache
from html import escape
from urllib.parse import urlsplit

from service.alerts import headers, mail_html
from service.alerts.mail_item import Item
from service.alerts.quoted import encode, encode_open
from service.values import MailAddress, Mailbox, parse_host
from service.words import labels_of

CRLF = b"\r\n"
_PART_TEXT = (
    b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: "
    b"quoted-printable\r\n\r\n"
)
_PART_HTML = (
    b"Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
)


@dataclass(frozen=True, slots=True)
class Sender:
    """Who writes: made once from the settings. `domain` stands behind every Message-ID."""

    address: str
    domain: str
    title: str
    block: bytes = field(repr=False)
    """The headers that every mail of this service has."""

    @classmethod
    def build(cls, from_: str, title: str, public_url: str) -> Sender:
        box = Mailbox.parse(from_, "email.from")
        host = parse_host(urlsplit(public_url).hostname or "localhost", "service.public_url")
        title = headers.visible_line(title)
        list_id = headers.encode_phrase(title) + b"\r\n <loa." + host.encode("ascii") + b">"
        block = b"From: " + headers.mailbox(box) + b"\r\nList-Id: " + list_id + CRLF
        return cls(str(box.address), box.address.domain, title, block)


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whose mail it is, and what of it must be the same on every attempt."""

    message_id: str
    address: str
    created_at: datetime
    manage_url: str | None = None
    unsubscribe_url: str | None = None
    first_message_id: str | None = None
    """Of the first mail about the same post to the same person; None when this is the first."""
    is_urgent: bool = False


@dataclass(frozen=True, slots=True)
class MailPart:
    """One post in a mail: its prepared item, why this recipient gets it, and the receipts asked
    for."""

    item: Item
    reasons: tuple[str, ...]
    receipts: tuple[tuple[str, str], ...] = ()
    """(url, the unit's name) for each unit that owes one."""


@dataclass(frozen=True, slots=True)
class MailSection:
    """One of several things that a letter is about."""

    text: str
    """Paragraphs, divided by LF."""
    button: tuple[str, str]
    """(url, label)"""
    links: tuple[tuple[str, str], ...] = ()
    """(url, label), below the button."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail that is about no post: a confirmation, a reminder, a word to the operator."""

    subject: str
    text: str
    """Paragraphs, divided by LF."""
    button: tuple[str, str] | None = None
    """(url, label)"""
    links: tuple[tuple[str, str], ...] = ()
    """(url, label), below the button."""
    sections: tuple[MailSection, ...] = ()
    """What follows, where it is about several things."""


def compose_mail(
    sender: Sender,
    language: str,
    to: Recipient,
    parts: Sequence[MailPart],
    subject: str | None = None,
    last: str = "",
) -> bytes:
    """The mail that carries `parts`; one part gives it its subject unless `subject` says
    another. `last`: what it ends with, empty for nothing."""
    says = labels_of("mail", language)
    if subject is None:
        subject = _subject_of(parts[0]) if len(parts) == 1 else says["many"].format(n=len(parts))
    text, html = [], [_top(language, subject)]
    shared = (
        parts[0].reasons if len(parts) > 1 and len({part.reasons for part in parts}) == 1 else ()
    )
    if len(parts) > 1:
        contents = _contents(subject, parts, says)
        text.append(contents[0])
        html.append(contents[1])
    for part in parts:
        item, (asked_text, asked_html) = part.item, _receipts(part, says)
        own_text, own_html = _own(() if shared else part.reasons, says)
        rule = _RULE if len(parts) > 1 else b""
        text += [rule, item.head_text, asked_text, item.text, own_text]
        html += [item.head_html, asked_html, item.html, own_html]
    if shared:
        why_text, why_html = _why(shared, says)
        text += [_RULE, encode(why_text)]
        html.append(encode(why_html))
    if last:
        text.append(encode(f"\n{last}\n"))
        html.append(encode(mail_html.small(escape(last))))
    text.append(CRLF)
    foot_text, foot_html = _foot(sender, to, says)
    text.append(foot_text)
    html += [foot_html, _BOTTOM]
    return _envelope(sender, to, headers.subject(subject), text, html)


def compose_letter(sender: Sender, language: str, to: Recipient, letter: Letter) -> bytes:
    """A mail about no post, in the same dress."""
    says = labels_of("mail", language)
    subject = headers.visible_line(letter.subject)
    lines, rows = _said(letter.text, [letter.button] if letter.button else [], letter.links)
    html = [
        mail_html.top(language, subject),
        mail_html.kicker(sender.title),
        mail_html.heading(subject),
        rows,
    ]
    for section in letter.sections:
        more, rows = _said(section.text, [section.button], section.links)
        lines += more
        html += [mail_html.rule(), rows]
    foot_text, foot_html = _foot(sender, to, says)
    return _envelope(
        sender,
        to,
        headers.subject(subject),
        [encode("\n\n".join(lines) + "\n"), CRLF, foot_text],
        [encode("".join(html)), foot_html, _BOTTOM],
    )


def _said(
    text: str, buttons: Sequence[tuple[str, str]], links: Sequence[tuple[str, str]]
) -> tuple[list[str], str]:
    """Paragraphs with their buttons and links, as lines of text and as rows of HTML."""
    body = headers.many_lines(text)
    rows = [mail_html.paragraphs(body)]
    rows += [mail_html.button(url, label) for url, label in buttons]
    rows += [mail_html.small(mail_html.link(url, label)) for url, label in links]
    return [body, *(f"{label}:\n{url}" for url, label in (*buttons, *links))], "".join(rows)


_BOTTOM = encode(mail_html.bottom())


@lru_cache(512)
def _top(language: str, subject: str) -> bytes:
    return encode(mail_html.top(language, headers.visible_line(subject)))


@lru_cache(512)
def _date(at: datetime) -> str:
    return format_datetime(at)


_RULE = b"-" * 40 + b"\r\n\r\n"


def _contents(
    subject: str, parts: Sequence[MailPart], says: Mapping[str, str]
) -> tuple[bytes, bytes]:
    """What a mail carries that has several posts: each with what matters of it."""
    titles = [_subject_of(part) for part in parts]
    text = f"{headers.visible_line(subject)}\n\n{says['contents']}:\n"
    text += "".join(f"{n}. {title}\n" for n, title in enumerate(titles, 1)) + "\n"
    return encode_open(text), encode(
        mail_html.contents(headers.visible_line(subject), says["contents"], titles)
    )


def _why(reasons: Sequence[str], says: Mapping[str, str]) -> tuple[str, str]:
    text = says["why"] + ":\n" + "".join(f"- {reason}\n" for reason in reasons)
    lines = "<br>\n".join(escape(reason) for reason in reasons)
    return text, mail_html.small(f"{escape(says['why'])}:<br>\n{lines}")


def _subject_of(part: MailPart) -> str:
    return part.item.owed_subject if part.receipts else part.item.subject


def _receipts(part: MailPart, says: Mapping[str, str]) -> tuple[bytes, bytes]:
    """The receipts that are asked of this recipient: above all that is said of the post."""
    text, html = "", ""
    for url, unit in part.receipts:
        label = says["acknowledge_for"].format(unit=headers.visible_line(unit))
        text += f"{label}:\n{url}\n\n"
        html += mail_html.button(url, label)
    return encode_open(text), encode_open(html)


def _own(reasons: Sequence[str], says: Mapping[str, str]) -> tuple[bytes, bytes]:
    """Why this recipient is told of a post."""
    why_text, why_html = _why(reasons, says) if reasons else ("", "")
    return encode_open(why_text), encode(why_html + mail_html.rule())


def _foot(sender: Sender, to: Recipient, says: Mapping[str, str]) -> tuple[bytes, bytes]:
    links = [(to.manage_url, says["manage"]), (to.unsubscribe_url, says["unsubscribe"])]
    shown = [(url, label) for url, label in links if url]
    footer = says["footer"].format(title=sender.title)
    text = "-- \n" + footer + "\n" + "".join(f"{label}: {url}\n" for url, label in shown)
    html = mail_html.small(
        "<br>\n".join([escape(footer), *(mail_html.link(*one) for one in shown)])
    )
    return encode(text), encode(html)


def message_id(of: str, domain: str) -> str:
    return f"<{of}@{domain}>"


def _envelope(
    sender: Sender, to: Recipient, subject: bytes, text: Sequence[bytes], html: Sequence[bytes]
) -> bytes:
    boundary = f"=_loa_{to.message_id}".encode("ascii")
    return b"".join(
        (
            _headers(sender, to, subject, boundary),
            b"\r\n--", boundary, CRLF, _PART_TEXT, *text,
            b"\r\n--", boundary, CRLF, _PART_HTML, *html,
            b"\r\n--", boundary, b"--\r\n",
        )
    )  # fmt: skip


def _headers(sender: Sender, to: Recipient, subject: bytes, boundary: bytes) -> bytes:
    lines = [
        f"Message-ID: {message_id(to.message_id, sender.domain)}",
        f"Date: {_date(to.created_at.replace(microsecond=0))}",
        f"To: {MailAddress.parse(to.address)}",
    ]
    if to.first_message_id and to.first_message_id != to.message_id:
        first = message_id(to.first_message_id, sender.domain)
        lines += [f"In-Reply-To: {first}", f"References: {first}"]
    if to.is_urgent:
        lines += ["Importance: high", "X-Priority: 1"]
    if (
        to.unsubscribe_url
    ):  # RFC 8058: both headers, and an address that a POST without cookies can use
        lines += [
            f"List-Unsubscribe: <{to.unsubscribe_url}>",
            "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
        ]
    head = "".join(f"{line}\r\n" for line in lines).encode("ascii")
    return (
        head
        + sender.block
        + b"Subject: "
        + subject
        + b"\r\nAuto-Submitted: auto-generated\r\nPrecedence: bulk\r\n"
        b'MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary="'
        + boundary
        + b'"\r\n'
    )
