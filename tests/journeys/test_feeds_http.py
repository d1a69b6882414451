"""Feeds as a reader meets them, through HTTP: with the thin layer before Flask, and with Flask
alone."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import feedparser
import orjson
import pytest
from flask import Flask
from werkzeug.test import Client, TestResponse

from service.bootstrap import Loa, open_loa
from service.feeds.zipped import WHOLE_BYTES
from service.posts.diff import fingerprint
from service.storage import schema
from service.storage.posts import Draft, bump, insert_post
from service.types import Post, Understanding
from service.web import app as web_app
from service.web import auth, problem
from service.web.feeds.feed_routes import EXTENSION, make_blueprint
from service.web.server.hot import ThinLayer
from tests.fakes_database import lay_migrated
from tests.fakes_feeds import AT, make_post

BROWSER = {"Sec-Fetch-Dest": "document", "Sec-Fetch-Mode": "navigate"}


def store_posts(loa: Loa, *posts: Post) -> list[str]:
    ids = []
    with loa.database.writing() as conn:
        for post in posts:
            draft = Draft(
                portal=post.portal,
                identity_key=post.url,
                url=post.url,
                title=post.title,
                html=post.html,
                text=post.text,
                understanding=post.understanding,
                attachments=post.attachments,
                fingerprint=fingerprint(post.title, post.text, None, post.attachments),
                published_at=post.published_at,
                seen_at=post.first_seen_at,
                article_at=post.first_seen_at,
            )
            stored = insert_post(conn, draft)
            assert stored is not None
            ids.append(stored.id)
        bump(conn, "feeds")
    return ids


@pytest.fixture
def loa(tmp_path: Path) -> Iterator[Loa]:
    url = f"sqlite:///{tmp_path / 'loa.db'}"
    lay_migrated(url)
    opened = open_loa(
        None, {"LOA_DATABASE__URL": f'"{url}"', "LOA_SERVICE__PUBLIC_URL": '"https://loa.example"'}
    )
    yield opened
    opened.close()


@pytest.fixture
def flask_app(loa: Loa) -> Flask:
    """The application's own frame around the feeds alone: what other rooms add is not under test
    here."""
    app = Flask("service.web")
    app.extensions["loa"] = loa
    app.before_request(web_app._choose_language)
    app.before_request(auth.require_access)
    app.context_processor(web_app._page_words)
    web_app._add_filters(app)
    problem.register(app)
    app.register_blueprint(make_blueprint(loa))
    return app


@pytest.fixture(params=["thin layer", "flask alone"])
def client(request: pytest.FixtureRequest, flask_app: Flask) -> Client:
    if request.param == "flask alone":
        return Client(flask_app)
    store = flask_app.extensions[EXTENSION]
    thin = ThinLayer(flask_app, store)

    def fresh(environ: Any, start_response: Any) -> Any:
        store.ensure()  # what the thread does twice a second
        return thin(environ, start_response)

    return Client(fresh)


def get(client: Client, path: str, **headers: str) -> TestResponse:
    return client.get(
        path, headers={name.replace("_", "-"): value for name, value in headers.items()}
    )


def test_every_feed_of_every_format_reads_back(loa: Loa, client: Client) -> None:
    posts = [make_post(i) for i in range(5)]
    store_posts(loa, *posts)
    for name in ("all", "directives", "quangxuong", "quangxuong/directives"):
        for extension, media_type in (
            ("rss", "application/rss+xml"),
            ("atom", "application/atom+xml"),
        ):
            response = get(client, f"/feeds/{name}.{extension}")
            assert response.status_code == 200
            assert response.mimetype == media_type
            parsed = feedparser.parse(response.data)
            assert not parsed.bozo
            assert [entry.title for entry in parsed.entries] == [post.title for post in posts]
        assert len(orjson.loads(get(client, f"/feeds/{name}.json").data)["items"]) == 5


@pytest.mark.parametrize("extension", ["rss", "atom", "json"])
def test_O1_unchanged_feeds_are_the_same_bytes_and_tag(
    loa: Loa, client: Client, extension: str
) -> None:
    store_posts(loa, make_post(1))
    first = get(client, f"/feeds/all.{extension}")
    with loa.database.writing() as conn:
        bump(conn, "feeds")
    again = get(client, f"/feeds/all.{extension}")
    assert (first.data, first.headers["ETag"], first.headers["Last-Modified"]) == (
        again.data, again.headers["ETag"], again.headers["Last-Modified"],
    )  # fmt: skip


def test_O2_conditional_requests_head_and_gzip(loa: Loa, client: Client) -> None:
    store_posts(loa, make_post(1))
    plain, zipped = (
        get(client, "/feeds/all.atom"),
        get(client, "/feeds/all.atom", Accept_Encoding="gzip"),
    )
    assert gzip.decompress(zipped.data) == plain.data
    assert zipped.headers["Content-Encoding"] == "gzip"
    assert plain.headers["ETag"] != zipped.headers["ETag"]
    assert plain.headers["Vary"] == zipped.headers["Vary"] == "Accept-Encoding, Sec-Fetch-Dest"
    unchanged = get(client, "/feeds/all.atom", If_None_Match=plain.headers["ETag"])
    assert (unchanged.status_code, unchanged.data) == (304, b"")
    for name in ("ETag", "Vary", "Cache-Control"):
        assert unchanged.headers[name] == plain.headers[name]
    assert (
        get(client, "/feeds/all.atom", If_Modified_Since=plain.headers["Last-Modified"]).status_code
        == 304
    )
    assert get(client, "/feeds/all.atom", If_Match='"other"').status_code == 412
    head = client.head("/feeds/all.atom")
    assert (head.status_code, head.data) == (200, b"")
    assert head.headers["Content-Length"] == str(len(plain.data))
    assert client.post("/feeds/all.atom").status_code == 405


@pytest.mark.parametrize("extension", ["rss", "atom", "json"])
def test_a_large_feed_is_the_same_in_every_coding_and_after_each_new_post(
    loa: Loa, client: Client, extension: str
) -> None:
    words = [" ".join(str(n * k) for k in range(1, 1_200)) for n in range(1, 20)]
    posts = [make_post(n, f"Tin {n}", html=f"<p>{words[n]}</p>") for n in range(19)]
    store_posts(loa, *posts[4:])
    path = f"/feeds/all.{extension}"
    for number in (3, 2, 1, 0):
        plain, zipped = get(client, path), get(client, path, Accept_Encoding="gzip")
        assert len(plain.data) > WHOLE_BYTES and gzip.decompress(zipped.data) == plain.data
        assert plain.data.count(b"Tin ") >= 18 - number
        store_posts(loa, posts[number])


def test_O4_empty_unknown_and_impossible(loa: Loa, client: Client) -> None:
    empty = get(client, "/feeds/meetings.rss")
    assert empty.status_code == 200 and not feedparser.parse(empty.data).bozo
    for path in (
        "/feeds/nothing.atom",
        "/feeds/all.exe",
        "/feeds/all",
        "/feeds/quangxuong/nothing.rss",
        "/feeds/all.ics",
        "/feeds/places.atom",
        "/feeds/places/nowhere.atom",
        "/feeds/places.atom",
        "/feeds/all.RSS",
        "/feeds/all.rss/",
    ):
        assert get(client, path).status_code == 404
    for query in (
        "q=" + "a" * 10_000, "colour=red", "category=nothing", "before=%00", "before=xyz", "q=%00",
        "q=%0A",
        "q=%E2%80%AE", "before=x&before=y", "before=" + "A" * 5_000, "category=all",
        "category=quangxuong",
        "place=nowhere", "portal=all", "portal=places", "category=DIRECTIVES", "=x",
        "&".join(f"q={n}" for n in range(21)),
    ):  # fmt: skip
        assert get(client, f"/feeds/all.atom?{query}").status_code == 400, query
    for query in (
        "q=",
        "category=",
        "before=",
        "raw=2",
        "lang=xx",
        "q=*",
        "q=AND",
        "q=NEAR(a",
        "q=a%22b",
        "q='--",
    ):
        assert get(client, f"/feeds/all.atom?{query}").status_code == 200, query
    assert get(client, "/feeds/all.atom?q=(a%2B)%2B%24").status_code == 200


def test_O5_links_come_from_public_url_never_from_the_request(loa: Loa, client: Client) -> None:
    store_posts(loa, make_post(1))
    response = client.get("/feeds/all.atom", base_url="http://evil.example:99/")
    assert b"evil" not in response.data
    assert b'href="https://loa.example/feeds/all.atom"' in response.data


def test_a_feed_is_narrowed_in_canonical_order(loa: Loa, client: Client) -> None:
    news = replace(make_post(2, "Chợ quê"), understanding=Understanding(("news",), summary="tin"))
    store_posts(loa, make_post(1), news)
    one = get(client, "/feeds/all.atom?portal=quangxuong&category=directives")
    other = get(client, "/feeds/all.atom?category=directives&portal=quangxuong")
    assert one.data == other.data
    assert [entry.title for entry in feedparser.parse(one.data).entries] == [make_post(1).title]
    assert b"all.atom?category=directives&amp;portal=quangxuong" in one.data
    assert not feedparser.parse(
        get(client, "/feeds/directives.atom?category=meetings").data
    ).entries
    named = feedparser.parse(
        get(client, "/feeds/all.atom?category=news&portal=quangxuong&q=ch%E1%BB%A3").data
    ).feed
    assert (
        named.title
        == "Tất cả tin · Tin tức · UBND huyện Quảng Xương · “chợ” – Bản tin chỉ đạo điều hành"
    )


@pytest.mark.parametrize(
    "path", ["/feeds/all.atom", "/feeds/all.rss?q=c%C3%B4ng&category=news", "/feeds.opml"]
)
def test_O2_every_answer_of_a_list_is_negotiated_alike(loa: Loa, client: Client, path: str) -> None:
    store_posts(loa, make_post(1))
    plain, zipped = get(client, path), get(client, path, Accept_Encoding="br, gzip;q=0.8")
    assert gzip.decompress(zipped.data) == plain.data
    for coding in ("gzip;q=0", "identity", "br", "*;q=0", ""):
        assert get(client, path, Accept_Encoding=coding).data == plain.data
    head = client.head(path)
    assert (head.data, head.headers["Content-Length"]) == (b"", str(len(plain.data)))
    tag = plain.headers["ETag"]
    for known in (tag, f"W/{tag}", f'"x", W/{tag}', "*"):
        unchanged = get(client, path, If_None_Match=known)
        assert (unchanged.status_code, unchanged.data) == (304, b""), known
        for name in ("ETag", "Vary", "Cache-Control", "Content-Location"):
            assert unchanged.headers.get(name) == plain.headers.get(name), name
    for known in (zipped.headers["ETag"], '"x"', "x"):
        assert get(client, path, If_None_Match=known).status_code == 200, known
    refused = get(client, path, If_Match='"x"')
    assert (refused.status_code, refused.data, refused.headers["Vary"]) == (
        412,
        b"",
        plain.headers["Vary"],
    )
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        other = client.open(path, method=method)
        assert other.status_code == 405 and {"GET", "HEAD"} <= set(
            other.headers["Allow"].split(", ")
        )


def test_a_narrowed_feed_says_which_page_it_is_however_it_was_asked_for(
    loa: Loa, client: Client
) -> None:
    store_posts(loa, make_post(1))
    canonical = "https://loa.example/feeds/all.rss?category=directives&portal=quangxuong&q=c%C3%B4ng+v%C4%83n"
    for query in (
        "q=c%C3%B4ng%20v%C4%83n&portal=quangxuong&category=directives",
        "category=directives&category=directives&portal=quangxuong&q=+co%CC%82ng++va%CC%86n+&place=",
    ):
        answer = get(client, f"/feeds/all.rss?{query}")
        assert answer.headers["Content-Location"] == canonical
        assert f'href="{canonical.replace("&", "&amp;")}" rel="self"' in answer.text
    assert "Content-Location" not in get(client, "/feeds/all.rss").headers


def test_RFC5005_archives_hold_every_post_once_in_order(loa: Loa, client: Client) -> None:
    posts = [
        make_post(i, f"Tin {i}", first_seen_at=make_post(i).published_at - timedelta(days=40 * i))
        for i in range(137)
    ]
    store_posts(loa, *posts)
    seen: dict[str, None] = {}
    url, pages = "/feeds/all.atom", 0
    while url and pages < 9:
        parsed = feedparser.parse(get(client, url).data)
        assert not parsed.bozo
        seen.update((entry.title, None) for entry in parsed.entries)
        links = {link.rel: link.href for link in parsed.feed.links}
        url = links.get("prev-archive", "").removeprefix("https://loa.example")
        pages += 1
    assert list(seen) == [f"Tin {i}" for i in range(137)]
    assert pages == 3
    page = feedparser.parse(
        get(client, links["next-archive"].removeprefix("https://loa.example")).data
    )
    assert {link.rel: link.href for link in page.feed.links}[
        "current"
    ] == "https://loa.example/feeds/all.atom"


def test_an_archive_page_stays_as_it_is_while_posts_arrive(loa: Loa, client: Client) -> None:
    posts = [
        make_post(i, f"Tin {i}", first_seen_at=make_post(i).published_at - timedelta(days=40 * i))
        for i in range(120)
    ]
    store_posts(loa, *posts[1:])

    def archive() -> str:
        links = {
            link.rel: link.href
            for link in feedparser.parse(get(client, "/feeds/all.atom").data).feed.links
        }
        return str(links["prev-archive"])

    before = archive()
    store_posts(loa, posts[0])
    assert archive() == before


def test_a_window_keeps_days_too(loa: Loa, client: Client) -> None:
    store_posts(loa, *(make_post(i, f"Tin {i}") for i in range(60)))
    assert len(feedparser.parse(get(client, "/feeds/all.rss").data).entries) == 60


def test_L8_a_withdrawn_post_becomes_a_tombstone(loa: Loa, client: Client) -> None:
    (post_id,) = store_posts(loa, make_post(1))
    with loa.database.writing() as conn:
        conn.execute(schema.post.update().values(withdrawn_at=make_post(0).published_at))
        bump(conn, "feeds")
    assert f'ref="urn:uuid:{post_id}"'.encode() in get(client, "/feeds/all.atom").data
    assert not feedparser.parse(get(client, "/feeds/all.rss").data).entries


def test_a_person_gets_a_page_and_a_reader_never_does(loa: Loa, client: Client) -> None:
    store_posts(loa, make_post(1))
    page = get(client, "/feeds/all.atom", **{k.replace("-", "_"): v for k, v in BROWSER.items()})
    assert page.mimetype == "text/html"
    assert page.headers["Cache-Control"] == "private, no-store"
    assert "https://loa.example/feeds/all.atom" in page.text and make_post(1).title in page.text
    assert "Đây là một nguồn tin" in page.text and "This is a feed" in page.text
    for other in ("all.rss", "all.json", "all.atom?raw=1"):
        assert f'href="https://loa.example/feeds/{other}"' in page.text
    raw = get(
        client, "/feeds/all.atom?raw=1", **{k.replace("-", "_"): v for k, v in BROWSER.items()}
    )
    assert raw.mimetype == "application/atom+xml"
    assert (
        get(client, "/feeds/all.atom", Accept="text/xml, text/html, */*").mimetype
        == "application/atom+xml"
    )


def test_a_person_gets_from_page_to_page_of_a_feed_and_to_its_calendar(
    loa: Loa, client: Client
) -> None:
    posts = [make_post(i, f"Tin {i}", first_seen_at=AT - timedelta(days=40 * i)) for i in range(60)]
    store_posts(loa, *(replace(post, understanding=Understanding(("meetings",))) for post in posts))
    browser = {name.replace("-", "_"): value for name, value in BROWSER.items()}
    page = get(client, "/feeds/meetings.rss", **browser).text
    older = re.search(
        r'rel="prev" href="https://loa.example(/feeds/meetings\.rss\?before=[^"]+)"', page
    )
    assert older is not None and 'href="https://loa.example/feeds/meetings.ics"' in page
    past = get(client, older[1], **browser).text
    assert "Tin 59" in past and 'rel="first" href="https://loa.example/feeds/meetings.rss"' in past


def test_the_lists_of_feeds(loa: Loa, client: Client) -> None:
    page = get(client, "/feeds/")
    assert page.status_code == 200 and "https://loa.example/feeds/directives.atom" in page.text
    opml = get(client, "/feeds.opml")
    assert (
        opml.status_code == 200
        and b"https://loa.example/feeds/quangxuong/directives.atom" in opml.data
    )


def test_a_meeting_is_in_the_calendar(loa: Loa, client: Client) -> None:
    from icalendar import Calendar

    begins_at = make_post(0).published_at
    meeting = Understanding(
        ("meetings",), begins_at=begins_at, venue="Hội trường tầng 2", summary="Họp"
    )
    store_posts(loa, replace(make_post(1, "Giấy mời họp"), understanding=meeting), make_post(2))
    response = get(client, "/feeds/meetings.ics")
    assert response.mimetype == "text/calendar"
    (event,) = Calendar.from_ical(response.data).events
    assert event["summary"] == "Giấy mời họp" and event["dtstart"].dt == begins_at
    assert event["location"] == "Hội trường tầng 2"
    assert get(client, "/feeds/meetings.ics").data == response.data


@pytest.mark.parametrize("fmt", ["atom", "rss"])
@pytest.mark.parametrize(("n", "pages"), [(80, 1), (137, 2)])
def test_no_archive_page_is_taken_for_a_part_of_an_archive(
    loa: Loa, client: Client, fmt: str, n: int, pages: int
) -> None:
    """The rule by which the W3C validator says `ArchiveIncomplete`: an archive names another."""
    posts = [
        make_post(i, f"Tin {i}", first_seen_at=make_post(i).published_at - timedelta(days=40 * i))
        for i in range(n)
    ]
    store_posts(loa, *posts)
    url, marked = f"/feeds/all.{fmt}", []
    while url:
        page = get(client, url).data
        links = {link.rel: link.href for link in feedparser.parse(page).feed.links}
        is_whole = {"prev-archive", "next-archive"} & set(links) != set()
        if "before=" in url:
            assert links["current"] == f"https://loa.example/feeds/all.{fmt}"
            marked.append((b"<fh:archive/>" in page, is_whole))
        url = links.get("prev-archive", "").removeprefix("https://loa.example")
    assert marked == [(pages > 1, pages > 1)] * pages
