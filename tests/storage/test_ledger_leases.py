"""What is in the air while its subscription changes, and the attempts that a message has had."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import text

from service.storage.deliveries import list_deliveries, make_due_again, show_delivery
from service.storage.engine import Database
from service.storage.queue import ClaimedMessage, claim_due, free_expired, record_results
from service.storage.subscriptions import set_status
from service.types import WEBHOOK, Result, State, SubscriptionStatus
from tests.fakes_ledger import NOW, a_post, hook, tell

LATER = NOW + timedelta(hours=1)


def owe_one(database: Database) -> str:
    with database.writing() as conn:
        subscription = hook(conn, "http://a.example/1")
        tell(conn, a_post())
    return subscription.id


def claim(database: Database) -> list[ClaimedMessage]:
    with database.writing() as conn:
        return claim_due(conn, channel=WEBHOOK, now=LATER, limit=9, lease_s=30)


def record(database: Database, one: ClaimedMessage, state: State, status: int) -> None:
    due_at = LATER if state is State.DUE else None
    with database.writing() as conn:
        record_results(
            conn,
            [Result(one.message_id, one.lease_token, state, status, "", NOW, 0.1, due_at)],
            LATER,
        )


def states(database: Database) -> list[State]:
    with database.reading() as conn:
        return [delivery.state for delivery in list_deliveries(conn)]


def test_what_was_accepted_while_its_subscription_was_paused_is_sent_and_not_sent_again(
    any_database: Database,
) -> None:
    subscription_id = owe_one(any_database)
    (one,) = claim(any_database)
    assert states(any_database) == [State.LEASED]
    with any_database.writing() as conn:
        set_status(conn, subscription_id, SubscriptionStatus.PAUSED, at=LATER)
    record(any_database, one, State.SENT, 200)
    assert states(any_database) == [State.SENT]
    with any_database.writing() as conn:
        set_status(conn, subscription_id, SubscriptionStatus.ACTIVE, at=LATER)
    assert claim(any_database) == []
    assert states(any_database) == [State.SENT]


def test_what_was_paused_and_made_due_again_in_the_air_is_not_claimed_twice(
    any_database: Database,
) -> None:
    subscription_id = owe_one(any_database)
    (one,) = claim(any_database)
    with any_database.writing() as conn:
        set_status(conn, subscription_id, SubscriptionStatus.PAUSED, at=LATER)
        set_status(conn, subscription_id, SubscriptionStatus.ACTIVE, at=LATER)
    assert claim(any_database) == []
    with any_database.writing() as conn:
        conn.execute(text("UPDATE lease SET until = 1"))
        assert free_expired(conn, LATER) == 1
    (again,) = claim(any_database)
    assert again.message_id == one.message_id


def test_every_attempt_is_kept_also_those_before_a_replay(any_database: Database) -> None:
    owe_one(any_database)
    for state, status in ((State.DUE, 503), (State.SENT, 200)):
        (one,) = claim(any_database)
        record(any_database, one, state, status)
    with any_database.writing() as conn:
        (delivery,) = list_deliveries(conn)
        assert make_due_again(conn, at=LATER, delivery_id=delivery.id) == 1
    for state, status in ((State.DUE, 502), (State.SENT, 204)):
        (one,) = claim(any_database)
        record(any_database, one, state, status)
    with any_database.reading() as conn:
        attempts = show_delivery(conn, delivery.id).attempts
    assert [attempt.number for attempt in attempts] == [1, 2, 3, 4]
    assert sorted(attempt.status or 0 for attempt in attempts) == [200, 204, 502, 503]
