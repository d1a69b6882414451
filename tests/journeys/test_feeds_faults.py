"""What feeds do when something goes wrong or moves: categories, renderings, portals, the
database."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import feedparser
import pytest
from sqlalchemy import Connection
from werkzeug.test import Client

from service.bootstrap import Loa, open_loa
from service.feeds.feed_document import document_problem
from service.feeds.markup import Site
from service.feeds.model import Entry, Feed, Format
from service.feeds.page import Checks
from service.services.alarm_acts import tell_alarms
from service.storage.engine import Database, open_database
from service.storage.feeds import feed_problems
from service.storage.posts import bump, set_categories
from service.types import Post
from service.web.app import create_app
from service.web.feeds.feed_routes import EXTENSION
from service.web.feeds.feed_store import FeedStore
from service.web.server.hot import ThinLayer
from tests.fakes import FakeClock
from tests.fakes_database import lay_migrated
from tests.fakes_feeds import make_post
from tests.journeys.test_feeds_http import store_posts

PORTAL = """
id = "down"
name = "Cổng hỏng"
base_url = "http://127.0.0.1:9"
kind = "auto"
[[listings]]
url = "/"
"""


@pytest.fixture
def loa(tmp_path: Path, clock: FakeClock) -> Iterator[Loa]:
    url = f"sqlite:///{tmp_path / 'loa.db'}"
    lay_migrated(url)
    opened = open_loa(None, {"LOA_DATABASE__URL": f'"{url}"'}, clock=clock)
    yield opened
    opened.close()


def client_of(loa: Loa) -> Client:
    return Client(create_app(loa))


def test_O4_a_renamed_category_is_moved_and_a_retired_one_is_gone(tmp_path: Path) -> None:
    rules = (Path(__file__).parents[2] / "config/categories.toml").read_text(encoding="utf-8")
    rules = rules.replace('id = "directives"', 'id = "directives"\nformerly = ["orders"]', 1)
    (tmp_path / "categories.toml").write_text('retired = ["weather"]\n' + rules, encoding="utf-8")
    environ = {
        "LOA_DATABASE__URL": f'"sqlite:///{tmp_path / "loa.db"}"',
        "LOA_SERVICE__PUBLIC_URL": '"https://loa.example"',
    }
    (tmp_path / "loa.toml").write_text("", encoding="utf-8")
    loa = open_loa(tmp_path / "loa.toml", environ)
    client = client_of(loa)
    moved = client.get("/feeds/quangxuong/orders.atom?q=x")
    assert moved.status_code == 301
    assert moved.headers["Location"] == "https://loa.example/feeds/quangxuong/directives.atom?q=x"
    assert client.get("/feeds/weather.rss").status_code == 410
    assert client.get("/feeds/directives.rss").status_code == 200
    for asked, location in (
        ("all.atom?category=orders", "all.atom?category=directives"),
        (
            "all.rss?q=x&category=orders&category=news&raw=1",
            "all.rss?category=directives&category=news&q=x&raw=1",
        ),
        (
            "quangxuong.json?category=directives&category=orders",
            "quangxuong.json?category=directives",
        ),
        ("orders.atom?category=orders", "directives.atom?category=directives"),
        ("all.atom?category=weather&category=news", "all.atom?category=news"),
    ):
        answer = client.get(f"/feeds/{asked}")
        assert (answer.status_code, answer.headers.get("Location")) == (
            301,
            f"https://loa.example/feeds/{location}",
        )
        assert client.get(answer.headers["Location"]).status_code == 200
    for asked in (
        "all.atom?category=weather",
        "quangxuong.rss?q=x&category=weather",
        "quangxuong/weather.json",
    ):
        assert client.get(f"/feeds/{asked}").status_code == 410
    assert client.get("/feeds/nowhere/orders.atom").status_code == 404
    assert client.get("/feeds/all.atom?category=orders&colour=red").status_code == 400
    loa.close()


def test_O5_no_address_leads_to_the_host_that_a_request_names(loa: Loa) -> None:
    client = client_of(loa)
    for path in (
        "/feeds//all.rss",
        "//feeds/all.rss",
        "/feeds",
        "/feeds/",
        "/feeds.opml",
        "/feeds/all.rss?q=x",
    ):
        answer = client.get(path, base_url="http://evil.example/")
        assert "evil" not in answer.headers.get("Location", "") + answer.text, path


def test_last_modified_moves_whenever_the_bytes_do_and_never_at_a_restart(
    loa: Loa, clock: FakeClock
) -> None:
    (post_id,) = store_posts(loa, make_post(1))
    client = client_of(loa)
    first = client.get("/feeds/directives.atom")
    since = {"If-Modified-Since": first.headers["Last-Modified"]}
    clock.advance(3 * 86_400)
    assert (
        client_of(loa).get("/feeds/directives.atom").headers["Last-Modified"]
        == first.headers["Last-Modified"]
    )
    assert client.get("/feeds/directives.atom", headers=since).status_code == 304
    with loa.database.writing() as conn:
        set_categories(conn, post_id, ["events"], clock())
    emptied = client.get("/feeds/directives.atom", headers=since)
    assert emptied.status_code == 200 and not feedparser.parse(emptied.data).entries
    with loa.database.writing() as conn:
        set_categories(conn, post_id, ["directives"], clock())
    again = client.get(
        "/feeds/directives.atom", headers={"If-Modified-Since": emptied.headers["Last-Modified"]}
    )
    assert again.status_code == 200  # within the same second


def test_an_entry_that_does_not_read_back_keeps_the_last_good_one_and_the_operator_sees_it(
    loa: Loa,
) -> None:
    is_bad = False

    def check(_site: Site, fmt: Format, _body: bytes, _post: Post) -> str | None:
        return "is wrong" if is_bad and fmt is Format.ATOM else None

    (post_id,) = store_posts(loa, make_post(1))
    told: list[str] = []
    store = FeedStore(loa, told.append, Checks(check))
    spec = store.spec("all")
    assert spec is not None
    good = store.current(spec, Format.ATOM)
    is_bad = True
    with loa.database.writing() as conn:
        set_categories(conn, post_id, ["events"], loa.clock())
    store.rebuild()
    kept = store.current(spec, Format.ATOM)
    assert kept.gzip.etag == good.gzip.etag
    assert len(told) == 1 and "is wrong" in told[0]
    with loa.database.reading() as conn:
        assert feed_problems(conn) == {f"{post_id}.atom": "is wrong"}
    assert [alarm.key for alarm in tell_alarms(loa.database, loa)] == ["feeds"]
    assert (
        b"loa_feed_problems 1.0"
        in client_of(loa).get("/metrics", environ_overrides={"REMOTE_ADDR": "127.0.0.1"}).data
    )
    is_bad = False
    with loa.database.writing() as conn:
        set_categories(conn, post_id, ["news"], loa.clock())
    store.rebuild()
    assert store.current(spec, Format.ATOM).gzip.etag != good.gzip.etag
    assert tell_alarms(loa.database, loa) == ()


class HangDetector:
    """Says that whole feeds in Atom are wrong while it is told to."""

    def __init__(self) -> None:
        self.verdict: str | None = None

    def __call__(
        self,
        site: Site,
        feed: Feed,
        fmt: Format,
        body: bytes,
        entries: Sequence[Entry],
        updated_at: datetime,
    ) -> str | None:
        if fmt is Format.ATOM and self.verdict is not None:
            return self.verdict
        return document_problem(site, feed, fmt, body, entries, updated_at)


def test_a_whole_feed_that_is_not_as_meant_keeps_the_last_good_one_until_one_is(loa: Loa) -> None:
    judge, told = HangDetector(), list[str]()
    app = create_app(loa)
    store = FeedStore(loa, told.append, Checks(document=judge))
    client = Client(ThinLayer(app, store))
    (first,) = store_posts(loa, make_post(1))
    store.rebuild()
    spec = store.spec("all")
    assert spec is not None
    for fmt in (Format.ATOM, Format.RSS):
        store.current(spec, fmt)
    good = client.get("/feeds/all.atom")
    judge.verdict = "has lost its head"
    (second,) = store_posts(loa, make_post(0))
    store.rebuild()
    kept = client.get("/feeds/all.atom")
    assert (kept.status_code, kept.data, kept.headers["ETag"]) == (
        200,
        good.data,
        good.headers["ETag"],
    )
    assert [entry.id for entry in feedparser.parse(client.get("/feeds/all.rss").data).entries] == [
        f"urn:uuid:{second}", f"urn:uuid:{first}",
    ]  # fmt: skip
    assert told == [
        "cannot replace the feed '/feeds/all.atom': it has lost its head; the last good one stays"
    ]
    with loa.database.reading() as conn:
        assert feed_problems(conn) == {"/feeds/all.atom": "has lost its head"}
    (alarm,) = tell_alarms(loa.database, loa)
    assert alarm.key == "feeds" and "has lost its head" in alarm.text
    assert (
        b"loa_feed_problems 1.0"
        in client.get("/metrics", environ_overrides={"REMOTE_ADDR": "127.0.0.1"}).data
    )
    judge.verdict = None
    with loa.database.writing() as conn:
        bump(conn, "feeds")
        set_categories(conn, first, ["news"], loa.clock())
    store.rebuild()
    assert client.get("/feeds/all.atom").headers["ETag"] != good.headers["ETag"]
    assert tell_alarms(loa.database, loa) == ()


def test_a_feed_that_never_was_as_meant_is_not_sent_at_all(loa: Loa) -> None:
    judge = HangDetector()
    judge.verdict = "has lost its head"
    store = FeedStore(loa, lambda _problem: None, Checks(document=judge))
    spec = store.spec("all")
    assert spec is not None
    assert store.current(spec, Format.ATOM) is None
    assert store.narrowed(spec, Format.ATOM, (("q", "x"),), None) is None
    with loa.database.reading() as conn:
        assert feed_problems(conn).keys() == {"/feeds/all.atom", "/feeds/all.atom?…"}
    judge.verdict = None
    assert store.current(spec, Format.ATOM) is not None
    assert store.narrowed(spec, Format.ATOM, (("q", "x"),), None) is not None
    with loa.database.reading() as conn:
        assert feed_problems(conn) == {}


def test_O6_a_failing_portal_leaves_its_feeds_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "portals").mkdir()
    (tmp_path / "portals/down.toml").write_text(PORTAL, encoding="utf-8")
    (tmp_path / "loa.toml").write_text(
        'portals_dir = "portals"\n[polling]\ntimeout_s = 2\n', encoding="utf-8"
    )
    loa = open_loa(
        tmp_path / "loa.toml", {"LOA_DATABASE__URL": f'"sqlite:///{tmp_path / "loa.db"}"'}
    )
    post = make_post(1)
    store_posts(loa, post)
    client = client_of(loa)
    paths = ("/feeds/all.atom", "/feeds/down.rss", "/feeds/down/directives.json")
    before = [client.get(path) for path in paths]
    report = loa.poller.poll(["down"], is_forced=True)
    assert report.has_failed
    for path, known in zip(paths, before, strict=True):
        after = client.get(path)
        assert (after.status_code, after.data, after.headers["ETag"]) == (
            200,
            known.data,
            known.headers["ETag"],
        )
        assert client.get(path, headers={"If-None-Match": known.headers["ETag"]}).status_code == 304
    loa.close()


class HeldDatabase:
    """A database that lets one thread, `search`, wait; `reads` counts all that read."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.reads = 0
        self.asked = threading.Event()
        self.free = threading.Event()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        self.reads += 1
        if threading.current_thread().name == "search":
            self.asked.set()
            self.free.wait(10)
        with self._database.reading() as conn:
            yield conn

    def __getattr__(self, name: str) -> object:
        return getattr(self._database, name)


def test_a_slow_search_holds_up_no_feed_and_is_not_kept_when_posts_moved_on(loa: Loa) -> None:
    store_posts(loa, make_post(1))
    held = HeldDatabase(loa.database)
    loa.database = held  # type: ignore[assignment] # as slow as a search of very many posts
    store = FeedStore(loa)
    spec = store.spec("all")
    assert spec is not None
    store.is_followed = True

    def search() -> None:
        store.narrowed(spec, Format.ATOM, (("q", "công"),), None)

    slow = threading.Thread(target=search, name="search")
    slow.start()
    assert held.asked.wait(10)
    store.current(spec, Format.ATOM)
    store_posts(loa, make_post(2))
    store.rebuild()
    assert slow.is_alive()
    held.free.set()
    slow.join()
    before = held.reads
    search()
    assert held.reads > before
    before = held.reads
    search()
    assert held.reads == before


def test_a_fault_of_ours_in_the_thread_that_follows_is_logged_whole(
    loa: Loa, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[str] = []
    store = FeedStore(loa, told.append)
    stop = threading.Event()
    following = store.follow(stop)
    clock = loa.clock
    loa.clock = lambda: clock().replace(year=0)  # no fault of the database: one of the program
    store_posts(loa, make_post(1))
    until = time.monotonic() + 10
    while not told and time.monotonic() < until:
        time.sleep(0.05)
    stop.set()
    following.join()
    assert len(told) == 1 and "cannot bring the feeds up to date" in told[0]
    assert any(record.exc_info for record in caplog.records)


def test_feeds_in_memory_touch_no_database(loa: Loa) -> None:
    store_posts(loa, make_post(1))
    app = create_app(loa)
    store = app.extensions[EXTENSION]
    store.ensure()
    store.warm(30)
    store.is_followed = True
    loa.close()
    loa.database = None  # type: ignore[assignment] # whoever asks it fails
    client = Client(ThinLayer(app, store))
    answer = client.get("/feeds/all.rss")
    assert answer.status_code == 200
    assert (
        client.get("/feeds/all.rss", headers={"If-None-Match": answer.headers["ETag"]}).status_code
        == 304
    )
    del loa.__dict__["database"]


def test_another_process_change_is_seen_on_the_next_look(loa: Loa) -> None:
    store_posts(loa, make_post(1))
    store = FeedStore(loa)
    spec = store.spec("all")
    assert spec is not None
    before = store.current(spec, Format.RSS)
    other = open_database(loa.settings.database.url)
    with other.writing() as conn:
        bump(conn, "feeds")
    other.close()
    assert store.current(spec, Format.RSS) is before
    store_posts(loa, make_post(0))
    assert store.current(spec, Format.RSS) is not before


def test_a_feed_that_cannot_be_written_is_503_with_a_time_to_come_again_and_the_operator_sees_it(
    loa: Loa,
) -> None:
    unwritable = loa.settings.service.model_copy(
        update={"language": "vi\x01"}
    )  # what no XML can carry
    broken = Loa(loa.settings.model_copy(update={"service": unwritable}), loa.clock)
    client = client_of(broken)
    for path in ("/feeds/all.atom", "/feeds/all.rss", "/feeds/all.atom?q=x"):
        answer = client.get(path)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "300")
    assert client.get("/feeds/all.json").status_code == 200
    with broken.database.reading() as conn:
        problems = feed_problems(conn)
    assert problems.keys() == {"/feeds/all.atom", "/feeds/all.rss", "/feeds/all.atom?…"}
    assert all(problem.startswith("cannot be written") for problem in problems.values())
    broken.close()
