"""U1: a contact whose letters (receipts asked for, reminders, confirmations) are put off again and
again (mailbox full, 4xx, delayed) is counted, and told as a dead address is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import text

from service.alerts.bounce import Bounce
from service.alerts.refusal import Kind
from service.bootstrap import Loa
from service.services.bounce_acts import apply_bounce
from service.services.loss_acts import tell_losses
from service.services.unit_acts import UnitFacts
from service.services.unit_acts import add as add_unit
from service.storage.mails import queue_letter
from service.storage.subscriptions import NewSubscription, add_subscription
from service.types import EMAIL
from service.words import say
from tests.fakes import FakeClock
from tests.fakes_mail import FakeRelay, running_relay
from tests.fakes_web import make_loa

OPERATOR_AT, FULL, OTHER = "truc@huyen.example", "Vanthu@xa.example", "chutich@xa.example"
DAY = 86_400


@pytest.fixture(params=["sqlite", "postgresql"])
def loa(request: pytest.FixtureRequest, clock: FakeClock) -> Iterator[Loa]:
    made = make_loa(
        request.getfixturevalue(f"{request.param}_url"), clock, operator={"email": OPERATOR_AT}
    )
    with made.database.writing() as conn:
        add_unit(conn, made, UnitFacts("xã A", None, (FULL, OTHER)))
    yield made
    made.close()


def letter(loa: Loa, key: str, address: str = FULL.lower()) -> str:
    """One is handed over; returns its id."""
    with loa.database.writing() as conn:
        made = queue_letter(
            conn, key=key, address=address, subject="late.subject", paragraphs=["late.said"],
            now=loa.clock(), language="vi",
        )  # fmt: skip
        given = "UPDATE message SET state = 'sent', done_at = due_at WHERE id = :id"
        conn.execute(text(given), {"id": made})
    assert made is not None
    return made


def come_back(loa: Loa, key: str, *, kind: Kind = Kind.SOFT) -> None:
    message = letter(loa, key)
    with loa.database.writing() as conn:
        apply_bounce(conn, Bounce(kind, message, "bounce.deferred"), loa.clock())


def told(loa: Loa) -> dict[str, str]:
    """What is said of a dead contact, by address."""
    tell_losses(loa.database, loa)
    query = "SELECT body FROM message WHERE group_key LIKE 'letter:loss:%:dead:%' ORDER BY id"
    with loa.database.reading() as conn:
        bodies: list[dict[str, Any]] = [
            json.loads(one) for one in conn.execute(text(query)).scalars()
        ]
    return {one["address"]: "\n".join(say(p, "vi") for p in one["paragraphs"]) for one in bodies}


def test_U1_a_contact_none_of_whose_letters_arrives_on_three_days_is_told_once(
    loa: Loa, clock: FakeClock
) -> None:
    for number in range(3):
        assert told(loa) == {}
        come_back(loa, f"remind:{number}")
        come_back(loa, f"again:{number}")  # two of one day are one day
        clock.advance(DAY)
    found = told(loa)
    assert found.keys() == {OPERATOR_AT, OTHER}
    assert all(FULL in said and "không đến được" in said for said in found.values())
    assert "--remove-contact" in found[OPERATOR_AT]
    assert told(loa) == found
    for number in range(3, 6):
        come_back(loa, f"remind:{number}")
        clock.advance(DAY)
        assert told(loa) == found


def test_U1_a_contact_whom_some_letters_reach_is_believed_until_the_fifth_day(
    loa: Loa, clock: FakeClock
) -> None:
    for number in range(5):
        assert told(loa) == {}
        come_back(loa, f"remind:{number}")
        letter(loa, f"arrives:{number}")
        clock.advance(DAY)
    assert told(loa).keys() == {OPERATOR_AT, OTHER}


def test_what_came_back_a_fortnight_ago_counts_no_more(loa: Loa, clock: FakeClock) -> None:
    for number in range(6):
        come_back(loa, f"remind:{number}")
        clock.advance(7 * DAY + 60)
        assert told(loa) == {}


def test_U1_letters_and_what_it_is_subscribed_to_count_together(loa: Loa, clock: FakeClock) -> None:
    new = NewSubscription(EMAIL, FULL, clock(), language="vi", is_confirmed=True)
    with loa.database.writing() as conn:
        key = add_subscription(conn, new).id
    for number in range(5):
        with loa.database.reading() as conn:
            query = text("SELECT status FROM subscription WHERE id = :id")
            assert conn.execute(query, {"id": key}).scalar_one() == "active"
        come_back(loa, f"remind:{number}")
        clock.advance(DAY)
    with loa.database.reading() as conn:
        assert conn.execute(query, {"id": key}).scalar_one() == "suspended"


def test_U1_a_letter_that_the_relay_puts_off_until_it_is_given_up_counts_as_one_that_came_back(
    clock: FakeClock, tmp_path: Any
) -> None:
    full = {FULL.lower()}
    relay = FakeRelay(at_rcpt=lambda to: "452 4.2.2 Mailbox full" if to.lower() in full else None)
    with running_relay(relay):
        loa = make_loa(
            f"sqlite:///{tmp_path}/loa.db",
            clock,
            operator={"email": OPERATOR_AT},
            email={"smtp_url": relay.url, "from": "Loa <loa@loa.example>"},
            webhooks={"retry_schedule_s": [0, 60]},
        )
        with loa.database.writing() as conn:
            add_unit(conn, loa, UnitFacts("xã A", None, (FULL, OTHER)))
        for number in range(3):
            assert told(loa) == {}
            with loa.database.writing() as conn:
                queue_letter(
                    conn, key=f"remind:{number}", address=FULL, subject="late.subject",
                    paragraphs=["late.said"], now=clock(), language="vi",
                )  # fmt: skip
            for _ in range(3):
                loa.deliverer.deliver_due()
                clock.advance(120)
            clock.advance(DAY)
        assert told(loa).keys() == {OPERATOR_AT, OTHER}
        loa.close()
