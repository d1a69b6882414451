"""F16: no page and no feed takes longer than it is long, however its elements stand within each
other and whatever one tag has."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from service.portals.attributes import MOST_ATTRIBUTES, with_few_attributes
from service.portals.read import read_article, read_listing
from service.portals.sanitise import harmless
from service.settings import ListingConfig
from tests.fuzz_targets import TARGETS, URL, _page, _portal, fed
from tests.slow_text import took_s, within

LINKS = "".join(
    f"<li><a href=/tin/bai-{n}.html>Thông báo số {n} về việc họp</a> <span>28/11/2026</span></li>"
    for n in range(60)
)


def attributes(n: int) -> str:
    return " ".join(f"a{one}=b" for one in range(n))


def at_work(target: str, source: str) -> Callable[[], object]:
    with fed(TARGETS[target]) as feed:
        return lambda: feed(source.encode())


SHAPES: dict[str, tuple[str, Callable[[int], str]]] = {
    "rows within rows": ("listing", lambda n: "<ul><li>" * (n // 8) + LINKS),
    "attributes of a tag": ("listing", lambda n: f"<div {attributes(n // 8)}>x</div>"),
    "attributes of an article's": ("article", lambda n: f"<p {attributes(n // 8)}>x</p>"),
    "attributes of a feed's": ("feed", lambda n: f"<rss {attributes(n // 8)}><channel>"),
    "tables within tables": ("article", lambda n: "<h1>Tin</h1>" + "<table><tr><td>" * (n // 15)),
    "siblings under a deep body": (
        "article",
        lambda n: "<h1>Tin</h1>" + "<i>x</i>" * (n // 8) + "<div>" * 700 + "<p>Nội dung</p>" * 40,
    ),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_F16_four_times_the_page_takes_no_more_than_ten_times_as_long(shape: str) -> None:
    target, made = SHAPES[shape]
    small, large = made(8_000), made(32_000)
    with within(20.0):
        at_work(target, small)()  # what is made once is made
    assert took_s(at_work(target, large), 2) < max(0.5, 10 * took_s(at_work(target, small), 3))


def test_F16_what_a_deep_page_says_is_looked_at_a_few_times_only() -> None:
    def act(times: int) -> Callable[[], object]:
        page = ("<div>" * 400 + "Tin" + "</div>" * 400) * times
        return at_work("article", f"<title>Tin</title>{page}")

    act(1)()  # what is made once is made
    assert took_s(act(8), 2) < 10 * took_s(act(2), 3)


@pytest.mark.parametrize("shell", ["<table><tr><td>", "<div>", "<ul><li>"])
def test_F16_a_page_that_nests_beyond_what_python_does_is_read(shell: str) -> None:
    page = (
        "<h1>Thông báo họp</h1>"
        + shell * 1500
        + "<div class=noi-dung>"
        + "<p>Uỷ ban nhân dân xã thông báo họp giao ban vào sáng mai tại hội trường.</p>" * 9
    )
    article = read_article(_page(page.encode(), "text/html"), _portal("auto"))
    assert article.title == "Thông báo họp" and "giao ban" in article.text


def test_F16_of_rows_within_rows_the_inner_ones_are_read() -> None:
    page = "<ul><li>" * 30 + LINKS
    listing = read_listing(
        _page(page.encode(), "text/html"), _portal("html"), ListingConfig(url=URL)
    )
    assert len(listing.posts) == 60 and all(one.moment for one in listing.posts)


# --- what one tag has -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "source",
    [
        "<p class=a>x</p>",
        f"<p {attributes(MOST_ATTRIBUTES)}>x</p>",
        "<!-- <p " + "a " * 900 + "-->",
        "<a title='>' " + attributes(9) + "><",
        "văn bản < 5 và > 3 </",
    ],
)
def test_F16_a_usual_tag_stays_as_it_is(source: str) -> None:
    assert with_few_attributes(source) == source


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "x</p>"),
        ("<!-->", "x</p>"),
        ("<!-- a --!>", "x</p>"),
        ("<!-- never ended", "x</p>"),
        ("<script>never ended ", "x</p>"),
        ('<script>a<b c="</script>', '<i title="x">'),
        ('<!-- a<b c=" -->', '<i title="x">'),
        ("<svg><title>", "</title></svg>"),
        ("</div>", "</math></svg>"),
        ("<style>p{}</style><SCRIPT>if (a<b) c</SCRIPT>", "y"),
    ],
)
@pytest.mark.parametrize("tag", ["p", "/p", "P/", 'p\n"', "p a='>'", "p =", 'p a="1"b="2"'])
def test_F16_what_a_tag_has_beyond_all_use_is_left_out(before: str, after: str, tag: str) -> None:
    some, many = attributes(MOST_ATTRIBUTES), attributes(2000)
    found = with_few_attributes(f"{before}<{tag} {many}>{after}")
    assert found.startswith(f"{before}<{tag} {some[:900]}") and found.endswith(f">{after}")
    assert "a300=" not in found and len(found) < len(some) + 200


def test_F16_a_script_that_looks_like_a_tag_keeps_its_end() -> None:
    script = "<script>for (a<b " + "; c " * 900 + "</script><p>tin</p>"
    found = with_few_attributes(script + f"<p {attributes(999)}>")
    assert found.startswith(script)


def test_F16_a_feed_has_no_scripts() -> None:
    found = with_few_attributes(f"<script/><item {attributes(999)}>", is_xml=True)
    assert "a300=" not in found


@given(st.lists(st.sampled_from(["<a ", "x=1 ", "y ", "='", "'", '"', ">", "/", "</", "<!--", "-->",
                                 "<script>", "</script>", "<svg>", "á"]), max_size=60))  # fmt: skip
def test_F16_whatever_stands_there_no_element_is_lost(parts: list[str]) -> None:
    source = "".join(parts)
    found = with_few_attributes(source + f"<b {attributes(600)}>")
    assert found.startswith(source)
    assert len(LexborHTMLParser(found).root.css("*")) == len(  # type: ignore[union-attr]  # it has one
        LexborHTMLParser(source + f"<b {attributes(3)}>").root.css("*")  # type: ignore[union-attr]
    )


def test_F16_a_description_with_a_tag_of_a_megabyte_is_washed_at_once() -> None:
    html = f"<p {attributes(120_000)}>tin</p>"
    assert took_s(lambda: harmless(html, URL)) < 0.5
    assert harmless(html, URL)[1] == "tin"
