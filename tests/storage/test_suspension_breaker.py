"""D20: many addresses of one provider refused at once are about us; whom the old table suspended is
asked again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from service.alerts.bounce import Bounce, Kind
from service.alerts.provider import provider_of
from service.services.alarm_acts import tell_alarms
from service.services.bounce_acts import apply_bounce, probe_suspended
from service.settings import Settings
from service.storage.bounces import BEFORE, about_us, load_suspended
from service.storage.engine import Database
from service.storage.suspension_breaker import FEW, WINDOW, braked_providers
from service.words import coded, say
from tests.fakes import FakeClock, act_over
from tests.fakes_ledger_mail import make_post, subscribe, tell

DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("address", "provider"),
    [
        ("lan@gmail.com", "gmail.com"),
        ("lan@mail.xa1.thanhhoa.gov.vn", "thanhhoa.gov.vn"),
        ("lan@quangninh.gov.vn", "quangninh.gov.vn"),
        ("lan@gov.vn", "gov.vn"),
        ("lan@xa.example", "xa.example"),
        ("lan@localhost", "localhost"),
        ("lan@MAIL.Example.CO.UK.", "example.co.uk"),
        ("không phải địa chỉ", "không phải địa chỉ"),
    ],
)
def test_an_address_has_the_provider_that_one_holder_has(address: str, provider: str) -> None:
    assert provider_of(address) == provider


def refuse(
    database: Database, clock: FakeClock, addresses: list[str], kind: Kind = Kind.HARD
) -> None:
    """Each is subscribed and told of a post, and its mail comes back."""
    with database.writing() as conn:
        for address in addresses:
            if not conn.execute(
                text("SELECT 1 FROM subscription WHERE target = :a"), {"a": address}
            ).first():
                subscribe(conn, address, clock())
        number = conn.execute(text("SELECT count(*) FROM post")).scalar_one()
        tell(conn, make_post(conn, clock(), post_id=f"p{number}"), clock())
        for address in addresses:
            query = text(
                "SELECT m.id FROM message m JOIN delivery d ON d.message_id = m.id JOIN "
                "subscription s"
                " ON s.id = d.subscription_id WHERE s.target = :a ORDER BY m.created_at DESC, "
                "m.id DESC LIMIT 1"
            )
            message_id = str(conn.execute(query, {"a": address}).scalar_one())
            apply_bounce(
                conn,
                Bounce(kind, message_id, coded("bounce.reported", said="failed 5.1.1")),
                clock(),
            )


def states(database: Database) -> dict[str, str]:
    with database.reading() as conn:
        return {
            row.target: row.status
            for row in conn.execute(text("SELECT target, status FROM subscription"))
        }


def of(provider: str, count: int) -> list[str]:
    return [f"n{n}@{provider}" for n in range(count)]


def test_D20_a_few_dead_addresses_of_a_provider_are_suspended(
    any_database: Database, clock: FakeClock
) -> None:
    refuse(any_database, clock, of("gmail.com", FEW))
    assert set(states(any_database).values()) == {"suspended"}
    with any_database.reading() as conn:
        assert braked_providers(conn, clock()) == []


def test_D20_when_many_are_refused_within_an_hour_nobody_is_suspended_and_who_was_is_back(
    any_database: Database, clock: FakeClock
) -> None:
    refuse(any_database, clock, of("xa.thanhhoa.gov.vn", FEW + 3))
    refuse(any_database, clock, ["lan@vnpt.vn"])
    found = states(any_database)
    assert found.pop("lan@vnpt.vn") == "suspended", "of another provider, which is judged by itself"
    assert set(found.values()) == {"active"}
    with any_database.reading() as conn:
        assert braked_providers(conn, clock()) == ["thanhhoa.gov.vn"]


def test_D20_the_brake_lasts_for_an_hour_after_the_last_refusal(
    any_database: Database, clock: FakeClock
) -> None:
    refuse(any_database, clock, of("gmail.com", FEW + 1))
    clock.advance(WINDOW.total_seconds() - 1)
    refuse(any_database, clock, ["n1@gmail.com"])
    clock.advance(WINDOW.total_seconds() - 1)
    refuse(any_database, clock, ["n2@gmail.com"])
    assert set(states(any_database).values()) == {"active"}
    clock.advance(WINDOW.total_seconds())
    with any_database.reading() as conn:
        assert braked_providers(conn, clock()) == []
    refuse(any_database, clock, ["n3@gmail.com"])
    assert states(any_database)["n3@gmail.com"] == "suspended", "one alone is a dead address again"
    refuse(any_database, clock, of("yahoo.com", FEW + 1))
    with any_database.reading() as conn:
        keys = list(conn.execute(text("SELECT key FROM meta WHERE key LIKE 'brake:%'")).scalars())
    assert keys == ["brake:yahoo.com"], "what ended is forgotten"


def test_D20_refusals_far_apart_are_no_wave(any_database: Database, clock: FakeClock) -> None:
    for address in of("gmail.com", FEW + 3):
        refuse(any_database, clock, [address])
        clock.advance(WINDOW.total_seconds() / 2)
    assert set(states(any_database).values()) == {"suspended"}


def test_D20_the_operator_is_told_of_the_brake_and_of_what_speaks_of_us(
    any_database: Database, clock: FakeClock
) -> None:
    refuse(any_database, clock, of("gmail.com", FEW + 1))
    refuse(any_database, clock, ["lan@xa.example"], Kind.OURS)
    assert states(any_database)["lan@xa.example"] == "active"
    settings = {
        "email": {"smtp_url": "smtp://127.0.0.1:1"},
        "operator": {"email": "huyen@loa.example"},
    }
    acting = act_over(any_database, Settings.model_validate(settings), clock)
    alarms = {alarm.key: alarm for alarm in tell_alarms(*acting)}
    assert {"brake:gmail.com", "ours"} <= alarms.keys()
    assert "gmail.com" in say(alarms["brake:gmail.com"].text, "vi")
    assert "failed 5.1.1" in say(alarms["ours"].text, "en")
    with any_database.reading() as conn:
        query = text("SELECT count(*) FROM message WHERE group_key LIKE 'letter:operator:alarm:%'")
        assert conn.execute(query).scalar_one() >= 2
        assert about_us(conn, clock() - DAY)[0] == 1
    clock.advance(2 * DAY.total_seconds())
    assert not {"brake:gmail.com", "ours"} & {alarm.key for alarm in tell_alarms(*acting)}


def test_D20_whom_the_old_table_suspended_is_asked_again_at_once(
    any_database: Database, clock: FakeClock
) -> None:
    refuse(any_database, clock, ["lan@xa.example"])
    acting = act_over(
        any_database, Settings.model_validate({"email": {"smtp_url": "smtp://127.0.0.1:1"}}), clock
    )
    for days in (8, 23, 60):  # all three probes came back
        clock.advance(days * DAY.total_seconds())
        assert probe_suspended(*acting) == 1
        with any_database.writing() as conn:
            key = text(
                "SELECT id FROM message WHERE group_key LIKE 'letter:probe:%' ORDER BY created_at "
                "DESC, id DESC"
            )
            probe = str(conn.execute(key).scalars().first())
            conn.execute(
                text("UPDATE message SET state = 'sent', done_at = created_at WHERE id = :id"),
                {"id": probe},
            )
            apply_bounce(conn, Bounce(Kind.HARD, probe, "bounce.returned"), clock())
    clock.advance(400 * DAY.total_seconds())
    assert probe_suspended(*acting) == 0
    with any_database.writing() as conn:
        conn.execute(text("UPDATE subscription SET status_reason = :before"), {"before": BEFORE})
    assert probe_suspended(*acting) == 1
    with any_database.reading() as conn:
        assert [one.probe_key.endswith(":again") for one in load_suspended(conn)] == [True]
