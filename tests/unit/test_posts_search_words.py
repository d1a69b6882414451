"""Words of a search: folded alike, found in a text, marked there, and shown with what stands around
them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import InvalidInput
from service.posts.search_words import mark, parse_query, snippet


def marked(text: str, q: str) -> list[str]:
    return [piece.text for piece in mark(text, parse_query(q)) if piece.is_marked]


@pytest.mark.parametrize(
    ("text", "q", "expected"),
    [
        ("Phòng, chống mưa lũ", "mua", ["mưa"]),
        ("Phòng, chống mưa lũ", '"chong mua"', ["chống mưa"]),
        ("Phòng, chống mưa lũ", "lũ mưa", ["mưa lũ"]),
        ("Chỉ thị 06/CT-UBND của huyện", "6 ct-ubnd", ["06", "CT-UBND"]),
        ("Chỉ thị 06/CT-UBND của huyện", '"6/ct ubnd"', ["06/CT-UBND"]),
        ("mưa mưa mưa", '"mua mua"', ["mưa mưa mưa"]),
        ("Đường Điện Biên Phủ", "dien bien", ["Điện Biên"]),
        ("漢字 và chữ", "漢字", ["漢字"]),
        ("Phòng, chống mưa lũ", "nắng", []),
        ("", "mưa", []),
    ],
)
def test_what_is_searched_for_is_marked_as_it_stands(
    text: str, q: str, expected: list[str]
) -> None:
    assert marked(text, q) == expected


@given(st.text(max_size=80), st.text(max_size=20))
def test_marking_leaves_every_letter_in_its_place(text: str, q: str) -> None:
    assert "".join(piece.text for piece in mark(text, parse_query(q))) == text


def test_a_snippet_begins_and_ends_between_words_around_the_first_that_is_found() -> None:
    text = "mở đầu " * 40 + "cảnh báo mưa đá lớn " + "kết thúc " * 40
    pieces = snippet(text, parse_query("mưa"))
    whole = "".join(piece.text for piece in pieces)
    assert "cảnh báo mưa đá lớn" in whole
    assert whole.startswith("… ") and whole.endswith(" …")
    assert set(whole.split()) <= {*text.split(), "…"}
    assert len(whole) <= 230


def test_a_short_text_is_its_own_snippet_and_one_without_the_words_has_none() -> None:
    assert snippet("Có mưa", parse_query("mua")) == [("Có ", False), ("mưa", True)]
    assert snippet("Có nắng", parse_query("mua")) == []


def test_a_phrase_longer_than_a_snippet_is_shown_whole() -> None:
    phrase = "tăng cường " * 9
    pieces = snippet(f"{phrase}sau đó còn nữa", parse_query(f'"{phrase}"'), limit=30)
    assert [piece.text for piece in pieces if piece.is_marked] == [phrase.strip()]


def test_a_search_of_more_than_200_characters_is_refused() -> None:
    with pytest.raises(InvalidInput):
        parse_query("x" * 201)


def test_what_is_found_again_beyond_a_snippet_is_not_in_it() -> None:
    pieces = snippet("Phòng mưa " + "và nắng " * 80 + "mưa to", parse_query("mưa"))
    assert [piece.text for piece in pieces if piece.is_marked] == ["mưa"]
