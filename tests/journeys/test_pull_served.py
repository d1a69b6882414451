"""Asking a running service: waits end when something is owed, when the server stops, when the client
goes; public signatures are verified by a library that knows nothing of Loa."""

from __future__ import annotations

import base64
import json
import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import text
from standardwebhooks import Webhook

from service.bootstrap import Loa, open_loa
from service.web.server.waiting import A_TOKEN
from tests.fakes_pull import publish
from tests.journeys.test_serve_processes import ServedFeed
from tests.patience import eventually


@pytest.fixture
def served(tmp_path: Path) -> Iterator[ServedFeed]:
    running = ServedFeed(tmp_path)
    yield running
    running.end()


@pytest.fixture
def beside(served: ServedFeed) -> Iterator[Loa]:
    """Another process's Loa over the same database."""
    loa = open_loa(served.terminal.config, {})
    yield loa
    loa.close()


def get(served: ServedFeed, path: str, token: str = "") -> tuple[int, dict[str, str], bytes]:
    request = urllib.request.Request(f"http://127.0.0.1:{served.port}{path}")
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    try:
        with urllib.request.urlopen(request, timeout=70) as answer:
            return answer.status, dict(answer.headers), answer.read()
    except urllib.error.HTTPError as error:
        with error:
            found = {name.lower(): value for name, value in error.headers.items()}
            return error.code, found, error.read()


def ask(served: ServedFeed, token: str, query: str = "wait_s=30") -> list[dict[str, str]]:
    status, _, body = get(served, f"/api/v1/stream?{query}", token)
    assert status == 200, body
    return list(json.loads(body)["messages"])


class Asking(threading.Thread):
    """Asks in a thread of its own; `found` is there when it has ended."""

    def __init__(self, served: ServedFeed, token: str) -> None:
        super().__init__(daemon=True)
        self._of = served, token
        self.found: list[dict[str, str]] | None = None
        self.start()

    def run(self) -> None:
        self.found = ask(*self._of)


def add(served: ServedFeed) -> Any:
    return served.terminal.json("subscription", "add", "pull", "--name", "xã A")


def wait_until_asked(loa: Loa, served: ServedFeed) -> None:
    """All are asked for: that is written down by the thread that looks for who waits."""

    def is_asked() -> bool:
        with loa.database.reading() as conn:
            query = text("SELECT count(*) FROM subscription WHERE asked_at IS NULL")
            return bool(conn.execute(query).scalar_one() == 0)

    eventually(is_asked)


def test_who_waits_is_told_within_a_second_of_publication(served: ServedFeed, beside: Loa) -> None:
    added = add(served)
    assert (added["target"], added["status"]) == (None, "active")
    asking = Asking(served, added["token"])
    wait_until_asked(beside, served)
    publish(beside, "post-1")
    published_at = time.monotonic()
    asking.join(20)
    assert time.monotonic() - published_at < 5  # alone on a machine 0.2 s: tests/benchmarks/waiting
    assert asking.found is not None
    (message,) = asking.found
    Webhook(added["secret"]).verify(message["body"], message)


def test_v1a_is_verified_by_another_reading_of_the_standard_and_v1_stays_beside_it(
    served: ServedFeed, beside: Loa
) -> None:
    added = add(served)
    publish(beside, "post-1")
    (message,) = ask(served, added["token"])
    Webhook(added["secret"]).verify(message["body"], message)
    (key,) = json.loads(get(served, "/.well-known/loa-webhook-key")[2])["keys"]
    prefix, _, encoded = key["key"].partition("_")
    public = Ed25519PublicKey.from_public_bytes(base64.b64decode(encoded))
    signed = ".".join((message["webhook-id"], message["webhook-timestamp"], message["body"]))
    (by_all,) = [
        one.removeprefix("v1a,")
        for one in message["webhook-signature"].split(" ")
        if one.startswith("v1a,")
    ]
    assert (prefix, key["until"]) == ("whpk", None)
    public.verify(base64.b64decode(by_all), signed.encode())
    with pytest.raises(InvalidSignature):
        public.verify(base64.b64decode(by_all), signed.encode() + b" ")


def test_waits_end_with_the_server(served: ServedFeed, beside: Loa) -> None:
    asking = [Asking(served, add(served)["token"]) for _ in range(3)]
    wait_until_asked(beside, served)
    started = time.monotonic()
    served.process.terminate()
    assert served.process.wait(10) == 0
    for one in asking:
        one.join(5)
    assert time.monotonic() - started < 10
    assert [one.found for one in asking] == [[], [], []]


def test_S10_a_client_that_hangs_up_while_it_waits_loses_nothing(
    served: ServedFeed, beside: Loa
) -> None:
    token = add(served)["token"]
    gone = socket.create_connection(("127.0.0.1", served.port))
    head = (
        f"GET /api/v1/stream?wait_s=30 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n"
    )
    gone.sendall(head.encode())
    wait_until_asked(beside, served)
    gone.close()
    web = served.children()["web"]
    eventually(lambda: not any(one.status == "ESTABLISHED" for one in web.net_connections("tcp")))
    publish(beside, "post-1")
    assert len(ask(served, token)) == 1


def test_one_token_holds_so_many_and_the_others_are_told_so(served: ServedFeed) -> None:
    token = add(served)["token"]
    with ThreadPoolExecutor(A_TOKEN + 3) as pool:
        path = "/api/v1/stream?wait_s=5"
        answers = list(pool.map(lambda _: get(served, path, token), range(A_TOKEN + 3)))
    assert sorted(status for status, _, _ in answers) == [200] * A_TOKEN + [429] * 3
    headers = next(headers for status, headers, _ in answers if status == 429)
    assert headers["retry-after"] == "5"
    assert headers["content-type"].startswith("application/problem+json")


def test_S8_a_rotated_key_makes_another_public_key_and_the_one_before_signs_beside_it(
    served: ServedFeed, beside: Loa
) -> None:
    before = json.loads(get(served, "/.well-known/loa-webhook-key")[2])["keys"]
    served.terminal.run("key", "rotate")
    after = json.loads(get(served, "/.well-known/loa-webhook-key")[2])["keys"]
    assert len(after) == 2 and after[1]["key"] == before[0]["key"] and after[1]["until"]
    publish_to = add(served)
    publish(beside, "post-1")
    (message,) = ask(served, publish_to["token"])
    versions = [one.split(",")[0] for one in message["webhook-signature"].split()]
    assert versions == ["v1", "v1a", "v1a"]
