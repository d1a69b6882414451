"""A developer's tools: a recorded example posted to `loa webhook listen`, the handshake answered, and
CloudEvents' headers as an option of a webhook."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from service.alerts.examples import EXAMPLE_TYPES
from service.alerts.signing import new_secret
from service.bootstrap import Loa
from service.services import subscription_acts as acts
from service.services.context import OPERATOR
from service.services.subscription_checks import SubscriptionChanges, SubscriptionRequest
from service.types import WEBHOOK
from service.web.api.webhook_shapes import webhook_schema
from tests.fakes import FakeClock
from tests.fakes_pull import publish, rows
from tests.fakes_receiver import FakeReceiver
from tests.fakes_web import make_loa
from tests.journeys.cli import Terminal


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    return Terminal(tmp_path)


class Listening:
    """A running `loa webhook listen`."""

    def __init__(self, secret: str, *more: str) -> None:
        self._process = subprocess.Popen(
            [
                sys.executable, "-m", "service", "webhook", "listen", "--port", "0", "--json",
                "--secret", secret, *more,
            ],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self._process.stderr is not None
        self.url = self._process.stderr.readline().split()[2].rstrip(";")

    def end(self) -> list[dict[str, Any]]:
        out, _ = self._process.communicate(timeout=15)
        assert self._process.returncode == 0
        return [json.loads(line) for line in out.splitlines()]


def test_every_example_is_taken_by_the_listener_and_one_with_another_secret_is_not(
    terminal: Terminal,
) -> None:
    secret = new_secret()
    listening = Listening(secret, "--count", str(len(EXAMPLE_TYPES) + 1))
    for type_ in EXAMPLE_TYPES:
        said = terminal.json("webhook", "example", type_, "--sign", secret, "--post", listening.url)
        assert said["status"] == (200 if type_ == "subscription.confirm" else 204)
    said = terminal.refused(
        "webhook", "example", "post.updated", "--sign", new_secret(), "--post", listening.url,
        code=1,
    )  # fmt: skip
    assert "2xx" in said
    came = listening.end()
    assert [one["type"] for one in came] == [*EXAMPLE_TYPES, "post.updated"]
    assert [one["verified"] for one in came] == [True] * len(EXAMPLE_TYPES) + [False]


def test_the_examples_and_schemas_are_printed_and_what_cannot_be_used_is_named(
    terminal: Terminal,
) -> None:
    shown = terminal.json("webhook", "example", "post.published", "--sign", "whsec_eA==")
    schema = json.loads(terminal.run("webhook", "schema", "post.published").stdout)
    jsonschema_rs.validator_for(schema).validate(json.loads(shown["body"]))
    text = terminal.run(
        "webhook", "example", "subscription.test", "--sign", "whsec_eA==", "--cloudevents"
    ).stdout
    assert "webhook-signature: v1," in text and "ce-type: subscription.test" in text
    assert "no secret" in terminal.refused("webhook", "example", "post.updated", "--sign", "x")
    assert "post.published" in terminal.refused("webhook", "example", "post", "--sign", "x")
    assert "not given" in terminal.refused("webhook", "listen")
    assert "no secret" in terminal.refused("webhook", "listen", "--secret", "whsec_é")


@pytest.fixture
def loa(sqlite_url: str, clock: FakeClock) -> Iterator[Loa]:
    made = make_loa(sqlite_url, clock, webhooks={"allow_private_networks": True})
    made.ready_to_send()
    yield made
    made.close()


def add(loa: Loa, url: str, **more: Any) -> str:
    with loa.database.writing() as conn:
        request = SubscriptionRequest(WEBHOOK, url, is_confirmed=True, **more)
        return acts.add(conn, loa, request, OPERATOR).subscription.id


def test_a_subscription_may_ask_for_the_headers_of_cloudevents_and_the_body_stays_the_same(
    loa: Loa, clock: FakeClock
) -> None:
    with FakeReceiver() as receiver:
        add(loa, receiver.url("/plain"))
        with_them = add(loa, receiver.url("/ce"), is_cloudevents=True)
        clock.advance(60)
        publish(loa, "post-1")
        loa.deliverer.deliver_due()
        by_path = {one.path: one for one in receiver.received}
        plain, told = by_path["/plain"], by_path["/ce"]
        assert plain.body == told.body
        assert not [name for name in plain.headers if name.lower().startswith("ce-")]
        said = {name.lower(): value for name, value in told.headers.items()}
        assert said["ce-type"] == "post.published" and said["ce-id"] == said["webhook-id"]
        assert said["ce-source"] == "https://loa.example"
        assert said["content-type"] == "application/json"
        jsonschema_rs.validator_for(webhook_schema("post.published")).validate(
            json.loads(told.body)
        )
        with loa.database.writing() as conn:
            changes = SubscriptionChanges(is_cloudevents=False)
            assert not acts.edit(conn, loa, with_them, changes, OPERATOR).is_cloudevents
    assert rows(loa, "SELECT sum(is_cloudevents) FROM subscription") == [(0,)]
