"""U1: a feed that a unit's software is sent by WebSub and that stops, because nobody renewed it or its
callback fails, is told once, with a way back, and once when it is back. A clock that is moved."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient

from service.alerts.message import build_payload
from service.bootstrap import Loa
from service.services import subscription_acts as acts
from service.services.context import OPERATOR
from service.services.hub_acts import LEASE_S, end_leases
from service.services.publish import write_change
from service.services.subscription_checks import SubscriptionRequest
from service.services.unit_acts import UnitFacts
from service.services.unit_acts import add as add_unit
from service.types import WEBHOOK, ChangeType
from service.web.app import create_app
from service.words import say
from tests.fakes import FakeClock
from tests.fakes_pull import rows
from tests.fakes_receiver import FakeReceiver, status
from tests.fakes_web import make_loa, store_post

ATOM = "https://loa.example/feeds/all.atom"
OPERATOR_AT, CONTACT = "truc@huyen.example", "vanthu@xa.example"
TOLD = {OPERATOR_AT, CONTACT}


@pytest.fixture(params=["sqlite", "postgresql"])
def loa(request: pytest.FixtureRequest, clock: FakeClock) -> Iterator[Loa]:
    made = make_loa(
        request.getfixturevalue(f"{request.param}_url"),
        clock,
        webhooks={"allow_private_networks": True},
        operator={"email": OPERATOR_AT},
    )
    yield made
    made.close()


@pytest.fixture
def client(loa: Loa) -> FlaskClient:
    return create_app(loa).test_client()


@pytest.fixture
def receiver() -> Iterator[FakeReceiver]:
    with FakeReceiver() as fake:
        yield fake


def subscribe(loa: Loa, client: FlaskClient, receiver: FakeReceiver, path: str = "/cb") -> None:
    receiver.answers[path] = lambda handler: status(
        200, parse_qs(urlsplit(handler.path).query).get("hub.challenge", [""])[0].encode()
    )(handler)
    form = {"hub.mode": "subscribe", "hub.topic": ATOM, "hub.callback": receiver.url(path)}
    assert client.post("/hub", data=form).status_code == 202
    loa.deliverer.deliver_due()


def be_a_units(loa: Loa, receiver: FakeReceiver) -> None:
    with loa.database.writing() as conn:
        add_unit(conn, loa, UnitFacts("xã A", None, (CONTACT,)))
        wanted = SubscriptionRequest(WEBHOOK, receiver.url("/loa"), unit="xã A", is_confirmed=True)
        acts.add(conn, loa, wanted, OPERATOR)


def told(loa: Loa, seen: set[str]) -> dict[str, str]:
    """What is said since the last look, by address."""
    end_leases(loa.database, loa)
    query = "SELECT group_key, body FROM message WHERE group_key LIKE 'letter:%hub:%'"
    new = {key: json.loads(body) for key, body in rows(loa, query) if key not in seen}
    seen.update(new)
    said = {
        one["address"]: "\n".join(say(part, "vi") for part in (one["subject"], *one["paragraphs"]))
        for one in new.values()
    }
    assert len(said) == len(new)
    return said


def test_U1_a_lease_that_a_units_software_has_not_renewed_is_told_once_and_once_when_it_is_back(
    loa: Loa, clock: FakeClock, client: FlaskClient, receiver: FakeReceiver
) -> None:
    be_a_units(loa, receiver)
    subscribe(loa, client, receiver)
    seen: set[str] = set()
    clock.advance(LEASE_S - 60)
    assert told(loa, seen) == {}
    clock.advance(120)
    lapsed = told(loa, seen)
    assert lapsed.keys() == TOLD
    for said in lapsed.values():
        assert "không gia hạn" in said and ATOM in said and "https://loa.example/hub" in said
        assert f"xã A còn nhận tin qua: {receiver.url('/loa')}" in said
        assert "/cb" not in said and "{" not in said
    for _ in range(5):
        clock.advance(86_400)
        assert told(loa, seen) == {}
    subscribe(loa, client, receiver)
    back = told(loa, seen)
    assert back.keys() == TOLD and all("đăng ký lại" in one for one in back.values())
    assert told(loa, seen) == {}


def test_U1_a_units_callback_that_fails_to_the_end_is_told(
    loa: Loa, clock: FakeClock, client: FlaskClient, receiver: FakeReceiver
) -> None:
    be_a_units(loa, receiver)
    subscribe(loa, client, receiver)
    with loa.database.writing() as conn:
        (unit_key,) = rows(loa, "SELECT id FROM subscription WHERE channel = 'webhook'")[0]
        acts.pause(conn, loa, unit_key, OPERATOR)
    receiver.answers["/cb"] = status(410)
    clock.advance(60)
    post = store_post(loa, 1)
    payload = build_payload(ChangeType.PUBLISHED, clock(), post, loa.links)
    with loa.database.writing() as conn:
        write_change(conn, post=post, type=ChangeType.PUBLISHED, at=clock(), payload=payload)
    loa.deliverer.deliver_due()
    failed = told(loa, set())
    assert failed.keys() == TOLD and all("nhiều lần không nhận" in one for one in failed.values())
    assert all("xã A không còn kênh nào khác" in one for one in failed.values())


def test_U1_another_callback_of_the_host_goes_on_and_what_ended_itself_is_no_loss(
    loa: Loa, clock: FakeClock, client: FlaskClient, receiver: FakeReceiver
) -> None:
    be_a_units(loa, receiver)
    subscribe(loa, client, receiver)
    clock.advance(86_400)
    subscribe(loa, client, receiver, "/other")
    seen: set[str] = set()
    clock.advance(LEASE_S - 3600)
    assert told(loa, seen) == {}
    form = {"hub.mode": "unsubscribe", "hub.topic": ATOM, "hub.callback": receiver.url("/other")}
    assert client.post("/hub", data=form).status_code == 202
    loa.deliverer.deliver_due()
    assert told(loa, seen) == {}
    assert rows(loa, "SELECT * FROM hub_lease") == []


def test_without_a_relay_nobody_is_written_to_of_a_lease(
    sqlite_url: str, clock: FakeClock, receiver: FakeReceiver
) -> None:
    made = make_loa(
        sqlite_url,
        clock,
        webhooks={"allow_private_networks": True},
        operator={"email": OPERATOR_AT},
        email={"smtp_url": ""},
    )
    be_a_units(made, receiver)
    subscribe(made, create_app(made).test_client(), receiver)
    clock.advance(LEASE_S + 60)
    assert told(made, set()) == {}
    assert rows(made, "SELECT * FROM hub_lease") == []
    made.close()


def test_of_a_strangers_lease_nobody_is_told_and_what_never_came_back_is_forgotten(
    loa: Loa, clock: FakeClock, client: FlaskClient, receiver: FakeReceiver
) -> None:
    subscribe(loa, client, receiver)
    seen: set[str] = set()
    clock.advance(LEASE_S + 60)
    assert told(loa, seen) == {}
    be_a_units(loa, receiver)
    subscribe(loa, client, receiver)
    clock.advance(LEASE_S + 60)
    assert told(loa, seen).keys() == TOLD
    clock.advance(91 * 86_400)
    assert told(loa, seen) == {}
    assert rows(loa, "SELECT key FROM meta WHERE key LIKE 'lease:%'") == []
