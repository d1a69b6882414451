"""Where pages show their dates: rows, days above rows, heads, labels beside titles (L12, L18)."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256

import pytest

from service.instants import Source
from service.portals.dates import dates_in_label
from service.portals.read import read_article, read_listing
from service.settings import ListingConfig, PortalConfig
from service.text import LOCAL, clean
from service.types import Article, ListedPost, Moment, Page

NOW = datetime(2026, 11, 29, 3, 20, tzinfo=UTC)
URL = "https://xa.example/tin-tuc"
PORTAL = PortalConfig(
    id="xa",
    name="Xã",
    base_url="https://xa.example",
    kind="auto",
    listings=(ListingConfig(url=URL),),
)
WORDS = (
    "Công văn đôn đốc thu ngân sách", "Kế hoạch diễn tập phòng thủ năm nay",
    "Thông báo lịch cắt điện trong tuần",
    "Giấy mời tập huấn nghiệp vụ mới", "Quyết định giao chỉ tiêu cho thôn",
)  # fmt: skip
BODY = (
    "Ủy ban nhân dân xã yêu cầu các thôn thực hiện nghiêm túc, báo cáo kết quả trước khi họp giao "
    "ban. " * 3
)


def page(source: str, url: str = URL) -> Page:
    body = f'<!DOCTYPE html><html><head><meta charset="utf-8">{source}</html>'.encode()
    return Page(
        url,
        200,
        "text/html; charset=utf-8",
        body,
        None,
        None,
        sha256(body).hexdigest(),
        fetched_at=NOW,
    )


def rows(*labels: str) -> str:
    return "".join(
        f'<li><h3><a href="/tin/{number}-bai.html">{WORDS[number % 5]}</a></h3>{label}</li>'
        for number, label in enumerate(labels)
    )


def posts(body: str) -> tuple[ListedPost, ...]:
    source = f'<title>Tin</title></head><body><div class="noi-dung">{body}</div></body>'
    return read_listing(page(source), PORTAL, PORTAL.listings[0]).posts


def article(body: str, head: str = "") -> Article:
    source = f"<title>Kế hoạch tiêm chủng - Xã</title>{head}</head><body>{body}</body>"
    return read_article(page(source, f"{URL}/ke-hoach-1.html"), PORTAL)


def shown(moment: Moment | None) -> str | None:
    return moment and moment.at.astimezone(LOCAL).strftime(
        "%d/%m/%Y %H:%M" if moment.has_time else "%d/%m/%Y"
    )


@pytest.mark.parametrize(
    ("label", "at"),
    [
        ("<span>28 Tháng 11 2026</span>", "28/11/2026"),
        ("<em>November 28, 2026</em>", "28/11/2026"),
        ('<div class="d"><b>28</b><i>11/2026</i></div>', "28/11/2026"),
        ('<div class="d"><b>28</b><i>Th11</i></div>', "28/11/2026"),
        ("<div><span>28</span><span>Tháng 11</span><span>2026</span></div>", "28/11/2026"),
        ("<span>28/11/2026</span><span>08:30</span>", "28/11/2026 08:30"),
        ("<i>(28/11/26 08:15)</i>", "28/11/2026 08:15"),
        ('<time datetime="2026-11-28T01:00:00Z">hôm kia</time>', "28/11/2026 08:00"),
        (
            '<abbr class="published" title="2026-11-28T08:25:00+07:00">8 giờ</abbr>',
            "28/11/2026 08:25",
        ),
        ("<span>Hôm qua</span>", "28/11/2026"),
        ("<span>3 giờ trước</span>", "29/11/2026 07:20"),
        (
            "<span>Cập nhật: 29/11/2026 09:00</span><span>Ngày đăng: 28/11/2026 08:00</span>",
            "28/11/2026 08:00",
        ),
        ("<span>Lượt xem: 2026</span>", None),
        ("<span>12/12</span>", None),
    ],
)
def test_L18_a_row_says_its_date_in_any_form(label: str, at: str | None) -> None:
    assert [shown(post.moment) for post in posts(f"<ul>{rows(*[label] * 5)}</ul>")] == [at] * 5


def test_L18_a_day_above_rows_is_the_day_of_each() -> None:
    first, second = (
        rows(*['<span class="gio">08:30</span>'] * 5),
        rows(*[""] * 5).replace("/tin/", "/tin/x"),
    )
    body = (
        f"<h4>Thứ Bảy, 28/11/2026</h4><ul>{first}</ul><h4>27 tháng 11 năm "
        f"2026</h4><ul>{second}</ul>"
    )
    assert [shown(post.moment) for post in posts(body)] == ["28/11/2026 08:30"] * 5 + [
        "27/11/2026"
    ] * 5


def test_L18_the_date_of_today_at_the_top_of_a_page_is_of_no_row() -> None:
    assert {
        post.moment for post in posts(f"<p>Chủ nhật, 29/11/2026</p><ul>{rows(*[''] * 5)}</ul>")
    } == {None}


def test_L12_a_title_keeps_the_date_at_its_end_where_its_row_has_one() -> None:
    body = f"<ul>{rows(*['<span>28/11/2026</span>'] * 5)}</ul>"
    for title in WORDS:
        body = body.replace(title, f"{title} (17/03/2020)")
    assert {post.title for post in posts(body)} == {f"{title} (17/03/2020)" for title in WORDS}
    alone = posts(body.replace("28/11/2026", ""))
    assert {(post.title, shown(post.moment)) for post in alone} == {
        (title, "17/03/2020") for title in WORDS
    }
    week = posts(
        body.replace("(17/03/2020)", "(09/11/2026 - 13/11/2026)").replace("28/11/2026", "")
    )
    assert {post.moment for post in week} == {None}


def test_L12_a_label_that_repeats_the_hour_of_its_row_is_no_word_of_the_title() -> None:
    body = f"<ul>{rows(*['<span>28/11/2026 08:30</span>'] * 5)}</ul>"
    for title in WORDS:
        body = body.replace(title, f"{title}(28/11/2026 8:30 SA)")
    assert {post.title for post in posts(body)} == set(WORDS)


@pytest.mark.parametrize(
    ("head", "at"),
    [
        ('<meta name="DC.date.issued" content="2026-11-28T08:00:00+07:00">', "28/11/2026 08:00"),
        ('<meta NAME="dc.DATE.Issued" CONTENT="2026-11-28">', "28/11/2026"),
        ('<meta name="article:published_time" content="2026-11-28T01:00:00Z">', "28/11/2026 08:00"),
        ('<meta property="Article:Published_Time" content="2026-11-28T01:00:00+0000">',
        "28/11/2026 08:00"),
        ('<meta itemprop="datePublished" content="28/11/2026 08:00">', "28/11/2026 08:00"),
        ('<meta name="pubdate" content="20261128">', "28/11/2026"),
        ('<meta name="date" content="Sat, 28 Nov 2026 08:00:00 +0700">', "28/11/2026 08:00"),
        ('<script type="application/ld+json">{"@graph": [{"@type": "NewsArticle", "datePublished":'
         ' "2026-11-28T08:00:00+07:00", "dateModified": "2026-11-29T08:00:00+07:00"}]}</script>',
         "28/11/2026 08:00"),
        ('<script type="application/ld+json">{"@type": "Article", "datePublished": ' '"2026-11-28",}</script>',
         "28/11/2026"),
        ('<meta property="article:modified_time" content="2026-11-28T08:00:00+07:00">', None),
        ('<meta name="viewport" content="2026-11-28">', None),
        ('<meta name="date" content="xx">', None),
    ],
)  # fmt: skip
def test_L18_the_head_of_a_page_says_its_date_in_any_case(head: str, at: str | None) -> None:
    found = article(f"<h1>Kế hoạch tiêm chủng</h1><div class='noidung'><p>{BODY}</p></div>", head)
    assert shown(found.moment) == at
    assert all(one.source is Source.HEAD for one in found.witnesses)


@pytest.mark.parametrize(
    ("label", "at"),
    [
        ("Đăng ngày 28 - 11 - 2026", "28/11/2026"),
        (
            "Cập nhật lần cuối: 29/11/2026 09:00 | Ngày đăng: 28/11/2026 08:00 | Lượt xem: 35 | "
            "Mục: Tin tỉnh",
            "28/11/2026 08:00",
        ),
        ("<span>Ngày đăng:</span> <b>28/11/2026</b> <b>08:00</b>", "28/11/2026 08:00"),
        (
            "<span>Cập nhật:</span> <b>29/11/2026</b><br><span>Xuất bản:</span> <b>28/11/2026</b>",
            "28/11/2026",
        ),
        ("Thứ Bảy, 28 Tháng 11 2026 08:00", "28/11/2026 08:00"),
        ("Cập nhật: 27/11/2026 09:00", "27/11/2026 09:00"),
        ("Lượt xem: 2026", None),
    ],
)
def test_L18_the_label_beside_a_title_says_when_it_was_published(
    label: str, at: str | None
) -> None:
    found = article(
        f"<h1>Kế hoạch tiêm chủng</h1><div>{label}</div><div class='noidung'><p>{BODY}</p></div>"
    )
    assert shown(found.moment) == at


def test_L18_the_dates_of_other_posts_are_not_guessed_to_be_this_ones() -> None:
    others = "".join(
        f'<li><a href="/tin/{n}.html">{WORDS[n]}</a> (2{n}/11/2026)</li>' for n in range(5)
    )
    found = article(
        f"<h1>Kế hoạch tiêm chủng</h1><div class='noidung'><p>{BODY}</p></div><ul>{others}</ul>"
    )
    assert (found.moment, found.witnesses) == (None, ())


@pytest.mark.parametrize(
    ("label", "at"),
    [
        ("<p>Hôm nay khai mạc hội thi</p>", None),
        ("<p>Hôm nay: 3.401</p>", None),
        ("<p>Yesterday's Word</p>", None),
        ("<p>Hôm qua</p>", "28/11/2026"),
        ("<p>Hôm qua | Lượt xem: nhiều</p>", "28/11/2026"),
    ],
)
def test_L18_a_day_in_words_is_a_date_where_it_stands_apart(label: str, at: str | None) -> None:
    told = dates_in_label(clean(label.removeprefix("<p>").removesuffix("</p>")), NOW)
    assert shown(told[0].moment if told else None) == at


@pytest.mark.parametrize("word", ["wp-custom-logo", "has-breadcrumb", "page site-title-hidden"])
def test_L16_a_class_of_the_whole_page_makes_no_heading_the_sites_name(word: str) -> None:
    source = (
        f'<title>Kế hoạch tiêm chủng</title></head><body class="{word}"><div class="{word} x">'
        '<article><header><h1>Kế hoạch tiêm chủng</h1><span class="ngay-gio">02/11/2026</span>'
        f"</header><div><p>{BODY}</p></div><h3>Mục khác</h3><ul><li>14/01/2019: "
        '<a href="/tin/cu">Tin cũ của xã</a></li></ul></article></div></body>'
    )
    read = read_article(page(source, f"{URL}/ke-hoach-1.html"), PORTAL)
    assert shown(read.moment) == "02/11/2026"


def test_L18_the_day_of_a_post_that_is_quoted_in_the_text_is_not_the_articles() -> None:
    quoted = '<blockquote><time datetime="2018-03-12T19:30:12+07:00">12/3/2018</time></blockquote>'
    read = article(
        f"<div><h1>Kế hoạch tiêm chủng</h1><div><p>{BODY}</p>{quoted}<p>{BODY}</p></div></div>"
    )
    assert not any(one.source is Source.ARTICLE for one in read.witnesses)
