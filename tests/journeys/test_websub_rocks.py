"""The cases of websub.rocks (github.com/aaronpk/websub.rocks), the conformance tests of the W3C
recommendation, restated one by one: `app/Publisher.php` discovers and subscribes, `app/Hub.php` is
the subscriber of the hub tests 100 to 106, and judges what it is sent as `post_subscriber` does.

Loa's hub is one that is integrated with what publishes (`publisher = remote` there): its topics are
the feeds. A topic of plain text (105) is none of them: the hub refuses it, and the subscriber is
told so.
"""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Iterator
from difflib import SequenceMatcher
from hashlib import sha256
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from service.alerts.message import build_payload
from service.bootstrap import Loa
from service.services.hub_acts import end_leases
from service.services.publish import write_change
from service.types import ChangeType
from service.web.app import create_app
from tests.fakes import FakeClock
from tests.fakes_receiver import FakeReceiver, Received, status
from tests.fakes_web import make_loa, store_post

ROOT = "https://loa.example"
FORMATS = ("atom", "rss", "json")
ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture(params=["sqlite", "postgresql"])
def loa(request: pytest.FixtureRequest, clock: FakeClock) -> Iterator[Loa]:
    private = {"allow_private_networks": True}
    made = make_loa(request.getfixturevalue(f"{request.param}_url"), clock, webhooks=private)
    yield made
    made.close()


@pytest.fixture
def client(loa: Loa) -> FlaskClient:
    return create_app(loa).test_client()


def http_rels(link: str) -> dict[str, list[str]]:
    """`IndieWeb\\http_rels`: the addresses of a Link header by their relation."""
    found: dict[str, list[str]] = {}
    for url, rel in re.findall(r'<([^>]+)>\s*;\s*rel="?([\w -]+)"?', link):
        for one in rel.split():
            found.setdefault(one, []).append(url)
    return found


def document_rels(answer: TestResponse) -> dict[str, list[str]]:
    """As `Publisher::discover` reads a body: `atom:link` of a feed or of an RSS channel."""
    top = ElementTree.fromstring(answer.data)  # it is our own
    holder = top if top.tag == f"{ATOM}feed" else top.find("channel")
    assert holder is not None
    found: dict[str, list[str]] = {}
    for link in holder.findall(f"{ATOM}link"):
        found.setdefault(link.get("rel", ""), []).append(link.get("href", ""))
    return found


class Subscriber:
    """The subscriber of the hub tests: asks, answers the verification as `get_subscriber`, and
    judges a notification as `post_subscriber`."""

    def __init__(self, loa: Loa, client: FlaskClient, topic: str, secret: str = "") -> None:
        self._loa, self._client, self.topic, self.secret = loa, client, topic, secret
        rels = http_rels(client.get(topic.removeprefix(ROOT)).headers.get("Link", ""))
        self.hub, self.self_url = rels["hub"][0], rels["self"][0]
        self.receiver = FakeReceiver()
        self.path = f"/hub/100/sub/{secrets.token_hex(10)}"
        self.receiver.answers[self.path] = self._answer
        self.verified: list[str] = []
        self.mode = ""

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        if handler.command == "POST":
            status(200)(handler)
            return
        query = {name: one[0] for name, one in parse_qs(urlsplit(handler.path).query).items()}
        is_right = (
            query.get("hub.mode") == self.mode
            and query.get("hub.topic") == self.topic
            and "hub.challenge" in query
            and (self.mode == "unsubscribe" or "hub.lease_seconds" in query)
        )
        if not is_right:
            status(404)(handler)
            return
        self.verified.append(self.mode)
        status(200, query["hub.challenge"].encode())(handler)

    def ask(self, mode: str = "subscribe", **more: str) -> TestResponse:
        self.mode = mode
        form = {"hub.mode": mode, "hub.topic": self.topic,
                "hub.callback": self.receiver.url(self.path)}  # fmt: skip
        if self.secret:
            form["hub.secret"] = self.secret
        return self._client.post(urlsplit(self.hub).path, data={**form, **more})

    def be_active(self, mode: str = "subscribe", **more: str) -> None:
        """It is told 202 (Queued), and verified by the hub afterwards."""
        before = len(self.verified)
        assert self.ask(mode, **more).status_code == 202
        self._loa.deliverer.deliver_due()
        assert self.verified[before:] == [mode]
        self.receiver.received.clear()

    def notifications(self) -> list[Received]:
        self._loa.deliverer.deliver_due()
        return [one for one in self.receiver.received if one.body]

    def hears(self, clock: FakeClock, n: int) -> Received:
        """The one notification of a post that is published now, judged."""
        create_post(self._loa, clock, n)
        (sent,) = self.notifications()
        self.judge(sent)
        return sent

    def judge(self, sent: Received) -> None:
        """`post_subscriber`, check by check."""
        topic = self._client.get(self.topic.removeprefix(ROOT))
        assert sent.body.strip(), "empty_payload"
        likeness = SequenceMatcher(None, sent.body.decode(), topic.text, autojunk=False).ratio()
        assert likeness >= 0.05, "body_mismatch"
        assert sent.headers["content-type"] == topic.content_type, "content_type_mismatch"
        rels = http_rels(sent.headers["link"])
        assert rels["hub"] == [self.hub], "link_header"
        assert rels["self"] == [self.topic], "link_header"
        signature = sent.headers.get("x-hub-signature")
        if not self.secret:
            assert signature is None, "signature"
            return
        assert signature, "signature"
        method, _, said = signature.partition("=")
        assert method in ("sha1", "sha256", "sha384", "sha512"), "signature_mismatch"
        computed = hmac.new(self.secret.encode(), sent.body, method).hexdigest()
        assert hmac.compare_digest(said, computed), "signature_mismatch"


@pytest.fixture
def subscribers() -> Iterator[list[Subscriber]]:
    made: list[Subscriber] = []
    yield made
    for one in made:
        one.receiver.__exit__(None, None, None)


def subscriber(
    subscribers: list[Subscriber],
    loa: Loa,
    client: FlaskClient,
    fmt: str = "atom",
    secret: str = "",
) -> Subscriber:
    made = Subscriber(loa, client, f"{ROOT}/feeds/all.{fmt}", secret)
    made.receiver.__enter__()
    subscribers.append(made)
    return made


def create_post(loa: Loa, clock: FakeClock, n: int) -> None:
    clock.advance(60)
    post, now = store_post(loa, n), loa.clock()
    payload = build_payload(ChangeType.PUBLISHED, now, post, loa.links)
    with loa.database.writing() as conn:
        write_change(conn, post=post, type=ChangeType.PUBLISHED, at=now, payload=payload)


@pytest.mark.parametrize("fmt", FORMATS)
def test_publisher_http_header_discovery(loa: Loa, client: FlaskClient, fmt: str) -> None:
    rels = http_rels(client.get(f"/feeds/all.{fmt}").headers["Link"])
    assert rels == {"hub": [f"{ROOT}/hub"], "self": [f"{ROOT}/feeds/all.{fmt}"]}


@pytest.mark.parametrize("fmt", ["atom", "rss"])
def test_publisher_document_discovery_says_what_the_header_says(
    loa: Loa, client: FlaskClient, fmt: str
) -> None:
    answer = client.get(f"/feeds/all.{fmt}")
    header, document = http_rels(answer.headers["Link"]), document_rels(answer)
    assert {name: document[name] for name in ("hub", "self")} == header


def test_publisher_self_is_the_topic_whatever_address_led_to_it(
    loa: Loa, client: FlaskClient
) -> None:
    """`self` is what is subscribed to, and is one more address of the same feed."""
    rels = http_rels(client.get("/feeds/all.atom?utm_source=x").headers["Link"])
    assert rels["self"] == [f"{ROOT}/feeds/all.atom"]
    assert client.head("/feeds/all.atom").headers["Link"]


def test_publisher_subscription_with_a_lease_of_two_hours_is_verified_and_active(
    loa: Loa, clock: FakeClock, client: FlaskClient, subscribers: list[Subscriber]
) -> None:
    one = subscriber(subscribers, loa, client)
    one.path = f"{one.path}?token=abc"
    one.receiver.answers[one.path.partition("?")[0]] = one._answer
    assert one.ask(**{"hub.lease_seconds": "7200"}).status_code == 202
    loa.deliverer.deliver_due()
    (asked,) = one.receiver.received
    query = parse_qs(urlsplit(asked.path).query)
    assert (query["token"], query["hub.lease_seconds"]) == (["abc"], ["7200"])
    clock.advance(7199)
    assert end_leases(loa.database, loa) == 0
    clock.advance(2)
    assert end_leases(loa.database, loa) == 1


def test_100_typical_subscriber_request(
    loa: Loa, clock: FakeClock, client: FlaskClient, subscribers: list[Subscriber]
) -> None:
    one = subscriber(subscribers, loa, client)
    one.be_active()
    one.hears(clock, 1)


def test_101_subscription_with_secret(
    loa: Loa, clock: FakeClock, client: FlaskClient, subscribers: list[Subscriber]
) -> None:
    one = subscriber(subscribers, loa, client, secret=secrets.token_urlsafe(15))
    one.be_active()
    sent = one.hears(clock, 1)
    assert sha256(sent.body).hexdigest() not in sent.headers["x-hub-signature"]


def test_102_subscriber_sends_additional_parameters(
    loa: Loa, clock: FakeClock, client: FlaskClient, subscribers: list[Subscriber]
) -> None:
    one = subscriber(subscribers, loa, client)
    one.be_active(**{"foo": "bar", "hub.foo": "hub.bar"})
    one.hears(clock, 1)


def test_103_re_subscribes_before_expiration_and_is_notified_once(
    loa: Loa, clock: FakeClock, client: FlaskClient, subscribers: list[Subscriber]
) -> None:
    one = subscriber(subscribers, loa, client)
    one.be_active()
    one.hears(clock, 1)
    one.be_active()
    one.hears(clock, 2)


def test_104_unsubscription(
    loa: Loa, clock: FakeClock, client: FlaskClient, subscribers: list[Subscriber]
) -> None:
    one = subscriber(subscribers, loa, client)
    one.be_active()
    one.hears(clock, 1)
    one.be_active("unsubscribe")
    create_post(loa, clock, 2)
    assert one.notifications() == []


def test_105_plaintext_topic_is_none_of_an_integrated_hub(
    loa: Loa, client: FlaskClient, subscribers: list[Subscriber]
) -> None:
    one = subscriber(subscribers, loa, client)
    one.topic = f"{ROOT}/robots.txt"
    answer = one.ask()
    assert (answer.status_code, answer.mimetype) == (400, "text/plain")
    assert "hub.topic" in answer.text
    loa.deliverer.deliver_due()
    assert one.verified == []


@pytest.mark.parametrize("secret", ["", "x" * 20])
@pytest.mark.parametrize("fmt", ["json", "rss"])
def test_106_json_topic_and_rss_are_sent_as_they_are(
    loa: Loa, clock: FakeClock, client: FlaskClient, subscribers: list[Subscriber], fmt: str,
    secret: str,
) -> None:  # fmt: skip
    one = subscriber(subscribers, loa, client, fmt, secret)
    one.be_active()
    one.hears(clock, 1)


def test_publish_requests_are_not_for_strangers(
    loa: Loa, client: FlaskClient, subscribers: list[Subscriber]
) -> None:
    """`hub.mode=publish` is what a public hub is told by others; this one publishes alone."""
    one = subscriber(subscribers, loa, client)
    assert one.ask("publish").status_code == 400
