"""What judges feeds finds every fault; what names them names each once; and a rendering that fails
spoils nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from html import unescape

import feedparser
import orjson
import pytest
from icalendar import Calendar
from lxml import etree

from service.feeds.catalogue import Catalogue
from service.feeds.ical import calendar_problem, render_calendar
from service.feeds.json_feed import render_json_entry
from service.feeds.model import Feed, Format
from service.feeds.opml import render_opml
from service.feeds.page import Renderer
from service.feeds.read_back import feed_problem
from service.feeds.rss import render_atom_entry, render_rss_entry
from service.feeds.self_check import entry_problem, json_item_problem
from service.posts.rules import Category
from service.types import Place, PortalName, Post, Understanding
from tests.fakes_feeds import ALL, AT, PDF, SITE, make_post

RENDER = {
    Format.RSS: render_rss_entry,
    Format.ATOM: render_atom_entry,
    Format.JSON: render_json_entry,
}
FORMATS = tuple(RENDER)
XML = (Format.RSS, Format.ATOM)


def make_renderer(told: list[str] | None = None, **options: int) -> Renderer:
    return Renderer(SITE, (told if told is not None else []).append, **options)


# --- one entry --------------------------------------------------------------------------------


@pytest.mark.parametrize("fmt", FORMATS)
def test_an_entry_that_says_what_the_post_says_has_no_problem(fmt: Format) -> None:
    assert entry_problem(SITE, fmt, RENDER[fmt](SITE, make_post()), make_post()) is None


@pytest.mark.parametrize("fmt", FORMATS)
def test_an_entry_of_another_post_is_named_by_what_differs(fmt: Format) -> None:
    problem = entry_problem(SITE, fmt, RENDER[fmt](SITE, make_post()), make_post(0, "khác"))
    assert problem is not None and problem.startswith("title reads back as") and "khác" in problem


@pytest.mark.parametrize("fmt", XML)
def test_an_entry_that_is_cut_or_more_than_one_is_found(fmt: Format) -> None:
    body = RENDER[fmt](SITE, make_post())
    cut, twice, text = (
        entry_problem(SITE, fmt, wrong, make_post()) for wrong in (body[:-3], body * 2, body + b"x")
    )
    assert cut is not None and cut.startswith("is not well-formed")
    assert twice == "is 2 elements instead of one"
    assert text == "is not one element alone"


def test_a_json_item_without_content_or_with_other_files_is_found() -> None:
    post = make_post()
    item = orjson.loads(render_json_entry(SITE, post))
    for name in ("content_html", "attachments"):
        problem = json_item_problem(SITE, item | {name: []}, post)
        assert problem is not None and problem.startswith(f"{name} reads back as []")


def test_L8_a_withdrawn_json_item_must_say_that_it_is() -> None:
    post = make_post(0, withdrawn_at=AT + timedelta(days=1))
    item = orjson.loads(render_json_entry(SITE, post))
    assert json_item_problem(SITE, item, post) is None
    problem = json_item_problem(SITE, item | {"_loa": {}}, post)
    assert problem is not None and problem.startswith(
        "_loa reads back as {} instead of {'expired': True"
    )


def test_an_attachment_without_name_and_size_has_neither_in_json() -> None:
    post = make_post(0, attachments=(replace(PDF, name="", bytes=None, media_type=""),))
    item = orjson.loads(render_json_entry(SITE, post))
    assert item["attachments"] == [{"url": PDF.url, "mime_type": "application/octet-stream"}]
    assert json_item_problem(SITE, item, post) is None


def test_a_post_whose_own_text_links_its_files_lists_them_no_second_time() -> None:
    html = f'<p><a href="{PDF.url}">tải về</a></p>'
    item = orjson.loads(render_json_entry(SITE, make_post(0, html=html, attachments=(PDF,))))
    assert item["content_html"].count(PDF.url) == 1 and "Tệp đính kèm" not in item["content_html"]


@pytest.mark.parametrize("fmt", XML)
def test_a_summary_that_looks_like_markup_is_read_as_it_was_written(fmt: Format) -> None:
    post = make_post(
        0, understanding=Understanding(categories=("news",), summary="<b>Không</b> phải thẻ & x")
    )
    entry = feedparser.parse(make_renderer().render(Feed(ALL, (post,)), fmt).body).entries[0]
    assert unescape(entry.summary) == "<b>Không</b> phải thẻ & x"


# --- whole feeds ------------------------------------------------------------------------------


@pytest.mark.parametrize("fmt", FORMATS)
def test_a_whole_feed_that_is_cut_or_holds_other_entries_is_found(fmt: Format) -> None:
    body = make_renderer().render(Feed(ALL, (make_post(),)), fmt).body
    cut = feed_problem(SITE, fmt, body[:-9], [make_post()])
    assert cut is not None and cut.startswith("is not well-formed")
    assert (
        feed_problem(SITE, fmt, body, [make_post(0), make_post(1)]) == "has 1 entries instead of 2"
    )


def test_L8_a_json_feed_is_judged_with_its_withdrawn_posts() -> None:
    posts = [make_post(0), make_post(1, withdrawn_at=AT)]
    body = make_renderer().render(Feed(ALL, tuple(posts)), Format.JSON).body
    assert feed_problem(SITE, Format.JSON, body, posts) is None
    problem = feed_problem(SITE, Format.JSON, body, [make_post(0), replace(posts[1], title="khác")])
    assert problem is not None and problem.startswith(f"entry {posts[1].id!r}: title")


def test_a_json_page_names_the_page_of_older_posts() -> None:
    body = make_renderer().render(Feed(ALL, (), before="c1", previous="c0"), Format.JSON).body
    head = orjson.loads(body)
    assert head["feed_url"] == "https://loa.example/feeds/all.json?before=c1"
    assert head["next_url"] == "https://loa.example/feeds/all.json?before=c0"


# --- memory and failure -----------------------------------------------------------------------


def test_entries_beyond_the_memory_are_forgotten_oldest_first_and_rendered_again_alike() -> None:
    renderer = make_renderer(capacity_bytes=1)
    first = renderer.entry(make_post(0), Format.ATOM, b"0")
    assert renderer.known(make_post(0).id, Format.ATOM, b"0") == (True, first)
    renderer.entry(make_post(1), Format.ATOM, b"1")
    assert renderer.known(make_post(0).id, Format.ATOM, b"0") == (False, None)
    assert renderer.known(make_post(1).id, Format.ATOM, b"1")[0]
    assert renderer.entry(make_post(0), Format.ATOM, b"0") == first


def test_heads_beyond_the_memory_are_made_again_alike() -> None:
    renderer = make_renderer()
    first = Feed(ALL, (), before="first")
    body = renderer.render(first, Format.JSON).body
    for n in range(2_000):
        renderer.render(Feed(ALL, (), before=str(n)), Format.JSON)
    assert renderer.render(first, Format.JSON).body == body


@pytest.mark.parametrize("fmt", XML)
def test_a_post_that_cannot_be_written_is_told_and_left_out_until_it_can(fmt: Format) -> None:
    told: list[str] = []
    renderer = make_renderer(told)
    wrong = make_post(0, understanding=Understanding(categories=("no\0 XML",)))
    feed = renderer.render(Feed(ALL, (wrong, make_post(1))), fmt).body
    assert feed_problem(SITE, fmt, feed, [make_post(1)]) is None
    assert len(told) == 1 and told[0].startswith(
        f"cannot render post {wrong.id!r} as {fmt}: ValueError"
    )
    assert renderer.problems.keys() == {(fmt, wrong.id)}
    renderer.render(Feed(ALL, (make_post(0), make_post(1))), fmt)
    assert renderer.problems == {}


# --- which feeds there are --------------------------------------------------------------------

CATALOGUE = Catalogue(
    "Bản tin",
    (
        Category("directives", {"vi": "Chỉ đạo", "en": "Directives"}),
        Category("meetings", {}, has_calendar=True),
    ),
    (PortalName("huyen", "UBND huyện"),),
    (Place("quang-ninh-16540", "Quảng Ninh"),),
)


def test_there_is_a_feed_of_everything_each_category_portal_both_and_each_place() -> None:
    specs = {spec.name: spec for spec in CATALOGUE.specs()}
    assert list(specs) == ["all", "deadlines", "directives", "meetings", "huyen", "huyen/directives",
    "huyen/meetings",
                           "places/quang-ninh-16540"]  # fmt: skip
    assert {name for name, spec in specs.items() if spec.has_calendar} == {
        "deadlines",
        "meetings",
        "huyen/meetings",
        "places/quang-ninh-16540",
    }
    assert (specs["huyen/directives"].title, specs["huyen/directives"].title_en) == (
        "UBND huyện – Chỉ đạo", "UBND huyện – Directives",
    )  # fmt: skip
    assert specs["places/quang-ninh-16540"].place == "quang-ninh-16540"


def test_the_list_of_feeds_is_grouped_for_the_reader() -> None:
    root = etree.fromstring(render_opml(SITE, CATALOGUE.specs()))
    groups = {
        group.get("text"): [o.get("xmlUrl") for o in group]
        for group in root.iterfind("body/outline")
    }
    assert {name: len(urls) for name, urls in groups.items()} == {
        "Chung": 4,
        "Cổng thông tin": 3,
        "Xã, phường": 1,
    }
    few = etree.fromstring(render_opml(SITE, list(CATALOGUE.specs())[:1]))
    assert [group.get("text") for group in few.iterfind("body/outline")] == ["Chung"]
    assert groups["Xã, phường"] == ["https://loa.example/feeds/places/quang-ninh-16540.atom"]


# --- calendars --------------------------------------------------------------------------------


def meeting(number: int, venue: str | None = None) -> Post:
    post = make_post(number, f"Giấy mời {number}")
    return replace(
        post,
        understanding=replace(post.understanding, begins_at=AT + timedelta(days=2), venue=venue),
    )


def test_a_calendar_holds_the_posts_that_begin_and_no_other() -> None:
    posts = (meeting(0, "Hội trường"), make_post(1), meeting(2))
    body, moved_at = render_calendar(SITE, Feed(ALL, posts))
    held, other = Calendar.from_ical(body).events
    assert calendar_problem(body, posts) is None and moved_at == posts[0].first_seen_at
    assert (str(held["location"]), held.DTSTART) == ("Hội trường", AT + timedelta(days=2))
    assert "location" not in other and other["status"] == "CONFIRMED"


def test_L8_a_withdrawn_meeting_is_cancelled() -> None:
    post = replace(meeting(0), withdrawn_at=AT + timedelta(hours=1))
    (event,) = Calendar.from_ical(render_calendar(SITE, Feed(ALL, (post,)))[0]).events
    assert event["status"] == "CANCELLED"


def test_a_calendar_that_is_none_or_another_is_found() -> None:
    body, _ = render_calendar(SITE, Feed(ALL, (meeting(0),)))
    assert calendar_problem(body, [meeting(1)]) == "holds 1 events that are not the 1 meant"
    wrong = calendar_problem(b"rubbish", [meeting(0)])
    assert wrong is not None and wrong.startswith("is no calendar")


def test_O8_a_calendar_without_events_holds_a_component_and_tells_outlook_when_to_ask_again() -> (
    None
):
    for posts in ((), (meeting(0),)):
        body, _ = render_calendar(SITE, Feed(ALL, posts))
        calendar = Calendar.from_ical(body)
        assert len(calendar.subcomponents) == 1 and calendar_problem(body, posts) is None
        assert calendar["X-PUBLISHED-TTL"] == "PT1H"
    (zone,) = Calendar.from_ical(render_calendar(SITE, Feed(ALL, ()))[0]).walk("STANDARD")
    assert zone["TZOFFSETTO"].td == timedelta(hours=7)


def test_O8_a_meeting_that_was_changed_or_withdrawn_has_a_higher_sequence_or_is_cancelled() -> None:
    changed = replace(meeting(0), revision=3)
    gone = replace(meeting(0), withdrawn_at=meeting(0).updated_at)
    first, second, third = (
        Calendar.from_ical(render_calendar(SITE, Feed(ALL, (post,)))[0]).events[0]
        for post in (meeting(0), changed, gone)
    )
    assert first["UID"] == second["UID"] == third["UID"]
    assert (first["SEQUENCE"], second["SEQUENCE"]) == (0, 2)
    assert (second["STATUS"], third["STATUS"]) == ("CONFIRMED", "CANCELLED")
