"""Listings of many systems, read from their address alone: whole, without a menu's link, under
clean titles."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.errors import UnreadableError
from service.moments.vote import vote
from service.portals.article import read_article_tree
from service.portals.auto import detect_listing
from service.portals.dom import parse_tree
from service.portals.pager import find_pager
from service.portals.urls import resolve_link
from service.posts.identity import canonical_key
from service.text import clean
from service.types import Listing, Page

_LAYOUTS = Path(__file__).parents[1] / "data" / "layouts"
_BASE = "http://127.0.0.1:8000"
_LABELS = 90  # characters beside a body: who wrote it, where it is from
_NOW = datetime(2026, 11, 29, 2, tzinfo=UTC)


def _page(url: str, body: bytes) -> Page:
    return Page(url, 200, "text/html; charset=utf-8", body, None, None, "", None, _NOW)


def _read(markup: str, path: str = "/tin-tuc") -> Listing:
    return detect_listing(
        parse_tree(_page(_BASE + path, f"<html><body>{markup}</body></html>".encode()))
    )


_TOLD: dict[str, dict[str, Any]] = {
    one.stem: json.loads(one.read_text("utf-8")) for one in _LAYOUTS.glob("*.json")
}


def _names_of(kind: str) -> list[str]:
    return [name for name, told in sorted(_TOLD.items()) if told.get("kind", "listing") == kind]


@pytest.mark.parametrize("name", _names_of("listing"))
def test_L16_L17_listings_of_many_systems_are_whole_and_their_titles_clean(name: str) -> None:
    told = _TOLD[name]
    url = _BASE + told["url"]
    listing = detect_listing(parse_tree(_page(url, (_LAYOUTS / f"{name}.html").read_bytes())))
    found = {
        post.url: (
            post.title,
            post.moment.at.strftime("%Y-%m-%dT%H:%M:%SZ") if post.moment else None,
        )
        for post in listing.posts
    }
    assert found == {
        urljoin(url, one["url"]): (one["title"], one["published_at"]) for one in told["posts"]
    }


@pytest.mark.parametrize("name", _names_of("article"))
def test_L15_L18_articles_of_many_systems_are_whole_with_their_files(name: str) -> None:
    told = _TOLD[name]
    url = _BASE + told["url"]
    article = read_article_tree(parse_tree(_page(url, (_LAYOUTS / f"{name}.html").read_bytes())))
    text = clean(article.text)
    first, last = clean(told["body_first"]), clean(told["body_last"])
    moment = vote(article.witnesses, _NOW).moment
    assert article.title == told["title"]
    assert (moment.at.strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None) == told["published_at"]
    assert first in text[: len(first) + _LABELS]
    assert last in text[-len(last) - _LABELS :]
    assert [file.url for file in article.attachments] == [
        urljoin(url, one) for one in told["attachments"]
    ]


_PAGERS = json.loads((_LAYOUTS.parent / "pagers.json").read_text("utf-8"))


@pytest.mark.parametrize("case", _PAGERS, ids=[case["name"] for case in _PAGERS])
def test_L20_pagers_of_every_form_lead_to_the_older_page(case: dict[str, str | None]) -> None:
    tree = parse_tree(
        _page(f"{_BASE}{case['url']}", f"<html><body>{case['html']}</body></html>".encode())
    )
    wanted = None if case["next"] is None else urljoin(tree.url, case["next"])
    assert find_pager(tree, tree.root.css("a[href]")).next_url == wanted


def test_L16_rows_left_out_that_look_like_the_posts_are_told() -> None:
    row = (
        '<li><a href="/tin-tuc/{0}-{1}.html">Hội nghị tổng kết công tác năm {1} của xã</a>{2}</li>'
    )
    rows = "".join(row.format("bai", 10 + n, f"<i>0{n + 1}/11/2026</i>") for n in range(8))
    beside = "".join(row.format("cu", 70 + n, "") for n in range(3))
    listing = _read(
        f'<div class="col-md-8"><ul>{rows}</ul></div><div class="col-md-4"><h3>Xem '
        f"nhiều</h3><ul>{beside}</ul></div>"
    )
    assert len(listing.posts) == 8
    assert [link.reason for link in listing.rejected] == ["like_the_posts"] * 3


@pytest.mark.parametrize(
    "opening", ['header class="top"', 'div class="main-menu"', 'div class="nav-wrapper"']
)
def test_L16_a_large_menu_is_none_of_the_posts_though_it_holds_most_links(opening: str) -> None:
    labels = (
        "Cơ cấu tổ chức bộ máy",
        "Lịch tiếp công dân",
        "Văn bản",
        "Thủ tục hành chính",
        "Hỏi đáp",
    )
    menu = "".join(f'<li><a href="/m/{n}">{labels[n % 5]} {n}</a></li>' for n in range(60))
    rows = "".join(
        f'<li><a href="/t/{n}">Hội nghị tổng kết công tác năm của xã lần {n}</a></li>'
        for n in range(8)
    )
    listing = _read(f"<{opening}><ul>{menu}</ul></{opening.split()[0]}><div><ul>{rows}</ul></div>")
    assert [post.url for post in listing.posts] == [f"{_BASE}/t/{n}" for n in range(8)]
    assert sum(link.reason == "menu" for link in listing.rejected) == 60


def test_L17_numbers_before_every_title_are_a_count_and_a_number_in_one_is_a_title() -> None:
    titles = [
        "Hội nghị tổng kết công tác năm",
        "10 năm xây dựng nông thôn mới ở xã",
        "Lễ phát động trồng cây đầu xuân",
    ]
    row = '<li><a href="/tin-tuc/bai-{0}.html">{1}</a> <i>0{0}/11/2026</i></li>'
    plain = _read(
        "<ul>" + "".join(row.format(n, title) for n, title in enumerate(titles, 1)) + "</ul>"
    )
    counted = _read(
        "<ul>"
        + "".join(row.format(n, f"{n}. {title}") for n, title in enumerate(titles, 1))
        + "</ul>"
    )
    assert [post.title for post in plain.posts] == titles == [post.title for post in counted.posts]


def test_L15_files_beside_a_page_stay_its_attachments_and_several_of_one_row_are_one_post() -> None:
    cells = (
        "<tr><td>Quyết định số {0} về phân bổ dự toán chi</td><td>0{0}/11/2026</td>"
        '<td><a href="/f/{0}.pdf">Tải về</a> <a href="/f/{0}.docx">Bản Word</a></td></tr>'
    )
    listing = _read("<table>" + "".join(cells.format(n) for n in range(1, 8)) + "</table>")
    assert [post.url for post in listing.posts] == [f"{_BASE}/f/{n}.pdf" for n in range(1, 8)]
    assert listing.posts[0].title == "Quyết định số 1 về phân bổ dự toán chi"
    assert [link.reason for link in listing.rejected] == ["file"] * 7


_WORDS = st.sampled_from(
    ["Hội nghị", "tổng kết", "của xã", "năm 2026", "Xem thêm", "Mới", "1", "về việc", "28/11/2026"]
)
_HREFS = st.one_of(
    st.sampled_from(
        [
            "#",
            "",
            "javascript:void(0)",
            "/",
            "/tin-tuc",
            "http://x.vn/a",
            "/a.pdf",
            "/b.doc",
            "#/t/5",
        ]
    ),
    st.integers(0, 30).map("/tin-tuc/bai-{}.html".format),
    st.integers(0, 9).map("/v?id={}&ref=home".format),
)
_LINKS = st.builds(
    lambda href, words: f'<a href="{href}">{" ".join(words)}</a>',
    _HREFS,
    st.lists(_WORDS, min_size=0, max_size=6),
)
_TAGS = st.sampled_from(
    [
        "div",
        "li",
        "nav",
        "aside",
        "tr",
        'div class="sidebar"',
        'p class="page-header"',
        "h2",
        'ul class="related"',
        "td",
    ]
)


def _wrapped(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.builds(
        lambda tag, inner: f"<{tag}>{''.join(inner)}</{tag.split()[0]}>",
        _TAGS,
        st.lists(parts, min_size=1, max_size=6),
    )


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        _wrapped(st.one_of(_LINKS, _wrapped(st.one_of(_LINKS, _wrapped(_LINKS))))),
        min_size=1,
        max_size=4,
    )
)
def test_L16_whatever_a_listing_holds_each_link_is_a_post_or_a_counted_drop(
    parts: list[str],
) -> None:
    tree = parse_tree(
        _page(f"{_BASE}/tin-tuc", f"<html><body>{''.join(parts)}</body></html>".encode())
    )
    try:
        listing = detect_listing(tree)
    except UnreadableError:
        return
    keys = [canonical_key(post.url) for post in listing.posts]
    assert len(keys) == len(set(keys))
    dropped = {link.url for link in listing.rejected if link.reason}
    dropped_keys = {canonical_key(url) for url in dropped}
    for link in tree.root.css("a[href]"):
        href = link.attrs["href"] or ""
        url = resolve_link(tree.base_url, href)
        assert (url or href) in dropped or canonical_key(url or href) in {*keys, *dropped_keys}
    assert len(listing.posts) + len(listing.rejected) <= len(tree.root.css("a[href]"))


_ROWS = "".join(
    f'<div><a href="/tin/bai-{n}"><h4>Hội nghị tổng kết công tác năm của xã lần {n}</h4></a>'
    f"<i>{10 + n}/11/2026</i></div>"
    for n in range(8)
)
_READ_MOST = "".join(
    f'<li><a href="/tin/cu-{n}">Ra quân tổng dọn vệ sinh môi trường lần {n}</a></li>'
    for n in range(10)
)


@pytest.mark.parametrize(
    ("main", "side"),
    [
        ("col-md-9 col-left", "col-md-3 col-right"),
        ("LeftPane col-sm-8", "RightPane col-sm-4"),
        ("cot-phai span9", "cot-trai span3"),
    ],
)
def test_L16_a_column_called_left_or_right_is_the_lists_where_it_is_the_widest(
    main: str, side: str
) -> None:
    listing = _read(
        f'<div><div class="{main}">{_ROWS}</div><div class="{side}"><ul>{_READ_MOST}</ul></div></div>'
    )
    assert [post.url for post in listing.posts] == [f"{_BASE}/tin/bai-{n}" for n in range(8)]


def test_L16_of_columns_without_widths_the_one_with_more_posts_is_the_lists() -> None:
    side = '<li><a href="/lien-ket">Cổng dịch vụ công quốc gia</a></li>' * 3
    menu = "".join(f'<a href="/m/{n}">Công khai ngân sách năm {n}</a>' for n in range(20))
    listing = _read(
        f"<nav>{menu}</nav>"
        f'<div><div class="col-left">{_ROWS}</div><div class="col-right">{side}</div></div>'
    )
    assert [post.url for post in listing.posts] == [f"{_BASE}/tin/bai-{n}" for n in range(8)]
