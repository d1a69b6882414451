"""What goes over the wire to a cheap phone: pages as gzip, none that holds a secret; the sitemap
and the pictures of the site."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import orjson
import pytest
from flask import send_file
from lxml import etree

from service.storage import schema
from service.web.server.compression import MOST_BYTES, compress
from tests.fakes import FakeClock
from tests.fakes_desk import sign_in
from tests.fakes_web import PUBLIC_URL, Web, make_web, store_post

ZIPPED = {"Accept-Encoding": "gzip, br"}
SITEMAP = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9"}


@pytest.fixture
def web(sqlite_url: str, clock: FakeClock) -> Iterator[Web]:
    made = make_web(sqlite_url, clock)
    yield made
    made.loa.close()


@pytest.mark.parametrize(
    "path", ["/", "/feeds/", "/help/", "/status", "/static/loa.css", "/sitemap.xml"]
)
def test_a_page_is_sent_as_gzip_to_who_takes_it(web: Web, path: str) -> None:
    store_post(web.loa, 1)
    plain, zipped = (
        web.client.get(path, buffered=True),
        web.client.get(path, headers=ZIPPED, buffered=True),
    )
    assert "Content-Encoding" not in plain.headers
    assert zipped.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(zipped.data) == plain.data
    assert len(zipped.data) < len(plain.data) / 2
    assert int(zipped.headers["Content-Length"]) == len(zipped.data)
    for answer in (plain, zipped):
        assert "Accept-Encoding" in answer.headers["Vary"]


def test_the_front_page_and_its_style_are_fifteen_kilobytes(web: Web) -> None:
    for number in range(1, 40):
        store_post(web.loa, number)
    sent = [
        web.client.get(path, headers=ZIPPED, buffered=True).data
        for path in ("/", "/static/loa.css")
    ]
    assert sum(map(len, sent)) <= 15_000


@pytest.mark.parametrize("coding", ["", "identity", "gzip;q=0", "br"])
def test_who_takes_no_gzip_gets_none(web: Web, coding: str) -> None:
    answer = web.client.get("/", headers={"Accept-Encoding": coding}, buffered=True)
    assert answer.status_code == 200 and "Content-Encoding" not in answer.headers


def test_a_page_with_a_secret_is_never_compressed(web: Web) -> None:
    """Its length would tell the secret to who can have it asked for with words of his own
    (BREACH)."""
    sign_in(web)
    answer = web.client.get("/admin/", headers=ZIPPED, buffered=True)
    assert answer.status_code == 200 and b'name="csrf"' in answer.data
    assert "Content-Encoding" not in answer.headers


def test_a_style_that_is_held_is_not_sent_again(web: Web) -> None:
    first = web.client.get("/static/loa.css", headers=ZIPPED, buffered=True)
    assert first.headers["ETag"].startswith('W/"')
    again = web.client.get(
        "/static/loa.css", headers={**ZIPPED, "If-None-Match": first.headers["ETag"]}, buffered=True
    )
    assert again.status_code == 304 and again.data == b""


def test_what_is_small_or_a_picture_is_sent_as_it_is(web: Web) -> None:
    for path in ("/robots.txt", "/static/loa-144.png", "/favicon.ico"):
        answer = web.client.get(path, headers=ZIPPED, buffered=True)
        assert answer.status_code == 200 and "Content-Encoding" not in answer.headers


def test_a_large_file_is_never_taken_into_memory(
    web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    large = tmp_path / "large.txt"
    large.write_bytes(b"x" * (MOST_BYTES + 1))
    with web.app.test_request_context("/", headers=ZIPPED):
        sent = send_file(large)
        monkeypatch.setattr(sent, "get_data", lambda: pytest.fail("it was read"))
        assert compress(sent) is sent and "Content-Encoding" not in sent.headers
        sent.close()


def test_the_sitemap_names_the_pages_and_the_posts_that_there_are(web: Web) -> None:
    kept, withdrawn = store_post(web.loa, 1), store_post(web.loa, 2)
    with web.loa.database.writing() as conn:
        table = schema.post
        conn.execute(
            table.update().where(table.c.id == withdrawn.id).values(withdrawn_at=web.loa.clock())
        )
    answer = web.client.get("/sitemap.xml", buffered=True)
    assert answer.mimetype == "application/xml"
    root = etree.fromstring(answer.data)
    urls = [str(loc.text) for loc in root.iterfind("s:url/s:loc", SITEMAP)]
    assert f"{PUBLIC_URL}/posts/{kept.id}" in urls
    assert f"{PUBLIC_URL}/posts/{withdrawn.id}" not in urls
    for url in urls:
        assert web.client.get(urlsplit(url.removeprefix(PUBLIC_URL)).path).status_code == 200
    dated = root.xpath("//s:url[s:lastmod]/s:lastmod/text()", namespaces=SITEMAP)
    assert dated == [kept.updated_at.isoformat(timespec="seconds")]


def test_every_feed_names_a_picture_that_is_there(web: Web) -> None:
    store_post(web.loa, 1)
    rss = etree.fromstring(web.client.get("/feeds/all.rss", buffered=True).data)
    atom = etree.fromstring(web.client.get("/feeds/all.atom", buffered=True).data)
    feed = orjson.loads(web.client.get("/feeds/all.json", buffered=True).data)
    named = [
        rss.findtext("channel/image/url"),
        atom.findtext("{http://www.w3.org/2005/Atom}icon"),
        feed["icon"],
        feed["favicon"],
    ]
    assert rss.findtext("channel/image/title") == rss.findtext("channel/title")
    for url in named:
        answer = web.client.get(str(url).removeprefix(PUBLIC_URL), buffered=True)
        assert answer.status_code == 200 and answer.mimetype == "image/png", url
