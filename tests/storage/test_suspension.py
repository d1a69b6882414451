"""Addresses that bounced: tried again, resumed by proof, and left alone when they complained."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import orjson
from sqlalchemy import text

from service.alerts.bounce import Bounce, Kind
from service.alerts.suspension import AddressProbe, probe_step
from service.services.bounce_acts import apply_bounce, probe_suspended
from service.services.hearing_again import tell_returns
from service.services.loss_acts import tell_losses
from service.settings import Settings
from service.storage.engine import Database
from service.storage.units import add_unit
from service.words import say
from tests.fakes import Acting, FakeClock, act_over
from tests.fakes_ledger_mail import make_post, subscribe, tell

DAY = timedelta(days=1)
SINCE = datetime(2026, 11, 23, tzinfo=UTC)


def test_probes_come_after_a_week_a_month_and_a_quarter() -> None:
    def due(days: int, *probes: AddressProbe) -> int | str | None:
        return probe_step(SINCE, probes, SINCE + days * DAY)

    back, silent = (
        AddressProbe(SINCE + 7 * DAY, has_bounced=True),
        AddressProbe(None, has_bounced=False),
    )
    kept = AddressProbe(SINCE + 7 * DAY, has_bounced=False)
    assert [due(6), due(7)] == [None, 0]
    assert [due(29, back), due(30, back), due(30, silent)] == [None, 1, 1]
    assert [due(89, back, back), due(90, back, back), due(900, back, back, back)] == [None, 2, None]
    assert [due(9, kept), due(10, kept)] == [None, "resume"]


def suspended(database: Database, clock: FakeClock, kind: Kind) -> Acting:
    with database.writing() as conn:
        subscribe(conn, "lan@xa.example", clock())
        tell(conn, make_post(conn, clock()), clock())
        first = str(conn.execute(text("SELECT id FROM message")).scalar_one())
        conn.execute(text("UPDATE message SET state = 'sent'"))
        assert apply_bounce(conn, Bounce(kind, first, "x"), clock()) == 1
    return act_over(
        database, Settings.model_validate({"email": {"smtp_url": "smtp://127.0.0.1:1"}}), clock
    )


def accept(database: Database, clock: FakeClock) -> str:
    """The relay takes what waits."""
    with database.writing() as conn:
        at = round(clock().timestamp() * 1_000_000)
        ids = conn.execute(
            text(
                "UPDATE message SET state = 'sent', done_at = :at WHERE state = 'due' RETURNING id"
            ),
            {"at": at},
        )
        return str(ids.scalar_one())


def status(database: Database) -> str:
    with database.reading() as conn:
        return str(conn.execute(text("SELECT status FROM subscription")).scalar_one())


def test_an_address_that_takes_mail_again_is_resumed_by_itself(
    any_database: Database, clock: FakeClock
) -> None:
    acting = suspended(any_database, clock, Kind.HARD)
    assert probe_suspended(*acting) == 0
    clock.advance(7 * 86_400)
    assert [probe_suspended(*acting), probe_suspended(*acting)] == [1, 0]
    accept(any_database, clock)
    clock.advance(3 * 86_400)
    assert probe_suspended(*acting) == 1
    assert status(any_database) == "active" and probe_suspended(*acting) == 0


def test_a_probe_that_comes_back_leaves_it_suspended(
    any_database: Database, clock: FakeClock
) -> None:
    acting = suspended(any_database, clock, Kind.HARD)
    clock.advance(7 * 86_400)
    probe_suspended(*acting)
    probe = accept(any_database, clock)
    with any_database.writing() as conn:
        apply_bounce(conn, Bounce(Kind.HARD, probe, "x"), clock())
    clock.advance(10 * 86_400)
    assert probe_suspended(*acting) == 0 and status(any_database) == "suspended"
    clock.advance(13 * 86_400)
    assert probe_suspended(*acting) == 1


def test_D7_who_complained_is_never_written_to_again(
    any_database: Database, clock: FakeClock
) -> None:
    acting = suspended(any_database, clock, Kind.COMPLAINT)
    clock.advance(400 * 86_400)
    assert probe_suspended(*acting) == 0 and status(any_database) == "suspended"


def test_U1_that_a_units_address_takes_mail_again_is_told_to_its_contacts_and_the_operator(
    any_database: Database, clock: FakeClock
) -> None:
    database, _ = suspended(any_database, clock, Kind.HARD)
    email, operator = {"smtp_url": "smtp://127.0.0.1:1"}, {"email": "truc@huyen.example"}
    settings = Settings.model_validate({"email": email, "operator": operator})
    acting = act_over(database, settings, clock)
    with database.writing() as conn:
        contacts = ("lan@xa.example", "chutich@xa.example")
        unit = add_unit(conn, name="xã A", contacts=contacts, at=clock())
        conn.execute(text("UPDATE subscription SET unit_id = :id"), {"id": unit.id})
    tell_losses(*acting)
    with database.writing() as conn:
        conn.execute(text("UPDATE message SET state = 'sent' WHERE group_key LIKE 'letter:loss:%'"))
    clock.advance(7 * 86_400)
    probe_suspended(*acting)
    accept(database, clock)
    clock.advance(3 * 86_400)
    assert probe_suspended(*acting) == 1 and probe_suspended(*acting) == 0
    assert [tell_returns(*acting) for _ in range(2)] == [1, 0]
    with database.reading() as conn:
        query = text("SELECT body FROM message WHERE group_key LIKE 'letter:%again:%'")
        told = [orjson.loads(body) for body in conn.execute(query).scalars()]
    assert {one["address"] for one in told} == {*contacts, "truc@huyen.example"}
    assert len(told) == 3
    for language in ("vi", "en"):
        said = say(told[0]["paragraphs"][0], language)
        assert "xã A" in said and "lan@xa.example" in said and "{" not in said
