"""Asking for what is owed: the same ledger, leases, bytes and signatures, on both databases."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from standardwebhooks import Webhook
from werkzeug.test import TestResponse

from service.bootstrap import Loa
from service.errors import Conflict
from service.services import subscription_acts as acts
from service.services.context import OPERATOR
from service.services.unit_acts import UnitFacts, deaf_units
from service.services.unit_acts import add as add_unit
from service.storage.deliveries import switch_sending_off, switch_sending_on
from service.storage.owners import TroubleNotifier, tell_troubles
from service.storage.pull_streams import UNASKED_AFTER
from service.storage.queue import free_all_leases, free_expired
from service.storage.tokens import create_token
from service.web.app import create_app
from tests.fakes import FakeClock
from tests.fakes_ledger import hook
from tests.fakes_pull import Office, add_pull, ids_of, publish, rows
from tests.fakes_web import make_loa


@pytest.fixture(params=["sqlite", "postgresql"])
def loa(request: pytest.FixtureRequest, clock: FakeClock) -> Iterator[Loa]:
    made = make_loa(request.getfixturevalue(f"{request.param}_url"), clock)
    made.ready_to_send()
    yield made
    made.close()


@pytest.fixture
def client(loa: Loa) -> FlaskClient:
    return create_app(loa).test_client()


def test_what_is_owed_is_handed_out_signed_as_a_webhook_and_ended_by_its_id(
    loa: Loa, clock: FakeClock, client: FlaskClient
) -> None:
    added = add_pull(loa)
    office = Office(client, str(added.token))
    assert office.ask() == []
    clock.advance(60)
    publish(loa, "post-1")
    (message,) = office.ask()
    assert is_signed(added.secret, message)
    assert json.loads(message["body"])["data"]["id"] == "post-1"
    assert office.ask() == []  # it is leased
    assert office.ack(ids_of([message])) == {"acknowledged": ids_of([message]), "unknown": []}
    assert office.ack([*ids_of([message]), "x"]) == {
        "acknowledged": ids_of([message]),
        "unknown": ["x"],
    }
    clock.advance(3600)
    _expire(loa, clock)
    assert office.ask() == []
    assert rows(loa, "SELECT state FROM delivery") == [("sent",)]
    assert rows(loa, "SELECT state, detail FROM message") == [("sent", "pull.acknowledged")]
    assert rows(loa, "SELECT in_flight FROM endpoint") == [(0,)]
    assert rows(loa, "SELECT in_flight FROM host_group WHERE in_flight <> 0") == []


def is_signed(secret: str | None, message: dict[str, str]) -> bool:
    """By the foreign library, which would refuse to verify what the test's clock has signed."""
    at = datetime.fromtimestamp(int(message["webhook-timestamp"]), UTC)
    signed = Webhook(str(secret)).sign(message["webhook-id"], at, message["body"])
    return signed in message["webhook-signature"].split()


def _expire(loa: Loa, clock: FakeClock) -> None:
    with loa.database.writing() as conn:
        free_expired(conn, clock())


def test_what_is_not_acknowledged_comes_again_under_the_same_id_and_with_the_same_bytes(
    loa: Loa, clock: FakeClock, client: FlaskClient
) -> None:
    office = Office(client, str(add_pull(loa).token))
    clock.advance(60)
    publish(loa, "post-1")
    (first,) = office.ask()
    with loa.database.writing() as conn:
        free_all_leases(conn)  # a worker that begins anew knows nothing of who asks
    assert office.ask() == []
    _end_leases(loa)
    clock.advance(60)
    (second,) = office.ask()
    assert (first["webhook-id"], first["body"]) == (second["webhook-id"], second["body"])
    assert office.ack(ids_of([first]))["acknowledged"] == ids_of([first])
    assert office.ask() == []


def _lower(answer: TestResponse) -> dict[str, str]:
    return {
        **{name.lower(): value for name, value in answer.headers},
        "body": answer.get_data(as_text=True),
    }


def _end_leases(loa: Loa) -> None:
    """As time does, whose lease is measured by the database's own clock."""
    with loa.database.writing() as conn:
        conn.execute(text("UPDATE lease SET until = 0"))
        free_expired(conn, loa.clock())


def test_an_acknowledgement_counts_although_its_lease_has_ended(
    loa: Loa, clock: FakeClock, client: FlaskClient
) -> None:
    office = Office(client, str(add_pull(loa).token))
    clock.advance(60)
    publish(loa, "post-1")
    ids = ids_of(office.ask())
    _end_leases(loa)
    assert office.ack(ids)["acknowledged"] == ids
    assert office.ask() == []
    assert rows(loa, "SELECT in_flight, next_due_at FROM endpoint") == [(0, None)]


def test_urgent_ones_come_first_then_the_oldest_and_never_more_than_the_limit(
    loa: Loa, clock: FakeClock, client: FlaskClient
) -> None:
    office = Office(client, str(add_pull(loa).token))
    for n in range(3):
        clock.advance(60)
        publish(loa, f"post-{n}")
    clock.advance(60)
    publish(loa, "post-urgent", is_urgent=True)
    found = office.ask("&limit=2")
    assert [json.loads(one["body"])["data"]["id"] for one in found] == ["post-urgent", "post-0"]
    rest = [json.loads(one["body"])["data"]["id"] for one in office.ask()]
    assert rest == ["post-1", "post-2"]


def test_a_unit_asks_for_all_of_its_own_with_its_token_and_for_nobody_elses(
    loa: Loa, clock: FakeClock, client: FlaskClient
) -> None:
    with loa.database.writing() as conn:
        unit = add_unit(conn, loa, UnitFacts("xã A", None, ("a@xa.example",)))
        other = add_unit(conn, loa, UnitFacts("xã B", None, ()))
        token, _ = create_token(conn, name="", unit_id=unit.id, at=clock())
        others, _ = create_token(conn, name="", unit_id=other.id, at=clock())
        operator, _ = create_token(conn, name="", unit_id=None, at=clock())
    for _ in range(2):
        add_pull(loa, unit=unit.id)
    mine = add_pull(loa, unit=other.id)
    clock.advance(60)
    publish(loa, "post-1")
    found = Office(client, token).ask("&limit=1")
    assert len(found) == 1
    found += Office(client, token).ask()
    assert len(set(ids_of(found))) == 2
    theirs = Office(client, others).ask()
    assert len(theirs) == 1
    assert Office(client, token).ack(ids_of(theirs))["unknown"] == ids_of(theirs)
    assert "receipts/" in json.loads(found[0]["body"])["data"]["receipt_url"]
    assert Office(client, str(mine.token)).ack(ids_of(theirs))["acknowledged"] == ids_of(theirs)
    assert Office(client, operator).ask_status() == 403
    assert Office(client, "loa_pull_x").ask_status() == 401


def test_paused_waits_removed_ends_and_a_rotation_leaves_the_old_token_a_day(
    loa: Loa, clock: FakeClock, client: FlaskClient
) -> None:
    added = add_pull(loa)
    office, key = Office(client, str(added.token)), added.subscription.id
    with loa.database.writing() as conn:
        acts.pause(conn, loa, key, OPERATOR)
    clock.advance(60)
    publish(loa, "post-1")
    assert office.ask() == []
    with loa.database.writing() as conn:
        acts.resume(conn, loa, key, OPERATOR)
        made = acts.rotate(conn, loa, key, OPERATOR)
    (message,) = office.ask()
    versions = [one.split(",")[0] for one in message["webhook-signature"].split()]
    assert versions == ["v1", "v1", "v1a"]
    fresh = Office(client, str(made.token))
    assert fresh.ask() == []
    clock.advance(24 * 3600 + 1)
    assert (office.ask_status(), fresh.ask_status()) == (401, 200)
    with loa.database.writing() as conn:
        acts.remove(conn, loa, key, OPERATOR)
    assert fresh.ask_status() == 401


def test_nothing_is_handed_out_while_delivery_is_paused(
    loa: Loa, clock: FakeClock, client: FlaskClient
) -> None:
    office = Office(client, str(add_pull(loa).token))
    clock.advance(60)
    publish(loa, "post-1")
    with loa.database.writing() as conn:
        switch_sending_off(conn, clock())
    assert office.ask() == []
    with loa.database.writing() as conn:
        switch_sending_on(conn)
    assert len(office.ask()) == 1


def test_a_statement_names_what_was_owed_on_a_day_and_its_bodies_come_again_by_id(
    loa: Loa, clock: FakeClock, client: FlaskClient
) -> None:
    added = add_pull(loa)
    office = Office(client, str(added.token))
    clock.advance(60)
    for n in range(3):
        publish(loa, f"post-{n}")
    first = office.ask()
    office.ack(ids_of(first))
    clock.advance(24 * 3600)
    publish(loa, "post-later")
    day = (clock() - timedelta(days=1)).date().isoformat()
    answer = office.statement(day)
    said = answer.get_json()
    assert said["ids"] == sorted(ids_of(first))
    assert answer.headers["webhook-id"] == f"statement-{day}"
    assert is_signed(added.secret, _lower(answer))
    lost = ids_of(first)[1]
    (again,) = office.ask(f"&id={lost}")
    assert again["body"] == next(one["body"] for one in first if one["webhook-id"] == lost)
    assert office.ask("&id=nope") == []
    assert office.statement("yesterday").status_code == 400
    assert rows(loa, "SELECT count(*) FROM message WHERE state = 'sent'") == [(3,)]


def test_whom_nobody_asks_for_hears_by_no_channel_and_is_told_with_the_operator(
    loa: Loa, clock: FakeClock, client: FlaskClient
) -> None:
    with loa.database.writing() as conn:
        unit = add_unit(conn, loa, UnitFacts("xã A", None, ("a@xa.example",)))
    office = Office(client, str(add_pull(loa, unit=unit.id).token))

    def deaf() -> list[str]:
        with loa.database.reading() as conn:
            return [one.name for one in deaf_units(conn, loa)]

    def told() -> int:
        loa.deliverer.deliver_due()
        teller = TroubleNotifier("op@loa.example", "vi", timedelta(days=5))
        tell_troubles(loa.database, teller, clock())
        return rows(loa, "SELECT count(*) FROM message WHERE group_key LIKE '%unasked%'")[0][0]

    assert deaf() == ["xã A"]
    office.ask()
    assert deaf() == []
    assert told() == 0
    clock.advance(UNASKED_AFTER.total_seconds() + 60)
    assert told() == 2  # the unit's contact and the operator
    assert deaf() == ["xã A"]
    assert told() == 2
    del loa.__dict__["handing"]  # ten minutes have passed, by a clock that is not the test's
    office.ask()
    assert deaf() == []


def test_what_goes_with_one_channel_is_refused_with_another(loa: Loa, client: FlaskClient) -> None:
    with loa.database.writing() as conn:
        token, _ = create_token(conn, name="", unit_id=None, at=loa.clock())
    for body, field in (
        ({"channel": "pull", "target": "https://a.example/"}, "target"),
        ({"channel": "webhook"}, "target"),
        ({"channel": "pull", "cloudevents": True}, "cloudevents"),
        ({"channel": "pull", "headers": {"X-A": "1"}}, "headers"),
    ):
        headers = {"Authorization": f"Bearer {token}"}
        answer = client.post("/api/v1/subscriptions", json=body, headers=headers)
        assert (answer.status_code, answer.get_json()["field"]) == (422, field), body
    added = add_pull(loa)
    with loa.database.writing() as conn, pytest.raises(Conflict, match="asks as often"):
        changes = acts.SubscriptionChanges(min_interval_s=5)
        acts.edit(conn, loa, added.subscription.id, changes, OPERATOR)
    with loa.database.writing() as conn:
        message_id = acts.test(conn, loa, added.subscription.id, OPERATOR)
    (message,) = Office(client, str(added.token)).ask()
    assert message["webhook-id"] == message_id


@pytest.mark.parametrize("day", ["20261123", "2026-W48-1", "", "x"])
def test_a_day_that_is_none_is_refused_by_name(loa: Loa, client: FlaskClient, day: str) -> None:
    answer = Office(client, str(add_pull(loa).token)).statement(day)
    assert (answer.status_code, answer.get_json()["field"]) == (400, "day")


@pytest.mark.parametrize("day", ["0001-01-01", "1999-12-31", "9999-12-31", "2999-02-28"])
def test_a_day_far_away_owed_nothing(loa: Loa, client: FlaskClient, day: str) -> None:
    answer = Office(client, str(add_pull(loa).token)).statement(day)
    assert (answer.status_code, answer.get_json()["ids"]) == (200, [])


def test_a_head_request_leases_nothing(loa: Loa, clock: FakeClock, client: FlaskClient) -> None:
    office = Office(client, str(add_pull(loa).token))
    clock.advance(60)
    publish(loa, "post-1")
    assert client.head("/api/v1/stream?wait_s=0", headers=office.headers).status_code == 200
    assert len(office.ask()) == 1


def test_a_webhook_beside_is_sent_and_not_handed_out(
    loa: Loa, clock: FakeClock, client: FlaskClient
) -> None:
    office = Office(client, str(add_pull(loa).token))
    with loa.database.writing() as conn:
        hook(conn, "http://a.example/1")
    clock.advance(60)
    publish(loa, "post-1")
    assert len(office.ask()) == 1
    assert rows(loa, "SELECT channel, state FROM message ORDER BY channel") == [
        ("pull", "due"),
        ("webhook", "due"),
    ]
