"""Where an article's text is: by what elements hold and where the heading stands, never by a class
word alone."""

from __future__ import annotations

import pytest

from service.portals.read import read_article
from service.types import Article
from tests.unit.test_portals_read import page, portal

TITLE = "Bàn giao trang thiết bị cho nhà văn hóa thôn Cầu Gỗ"
ONE = "Sáng nay, đoàn công tác đã đi thực tế tại ba thôn và ghi nhận nhiều ý kiến của bà con."
TWO = "Kinh phí thực hiện lấy từ nguồn sự nghiệp của xã và phần đóng góp tự nguyện của các hộ."
THREE = "Tổ công tác sẽ tiếp tục kiểm tra đột xuất và công khai kết quả trên trang của xã."
MENU = (
    "<ul>"
    + "".join(f'<li><a href="/m{n}">Mục thứ {n} của trang</a></li>' for n in range(8))
    + "</ul>"
)
OTHERS = "".join(
    f'<li><a href="/tin/{n}.html">Một tin khác của xã Đông Khê số {n}</a> (0{n}/09/2026)</li>'
    for n in range(1, 7)
)


def read(html: str, body: str = "<body>") -> Article:
    source = (
        f'<html><head><meta charset="utf-8"><title>{TITLE} - Xã '
        f"nhà</title></head>{body}{html}</body></html>"
    )
    return read_article(
        page(source.encode(), "https://xa.example.gov.vn/tin/ban-giao-1.html"), portal("auto")
    )


def paragraphs(*texts: str) -> str:
    return "".join(f"<p>{text}</p>" for text in texts)


WORDS = [
    "sidebar",
    "widget",
    "nav",
    "header",
    "banner",
    "menu",
    "related",
    "comment",
    "footer",
    "has-right-sidebar",
]


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("place", ["body", "wrapper", "main", "block"])
def test_L16_a_class_word_on_what_holds_the_article_hides_nothing(word: str, place: str) -> None:
    at = {
        name: f' class="{word}"' if name == place else ""
        for name in ("body", "wrapper", "main", "block")
    }
    article = read(
        f'<div{at["wrapper"]}><div id="top">{MENU}</div><main{at["main"]}><h1>{TITLE}</h1>'
        f"<div{at['block']}>{paragraphs(ONE, TWO, THREE)}</div></main><div>{MENU}</div></div>",
        f"<body{at['body']}>",
    )
    assert article.title == TITLE
    assert article.text == "\n".join([ONE, TWO, THREE])


def test_L16_a_body_of_several_blocks_is_whole_and_in_order() -> None:
    block = '<div class="khoi"><div class="trong">{}</div></div>'
    blocks = "".join(block.format(paragraphs(one)) for one in (ONE, TWO * 2, THREE))
    assert read(
        f"<div class='trang'><h1>{TITLE}</h1><div>{blocks}</div></div>{MENU}"
    ).text == "\n".join([ONE, TWO * 2, THREE])


@pytest.mark.parametrize(
    "lead",
    [
        f"<article><header><h1>{TITLE}</h1><p "
        f'class="sapo">{ONE}</p></header><div>BODY</div></article>',
        f'<div class="tin"><h1>{TITLE}</h1><div class="boc"><div '
        f'class="hometext">{ONE}</div></div><div>BODY</div></div>',
        f'<div class="tin"><h1>{TITLE}</h1><div><div><strong '
        f'class="sapo">{ONE}</strong></div></div><div>BODY</div></div>',
        f'<div class="tin"><h1>{TITLE}</h1><h2 class="summary">{ONE}</h2><div '
        f'class="x">BODY</div></div>',
    ],
)
def test_L16_a_lead_is_kept_wherever_it_stands_under_the_heading(lead: str) -> None:
    article = read(lead.replace("BODY", paragraphs(TWO * 2, THREE * 2)) + MENU)
    assert article.text == "\n".join([ONE, TWO * 2, THREE * 2])


def test_L16_a_notice_shorter_than_what_is_said_of_the_portal_is_the_text() -> None:
    notice = "UBND xã thông báo tạm dừng cấp nước từ 8 giờ đến 11 giờ."
    about = f"<div class='cot'><h3>Giới thiệu</h3><p>{(TWO + ' ') * 2}</p></div>"
    article = read(
        f"<div "
        f"class='tin'><h1>{TITLE}</h1><div>{paragraphs('Kính gửi các thôn.', notice)}</div></div>{about}"
    )
    assert article.text == f"Kính gửi các thôn.\n{notice}"


def test_L16_a_teaser_of_another_post_with_the_mark_of_a_body_is_not_the_text() -> None:
    card = (
        f'<div class="card"><a href="/tin/9.html"><h4>Một tin khác</h4></a><div '
        f'class="post-content">{ONE[:60]}</div></div>'
    )
    body = (
        f'<div class="detail"><h1>{TITLE}</h1><div '
        f'class="post-content">{paragraphs(TWO, THREE)}</div></div>'
    )
    assert read(card * 3 + body).text == f"{TWO}\n{THREE}"


@pytest.mark.parametrize(
    "foreign",
    [
        f"<h3>Tin liên quan</h3><ul>{OTHERS}</ul>",
        '<div class="share-bar"><a href="https://facebook.com/sharer?u=x">Chia sẻ lên trang cá '
        "nhân</a></div>",
        '<div class="comments"><p>Rất mong xã thông báo sớm lịch cấp nước cho thôn.</p></div>',
        '<nav class="breadcrumb"><a href="/">Trang chủ</a> / <a href="/tin">Tin hoạt động của '
        "xã</a></nav>",
        '<p><a href="/tin/7.html">Xem thêm: Một tin khác của xã Đông Khê</a></p>',
    ],
)
def test_L16_what_is_not_the_articles_is_not_in_its_text(foreign: str) -> None:
    text = paragraphs(ONE, TWO, THREE)
    article = read(f"<div class='tin'><h1>{TITLE}</h1><div>{text}{foreign}</div>{foreign}</div>")
    assert article.text == "\n".join([ONE, TWO, THREE])


@pytest.mark.parametrize("between", ["<br>", "</div><div>", "</span>\n<div>"])
def test_L17_br_and_blocks_keep_the_words_of_a_title_apart(between: str) -> None:
    start = "<span>" if "span" in between else "<div>"
    article = read(
        f"<h1>{start}Bàn giao trang thiết bị{between}cho nhà văn hóa thôn Cầu "
        f"Gỗ</div></h1>{paragraphs(ONE, TWO)}"
    )
    assert article.title == TITLE


def test_L16_a_text_that_a_page_tells_to_programs_alone_is_read_from_there() -> None:
    script = (
        f'<script type="application/ld+json">{{"@type":"NewsArticle","articleBody":"{ONE} '
        f'{TWO}\\n{THREE}"}}</script>'
    )
    article = read(f"{script}<div id='app'><h1>{TITLE}</h1></div>{MENU}")
    assert article.text == f"{ONE} {TWO}\n{THREE}"


def test_L16_a_page_whose_elements_are_for_readers_without_scripts_is_read() -> None:
    assert (
        read(f"<noscript><div><h1>{TITLE}</h1>{paragraphs(ONE, TWO)}</div></noscript>").text
        == f"{ONE}\n{TWO}"
    )


def test_L16_a_wrapper_named_for_a_dialog_that_holds_the_main_part_is_no_side() -> None:
    cookies = f"<div class='cookie-consent'>{paragraphs(*[THREE] * 12)}</div>"
    main = f"<main><h1>{TITLE}</h1><div>{paragraphs(*[ONE, TWO] * 3)}</div></main>"
    article = read(f"<div class='dialog-off-canvas-main-canvas'>{main}</div>{cookies}")
    assert article.text == "\n".join([ONE, TWO] * 3)
