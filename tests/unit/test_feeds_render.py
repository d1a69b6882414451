"""What stands in a feed is what the post says, in every format and whatever the post says."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from html import unescape

import feedparser
import orjson
import pytest
from feedgen.feed import FeedGenerator
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from service.feeds import rss
from service.feeds.markup import (
    EMPTY_FEED_UPDATED_AT,
    entry_title,
    feed_updated_at,
    has_markup,
    moved_at,
)
from service.feeds.model import Feed, Format, narrowed_title
from service.feeds.opml import render_opml
from service.feeds.page import Checks, Renderer
from service.feeds.read_back import feed_problem
from service.types import Post
from tests.fakes_feeds import ALL, AT, PDF, SECOND_PDF, SITE, make_post

ATOM = "{http://www.w3.org/2005/Atom}"
FORMATS = (Format.RSS, Format.ATOM, Format.JSON)
XML = (Format.RSS, Format.ATOM)


def refuse(problem: str) -> None:
    pytest.fail(problem)


def render(fmt: Format, *posts: Post, **more: object) -> bytes:
    return Renderer(SITE, refuse).render(Feed(ALL, posts, **more), fmt).body  # type: ignore[arg-type] # options of Feed


def oracle(fmt: Format, feed: Feed) -> bytes:
    """The whole document as feedgen writes it, with the same repairs."""
    title = f"{narrowed_title(feed.spec, SITE.labels, feed.query)} – {SITE.title}"
    head: FeedGenerator = rss.build_head(SITE, feed, title, fmt)
    entries = [rss.build_entry(SITE, post, fmt) for post in feed.posts]
    for entry in entries:
        head.add_entry(entry, order="append")
    head.updated(feed_updated_at(map(moved_at, feed.posts)))
    if fmt is Format.RSS:
        return rss.refer_by_number(head.rss_str())
    root = etree.fromstring(head.atom_str())
    for element, entry, post in zip(
        root.iterfind(f"{ATOM}entry"), entries, feed.posts, strict=True
    ):
        if has_markup(entry_title(post)):
            element.find(f"{ATOM}title").set("type", "html")
        for link, meant in zip(element.iterfind(f"{ATOM}link"), entry.link(), strict=True):
            link.attrib.update(
                {
                    name: meant[name]
                    for name in ("rel", "type", "title", "length")
                    if meant.get(name)
                }
            )
    return etree.tostring(root, method="c14n")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(titles=st.lists(st.text(max_size=60), max_size=4), body=st.text(max_size=200))
def test_joined_bytes_are_feedgens_whole_document(titles: list[str], body: str) -> None:
    posts = tuple(make_post(i, title, html=body) for i, title in enumerate(titles))
    feed = Feed(ALL, posts)
    assert render(Format.RSS, *posts) == oracle(Format.RSS, feed)
    assert etree.tostring(etree.fromstring(render(Format.ATOM, *posts)), method="c14n") == oracle(
        Format.ATOM, feed
    )


@settings(max_examples=150, deadline=None)
@given(title=st.text(), summary=st.text(max_size=50), name=st.text(max_size=20))
def test_L10_any_title_makes_a_valid_feed(title: str, summary: str, name: str) -> None:
    post = make_post(0, title, attachments=(replace(PDF, name=name),))
    post = replace(post, understanding=replace(post.understanding, summary=summary))
    for fmt in XML:
        assert feed_problem(SITE, fmt, render(fmt, post), [post]) is None


@pytest.mark.parametrize("fmt", FORMATS)
@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("<mới> Thông báo", "<mới> Thông báo"),
        ("A &amp; B", "A &amp; B"),
        ("A & B < C, x<y", "A & B < C, x<y"),
        ("a ]]> b", "a ]]> b"),
        ("x\x00\x0b\ud800y😀", "xy😀"),
        ("<b>Đậm</b> <script>x</script>", "<b>Đậm</b> <script>x</script>"),
        ("", "(không có tiêu đề)"),
        ("dài " * 500, ("dài " * 500).strip()),
    ],
)
def test_L10_awkward_titles_are_clean_text(fmt: Format, title: str, shown: str) -> None:
    body = render(fmt, make_post(0, title))
    assert entry_title(make_post(0, title)) == shown
    if fmt is Format.JSON:
        assert orjson.loads(body)["items"][0]["title"] == shown
        return
    entry = feedparser.parse(body).entries[0]
    if has_markup(shown):
        assert entry.title_detail.type == "text/html"
        assert unescape(entry.title) == shown
    else:
        assert entry.title == shown


@pytest.mark.parametrize("fmt", XML)
def test_O3_a_feed_reads_back_entry_by_entry(fmt: Format) -> None:
    posts = [make_post(i, updated_at=AT + timedelta(days=i)) for i in range(5)]
    assert feed_problem(SITE, fmt, render(fmt, *posts), posts) is None


@pytest.mark.parametrize("fmt", FORMATS)
def test_a_difference_between_feed_and_posts_is_found(fmt: Format) -> None:
    post = make_post()
    body = render(fmt, post)
    for change in (
        {"title": "khác"},
        {"url": "https://x.example/"},
        {"published_at": AT + timedelta(hours=1)},
        {"attachments": ()},
    ):
        assert feed_problem(SITE, fmt, body, [replace(post, **change)]) is not None
    assert feed_problem(SITE, fmt, body, []) is not None


def test_O3_two_pdfs_are_one_enclosure_in_rss_and_two_in_atom_and_json() -> None:
    post = make_post()
    (item,) = etree.fromstring(render(Format.RSS, post)).iterfind("channel/item")
    assert [dict(e.attrib) for e in item.iterfind("enclosure")] == [
        {"url": PDF.url, "length": "1234", "type": "application/pdf"}
    ]
    (entry,) = etree.fromstring(render(Format.ATOM, post)).iterfind(f"{ATOM}entry")
    enclosures = [
        dict(link.attrib)
        for link in entry.iterfind(f"{ATOM}link")
        if link.get("rel") == "enclosure"
    ]
    assert [e["href"] for e in enclosures] == [PDF.url, SECOND_PDF.url]
    assert [e.get("length") for e in enclosures] == ["1234", None]
    (json_item,) = orjson.loads(render(Format.JSON, post))["items"]
    assert [a["url"] for a in json_item["attachments"]] == [PDF.url, SECOND_PDF.url]
    assert SECOND_PDF.url in json_item["content_html"]


def test_a_name_with_spaces_and_vietnamese_is_encoded_exactly_once() -> None:
    raw = replace(PDF, url="https://portal.example/f/Công văn.pdf")
    assert PDF.url in render(Format.RSS, make_post(0, attachments=(raw,))).decode()
    assert "%25" not in render(Format.ATOM, make_post()).decode()


@pytest.mark.parametrize("fmt", FORMATS)
def test_an_empty_feed_is_valid_and_has_a_date_that_stands_still(fmt: Format) -> None:
    joined = Renderer(SITE, refuse).render(Feed(ALL, ()), fmt)
    assert joined.updated_at == EMPTY_FEED_UPDATED_AT
    assert feed_problem(SITE, fmt, joined.body, []) is None


@pytest.mark.parametrize("fmt", FORMATS)
def test_O1_the_same_posts_are_the_same_bytes_and_tag_in_another_process(fmt: Format) -> None:
    feed = Feed(ALL, (make_post(0), make_post(1)))
    one, two = Renderer(SITE, refuse).render(feed, fmt), Renderer(SITE, refuse).render(feed, fmt)
    assert (one.body, one.tag) == (two.body, two.tag)
    assert Renderer(SITE, refuse).render(Feed(ALL, (make_post(0),)), fmt).tag != one.tag


def test_L8_a_withdrawn_post_is_a_tombstone_in_atom_gone_in_rss_and_expired_in_json() -> None:
    post = make_post(0, withdrawn_at=AT + timedelta(days=3))
    root = etree.fromstring(render(Format.ATOM, post, make_post(1)))
    (deleted,) = root.iterfind("{http://purl.org/atompub/tombstones/1.0}deleted-entry")
    assert deleted.get("ref") == f"urn:uuid:{post.id}"
    assert deleted.get("when") == "2024-01-31T02:16:00+00:00"
    assert post.id.encode() not in render(Format.RSS, post, make_post(1))
    item = orjson.loads(render(Format.JSON, post))["items"][0]
    assert item["id"] == f"urn:uuid:{post.id}" and item["_loa"]["expired"] is True


def test_L11_nothing_executable_reaches_a_feed() -> None:
    html = '<p onclick="x()">a</p><script>alert(1)</script><a href="javascript:x()">b</a>'
    html += '<iframe src="//e"></iframe><svg onload=x>'
    for fmt in FORMATS:
        body = render(fmt, make_post(0, html=html)).decode().lower()
        assert not re.search(r"onclick|<script|&lt;script|javascript:|iframe|svg", body)


def test_a_bad_entry_keeps_its_last_good_rendering_and_spoils_no_other() -> None:
    told: list[str] = []
    is_bad = False
    renderer = Renderer(
        SITE,
        told.append,
        checks=Checks(
            lambda _site, _fmt, _body, post: "is wrong" if is_bad and post.title == "mới" else None
        ),
    )
    good = renderer.render(Feed(ALL, (make_post(0), make_post(1))), Format.ATOM).body
    is_bad = True
    edited = Feed(ALL, (make_post(0, "mới"), make_post(1), make_post(2, "mới")))
    kept = renderer.render(edited, Format.ATOM).body
    assert good[good.index(b"<entry") : good.rindex(b"</entry>")] in kept
    assert kept.count(b"<entry") == 2
    assert len(told) == 2 and "is wrong" in told[0]


def test_RFC5005_an_archive_page_names_its_neighbours_and_is_marked() -> None:
    more = {"before": "c1", "previous": "c0", "following": "c2", "is_archive": True}
    root = etree.fromstring(render(Format.ATOM, make_post(), **more))
    links = {link.get("rel"): link.get("href") for link in root.iterfind(f"{ATOM}link")}
    base = "https://loa.example/feeds/all.atom"
    assert links["self"] == f"{base}?before=c1"
    assert links["current"] == base
    assert links["prev-archive"] == f"{base}?before=c0"
    assert links["next-archive"] == f"{base}?before=c2"
    assert root.find("{http://purl.org/syndication/history/1.0}archive") is not None
    rss_root = etree.fromstring(render(Format.RSS, make_post(), **more))
    assert {link.get("rel") for link in rss_root.iterfind(f"channel/{ATOM}link")} == set(links) - {
        "alternate"
    }
    assert rss_root.findtext("channel/link") == "https://loa.example/"


def test_O5_ids_depend_neither_on_public_url_nor_on_the_format() -> None:
    post = make_post()
    other = Renderer(replace(SITE, public_url="http://elsewhere:81/"), refuse)
    ids = {
        feedparser.parse(body).entries[0].id
        for body in (
            render(Format.ATOM, post),
            render(Format.RSS, post),
            other.render(Feed(ALL, (post,)), Format.ATOM).body,
        )
    }
    assert ids == {f"urn:uuid:{post.id}"}


def test_every_entry_has_author_category_label_and_dates() -> None:
    entry = feedparser.parse(render(Format.RSS, make_post())).entries[0]
    assert entry.author == "UBND huyện Quảng Xương"
    assert next((tag.term, tag.scheme) for tag in entry.tags) == (
        "Chỉ đạo điều hành",
        "https://loa.example/feeds/",
    )
    atom = feedparser.parse(render(Format.ATOM, make_post())).entries[0]
    assert next((tag.term, tag.label) for tag in atom.tags) == ("directives", "Chỉ đạo điều hành")
    assert atom.published == atom.updated == "2024-01-28T02:16:00+00:00"


def test_opml_lists_every_feed_once() -> None:
    root = etree.fromstring(render_opml(SITE, [ALL]))
    assert root.get("version") == "2.0"
    assert [o.get("xmlUrl") for o in root.iter("outline") if o.get("type")] == [
        "https://loa.example/feeds/all.atom"
    ]


def test_L11_html_that_is_cut_anywhere_costs_no_time_and_stays_harmless() -> None:
    html = "<p>Nội dung</p>" * 2_000 + "<p onclick=x"
    assert b"onclick" not in render(Format.ATOM, make_post(0, html=html))
    assert b"&lt;p&gt;a" in render(Format.ATOM, make_post(0, html="<p>a" * 5_000 + "<"))
