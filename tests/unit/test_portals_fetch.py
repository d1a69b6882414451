"""F1 to F8 and F10 of faults.md, as far as one fetch goes."""

from __future__ import annotations

import errno
import gzip
import resource
import socket
import time
import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from service.errors import FetchError
from service.portals.fetch import Fetcher
from service.portals.retry_after import parse_retry_after
from service.types import Outcome, Page, Validators
from tests.fakes import FakeClock
from tests.hostile import (
    HostilePortal,
    MemoryGate,
    Request,
    bomb,
    drip,
    endless,
    quick_polling,
    reply,
)


@pytest.fixture
def site() -> Iterator[HostilePortal]:
    with HostilePortal() as portal:
        yield portal


@pytest.fixture
def gate() -> MemoryGate:
    return MemoryGate()


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def fetcher(gate: MemoryGate, clock: FakeClock, waits: list[float]) -> Iterator[Fetcher]:
    made = Fetcher(quick_polling(max_body_bytes=1_000_000), gate, clock, sleep=waits.append)
    yield made
    made.close()


def get(fetcher: Fetcher, site: HostilePortal, path: str = "/list") -> Page:
    page = fetcher.get(site.url + path, portal=site.portal())
    assert page is not None
    return page


def fails(fetcher: Fetcher, site: HostilePortal, path: str = "/list") -> FetchError:
    with pytest.raises(FetchError) as caught:
        fetcher.get(site.url + path, portal=site.portal())
    return caught.value


def test_a_page_arrives_whole_with_its_validators(fetcher: Fetcher, site: HostilePortal) -> None:
    site.answers["/list"] = reply("<p>Chào</p>", ETag='W/"a b"', Last_Modified="rubbish")
    page = get(fetcher, site)
    assert (page.body, page.etag, page.last_modified) == (
        "<p>Chào</p>".encode(),
        'W/"a b"',
        "rubbish",
    )
    assert site.requests[-1].headers["user-agent"].startswith("Loa/")


def test_F1_a_refused_connection_is_a_network_fault(fetcher: Fetcher) -> None:
    with HostilePortal() as gone:
        pass
    assert fails(fetcher, gone).outcome is Outcome.NETWORK


@pytest.mark.parametrize(
    "answer",
    [
        lambda _: drip(reply("x" * 5000)),
        lambda _: (b"HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n", *([b""])).__iter__(),
        lambda _: (
            part for part in (b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n", *drip_lazily())
        ),
        lambda _: drip(b"HTTP/1.1 100 Continue\r\n\r\n" * 500, 0.02),
    ],
    ids=["headers dripped", "body cut", "body dripped", "100-continue for ever"],
)
def test_F1_a_dripped_answer_ends_at_the_deadline(
    fetcher: Fetcher, site: HostilePortal, answer: Callable
) -> None:
    site.answers["/list"] = answer
    start = time.monotonic()
    assert fails(fetcher, site).outcome is Outcome.NETWORK
    assert time.monotonic() - start < 2.5


def drip_lazily() -> Iterator[bytes]:
    return drip(b"x" * 200)


def test_F1_a_silent_host_ends_at_the_deadline(
    fetcher: Fetcher, gate: MemoryGate, clock: FakeClock
) -> None:
    with HostilePortal({"/list": lambda _: (time.sleep(3) or b"" for _ in range(1))}) as silent:
        start = time.monotonic()
        assert "no whole answer in 1 s" in str(fails(fetcher, silent))
        assert time.monotonic() - start < 2


def test_F1_an_unknown_name_is_a_network_fault(
    site: HostilePortal, gate: MemoryGate, clock: FakeClock
) -> None:
    def resolve(host: str, port: int) -> list:
        raise socket.gaierror(-2, "Name or service not known")

    error = fails(Fetcher(quick_polling(), gate, clock, resolve=resolve), site)
    assert error.outcome is Outcome.NETWORK
    assert "name '127.0.0.1' is not known" in str(error)


@pytest.mark.parametrize(
    ("fault", "outcome", "words"),
    [
        (
            OSError(errno.ENETUNREACH, "Network is unreachable"),
            Outcome.OWN_NETWORK,
            "our own network is down",
        ),
        (
            OSError(errno.ENETDOWN, "Network is down"),
            Outcome.OWN_NETWORK,
            "our own network is down",
        ),
        (
            socket.gaierror(socket.EAI_AGAIN, "Temporary failure"),
            Outcome.NETWORK,
            "cannot be looked up now",
        ),
    ],
)
def test_F2_our_own_network_is_told_from_the_portals(
    site: HostilePortal,
    gate: MemoryGate,
    clock: FakeClock,
    fault: OSError,
    outcome: Outcome,
    words: str,
) -> None:
    def resolve(host: str, port: int) -> list:
        raise fault

    error = fails(Fetcher(quick_polling(), gate, clock, resolve=resolve), site)
    assert (error.outcome, words in str(error)) == (outcome, True)


@pytest.mark.parametrize("etag", ['W/"1"', "unquoted", '"a, b"', '"ộ"'])
def test_F5_a_lying_validator_hides_nothing(
    fetcher: Fetcher, site: HostilePortal, etag: str
) -> None:
    raw = etag.encode().decode("latin-1")
    site.answers["/list"] = reply("one", ETag=raw, Expires="0")
    first = get(fetcher, site)
    site.answers["/list"] = reply("two", ETag=raw)
    again = fetcher.get(first.url, Validators(first.etag, None, first.sha256), portal=site.portal())
    assert again is not None
    assert (again.body, site.requests[-1].headers["if-none-match"]) == (b"two", raw)


def test_F1_a_hanging_resolver_ends_at_the_deadline(
    site: HostilePortal, gate: MemoryGate, clock: FakeClock
) -> None:
    def resolve(host: str, port: int) -> list:
        time.sleep(3)
        return []

    start = time.monotonic()
    assert (
        fails(Fetcher(quick_polling(), gate, clock, resolve=resolve), site).outcome
        is Outcome.NETWORK
    )
    assert time.monotonic() - start < 2


def test_F3_an_endless_page_stops_at_the_cap_and_memory_stays_flat(
    fetcher: Fetcher, site: HostilePortal
) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"
    site.answers["/list"] = lambda _: endless(head)
    site.answers["/bomb"] = bomb()
    site.answers["/deflate"] = reply(zlib.compress(b"\0" * 60_000_000), Content_Encoding="deflate")
    site.answers["/line"] = lambda _: endless(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"0" * 65_536
    )
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for path in ("/list", "/bomb", "/deflate"):
        assert fails(fetcher, site, path).outcome is Outcome.TOO_BIG, path
    assert fails(fetcher, site, "/line").outcome in (Outcome.TOO_BIG, Outcome.NETWORK)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000


def test_a_gzip_page_is_inflated_in_all_its_members(fetcher: Fetcher, site: HostilePortal) -> None:
    site.answers["/list"] = reply(
        gzip.compress(b"one ") + gzip.compress(b"two"), Content_Encoding="gzip"
    )
    assert get(fetcher, site).body == b"one two"


def test_a_gzip_page_cut_in_its_middle_is_no_page(fetcher: Fetcher, site: HostilePortal) -> None:
    site.answers["/list"] = reply(
        gzip.compress(b"one two three" * 50)[:-9], Content_Encoding="gzip"
    )
    assert fails(fetcher, site).outcome is Outcome.NETWORK


def test_a_body_shorter_than_its_length_is_no_page(fetcher: Fetcher, site: HostilePortal) -> None:
    site.answers["/list"] = reply("short", length=500)
    assert fails(fetcher, site).outcome is Outcome.NETWORK


@pytest.mark.parametrize(
    ("value", "want"),
    [("120", 120), ("-5", 0), ("99999999999999999999999", 86400), ("rubbish", None), (None, None),
    ("", None),
     ("Mon, 23 Nov 2026 03:01:00 GMT", 60), ("Mon, 23 Nov 2020 03:01:00 GMT", 0),
     ("Mon, 99 Foo 2020", None)],
)  # fmt: skip
def test_F4_retry_after_is_read_in_every_form_and_capped(
    value: str | None, want: float | None
) -> None:
    assert parse_retry_after(value, datetime(2026, 11, 23, 3, 0, tzinfo=UTC)) == want


def test_F4_a_503_carries_what_the_host_asked_for(fetcher: Fetcher, site: HostilePortal) -> None:
    site.answers["/list"] = reply(
        "503 Service Unavailable", status="503 Service Unavailable", Retry_After="77"
    )
    error = fails(fetcher, site)
    assert (error.outcome, error.status, error.retry_after_s) == (Outcome.HTTP_ERROR, 503, 77)


def test_F5_validators_go_back_as_they_came_and_304_is_unchanged(
    fetcher: Fetcher, site: HostilePortal
) -> None:
    site.answers["/list"] = reply(status="304 Not Modified", length=0)
    known = Validators(etag='W/"x', last_modified="yesterday")
    assert fetcher.get(site.url + "/list", known, portal=site.portal()) is None
    sent = site.requests[-1].headers
    assert (sent["if-none-match"], sent["if-modified-since"]) == ('W/"x', "yesterday")


def test_F5_equal_bytes_are_unchanged_whatever_the_validators_say(
    fetcher: Fetcher, site: HostilePortal
) -> None:
    site.answers["/list"] = reply("same", ETag='"1"', Expires="0")
    page = get(fetcher, site)
    site.answers["/list"] = reply("same", ETag='"2"')
    assert (
        fetcher.get(page.url, Validators(page.etag, None, page.sha256), portal=site.portal())
        is None
    )


@pytest.mark.parametrize(
    "location",
    ["http://169.254.169.254/latest", "http://10.0.0.1/", "http://example.org/",
    "http://localhost:1/", "file:///etc",
     "http://127.0.0.1:1/", "http://[::1]/", "http://[broken", "/list"],
)  # fmt: skip
def test_F6_a_redirect_off_the_host_is_refused_by_name(
    fetcher: Fetcher, site: HostilePortal, location: str
) -> None:
    site.answers["/list"] = reply(status="301 Moved", Location=location)
    error = fails(fetcher, site)
    assert error.outcome is Outcome.REDIRECTED
    assert error.location is not None


def test_F6_more_than_five_hops_are_refused(fetcher: Fetcher, site: HostilePortal) -> None:
    for n in range(8):
        site.answers[f"/{n}"] = reply(status="302 Found", Location=f"/{n + 1}")
    assert "more than 5 redirects" in str(fails(fetcher, site, "/0"))


def test_F6_a_permanent_move_within_the_host_is_followed_and_reported(
    fetcher: Fetcher, site: HostilePortal
) -> None:
    site.answers["/list"] = reply(status="308 Permanent Redirect", Location="/new")
    site.answers["/new"] = reply("here")
    page = get(fetcher, site)
    assert (page.body, page.moved_to, page.url) == (b"here", f"{site.url}/new", f"{site.url}/new")


def test_F6_a_name_that_a_page_names_may_not_lead_to_a_private_network(
    site: HostilePortal, gate: MemoryGate, clock: FakeClock
) -> None:
    def resolve(host: str, port: int) -> list:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", site.port))]

    fetcher = Fetcher(quick_polling(), gate, clock, resolve=resolve)
    with pytest.raises(FetchError, match="private network"):
        fetcher.get("http://news.example/a", portal=site.portal())
    assert site.requests == []


@pytest.mark.parametrize("body", ["<title>Just a moment...</title>", "blocked"])
def test_F8_a_challenge_is_named(fetcher: Fetcher, site: HostilePortal, body: str) -> None:
    site.answers["/list"] = reply(body, status="403 Forbidden")
    assert fails(fetcher, site).outcome is Outcome.BLOCKED


def test_F10_a_forbidden_page_is_not_asked_for_and_robots_is_fetched_once_a_day(
    fetcher: Fetcher, site: HostilePortal, clock: FakeClock
) -> None:
    site.answers["/robots.txt"] = reply(
        "User-agent: *\nDisallow: /list\n", Content_Type="text/plain"
    )
    for _ in range(2):
        assert fails(fetcher, site).outcome is Outcome.ROBOTS
    assert site.paths() == ["/robots.txt"]
    clock.advance(90_000)
    fails(fetcher, site)
    assert site.paths() == ["/robots.txt", "/robots.txt"]


def test_F10_a_crawl_delay_is_kept(
    fetcher: Fetcher, site: HostilePortal, waits: list[float]
) -> None:
    site.answers["/robots.txt"] = reply("User-agent: *\nCrawl-delay: 7\n")
    site.answers["/list"] = reply("a")
    get(fetcher, site)
    get(fetcher, site)
    assert waits == [7]


def test_F10_a_faulty_robots_forbids_until_it_is_mended_but_an_older_one_holds(
    fetcher: Fetcher, site: HostilePortal, clock: FakeClock
) -> None:
    site.answers |= {"/list": reply("a"), "/robots.txt": reply(status="500 Oops")}
    assert "robots.txt of the host answers 500" in str(fails(fetcher, site))
    clock.advance(4000)
    site.answers["/robots.txt"] = reply("User-agent: *\nDisallow: /x\n")
    assert get(fetcher, site).body == b"a"
    clock.advance(90_000)
    site.answers["/robots.txt"] = reply(status="500 Oops")
    assert get(fetcher, site).body == b"a"


def test_F10_a_huge_robots_is_cut_and_obeyed(fetcher: Fetcher, site: HostilePortal) -> None:
    site.answers["/robots.txt"] = reply("User-agent: *\nDisallow: /list\n" + "# x\n" * 400_000)
    assert fails(fetcher, site).outcome is Outcome.ROBOTS


def test_a_head_says_what_a_file_is(fetcher: Fetcher, site: HostilePortal) -> None:
    def answer(request: Request) -> bytes:
        is_known = request.headers.get("if-none-match") == '"1"'
        return reply(status="304 Not Modified" if is_known else "200 OK", length=1234, ETag='"1"')

    site.answers["/a%20b.pdf"] = answer
    state = fetcher.head(f"{site.url}/a b.pdf", portal=site.portal())
    assert (state.bytes, state.etag, state.is_unchanged) == (1234, '"1"', False)
    assert fetcher.head(f"{site.url}/a%20b.pdf", portal=site.portal(), etag='"1"').is_unchanged
