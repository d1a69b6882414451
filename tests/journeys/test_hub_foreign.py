"""A subscriber that somebody else wrote hears from a running hub: npm's `pubsubhubbub`, which verifies
what is signed with `hub.secret`. It is installed where `LOA_NODE_MODULES` says.

Version 1.0.2 asks with a secret that it derives from its own and the topic, and then verifies with
its own, so what listens is given the derived one.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from service.bootstrap import Loa, open_loa
from tests.journeys.test_hub import publish
from tests.journeys.test_serve_processes import ServedFeed
from tests.patience import eventually, free_port

SECRET = "một bí mật của bên nhận"
SETTINGS = """[webhooks]
allow_private_networks = true
[service]
public_url = "http://127.0.0.1:PORT"
"""
SUBSCRIBER = r"""
const pubsub = require('pubsubhubbub');
const crypto = require('crypto');
const [hub, topic, secret, ...ports] = process.argv.slice(1);
const derived = crypto.createHmac('sha1', secret).update(topic).digest('hex');
const say = (port, name, more) => console.log(JSON.stringify({port, name, ...more}));
const asking = [];
// the second verifies with another secret than it asked with: nothing that it is sent is genuine
ports.forEach((port, n) => {
  const callbackUrl = `http://127.0.0.1:${port}/cb`;
  const asks = pubsub.createServer({callbackUrl, secret});
  const hears = pubsub.createServer({callbackUrl, secret: n === 0 ? derived : 'another'});
  hears.on('subscribe', said => say(port, 'subscribe', {topic: said.topic}));
  hears.on('unsubscribe', said => say(port, 'unsubscribe', {topic: said.topic}));
  hears.on('feed', said => say(port, 'feed', {
    topic: said.topic, hub: said.hub, type: said.headers['content-type'],
    feed: said.feed.toString(),
  }));
  hears.on('listen', () => asks.subscribe(topic, hub, error => say(
    port, 'asked', {error: error ? error.message : null})));
  hears.listen(Number(port), '127.0.0.1');
  asking.push(asks);
});
process.stdin.on('data', () => asking[0].unsubscribe(topic, hub, error => say(
  ports[0], 'asked to end', {error: error ? error.message : null})));
"""

pytestmark = pytest.mark.skipif(
    "CI" not in os.environ and not (shutil.which("node") and os.environ.get("LOA_NODE_MODULES")),
    reason="needs node, and LOA_NODE_MODULES naming a folder with pubsubhubbub",
)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[ServedFeed]:
    running = ServedFeed(tmp_path, SETTINGS)
    yield running
    running.end()


@pytest.fixture
def beside(served: ServedFeed) -> Iterator[Loa]:
    loa = open_loa(served.terminal.config, {})
    yield loa
    loa.close()


class Foreigner:
    """The subscriber's process, and what it has said."""

    def __init__(self, served: ServedFeed, folder: Path) -> None:
        root = f"http://127.0.0.1:{served.port}"
        self.topic, self.hub = f"{root}/feeds/all.atom", f"{root}/hub"
        self.ports = [str(free_port()), str(free_port())]
        self._said = folder / "said.jsonl"
        with self._said.open("wb") as stream:
            self.process = subprocess.Popen(
                ["node", "-e", SUBSCRIBER, self.hub, self.topic, SECRET, *self.ports],
                stdin=subprocess.PIPE,
                stdout=stream,
                env={**os.environ, "NODE_PATH": os.environ["LOA_NODE_MODULES"]},
            )

    def said(self, name: str, port: str | None = None) -> list[dict[str, Any]]:
        lines = map(json.loads, self._said.read_text().splitlines())
        return [one for one in lines if one["name"] == name and port in (None, one["port"])]

    def unsubscribe(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(b"end\n")
        self.process.stdin.flush()

    def end(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def foreigner(served: ServedFeed, tmp_path: Path) -> Iterator[Foreigner]:
    made = Foreigner(served, tmp_path)
    yield made
    made.end()


def count(loa: Loa, what: str) -> int:
    with loa.database.reading() as conn:
        return int(conn.execute(text(f"SELECT count(*) FROM {what}")).scalar_one())


def active(loa: Loa) -> int:
    """Callbacks whose answer is noted: a moment after they gave it."""
    return count(loa, "subscription WHERE status = 'active'")


def sent(loa: Loa) -> int:
    """Feeds that a callback has taken with a 2xx."""
    return count(loa, "delivery WHERE state = 'sent'")


@pytest.mark.timeout(120)
def test_npms_subscriber_subscribes_verifies_what_it_is_sent_and_ends(
    foreigner: Foreigner, beside: Loa
) -> None:
    eventually(lambda: len(foreigner.said("asked")) == 2)
    assert {one["error"] for one in foreigner.said("asked")} == {None}
    eventually(lambda: len(foreigner.said("subscribe")) == 2)
    assert {one["topic"] for one in foreigner.said("subscribe")} == {foreigner.topic}
    eventually(lambda: active(beside) == 2)
    publish(beside, 1)
    eventually(lambda: sent(beside) == 2)
    (heard,) = foreigner.said("feed")
    assert heard["port"] == foreigner.ports[0], "the other verifies with another secret"
    assert (heard["topic"], heard["hub"]) == (foreigner.topic, foreigner.hub)
    assert heard["type"] == "application/atom+xml; charset=utf-8"
    assert "<entry" in heard["feed"]
    foreigner.unsubscribe()
    eventually(lambda: bool(foreigner.said("unsubscribe", foreigner.ports[0])))
    eventually(lambda: active(beside) == 1)
    publish(beside, 2)
    eventually(lambda: sent(beside) == 3)
    assert len(foreigner.said("feed")) == 1
