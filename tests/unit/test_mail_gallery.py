"""The mails that people are shown first: what matters in the subject, the receipt above all else,
and a gallery of every kind to be read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from service.alerts.deadlines import DueInstant, say_due
from service.alerts.mail import MailPart, compose
from service.alerts.mail_item import prepare
from service.words import say
from tests.mail_gallery import RECEIPT, WHOLE, write
from tests.mail_table import HANOI, SENDER, TO, bodies, parse, payload

NAMED = "Công văn 1687-CV/TU: Về việc tăng cường phòng, chống rét cho cây trồng, vật nuôi"
TITLE = WHOLE["title"]
RELAYED = {**WHOLE["document"], "relation": "relays"}  # type: ignore[dict-item]  # a literal of several kinds


@pytest.mark.parametrize(
    ("more", "is_owed", "subject"),
    [
        ({}, True, f"[Cần xác nhận, hạn 15/12] {NAMED}"),
        ({}, False, f"[Hạn 15/12] {NAMED}"),
        ({"deadlines": []}, True, f"[Cần xác nhận] {NAMED}"),
        ({"deadlines": []}, False, NAMED),
        ({"urgency": "khan"}, True, f"[KHẨN, cần xác nhận, hạn 15/12] {NAMED}"),
        ({"document": None}, False, f"[Hạn 15/12] {TITLE}"),
        ({"document": RELAYED}, False, f"[Hạn 15/12] {TITLE}"),
        ({"title": "Công văn số 1687-cv/tu"}, False, "[Hạn 15/12] Công văn số 1687-cv/tu"),
        ({"deadlines": [{"on": None, "at": "2026-12-09T18:00:00+00:00", "text": "x"}]},
         False, f"[Hạn 10/12] {NAMED}"),
    ],
)  # fmt: skip
def test_a_subject_says_what_matters_first(
    more: dict[str, object], is_owed: bool, subject: str
) -> None:
    item = prepare(payload(**{**WHOLE, **more}), HANOI)
    mail = parse(compose(SENDER, "vi", TO, [MailPart(item, ("x",), RECEIPT if is_owed else ())]))
    assert mail["Subject"] == subject


def test_the_receipt_stands_above_what_is_said_of_the_post() -> None:
    item = prepare(payload(**WHOLE), HANOI)
    mail = parse(compose(SENDER, "vi", TO, [MailPart(item, ("vì sao",), RECEIPT)]))
    for body in bodies(mail):
        order = [
            body.index(one)
            for one in (str(TITLE), RECEIPT[0][0], "Thời hạn:", "Số, ký hiệu", "(1,4 MB)", "vì sao")
        ]
        assert order == sorted(order)
    assert '<meta name="color-scheme" content="light dark">' in bodies(mail)[1]


@pytest.mark.parametrize(
    ("ago", "said"),
    [(timedelta(hours=5), "Đã quá hạn từ"), (timedelta(days=2, hours=1), "Đã quá hạn 2 ngày")],
)
def test_a_reminder_says_how_many_days_something_is_overdue(ago: timedelta, said: str) -> None:
    now = datetime(2026, 11, 29, 3, tzinfo=UTC)
    due = DueInstant(now - ago, "trước ngày 27/11")
    assert say(say_due([due], now)[0], "vi").startswith(said)


def test_the_gallery_holds_every_kind_of_mail_in_both_languages(tmp_path: Path) -> None:
    files = write(tmp_path)
    names = {path.name for path in files}
    assert {name.replace("vi-", "en-", 1) for name in names if name.startswith("vi-")} <= names
    assert {"vi-urgent-receipt.html", "en-letter.confirm_subject.txt"} <= names
