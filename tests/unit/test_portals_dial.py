"""Two addresses behind one name: the next is tried within the deadline; what the host did is what
is told (F12)."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest

from service.errors import FetchError
from service.portals.dial import dial
from service.portals.fetch import Fetcher
from service.portals.request_budget import RequestBudget, Resolve
from service.settings import ListingConfig
from service.types import Outcome
from tests.fakes import FakeClock
from tests.hostile import HostilePortal, MemoryGate, quick_polling, reply


def row(address: str, port: int) -> tuple[Any, ...]:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    rest = (port, 0, 0) if ":" in address else (port,)
    return (family, socket.SOCK_STREAM, 6, "", (address, *rest))


def known_as(*addresses: str) -> Resolve:
    return lambda host, port: [row(address, port) for address in addresses]


@contextlib.contextmanager
def dead(address: str, port: int) -> Iterator[None]:
    """An address that drops packets: its backlog is full."""
    with socket.socket() as hole, contextlib.ExitStack() as stack:
        hole.bind((address, port))
        hole.listen(0)
        for _ in range(3):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex((address, port))
        yield


def fetch(clock: FakeClock, site: HostilePortal, resolve: Resolve) -> bytes:
    base = f"http://cong.example:{site.port}"
    fetcher = Fetcher(quick_polling(timeout_s=4), MemoryGate(), clock, resolve=resolve)
    try:
        portal = site.portal(base_url=base, listings=(ListingConfig(url=base + "/list"),))
        page = fetcher.get(base + "/list", portal=portal)
    finally:
        fetcher.close()
    assert page is not None
    return page.body


def test_F12_a_dead_first_address_costs_a_moment_and_not_the_deadline(clock: FakeClock) -> None:
    with HostilePortal({"/list": reply("alive")}) as site, dead("127.0.0.2", site.port):
        began = time.monotonic()
        assert fetch(clock, site, known_as("127.0.0.2", "127.0.0.1")) == b"alive"
        assert (
            time.monotonic() - began < 3
        )  # two dials of a quarter of a second each, of a deadline of four


@pytest.mark.parametrize("first", ["127.0.0.3", "::1", "240.0.0.1"])
def test_F12_an_address_that_refuses_or_has_no_route_is_passed_over(
    clock: FakeClock, first: str
) -> None:
    with HostilePortal({"/list": reply("alive")}) as site:
        assert fetch(clock, site, known_as(first, "127.0.0.1")) == b"alive"


class NoRoute(socket.socket):
    """A socket of a machine from which there is no way to some addresses."""

    lost: tuple[str, ...] = ()

    def connect_ex(self, address: Any) -> int:
        return 101 if address[0] in self.lost else super().connect_ex(address)


def refused(addresses: list[str], lost: list[str], port: int) -> FetchError:
    class Sock(NoRoute):
        pass

    Sock.lost = tuple(lost)
    budget = RequestBudget(
        "http://cong.example/",
        time.monotonic() + 4,
        0,
        frozenset({("cong.example", port)}),
        known_as(*addresses),
        4,
    )
    with pytest.raises(FetchError) as caught:
        dial(budget, "cong.example", port, Sock)
    return caught.value


def closed_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@pytest.mark.parametrize(
    ("addresses", "lost", "outcome"),
    [
        (["127.0.0.3", "127.0.0.4"], ["127.0.0.4"], Outcome.NETWORK),
        (["127.0.0.4", "127.0.0.3"], ["127.0.0.4"], Outcome.NETWORK),
        (["127.0.0.4", "::1"], ["127.0.0.4", "::1"], Outcome.OWN_NETWORK),
        (["127.0.0.4"], ["127.0.0.4"], Outcome.OWN_NETWORK),
        (["::1"], ["::1"], Outcome.NETWORK),
        ([], [], Outcome.NETWORK),
    ],
)
def test_F12_own_network_is_said_only_on_evidence_of_our_own(
    addresses: list[str], lost: list[str], outcome: Outcome
) -> None:
    assert refused(addresses, lost, closed_port()).outcome is outcome


def test_F12_the_families_take_turns() -> None:
    tried: list[str] = []

    class Sock(NoRoute):
        def connect_ex(self, address: Any) -> int:
            tried.append(address[0])
            return 101

    addresses = ["::1", "::2", "::3", "127.0.0.1", "127.0.0.2"]
    budget = RequestBudget(
        "http://cong.example/",
        time.monotonic() + 4,
        0,
        frozenset({("cong.example", 1)}),
        known_as(*addresses),
        4,
    )
    with pytest.raises(FetchError):
        dial(budget, "cong.example", 1, Sock)
    assert tried == ["::1", "127.0.0.1", "::2", "127.0.0.2", "::3"]


def test_F12_the_deadline_holds_although_every_address_is_dead(clock: FakeClock) -> None:
    with HostilePortal() as site, dead("127.0.0.2", site.port), dead("127.0.0.3", site.port):
        resolve = known_as("127.0.0.2", "127.0.0.3")
        budget = RequestBudget(
            "http://c.example/",
            time.monotonic() + 1,
            0,
            frozenset({("c.example", site.port)}),
            resolve,
            1,
        )
        with pytest.raises(FetchError) as caught:
            dial(budget, "c.example", site.port, socket.socket)
    assert caught.value.outcome is Outcome.NETWORK
