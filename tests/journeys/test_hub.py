"""WebSub: the hub as its subscribers meet it. The cases of websub.rocks' hub and publisher tests are
here by their names, on both databases."""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, urlsplit

import feedparser
import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from service.alerts.message import build_payload
from service.bootstrap import Loa
from service.errors import InvalidInput
from service.services import subscription_acts as acts
from service.services.context import OPERATOR
from service.services.feed_catalogue import load_specs, unlisted_spec
from service.services.hub_acts import LEASE_S, end_leases
from service.services.publish import write_change
from service.services.subscription_checks import SubscriptionRequest
from service.storage.hub import UNVERIFIED_FOR, WAITING_AT_MOST, end_lease, grant_lease
from service.types import ChangeType, Channel, Post
from service.web.app import create_app
from tests.fakes import FakeClock
from tests.fakes_receiver import Answer, FakeReceiver, Received, status
from tests.fakes_web import make_loa, store_post

ROOT = "https://loa.example"
ATOM, RSS, JSON = (f"{ROOT}/feeds/all.{fmt}" for fmt in ("atom", "rss", "json"))
PRIVATE = {"webhooks": {"allow_private_networks": True}}


@pytest.fixture(params=["sqlite", "postgresql"])
def loa(request: pytest.FixtureRequest, clock: FakeClock) -> Iterator[Loa]:
    made = make_loa(request.getfixturevalue(f"{request.param}_url"), clock, **PRIVATE)
    yield made
    made.close()


@pytest.fixture
def client(loa: Loa) -> FlaskClient:
    return create_app(loa).test_client()


@pytest.fixture
def receiver() -> Iterator[FakeReceiver]:
    with FakeReceiver() as fake:
        yield fake


def echo(handler: BaseHTTPRequestHandler) -> None:
    """A subscriber that wants what it is asked about."""
    challenge = parse_qs(urlsplit(handler.path).query).get("hub.challenge", [""])[0]
    status(200, challenge.encode())(handler)


def answer_all(receiver: FakeReceiver, path: str, answer: Answer = echo) -> str:
    """The callback at `path`, whatever its query."""
    receiver.answers[path] = answer
    return receiver.url(path)


def ask(client: FlaskClient, callback: str, topic: str = ATOM, **more: str) -> TestResponse:
    form = {"hub.mode": "subscribe", "hub.topic": topic, "hub.callback": callback}
    return client.post("/hub", data={**form, **{f"hub.{name}": v for name, v in more.items()}})


def query_of(received: Received) -> dict[str, str]:
    return {name: v[0] for name, v in parse_qs(urlsplit(received.path).query).items()}


def rows(loa: Loa, query: str) -> list[tuple[object, ...]]:
    with loa.database.reading() as conn:
        return [tuple(row) for row in conn.execute(text(query))]


def publish(loa: Loa, n: int, **more: str) -> Post:
    post, now = store_post(loa, n, **more), loa.clock()
    payload = build_payload(ChangeType.PUBLISHED, now, post, loa.links)
    with loa.database.writing() as conn:
        write_change(conn, post=post, type=ChangeType.PUBLISHED, at=now, payload=payload)
    return post


def subscribe(
    loa: Loa, client: FlaskClient, receiver: FakeReceiver, topic: str = ATOM, **more: str
) -> None:
    assert ask(client, answer_all(receiver, "/cb"), topic, **more).status_code == 202
    loa.deliverer.deliver_due()
    receiver.received.clear()


def test_hub_100_a_typical_request_is_verified_and_the_feed_is_sent(
    loa: Loa, clock: FakeClock, client: FlaskClient, receiver: FakeReceiver
) -> None:
    callback = answer_all(receiver, "/cb")
    assert ask(client, f"{callback}?me=1").status_code == 202
    assert rows(loa, "SELECT status FROM subscription") == [("pending",)]
    assert receiver.received == []  # the process that was asked dials nobody
    assert loa.deliverer.deliver_due().sent == 1
    (asked,) = receiver.received
    said = query_of(asked)
    assert said.pop("hub.challenge")
    assert said == {
        "me": "1", "hub.mode": "subscribe", "hub.topic": ATOM, "hub.lease_seconds": str(LEASE_S),
    }  # fmt: skip
    assert (asked.body, rows(loa, "SELECT status, name FROM subscription")) == (
        b"",
        [("active", "/feeds/all.atom")],
    )
    receiver.received.clear()
    clock.advance(60)
    post = publish(loa, 1)
    assert loa.deliverer.deliver_due().sent == 1
    (sent,) = receiver.received
    assert sent.headers["content-type"] == "application/atom+xml; charset=utf-8"
    assert sent.headers["link"] == f'<{ROOT}/hub>; rel="hub", <{ATOM}>; rel="self"'
    assert "x-hub-signature" not in sent.headers
    read = feedparser.parse(sent.body)
    assert not read.bozo
    assert [entry.id for entry in read.entries] == [f"urn:uuid:{post.id}"]
    assert read.feed.id == feedparser.parse(client.get("/feeds/all.atom").data).feed.id


def test_hub_101_with_a_secret_what_is_sent_is_signed(
    loa: Loa, clock: FakeClock, client: FlaskClient, receiver: FakeReceiver
) -> None:
    subscribe(loa, client, receiver, secret="bí mật")
    ((sealed,),) = rows(loa, "SELECT secret FROM subscription")
    assert "bí mật".encode() not in bytes(sealed)  # type: ignore[call-overload] # bytes of either driver
    clock.advance(60)
    publish(loa, 1)
    loa.deliverer.deliver_due()
    (sent,) = receiver.received
    wanted = hmac.new("bí mật".encode(), sent.body, sha256).hexdigest()
    assert sent.headers["x-hub-signature"] == f"sha256={wanted}"


def test_hub_102_parameters_that_nobody_knows_are_ignored(
    loa: Loa, client: FlaskClient, receiver: FakeReceiver
) -> None:
    assert ask(client, answer_all(receiver, "/cb"), foo="bar", verify="async").status_code == 202
    assert loa.deliverer.deliver_due().sent == 1


def test_hub_103_a_renewal_replaces_secret_and_lease_and_is_told_once(
    loa: Loa, clock: FakeClock, client: FlaskClient, receiver: FakeReceiver
) -> None:
    subscribe(loa, client, receiver, secret="old", lease_seconds="300")
    clock.advance(200)
    subscribe(loa, client, receiver, secret="new", lease_seconds="99999999")
    until = clock() + timedelta(days=30)
    assert rows(loa, "SELECT until FROM hub_lease") == [(int(until.timestamp() * 1_000_000),)]
    clock.advance(200)
    assert end_leases(loa.database, loa) == 0
    publish(loa, 1)
    loa.deliverer.deliver_due()
    (sent,) = receiver.received
    wanted = hmac.new(b"new", sent.body, sha256).hexdigest()
    assert sent.headers["x-hub-signature"] == f"sha256={wanted}"


def test_leases_that_ended_are_forgotten_some_at_a_time(
    loa: Loa, clock: FakeClock, client: FlaskClient, receiver: FakeReceiver,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr("service.storage.hub.ENDED_AT_ONCE", 1)
    for path in ("/a", "/b"):
        assert ask(client, receiver.url(path)).status_code == 202
    clock.advance(UNVERIFIED_FOR.total_seconds() + 1)
    assert end_leases(loa.database, loa) == 2
    assert rows(loa, "SELECT * FROM hub_lease") == []


def test_hub_104_an_unsubscription_is_verified_and_nothing_is_left(
    loa: Loa, clock: FakeClock, client: FlaskClient, receiver: FakeReceiver
) -> None:
    subscribe(loa, client, receiver)
    clock.advance(60)
    publish(loa, 1)
    loa.deliverer.deliver_due()
    receiver.received.clear()
    assert ask(client, receiver.url("/cb"), mode="unsubscribe").status_code == 202
    loa.deliverer.deliver_due()
    said = query_of(receiver.received.pop())
    assert (said["hub.mode"], "hub.lease_seconds" in said) == ("unsubscribe", False)
    publish(loa, 2)
    assert loa.deliverer.deliver_due().sent == 0
    assert end_leases(loa.database, loa) == 1
    for table in ("subscription", "hub_lease", "message", "delivery", "attempt", "endpoint"):
        assert rows(loa, f"SELECT * FROM {table}") == []


def _denied(received: Received) -> dict[str, str]:
    said = query_of(received)
    assert received.body == b"" and received.headers.get("x-hub-signature") is None
    return said


def test_who_is_ended_by_the_operator_is_told_why_once_and_sent_no_more(
    loa: Loa, clock: FakeClock, client: FlaskClient, receiver: FakeReceiver
) -> None:
    assert ask(client, answer_all(receiver, "/cb") + "?me=1").status_code == 202
    loa.deliverer.deliver_due()
    receiver.received.clear()
    clock.advance(60)
    ((key,),) = rows(loa, "SELECT id FROM subscription")
    with loa.database.writing() as conn:
        acts.remove(conn, loa, str(key), OPERATOR)
    publish(loa, 1)
    assert end_leases(loa.database, loa) == 0  # it is to be told first
    assert loa.deliverer.deliver_due().sent == 1
    (told,) = receiver.received
    assert _denied(told) == {
        "me": "1", "hub.mode": "denied", "hub.topic": ATOM,
        "hub.reason": "quản trị viên của hub đã ngừng đăng ký này",
    }  # fmt: skip
    assert end_leases(loa.database, loa) == 1
    assert rows(loa, "SELECT * FROM subscription") == rows(loa, "SELECT * FROM message") == []


def test_who_is_subscribed_to_a_feed_that_is_no_more_is_told_so(
    loa: Loa, clock: FakeClock, client: FlaskClient, receiver: FakeReceiver
) -> None:
    subscribe(loa, client, receiver, f"{ROOT}/feeds/quangxuong.rss")
    assert ask(client, answer_all(receiver, "/stays")).status_code == 202
    loa.deliverer.deliver_due()
    receiver.received.clear()
    clock.advance(60)
    with loa.database.writing() as conn:
        conn.execute(
            text("UPDATE hub_lease SET topic = '/feeds/nothing.rss' WHERE topic LIKE '%rss'")
        )
    assert end_leases(loa.database, loa) == 0
    assert loa.deliverer.deliver_due().sent == 1
    (told,) = receiver.received
    assert _denied(told)["hub.mode"] == "denied"
    assert _denied(told)["hub.reason"] == "nguồn tin này không còn nữa"
    assert end_leases(loa.database, loa) == 1
    assert rows(loa, "SELECT name FROM subscription") == [("/feeds/all.atom",)]


def test_a_callback_that_never_confirmed_is_told_nothing_of_its_end(
    loa: Loa, client: FlaskClient, receiver: FakeReceiver
) -> None:
    assert ask(client, answer_all(receiver, "/cb")).status_code == 202
    ((key,),) = rows(loa, "SELECT id FROM subscription")
    with loa.database.writing() as conn:
        acts.remove(conn, loa, str(key), OPERATOR)
    assert loa.deliverer.deliver_due().sent == 0
    assert receiver.received == []
    assert end_leases(loa.database, loa) == 1


@pytest.mark.parametrize("code", [404, 410, 500])
def test_a_callback_that_does_not_hear_that_it_ended_is_forgotten(
    loa: Loa, clock: FakeClock, client: FlaskClient, receiver: FakeReceiver, code: int
) -> None:
    subscribe(loa, client, receiver)
    receiver.answers["/cb"] = status(code)
    ((key,),) = rows(loa, "SELECT id FROM subscription")
    with loa.database.writing() as conn:
        acts.remove(conn, loa, str(key), OPERATOR)
    for _ in range(6):
        loa.deliverer.deliver_due()
        clock.advance(30_000)
    end_leases(loa.database, loa)
    assert rows(loa, "SELECT * FROM subscription") == rows(loa, "SELECT * FROM message") == []


@pytest.mark.parametrize("code", [400, 404, 410, 302])
def test_a_challenge_that_is_answered_by_a_refusal_subscribes_nobody(
    loa: Loa, client: FlaskClient, receiver: FakeReceiver, code: int
) -> None:
    def refuse(handler: BaseHTTPRequestHandler) -> None:
        challenge = parse_qs(urlsplit(handler.path).query)["hub.challenge"][0]
        status(code, challenge.encode())(handler)

    assert ask(client, answer_all(receiver, "/cb", refuse)).status_code == 202
    loa.deliverer.deliver_due()
    assert rows(loa, "SELECT status FROM subscription") == [("pending",)]
    publish(loa, 1)
    assert loa.deliverer.deliver_due().sent == 0


@pytest.mark.parametrize("wrong", [b"", b"another", b"<p>%s</p>", b"%s%s"])
def test_a_wrong_challenge_subscribes_nobody(
    loa: Loa, client: FlaskClient, receiver: FakeReceiver, wrong: bytes
) -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        challenge = parse_qs(urlsplit(handler.path).query)["hub.challenge"][0].encode()
        status(200, wrong.replace(b"%s", challenge))(handler)

    assert ask(client, answer_all(receiver, "/cb", answer)).status_code == 202
    loa.deliverer.deliver_due()
    assert rows(loa, "SELECT status FROM subscription") == [("pending",)]


def test_hub_105_and_106_each_format_is_sent_as_itself(
    loa: Loa, clock: FakeClock, client: FlaskClient, receiver: FakeReceiver
) -> None:
    for topic in (RSS, JSON):
        subscribe(loa, client, receiver, topic)
    clock.advance(60)
    post = publish(loa, 1)
    assert loa.deliverer.deliver_due().sent == 2
    sent = {one.headers["content-type"]: one.body for one in receiver.received}
    assert set(sent) == {"application/rss+xml; charset=utf-8", "application/feed+json"}
    items = json.loads(sent["application/feed+json"])["items"]
    assert [item["id"] for item in items] == [f"urn:uuid:{post.id}"]
    assert len(feedparser.parse(sent["application/rss+xml; charset=utf-8"]).entries) == 1


def test_publisher_discovery_by_header_and_by_what_the_feed_says(
    loa: Loa, client: FlaskClient
) -> None:
    store_post(loa, 1)
    for topic in (ATOM, RSS, JSON):
        answer = client.get(topic.removeprefix(ROOT))
        assert answer.headers["Link"] == f'<{ROOT}/hub>; rel="hub", <{topic}>; rel="self"'
        if topic == JSON:
            hubs = [{"type": "WebSub", "url": f"{ROOT}/hub"}]
            assert (answer.json["hubs"], answer.json["feed_url"]) == (hubs, topic)  # type: ignore[index] # it is JSON
            continue
        links = feedparser.parse(answer.data).feed.links
        found = {link.rel: link.href for link in links}
        assert (found["hub"], found["self"]) == (f"{ROOT}/hub", topic)
    narrowed = client.get("/feeds/all.atom?category=directives")
    assert "Link" not in narrowed.headers  # it is no topic
    assert b'rel="hub"' not in narrowed.data


@pytest.mark.parametrize(
    "answer", [status(404), status(200, b"something else"), status(204), status(302)]
)
def test_a_callback_that_does_not_confirm_is_sent_nothing_and_forgotten(
    loa: Loa, clock: FakeClock, client: FlaskClient, receiver: FakeReceiver, answer: Answer
) -> None:
    ask(client, answer_all(receiver, "/cb", answer))
    assert loa.deliverer.deliver_due().failed == 1
    (detail,) = rows(loa, "SELECT detail FROM message")
    assert "websub.refused" in str(detail)
    publish(loa, 1)
    assert loa.deliverer.deliver_due().sent == 0
    assert end_leases(loa.database, loa) == 1
    assert rows(loa, "SELECT * FROM subscription") == []


def test_a_stranger_ends_nothing_and_changes_nothing_of_anothers(
    loa: Loa, clock: FakeClock, client: FlaskClient, receiver: FakeReceiver
) -> None:
    subscribe(loa, client, receiver, secret="mine")
    before = rows(loa, "SELECT secret FROM subscription")
    answer_all(receiver, "/cb", status(404))
    ask(client, receiver.url("/cb"), mode="unsubscribe")
    ask(client, receiver.url("/cb"), secret="theirs")
    assert loa.deliverer.deliver_due().failed == 2
    assert end_leases(loa.database, loa) == 0
    assert rows(loa, "SELECT secret FROM subscription") == before
    assert rows(loa, "SELECT status FROM subscription") == [("active",)]
    assert ask(client, receiver.url("/none"), mode="unsubscribe").status_code == 202
    assert len(rows(loa, "SELECT id FROM subscription")) == 1


def test_a_lease_ends_by_itself_and_so_does_what_was_never_confirmed(
    loa: Loa, clock: FakeClock, client: FlaskClient, receiver: FakeReceiver
) -> None:
    subscribe(loa, client, receiver, lease_seconds="1")  # five minutes are the least
    clock.advance(299)
    assert end_leases(loa.database, loa) == 0
    clock.advance(2)
    assert end_leases(loa.database, loa) == 1
    ask(client, receiver.url("/cb"))
    clock.advance(UNVERIFIED_FOR.total_seconds() + 1)
    assert end_leases(loa.database, loa) == 1
    assert rows(loa, "SELECT * FROM hub_lease") == []


def test_a_callback_that_fails_at_every_attempt_or_is_gone_is_ended_and_nobody_is_told(
    loa: Loa, clock: FakeClock, client: FlaskClient, receiver: FakeReceiver
) -> None:
    for answer, attempts in ((status(500), 5), (status(410), 1)):
        subscribe(loa, client, receiver)
        answer_all(receiver, "/cb", answer)
        clock.advance(60)
        publish(loa, attempts)
        for _ in range(attempts):
            loa.deliverer.deliver_due()
            clock.advance(8 * 3600)
        assert len(receiver.received) == attempts
        assert end_leases(loa.database, loa) == 1
    assert rows(loa, "SELECT id FROM message WHERE channel = 'email'") == []


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"mode": "publish"}, "hub.mode"),
        ({"topic": "https://other.example/feeds/all.atom"}, "hub.topic"),
        ({"topic": f"{ROOT}/feeds/none.atom"}, "hub.topic"),
        ({"topic": f"{ROOT}/feeds/all.ics"}, "hub.topic"),
        ({"topic": f"{ROOT}/all.atom"}, "hub.topic"),
        ({"callback": "ftp://a.example/"}, "hub.callback"),
        ({"secret": "x" * 200}, "hub.secret"),
        ({"lease_seconds": "soon"}, "hub.lease_seconds"),
    ],
)
def test_what_cannot_be_is_refused_with_the_reason(
    loa: Loa, client: FlaskClient, more: dict[str, str], field: str
) -> None:
    given = {"callback": "https://reader.example/cb", "topic": ATOM, **more}
    answer = ask(client, **given)
    assert (answer.status_code, answer.mimetype) == (400, "text/plain")
    assert field in answer.text
    assert rows(loa, "SELECT id FROM subscription") == []


def test_a_private_address_is_refused_where_it_is_asked_and_where_it_is_dialled(
    sqlite_url: str, clock: FakeClock
) -> None:
    loa = make_loa(sqlite_url, clock)
    client = create_app(loa).test_client()
    for callback in ("https://127.0.0.1/cb", "https://10.0.0.1/cb", "http://reader.example/cb"):
        assert ask(client, callback).status_code == 400
    assert ask(client, "https://reader.example/cb").status_code == 202
    with loa.database.writing() as conn:  # as if its name led there
        conn.execute(text("UPDATE subscription SET target = 'https://127.0.0.1/cb'"))
    loa.deliverer.deliver_due()
    assert rows(loa, "SELECT detail, state FROM message") == [("webhook.forbidden", "failed")]
    loa.close()


def test_strangers_have_limits(sqlite_url: str, clock: FakeClock, receiver: FakeReceiver) -> None:
    limits = {"max_subscriptions": 3, "per_host": 2}
    loa = make_loa(sqlite_url, clock, websub=limits)
    client = create_app(loa).test_client()
    for n in range(2):
        assert ask(client, f"https://a.example/{n}").status_code == 202
    assert (answer := ask(client, "https://a.example/3")).status_code == 409
    assert "a.example" in answer.text
    assert ask(client, "https://b.example/1").status_code == 202
    assert ask(client, "https://c.example/1").status_code == 409
    for _ in range(WAITING_AT_MOST - 1):  # one waits already
        assert ask(client, "https://b.example/1").status_code == 202
    assert ask(client, "https://b.example/1").status_code == 409
    answers = {ask(client, "https://c.example/1").status_code for _ in range(120)}
    assert answers == {409, 429}
    loa.close()


def test_a_feed_of_deadlines_is_sent_only_what_has_one(
    loa: Loa, clock: FakeClock, client: FlaskClient, receiver: FakeReceiver
) -> None:
    subscribe(loa, client, receiver, f"{ROOT}/feeds/deadlines.atom")
    clock.advance(60)
    publish(loa, 1)
    assert loa.deliverer.deliver_due().skipped == 1
    assert rows(loa, "SELECT state, reason FROM delivery") == [("skipped", "websub.unneeded")]


def test_each_feed_of_a_category_a_portal_or_a_place_is_a_topic(
    loa: Loa, client: FlaskClient, clock: FakeClock, receiver: FakeReceiver
) -> None:
    subscribe(loa, client, receiver, f"{ROOT}/feeds/events.atom")
    subscribe(loa, client, receiver, f"{ROOT}/feeds/quangxuong/directives.json")
    place = loa.gazetteer.listed[0].id
    subscribe(loa, client, receiver, f"{ROOT}/feeds/places/{place}.rss")
    clock.advance(60)
    publish(loa, 1, category="directives")
    assert loa.deliverer.deliver_due().sent == 1
    assert receiver.received[0].headers["content-type"] == "application/feed+json"


def test_the_hub_can_be_switched_off_and_no_door_adds_such_a_subscription(
    sqlite_url: str, clock: FakeClock
) -> None:
    loa = make_loa(sqlite_url, clock, websub={"enabled": False})
    client = create_app(loa).test_client()
    assert (client.get("/hub").status_code, ask(client, "https://a.example/").status_code) == (
        404,
        404,
    )
    answer = client.get("/feeds/all.atom")
    assert ("Link" in answer.headers, b'rel="hub"' in answer.data) == (False, False)
    wanted = SubscriptionRequest(Channel("websub"), "https://a.example/")
    with loa.database.writing() as conn, pytest.raises(InvalidInput, match="/hub"):
        acts.add(conn, loa, wanted, OPERATOR)
    loa.close()


def test_the_page_for_people_says_what_it_is(loa: Loa, client: FlaskClient) -> None:
    assert "WebSub" in client.get("/hub").text


def test_an_answer_that_comes_when_all_is_over_changes_nothing(loa: Loa, clock: FakeClock) -> None:
    with loa.database.writing() as conn:
        grant_lease(conn, "gone", None, clock(), clock())
        end_lease(conn, "gone", clock())
    assert rows(loa, "SELECT * FROM subscription") == []


def test_the_feeds_that_there_are_hold_places_that_posts_name_and_no_table_knows(
    loa: Loa, client: FlaskClient
) -> None:
    post = store_post(loa, 1)
    units, listed = list(loa.gazetteer.units()), set(loa.gazetteer.listed)
    former = next(one.place.id for one in units if one.ends_on and one.place not in listed)
    unlisted = next(
        (one.place.id for one in units if not one.ends_on and one.place not in listed),
        loa.gazetteer.listed[0].id,
    )
    with loa.database.writing() as conn:
        for place in ("no-such-1", former, unlisted):
            add = text("INSERT INTO post_place(post_id, place_id) VALUES (:post, :place)")
            conn.execute(add, {"post": post.id, "place": place})
        specs = load_specs(conn, loa)
    assert {f"places/{place}" in specs for place in ("no-such-1", unlisted)} == {True}
    assert f"places/{former}" not in specs
    assert unlisted_spec(loa, f"places/{former}") is not None
    assert unlisted_spec(loa, "places/no-such-1") is None
    assert unlisted_spec(loa, "none") is None
