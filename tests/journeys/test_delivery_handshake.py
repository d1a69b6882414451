"""Nobody can aim Loa at a stranger: a new endpoint is asked first, and says yes, or gets nothing
else."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from threading import Event, Thread

import orjson
import pytest
from sqlalchemy import Connection
from standardwebhooks import Webhook

from service.alerts.signing import new_secret
from service.bootstrap import Loa
from service.delivery.deliverer import LedgerWork
from service.delivery.webhook import WebhookChannel
from service.errors import StorageError
from service.settings import WebhookSettings
from service.storage.engine import Database
from service.storage.handshakes import ask_confirmation
from service.storage.subscriptions import (
    NewSubscription,
    add_subscription,
    get_subscription,
    set_status,
    set_target,
)
from service.types import WEBHOOK, SubscriptionStatus
from service.web.api.api_subscriptions import QUESTIONS_OF_A_UNIT
from service.web.app import create_app
from tests.fakes import FakeClock
from tests.fakes_ledger import BOX, EARLIER, LINKS, a_post, hook, tell
from tests.fakes_receiver import Answer, FakeReceiver, status
from tests.fakes_web import Web, make_web
from tests.journeys.cli import Terminal


@pytest.fixture
def receiver() -> Iterator[FakeReceiver]:
    with FakeReceiver() as made:
        yield made


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    made = Terminal(tmp_path)
    made.configure("[webhooks]\nallow_private_networks = true\n")
    return made


@pytest.fixture
def web(sqlite_url: str, clock: FakeClock) -> Iterator[Web]:
    made = make_web(sqlite_url, clock, webhooks={"allow_private_networks": True})
    yield made
    made.loa.close()


def echo(receiver: FakeReceiver, code: int = 200) -> Answer:
    """Says back what was said, so the challenge too."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        status(code, b"challenge: " + receiver.received[-1].body)(handler)

    return answer


def status_of(loa: Loa, subscription_id: str) -> SubscriptionStatus:
    with loa.database.reading() as conn:
        return get_subscription(conn, subscription_id).status


def test_an_endpoint_that_repeats_the_challenge_is_confirmed(
    terminal: Terminal, receiver: FakeReceiver
) -> None:
    receiver.answers["/hook"] = echo(receiver)
    added = terminal.json("subscription", "add", "webhook", receiver.url())
    assert added["status"] == "pending"
    assert terminal.json("deliver")["sent"] == 1
    (asked,) = receiver.received
    Webhook(added["secret"]).verify(asked.body, asked.headers)
    said = orjson.loads(asked.body)
    assert said["type"] == "subscription.confirm"
    assert set(said["data"]) == {"subscription_id", "challenge", "confirm_url"}
    assert terminal.json("subscription", "show", added["id"])["status"] == "active"
    terminal.json("subscription", "test", added["id"])
    assert terminal.json("deliver")["sent"] == 1
    assert orjson.loads(receiver.received[1].body)["type"] == "subscription.test"
    Webhook(added["secret"]).verify(receiver.received[1].body, receiver.received[1].headers)


@pytest.mark.parametrize("code", [301, 404, 500])
def test_a_challenge_in_an_answer_that_is_no_2xx_confirms_nothing(
    terminal: Terminal, receiver: FakeReceiver, code: int
) -> None:
    receiver.answers["/hook"] = echo(receiver, code)
    added = terminal.json("subscription", "add", "webhook", receiver.url())
    terminal.json("deliver", code=1)
    assert terminal.json("subscription", "show", added["id"])["status"] == "pending"


def test_nothing_but_the_question_is_sent_to_an_endpoint_that_has_not_answered_it(
    web: Web, receiver: FakeReceiver
) -> None:
    body = {"channel": "webhook", "target": receiver.url()}
    added = web.client.post("/api/v1/subscriptions", json=body, headers=web.unit).json
    assert added["status"] == "pending"
    with web.loa.database.writing() as conn:
        tell(conn, a_post())
    test = web.client.post(f"/api/v1/subscriptions/{added['id']}/test", json={}, headers=web.unit)
    assert test.status_code == 202
    assert web.loa.deliverer.deliver_due().sent == 2
    assert {orjson.loads(one.body)["type"] for one in receiver.received} == {"subscription.confirm"}
    assert status_of(web.loa, added["id"]) is SubscriptionStatus.PENDING


def test_a_receiver_that_came_too_late_is_asked_again_at_once_by_a_test(
    terminal: Terminal, receiver: FakeReceiver
) -> None:
    receiver.answers["/hook"] = status(401)
    added = terminal.json("subscription", "add", "webhook", receiver.url())
    terminal.json("deliver", code=1)
    receiver.answers["/hook"] = echo(receiver)
    terminal.json("subscription", "test", added["id"])
    assert terminal.json("deliver")["sent"] == 1
    assert terminal.json("subscription", "show", added["id"])["status"] == "active"


def test_a_unit_asks_the_endpoint_of_a_stranger_no_oftener_by_tests_than_by_adding(
    web: Web, receiver: FakeReceiver
) -> None:
    body = {"channel": "webhook", "target": receiver.url()}
    added = web.client.post("/api/v1/subscriptions", json=body, headers=web.unit).json
    address = f"/api/v1/subscriptions/{added['id']}/test"
    for _ in range(QUESTIONS_OF_A_UNIT - 1):
        assert web.client.post(address, json={}, headers=web.unit).status_code == 202
    assert web.client.post(address, json={}, headers=web.unit).status_code == 429


def test_a_person_confirms_an_endpoint_by_the_button_at_its_link(
    web: Web, receiver: FakeReceiver
) -> None:
    body = {"channel": "webhook", "target": receiver.url()}
    added = web.client.post("/api/v1/subscriptions", json=body, headers=web.unit).json
    web.loa.deliverer.deliver_due()
    link = orjson.loads(receiver.received[0].body)["data"]["confirm_url"]
    path = re.sub("^https://loa.example", "", link)
    browser = create_app(web.loa).test_client()
    assert browser.get(path).status_code == 200
    assert browser.head(path).status_code == 200
    assert status_of(web.loa, added["id"]) is SubscriptionStatus.PENDING
    assert browser.post(path).status_code == 200
    assert status_of(web.loa, added["id"]) is SubscriptionStatus.ACTIVE
    with web.loa.database.writing() as conn:
        tell(conn, a_post())
    assert web.loa.deliverer.deliver_due().sent == 1


class LockedOnce(Database):
    """Cannot be written at first."""

    is_locked = True

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        if self.is_locked:
            self.is_locked = False
            raise StorageError("cannot use the database: locked")
        with super().writing() as conn:
            yield conn


def test_a_locked_database_postpones_a_confirmation_and_loses_nothing_in_the_air(
    database: Database, clock: FakeClock, receiver: FakeReceiver
) -> None:
    receiver.answers["/asked"] = echo(receiver)
    with database.writing() as conn:
        asked = hook(conn, receiver.url("/asked"), is_confirmed=False)
        ask_confirmation(conn, asked.id, LINKS, clock())
        hook(conn, receiver.url("/other"))
        tell(conn, a_post(), at=clock())
    settings = WebhookSettings(allow_private_networks=True, timeout_s=2.0)
    work, stop = LedgerWork(database, WEBHOOK, clock, settings.lease_s), Event()
    locked = LockedOnce(database.engine, database.url)
    channel = WebhookChannel(settings, LINKS, BOX, clock)
    thread = Thread(target=channel.stream, args=(locked, work, stop), kwargs={"is_draining": False})
    thread.start()
    deadline = time.monotonic() + 8
    while work.counts["sent"] < 2 and time.monotonic() < deadline:
        time.sleep(0.02)
    stop.set()
    thread.join()
    assert not locked.is_locked
    assert work.counts == {"sent": 2}
    assert sorted(one.path for one in receiver.received) == ["/asked", "/other"]
    with database.reading() as conn:
        assert get_subscription(conn, asked.id).status is SubscriptionStatus.ACTIVE


def test_an_answer_that_comes_after_the_subscription_was_removed_confirms_nothing(
    web: Web, receiver: FakeReceiver
) -> None:
    body = {"channel": "webhook", "target": receiver.url()}
    added = web.client.post("/api/v1/subscriptions", json=body, headers=web.unit).json

    def late(handler: BaseHTTPRequestHandler) -> None:
        web.client.delete(f"/api/v1/subscriptions/{added['id']}", headers=web.unit)
        echo(receiver)(handler)

    receiver.answers["/hook"] = late
    assert web.loa.deliverer.deliver_due().sent == 1
    assert status_of(web.loa, added["id"]) is SubscriptionStatus.REMOVED


def link_of(receiver: FakeReceiver) -> str:
    """The path of the link in the last question."""
    url = str(orjson.loads(receiver.received[-1].body)["data"]["confirm_url"])
    return url.removeprefix("https://loa.example")


def test_a_link_that_asked_about_an_earlier_address_confirms_no_later_one_and_says_so(
    web: Web, receiver: FakeReceiver
) -> None:
    body = {"channel": "webhook", "target": receiver.url("/first")}
    added = web.client.post("/api/v1/subscriptions", json=body, headers=web.unit).json["id"]
    web.loa.deliverer.deliver_due()
    old_link = link_of(receiver)
    browser = create_app(web.loa).test_client()
    assert browser.post(old_link).status_code == 200
    assert status_of(web.loa, added) is SubscriptionStatus.ACTIVE
    with web.loa.database.writing() as conn:
        set_target(
            conn, added, receiver.url("/second"), at=web.loa.clock(), allow_private_networks=True
        )
        ask_confirmation(conn, added, web.loa.links, web.loa.clock())
        tell(conn, a_post())
    said = browser.post(old_link)
    assert said.status_code == 403
    assert "không còn giá trị" in said.text
    assert "không còn giá trị" in browser.get(old_link).text
    assert status_of(web.loa, added) is SubscriptionStatus.PENDING
    assert web.loa.deliverer.deliver_due().sent == 1
    assert browser.post(link_of(receiver)).status_code == 200
    assert status_of(web.loa, added) is SubscriptionStatus.ACTIVE
    assert web.loa.deliverer.deliver_due().sent == 1
    assert [one.path for one in receiver.received] == ["/first", "/second", "/second"]
    assert orjson.loads(receiver.received[-1].body)["data"]["id"] == "post-1"


def test_a_question_to_an_earlier_address_is_asked_no_more_and_its_late_answer_confirms_nothing(
    web: Web, receiver: FakeReceiver
) -> None:
    body = {"channel": "webhook", "target": receiver.url("/first")}
    added = web.client.post("/api/v1/subscriptions", json=body, headers=web.unit).json["id"]

    def moved_meanwhile(handler: BaseHTTPRequestHandler) -> None:
        with web.loa.database.writing() as conn:
            set_target(
                conn,
                added,
                receiver.url("/second"),
                at=web.loa.clock(),
                allow_private_networks=True,
            )
        echo(receiver)(handler)

    receiver.answers["/first"] = moved_meanwhile
    web.loa.deliverer.deliver_due()
    assert status_of(web.loa, added) is SubscriptionStatus.PENDING
    assert web.loa.deliverer.deliver_due().sent == 0
    assert [one.path for one in receiver.received] == ["/first"]


def test_what_was_in_the_air_when_the_address_changed_goes_to_the_new_one_only_once_it_is_confirmed(
    web: Web, receiver: FakeReceiver
) -> None:
    def moved_meanwhile(handler: BaseHTTPRequestHandler) -> None:
        with web.loa.database.writing() as conn:
            set_target(
                conn,
                added,
                receiver.url("/second"),
                at=web.loa.clock(),
                allow_private_networks=True,
            )
        status(503)(handler)

    receiver.answers["/first"] = moved_meanwhile
    with web.loa.database.writing() as conn:
        secret = web.loa.secret_box.encrypt(new_secret())
        target = receiver.url("/first")
        new = NewSubscription(
            WEBHOOK,
            target,
            EARLIER,
            language="vi",
            is_confirmed=True,
            secret=secret,
            allow_private_networks=True,
        )
        added = add_subscription(conn, new).id
        tell(conn, a_post())
    web.loa.deliverer.deliver_due()
    clock = web.loa.clock
    assert isinstance(clock, FakeClock)
    clock.advance(3600)
    assert web.loa.deliverer.deliver_due().sent == 0
    assert [one.path for one in receiver.received] == ["/first"]
    with web.loa.database.writing() as conn:
        set_status(conn, added, SubscriptionStatus.ACTIVE, at=clock())
    assert web.loa.deliverer.deliver_due().sent == 1
    assert [one.path for one in receiver.received] == ["/first", "/second"]


def test_D21_how_an_endpoint_answered_is_told_where_its_subscription_is_looked_at(
    terminal: Terminal, receiver: FakeReceiver
) -> None:
    def told(key: str) -> str:
        return terminal.run("subscription", "show", key).stdout

    added = terminal.json("subscription", "add", "webhook", receiver.url())["id"]
    assert "subscription.confirm at" in told(added) and "loa deliver" in told(added)
    receiver.answers["/hook"] = status(500)
    terminal.run("deliver", code=1)
    assert "attempt 1: due, HTTP 500" in told(added) and "asked again at" in told(added)
    receiver.answers["/hook"] = status(200, b"thank you")
    other = terminal.json("subscription", "add", "webhook", receiver.url("/other"))["id"]
    receiver.answers["/other"] = status(200, b"thank you")
    terminal.run("deliver", code=None)
    assert "does not hold the challenge" in told(other)
    shown = terminal.json("subscription", "show", other)["last_asked"]
    assert shown["type"] == "subscription.confirm" and shown["attempts"][0]["status"] == 200
    mail = terminal.json("subscription", "add", "webhook", "https://a.example/", "--confirmed")
    assert terminal.json("subscription", "show", mail["id"])["last_asked"] is None
