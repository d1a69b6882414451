"""What a listing says of an article stands in until the article is read; what a file is called can
be opened."""

from __future__ import annotations

import pytest
from selectolax.lexbor import LexborHTMLParser

from service.portals.feed import read_feed
from service.portals.files import find_attachments
from tests.unit.test_portals_read import page

PDF = "https://p.example.gov.vn/VanBan/06-CT-UBND.pdf"


def test_the_description_of_an_upstream_item_is_kept_until_its_article_is_read() -> None:
    body = (
        '<rss version="2.0"><channel><title>t</title><item><title>Giấy mời</title><link>/a</link>'
        "<description>&lt;p&gt;Họp giao ban&lt;/p&gt;&lt;script&gt;x()&lt;/script&gt;</description>"
        "</item></channel></rss>"
    )
    (post,) = read_feed(page(body, media="application/rss+xml")).posts
    assert post.article is None
    assert post.teaser is not None
    assert post.teaser.text == "Họp giao ban"
    assert "script" not in post.teaser.html


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("Tải về", "06-CT-UBND.pdf"),
        (PDF, "06-CT-UBND.pdf"),
        ("Chỉ thị số 06 của UBND huyện", "Chỉ thị số 06 của UBND huyện.pdf"),
        ("Chỉ thị số 06.pdf", "Chỉ thị số 06.pdf"),
    ],
)
def test_a_file_is_called_by_words_that_name_it_and_always_with_its_ending(
    words: str, name: str
) -> None:
    tree = LexborHTMLParser(f'<div><a href="{PDF}">{words}</a></div>')
    (link,) = find_attachments(tree.css("div"), "https://p.example.gov.vn/")
    assert link.name == name
