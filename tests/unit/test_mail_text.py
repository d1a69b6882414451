"""No text of anybody makes a header, a recipient or a part of a mail, nor turns round what is read:
by every field of a post's mail, of a letter, of the sender, and by an address (D8)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from service.alerts.headers import mailbox
from service.alerts.mail import (
    Letter,
    MailPart,
    MailSection,
    Sender,
    compose_letter,
    compose_mail,
    message_id,
)
from service.alerts.mail_item import prepare
from service.errors import InvalidInput
from service.values import MailAddress, Mailbox
from tests.mail_table import HANOI, SENDER, TO, assert_clean, payload
from tests.unit.test_calendar_text import FOREIGN as LINES

MAILS = (
    "\r\nBcc: x@y.example", "\nSubject: x\n\n", "=?UTF-8?Q?=0D=0ABcc:_x@y?=", "=?utf-8?b?DQpCY2M6IHhAeQ==?=",
    "a@b.vn, c@d.vn", "<a@b.vn>", '"', "\\", "(x)", ";", "--=_loa_", "\r\n.\r\n", "From x\r\n",
)  # fmt: skip
FOREIGN = st.one_of(LINES, st.lists(st.sampled_from(MAILS), min_size=1, max_size=3).map("".join))
BIDI = re.compile("[\u202a-\u202e\u2066-\u2069\u200e\u200f\x00-\x09\x0b-\x1f\x7f-\x9f]")
KEPT = (
    "type",
    "url",
    "archive_url",
    "on",
    "issued_on",
    "published_at",
    "id",
    "media_type",
    "urgency",
    "kind",
)


def _filled(value: Any, text: str, name: str = "") -> Any:
    """A payload whose every text is this one, but for what is checked before it is stored."""
    if isinstance(value, dict):
        return {key: _filled(one, text, key) for key, one in value.items()}
    if isinstance(value, list):
        return [_filled(one, text, name) for one in value]
    return text if isinstance(value, str) and name not in KEPT else value


def _post(text: str) -> bytes:
    data = {**payload()["data"], "venue": text, "is_late": True}
    attached = [
        {"url": "https://portal.example/06.pdf", "name": text, "media_type": "x", "bytes": 1}
    ]
    data = _filled({**data, "attachments": attached}, text)
    item = prepare({"type": "post.updated", "data": data}, HANOI, what=("title",))
    part = MailPart(item, (text, text), (("https://loa.example/receipts/r", text),))
    return compose_mail(SENDER, "vi", TO, [part])


def _several(text: str) -> bytes:
    item = prepare(_filled(payload(), text), HANOI)
    return compose_mail(SENDER, "vi", TO, [MailPart(item, (text,))] * 2, text, text)


def _letter(text: str) -> bytes:
    button = ("https://loa.example/confirm/t", text)
    letter = Letter(text, text, button, (button,), (MailSection(text, button, (button,)),))
    return compose_letter(SENDER, "vi", TO, letter)


DOORS: dict[str, Callable[[str], bytes]] = {
    "a post": _post, "several posts": _several, "a letter": _letter,
}  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(text=FOREIGN)
def test_D8_no_text_in_any_field_makes_more_of_a_mail(text: str) -> None:
    for door, made in DOORS.items():
        raw = made(text)
        assert_clean(raw)
        assert BIDI.search(raw.decode("ascii").replace("\r", "")) is None, door


@settings(deadline=None)
@given(text=FOREIGN)
def test_D8_no_title_of_a_service_makes_more_of_its_senders_headers(text: str) -> None:
    sender = Sender.build("Loa <loa@mail.example>", text, "https://loa.example")
    lines = re.sub(rb"\r\n[ \t]", b"", sender.block).split(b"\r\n")
    assert [line.partition(b":")[0] for line in lines] == [b"From", b"List-Id", b""]
    assert sender.block.isascii()


@settings(deadline=None)
@given(text=FOREIGN, domain=FOREIGN)
def test_D8_an_address_is_one_address_or_none(text: str, domain: str) -> None:
    for written in (text, f"{text}@{domain}", f"{text}@xa.example", f"lan@{domain}"):
        try:
            found = str(MailAddress.parse(written))
        except InvalidInput:
            continue
        assert found.isascii() and found.isprintable() and not set(found) & set(' ,;:<>()[]"\\')
        assert found.count("@") == 1
    try:
        box = mailbox(Mailbox.parse(f"{text} <lan@xa.example>", "from"))
    except InvalidInput:
        return
    line = re.sub(rb"\r\n[ \t]", b" ", box)
    assert (
        line.isascii()
        and b"\n" not in line
        and line.endswith((b"<lan@xa.example>", b"lan@xa.example"))
    )


def test_D8_a_message_id_is_of_ours_alone() -> None:
    assert message_id(TO.message_id, SENDER.domain) == f"<{TO.message_id}@mail.example>"
