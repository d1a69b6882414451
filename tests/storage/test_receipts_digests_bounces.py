"""Digests, receipts, bounces and watchdogs over both databases (D7, D13)."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from service.alerts.bounce import Bounce, Kind
from service.alerts.receipt_rules import Line
from service.services.alarm_acts import Facts, count_alarms, decide, is_silent, tell_alarms
from service.services.bounce_acts import apply_bounce
from service.services.digest_acts import send_digests
from service.services.overruling_acts import decide_categories
from service.services.reminders import remind
from service.settings import Settings
from service.storage.deliveries import switch_sending_off, switch_sending_on
from service.storage.engine import Database
from service.storage.mails import MAIL_ENDPOINTS
from service.storage.queue import hold_back
from service.storage.receipts import list_receipts, write_acknowledgement
from service.storage.schema import to_micros
from service.storage.units import add_unit, remove_unit
from service.types import ChangeType, Filters, Frequency
from tests.fakes import Acting, FakeClock, act_over
from tests.fakes_email import drain, make_channel
from tests.fakes_ledger_mail import make_post, subscribe, tell
from tests.fakes_mail import running_relay
from tests.mail_table import bodies, parse

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
MESSAGE = "01900000-0000-7000-8000-000000000001"


def make_acting(database: Database, clock: FakeClock) -> Acting:
    settings = Settings.model_validate(
        {"email": {"smtp_url": "smtp://127.0.0.1:1"}, "operator": {"email": "truc@huyen.example"}}
    )
    return act_over(database, settings, clock)


def count(database: Database, where: str) -> int:
    with database.reading() as conn:
        return int(conn.execute(text(f"SELECT count(*) FROM message WHERE {where}")).scalar_one())


# --- digests ----------------------------------------------------------------------------------


def test_D13_a_missed_digest_is_made_up_for_by_one_mail_for_a_person(
    any_database: Database, clock: FakeClock
) -> None:
    acting = make_acting(any_database, clock)
    with any_database.writing() as conn:
        for frequency in (Frequency.DAILY, Frequency.WEEKLY):
            subscribe(conn, "lan@xa.example", clock(), frequency=frequency)
        tell(conn, make_post(conn, clock(), "p1"), clock())
        tell(conn, make_post(conn, clock(), "p2"), clock())
    assert send_digests(*acting) == 0
    clock.advance(15 * 86_400)
    assert send_digests(*acting) == 1
    assert send_digests(*acting) == 0
    with any_database.reading() as conn:
        assert set(conn.execute(text("SELECT message_id IS NULL FROM delivery")).scalars()) in (
            {0},
            {False},
        )


def test_D13_a_post_that_was_edited_before_the_digest_is_in_it_once_and_as_it_is_now(
    any_database: Database, clock: FakeClock
) -> None:
    with any_database.writing() as conn:
        subscribe(conn, "lan@xa.example", clock(), frequency=Frequency.DAILY)
        first, other = (
            make_post(conn, clock(), "p1", "Tên cũ"),
            make_post(conn, clock(), "p2", "Tin khác"),
        )
        for post in (first, other):
            tell(conn, post, clock())
        clock.advance(60)
        conn.execute(text("UPDATE post SET revision = 2 WHERE id = 'p1'"))
        tell(conn, replace(first, revision=2, title="Tên mới"), clock(), ChangeType.UPDATED)
    clock.advance(86_400)
    assert send_digests(*make_acting(any_database, clock)) == 1
    with running_relay() as relay:
        channel = make_channel(clock, relay.url)
        drain(any_database, channel, clock)
        channel.close()
    said = bodies(parse(relay.received[0].mail))[0]
    assert said.count("Tên mới") == 2 and "Tên cũ" not in said and "Cập nhật" not in said
    assert parse(relay.received[0].mail)["References"] is None


@pytest.mark.parametrize(
    "wanted", [Filters(), Filters(categories=("directives",)), Filters(categories=("meetings",))]
)
def test_D13_a_post_recategorised_before_the_digest_is_in_it_once_under_its_new_category(
    any_database: Database, clock: FakeClock, wanted: Filters
) -> None:
    with any_database.writing() as conn:
        for name in ("một", "hai"):
            subscribe(
                conn,
                "lan@xa.example",
                clock(),
                frequency=Frequency.DAILY,
                filters=wanted,
                name=name,
            )
        clock.advance(60)
        posts = [
            make_post(conn, clock(), "p1", "Họp về bão"),
            make_post(conn, clock(), "p2", "Tin khác"),
        ]
        for post in posts:
            conn.execute(
                text(
                    "INSERT INTO revision(post_id, number, seen_at, title, html, text, "
                    "attachments, fingerprint,"
                    " what) VALUES (:id, 1, 0, :title, '', '', '[]', '', '[]')"
                ),
                {"id": post.id, "title": post.title},
            )
            tell(conn, post, clock())
    clock.advance(60)
    for _ in range(2):
        with any_database.writing() as conn:
            decide_categories(conn, make_acting(any_database, clock)[1], "p1", ["meetings"])
    clock.advance(86_400)
    assert send_digests(*make_acting(any_database, clock)) == 1
    with running_relay() as relay:
        channel = make_channel(clock, relay.url)
        drain(any_database, channel, clock)
        channel.close()
    (mail,) = relay.received
    _, html = bodies(parse(mail.mail))
    others = 0 if wanted.categories == ("meetings",) else 1
    assert html.count("Họp về bão</h1>") == 1
    assert html.count("meetings · UBND huyện Quảng Xương") == 1
    assert html.count("Chỉ đạo điều hành · UBND huyện Quảng Xương") == others
    assert count(any_database, "group_key LIKE 'mail:%'") == 0
    with any_database.reading() as conn:
        rounds = conn.execute(
            text("SELECT round FROM change WHERE post_id = 'p1' ORDER BY round")
        ).scalars()
        assert list(rounds) == [0, 1]


def test_days_off_are_no_days_of_digests(database: Database, clock: FakeClock) -> None:
    with database.writing() as conn:
        subscribe(conn, "lan@xa.example", clock(), frequency=Frequency.DAILY)
        tell(conn, make_post(conn, clock()), clock())
    clock.advance(86_400)
    today = clock().astimezone(ZONE).date()
    email = {"smtp_url": "smtp://127.0.0.1:1", "days_off": [today]}
    assert send_digests(*act_over(database, Settings.model_validate({"email": email}), clock)) == 0
    assert send_digests(*make_acting(database, clock)) == 1


def test_a_digest_with_nothing_to_say_is_not_sent(database: Database, clock: FakeClock) -> None:
    with database.writing() as conn:
        subscribe(conn, "lan@xa.example", clock(), frequency=Frequency.DAILY)
    clock.advance(86_400)
    assert send_digests(*make_acting(database, clock)) == 0


# --- receipts ---------------------------------------------------------------------------------


def test_a_unit_is_reminded_then_its_next_contact_until_it_acknowledges(
    any_database: Database, clock: FakeClock
) -> None:
    acting = make_acting(any_database, clock)
    with any_database.writing() as conn:
        unit = add_unit(
            conn, name="UBND xã A", at=clock(), contacts=("a@xa.example", "b@xa.example")
        )
        add_unit(conn, name="UBND xã B", at=clock(), contacts=("c@xa.example",))
        subscribe(conn, "a@xa.example", clock(), unit_id=unit.id)
        post = make_post(conn, clock())
        conn.execute(
            text(
                "INSERT INTO post_category(post_id, category, position) VALUES ('p1', "
                "'directives', 0)"
            )
        )
        tell(conn, post, clock())
    reminded = []
    for _ in range(3):
        reminded.append(remind(*acting))
        clock.advance(2 * 86_400)
    reminded += [remind(*acting), remind(*acting)]
    assert reminded == [0, 1, 1, 0, 0]
    with any_database.writing() as conn:
        assert [one.state for one in list_receipts(conn, "p1")] == [
            Line.OWED,
            Line.NOT_SUBSCRIBED,
        ]
        for is_new in (True, False):
            assert is_new is write_acknowledgement(
                conn,
                post_id="p1",
                revision=1,
                unit_id=unit.id,
                at=clock(),
                by="Lan",
                note="",
                via="link",
            )
        line, _ = list_receipts(conn, "p1")
    assert (line.state, line.by, line.acknowledged_at) == (
        Line.ACKNOWLEDGED,
        "Lan",
        clock(),
    )


def test_several_reminders_for_a_contact_at_once_are_one_mail_that_lists_them(
    any_database: Database, clock: FakeClock
) -> None:
    acting = make_acting(any_database, clock)
    with any_database.writing() as conn:
        unit = add_unit(
            conn, name="UBND xã A", at=clock(), contacts=("a@xa.example", "b@xa.example")
        )
        subscribe(conn, "so@xa.example", clock(), unit_id=unit.id)
        for n in (1, 2):
            post = make_post(conn, clock(), f"p{n}", f"Chỉ thị số {n}")
            conn.execute(
                text(
                    "INSERT INTO post_category(post_id, category, position) VALUES (:id, "
                    "'directives', 0)"
                ),
                {"id": post.id},
            )
            tell(conn, post, clock())
    clock.advance(2 * 86_400)
    assert [remind(*acting), remind(*acting)] == [1, 0]
    with any_database.writing() as conn:
        write_acknowledgement(
            conn, post_id="p1", revision=1, unit_id=unit.id, at=clock(), by="", note="", via="link"
        )
    clock.advance(2 * 86_400)
    assert [remind(*acting), remind(*acting)] == [1, 0]
    with running_relay() as relay:
        channel = make_channel(clock, relay.url)
        drain(any_database, channel, clock)
        channel.close()
    mails = {mail["To"]: mail for mail in (parse(one.mail) for one in relay.received)}
    plain, html = bodies(mails["a@xa.example"])
    assert mails["a@xa.example"]["Subject"] == "Nhắc: 2 văn bản chưa xác nhận đã nhận"
    for said in (plain, html):
        assert said.index("Chỉ thị số 1") < said.index("Chỉ thị số 2")
        assert len(set(re.findall(r"https?://[^\s\"<]+/receipts/[\w.-]+", said))) == 2
        assert "/posts/p1" in said and "/posts/p2" in said
    assert mails["b@xa.example"]["Subject"] == "Nhắc: chưa xác nhận đã nhận “Chỉ thị số 2”"


# --- bounces ----------------------------------------------------------------------------------


def status_of(database: Database) -> str:
    with database.reading() as conn:
        return str(conn.execute(text("SELECT status FROM subscription")).scalar_one())


def bounced(database: Database, clock: FakeClock, kind: Kind, message_id: str | None) -> int:
    with database.writing() as conn:
        return apply_bounce(conn, Bounce(kind, message_id, "x"), clock())


def test_D7_a_hard_bounce_suspends_once_and_an_unproved_one_nobody(
    any_database: Database, clock: FakeClock
) -> None:
    with any_database.writing() as conn:
        subscribe(conn, "lan@xa.example", clock())
        tell(conn, make_post(conn, clock()), clock())
        message_id = str(conn.execute(text("SELECT id FROM message")).scalar_one())
    assert bounced(any_database, clock, Kind.HARD, None) == 0
    assert bounced(any_database, clock, Kind.HARD, MESSAGE) == 0
    assert bounced(any_database, clock, Kind.NONE, message_id) == 0
    assert status_of(any_database) == "active"
    assert bounced(any_database, clock, Kind.HARD, message_id) == 1
    assert bounced(any_database, clock, Kind.HARD, message_id) == 0
    assert status_of(any_database) == "suspended"


def test_D7_soft_bounces_suspend_only_on_five_different_days(
    any_database: Database, clock: FakeClock
) -> None:
    with any_database.writing() as conn:
        subscribe(conn, "lan@xa.example", clock())
    for n in range(5):
        with any_database.writing() as conn:
            tell(conn, make_post(conn, clock(), f"p{n}"), clock())
            query = (
                "SELECT m.id FROM message m JOIN change c ON c.id = m.change_id WHERE c.post_id = "
                ":id"
            )
            message_id = str(conn.execute(text(query), {"id": f"p{n}"}).scalar_one())
        assert status_of(any_database) == "active"
        bounced(any_database, clock, Kind.SOFT, message_id)
        clock.advance(86_400)
    assert status_of(any_database) == "suspended"


# --- watchdogs --------------------------------------------------------------------------------


def test_watchdogs_speak_only_of_what_is_broken() -> None:
    now = datetime(2026, 11, 23, tzinfo=UTC)
    assert decide(Facts(now - timedelta(minutes=59), (), 0, ()), now) == ()
    keys = [
        alarm.key
        for alarm in decide(Facts(now - timedelta(hours=2), (("p", "t"),), 3, ("qx",)), now)
    ]
    assert keys == ["delivery_late", "unsent:p", "digest_missing", "silent:qx"]


def test_what_an_operator_stopped_or_a_flood_holds_is_shown_and_not_mailed(
    any_database: Database, clock: FakeClock
) -> None:
    acting = make_acting(any_database, clock)
    with any_database.writing() as conn:
        switch_sending_off(conn, clock())
    assert [alarm.key for alarm in tell_alarms(*acting)] == ["stopped"]
    assert (count_alarms(*acting)["stopped"], count_alarms(*acting)["held"]) == (1, 0)
    assert count(any_database, "group_key LIKE 'letter:operator%'") == 0
    with any_database.writing() as conn:
        switch_sending_on(conn)
    assert tell_alarms(*acting) == ()


def test_a_portal_is_silent_beyond_its_own_habit_only() -> None:
    now = datetime(2026, 11, 23, tzinfo=UTC)
    seen = [now - timedelta(days=10 + n) for n in range(6)]
    assert is_silent(seen, now) and not is_silent(seen[:4], now)
    assert not is_silent([now - timedelta(days=10 + 5 * n) for n in range(6)], now)


def test_the_operator_is_told_once_and_again_after_it_was_mended(
    any_database: Database, clock: FakeClock
) -> None:
    acting = make_acting(any_database, clock)
    with any_database.writing() as conn:
        subscribe(conn, "lan@xa.example", clock())
        tell(conn, make_post(conn, clock()), clock())
    assert (
        tell_alarms(*acting) == () and count(any_database, "group_key LIKE 'letter:operator%'") == 0
    )
    clock.advance(2 * 3600)
    for _ in range(4):
        assert tell_alarms(*acting)
        clock.advance(10 * 60)
    told = count(any_database, "group_key LIKE 'letter:operator:alarm:delivery_late%'")
    assert told == 1
    with any_database.writing() as conn:
        conn.execute(text("UPDATE message SET state = 'sent'"))
        conn.execute(text("UPDATE delivery SET state = 'sent'"))
    assert tell_alarms(*acting) == ()
    clock.advance(60)
    with any_database.writing() as conn:
        conn.execute(text("UPDATE message SET state = 'due' WHERE group_key LIKE 'mail:%'"))
    for _ in range(2):
        tell_alarms(*acting)
        clock.advance(15 * 60)
    assert count(any_database, "group_key LIKE 'letter:operator:alarm:delivery_late%'") == 2


def test_13_what_was_late_and_is_made_up_for_asks_nothing_of_the_operator(
    any_database: Database, clock: FakeClock
) -> None:
    """The relay was away for hours, or the machine: its mail would come with what it is about."""
    acting, like = make_acting(any_database, clock), "group_key LIKE 'letter:operator:alarm%'"
    with any_database.writing() as conn:
        subscribe(conn, "lan@xa.example", clock())
        tell(conn, make_post(conn, clock()), clock())
    for _ in range(30):  # five hours, and each quarter it is tried again
        clock.advance(10 * 60)
        with any_database.writing() as conn:
            for endpoint in MAIL_ENDPOINTS:
                hold_back(conn, endpoint, clock() + timedelta(minutes=15))
        tell_alarms(*acting)
    assert count_alarms(*acting)["delivery_late"] == 1, "shown at once all the same"
    clock.advance(60)
    tell_alarms(*acting)
    with any_database.writing() as conn:
        conn.execute(text("UPDATE message SET state = 'sent'"))
        conn.execute(text("UPDATE delivery SET state = 'sent'"))
    clock.advance(20 * 60)
    assert tell_alarms(*acting) == () and count(any_database, like) == 0


def test_13_what_stays_late_when_mail_goes_again_is_told(
    any_database: Database, clock: FakeClock
) -> None:
    acting, like = make_acting(any_database, clock), "group_key LIKE 'letter:operator:alarm%'"
    with any_database.writing() as conn:
        subscribe(conn, "lan@xa.example", clock())
        tell(conn, make_post(conn, clock()), clock())
        for endpoint in MAIL_ENDPOINTS:
            hold_back(conn, endpoint, clock() + timedelta(hours=3))
    told = []
    for _ in range(25):
        clock.advance(10 * 60)
        tell_alarms(*acting)
        told.append(count(any_database, like))
    assert told[18] == 0 and told[-1] > 0


def test_U2_a_unit_that_was_removed_after_it_acknowledged_is_reminded_of_nothing_and_keeps_its_name(
    database: Database, clock: FakeClock
) -> None:
    acting = make_acting(database, clock)
    with database.writing() as conn:
        unit = add_unit(conn, name="UBND xã A", at=clock(), contacts=("a@xa.example",))
        other = add_unit(conn, name="UBND xã B", at=clock(), contacts=("b@xa.example",))
        for one, address in ((unit, "a@xa.example"), (other, "b@xa.example")):
            subscribe(conn, address, clock(), unit_id=one.id)
        post = make_post(conn, clock())
        conn.execute(
            text(
                "INSERT INTO post_category(post_id, category, position) VALUES ('p1', "
                "'directives', 0)"
            )
        )
        tell(conn, post, clock())
        write_acknowledgement(
            conn, post_id="p1", revision=1, unit_id=unit.id, at=clock(), by="", note="", via="link"
        )
        conn.execute(text("UPDATE post SET revision = 2 WHERE id = 'p1'"))
        tell(conn, replace(post, revision=2), clock(), ChangeType.UPDATED)
        conn.execute(
            text("UPDATE delivery SET state = 'sent', done_at = :at"), {"at": to_micros(clock())}
        )
        remove_unit(conn, unit.id, clock())
    clock.advance(3 * 86_400)
    assert remind(*acting) == 1, "the other one is"
    with database.reading() as conn:
        lines = {line.unit_name: line for line in list_receipts(conn, "p1")}
    assert lines["UBND xã A"].is_removed and lines["UBND xã A"].acknowledged_revision == 1
    assert not lines["UBND xã B"].is_removed
