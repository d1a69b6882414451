"""What feeds do when something goes wrong or moves: categories, renderings, portals, the database."""

from __future__ import annotations

import gzip
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import feedparser
import pytest
from sqlalchemy import Connection
from werkzeug.test import Client

from service.bootstrap import Loa, open_loa
from service.export import MANIFEST, export_to
from service.feeds.model import Format
from service.feeds.site import Site
from service.storage.engine import Database, open_database
from service.storage.feeds import feed_problems
from service.storage.posts import bump, set_categories
from service.types import Post
from service.web.app import create_app
from service.web.feed_store import FeedStore
from service.web.feeds import EXTENSION
from service.web.hot import ThinLayer
from tests.fakes import FakeClock
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
    opened = open_loa(None, {"LOA_DATABASE__URL": f'"sqlite:///{tmp_path / "loa.db"}"'}, clock=clock)
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
    loa.close()


def test_last_modified_moves_whenever_the_bytes_do_and_never_at_a_restart(loa: Loa, clock: FakeClock) -> None:
    (post_id,) = store_posts(loa, make_post(1))
    client = client_of(loa)
    first = client.get("/feeds/directives.atom")
    since = {"If-Modified-Since": first.headers["Last-Modified"]}
    clock.advance(3 * 86_400)
    assert client_of(loa).get("/feeds/directives.atom").headers["Last-Modified"] == first.headers["Last-Modified"]
    assert client.get("/feeds/directives.atom", headers=since).status_code == 304
    with loa.database.writing() as conn:
        set_categories(conn, post_id, ["events"], clock())
    emptied = client.get("/feeds/directives.atom", headers=since)
    assert emptied.status_code == 200 and not feedparser.parse(emptied.data).entries
    with loa.database.writing() as conn:
        set_categories(conn, post_id, ["directives"], clock())
    again = client.get("/feeds/directives.atom", headers={"If-Modified-Since": emptied.headers["Last-Modified"]})
    assert again.status_code == 200  # within the same second


def test_an_entry_that_does_not_read_back_keeps_the_last_good_one_and_the_operator_sees_it(loa: Loa) -> None:
    is_bad = False

    def check(_site: Site, fmt: Format, _body: bytes, _post: Post) -> str | None:
        return "is wrong" if is_bad and fmt is Format.ATOM else None

    (post_id,) = store_posts(loa, make_post(1))
    told: list[str] = []
    store = FeedStore(loa, told.append, check)
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
    assert [alarm.key for alarm in loa.watchdogs.watch()] == ["feeds"]
    assert b"loa_feed_problems 1.0" in client_of(loa).get("/metrics").data
    is_bad = False
    with loa.database.writing() as conn:
        set_categories(conn, post_id, ["news"], loa.clock())
    store.rebuild()
    assert store.current(spec, Format.ATOM).gzip.etag != good.gzip.etag
    assert loa.watchdogs.watch() == ()


def test_O6_a_failing_portal_leaves_its_feeds_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "portals").mkdir()
    (tmp_path / "portals/down.toml").write_text(PORTAL, encoding="utf-8")
    (tmp_path / "loa.toml").write_text('portals_dir = "portals"\n[polling]\ntimeout_s = 2\n', encoding="utf-8")
    loa = open_loa(tmp_path / "loa.toml", {"LOA_DATABASE__URL": f'"sqlite:///{tmp_path / "loa.db"}"'})
    post = make_post(1)
    store_posts(loa, post)
    client = client_of(loa)
    paths = ("/feeds/all.atom", "/feeds/down.rss", "/feeds/down/directives.json")
    before = [client.get(path) for path in paths]
    report = loa.poller.poll(["down"], is_forced=True)
    assert report.has_failed
    for path, known in zip(paths, before, strict=True):
        after = client.get(path)
        assert (after.status_code, after.data, after.headers["ETag"]) == (200, known.data, known.headers["ETag"])
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
    assert client.get("/feeds/all.rss", headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
    del loa.__dict__["database"]


def test_an_export_holds_every_feed_and_page_and_touches_only_what_changed(loa: Loa, tmp_path: Path) -> None:
    (post_id,) = store_posts(loa, make_post(1))
    folder = tmp_path / "out"
    first = export_to(loa, folder)
    assert first.files == first.written and first.removed == 0
    for name in ("index.html", "feeds/index.html", "feeds.opml", f"posts/{post_id}/index.html", "feeds/all.rss"):
        assert gzip.decompress((folder / f"{name}.gz").read_bytes()) == (folder / name).read_bytes()
    assert not feedparser.parse((folder / "feeds/quangxuong/directives.atom").read_bytes()).bozo
    assert export_to(loa, folder).written == 0
    (folder / "mine.txt").write_text("not ours")
    (folder / MANIFEST).write_text((folder / MANIFEST).read_text() + "\nfeeds/old.rss\n../outside.txt")
    (folder / "feeds/old.rss").write_text("old")
    (tmp_path / "outside.txt").write_text("not ours either")
    store_posts(loa, make_post(0))
    second = export_to(loa, folder)
    assert second.removed == 1 and 0 < second.written < first.written
    assert (folder / "mine.txt").exists() and (tmp_path / "outside.txt").exists()
    assert not [name for name in os.listdir(folder / "feeds") if name.startswith(".loa-")]


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
