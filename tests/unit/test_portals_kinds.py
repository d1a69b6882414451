"""Kinds of what portals do to their pages, each in instances that no whole layout of ours has."""

from __future__ import annotations

import pytest

from service.portals.read import read_article, read_listing
from service.settings import ListingConfig
from service.types import Article
from tests.unit.test_portals_files import SITE, files
from tests.unit.test_portals_read import page, portal

_URL = f"{SITE}/tin/bai-7.html"
_TITLE = "Kế hoạch kiểm tra công tác tiếp công dân năm 2027"
_LEAD = "Ngày 26/11/2026, Ủy ban nhân dân xã ban hành kế hoạch kiểm tra công tác tiếp công dân."
_BODY = "".join(
    f"<p>Đoàn kiểm tra làm việc với thôn thứ {n} và lập biên bản gửi về Văn phòng xã.</p>"
    for n in range(4)
)


def _article(html: str, head: str = "<title>Chi tiết tin</title>") -> Article:
    source = f"<html><head>{head}</head><body>{html}</body></html>"
    return read_article(page(source.encode(), _URL), portal("auto"))


@pytest.mark.parametrize(
    ("html", "address", "media"),
    [
        ('<a href="/A/DownloadAttachment.ashx?id=5">Phụ lục</a>', "/A/DownloadAttachment.ashx?id=5",
        "octet-stream"),
        ('<a href="/cms/TaiVe.aspx?vb=3">Bản ký số</a>', "/cms/TaiVe.aspx?vb=3", "octet-stream"),
        ('<a href="/tep?ma=12">Kịch bản</a> (.pdf, 840 KB)', "/tep?ma=12", "pdf"),
        ('<a href="/tep?ma=13">Sơ đồ</a> [DOCX]', "/tep?ma=13", "document"),
        ('<iframe src="/documents/9/KH%2012.pdf/8c1f?t=17"></iframe>',
        "/documents/9/KH%2012.pdf/8c1f?t=17", "pdf"),
        ('<object data="/vb/bieu.xlsx/ban-1"></object>', "/vb/bieu.xlsx/ban-1", "sheet"),
    ],
)  # fmt: skip
def test_L15_a_file_is_told_by_a_handler_the_words_behind_or_the_name_inside(
    html: str, address: str, media: str
) -> None:
    assert [(one.url, one.media_type[-len(media) :]) for one in files(html)] == [
        (SITE + address, media)
    ]


@pytest.mark.parametrize(
    "html",
    [
        '<a href="/huong-dan-download?trang=2">Hướng dẫn</a>',
        '<a href="/tin/9">Tin khác</a> (doc thêm)',
        '<iframe src="/ban-do?x=a.pdf"></iframe>',
    ],
)
def test_L15_what_only_sounds_like_a_file_is_none(html: str) -> None:
    assert files(html) == []


@pytest.mark.parametrize(
    "badge",
    [
        " <span><sup>Nổi bật</sup></span>",
        '<span class="label label-danger">Mới</span>',
        "<small>(12 bình luận)</small>",
    ],
)
@pytest.mark.parametrize("is_before", [False, True])
def test_L17_a_badge_in_a_heading_is_no_part_of_the_title(badge: str, is_before: bool) -> None:
    heading = f"{badge}{_TITLE}" if is_before else f"{_TITLE}{badge}"
    assert _article(f"<h2 class='tt'>{heading}</h2><div>{_BODY}</div>").title == _TITLE


def test_L17_a_word_of_the_title_set_small_stays() -> None:
    found = _article(f"<h1>Quyết định số 12 <small>của Ủy ban</small></h1><div>{_BODY}</div>")
    assert found.title == "Quyết định số 12 của Ủy ban"


_BOXES = (
    "<div><h3>Tài liệu tải nhiều</h3><p><a href='/a'>Mẫu tờ khai đăng ký khai sinh</a></p></div>"
)


@pytest.mark.parametrize(
    "opening", ['div class="title-article"', 'header class="tieude"', "p", 'span class="ten"']
)
def test_L17_a_title_may_stand_in_no_heading_beside_boxes_that_have_one(opening: str) -> None:
    closing = opening.split()[0]
    found = _article(
        f"<div id='main'><div><{opening}>{_TITLE}</{closing}></div>"
        f"<p class='tomtat'>{_LEAD}</p><div>{_BODY}</div></div>{_BOXES}",
        f"<title>Chi tiết - Cổng thông tin xã</title><meta property='og:title' content='{_TITLE}'>",
    )
    assert found.title == _TITLE
    assert found.text.startswith(_LEAD)


@pytest.mark.parametrize("site", ["Cổng thông tin điện tử xã Hạ Long", "UBND xã Hạ Long"])
def test_L17_the_name_of_the_site_in_a_banner_is_no_title(site: str) -> None:
    found = _article(
        f"<div class='banner-title'>{site}</div><div><h2>{_TITLE}</h2>{_BODY}</div>",
        f"<title>{site}</title>",
    )
    assert found.title == _TITLE


@pytest.mark.parametrize(
    "line",
    [
        "<div class='dau'><span>Thứ 6, 27/11/2026 | 02:35 CH [GMT +7]</span><span> Số lượt đọc : "
        "1127 </span><a href='javascript:print()'>In bài viết</a></div>",
        "<p>Đăng ngày: 27/11/2026 lúc 14 giờ 35, chuyên mục Thông báo</p>",
    ],
)
def test_L18_a_line_of_labels_before_a_title_hides_no_lead(line: str) -> None:
    found = _article(
        f"<div>{line}<div class='title'>{_TITLE}</div><div id='divMoTa'>{_LEAD}</div>"
        f"<div><div>{_BODY}</div></div></div>"
    )
    assert found.title == _TITLE
    assert found.text.startswith(_LEAD)


def _moments(markup: str) -> list[str | None]:
    source = f"<html><body>{markup}</body></html>"
    listing = read_listing(
        page(source.encode(), f"{SITE}/van-ban"), portal("auto"), ListingConfig(url="/van-ban")
    )
    return [f"{post.moment.at:%d %H:%M}" if post.moment else None for post in listing.posts]


_NAMES = ["chống rét cho trâu bò", "ứng phó mưa lớn kéo dài", "kiện toàn tổ công tác số"]


@pytest.mark.parametrize(
    "head", ["Hạn góp ý", "Ngày có hiệu lực", "Thời gian kết thúc", "Ngày hết hạn", "Ngày áp dụng"]
)
@pytest.mark.parametrize("is_first", [False, True])
def test_L18_a_column_of_other_days_is_no_day_of_publication(head: str, is_first: bool) -> None:
    def cells(one: str, two: str, tag: str) -> str:
        pair = (two, one) if is_first else (one, two)
        return "".join(f"<{tag}>{text}</{tag}>" for text in pair)

    rows = "".join(
        f"<tr><td><a href='/van-ban/{n}.html'>Công văn về việc {name}</a></td>"
        f"{cells('' if n == 1 else f'2{n}/11/2026', f'0{n + 1}/12/2026', 'td')}</tr>"
        for n, name in enumerate(_NAMES)
    )
    table = f"<table><tr><th>Trích yếu</th>{cells('Ngày ban hành', head, 'th')}</tr>{rows}</table>"
    assert _moments(table) == ["19 17:00", None, "21 17:00"]


@pytest.mark.parametrize(
    "label", ["Hạn nộp: {}", "<b>Ngày hết hạn:</b> <i>{}</i>", "<b>Hạn góp ý</b> <i>{}</i>"]
)
def test_L18_a_label_of_another_day_is_no_day_of_publication(label: str) -> None:
    rows = "".join(
        f"<li><a href='/van-ban/{n}.html'>Công văn về việc {name}</a>"
        f"<p>{label.format(f'0{n + 1}/12/2026')}</p><p>Ngày đăng: 2{n}/11/2026</p></li>"
        for n, name in enumerate(_NAMES)
    )
    assert _moments(f"<ul>{rows}</ul>") == ["19 17:00", "20 17:00", "21 17:00"]


def test_L18_what_is_in_force_no_longer_was_published_when_it_says() -> None:
    rows = "".join(
        f"<li><a href='/van-ban/{n}.html'>Công văn về việc {name}</a>"
        f"<b>Hết hiệu lực</b> <i>2{n}/11/2026</i></li>"
        for n, name in enumerate(_NAMES)
    )
    assert _moments(f"<ul>{rows}</ul>") == ["19 17:00", "20 17:00", "21 17:00"]


@pytest.mark.parametrize(
    "mark",
    [
        '<time class="entry-date updated" datetime="2026-11-2{0}T17:30:00+07:00">2{0} tháng 11, '
        "2026</time>",
        '<time class="updated" datetime="2026-11-2{0}T17:30:00+07:00">2{0}/11/2026</time>',
        '<span class="date" title="2{0}/11/2026 17:30">2{0}/11/2026</span>',
    ],
)
def test_L18_the_hour_is_of_the_more_exact_of_two_that_agree(mark: str) -> None:
    rows = "".join(
        f"<li><a href='/van-ban/{n}.html'>Công văn về việc {name}</a> {mark.format(n)}</li>"
        for n, name in enumerate(_NAMES)
    )
    assert _moments(f"<ul>{rows}</ul>") == ["20 10:30", "21 10:30", "22 10:30"]


def test_L18_the_hour_of_an_edit_on_the_same_day_is_not_that_of_the_post() -> None:
    rows = "".join(
        f"<li><a href='/van-ban/{n}.html'>Công văn về việc {name}</a> <i>2{n}/11/2026</i> "
        f"<time class='updated' datetime='2026-11-2{n}T17:30:00+07:00'>Cập nhật 2{n}/11/2026</time></li>"
        for n, name in enumerate(_NAMES)
    )
    assert _moments(f"<ul>{rows}</ul>") == ["19 17:00", "20 17:00", "21 17:00"]


def test_L18_an_article_shows_a_day_and_tells_its_hour_to_programs() -> None:
    found = _article(
        f"<article><h1>{_TITLE}</h1><time datetime='2026-11-27T17:30:00+07:00'>27/11/2026</time>"
        f"<div>{_BODY}</div></article>"
    )
    assert found.moment is not None
    assert f"{found.moment.at:%d %H:%M}" == "27 10:30"


def _urls(markup: str, path: str = "/van-ban") -> list[str]:
    source = f"<html><body>{markup}</body></html>"
    listing = read_listing(
        page(source.encode(), f"{SITE}{path}"), portal("auto"), ListingConfig(url=path)
    )
    return [post.url.removeprefix(SITE) for post in listing.posts]


def _rows(first: int, count: int) -> str:
    return "".join(
        f"<li><a href='/tin/bai-{n}.html'>Hội nghị tổng kết công tác năm của thôn số {n}</a> "
        f"<i>{n - first + 1:02}/11/2026</i></li>"
        for n in range(first, first + count)
    )


def _addresses(first: int, count: int) -> list[str]:
    return [f"/tin/bai-{n}.html" for n in range(first, first + count)]


_COLUMNS = [
    ("<div class='row'><div class='col-md-8'>{}</div><div class='col-md-4'>{}</div></div>", False),
    ("<div><div class='khoi-trai'>{1}</div><div class='khoi-giua'>{0}</div></div>", True),
    ("<table><tr><td>{}</td><td>{}</td></tr></table>", False),
]


@pytest.mark.parametrize(("columns", "is_left"), _COLUMNS)
@pytest.mark.parametrize(
    "heading", ["Tin mới nhất", "VĂN BẢN MỚI BAN HÀNH", "Bài viết nổi bật", "Tin đọc nhiều"]
)
def test_L16_a_box_in_a_column_of_its_own_is_none_of_the_list(
    columns: str, is_left: bool, heading: str
) -> None:
    main = f"<h2>Tin của xã</h2><ul>{_rows(10, 8)}</ul>"
    box = f"<div class='o'><h3>{heading}</h3></div><div><ul class='moi'>{_rows(40, 5)}</ul></div>"
    assert _urls(columns.format(main, box)) == _addresses(10, 8)


@pytest.mark.parametrize("heading", ["Tin của thôn", "Hoạt động mới của xã"])
def test_L16_a_second_column_of_the_list_stays(heading: str) -> None:
    main, more = f"<ul>{_rows(10, 8)}</ul>", f"<h3>{heading}</h3><ul>{_rows(40, 5)}</ul>"
    found = _urls(_COLUMNS[0][0].format(main, more))
    assert found == [*_addresses(10, 8), *_addresses(40, 5)]


def test_L16_the_newest_above_the_list_in_its_own_column_and_on_a_front_page_stay() -> None:
    box, main = f"<h3>Tin nổi bật</h3><ul class='a'>{_rows(40, 5)}</ul>", f"<ul>{_rows(10, 8)}</ul>"
    every = sorted([*_addresses(10, 8), *_addresses(40, 5)])
    assert sorted(_urls(f"<div><div>{box}</div><div>{main}</div></div>")) == every
    for front in ("/", "/trang-chu", "/index.php", "/vi/default.aspx"):
        assert sorted(_urls(_COLUMNS[0][0].format(main, box), front)) == every


@pytest.mark.parametrize(
    ("shown", "hidden"),
    [
        ("class='o'", "class='o' style='DISPLAY: none;'"),
        ("class='tab-pane fade in active' id='t1'", "class='tab-pane fade' id='t2'"),
        ("class='khoi'", "class='khoi hide' hidden"),
    ],
)
def test_L16_a_tab_that_nobody_opened_is_none_of_the_list(shown: str, hidden: str) -> None:
    tabs = (
        f"<div><div {shown}><ul>{_rows(10, 6)}</ul></div>"
        f"<div {hidden}><ul>{_rows(40, 6)}</ul></div></div>"
    )
    assert _urls(tabs) == _addresses(10, 6)
    assert _urls(tabs, "/") == [*_addresses(10, 6), *_addresses(40, 6)]


@pytest.mark.parametrize(
    "markup",
    [
        "<ul>{}<div style='display:none' class='them'>{}</div></ul>",
        "<div><ul class='page' id='page-1'>{}</ul><ul class='page' id='page-2' hidden>{}</ul></div>",
        "<div style='display:none' class='nap'><ul>{}{}</ul></div>",
    ],
)
def test_L16_posts_that_a_script_will_show_stay(markup: str) -> None:
    assert _urls(markup.format(_rows(10, 6), _rows(40, 6))) == [
        *_addresses(10, 6),
        *_addresses(40, 6),
    ]
