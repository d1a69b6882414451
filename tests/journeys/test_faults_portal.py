"""F1 to F10 of faults.md through the whole intake: a fault, and then the portal is well again.

Whatever happens: posts lost 0, alerts sent wrongly 0, entries lost from feeds 0, nothing withdrawn.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.round import poll_due
from service.types import Outcome
from tests.fakes_mail import letter_text
from tests.fakes_site import LIST, NEW, OLD, World, listing, open_world
from tests.hostile import Answer, Request, bomb, drip, endless, reply
from tests.unit.test_portals_tls import Issued, issue


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with open_world(tmp_path) as opened:
        opened.show(*OLD)
        assert opened.poll(0).outcome is Outcome.NEW
        yield opened


def hang_up(_: Request) -> bytes:
    return b""


def drip_head(_: Request) -> Iterator[bytes]:
    return drip(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + b"x" * 100)


def drip_body(_: Request) -> Iterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 100\r\n\r\n"
    yield from drip(b"x" * 100)


def endless_page(_: Request) -> Iterator[bytes]:
    return endless(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n", limit=20_000_000)


def redirect(location: str, status: str = "302 Found") -> bytes:
    return reply(status=status, Location=location)


MAINTENANCE = (
    "<html><head><title>Bảo trì</title></head><body><p>Hệ thống đang bảo trì, xin quay lại "
    "sau.</p></body></html>"
)
LOGIN = (
    '<html><title>Đăng nhập</title><form><input name="u"><input type="password"></form> Đăng '
    "nhập</html>"
)
CHALLENGE = (
    "<html><title>Just a moment...</title><script "
    'src="/cdn-cgi/challenge-platform/x.js"></script></html>'
)
REDESIGN = "<html><body><h1>Cổng mới</h1><p>Giao diện mới của cổng thông tin.</p></body></html>"

FAULTS: list[tuple[str, Answer, Outcome]] = [
    ("F1 hangs up", hang_up, Outcome.NETWORK),
    ("F1 drips its headers", drip_head, Outcome.NETWORK),
    ("F1 drips its body", drip_body, Outcome.NETWORK),
    ("F3 an endless page", endless_page, Outcome.TOO_BIG),
    ("F3 a gzip bomb", bomb(30_000_000), Outcome.TOO_BIG),
    ("F4 500", reply(MAINTENANCE, status="500 Internal Server Error"), Outcome.HTTP_ERROR),
    (
        "F4 429 with an absurd Retry-After",
        reply(status="429 Too Many", Retry_After="1e9"),
        Outcome.HTTP_ERROR,
    ),
    (
        "F4 503 with a negative Retry-After",
        reply(status="503 Busy", Retry_After="-5"),
        Outcome.HTTP_ERROR,
    ),
    (
        "F4 503 with a date",
        reply(status="503 Busy", Retry_After="Mon, 23 Nov 2026 05:00:00 GMT"),
        Outcome.HTTP_ERROR,
    ),
    ("F6 a redirect loop", redirect(LIST), Outcome.REDIRECTED),
    ("F6 a redirect to another host", redirect("https://portal.example/"), Outcome.REDIRECTED),
    (
        "F6 a redirect to the metadata service",
        redirect("http://169.254.169.254/latest/"),
        Outcome.REDIRECTED,
    ),
    (
        "F6 moved for good to another host",
        redirect("https://x.example/", "301 Moved"),
        Outcome.REDIRECTED,
    ),
    ("F8 a maintenance page", reply(MAINTENANCE), Outcome.MAINTENANCE),
    ("F8 a login page", reply(LOGIN), Outcome.LOGIN),
    ("F8 a challenge", reply(CHALLENGE), Outcome.BLOCKED),
    ("F8 an empty body", reply(""), Outcome.NOT_A_LISTING),
    ("F8 data", reply('{"error": "x"}', Content_Type="application/json"), Outcome.NOT_A_LISTING),
    ("L7 no row where there were eight", reply(REDESIGN), Outcome.LAYOUT_CHANGED),
    ("L7 one row where there were eight", reply(listing(OLD[0])), Outcome.YIELD_DROPPED),
]


@pytest.mark.parametrize(
    ("answer", "outcome"), [fault[1:] for fault in FAULTS], ids=[fault[0] for fault in FAULTS]
)
def test_a_fault_of_the_listing_costs_nothing(
    world: World, answer: Answer, outcome: Outcome
) -> None:
    before = world.entries()
    world.site.answers[LIST] = answer
    assert [world.poll().outcome for _ in range(2)] == [outcome, outcome]
    assert world.entries() == before == world.shown
    assert world.alerts() == []
    assert world.withdrawn() == 0
    world.show(NEW, *OLD)
    assert world.poll(86_400).outcome is Outcome.NEW
    assert world.entries() == world.shown
    assert world.alerts() == [(NEW.title, "post.published")]
    assert world.told() == [outcome.value, "recovered"]


@pytest.mark.parametrize(
    "answer",
    [hang_up, drip_body, bomb(30_000_000), reply(MAINTENANCE), reply(CHALLENGE), reply(""),
    redirect("/portal"),
     reply(status="500 Internal Server Error"), reply(status="404 Not Found")],
    ids=["F1 reset", "F1 drips", "F3 bomb", "F8 maintenance", "F8 challenge", "F8 empty",
    "L8 soft 404", "F4", "L8"],
)  # fmt: skip
def test_a_fault_of_an_article_costs_neither_its_post_nor_its_alert(
    world: World, answer: Answer
) -> None:
    world.show(NEW, *OLD)
    article = world.site.answers[NEW.path]
    world.site.answers[NEW.path] = answer
    assert world.poll().outcome is Outcome.NEW
    assert world.alerts() == [(NEW.title, "post.published")]
    assert world.entries() == world.shown
    world.site.answers[NEW.path] = article
    world.poll(7200)
    world.poll(86_400)
    assert world.alerts() == [(NEW.title, "post.published")]
    assert world.entries() == world.shown
    assert world.withdrawn() == 0


def test_F1_a_refused_connection_grows_the_back_off_and_recovers_by_itself(world: World) -> None:
    world.show(NEW, *OLD)
    world.site.__exit__()
    waits = []
    for _ in range(3):
        assert world.poll().outcome is Outcome.NETWORK
        waits.append((world.state.next_poll_at - world.clock()).total_seconds())
    assert waits == [600, 1200, 2400]
    assert world.told() == ["network"]
    assert world.entries() == world.shown - {NEW.title}


def test_F4_the_wait_is_what_the_host_asked_for_and_feeds_go_on(world: World) -> None:
    world.site.answers[LIST] = reply(status="503 Busy", Retry_After="7200")
    world.poll()
    assert (world.state.next_poll_at - world.clock()).total_seconds() == 7200
    assert world.entries() == world.shown


def test_F5_an_unchanged_listing_costs_one_conditional_request_an_interval(world: World) -> None:
    world.poll(7200)
    world.poll(6 * 3600)
    del world.site.requests[:]
    for _ in range(5):
        world.clock.advance(301)
        poll_due(world.loa)
    asked = [request for request in world.site.requests if request.path == LIST]
    assert len(asked) == 5
    assert all("if-none-match" in request.headers for request in asked)
    assert world.site.paths() == [LIST] * 5


def test_F5_a_server_that_ignores_validators_or_lies_is_judged_by_content(world: World) -> None:
    etag = 'W/"same"'
    world.site.answers[LIST] = reply(
        listing(*OLD, more="<p>695 người đang online</p>"), ETag=etag, Expires="0"
    )
    assert world.poll().outcome is Outcome.UNCHANGED
    world.site.answers[LIST] = reply(listing(NEW, *OLD), ETag=etag)
    world.site.answers[NEW.path] = reply(NEW.page)
    assert world.poll().outcome is Outcome.NEW
    asked = [request for request in world.site.requests if request.path == LIST]
    assert asked[-1].headers["if-none-match"] == etag
    assert world.alerts() == [(NEW.title, "post.published")]


def test_F5_validators_are_dropped_when_the_configuration_changed(
    world: World, tmp_path: Path
) -> None:
    file = tmp_path / "portals" / "huyen.toml"
    file.write_text(file.read_text("utf-8").replace('"td-portal"', '"auto"'), "utf-8")
    from service.bootstrap import open_loa

    again = open_loa(tmp_path / "loa.toml", {}, clock=world.clock)
    del world.site.requests[:]
    again.poller.poll(is_forced=True)
    asked = next(request for request in world.site.requests if request.path == LIST)
    assert "if-none-match" not in asked.headers
    again.close()
    assert world.alerts() == []


def test_F6_a_permanent_move_within_the_host_is_followed_and_told_once(world: World) -> None:
    moved = "/portal/KenhTin/Moi.aspx"
    world.show(NEW, *OLD, path=moved)
    world.site.answers[LIST] = redirect(moved, "301 Moved Permanently")
    assert world.poll().outcome is Outcome.NEW
    for _ in range(3):
        world.poll()
    assert world.told() == ["moved"]
    assert moved in world.letters()[0]
    assert world.alerts() == [(NEW.title, "post.published")]


def certified(folder: Path, leaf: Issued) -> ssl.SSLContext:
    file = folder / "leaf.pem"
    file.write_bytes(leaf.pem() + leaf.key_pem())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


def test_F7_an_expired_certificate_is_told_in_words_and_costs_nothing(tmp_path: Path) -> None:
    root = issue("Gốc thử", days=3650)
    (tmp_path / "portals").mkdir()
    (tmp_path / "portals" / "ca.pem").write_bytes(root.pem())
    good = certified(tmp_path, issue("cổng", root, is_ca=False, days=3650))
    told_file = 'kind = "td-portal"\nca_file = "ca.pem"\n'
    with open_world(tmp_path, portal=told_file, context=good) as world:
        world.show(*OLD)
        assert world.poll(0).outcome is Outcome.NEW
        world.show(NEW, *OLD)
        for leaf in (
            issue("cổng", root, is_ca=False, days=-1),
            issue("cổng", issue("Gốc lạ"), is_ca=False),
        ):
            world.site.context = certified(tmp_path, leaf)
            world.loa.fetcher.forget_connections()
            assert world.poll().outcome is Outcome.TLS
        assert world.entries() == world.shown - {NEW.title}
        assert "hết hạn" in world.letters()[0] or "expired" in world.letters()[0]
        world.site.context = good
        world.loa.fetcher.forget_connections()
        world.poll()
        assert world.told() == ["tls", "recovered"]
        assert world.alerts() == [(NEW.title, "post.published")]
        assert world.entries() == world.shown


@pytest.mark.parametrize(
    ("charset", "declared"),
    [("utf-8", "text/html"), ("utf-8-sig", "text/html"), ("utf-16", "text/html"),
    ("windows-1258", "text/html"),
     ("utf-8", "text/html; charset=iso-8859-1"), ("utf-8", "text/html; charset=nonsense")],
)  # fmt: skip
def test_F9_whatever_the_charset_titles_are_read_right(
    world: World, charset: str, declared: str
) -> None:
    import unicodedata

    page = listing(NEW, *OLD)
    if charset == "windows-1258":  # its letters carry their tone as a mark of its own
        tones = "\u0300\u0301\u0303\u0309\u0323"
        page = "".join(
            unicodedata.normalize(
                "NFC", "".join(c for c in unicodedata.normalize("NFD", letter) if c not in tones)
            )
            + "".join(c for c in unicodedata.normalize("NFD", letter) if c in tones)
            for letter in page
        )
    world.show(NEW, *OLD)
    world.site.answers[LIST] = reply(page.encode(charset), Content_Type=declared)
    world.poll()
    assert world.entries() == world.shown
    assert world.alerts() == [(NEW.title, "post.published")]


def test_F10_what_robots_forbids_is_not_asked_for_and_the_operator_reads_why(
    tmp_path: Path,
) -> None:
    with open_world(tmp_path) as world:
        world.site.answers["/robots.txt"] = reply(
            "User-agent: *\nDisallow: /portal/", Content_Type="text/plain"
        )
        world.show(*OLD)
        assert world.poll(0).outcome is Outcome.ROBOTS
        assert world.poll().outcome is Outcome.ROBOTS
        assert world.site.paths() == ["/robots.txt"]
        assert world.told() == ["robots"]
        assert "robots.txt" in letter_text(json.loads(world.letters()[0]))


def test_F10_robots_is_asked_for_once_a_day(world: World) -> None:
    for _ in range(4):
        world.poll(6 * 3600 - 60)
    assert world.site.paths().count("/robots.txt") == 1
    world.poll()
    assert world.site.paths().count("/robots.txt") == 2
