"""Files that a page shows in a frame or hands out by a handler, what they are called, and pictures
that load later."""

from __future__ import annotations

import pytest
from selectolax.lexbor import LexborHTMLParser

from service.portals.files import find_attachments
from service.portals.read import read_article
from service.types import Article, AttachmentLink
from tests.unit.test_portals_read import page, portal

BASE = "https://p.example.gov.vn/tin/bai-1.html"
SITE = "https://p.example.gov.vn"
TEXT = "<p>Ủy ban nhân dân huyện yêu cầu các xã, thị trấn thực hiện nghiêm túc.</p>"


def files(html: str, title: str = "") -> list[AttachmentLink]:
    return list(find_attachments(LexborHTMLParser(f"<div>{html}</div>").css("div"), BASE, title))


def article(html: str) -> Article:
    body = f"<title>Công văn đôn đốc thu ngân sách</title><div class='noidung'>{TEXT}{html}</div>"
    return read_article(page(body.encode(), BASE), portal("auto"))


@pytest.mark.parametrize(
    ("html", "address"),
    [
        ('<iframe src="/vb/1.pdf"></iframe>', "/vb/1.pdf"),
        ('<iframe data-src="/vb/1.pdf#toolbar=0"></iframe>', "/vb/1.pdf"),
        ('<embed src="/vb/ma-so" type="application/pdf">', "/vb/ma-so"),
        ('<object data="/vb/1.docx"></object>', "/vb/1.docx"),
        ('<iframe ' 'src="https://docs.google.com/gview?embedded=true&url=https%3A%2F%2Fp.example.gov.vn%2Fvb%2F1.pdf">', "/vb/1.pdf"),
        ('<iframe ' 'src="https://view.officeapps.live.com/op/embed.aspx?src=https%3A%2F%2Fp.example.gov.vn%2F1.xlsx">', "/1.xlsx"),
        ('<iframe src="/ViewerJS/#../vb/1.odt"></iframe>', "/vb/1.odt"),
        ('<iframe src="/lib/pdfjs/web/viewer.html?file=/vb/1.pdf#page=2"></iframe>', "/vb/1.pdf"),
        ('<a href="/pdfjs/web/viewer.html?file=%2Fvb%2F1.pdf">Xem văn bản</a>', "/vb/1.pdf"),
        ('<iframe src="/_layouts/15/Doc.aspx?sourcedoc=%2FTL%2FQD%2015.docx"></iframe>',
        "/TL/QD%2015.docx"),
        ('<a href="/tep/13" download="cv13.docx">Tải tệp</a>', "/tep/13"),
        ('<a href="/bai.html?download=1&amp;id=0" title="Tải về kh-407.pdf">Tải về</a>',
        "/bai.html?download=1&id=0"),
        ('<a href="/GetFile.ashx?ma=5">Kế hoạch thu ngân sách</a>', "/GetFile.ashx?ma=5"),
        ('<a href="/LinkClick.aspx?fileticket=Zk3%3d&amp;tabid=5">Lịch họp</a>',
        "/LinkClick.aspx?fileticket=Zk3%3d&tabid=5"),
        ('<a href="/documents/1/TB.pdf/9b1deb4d-3b7d">Thông báo</a>',
        "/documents/1/TB.pdf/9b1deb4d-3b7d"),
        ('<a href="/Xem.aspx?id=12">Công văn số 12.pdf</a>', "/Xem.aspx?id=12"),
        ("""<a href="javascript:void(0)" onclick="window.open('/vb/11.pdf','_blank')">Tải về</a>""",
        "/vb/11.pdf"),
        ("""<a href="javascript:xem('/vb/11.pdf')">Xem</a>""", "/vb/11.pdf"),
    ],
)  # fmt: skip
def test_L15_a_file_is_told_by_its_frame_its_viewer_its_handler_or_its_words(
    html: str, address: str
) -> None:
    assert [file.url for file in files(html)] == [SITE + address]


@pytest.mark.parametrize(
    "html",
    [
        '<a href="/tin/bai-2.html">Kế hoạch tuyển sinh</a>',
        '<a href="/tin?id=12&amp;download=0">Kế hoạch tuyển sinh</a>',
        '<a href="/download">Ứng dụng của xã</a>',
        '<a href="https://facebook.com/sharer?u=https%3A%2F%2Fp.example.gov.vn%2Fbai-1.html">Chia '
        "sẻ</a>",
        '<iframe src="https://www.youtube.com/embed/abc"></iframe>',
        """<a href="#" onclick="window.open('/in/bai-1.html')">In bài</a>""",
        "<a>Công văn số 12.pdf</a>",
    ],
)
def test_L15_a_page_a_player_and_a_button_are_no_files(html: str) -> None:
    assert files(html) == []


@pytest.mark.parametrize(
    ("html", "name"),
    [
        (
            '<a href="/f/072b030b9f1c4d5e8a7b6c5d4e3f2a1b.pdf">Công văn 1687-CV-TU</a>',
            "Công văn 1687-CV-TU.pdf",
        ),
        ('<a href="/f/072b030b9f1c4d5e8a7b6c5d4e3f2a1b.pdf">Tải về</a>', "Giấy mời họp.pdf"),
        ('<a href="/f/072b030b9f1c4d5e06-CT-UBND.pdf">Tải về</a>', "06-CT-UBND.pdf"),
        (
            '<a href="/x?download=1&amp;id=0" title="Tải về kh-407.pdf">Tải về : '
            "<b>kh-407.pdf</b></a>",
            "kh-407.pdf",
        ),
        (
            '<a href="/GetFile.ashx?id=3">Lịch tiếp công dân tháng 9.xlsx (20 KB)</a>',
            "Lịch tiếp công dân tháng 9.xlsx",
        ),
        ('<a href="/tep/13" download="cv13.docx">Tải tệp</a>', "cv13.docx"),
        ('<iframe src="/vb/so-5.pdf"></iframe>', "so-5.pdf"),
        (
            '<iframe src="/vb/8d1f0c2e-11aa-4c55-9b1d-0a0b0c0d0e0f.pdf"></iframe>',
            "Giấy mời họp.pdf",
        ),
    ],
)
def test_L15_a_file_has_a_name_that_a_clerk_can_read(html: str, name: str) -> None:
    (file,) = files(html, "Giấy mời họp")
    assert file.name == name


def test_L15_a_document_shown_in_the_body_is_an_attachment_of_the_article() -> None:
    read = article('<iframe src="/vb/so-5.pdf"></iframe>')
    assert [file.url for file in read.attachments] == [f"{SITE}/vb/so-5.pdf"]
    assert read.text == "Ủy ban nhân dân huyện yêu cầu các xã, thị trấn thực hiện nghiêm túc."


@pytest.mark.parametrize(
    "html",
    [
        '<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=" data-src="/anh/that.jpg">',
        '<img src="/anh/trong.gif" data-original="/anh/that.jpg">',
        '<img data-lazy-src="/anh/that.jpg"><noscript><img src="/anh/that.jpg"></noscript>',
        '<img src="/theme/blank.gif"><noscript><img src="/anh/that.jpg"></noscript>',
        '<picture><source srcset="/anh/a.webp"><img srcset="/anh/that.jpg 1x, /anh/to.jpg '
        '2x"></picture>',
        '<picture><source srcset="/anh/that.jpg 1x"><img alt=""></picture>',
        '<img src="/anh/that.jpg" srcset="/anh/to.jpg 2x">',
    ],
)
def test_L17_a_picture_that_loads_later_has_its_true_address(html: str) -> None:
    shown = article(html).html
    assert shown.count("<img") == 1
    assert f'<img src="{SITE}/anh/that.jpg"' in shown or f'src="{SITE}/anh/that.jpg"' in shown


@pytest.mark.parametrize(
    "html", ["<img>", '<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">', '<img src="">']
)
def test_L17_a_picture_without_an_address_is_none(html: str) -> None:
    assert "<img" not in article(html).html
