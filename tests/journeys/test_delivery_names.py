"""Names and certificates between Loa and a receiver: faults are tried again, private addresses
never dialled."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import certifi
import pycurl
import pytest

from service.delivery.deliverer import Deliverer, DeliveryCounts
from service.delivery.guard import guard_for
from service.delivery.webhook import WebhookChannel
from service.settings import Settings, WebhookSettings
from service.storage.deliveries import list_deliveries, show_delivery
from service.storage.engine import Database
from service.words import say
from tests.fakes import FakeClock
from tests.fakes_dns import NXDOMAIN, SERVFAIL, FakeDns
from tests.fakes_ledger import BOX, LINKS, a_post, hook, tell
from tests.fakes_receiver import FakeReceiver, hang
from tests.fakes_tls import FakeAuthority

NAME = "vanban.example.vn"


@pytest.fixture
def receiver() -> Iterator[FakeReceiver]:
    with FakeReceiver() as made:
        yield made


def deliver(
    database: Database,
    clock: FakeClock,
    dns: FakeDns,
    url: str = "",
    *,
    allow_private_networks: bool = True,
    timeout_s: float = 3.0,
) -> DeliveryCounts:
    """Sends to `url`, where one is given, what is published now."""
    if url:
        with database.writing() as conn:
            hook(conn, url)
            tell(conn, a_post(), at=clock())
    given = WebhookSettings(allow_private_networks=allow_private_networks, timeout_s=timeout_s)
    channel = WebhookChannel(given, LINKS, BOX, clock, dns_servers=["127.0.0.1"], dns_port=dns.port)
    return Deliverer(database, Settings(webhooks=given), clock, [channel]).deliver_due()


def last_words(database: Database) -> str:
    with database.reading() as conn:
        return say(show_delivery(conn, list_deliveries(conn)[0].id).attempts[-1].detail, "vi")


@pytest.mark.parametrize("code", [NXDOMAIN, SERVFAIL], ids=["NXDOMAIN", "SERVFAIL"])
def test_D3_a_name_that_is_not_resolved_is_tried_again(
    database: Database, clock: FakeClock, receiver: FakeReceiver, code: int
) -> None:
    with FakeDns({NAME: [code, ["127.0.0.1"]]}) as dns:
        assert deliver(database, clock, dns, receiver.url(host=NAME)).retry == 1
        assert "tên miền" in last_words(database)
        dns.turn()
        clock.advance(10)
        assert deliver(database, clock, dns).sent == 1
    (got,) = receiver.received
    assert got.headers["host"].startswith(NAME)


def test_D3_a_slow_name_leaves_the_rest_of_the_deadline_and_no_second_one(
    database: Database, clock: FakeClock, receiver: FakeReceiver
) -> None:
    receiver.answers["/hook"] = hang(5)
    with FakeDns({NAME: [["127.0.0.1"]]}, delay_s=0.4) as dns:
        assert deliver(database, clock, dns, receiver.url(host=NAME), timeout_s=1.2).retry == 1
    assert len(receiver.received) == 1
    with database.reading() as conn:
        (attempt,) = show_delivery(conn, list_deliveries(conn)[0].id).attempts
    assert 1100 <= attempt.took_ms < 1500


@pytest.mark.parametrize(
    ("host", "left", "is_sent"),
    [
        (NAME, timedelta(days=1), True),
        (NAME, timedelta(days=-1), False),
        ("other.example", timedelta(days=1), False),
    ],
    ids=["good", "expired", "of-another-host"],
)
def test_D3_a_bad_certificate_is_tried_again_and_nothing_is_said_to_it(
    database: Database,
    clock: FakeClock,
    receiver: FakeReceiver,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    host: str,
    left: timedelta,
    is_sent: bool,
) -> None:
    authority = FakeAuthority(tmp_path)
    authority.serve(receiver, host, left=left)
    monkeypatch.setattr(certifi, "where", lambda: str(authority.file))
    with FakeDns({NAME: [["127.0.0.1"]]}) as dns:
        counts = deliver(database, clock, dns, receiver.url(host=NAME).replace("http:", "https:"))
    assert (counts.sent, counts.retry) == ((1, 0) if is_sent else (0, 1))
    assert len(receiver.received) == is_sent
    assert is_sent or "TLS" in last_words(database)


PRIVATE = [
    "127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "169.254.169.254",
    "224.0.0.1", "0.0.0.0",
    "255.255.255.255", "::1", "::", "fe80::1", "fc00::1", "ff02::1", "::ffff:127.0.0.1",
    "::127.0.0.1",
    "64:ff9b::7f00:1", "2002:7f00:1::", "64:ff9b:1::1",
]  # fmt: skip


@pytest.mark.parametrize(
    "addresses", [*([one] for one in PRIVATE), ["93.184.215.14", "10.0.0.1"]], ids=",".join
)
def test_D5_a_name_with_a_private_address_is_refused_for_good(
    database: Database, clock: FakeClock, addresses: list[str]
) -> None:
    with FakeDns({NAME: [addresses]}) as dns:
        counts = deliver(database, clock, dns, f"https://{NAME}/hook", allow_private_networks=False)
        assert (counts.failed, counts.retry) == (1, 0)
        clock.advance(1e6)
        assert deliver(database, clock, dns, allow_private_networks=False) == DeliveryCounts()
    words = last_words(database)
    assert not any(one in words for one in addresses)
    assert "cổng" not in words


def test_D5_a_name_that_turns_private_at_the_second_look_up_is_refused_then(
    database: Database, clock: FakeClock, receiver: FakeReceiver
) -> None:
    with FakeDns({NAME: [SERVFAIL, ["127.0.0.1"]]}) as dns:
        url = receiver.url(host=NAME).replace("http:", "https:")
        assert deliver(database, clock, dns, url, allow_private_networks=False).retry == 1
        dns.turn()
        clock.advance(10)
        assert deliver(database, clock, dns, allow_private_networks=False).failed == 1
    assert receiver.received == []


def test_D5_the_address_that_is_dialled_is_asked_about_at_every_connection() -> None:
    class Address:
        family, socktype, protocol = 2, 1, 6

        def __init__(self, host: str) -> None:
            self.addr = (host, 443)

    refusals: list[bool] = []
    opened: list[bool] = []
    guard = guard_for(
        lambda: refusals.append(True), lambda: opened.append(True), allow_private_networks=False
    )
    assert guard(0, Address("93.184.215.14")) != pycurl.SOCKET_BAD
    assert guard(0, Address("127.0.0.1")) == pycurl.SOCKET_BAD
    assert guard(0, Address("::ffff:10.0.0.1")) == pycurl.SOCKET_BAD
    assert (opened, refusals) == ([True], [True, True])


def test_D5_two_names_of_one_address_never_share_what_was_allowed_for_one(
    database: Database, clock: FakeClock, receiver: FakeReceiver
) -> None:
    with FakeDns({NAME: [["127.0.0.1"]], "other.example.vn": [["127.0.0.1"]]}) as dns:
        with database.writing() as conn:
            hook(conn, receiver.url("/other", host="other.example.vn"))
        assert deliver(database, clock, dns, receiver.url(host=NAME)).sent == 2
    hosts = {one.path: one.headers["host"].partition(":")[0] for one in receiver.received}
    assert hosts == {"/hook": NAME, "/other": "other.example.vn"}


def test_D5_a_netrc_gives_nobody_a_password(
    database: Database,
    clock: FakeClock,
    receiver: FakeReceiver,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / ".netrc").write_text("default login loa password secret\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    with FakeDns({}) as dns:
        assert deliver(database, clock, dns, receiver.url()).sent == 1
    assert "authorization" not in receiver.received[0].headers
