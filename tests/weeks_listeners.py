"""Two units of the three weeks that hear otherwise: one whose machine asks for what it is owed, and
one whose software is sent a feed by WebSub beside its webhooks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, urlsplit

import orjson
from flask.testing import FlaskClient

from service.bootstrap import Loa
from service.channels import PULL
from service.services import subscription_acts as acts
from service.services.context import OPERATOR
from service.services.subscription_checks import SubscriptionRequest
from service.types import Filters
from tests import fakes_pull
from tests.fakes_receiver import FakeReceiver, Received, status

TOPIC = "https://loa.example/feeds/directives.atom"
CALLBACK = "/feed"


@dataclass
class PullListener:
    """A machine that asks, and acknowledges what it was handed; unless somebody switched it off."""

    key: str = ""
    token: str = ""
    is_on: bool = True

    def subscribe(self, loa: Loa, unit: str) -> None:
        wanted = SubscriptionRequest(
            PULL, "", unit=unit, filters=Filters(categories=("directives",)), name="máy chủ văn thư"
        )
        with loa.database.writing() as conn:
            added = acts.add(conn, loa, wanted, OPERATOR)
        self.key, self.token = added.subscription.id, str(added.token)

    def ask(self, loa: Loa, client: FlaskClient) -> Iterator[tuple[str, dict[str, object]]]:
        """(id, body) of all that it is owed now."""
        if not self.is_on:
            return
        loa.__dict__.pop("handing", None)  # it notes who asks by a clock that is not these weeks'
        office = fakes_pull.Office(client, self.token)
        while found := office.ask():
            office.ack(fakes_pull.ids_of(found))
            yield from ((one["webhook-id"], orjson.loads(one["body"])) for one in found)


@dataclass
class FeedListener:
    """Software at a host of its own that subscribes to a feed, and is sent it while it renews."""

    receiver: FakeReceiver
    pushed: list[tuple[datetime, str]] = field(default_factory=list)
    """(when, the feed's document)"""

    def subscribe(self, client: FlaskClient, days: int) -> None:
        self.receiver.answers[CALLBACK] = _agrees
        form = {"hub.mode": "subscribe", "hub.topic": TOPIC,
                "hub.callback": self.receiver.url(CALLBACK),
                "hub.lease_seconds": str(days * 86_400)}  # fmt: skip
        answer = client.post("/hub", data=form)
        assert answer.status_code == 202, answer.get_data(as_text=True)

    def take(self, at: datetime) -> list[Received]:
        """What came that is no feed: its webhooks."""
        came, self.receiver.received = self.receiver.received, []
        of_feed = [one for one in came if one.path.partition("?")[0] == CALLBACK]
        self.pushed += [(at, one.body.decode()) for one in of_feed if one.body]
        return [one for one in came if one not in of_feed]

    def came(self, title: str) -> list[datetime]:
        return [at for at, document in self.pushed if title in document]


def _agrees(handler: BaseHTTPRequestHandler) -> None:
    challenge = parse_qs(urlsplit(handler.path).query).get("hub.challenge", [""])[0]
    status(200, challenge.encode())(handler)
