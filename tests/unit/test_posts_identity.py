"""When two addresses are one post, and when a state has changed."""

from datetime import UTC, datetime

import pytest

from service.posts.diff import fingerprint, is_about, is_another, what_changed
from service.posts.identity import (
    canonical_key,
    is_beginning_of,
    is_cut,
    parse_article_path,
    post_id,
)
from service.types import (
    Article,
    AttachmentLink,
    Document,
    PortalName,
    Post,
    Relation,
    Understanding,
)

_ARTICLE = "https://q.gov.vn/portal/Pages/2023-2-6/abc-y7g5d4.aspx"


@pytest.mark.parametrize(
    "same",
    [
        "http://q.gov.vn/portal/pages/2023-02-06/abc-y7g5d4.aspx",
        "https://www.q.gov.vn/PORTAL/Pages/2023-02-6/ABC-y7g5d4.aspx?fbclid=1",
        "https://q.gov.vn//portal/Pages/2023-2-6/abc-y7g5d4.aspx#:~:text=abc",
    ],
)
def test_L3_one_article_has_one_identity(same: str) -> None:
    assert canonical_key(same) == canonical_key(_ARTICLE)
    assert post_id("q", canonical_key(same)) == post_id("q", canonical_key(_ARTICLE))
    assert post_id("p", canonical_key(same)) != post_id("q", canonical_key(same))


def test_elsewhere_the_query_names_the_post_but_tracking_does_not() -> None:
    assert canonical_key("https://www.x.vn/tin?id=3&utm_source=a") == canonical_key(
        "http://x.vn:80/tin/?id=3"
    )
    assert canonical_key("https://x.vn/tin?id=3") != canonical_key("https://x.vn/tin?id=4")
    assert canonical_key("http://[bad") == canonical_key("http://[bad")


_SITE = "https://x.vn"
_PORTLET = "/xem?p_p_id=101&_101_type=content&_101_urlTitle=bai-0"


@pytest.mark.parametrize(
    ("plain", "visited"),
    [
        ("/tin/bai-1", "/tin/bai-1;jsessionid=0A1B2C3D4E5F60718293A4B5C6D7E8F9.node1"),
        ("/tin?articleId=1", "/tin?p_auth=aB3dE9xZ&articleId=1"),
        ("/tin/bai-1.aspx", "/(S(abc123def456))/tin/bai-1.aspx"),
        ("/tin/bai-1.aspx", "/(X(1)F(zz9))/TIN/Bai-1.aspx"),
        ("/tin?id=1", "/tin?id=1&PHPSESSID=4f"),
        ("/tin?id=1", "/tin?id=1&sid=9f3c0d1e5a435d0b9c551f6f"),
        ("/tin/1", "/tin/1?_=1795900000123"),
        ("/tin/1", "/tin/1?rnd=0.8137264512"),
        ("/tin/1", "/tin/1?ref=facebook"),
        ("/tin/1", "/tin/1?returnUrl=%2Ftin-tuc%3Ftrang%3D3"),
        (_PORTLET, _PORTLET + "&_101_redirect=%2Fweb%3Fcur%3D3&p_p_state=maximized"),
        (_PORTLET, _PORTLET + "&inheritRedirect=true&_101_INSTANCE_aB3_cur=4"),
        ("/tin/1", "/tin/1#binh-luan"),
    ],
)
def test_F11_words_of_the_visit_in_an_address_make_no_other_post(plain: str, visited: str) -> None:
    assert canonical_key(_SITE + plain) == canonical_key(_SITE + visited)


@pytest.mark.parametrize(
    "paths",
    [
        ("/v/Mw", "/v/MW", "/v/mw", "/v/mW"),
        ("/xem?id=aB", "/xem?id=Ab"),
        (
            "/xem?ref=100",
            "/xem?ref=101",
            "/xem?ref=le-hoi-den-hung",
            "/xem?shareid=100",
            "/xem?ref=Mw",
        ),
        ("/#/tin/1", "/#/tin/2", "/#!tin-1", "/#!/tin-2", "/"),
        ("/modules.php?name=News&sid=12", "/modules.php?name=News&sid=13"),
        ("/watch?v=dQw4w9", "/watch?v=AAw4w9"),
        ("/xem;bai=1", "/xem;bai=2"),
    ],
)
def test_L14_ids_in_capitals_parameters_and_routes_tell_posts_apart(paths: tuple[str, ...]) -> None:
    assert len({canonical_key(_SITE + path) for path in paths}) == len(paths)


def test_the_token_is_read_where_it_stands_apart_and_where_it_is_glued() -> None:
    apart, glued = (
        parse_article_path(_ARTICLE),
        parse_article_path("/portal/pages/2023-02-06/dien-tuja6ggf.aspx"),
    )
    assert apart is not None
    assert glued is not None
    assert (apart.day, apart.slug, apart.token) == (
        "2023-02-06",
        "abc",
        "y7g5d4",
    )
    assert glued.token == "ja6ggf"
    short = parse_article_path("/portal/pages/2023-02-06/abc.aspx")
    assert short is not None
    assert short.token == ""
    assert parse_article_path("/portal/pages/2023-13-06/abc.aspx") is None
    assert parse_article_path("/portal/KenhTin/Chi-dao.aspx") is None


def test_L2_a_cut_title_is_the_beginning_of_the_whole() -> None:
    assert is_cut("của các phòng, cơ...")
    assert not is_cut("Hội nghị")
    assert is_beginning_of("Tăng cường trách nhiệm, cơ...", "TĂNG CƯỜNG trách nhiệm, cơ quan")


def _document(number: str | None) -> Document:
    return Document("chi-thi", number, None, None, Relation.IS)


def test_L9_only_a_real_change_changes_the_fingerprint() -> None:
    file = AttachmentLink("https://x/a.pdf", "a", "application/pdf")
    old = fingerprint("Tên", "Lời\nLượt xem: 5", _document("1/CT-UBND"), [file])
    assert (
        what_changed(old, fingerprint("Tên", " Lời \nLượt xem: 6", _document("1/CT-UBND"), [file]))
        == ()
    )
    known = fingerprint(
        "Tên", "Lời", _document("1/CT-UBND"), [AttachmentLink(file.url, "a", "x", sha256="aa")]
    )
    assert what_changed(old, known) == ()
    other = fingerprint(
        "Tên", "Lời", _document("1/CT-UBND"), [AttachmentLink(file.url, "a", "x", sha256="bb")]
    )
    assert what_changed(known, other) == ("attachments",)
    assert what_changed(old, fingerprint("Khác", "Đổi", None, [])) == (
        "title",
        "number",
        "text",
        "attachments",
    )
    assert what_changed(old, fingerprint("Tên", "Lời", _document(None), [file])) == ("number",)


_FILE = AttachmentLink("https://x.vn/a.pdf", "a.pdf", "application/pdf")
_AT = datetime(2026, 11, 23, tzinfo=UTC)


def _another(
    title: str, text: str = "", files: tuple[AttachmentLink, ...] = (), shown: tuple[str, ...] = ()
) -> bool:
    known = Post(
        "1", 1, PortalName("x", "X"), "https://x.vn/1", "Công điện về bão số 9 trên biển Đông", "",
        "Chủ tịch UBND tỉnh yêu cầu các huyện sơ tán dân trước 17 giờ hôm nay. Các lực lượng trực " "24/24.",
        Understanding((), document=Document("cong-dien", "12/CĐ-UBND", None, None, Relation.IS)),
        (_FILE,),
        _AT, _AT, _AT,
    )  # fmt: skip
    return is_another(known, Article(known.url, title, None, "", text, files), shown)


def test_what_shares_title_text_file_or_number_with_a_post_is_that_post() -> None:
    assert not _another("CÔNG ĐIỆN về bão số 9 trên biển Đông (sửa)")
    assert not _another(
        "Hỏa tốc", "Chủ tịch UBND tỉnh yêu cầu các huyện sơ tán dân trước 17 giờ hôm nay. Chấm dứt."
    )
    assert not _another("Hỏa tốc", files=(_FILE,))
    assert not _another("Về việc thực hiện 12/CĐ-UBND")
    assert not _another("Sơ tán dân ven biển trước đêm nay", shown=("Sơ tán dân ven biển...",))


def test_what_shares_nothing_with_a_post_is_another() -> None:
    assert _another(
        "Trang chủ",
        "Tin mới: Công điện về bão số 9 trên biển Đông. Giới thiệu. Thủ tục. Văn bản. Liên hệ.",
    )
    assert _another("Công điện số 13/CĐ-UBND về rét", shown=("Khác...",))


def test_the_first_article_of_a_post_says_what_its_listing_says_of_it() -> None:
    listed = "Công điện về bão số 9 trên biển Đông"

    def says(title: str, text: str = "", files: tuple[AttachmentLink, ...] = ()) -> bool:
        return is_about(listed, Article("https://x.vn/1", title, None, "", text, files))

    assert says("CÔNG ĐIỆN về bão số 9 trên biển Đông")
    assert says(
        "UBND huyện Quảng Xương", "Ngày 23/11 có công điện yêu cầu ứng phó bão số 9 trên biển."
    )
    assert says("Văn bản", "Chi tiết xem tệp đính kèm", (_FILE,))
    assert not says("Đã có lỗi xảy ra", "Máy chủ quá tải, mời thử lại sau.")
