"""No text of anybody makes a header of an answer, leads away from here, or makes a metric: by paths,
queries, names of files, the language, an idempotency key, and what stands in the database (S12)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from hashlib import sha256
from urllib.parse import quote, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.parser import text_string_to_metric_families

from service.storage.archive import ArchivedFile
from service.storage.listings import load_listings
from service.storage.schema import listing
from service.web.server.metrics import _of_listings
from tests.fakes import FakeClock
from tests.fakes_desk import sign_in
from tests.fakes_web import PUBLIC_URL, Web, make_web, owe, store_post

AWKWARD = (
    "\r\n", "\n", "\r", "\r\nSet-Cookie: x=1", "%0d%0aX: 1", "\r\n\r\n<script>", "//evil.example",
    "https://evil.example/", "\\\\evil.example", "/..//evil.example", '"', ";", "filename=x.exe", ">",
    '>; rel="next"', "\u202e", "\ud800", "\x00", "\x9b", "ệ", "javascript:", "@evil.example", "?#",
)  # fmt: skip
FOREIGN = st.lists(
    st.one_of(st.sampled_from(AWKWARD), st.text(max_size=6)), min_size=1, max_size=4
).map("".join)
BODY = b"%PDF-1.7 a file"
DIGEST = sha256(BODY).hexdigest()


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    folder = tmp_path_factory.mktemp("headers")
    archive = {"folder": str(folder / "files"), "min_free_mb": 0}
    made = make_web(f"sqlite:///{folder / 'loa.db'}", FakeClock(), archive=archive)
    for n in range(3):
        owe(made, store_post(made.loa, n))
    file = ArchivedFile(DIGEST, "application/pdf", BODY, made.loa.clock(), None)
    assert made.loa.archive.keep(file, "huyen") is None
    sign_in(made)
    yield made
    made.loa.close()


def _doors(web: Web, text: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Where it is asked, and with what of it."""
    said, whole = quote(text.encode("utf-8", "replace")), quote(text.encode("utf-8", "replace"), "")
    line = re.sub("[\r\n\x00]", "", text).encode("utf-8", "replace").decode("latin-1")
    yield f"/attachments/{DIGEST}/{whole}", {}
    yield f"/attachments/{DIGEST}/view/{whole}", {}
    for path in (
        "/feeds/all.rss",
        "/feeds/all.json",
        "/search",
        "/",
        "/subscribe",
        "/admin/audit/",
    ):
        yield f"{path}?q={whole}&lang={whole}&raw={whole}&before={whole}", {}
    yield f"/feeds/{said}.rss?lang={whole}", {}
    yield f"/feeds/categories/{said}.atom", {}
    yield f"/{said}", {}
    yield f"/posts/{said}", {}
    yield f"/unit/{said}", {}
    yield f"/admin/{said}", {}
    yield f"/admin/receipts/{said}.csv", {}
    yield f"/api/v1/posts?limit=1&q={whole}&x={whole}", web.operator
    yield f"/api/v1/posts?limit=1&lang={whole}", {**web.operator, "Accept-Language": line}
    yield f"/api/v1/{said}?limit=1", {**web.operator, "Idempotency-Key": line}
    yield "/help/", {"X-Forwarded-Proto": line, "Referer": line, "User-Agent": line}


@settings(max_examples=25, deadline=None)
@given(text=FOREIGN)
def test_S12_no_text_makes_a_header_or_leads_away(web: Web, text: str) -> None:
    for path, headers in _doors(web, text):
        answer = web.client.get(path, headers=headers, buffered=True)
        assert answer.status_code < 500, path
        for name, value in answer.headers:
            assert value.isascii() and value.isprintable(), (path, name, value)
        assert {"x", "set-cookie: x"} & {name.lower() for name, _ in answer.headers} == set()
        if answer.location is not None:
            there = urlsplit(answer.location)
            assert (there.scheme, there.netloc) in (("", ""), tuple(urlsplit(PUBLIC_URL)[:2])), path
            assert not answer.location.startswith(("//", "/\\"))
        if disposition := answer.headers.get("Content-Disposition"):
            kind = r"(?:attachment|inline); filename(?:=\"[\w.-]+\"|\*=UTF-8''[\w.~%-]*)"
            assert re.fullmatch(kind, disposition), disposition
        for link in re.split(r"(?<=\"), ", answer.headers.get("Link", "")):
            assert not link or re.fullmatch(r'<[^<>"\s]+>; rel="[a-z-]+"(?:; type="[^"]+")?', link)


def test_S12_pages_of_the_api_link_to_the_next_by_our_own_address(web: Web) -> None:
    """By which it is known that the links above are looked at."""
    answer = web.client.get(
        '/api/v1/posts?limit=1&q=Ch%E1%BB%89&x=%3E;rel="a"', headers=web.operator
    )
    assert answer.status_code in (200, 400)
    answer = web.client.get("/api/v1/posts?limit=1", headers=web.operator)
    assert answer.headers["Link"].startswith(f"<{PUBLIC_URL}/api/v1/posts?")


class _Registry(CollectorRegistry):
    """Of one family."""

    def __init__(self, family: GaugeMetricFamily) -> None:
        super().__init__()
        self._family = family

    def collect(self) -> Iterator[GaugeMetricFamily]:
        yield self._family


@settings(max_examples=20, deadline=None)
@given(text=FOREIGN)
def test_S12_no_address_of_a_portal_makes_a_metric(web: Web, text: str) -> None:
    url = f"https://x.example/{text}".encode("utf-8", "replace").decode().replace("\x00", "")
    with web.loa.database.writing() as conn:
        conn.execute(listing.delete())
        row = {"portal_id": "quangxuong", "url": url, "next_poll_at": web.loa.clock()}
        conn.execute(listing.insert().values(row))
    with web.loa.database.reading() as conn:
        states = list(load_listings(conn).values())
    said = b"".join(map(generate_latest, map(_Registry, _of_listings(states)))).decode()
    families = {one.name: one for one in text_string_to_metric_families(said)}
    assert all(name.startswith("loa_listing") for name in families)
    named = [one.labels["listing"] for one in families["loa_listing_failures"].samples]
    assert named == [url]
