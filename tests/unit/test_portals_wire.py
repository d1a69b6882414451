"""What is kept alive between requests, what is told of a page that moved, and how much memory an
answer may take."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from service.errors import FetchError
from service.portals.fetch import Fetcher
from service.portals.request_budget import Resolve
from service.settings import ListingConfig
from service.types import Outcome, Validators
from tests.fakes import FakeClock
from tests.hostile import HostilePortal, MemoryGate, Request, quick_polling, reply


def everywhere_here(port: int) -> Resolve:
    return lambda host, asked: [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]


@pytest.fixture
def fetcher(clock: FakeClock) -> Iterator[Fetcher]:
    made = Fetcher(quick_polling(), MemoryGate(), clock)
    yield made
    made.close()


def test_F1_a_kept_connection_that_the_host_closed_is_dialled_again_at_once(
    fetcher: Fetcher,
) -> None:
    with HostilePortal(is_hanging_up=True) as site:
        site.answers["/list"] = reply("a", Connection="keep-alive")
        for _ in range(2):
            page = fetcher.get(site.url + "/list", portal=site.portal())
            assert page is not None
            assert page.body == b"a"
        assert site.paths() == ["/robots.txt", "/list", "/list"]


def test_F1_a_new_connection_that_is_closed_is_not_tried_twice(fetcher: Fetcher) -> None:
    with HostilePortal() as site:
        site.answers["/list"] = b""
        with pytest.raises(FetchError) as caught:
            fetcher.get(site.url + "/list", portal=site.portal())
    assert caught.value.outcome is Outcome.NETWORK
    assert site.paths() == ["/robots.txt", "/list"]


def test_F6_a_kept_connection_to_a_private_host_serves_no_other_portal(clock: FakeClock) -> None:
    with HostilePortal(is_hanging_up=True) as site:
        fetcher = Fetcher(quick_polling(), MemoryGate(), clock, resolve=everywhere_here(site.port))
        inner = f"http://inner.example:{site.port}"
        site.answers["/list"] = site.answers["/secret"] = reply("a", Connection="keep-alive")
        theirs = site.portal(base_url=inner, listings=(ListingConfig(url=inner + "/list"),))
        assert fetcher.get(inner + "/list", portal=theirs) is not None
        with pytest.raises(FetchError, match="private network"):
            fetcher.get(inner + "/secret", portal=site.portal())
        assert "/secret" not in site.paths()
        fetcher.close()


def test_F6_a_permanent_move_is_reported_although_nothing_changed(fetcher: Fetcher) -> None:
    def answer(request: Request) -> bytes:
        is_known = request.headers.get("if-none-match") == '"1"'
        return (
            reply("", status="304 Not Modified", length=0)
            if is_known
            else reply("here", ETag='"1"')
        )

    with HostilePortal() as site:
        site.answers |= {"/list": reply(status="301 Moved", Location="/new"), "/new": answer}
        first = fetcher.get(site.url + "/list", portal=site.portal())
        assert first is not None
        for known in (Validators('"1"', None, first.sha256), Validators(None, None, first.sha256)):
            page = fetcher.get(site.url + "/list", known, portal=site.portal())
            assert page is not None
            assert (page.moved_to, page.body) == (f"{site.url}/new", b"here")


@pytest.mark.parametrize("path", ["/endless", "/bomb", "/line"])
def test_F3_memory_stays_below_150_MB_with_the_default_cap(path: str) -> None:
    """In a process of its own: the peak of this one is that of the test runner."""
    run = subprocess.run(
        [sys.executable, "-m", "tests.memory_probe", path],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert run.returncode == 0, run.stderr
    outcome, peak_kb = run.stdout.split()
    assert outcome in ("too_big", "network")
    assert int(peak_kb) < 150_000
