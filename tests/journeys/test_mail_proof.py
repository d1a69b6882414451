"""Who was told of a directive, and when: the printable proof, the board, and the alarms as
metrics."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sqlalchemy import text

from service.alerts.message import build_payload
from service.alerts.proof import STYLE, STYLE_HASH
from service.services.alarm_acts import KINDS
from service.services.publish import write_change
from service.settings import Settings
from service.storage.receipts import write_acknowledgement
from service.storage.units import add_unit
from service.types import ChangeType
from tests.fakes import FakeClock
from tests.fakes_ledger_mail import subscribe
from tests.fakes_web import Web, make_web, store_post
from tests.journeys.cli import Terminal


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    return Terminal(tmp_path)


@pytest.fixture
def web(terminal: Terminal, clock: FakeClock) -> Web:
    """A directive for three units: one acknowledged, one was sent, one has no subscription."""
    made = make_web(f"sqlite:///{terminal.database}", clock)
    loa = made.loa
    post = store_post(loa, 900, title="Chỉ thị <b>khẩn</b> về bão")
    with loa.database.writing() as conn:
        units = [add_unit(conn, name=f"UBND xã {n} <x>", at=clock()) for n in "ABC"]
        for unit in units[:2]:
            subscribe(conn, f"vt-{unit.name[8].lower()}@xa.example", clock(), unit_id=unit.id)
        payload = build_payload(ChangeType.PUBLISHED, clock(), post, loa.links)
        write_change(conn, post=post, type=ChangeType.PUBLISHED, at=clock(), payload=payload)
        at = round(clock().timestamp() * 1_000_000) + 61_000_000
        conn.execute(text("UPDATE message SET state = 'sent', attempts = 1"))
        conn.execute(text("UPDATE delivery SET state = 'sent', done_at = :at"), {"at": at})
        clock.advance(600)
        write_acknowledgement(
            conn,
            post_id=post.id,
            revision=1,
            unit_id=units[0].id,
            at=clock(),
            by="Chị Lan",
            note="=1+1",
            via="link",
        )
    return made


def post_id(web: Web) -> str:
    with web.loa.database.reading() as conn:
        return str(
            conn.execute(text("SELECT post_id FROM change WHERE silenced IS NULL"))
            .scalars()
            .first()
        )


def test_the_proof_says_when_each_unit_was_sent_and_acknowledged(
    web: Web, terminal: Terminal
) -> None:
    page = terminal.run("receipt", "list", post_id(web), "--proof").stdout
    assert page.startswith("<!DOCTYPE html>") and page.rstrip().endswith("</html>")
    assert (
        "Chỉ thị &lt;b&gt;khẩn&lt;/b&gt; về bão" in page
        and "<b>" not in page
        and "xã A &lt;x&gt;" in page
    )
    assert (
        "đã gửi lúc 10:01:01 ngày 23/11/2026" in page
        and "10:10:00 ngày 23/11/2026, phiên bản 1 – Chị Lan" in page
    )
    for said in (
        "đã xác nhận",
        "đã gửi, chưa xác nhận",
        "không đăng ký nhận",
        "06/CT-UBND",
        "không có nghĩa là đã đọc",
    ):
        assert said in page
    assert f"<style>{STYLE}</style>" in page and "@xa.example" not in page


def test_an_operator_prints_the_proof_and_a_stranger_does_not(web: Web) -> None:
    client, path = web.client, f"/admin/receipts/{post_id(web)}/proof"
    assert "THEO DÕI GỬI" not in client.get(path).get_data(as_text=True)
    csrf = re.search(
        r'name="csrf" value="([^"]+)"', client.get("/admin/sign-in").get_data(as_text=True)
    )
    assert csrf is not None
    client.post("/admin/sign-in", data={"csrf": csrf[1], "token": web.operator_token})
    answer = client.get(path)
    assert STYLE_HASH in answer.headers["Content-Security-Policy"]
    assert "THEO DÕI GỬI" in answer.get_data(as_text=True)


def test_every_line_of_the_board_is_in_the_table_of_numbers(web: Web, terminal: Terminal) -> None:
    lines = terminal.run("receipt", "list", post_id(web), "--csv").stdout
    assert lines.startswith("\ufeffunit_id,"), (
        "without a byte order mark Excel takes it for another encoding"
    )
    states = [line.split(",")[2] for line in lines.splitlines()[1:]]
    assert sorted(states)[:1] == ["acknowledged"] and {"not_subscribed", "sent"} <= set(states)
    assert "'=1+1" in lines


def test_what_alarms_are_about_is_a_metric_of_each_kind(web: Web, clock: FakeClock) -> None:
    client = web.app.test_client()
    quiet = client.get("/metrics").get_data(as_text=True)
    assert all(f'loa_alarms{{kind="{kind}"}} 0.0' in quiet for kind in KINDS)
    with web.loa.database.writing() as conn:
        conn.execute(text("UPDATE message SET state = 'due'"))
        conn.execute(text("UPDATE delivery SET state = 'due'"))
    clock.advance(2 * 3600)
    loud = client.get("/metrics").get_data(as_text=True)
    assert (
        'loa_alarms{kind="delivery_late"} 1.0' in loud and 'loa_alarms{kind="unsent"} 1.0' in loud
    )


def test_days_off_are_days_and_hold_for_digests(clock: FakeClock) -> None:
    settings = Settings.model_validate_json('{"email": {"days_off": ["2027-02-17"]}}', strict=True)
    assert settings.email.days_off[0].isoformat() == "2027-02-17"
    with pytest.raises(ValueError, match="days_off"):
        Settings.model_validate_json('{"email": {"days_off": ["Tết"]}}', strict=True)
