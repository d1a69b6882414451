"""Broken pages, small and real in kind, and pages damaged by chance: an answer or our own
exception, no other."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.errors import LoaError
from service.moments.label import parse_moment, read_label, usual_moment
from service.portals.charset import decode
from service.portals.read import read_article, read_listing
from service.settings import ListingConfig, ListingSelectors, PortalConfig, portal_kinds
from service.text import clean
from service.types import Article, Listing, Page

BROKEN = sorted((Path(__file__).parents[1] / "data" / "broken").iterdir())
WHOLE = sorted((Path(__file__).parents[1] / "data" / "portals").rglob("*.html"))
KINDS = tuple(portal_kinds.KINDS)
URL = "https://p.example.gov.vn/list"


def page(body: bytes, media: str = "text/html") -> Page:
    return Page(URL, 200, media, body, None, None, sha256(body).hexdigest())


def portal(kind: str) -> PortalConfig:
    fields = (
        {"listing": ListingSelectors(item="li", date="label, time")}
        if portal_kinds.KINDS[kind].needs_selectors
        else {}
    )
    return PortalConfig.model_validate(
        {"id": "p", "name": "P", "base_url": "https://p.example.gov.vn", "kind": kind,
         "listings": (ListingConfig(url=URL),)} | fields
    )  # fmt: skip


def read_every_way(body: bytes, media: str = "text/html") -> list[Listing | Article]:
    """What the readers made of it; those that refused are left out."""
    understood: list[Listing | Article] = []
    for kind in KINDS:
        asked = portal(kind)
        try:
            understood.append(read_listing(page(body, media), asked, asked.listings[0]))
        except LoaError:
            continue
    try:
        understood.append(read_article(page(body, media), portal("auto")))
    except LoaError:
        return understood
    return understood


def assert_showable(understood: list[Listing | Article]) -> None:
    for one in understood:
        posts = one.posts if isinstance(one, Listing) else (one,)
        for post in posts:
            post.title.encode()
            assert post.title == clean(post.title)
            assert post.url.isascii()
            assert post.url.startswith(("http://", "https://"))
            assert post.moment is None or 1976 <= post.moment.at.year <= 2100
        if isinstance(one, Article):
            (one.html + one.text).encode()
            assert "<script" not in one.html.lower()


@pytest.mark.parametrize("path", BROKEN, ids=lambda path: path.name)
def test_a_broken_page_is_read_or_refused_in_our_words(path: Path) -> None:
    assert_showable(read_every_way(path.read_bytes()))


ROWS = [
    "unclosed_everything",
    "attributes_without_quotes",
    "deep",
    "comment_without_end",
    "script_without_end",
    "bad_references",
    "base_nowhere",
    "tables_in_tables",
    "dates_gone_mad",
    "cut_in_a_character",
]


@pytest.mark.parametrize("name", ROWS)
def test_what_is_broken_costs_no_row_that_is_whole(name: str) -> None:
    body = (BROKEN[0].parent / f"{name}.html").read_bytes()
    asked = portal("td-portal")
    listing = read_listing(page(body), asked, asked.listings[0])
    assert len([post for post in listing.posts if "/bai-" in post.url]) == 5


SCRAPS = st.binary(max_size=6) | st.sampled_from([b"<", b'">', b"</a>", b"\0"])
MEDIA = ["text/html", "text/html; charset=windows-1258", "text/html; charset=utf-16", ""]


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(WHOLE), st.data())
def test_a_whole_page_damaged_by_chance_is_read_or_refused_in_our_words(
    path: Path, data: st.DataObject
) -> None:
    body = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 6))):
        start = data.draw(st.integers(0, len(body)))
        length = data.draw(st.sampled_from([0, 1, 2, 50, 3000]))
        body[start : start + length] = data.draw(SCRAPS)
    assert_showable(read_every_way(bytes(body), data.draw(st.sampled_from(MEDIA))))


@settings(deadline=None, max_examples=200)
@given(
    st.text(max_size=120),
    st.sampled_from(["utf-8", "utf-16", "utf-16-le", "cp1258", "utf-8-sig", "utf-32"]),
)
def test_decoding_what_was_encoded_never_fails(text: str, charset: str) -> None:
    decode(text.encode(charset, "replace"), f"text/html; charset={charset}").encode()


FORMS = [
    "{}/{}/{}",
    "{:02}/{:02}/{}",
    "{}/{}/{} {}:{:02}",
    "{:02}/{:02}/{} | {:02}:{:02}",
    "{}/{}/{}, {}:{:02}",
]
NUMBERS = st.tuples(
    st.integers(0, 40),
    st.integers(0, 15),
    st.integers(1970, 2110),
    st.integers(0, 30),
    st.integers(0, 70),
)


@given(NUMBERS, st.sampled_from(FORMS))
def test_the_quick_reading_of_usual_dates_is_the_slow_one(
    numbers: tuple[int, ...], form: str
) -> None:
    label = form.format(*numbers)
    quick = usual_moment(label)
    assert parse_moment(label) == (quick or parse_moment(label))
    if quick is not None:
        assert [one.moment for one in read_label(label).dates] == [quick]
