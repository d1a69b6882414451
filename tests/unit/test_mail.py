"""What a mail is: the headers it must have, and what hostile content cannot do to it (D8)."""

from __future__ import annotations

import email
import re
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import default
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.alerts.headers import address, encode_phrase
from service.alerts.mail import Letter, Part, Recipient, Sender, compose, compose_letter
from service.alerts.mail_item import prepare
from service.alerts.words import CATALOGUE, VI
from service.errors import InvalidInput

SENDER = Sender.build("Bản tin <loa@mail.example>", "Bản tin chỉ đạo điều hành", "https://loa.example")
TO = Recipient(
    "01900000-0000-7000-8000-000000000001",
    "chi.lan@xa.example",
    datetime(2026, 11, 23, 3, tzinfo=UTC),
    "https://loa.example/manage/x",
    "https://loa.example/unsubscribe/x",
)
HEADERS = [
    "message-id", "date", "to", "list-unsubscribe", "list-unsubscribe-post", "from", "list-id", "subject",
    "auto-submitted", "precedence", "mime-version", "content-type",
]  # fmt: skip


def payload(**data: Any) -> dict[str, Any]:
    return {
        "type": "post.published",
        "data": {
            "title": "Về việc phòng, chống bão số 5",
            "url": "https://portal.example/a.aspx",
            "summary": "Ủy ban nhân dân huyện yêu cầu các xã, thị trấn:\nTrực 24/24.",
            "portal": {"id": "quangxuong", "name": "UBND huyện Quảng Xương"},
            "categories": ["directives"],
            "places": [{"id": "quang-ninh-16540", "name": "Quảng Ninh"}],
            "urgency": "hoa-toc",
            "document": {"kind": "chi-thi", "number": "06/CT-UBND", "issued_on": "2023-06-05", "issuer": None},
            "deadlines": [{"on": "2023-06-15", "text": "trước ngày 15/6/2023"}],
            "published_at": "2024-01-28T02:16:00Z",
            "attachments": [{"url": "https://portal.example/06.pdf", "media_type": "x", "bytes": 52000}],
            "archive_url": "https://loa.example/posts/p1",
            **data,
        },
    }


def build(language: str = "vi", **data: Any) -> bytes:
    item = prepare(payload(**data), language)
    part = Part(item, ("Đăng ký “Lan”: chỉ đạo",), (("https://loa.example/receipts/r", "UBND xã A"),))
    return compose(SENDER, language, TO, [part])


def parse(raw: bytes) -> EmailMessage:
    return cast(EmailMessage, email.message_from_bytes(raw, policy=default))


def bodies(mail: EmailMessage) -> tuple[str, str]:
    text, html = mail.iter_parts()
    return str(text.get_content()), str(html.get_content())


def test_a_mail_has_the_headers_of_the_design_and_both_bodies() -> None:
    mail = parse(build())
    assert [name.lower() for name in mail.keys()] == HEADERS  # noqa: SIM118 (a mail's iteration is its lines)
    assert mail["Subject"] == "[Hỏa tốc] Về việc phòng, chống bão số 5"
    assert mail["From"] == "Bản tin <loa@mail.example>"
    assert mail["Message-ID"] == "<01900000-0000-7000-8000-000000000001@mail.example>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail["List-Id"] == "Bản tin chỉ đạo điều hành <loa.loa.example>"
    for body in bodies(mail):
        for said in ("06/CT-UBND", "05/06/2023", "09:16 ngày 28/01/2024", "UBND xã A", "52 kB", "15/6/2023"):
            assert said in body


def test_the_same_message_is_the_same_to_the_byte() -> None:
    assert build() == build()


def test_an_update_refers_to_the_first_mail_and_says_what_changed() -> None:
    item = prepare({**payload(), "type": "post.updated"}, "vi", what=("title", "attachments"))
    to = Recipient("m2", TO.address, TO.created_at, first_message_id="m1")
    mail = parse(compose(SENDER, "vi", to, [Part(item, ())]))
    assert mail["References"] == mail["In-Reply-To"] == "<m1@mail.example>"
    assert mail["Subject"].startswith("Cập nhật: ")
    assert all("tiêu đề, tệp đính kèm" in body for body in bodies(mail))


def test_a_subscription_in_english_is_written_to_in_english() -> None:
    text, _ = bodies(parse(build("en")))
    assert "Read the post" in text and "Đọc tin" not in text


def test_every_sentence_exists_in_every_language() -> None:
    assert all(catalogue.keys() == VI.keys() for catalogue in CATALOGUE.values())


def test_a_letter_has_a_button_and_survives_hostile_text() -> None:
    letter = Letter("Xác nhận\r\nBcc: x@y", "một\r\n.\r\nhai", ("https://loa.example/confirm/t", "Xác nhận"))
    mail = parse(compose_letter(SENDER, "vi", TO, letter))
    assert mail["Bcc"] is None and mail["Subject"] == "Xác nhận Bcc: x@y"
    assert 'href="https://loa.example/confirm/t"' in bodies(mail)[1]


HOSTILE = [
    "Họp =?UTF-8?Q?=0D=0A?=Bcc: x@y.example",
    "Họp\r\nBcc: x@y.example",
    "Họp\nBcc: x@y.example\n\n<html>",
    "Họp\r\n\r\n.\r\nMAIL FROM:<x@y.example>",
    "a\x00b\x0b\x0c\x85c\u2028d\u2029e",
    "\ud800 lone \udfff",
    "\u202egnud ion\u202c \u2066x\u2069\u200f",
    "x" * 10_000,
    "ệ" * 10_000,
    "<script>alert(1)</script>{{7*7}}{% raw %}",
    "--=_loa_01900000-0000-7000-8000-000000000001--",
    ".",
    "",
    " \t ",
    "%s %(x)s {0} {unit}",
]


@pytest.mark.parametrize("title", HOSTILE)
def test_D8_no_title_adds_a_header_a_recipient_or_a_body(title: str) -> None:
    raw = build(title=title, summary=title + "\n.\n" + title, venue=title, portal={"id": "x", "name": title})
    assert_clean(raw)


@given(st.text(alphabet=st.characters(), max_size=300))
def test_D8_no_text_at_all_adds_a_header_a_recipient_or_a_body(title: str) -> None:
    assert_clean(build(title=title, summary=title))


def assert_clean(raw: bytes) -> None:
    assert raw.isascii() and b"\x00" not in raw
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert re.search(rb"(?<!\r)\n|\r(?!\n)", raw) is None
    mail = parse(raw)
    assert [name.lower() for name in mail.keys()] == HEADERS  # noqa: SIM118 (a mail's iteration is its lines)
    assert not mail.defects and mail["To"] == TO.address
    assert re.search("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]", mail["Subject"]) is None
    assert len(list(mail.iter_parts())) == 2
    text, html = bodies(mail)
    assert "<script" not in html.lower() and html.rstrip().endswith("</html>")
    assert re.search("[\x00\x0b\x0c\x85\u2028-\u202e\u2066-\u2069]", text + html) is None


def test_D8_a_title_that_looks_encoded_is_read_as_it_was_written() -> None:
    assert parse(build(title=HOSTILE[0], urgency="normal"))["Subject"] == HOSTILE[0]
    assert encode_phrase("=?x?Q?y?=").startswith(b"=?utf-8?B?")


def test_D8_only_web_addresses_become_links() -> None:
    raw = build(
        url="javascript:alert(1)",
        archive_url='https://loa.example/"><script>x</script>',
        attachments=[{"url": "data:text/html,x", "media_type": "x", "bytes": None}],
    )
    html = bodies(parse(raw))[1]
    assert "javascript:" not in html and 'href="data:' not in html and "<script" not in html


@pytest.mark.parametrize(
    "bad",
    ["", "x", "a@b@c", "a b@c.vn", "a@c.vn\r\nBcc: x@y", "a,b@c.vn", "<a@c.vn>", "é@c.vn", ".a@c.vn", "a@",
     "@c.vn", "a@c.vn>", "a" * 65 + "@c.vn", "a..b@c.vn"],
)  # fmt: skip
def test_D8_an_address_that_is_none_is_refused(bad: str) -> None:
    with pytest.raises(InvalidInput):
        address(bad)


def test_a_domain_is_written_in_idna_and_lower_case() -> None:
    assert address("Lan@Tỉnh.Example") == "Lan@xn--tnh-dlz.example"
