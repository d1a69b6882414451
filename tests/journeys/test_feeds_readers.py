"""Every feed of the sample data, fetched over HTTP: held against the restated rules, and read by
two feed readers, with nothing lost on the way."""

from __future__ import annotations

import gc
import threading
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import feedparser
import orjson
import pytest
from icalendar import Calendar
from lxml import etree
from werkzeug.serving import make_server

from service.bootstrap import Loa, open_loa
from service.demo.sample import seed_posts
from service.feeds.ical import calendar_problem
from service.feeds.markup import (
    Site,
    body_html,
    entry_summary,
    entry_title,
    has_markup,
    shown_attachments,
    uri,
)
from service.feeds.model import Format
from service.feeds.read_back import as_feedparser_reads, feed_problem
from service.posts.classify import classify
from service.posts.diff import fingerprint
from service.storage import schema
from service.storage.posts import Draft, add_revision, bump, get_post
from service.types import AttachmentLink, PortalName, Post, Understanding
from service.web.app import create_app
from service.web.feeds.feed_query import formats_of
from service.web.feeds.feed_routes import EXTENSION
from service.web.feeds.feed_store import FeedStore
from service.web.server.hot import ThinLayer
from tests.fakes_feeds import AT, PDF, SECOND_PDF, make_post
from tests.feed_rules import findings, opml_findings
from tests.journeys.test_feeds_http import store_posts

AWKWARD = (
    "<mới> Thông báo", "A &amp; B", "a ]]> b", "<b>Đậm</b> <script>x</script>", "A & B < C > D",
    "😀 họp", "",
    "dài " * 500, "x=?UTF-8?Q?=0D=0A?=Bcc: x@y", "&#60;p&#62;", "{{7*7}}",
)  # fmt: skip
VIETNAMESE = AttachmentLink(
    "https://portal.example/f/Công văn  số 1 (bản ký) & phụ lục.pdf",
    "Công văn số 1 & phụ lục.pdf",
    "application/pdf",
)
FILES = ((), (PDF,), (PDF, SECOND_PDF), (VIETNAMESE,))
PLACE, EMPTY_PLACE = "luu-ve-16438", "quang-yen-16480"
NARROWED: tuple[tuple[tuple[str, str], ...], ...] = (
    (("category", "directives"),),
    (("category", "directives"), ("category", "news")),
    (("place", PLACE),),
    (("portal", "quangxuong"),),
    (("q", "công văn"),),
    (("category", "news"), ("portal", "quangxuong"), ("place", PLACE), ("q", "a")),
    (("q", '<b>"&'),),
    (("category", "meetings"), ("q", "không-có")),
)


def sample(loa: Loa) -> list[Post]:
    """The posts of the seed page, such as have awkward titles, and old ones, with attachments on
    some."""
    posts = []
    for number, title in enumerate([post.title for post in seed_posts()] + list(AWKWARD)):
        categories, why = classify(loa.rules, title)
        understanding = Understanding(
            categories,
            why,
            summary=title[:200].strip(),
            begins_at=AT if number % 5 == 0 else None,
            concerns=(PLACE,) if number % 6 == 0 else (),
        )
        portal = (
            PortalName("khac", "UBND xã Khác & “Lạ”") if number % 9 == 0 else make_post().portal
        )
        changes: dict[str, Any] = {
            "understanding": understanding,
            "attachments": FILES[number % 4],
            "portal": portal,
        }
        posts.append(make_post(number, title, **changes))
    old = [make_post(100 + n, f"Tin cũ {n}") for n in range(110)]
    return posts + [
        replace(post, first_seen_at=post.first_seen_at - timedelta(days=40 * n))
        for n, post in enumerate(old, 1)
    ]


@dataclass(frozen=True, slots=True)
class ServedFeed:
    """Loa, served as it is; `client` asks over HTTP."""

    loa: Loa
    store: FeedStore
    root: str

    @property
    def site(self) -> Site:
        return self.store.site

    def get(self, path: str) -> bytes:
        with urlopen(self.root + path, timeout=20) as answer:
            body: bytes = answer.read()
        return body

    def feeds(self) -> Iterator[tuple[str, Format, bytes, list[Post]]]:
        """Path, format, bytes and posts of every feed, its older pages included, and of some that
        are narrowed."""
        specs = self.store.specs()
        empty = self.store.spec(f"places/{EMPTY_PLACE}")
        assert empty is not None
        for spec in (*specs, empty):
            for fmt in formats_of(spec):
                before = None
                while True:
                    feed = self.store.load(spec, (), before)
                    path = feed.address("", fmt, before)
                    yield path, fmt, self.get(path), list(feed.posts)
                    before = feed.previous
                    if before is None or fmt is Format.ICS:
                        break
        for query in NARROWED:
            feed = self.store.load(specs[0], query)
            for fmt in (Format.RSS, Format.ATOM, Format.JSON):
                path = feed.address("", fmt)
                yield path, fmt, self.get(path), list(feed.posts)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[ServedFeed]:
    server = make_server("127.0.0.1", 0, lambda *_: [], threaded=True)
    root = f"http://127.0.0.1:{server.port}"
    environ = {
        "LOA_DATABASE__URL": f'"sqlite:///{tmp_path / "loa.db"}"',
        "LOA_SERVICE__PUBLIC_URL": f'"{root}"',
    }
    loa = open_loa(None, environ)
    ids = store_posts(loa, *sample(loa))
    with loa.database.writing() as conn:
        for number in (3, 9, 20):
            withdrawn = schema.post.update().where(schema.post.c.id == ids[number])
            conn.execute(withdrawn.values(withdrawn_at=AT + timedelta(days=2)))
        edited = schema.post.update().where(schema.post.c.id == ids[4])
        conn.execute(edited.values(updated_at=AT + timedelta(days=1)))
        bump(conn, "feeds")
    app = create_app(loa)
    store: FeedStore = app.extensions[EXTENSION]
    thin = ThinLayer(app, store)

    def fresh(environ: Any, start_response: Any) -> Any:
        store.ensure()  # what a thread does twice a second
        return thin(environ, start_response)

    server.app = fresh
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield ServedFeed(loa, store, root)
    server.shutdown()
    thread.join()
    server.server_close()
    loa.close()


def test_every_feed_reads_back_and_breaks_no_rule(served: ServedFeed) -> None:
    count = 0
    for path, fmt, body, posts in served.feeds():
        count += 1
        if fmt is Format.ICS:
            assert calendar_problem(body, posts) is None, path
            assert Calendar.from_ical(body)["version"] == "2.0"
            continue
        assert feed_problem(served.site, fmt, body, posts) is None, path
        assert findings(fmt.value, body, f"{served.root}{path}") == [], path
    assert count >= 120


def test_the_list_of_feeds_breaks_no_rule_and_every_address_in_it_answers(
    served: ServedFeed,
) -> None:
    body = served.get("/feeds.opml")
    assert opml_findings(body) == []
    urls = [
        outline.get("xmlUrl", "")
        for outline in etree.fromstring(body).iter("outline")
        if outline.get("type")
    ]
    assert len(urls) == len(set(urls)) >= 16
    for url in urls:
        assert not feedparser.parse(served.get(url.removeprefix(served.root))).bozo


def test_feedparser_reads_all_that_a_post_says(served: ServedFeed) -> None:
    for fmt in (Format.RSS, Format.ATOM):
        parsed = feedparser.parse(
            served.get(f"/feeds/all.{fmt}"), sanitize_html=False, resolve_relative_uris=False
        )
        spec = served.store.spec("all")
        assert spec is not None and parsed.feed.language == "vi"
        posts = [post for post in served.store.load(spec).posts if post.withdrawn_at is None]
        for entry, post in zip(parsed.entries, posts, strict=True):
            assert entry.content[0].value == as_feedparser_reads(body_html(post)).strip()
            files = shown_attachments(post)
            meant = [(uri(file.url), file.media_type, str(file.bytes or 0)) for file in files]
            found = [(e.href, e.type, e.get("length", "0")) for e in entry.enclosures]
            assert found == (meant[:1] if fmt is Format.RSS else meant)
            for file in files[1:]:
                assert uri(file.url).replace("&", "&amp;") in entry.content[0].value


def _read(reader: Any, url: str) -> dict[str, Any]:
    return {entry.id: entry for entry in reader.get_entries(feed=url)}


def _require_same(fmt: Format, post: Post, entry: Any) -> None:
    """What `reader` has of a post is what the post says."""
    is_html = fmt is not Format.JSON  # what looks like markup is told as HTML there
    title, summary = entry_title(post), entry_summary(post)
    assert entry.title == title or (
        is_html and has_markup(title) and unescape(entry.title) == title
    )
    assert entry.link == uri(post.url)
    assert entry.authors == (post.portal.name,) or entry.author == post.portal.name
    assert entry.published == post.published_at.replace(microsecond=0)
    assert entry.updated == (
        post.updated_at if fmt is not Format.RSS or post.updated_at != post.published_at else None
    )
    assert entry.summary == summary or (is_html and unescape(entry.summary) == summary)
    assert [content.value for content in entry.content if content.type == "text/html"] == [
        body_html(post)
    ]
    meant = [(uri(file.url), file.media_type, file.bytes) for file in shown_attachments(post)]
    found = [(e.href, e.type, e.length or None) for e in entry.enclosures]
    assert found == (meant[:1] if fmt is Format.RSS else meant)


def test_reader_loses_nothing_and_an_edit_never_duplicates(
    served: ServedFeed, tmp_path: Path
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore"
        )  # of reader's own dependencies, and of files that it leaves open
        _read_and_edit(served, tmp_path / "reader.db")
        gc.collect()


def _read_and_edit(served: ServedFeed, database: Path) -> None:
    import reader as reader_module

    reader = reader_module.make_reader(str(database))
    spec = served.store.spec("all")
    assert spec is not None
    urls = {fmt: f"{served.root}/feeds/all.{fmt}" for fmt in (Format.RSS, Format.ATOM, Format.JSON)}
    posts = served.store.load(spec).posts
    for fmt, url in urls.items():
        reader.add_feed(url)
        shown = {
            f"urn:uuid:{p.id}": p for p in posts if p.withdrawn_at is None or fmt is Format.JSON
        }
        assert reader.update_feed(url).new == len(shown)
        entries = _read(reader, url)
        assert entries.keys() == shown.keys()
        for key, post in shown.items():
            if post.withdrawn_at is None:
                _require_same(fmt, post, entries[key])
        assert reader.update_feed(url) is None  # not modified
    before = {fmt: _read(reader, url) for fmt, url in urls.items()}
    edited_id = posts[5].id
    _edit(served.loa, edited_id, "Tiêu đề đã sửa")
    for fmt, url in urls.items():
        done = reader.update_feed(url)
        assert (done.new, done.modified) == (0, 1), fmt
        entries, key = _read(reader, url), f"urn:uuid:{edited_id}"
        assert entries.keys() == before[fmt].keys()
        assert entries[key].title == "Tiêu đề đã sửa"
        assert entries[key].published == before[fmt][key].published
        assert entries[key].updated > (before[fmt][key].updated or before[fmt][key].published)
    reader.close()


def _edit(loa: Loa, post_id: str, title: str) -> None:
    with loa.database.writing() as conn:
        post = get_post(conn, post_id)
        prints = fingerprint(title, post.text, None, post.attachments)
        same = post.html, post.text, post.understanding, post.attachments
        at = AT + timedelta(days=3)
        draft = Draft(post.portal, post.url, post.url, title, *same, prints, post.published_at, at)
        add_revision(conn, post, draft, ["title"])
        bump(conn, "feeds")


def test_L8_a_withdrawn_post_is_told_in_every_format_that_can(served: ServedFeed) -> None:
    spec = served.store.spec("all")
    assert spec is not None
    gone = {
        f"urn:uuid:{post.id}"
        for post in served.store.load(spec).posts
        if post.withdrawn_at is not None
    }
    assert len(gone) == 3
    root = etree.fromstring(served.get("/feeds/all.atom"))
    assert {
        e.get("ref") for e in root.iterfind("{http://purl.org/atompub/tombstones/1.0}deleted-entry")
    } == gone
    items = orjson.loads(served.get("/feeds/all.json"))["items"]
    assert {item["id"] for item in items if item["_loa"].get("expired")} == gone
    assert not gone & {entry.id for entry in feedparser.parse(served.get("/feeds/all.rss")).entries}
