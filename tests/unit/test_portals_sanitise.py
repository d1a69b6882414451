"""What is left of foreign HTML, and its text."""

import pytest

from service.portals.sanitise import harmless


def test_L10_a_numeric_entity_cannot_write_what_no_feed_may_hold() -> None:
    html, text = harmless("<p>một&#1;\u0002 &#xFFFE;hai &#8203;ba\ud800</p>", "https://p.vn/")
    assert (html, text) == ("<p>một hai \u200bba</p>", "một hai ba")


@pytest.mark.parametrize(
    "hiding",
    [
        "width=1",
        "height='0'",
        "WIDTH=2px",
        "style='display : none'",
        'style="height:1px; width:1px"',
    ],
)
def test_L11_a_picture_that_nobody_is_meant_to_see_is_gone(hiding: str) -> None:
    pixel = f'<p>a<IMG src="/count.gif" alt="x>y" {hiding}>b</p>'
    assert harmless(pixel, "https://p.vn/")[0] == "<p>ab</p>"


@pytest.mark.parametrize(
    "shown", ["width=120", "style='line-height:1'", 'style="width:100%"', 'alt="width=1"']
)
def test_a_picture_that_is_shown_stays_without_its_style(shown: str) -> None:
    html, _ = harmless(f"<p><img src='/a.jpg' {shown}></p>", "https://p.vn/")
    assert 'src="https://p.vn/a.jpg"' in html and "style" not in html


def test_text_is_a_line_for_each_block_cell_by_cell() -> None:
    markup = "<div>Một <b>hai</b><br>ba<ul><li>bốn\r\nnăm</li></ul>"
    markup += "<table><tr><td title='a>b'>sáu</td><td>7</td></tr></table>"
    assert harmless(markup + "&lt;tám&gt; &amp;nbsp;&nbsp; 9</div>",
    "https://p.vn/")[1].split("\n") == [
        "Một hai", "ba", "bốn năm", "sáu 7", "<tám> &nbsp; 9",
    ]  # fmt: skip
