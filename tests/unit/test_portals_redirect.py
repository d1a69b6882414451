"""What hosts say on the way to a page: redirects, refreshes, cookies, interim answers and codings
that are none."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator

import pytest

from service.errors import FetchError, UnreadableError
from service.portals.fetch import Fetcher
from service.portals.recognise import recognise
from service.portals.redirect import Cookies, refresh_of, reloads_by_script, target_of
from service.types import Outcome, Page
from tests.fakes import FakeClock
from tests.hostile import HostilePortal, MemoryGate, Request, quick_polling, reply

HERE = "https://cong.example/tin/ds"


@pytest.fixture
def fetcher(clock: FakeClock) -> Iterator[Fetcher]:
    made = Fetcher(quick_polling(), MemoryGate(), clock)
    yield made
    made.close()


def get(fetcher: Fetcher, site: HostilePortal, path: str = "/list") -> Page:
    page = fetcher.get(site.url + path, portal=site.portal())
    assert page is not None
    return page


# --- codings ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("utf-8", b"a page"),
        ("none", b"a page"),
        ("UTF-8, identity", b"a page"),
        ("binary", b"a page"),
        ("gzip,", gzip.compress(b"a page")),
        (" , x-gzip", gzip.compress(b"a page")),
        ("utf-8, gzip", gzip.compress(b"a page")),
        ("GZIP", gzip.compress(b"a ") + gzip.compress(b"page")),
        ("gzip", gzip.compress(b"a page") + b"\0" * 4096),
        ("gzip", gzip.compress(b"a ") + b"\0" * 7 + gzip.compress(b"page") + b"\0"),
        ("gzip", gzip.compress(b"a page") + b"<!-- cached -->"),
        ("deflate", zlib.compress(b"a page")),
    ],
    ids=lambda value: value if isinstance(value, str) else "",  # compressed bytes hold the time
)
def test_F13_a_coding_is_read_as_browsers_read_it(
    fetcher: Fetcher, coding: str, body: bytes
) -> None:
    with HostilePortal() as site:
        site.answers["/list"] = reply(body, **{"Content-Encoding": coding})
        assert get(fetcher, site).body == b"a page"


@pytest.mark.parametrize("coding", ["br", "zstd", "gzip, br", "gzip, gzip"])
def test_F13_a_coding_that_nobody_asked_for_is_named(fetcher: Fetcher, coding: str) -> None:
    with HostilePortal() as site:
        site.answers["/list"] = reply(b"x", **{"Content-Encoding": coding})
        with pytest.raises(FetchError) as caught:
            get(fetcher, site)
    assert caught.value.outcome is Outcome.HTTP_ERROR


@pytest.mark.parametrize("robots", [{"Content-Encoding": "utf-8"}, {"Content-Encoding": "none"}])
def test_F13_robots_is_read_in_the_same_way(fetcher: Fetcher, robots: dict[str, str]) -> None:
    with HostilePortal() as site:
        site.answers["/robots.txt"] = reply("User-agent: *\nDisallow: /private\n", **robots)
        site.answers["/list"] = reply("open")
        assert get(fetcher, site).body == b"open"
        with pytest.raises(FetchError) as caught:
            get(fetcher, site, "/private")
    assert caught.value.outcome is Outcome.ROBOTS


@pytest.mark.parametrize(
    "interim",
    [
        b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\nX: y\r\n\r\nHTTP/1.1 103 Early "
        b"Hints\r\n\r\n",
        b"HTTP/1.1 199 Whatever\nA: b\n\n",
    ],
)
def test_F13_interim_answers_are_passed_over(fetcher: Fetcher, interim: bytes) -> None:
    with HostilePortal() as site:
        site.answers["/list"] = interim + reply("the page")
        site.answers["/robots.txt"] = interim + reply("User-agent: *\nDisallow: /x")
        assert get(fetcher, site).body == b"the page"


def test_F13_interim_answers_without_end_are_ended(fetcher: Fetcher) -> None:
    with HostilePortal() as site:
        site.answers["/list"] = b"HTTP/1.1 103 Early Hints\r\n\r\n" * 50 + reply("never")
        with pytest.raises(FetchError) as caught:
            get(fetcher, site)
    assert caught.value.outcome is Outcome.NETWORK


# --- where it leads on ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("location", "path"),
    [
        ("\\moi", "https://cong.example/moi"),
        ("..\\moi\\a?x=a\\b", "https://cong.example/moi/a?x=a%5Cb"),
        ("https:\\\\cong.example\\moi", "https://cong.example/moi"),
        (" /m\toi ", "https://cong.example/moi"),
        ("?trang=2#đầu", "https://cong.example/tin/ds?trang=2"),
    ],
)
def test_F13_an_address_is_read_as_browsers_read_it(location: str, path: str) -> None:
    assert target_of(HERE, location) == path


@pytest.mark.parametrize(
    "location", ["\\\\evil.example\\moi", "/\\evil.example", "javascript:alert(1)", "http://["]
)
def test_F6_no_spelling_leads_off_the_host(location: str) -> None:
    with pytest.raises(FetchError) as caught:
        target_of(HERE, location)
    assert caught.value.outcome is Outcome.REDIRECTED


def test_F13_the_same_location_twice_is_one_and_two_different_are_refused(fetcher: Fetcher) -> None:
    def twice(first: str, second: str) -> bytes:
        head = reply(status="302 Found", Location=first)
        return head.replace(b"\r\n\r\n", f"\r\nLocation: {second}\r\n\r\n".encode(), 1)

    with HostilePortal() as site:
        site.answers |= {
            "/list": twice("/new", "/new"),
            "/other": twice("/new", "/a"),
            "/new": reply("here"),
        }
        assert get(fetcher, site).body == b"here"
        with pytest.raises(FetchError) as caught:
            get(fetcher, site, "/other")
    assert caught.value.outcome is Outcome.REDIRECTED


def wall(*cookies: str, needs: str) -> object:
    def answer(request: Request) -> bytes:
        if needs in request.headers.get("cookie", ""):
            return reply("inside")
        head = reply(status="302 Found", Location="/list")
        lines = "".join(f"\r\nSet-Cookie: {cookie}" for cookie in cookies)
        return head.replace(b"\r\n\r\n", f"{lines}\r\n\r\n".encode(), 1)

    return answer


@pytest.mark.parametrize(
    ("cookies", "needs"),
    [
        (("seen=1; path=/; HttpOnly",), "seen=1"),
        (("a=1", "b=x=y; Secure; SameSite=Lax"), "a=1; b=x=y"),
        (("a=1; max-age=0", "c=2; Max-Age=600"), "c=2"),
    ],
)
def test_F14_a_cookie_and_a_redirect_to_itself_are_followed_and_forgotten(
    fetcher: Fetcher, cookies: tuple[str, ...], needs: str
) -> None:
    with HostilePortal() as site:
        site.answers["/list"] = wall(*cookies, needs=needs)  # type: ignore[assignment]  # a fake's answer
        for _ in range(2):
            assert get(fetcher, site).body == b"inside"
        told = [
            request.headers.get("cookie") for request in site.requests if request.path == "/list"
        ]
    assert told == [None, needs, None, needs]


def test_F14_a_cookie_that_never_satisfies_is_a_loop(fetcher: Fetcher) -> None:
    with HostilePortal() as site:
        site.answers["/list"] = wall("seen=1", needs="another=1")  # type: ignore[assignment]  # a fake's answer
        with pytest.raises(FetchError) as caught:
            get(fetcher, site)
    assert caught.value.outcome is Outcome.REDIRECTED


def test_F14_cookies_are_bounded_and_hold_nothing_that_would_make_a_header() -> None:
    cookies = Cookies()
    assert cookies.take([f"n{i}={i}" for i in range(500)])
    assert not cookies.take(["a=b\rc", "long=" + "x" * 9000, "=1", "none", "đ=1"])
    assert len(cookies.header()["Cookie"]) < 500


@pytest.mark.parametrize(
    ("header", "page", "to"),
    [
        ("0; url=/moi", "", "/moi"),
        ("0;/moi", "", "/moi"),
        ("2, URL='/moi'", "", "/moi"),
        (None, '<META HTTP-EQUIV="Refresh" CONTENT="0; URL=/moi?a=1&amp;b=2">', "/moi?a=1&b=2"),
        (None, "<meta content='3;url=\"/moi\"' http-equiv=refresh>", "/moi"),
        (None, '<meta charset="utf-8"><meta http-equiv="refresh" content="0">', ""),
        (None, '<meta http-equiv="refresh" content="300;url=/moi">', None),
        (None, '<meta name="refresh" content="0;url=/moi">', None),
        (None, "<p>refresh</p>", None),
        ("soon", "", None),
    ],
)
def test_F14_a_refresh_is_read_in_all_its_spellings(
    header: str | None, page: str, to: str | None
) -> None:
    assert refresh_of(header, page) == to


@pytest.mark.parametrize(
    "first",
    [
        reply('<meta http-equiv="refresh" content="0;url=/new">', **{"Content-Type": "text/html"}),
        reply("wait", Refresh="1; url=new", **{"Content-Type": "text/html; charset=utf-8"}),
    ],
)
def test_F14_a_refresh_within_the_host_is_followed(fetcher: Fetcher, first: bytes) -> None:
    with HostilePortal() as site:
        site.answers |= {"/list": first, "/new": reply("the list", **{"Content-Type": "text/html"})}
        page = get(fetcher, site)
        assert (page.url, page.body, page.moved_to) == (site.url + "/new", b"the list", None)


def test_F14_a_refresh_to_another_host_is_refused_by_name(fetcher: Fetcher) -> None:
    with HostilePortal() as site:
        site.answers["/list"] = reply(
            "x", Refresh="0; url=https://moi.example/", **{"Content-Type": "text/html"}
        )
        with pytest.raises(FetchError) as caught:
            get(fetcher, site)
    assert caught.value.outcome is Outcome.REDIRECTED
    assert "https://moi.example/" in str(caught.value)


def test_F14_a_page_that_loads_itself_again_is_what_it_shows(fetcher: Fetcher) -> None:
    with HostilePortal() as site:
        site.answers["/list"] = reply(
            "news", Refresh="10; url=/list", **{"Content-Type": "text/html"}
        )
        assert get(fetcher, site).body == b"news"
        assert site.paths() == ["/robots.txt", "/list"]


@pytest.mark.parametrize(
    "script",
    [
        'document.cookie="D1N=0f2a;path=/";window.location.reload(true);',
        'document.cookie = "a=" + x; location.href = location.href;',
        "var c='k=1';document.cookie=c;setTimeout(function(){location.reload()},100)",
        "document.cookie='x=1';window.location='/ds?x=1'",
    ],
)
def test_F14_a_wall_that_needs_a_script_says_so(script: str) -> None:
    source = f"<html><head><script>{script}</script></head><body></body></html>"
    assert reloads_by_script(source)
    page = Page(HERE, 200, "text/html", source.encode(), None, None, "")
    with pytest.raises(UnreadableError) as caught:
        recognise(page)
    assert caught.value.outcome is Outcome.BLOCKED


@pytest.mark.parametrize(
    "source",
    [
        "<script>if(document.cookie.indexOf('a')<0){}</script><script>location.href='/'</script>",
        "<p>document.cookie=</p>",
    ],
)
def test_F14_a_script_that_does_only_one_of_both_is_no_wall(source: str) -> None:
    assert not reloads_by_script(source)
