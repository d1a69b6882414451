"""Mails of hostile posts, and what each of them must be (D8); runs on any Python, with its standard
library only.

`python -m tests.mail_table` says how many were clean, or fails.
"""

from __future__ import annotations

import email
import re
import sys
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import default
from typing import Any
from zoneinfo import ZoneInfo

from service.alerts.mail import Letter, MailPart, Recipient, Sender, compose_letter, compose_mail
from service.alerts.mail_item import prepare
from service.values import Locale

HANOI = Locale("vi", ZoneInfo("Asia/Ho_Chi_Minh"))
SENDER = Sender.build(
    "Bản tin <loa@mail.example>", "Bản tin chỉ đạo điều hành", "https://loa.example"
)
TO = Recipient(
    "01900000-0000-7000-8000-000000000001",
    "chi.lan@xa.example",
    datetime(2026, 11, 23, 3, tzinfo=UTC),
    "https://loa.example/manage/x",
    "https://loa.example/unsubscribe/x",
)
HEADERS = [
    "message-id", "date", "to", "list-unsubscribe", "list-unsubscribe-post", "from", "list-id",
    "subject",
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
            "document": {
                "kind": "chi-thi",
                "number": "06/CT-UBND",
                "issued_on": "2023-06-05",
                "issuer": None,
            },
            "deadlines": [{"on": "2023-06-15", "text": "trước ngày 15/6/2023"}],
            "published_at": "2024-01-28T02:16:00Z",
            "attachments": [
                {"url": "https://portal.example/06.pdf", "media_type": "x", "bytes": 52000}
            ],
            "archive_url": "https://loa.example/posts/p1",
            **data,
        },
    }


def build(language: str = "vi", **data: Any) -> bytes:
    item = prepare(payload(**data), HANOI.to(language))
    part = MailPart(
        item, ("Đăng ký “Lan”: chỉ đạo",), (("https://loa.example/receipts/r", "UBND xã A"),)
    )
    return compose_mail(SENDER, language, TO, [part])


def parse(raw: bytes) -> EmailMessage:
    return email.message_from_bytes(raw, policy=default)


def bodies(mail: EmailMessage) -> tuple[str, str]:
    text, html = mail.iter_parts()
    return str(text.get_content()), str(html.get_content())


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


def build_hostile(title: str) -> bytes:
    return build(
        title=title, summary=title + "\n.\n" + title, venue=title, portal={"id": "x", "name": title}
    )


def build_letter(text: str) -> bytes:
    return compose_letter(
        SENDER, "vi", TO, Letter(text or "x", text, ("https://loa.example/confirm/t", "Xác nhận"))
    )


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


if __name__ == "__main__":
    for hostile in HOSTILE:
        assert_clean(build_hostile(hostile))
        assert_clean(build_letter(hostile))
    sys.stdout.write(f"{len(HOSTILE)} clean on {sys.version_info[0]}.{sys.version_info[1]}\n")
