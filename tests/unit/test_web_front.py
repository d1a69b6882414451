"""The queues in front of the application, and where rendered entries stand; no server, no database."""

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
from io import BytesIO
from queue import SimpleQueue
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.feeds.model import Entry
from service.web.admission import Door
from service.web.front import FRONT_THREADS, SLOW_THREADS, Front
from service.web.hot import Answer, ThinLayer, build_answer
from service.web.shelf import Shelf

AT = datetime(2026, 11, 23, tzinfo=UTC)
PATIENCE_S = 10.0
SMALL = build_answer(b"feed", b"zipped", "tag", "application/rss+xml", None)
LARGE = build_answer(b"x" * 100_000, b"", "tag", "application/rss+xml", None)


class Feeds:
    def answer(self, path: str) -> Answer | None:
        return {"/small": SMALL, "/large": LARGE}.get(path)


class Protocol:
    """What the server hands over for each request; `answered` is the status."""

    def __init__(self) -> None:
        self.answered: SimpleQueue[int] = SimpleQueue()

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.answered.put(status)

    def status(self) -> int:
        return self.answered.get(timeout=PATIENCE_S)


def scope(path: str, method: str = "GET", body: Any = b"", **more: str) -> dict[str, Any]:
    source = BytesIO(body) if isinstance(body, bytes) else body
    length = {"CONTENT_LENGTH": "3"} if method == "POST" else {}
    return {"REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": "", "wsgi.input": source, **length, **more}


def front(slowly: Callable[[Any, dict[str, Any]], object], **door: int) -> Front:
    return Front(ThinLayer(lambda _environ, _start: [], Feeds(), Door(**door)), slowly)


def refuse(_protocol: Any, _scope: dict[str, Any]) -> None:
    raise AssertionError("asked slowly")


def test_what_is_in_memory_is_answered_by_the_thread_that_asks() -> None:
    asked = front(refuse)
    plain = Protocol()
    asked(plain, scope("/small"))
    assert plain.status() == 200
    known = Protocol()
    asked(known, scope("/small", HTTP_IF_NONE_MATCH='"tag"'))
    assert known.status() == 304


@pytest.mark.parametrize("path", ["/large", "/page"])
def test_what_must_be_made_first_is_made_by_another_thread(path: str) -> None:
    threads: SimpleQueue[int] = SimpleQueue()
    front(lambda *_: threads.put(threading.get_ident()))(Protocol(), scope(path))
    assert threads.get(timeout=PATIENCE_S) != threading.get_ident()


def test_as_many_slow_requests_as_there_are_threads_hold_up_no_feed() -> None:
    going = threading.Event()
    reached: SimpleQueue[int] = SimpleQueue()

    def slowly(protocol: Any, _scope: dict[str, Any]) -> None:
        reached.put(1)
        going.wait(PATIENCE_S)
        protocol.response_bytes(200, [], b"")

    asked = front(slowly)
    waiting = [Protocol() for _ in range(SLOW_THREADS + 3)]
    for one in waiting:
        asked(one, scope("/page"))
    for _ in range(SLOW_THREADS):
        reached.get(timeout=PATIENCE_S)
    feed = Protocol()
    asked(feed, scope("/small"))
    assert feed.status() == 200
    assert reached.empty()
    going.set()
    assert [one.status() for one in waiting] == [200] * len(waiting)


def test_a_fault_in_one_answer_is_a_500_and_the_next_one_is_made(caplog: pytest.LogCaptureFixture) -> None:
    def slowly(protocol: Any, asked: dict[str, Any]) -> None:
        if asked["PATH_INFO"] == "/fault":
            raise RuntimeError("a fault")
        protocol.response_bytes(204, [], b"")

    asked = front(slowly)
    for path, want in (("/fault", 500), ("/page", 204)):
        protocol = Protocol()
        asked(protocol, scope(path))
        assert protocol.status() == want
    assert "a fault" in caplog.text


class Stalled:
    """A body that never ends."""

    def __init__(self) -> None:
        self.asked, self.end = threading.Event(), threading.Event()

    def read(self, _size: int) -> bytes:
        self.asked.set()
        self.end.wait(PATIENCE_S)
        return b"abc"


def test_a_thread_that_reads_a_body_gives_its_turn_to_another_and_waits_for_the_next() -> None:
    asked = front(lambda protocol, _: protocol.response_bytes(200, [], b""))
    bodies = [Stalled() for _ in range(FRONT_THREADS)]
    served, back = [Protocol() for _ in bodies], threading.Semaphore(0)

    def thread(protocol: Protocol, body: Stalled) -> None:
        asked(Protocol(), scope("/small"))
        asked(protocol, scope("/post", "POST", body))
        back.release()

    for protocol, body in zip(served, bodies, strict=True):
        threading.Thread(target=thread, args=(protocol, body), daemon=True).start()
        assert body.asked.wait(PATIENCE_S)
    turns: SimpleQueue[int] = SimpleQueue()
    over = threading.Event()
    for _ in range(FRONT_THREADS):

        def other() -> None:
            protocol = Protocol()
            asked(protocol, scope("/small"))
            turns.put(protocol.status())
            over.wait(PATIENCE_S)

        threading.Thread(target=other, daemon=True).start()
    assert [turns.get(timeout=PATIENCE_S) for _ in range(FRONT_THREADS)] == [200] * FRONT_THREADS
    for body in bodies:
        body.end.set()
    assert [protocol.status() for protocol in served] == [200] * len(served)
    assert not back.acquire(blocking=False)
    over.set()
    assert all(back.acquire(timeout=PATIENCE_S) for _ in bodies)


def test_a_thread_that_ends_leaves_its_turn_to_the_others() -> None:
    asked = front(refuse)
    for _ in range(FRONT_THREADS * 3):
        ended = threading.Thread(target=lambda: asked(Protocol(), scope("/small")), daemon=True)
        ended.start()
        ended.join(PATIENCE_S)
        assert not ended.is_alive()


def test_a_body_without_a_place_is_refused_at_once() -> None:
    asked, protocol = front(refuse, bodies=0), Protocol()
    asked(protocol, scope("/post", "POST", b"abc"))
    assert protocol.status() == 503


RESTED = """
import service.web.memory as memory
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
    said = subprocess.run([sys.executable, "-c", RESTED], capture_output=True, text=True, check=True).stdout.split()
    assert int(said[0]) > 0 and said[1] == "1"


def entry(body: bytes) -> Entry:
    return Entry.of("p", body, AT)


@given(st.lists(st.tuples(st.binary(max_size=40), st.booleans()), max_size=60), st.integers(0, 100))
def test_a_shelf_gives_back_what_stands_on_it_however_much_was_taken_away(
    entries: list[tuple[bytes, bool]], slack: int
) -> None:
    shelf = Shelf(slack)
    standing = [(shelf.put(entry(body)), body, is_dropped) for body, is_dropped in entries]
    for shelved, _, is_dropped in standing:
        if is_dropped:
            shelf.drop(shelved)
    for shelved, body, is_dropped in standing:
        if not is_dropped:
            assert shelf.get(shelved) == entry(body)


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
        shelf = Shelf(0)
    shelved = [shelf.put(entry(body)) for body in (b"one", b"two")]
    assert [shelf.get(one).body for one in shelved] == [b"one", b"two"]


@contextmanager
def small_disk() -> Iterator[None]:
    """This process may write no file larger than 100 bytes; not for as long as pytest writes what it found."""
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    with limited(resource.RLIMIT_FSIZE, 100):
        yield
    signal.signal(signal.SIGXFSZ, before)


def test_a_shelf_keeps_in_memory_what_the_disk_refuses() -> None:
    bodies = [os.urandom(60) for _ in range(4)]
    with small_disk():
        shelf = Shelf(0)
        shelved = [shelf.put(entry(body)) for body in bodies]
        before = [shelf.get(one).body for one in shelved]
        shelf.drop(shelved[0])
        after = [shelf.get(one).body for one in shelved[1:]]
    assert (before, after) == (bodies, bodies[1:])
