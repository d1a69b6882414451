"""A post with thousands of files in the feeds: a hundred are told, the rest counted, no other feed
waits (S13)."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from datetime import datetime

import orjson
import pytest
from lxml import etree

from service.feeds.json_feed import render_json_entry
from service.feeds.markup import MAX_ATTACHMENTS, Site, body_html
from service.feeds.model import Entry, Feed, Format
from service.feeds.page import Checks, Renderer
from service.feeds.rss import render_atom_entry, render_rss_entry
from service.feeds.self_check import entry_problem
from service.storage.feeds import FEEDS
from service.storage.posts import bump
from service.types import AttachmentLink, Post
from service.web.feeds.feed_store import FeedStore
from tests.fakes import FakeClock
from tests.fakes_feeds import ALL, SITE, make_post
from tests.fakes_web import Web, make_web, store_post

PATIENCE_S = 20.0
COUNT = 20_000
RENDER = {
    Format.RSS: render_rss_entry,
    Format.ATOM: render_atom_entry,
    Format.JSON: render_json_entry,
}
FILES = tuple(
    AttachmentLink(f"http://h.example/f/{n}.zip?a=1&b={n}", f"tệp {n}", "application/zip")
    for n in range(COUNT)
)


def linking(files: Sequence[AttachmentLink]) -> str:
    return "<p>chỉ đạo</p>" + "".join(
        f'<p><a href="{file.url.replace("&", "&amp;")}">tệp</a></p>' for file in files
    )


def enclosures(fmt: Format, body: bytes) -> int:
    if fmt is Format.JSON:
        return len(orjson.loads(body)["attachments"])
    root = etree.fromstring(b"<r xmlns:dc='d' xmlns:atom='a' xmlns:content='c'>" + body + b"</r>")
    of_rss, links = list(root.iter("enclosure")), list(root.iter("link"))
    return len(of_rss or [link for link in links if link.get("rel") == "enclosure"])


@pytest.mark.parametrize("fmt", RENDER)
def test_S13_a_post_of_twenty_thousand_files_is_rendered_with_a_hundred_of_them(
    fmt: Format,
) -> None:
    post = make_post(html=linking(FILES), attachments=FILES)
    body = RENDER[fmt](SITE, post)
    assert entry_problem(SITE, fmt, body, post) is None
    assert enclosures(fmt, body) == (1 if fmt is Format.RSS else MAX_ATTACHMENTS)


def test_S13_files_that_the_text_links_itself_are_not_linked_again() -> None:
    assert body_html(make_post(html=linking(FILES), attachments=FILES)).count("<a href") == COUNT


def test_S13_files_that_nobody_links_are_linked_a_hundred_of_them_and_the_rest_counted() -> None:
    said = body_html(make_post(html=linking(FILES[:50]), attachments=FILES))
    assert said.count("<a href") == 50 + MAX_ATTACHMENTS
    assert f"Và {COUNT - 50 - MAX_ATTACHMENTS} tệp đính kèm khác" in said


def test_a_renderer_makes_one_entry_at_a_time_for_any_number_of_threads() -> None:
    at_once: list[int] = []
    inside = threading.Semaphore(1)

    def watch(_site: Site, _fmt: Format, _body: bytes, _post: Post) -> None:
        at_once.append(inside.acquire(blocking=False))
        inside.release()

    renderer = Renderer(SITE, lambda _: None, checks=Checks(entry=watch))
    posts = [make_post(number) for number in range(40)]
    joined: list[bytes] = []
    threads = [
        threading.Thread(
            target=lambda: joined.append(renderer.render(Feed(ALL, tuple(posts)), Format.ATOM).body)
        )
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)
    assert len(joined) == 4 and len(set(joined)) == 1
    assert at_once == [True] * 40


@pytest.fixture
def web(sqlite_url: str, clock: FakeClock) -> Iterator[Web]:
    made = make_web(sqlite_url, clock)
    for number in range(3):
        store_post(made.loa, number, category=("directives", "news", "meetings")[number])
    yield made
    made.loa.close()


class Slow:
    """Judges one feed until it may go on; every other at once."""

    def __init__(self) -> None:
        self.reached, self.going = threading.Event(), threading.Event()

    def __call__(
        self,
        _site: Site,
        feed: Feed,
        _fmt: Format,
        _body: bytes,
        _entries: Sequence[Entry],
        _at: datetime,
    ) -> str | None:
        if feed.spec.name == "directives":
            self.reached.set()
            assert self.going.wait(PATIENCE_S)
        return None


def test_S13_one_feed_that_is_being_made_holds_no_other_feed_nor_search(web: Web) -> None:
    slow = Slow()
    store = FeedStore(web.loa, checks=Checks(document=slow))
    slow_spec, other_spec = store.spec("directives"), store.spec("news")
    assert slow_spec is not None and other_spec is not None
    store.is_followed = True
    answers: list[object] = []
    making = threading.Thread(target=lambda: answers.append(store.current(slow_spec, Format.ATOM)))
    making.start()
    assert slow.reached.wait(PATIENCE_S)
    assert store.current(other_spec, Format.ATOM) is not None
    assert store.narrowed(other_spec, Format.RSS, (("q", "chỉ thị"),), None) is not None
    store.rebuild()
    assert answers == []
    slow.going.set()
    making.join(PATIENCE_S)
    assert answers[0] is not None


def test_S13_a_feed_of_posts_that_have_moved_on_meanwhile_is_not_kept(web: Web) -> None:
    slow = Slow()
    store = FeedStore(web.loa, checks=Checks(document=slow))
    spec = store.spec("directives")
    assert spec is not None
    store.is_followed = True
    making = threading.Thread(target=lambda: store.current(spec, Format.ATOM))
    making.start()
    assert slow.reached.wait(PATIENCE_S)
    store_post(web.loa, 9, title="Chỉ thị mới")
    with web.loa.database.writing() as conn:
        bump(conn, FEEDS)
    store.rebuild()
    slow.going.set()
    making.join(PATIENCE_S)
    answer = store.current(spec, Format.ATOM)
    assert answer is not None
    assert "Chỉ thị mới".encode() in answer.body(answer.plain)
