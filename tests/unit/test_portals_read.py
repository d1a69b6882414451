"""Listings, articles, charsets and feeds: what the readers understand, and what they refuse."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from service.errors import LoaError, UnreadableError
from service.portals.charset import decode
from service.portals.dom import parse_tree
from service.portals.read import read_article, read_listing, reader_version
from service.portals.sanitise import harmless
from service.portals.td_portal import read_td_listing, sort_links
from service.portals.urls import encode_once, resolve_link
from service.posts.identity import canonical_key
from service.settings import ListingConfig, ListingSelectors, PortalConfig
from service.types import Listing, Outcome, Page

DATA = Path(__file__).parents[1] / "data" / "portals"
LAYOUTS = sorted(path.stem for path in DATA.glob("*.html"))


def page(
    body: bytes | str, url: str = "https://p.example.gov.vn/list", media: str = "text/html"
) -> Page:
    data = body.encode() if isinstance(body, str) else body
    return Page(url, 200, media, data, None, None, sha256(data).hexdigest())


def portal(kind: str = "td-portal", **fields: Any) -> PortalConfig:
    listing = ListingConfig(url="https://p.example.gov.vn/list")
    return PortalConfig(
        id="p",
        name="P",
        base_url="https://p.example.gov.vn",
        kind=kind,
        listings=(listing,),
        **fields,
    )


def listing_of(body: bytes | str, kind: str = "td-portal", **fields: Any) -> Listing:
    asked = portal(kind, **fields)
    return read_listing(page(body), asked, asked.listings[0])


def shown(listing: Listing) -> list[dict[str, str | None]]:
    return [
        {
            "url": post.url,
            "title": post.title,
            "published_at": post.moment.at.isoformat().replace("+00:00", "Z")
            if post.moment
            else None,
        }
        for post in listing.posts
    ]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_detection_finds_every_post_of_a_layout_and_invents_none(layout: str) -> None:
    want = json.loads((DATA / f"{layout}.json").read_text())
    asked = portal("auto")
    listing = read_listing(
        page((DATA / f"{layout}.html").read_bytes(), want["url"]), asked, asked.listings[0]
    )
    assert shown(listing) == want["posts"]
    if want["next_url"]:
        assert listing.next_url == want["next_url"]


ARTICLES = sorted(path.stem for path in (DATA / "articles").glob("*.html"))


@pytest.mark.parametrize("layout", ARTICLES)
def test_an_article_nobody_described_gives_its_title_date_body_and_files(layout: str) -> None:
    want = json.loads((DATA / "articles" / f"{layout}.json").read_text())
    article = read_article(
        page((DATA / "articles" / f"{layout}.html").read_bytes(), want["url"]), portal("auto")
    )
    assert article.title == want["title"]
    assert article.moment is not None
    assert article.moment.at.isoformat().replace("+00:00", "Z") == want["published_at"]
    assert article.text.startswith(want["starts"])
    assert [text for text in want["has"] if text not in article.text] == []
    assert [text for text in want["has_not"] if text in article.text] == []
    assert [file.url for file in article.attachments] == want["attachments"]


def test_a_link_that_returns_in_every_row_takes_no_date_from_any() -> None:
    row = (
        '<div><a href="/tin/{n}">Tin số {n} của xã</a><p>Bởi <a href="/ai/5">Quản trị</a> lúc '
        "0{n}/02/2024</p></div>"
    )
    listing = listing_of("".join(row.format(n=n) for n in range(1, 6)), "auto")
    assert [post.moment is not None for post in listing.posts if "/tin/" in post.url] == [True] * 5


ODD_ADDRESSES = st.sampled_from(["Portal", "portal", "TINHUY", "other"])


@given(
    ODD_ADDRESSES,
    st.integers(0, 99),
    st.integers(0, 99),
    st.text("aZ09-_.%đ ?#", min_size=1, max_size=12),
)
def test_L3_the_quick_key_of_an_address_is_the_canonical_one(
    site: str, month: int, day: int, rest: str
) -> None:
    href = f"/{site}/Pages/2024-{month}-{day}/{rest}.aspx"
    tree = parse_tree(page(f'<a href="{href}">Hội nghị</a>'))
    for _, url, key in sort_links(tree, tree.root.css("a[href]")).posts:
        assert key == canonical_key(url)
        assert url == resolve_link(tree.base_url, href)


@pytest.mark.parametrize("layout", ["cms_with_classes", "cms_without_classes"])
def test_the_address_rule_finds_every_post_of_this_family(layout: str) -> None:
    want = json.loads((DATA / f"{layout}.json").read_text())
    asked = portal()
    listing = read_listing(
        page((DATA / f"{layout}.html").read_bytes(), want["url"]), asked, asked.listings[0]
    )
    assert shown(listing) == want["posts"]


def test_a_postback_pager_is_reported_and_not_guessed() -> None:
    asked = portal()
    body = (DATA / "cms_with_classes.html").read_bytes()
    listing = read_listing(page(body), asked, asked.listings[0])
    assert listing.next_url is None
    assert "postback_pager" in {link.reason for link in listing.rejected}


def test_an_upstream_feed_gives_the_same_posts_as_its_page() -> None:
    want = json.loads((DATA / "nukeviet.json").read_text())
    assert shown(listing_of((DATA / "nukeviet.rss").read_bytes(), "feed")) == want["posts"]


ROW = (
    '<li><a href="/portal/Pages/2024-2-7/{slug}.aspx">{title}</a><label '
    'class="pub-time">{date}</label></li>'
)


def rows(*pairs: tuple[str, str]) -> str:
    return (
        "<ul>"
        + "".join(ROW.format(slug=f"s{n}", title=t, date=d) for n, (t, d) in enumerate(pairs))
        + "</ul>"
    )


@pytest.mark.parametrize(
    ("label", "want"),
    [
        ("", None),
        ("5/6/2023", "2023-06-04T17:00"),
        ("(07/02/2024 10:32 SA)", "2024-02-07T03:32"),
        ("(07/02/2024 12:05 SA)", "2024-02-06T17:05"),
        ("28 - 01 - 2024", "2024-01-27T17:00"),
        ("20/11/2026 | 16:45", "2026-11-20T09:45"),
        ("Thứ Sáu, 20/11/2026, 16:45 (GMT+7)", "2026-11-20T09:45"),
        ("ngày 05 tháng 11 năm 2026", "2026-11-04T17:00"),
        ("01/01/0001", None),
        ("30/02/2024", None),
    ],
)
def test_L1_a_date_of_any_form_is_right_or_none_and_costs_no_other_row(
    label: str, want: str | None
) -> None:
    listing = listing_of(rows(("Hội nghị giao ban", label), ("Giấy mời", "06/02/2024")))
    first, second = listing.posts
    assert (first.moment.at.isoformat()[:16] if first.moment else None) == want
    assert second.moment is not None
    assert second.moment.at == datetime(2024, 2, 5, 17, tzinfo=UTC)


def test_L2_repeated_links_are_one_post_with_the_whole_title() -> None:
    address = "/portal/Pages/2024-2-7/a-b1c2d3.aspx"
    body = (
        f'<li><a href="{address}"><img alt="ảnh"></a>'
        f'<a href="{address}" title="Kế hoạch phòng chống lụt bão năm 2024">'
        f'Kế hoạch phòng chống...</a><a href="{address.lower()}?fbclid=1#:~:text=x">Xem '
        f"tiếp</a></li>"
    )
    (post,) = listing_of(body).posts
    assert (post.title, post.is_cut) == ("Kế hoạch phòng chống lụt bão năm 2024", False)


@pytest.mark.parametrize(
    ("href", "want"),
    [
        (
            "../VanBan/Chỉ thị  số 06.pdf",
            "https://p.vn/VanBan/Ch%E1%BB%89%20th%E1%BB%8B%20%20s%E1%BB%91%2006.pdf",
        ),
        ("/a%20b.pdf", "https://p.vn/a%20b.pdf"),
        ("/100%.pdf", "https://p.vn/100%25.pdf"),
        ("//cdn.vn/x", "https://cdn.vn/x"),
        ("javascript:void(0)", None),
        ("JaVa\nScript:alert(1)", None),
        ("#top", None),
        ("mailto:a@b.vn", None),
        ("http://[x", None),
        ("http://ô@x.vn/", "http://%C3%B4@x.vn/"),
    ],
)
def test_L3_a_link_is_absolute_and_encoded_exactly_once(href: str, want: str | None) -> None:
    assert resolve_link("https://p.vn/portal/x.aspx", href) == want


@given(st.text(max_size=60))
def test_L3_encoding_twice_is_encoding_once(path: str) -> None:
    try:
        once = encode_once("https://p.vn/" + path)
    except ValueError:
        return
    assert encode_once(once) == once
    assert once.isascii()


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        ("", Outcome.NOT_A_LISTING),
        ("  \n", Outcome.NOT_A_LISTING),
        ('{"error": 1}', Outcome.NOT_A_LISTING),
        (
            "<title>Bảo trì</title><p>Hệ thống đang bảo trì, xin quay lại sau.</p>",
            Outcome.MAINTENANCE,
        ),
        ("<form>Đăng nhập<input type=text><input type='password'></form>", Outcome.LOGIN),
        ("<title>Just a moment...</title><script>window._cf_chl_opt={}</script>", Outcome.BLOCKED),
        ("<p>Trang này không có danh sách.</p>", Outcome.LAYOUT_CHANGED),
    ],
)
def test_F8_what_is_no_listing_is_named(body: str, outcome: Outcome) -> None:
    with pytest.raises(UnreadableError) as caught:
        listing_of(body)
    assert caught.value.outcome is outcome


def _td_rows(day: int, count: int, tail: str = "") -> str:
    return "".join(
        f'<li><a href="/portal/Pages/2026-11-{day}/tin-xa-{day}-{n}.aspx">Hội nghị tổng kết công '
        f"tác năm của xã lần {day} {n}</a>{tail}</li>"
        for n in range(count)
    )


_TD_LIST = f"<div><ul>{_td_rows(20, 8, '<label>(20/11/2026 09:08 SA)</label>')}</ul></div>"


@pytest.mark.parametrize(
    "box",
    [
        f"<div><h3>Xem nhiều nhất</h3><ol>{_td_rows(11, 4)}</ol></div>",
        f"<marquee><ol>{_td_rows(11, 4)}</ol></marquee>",
        f'<div class="sidebar"><ol>{_td_rows(11, 4)}</ol></div>',
    ],
)
def test_L16_boxes_beside_the_list_of_a_td_portal_are_told_and_no_posts(box: str) -> None:
    listing = listing_of(_TD_LIST + box)
    assert len(listing.posts) == 8
    assert [one.reason for one in listing.rejected] == ["like_the_posts"] * 4
    front = read_td_listing(
        parse_tree(page((_TD_LIST + box).encode(), "https://quangxuong.thanhhoa.gov.vn/"))
    )
    assert len(front.posts) == 12


def test_F8_a_short_list_with_a_post_on_maintenance_is_a_list() -> None:
    rows = "".join(
        f'<li><a href="/portal/Pages/2026-11-{day}/bao-tri-{day}.aspx">Thông báo bảo trì số {day}'
        "</a></li>"
        for day in range(20, 26)
    )
    assert len(listing_of(f"<title>Thông báo</title><ul>{rows}</ul>").posts) == 6
    with pytest.raises(UnreadableError) as caught:
        listing_of(f"<title>Hệ thống đang bảo trì</title><ul>{rows}</ul>")
    assert caught.value.outcome is Outcome.MAINTENANCE


TEXT = "Hội nghị trực tuyến tổng kết công tác năm 2024 của Ủy ban nhân dân huyện"


@pytest.mark.parametrize(
    ("body", "header"),
    [
        (TEXT.encode(), "text/html"),
        (b"\xef\xbb\xbf" + TEXT.encode(), "text/html; charset=windows-1252"),
        (TEXT.encode("utf-16"), "text/html"),
        (TEXT.encode("utf-16-le"), "text/html"),
        (TEXT.encode(), "text/html; charset=iso-8859-1"),
        ((" " * 9000 + "<meta charset='utf-8'>" + TEXT).encode(), "text/html"),
        (TEXT.encode(), "text/html; charset=no-such"),
    ],
    ids=["none", "bom", "utf-16", "utf-16 without bom", "wrong header", "late meta", "unknown"],
)
def test_F9_bytes_are_decoded_whatever_is_declared(body: bytes, header: str) -> None:
    assert decode(body, header).replace("<meta charset='utf-8'>", "").strip() == TEXT


@pytest.mark.parametrize(
    "header", ["text/html", "text/html; charset=windows-1258", "text/html; charset=utf-8"]
)
def test_F9_windows_1258_is_read_and_ends_nfc(header: str) -> None:
    marks = {"ộ": "ô\u0323", "ị": "i\u0323", "ự": "ư\u0323", "ế": "ê\u0301", "ổ": "ô\u0309",
    "Ủ": "U\u0309",
             "ủ": "u\u0309",
             "ă": "ă", "â": "â", "ệ": "ê\u0323"}  # fmt: skip
    body = "".join(marks.get(char, char) for char in TEXT).encode("cp1258", "replace")
    assert decode(body, header) == TEXT


ARTICLE = """<html><head><title>Chỉ thị - Cổng</title></head><body>
<form id="aspnetForm"><div class="top">Hôm nay: 23/11/2026</div>
<div class="detail"><h1>Tăng cường kỷ luật, kỷ cương</h1><span>Đăng ngày 28 - 01 - 2024</span><a>100%</a>
<div class="article-content"><p>Ngày 05/6/2023, Chủ tịch đã ban hành Chỉ thị số 06/CT-UBND.</p>
<p onclick="x()">Theo đó&nbsp;<b>các</b> xã.</p>
<img src="/portal/Photos/2023-09/a.jpg" onerror="alert(1)"><img src="https://t.co/p.gif" width="1" height="1">
<script>alert(1)</script><iframe src="//evil"></iframe><a href="javascript:alert(1)">x</a>
<svg><style><img src=x onerror=alert(1)></style></svg></div>
<a href="/portal/VanBan/2023-06/a78e75d1702156ddCt06.pdf">Tải về</a></div>
<div><h3>Tin mới nhất</h3><ul><li><a href="/portal/Pages/2024-2-7/x-a1b2c3.aspx">
Tin khác</a>(07/02/2024 10:32 SA)</li></ul></div>
</form></body></html>"""


def test_an_article_gives_title_date_body_and_files() -> None:
    article = read_article(page(ARTICLE), portal())
    assert article.title == "Tăng cường kỷ luật, kỷ cương"
    assert article.moment is not None
    assert (article.moment.at, article.moment.has_time) == (
        datetime(2024, 1, 27, 17, tzinfo=UTC),
        False,
    )
    assert article.text.startswith(
        "Ngày 05/6/2023, Chủ tịch đã ban hành Chỉ thị số 06/CT-UBND.\nTheo đó các xã."
    )
    (file,) = article.attachments
    assert file.url == "https://p.example.gov.vn/portal/VanBan/2023-06/a78e75d1702156ddCt06.pdf"
    assert file.media_type == "application/pdf"


def test_L11_nothing_executable_or_tracking_is_left() -> None:
    html = read_article(page(ARTICLE), portal()).html
    for bad in ("script", "onerror", "onclick", "iframe", "javascript", "svg", "style", "t.co"):
        assert bad not in html
    assert "https://p.example.gov.vn/portal/Photos/2023-09/a.jpg" in html


def test_L10_titles_come_out_clean() -> None:
    listing = listing_of(
        rows(("A\x01B\u200b ]]&gt; &amp;amp; &lt;mới&gt; &#xD800;", ""), ("", ""), ("x" * 5000, ""))
    )
    assert [post.title[:20] for post in listing.posts][1] == "x" * 20
    assert "]]> &amp; <mới>" in listing.posts[0].title
    assert len(listing.posts[1].title) == 2000


def test_L10_a_5_mb_article_is_read() -> None:
    assert (
        len(
            read_article(
                page(
                    "<h1>To</h1><div>"
                    + "<p>Một đoạn văn dài của bài viết này.</p>" * 100_000
                    + "</div>"
                ),
                portal(),
            ).text
        )
        > 3e6
    )


def test_L7_selectors_that_miss_fall_back_on_detection() -> None:
    body = (DATA / "doubles.html").read_bytes()
    listing = listing_of(body, "html", listing=ListingSelectors(item="li.no-such"))
    assert listing.is_by_detection


def test_configured_selectors_read_a_listing() -> None:
    want = json.loads((DATA / "nukeviet.json").read_text())
    asked = portal(
        "html", listing=ListingSelectors(item=".news_column", link="h2 a", date=".list-inline li")
    )
    listing = read_listing(
        page((DATA / "nukeviet.html").read_bytes(), want["url"]), asked, asked.listings[0]
    )
    assert shown(listing) == want["posts"]
    assert not listing.is_by_detection


def test_the_reader_version_moves_with_the_configuration() -> None:
    assert reader_version(portal()) == reader_version(portal())
    assert reader_version(portal()) != reader_version(portal("auto"))


def test_a_feed_entry_with_content_is_a_whole_article() -> None:
    feed = """<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><item>
    <title>A &amp;lt; B</title>
    <link>/a.html</link><pubDate>07/02/2024 10:32 SA</pubDate>
    <enclosure url="/a.pdf" type="application/pdf" length="9"/>
    <content:encoded><![CDATA[<p onclick="x">Chào <script>1</script></p>]]></content:encoded>
    </item></channel></rss>"""
    (post,) = listing_of(feed, "feed").posts
    assert post.article is not None
    assert (post.url, post.article.text, post.article.attachments[0].bytes) == (
        "https://p.example.gov.vn/a.html",
        "Chào",
        9,
    )
    assert post.moment is not None
    assert post.moment.at == datetime(2024, 2, 7, 3, 32, tzinfo=UTC)


FRAGMENTS = st.sampled_from(
    ["<a href='/portal/Pages/2024-1-2/a-b.aspx'>", "<a href='./x-1.html'>Hội nghị lớn", "</a>",
    "<li>", "</div>",
     "<td>", "<base href='http://[']>",
     "(07/02/2024 10:32 SA)", "<h1>", "Giấy mời", "<svg><style>", "<!--", "]]>", "\x00", "&#xD800;",
     "<table>",
     "<meta charset=x>", "28 - 01 - 2024",
     "<a href='javascript:1'>2</a>", "<div class='pager'><a href='?p=3'>3</a>",
     "<time datetime='2024-13-45'>", "\ud7ff", "<item><link>"]
)  # fmt: skip


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(FRAGMENTS | st.text(max_size=12), max_size=25),
    st.sampled_from(["td-portal", "auto", "feed"]),
    st.binary(max_size=20),
)
def test_no_page_raises_anything_but_ours(parts: list[str], kind: str, noise: bytes) -> None:
    body = "".join(parts).encode() + noise
    for read in (lambda: listing_of(body, kind), lambda: read_article(page(body), portal())):
        try:
            read()
        except LoaError:
            continue


@settings(deadline=None)
@given(st.binary(max_size=400), st.text(max_size=40))
def test_decoding_never_fails(body: bytes, header: str) -> None:
    decode(body, header).encode("utf-8")


@given(st.lists(FRAGMENTS | st.text(max_size=12), max_size=15))
def test_L11_what_was_sanitised_parses_again_without_anything_executable(parts: list[str]) -> None:
    once, _ = harmless("".join(parts), "https://p.vn/")
    for node in LexborHTMLParser(f"<body>{once}</body>").root.traverse():
        assert node.tag not in (
            "script",
            "style",
            "iframe",
            "svg",
            "math",
            "object",
            "form",
            "base",
            "meta",
        )
        for name, value in node.attributes.items():
            assert not name.startswith("on")
            assert not (value or "").lower().startswith(("javascript:", "data:"))


def test_what_is_not_the_articles_is_taken_out_whole_though_it_is_nested() -> None:
    link = '<a href="/portal/Pages/2024-2-7/khac-b1c2d3.aspx">Một bài khác của cổng</a>'
    related = (
        f'<div class="Related-news"><div id="tin-lien-quan"><p '
        f'class="tags">{link}</p></div><i>Tin khác</i></div>'
    )
    text = "<p>Các phòng, ban, đơn vị nghiêm túc thực hiện nội dung trên.</p>" * 5
    body = f'<h1>Chỉ thị về kỷ cương</h1><div class="article-content">{text}{related}</div>'
    article = read_article(page(body.encode()), portal())
    assert article.text == "\n".join(
        ["Các phòng, ban, đơn vị nghiêm túc thực hiện nội dung trên."] * 5
    )
