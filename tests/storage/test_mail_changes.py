"""A mail about an edit shows what changed by words, and a unit's own tasks first, from what the
database holds."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import text

from service.alerts.mail import Sender
from service.delivery.mailroom import Mailroom, Ready
from service.storage.engine import Database
from service.storage.units import add_unit
from service.types import ChangeType, Deadline, Filters
from tests.fakes_ledger import NOW
from tests.fakes_ledger_mail import LINKS, make_post, subscribe, tell
from tests.mail_table import HANOI, bodies, parse

SENDER = Sender.build("Loa <loa@loa.example>", "Loa", "https://loa.example")


def _revision(conn: object, number: int, words: str, file: str) -> None:
    conn.execute(  # type: ignore[attr-defined]  # a connection
        text(
            "INSERT INTO revision(post_id, number, seen_at, title, html, text, attachments,"
            " fingerprint, what) VALUES ('p1', :n, 0, 'Chỉ thị về bão', '', :words, :file, 'f',"
            " '[]')"
        ),
        {
            "n": number,
            "words": words,
            "file": f'[{{"url": "https://p.example/{file}", "name": "{file}", "media_type": ""}}]',
        },
    )


@pytest.mark.parametrize("has_history", [True, False])
def test_U5_an_edit_is_told_with_its_difference_and_the_units_own_task_first(
    any_database: Database, has_history: bool
) -> None:
    with any_database.writing() as conn:
        unit = add_unit(conn, name="UBND xã A", place="quang-ninh-16540", at=NOW)
        subscribe(conn, "lan@xa.example", NOW, filters=Filters(), unit_id=unit.id)
        post = make_post(conn, NOW)
        _revision(conn, 1, "Nộp trước ngày 5/12.", "a.pdf")
        if has_history:
            _revision(conn, 2, "Nộp trước ngày 9/12.", "b_1.pdf")
        asked = (
            Deadline(date(2026, 12, 1), "trước 1/12", owner="other", task="hướng dẫn"),
            Deadline(date(2026, 12, 9), "trước 9/12", owner="quang-ninh-16540", task="nộp"),
        )
        facts = replace(post.understanding, deadlines=asked)
        tell(conn, post, NOW)
        edited = replace(post, revision=2, understanding=facts)
        change = tell(conn, edited, NOW, ChangeType.UPDATED)
        messages = conn.execute(
            text("SELECT message_id FROM delivery WHERE change_id = :id"), {"id": change}
        ).scalars()
        room = Mailroom(
            SENDER, LINKS, "key", receipt_categories=("directives",), labels={}, locale=HANOI
        )
        (ready,) = [room.compose(one) for one in room.load(conn, list(messages))]
    assert isinstance(ready, Ready)
    mail = parse(ready.mail)
    said, html = bodies(mail)
    assert "hạn 09/12]" in str(mail["Subject"])
    assert said.index("Việc của đơn vị: 09/12/2026") < said.index("Việc của cơ quan khác: 01/12")
    assert ("[bỏ: 5/12.] [thêm: 9/12.]" in said) is has_history
    assert ("[bỏ: a.pdf]" in said and "[thêm: b 1.pdf]" in said) is has_history
    assert ("9/12.</ins>" in html) is has_history
