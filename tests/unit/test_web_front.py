"""The queues in front of the application, and where rendered entries stand; no server."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from queue import SimpleQueue
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from service.errors import OverdueError
from service.feeds.model import Entry
from service.storage.engine import Database
from service.storage.patience import impatient
from service.web.feeds.feed_cache import FeedCache
from service.web.server.admission import A_CLIENT, MAX_BODY_BYTES, Door
from service.web.server.front import Front
from service.web.server.hot import HotAnswer, ThinLayer, build_answer
from service.web.server.queues import FILES, PAGES, SEARCHES, queue_of

AT = datetime(2026, 11, 23, tzinfo=UTC)
PATIENCE_S = 10.0
SMALL = build_answer(b"feed", b"zipped", "tag", "application/rss+xml", None)
LARGE = build_answer(b"x" * 100_000, b"", "tag", "application/rss+xml", None)


class Feeds:
    def answer(self, path: str) -> HotAnswer | None:
        return {"/small": SMALL, "/large": LARGE}.get(path)


class Exchange:
    """What stands for a request; `status` waits for its answer. `body` comes when it is read,
    unless it stalls."""

    def __init__(self, body: bytes | None = b"", *, stalls: bool = False) -> None:
        self.answered: SimpleQueue[tuple[int, dict[str, str]]] = SimpleQueue()
        self.is_gone = self.is_started = False
        self.come: Callable[[bytes | None], object] | None = None
        self._body, self._stalls = body, stalls

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        assert not self.is_started
        self.is_started = True
        self.answered.put((status, dict(headers)))

    def follow(self) -> None:
        assert not self.is_started

    def read_body(self, _most: int, act: Callable[[bytes | None], object]) -> None:
        self.come = act
        if not self._stalls:
            act(self._body)

    def stop_reading(self) -> None:
        assert self.is_started

    def status(self) -> int:
        return self.answer()[0]

    def answer(self) -> tuple[int, dict[str, str]]:
        return self.answered.get(timeout=PATIENCE_S)


class Times:
    """Keeps what is to be done later, until it is due."""

    def __init__(self) -> None:
        self.due: list[Callable[[], object]] = []

    def __call__(self, _seconds: float, act: Callable[[], object]) -> None:
        self.due.append(act)

    def pass_by(self) -> None:
        due, self.due = self.due, []
        for act in due:
            act()


def asks(
    path: str, method: str = "GET", query: str = "", client: str = "192.0.2.1", **more: str
) -> dict[str, Any]:
    length = {"CONTENT_LENGTH": "3"} if method == "POST" else {}
    place = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "REMOTE_ADDR": client,
    }
    return {**place, **length, **more}


def front(
    slowly: Callable[[Any, dict[str, Any]], object],
    times: Times | None = None,
    proxies: int = 0,
    **door: int,
) -> Front:
    later = times or Times()
    return Front(
        ThinLayer(lambda _environ, _start: [], Feeds(), proxies),
        slowly,
        later,
        door=Door(later, **door),
    )


def refuse(_exchange: Any, _environ: dict[str, Any]) -> None:
    raise AssertionError("asked slowly")


class Slow:
    """Answers when it may; `reached` holds what it was asked for, in order."""

    def __init__(self) -> None:
        self.going = threading.Event()
        self.reached: SimpleQueue[dict[str, Any]] = SimpleQueue()

    def __call__(self, exchange: Any, environ: dict[str, Any]) -> None:
        self.reached.put(environ)
        self.going.wait(PATIENCE_S)
        exchange.response_bytes(200, [], b"")

    def wait_for(self, count: int) -> None:
        for _ in range(count):
            self.reached.get(timeout=PATIENCE_S)


def test_what_is_in_memory_is_answered_by_the_thread_that_asks() -> None:
    asked = front(refuse)
    plain = Exchange()
    asked(plain, asks("/small"))
    assert plain.status() == 200
    known = Exchange()
    asked(known, asks("/small", HTTP_IF_NONE_MATCH='"tag"'))
    assert known.status() == 304


@pytest.mark.parametrize("path", ["/large", "/page"])
def test_what_must_be_made_first_is_made_by_another_thread(path: str) -> None:
    threads: SimpleQueue[int] = SimpleQueue()
    front(lambda *_: threads.put(threading.get_ident()))(Exchange(), asks(path))
    assert threads.get(timeout=PATIENCE_S) != threading.get_ident()


def test_as_many_slow_requests_as_there_are_threads_hold_up_no_feed() -> None:
    slow = Slow()
    asked = front(slow)
    waiting = [Exchange() for _ in range(PAGES.threads + 3)]
    for one in waiting:
        asked(one, asks("/page"))
    slow.wait_for(PAGES.threads)
    feed = Exchange()
    asked(feed, asks("/small"))
    assert feed.status() == 200
    assert slow.reached.empty()
    slow.going.set()
    assert [one.status() for one in waiting] == [200] * len(waiting)


def test_a_fault_in_one_answer_is_a_500_and_the_next_one_is_made(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def slowly(exchange: Any, asked: dict[str, Any]) -> None:
        if asked["PATH_INFO"] == "/fault":
            raise RuntimeError("a fault")
        exchange.response_bytes(204, [], b"")

    asked = front(slowly)
    for path, want in (("/fault", 500), ("/page", 204)):
        exchange = Exchange()
        asked(exchange, asks(path))
        assert exchange.status() == want
    assert "a fault" in caplog.text


@pytest.mark.parametrize("answer", [200, 503])
def test_S10_readers_of_files_wait_for_no_place(answer: int) -> None:
    slow = Slow()
    asked = front(slow)
    readers = [Exchange() for _ in range(FILES.threads + (answer == 503))]
    for number, one in enumerate(readers):
        asked(one, asks("/attachments/x/y", client=f"192.0.2.{number}"))
    slow.wait_for(FILES.threads)
    slow.going.set()
    assert readers[-1].status() == answer


SEARCHING = [
    ("/feeds/all.atom", "q=bao+lu"),
    ("/feeds/x.json", "category=news&place=x"),
    ("/feeds/x.json", "before=abc"),
    ("/", "q=bao"),
    ("/", "lang=en&place=x"),
    ("/", "%71=bao"),
    ("/api/v1/posts", "limit=9&q=bao"),
]


@pytest.mark.parametrize(("path", "query"), SEARCHING)
def test_S10_what_has_endless_variants_waits_in_the_queue_of_searches(
    path: str, query: str
) -> None:
    assert queue_of(asks(path, query=query)) is SEARCHES


OTHERS = [
    "/", "/healthz", "/readyz", "/admin/sign-in", "/posts/x", "/feeds/all.rss", "/attachments/x/y",
    "/api/v1/posts"
]  # fmt: skip


def test_S10_searches_have_places_of_their_own_and_nothing_else_waits_for_them() -> None:
    slow = Slow()
    asked = front(
        lambda exchange, asked: (slow if "q" in asked["QUERY_STRING"] else ok)(exchange, asked)
    )
    exchanges = [Exchange() for _ in range(SEARCHES.threads + SEARCHES.waiting + 5)]
    for number, one in enumerate(exchanges):
        asked(one, asks("/", query=f"q={number}", client=f"192.0.2.{number}"))
    slow.wait_for(SEARCHES.threads)
    refused = [one.answer() for one in exchanges[-5:]]
    assert [status for status, _ in refused] == [503] * 5
    assert all(headers["Retry-After"] == "5" for _, headers in refused)
    for path in OTHERS:
        other = Exchange()
        asked(other, asks(path))
        assert other.status() == 200, path
    assert slow.reached.empty()
    slow.going.set()
    assert [one.status() for one in exchanges[:-5]] == [200] * (SEARCHES.threads + SEARCHES.waiting)


def test_S10_the_searches_of_one_client_leave_places_to_others() -> None:
    slow = Slow()
    asked = front(slow)
    mine = [Exchange() for _ in range(SEARCHES.a_client + 1)]
    for number, one in enumerate(mine):
        asked(one, asks("/", query="q=x", client=f"2001:db8::{number}"))
    assert mine[-1].status() == 503
    other = Exchange()
    asked(other, asks("/", query="q=x", client="2001:db8:0:1::1"))
    slow.going.set()
    assert other.status() == 200


def test_S10_whoever_has_hung_up_is_not_searched_for_and_leaves_his_place() -> None:
    slow = Slow()
    asked = front(slow)
    for _ in range(3):
        exchanges = [Exchange() for _ in range(SEARCHES.a_client)]
        for one in exchanges:
            asked(one, asks("/", query="q=gone"))
        slow.wait_for(SEARCHES.threads)
        for one in exchanges[SEARCHES.threads :]:
            one.is_gone = True
        slow.going.set()
        for one in exchanges[: SEARCHES.threads]:
            assert one.status() == 200
        here = Exchange()
        asked(here, asks("/", query="q=here", client="192.0.2.2"))
        assert here.status() == 200
        slow.wait_for(1)
        assert slow.reached.empty()
        slow.going.clear()


def test_S10_a_search_has_a_deadline_and_ends_when_its_asker_hangs_up(database: Database) -> None:
    endless = text(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    )
    for most_s, is_unwanted in ((0.05, lambda: False), (PATIENCE_S, lambda: True)):
        with (
            pytest.raises(OverdueError),
            impatient(most_s, is_unwanted),
            database.reading() as conn,
        ):
            conn.execute(endless)
    with database.reading() as conn:
        assert conn.execute(text("SELECT 1")).scalar() == 1


def test_S10_a_search_has_a_deadline_on_postgresql_too(postgresql_database: Database) -> None:
    with pytest.raises(OverdueError), impatient(0.05), postgresql_database.reading() as conn:
        conn.execute(text("SELECT pg_sleep(20)"))
    with postgresql_database.reading() as conn:
        assert conn.execute(text("SHOW statement_timeout")).scalar() == "0"


def ok(exchange: Any, _environ: dict[str, Any]) -> None:
    exchange.response_bytes(200, [], b"")


def test_S11_a_body_that_was_cut_is_answered_with_400_and_not_acted_on() -> None:
    asked, exchange = front(refuse), Exchange(None)
    asked(exchange, asks("/post", "POST"))
    assert exchange.status() == 400


def test_S11_a_body_that_stalls_is_answered_with_408_and_not_acted_on_when_it_comes_after_all() -> (
    None
):
    times = Times()
    asked, exchange = front(refuse, times), Exchange(stalls=True)
    asked(exchange, asks("/post", "POST"))
    assert not exchange.is_started
    times.pass_by()
    assert exchange.status() == 408
    assert exchange.come is not None
    exchange.come(b"abc")
    times.pass_by()


def test_S11_a_body_comes_whole_before_anything_is_done() -> None:
    slow, times = Slow(), Times()
    slow.going.set()
    asked, exchange = front(slow, times), Exchange(stalls=True)
    chunked = {**asks("/post", "POST", HTTP_TRANSFER_ENCODING="chunked"), "CONTENT_LENGTH": ""}
    asked(exchange, chunked)
    assert slow.reached.empty()
    assert exchange.come is not None
    exchange.come(b"all of it")
    got = slow.reached.get(timeout=PATIENCE_S)
    assert (got["wsgi.input"].read(), got["CONTENT_LENGTH"]) == (b"all of it", "9")
    times.pass_by()
    assert exchange.status() == 200


def test_a_body_that_says_it_is_too_long_is_not_read() -> None:
    slow = Slow()
    slow.going.set()
    asked, exchange = front(slow), Exchange(stalls=True)
    asked(exchange, {**asks("/post", "POST"), "CONTENT_LENGTH": str(MAX_BODY_BYTES + 1)})
    assert exchange.status() == 200
    assert exchange.come is None


def test_S11_a_client_whose_bodies_stall_shuts_nobody_else_out() -> None:
    times = Times()
    asked = front(ok, times)
    for host in range(A_CLIENT):
        asked(Exchange(stalls=True), asks("/post", "POST", client=f"2001:db8::{host}"))
    for client, want in (
        ("2001:db8::ffff", 503),
        ("2001:db8:0:1::1", 200),
        ("::ffff:192.0.2.1", 200),
    ):
        exchange = Exchange(b"abc")
        asked(exchange, asks("/post", "POST", client=client))
        assert exchange.status() == want
    times.pass_by()
    after = Exchange(b"abc")
    asked(after, asks("/post", "POST", client="2001:db8::ffff"))
    assert after.status() == 200


def test_clients_behind_a_trusted_proxy_are_told_apart() -> None:
    asked = front(ok, proxies=1, a_client=1)
    asked(Exchange(stalls=True), asks("/post", "POST", HTTP_X_FORWARDED_FOR="192.0.2.9"))
    for forwarded, want in (("spoofed, 192.0.2.9", 503), ("192.0.2.9, 192.0.2.10", 200)):
        exchange = Exchange(b"abc")
        asked(exchange, asks("/post", "POST", HTTP_X_FORWARDED_FOR=forwarded))
        assert exchange.status() == want


def test_a_body_without_a_place_is_refused_at_once() -> None:
    asked, exchange = front(refuse, bodies=0), Exchange(b"abc")
    asked(exchange, asks("/post", "POST"))
    status, headers = exchange.answer()
    assert (status, headers["Retry-After"]) == (503, "1")


RESTED = """
import service.web.server.memory as memory
def resident():
    return int(open("/proc/self/status").read().split("RssFile:")[1].split()[0])
before = resident()
memory._call(memory._let_go_of_code)
print(before - resident())
import sqlite3, ssl
print(sqlite3.connect(":memory:").execute("SELECT 1").fetchone()[0])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads what Linux says of a process's memory")
def test_code_that_is_let_go_comes_back_when_it_is_needed() -> None:
    said = subprocess.run(
        [sys.executable, "-c", RESTED], capture_output=True, text=True, check=True
    ).stdout.split()
    assert int(said[0]) > 0 and said[1] == "1"


def entry(body: bytes) -> Entry:
    return Entry.of("p", body, AT)


@given(st.lists(st.tuples(st.binary(max_size=40), st.booleans()), max_size=60), st.integers(0, 100))
def test_a_shelf_gives_back_what_stands_on_it_however_much_was_taken_away(
    entries: list[tuple[bytes, bool]], slack: int
) -> None:
    shelf = FeedCache(slack)
    standing = [(shelf.put(entry(body)), body, is_dropped) for body, is_dropped in entries]
    for cached, _, is_dropped in standing:
        if is_dropped:
            shelf.drop(cached)
    for cached, body, is_dropped in standing:
        if not is_dropped:
            assert shelf.get(cached) == entry(body)


@contextmanager
def limited(what: int, most: int) -> Iterator[None]:
    """This process may have no more of something, while it lasts."""
    soft, hard = resource.getrlimit(what)
    resource.setrlimit(what, (most, hard))
    try:
        yield
    finally:
        resource.setrlimit(what, (soft, hard))


def test_a_shelf_without_any_place_for_a_file_keeps_all_in_memory() -> None:
    with limited(resource.RLIMIT_NOFILE, 0):
        shelf = FeedCache(0)
    cached = [shelf.put(entry(body)) for body in (b"one", b"two")]
    assert [shelf.get(one).body for one in cached] == [b"one", b"two"]


@contextmanager
def small_disk() -> Iterator[None]:
    """This process may write no file larger than 100 bytes; not for as long as pytest writes what
    it found."""
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    with limited(resource.RLIMIT_FSIZE, 100):
        yield
    signal.signal(signal.SIGXFSZ, before)


def test_a_shelf_keeps_in_memory_what_the_disk_refuses() -> None:
    bodies = [os.urandom(60) for _ in range(4)]
    with small_disk():
        shelf = FeedCache(0)
        cached = [shelf.put(entry(body)) for body in bodies]
        before = [shelf.get(one).body for one in cached]
        shelf.drop(cached[0])
        after = [shelf.get(one).body for one in cached[1:]]
    assert (before, after) == (bodies, bodies[1:])
