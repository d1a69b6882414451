"""What changed between two revisions, by words."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.posts.word_diff import MAX_WORDS, Op, word_diff

WORDS = st.lists(st.sampled_from(["báo", "cáo", "trước", "ngày", "5/12", "9/12"]), max_size=30)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("trước ngày 5/12", "trước ngày 9/12", "=trước ngày -5/12 +9/12"),
        ("họp lúc 8 giờ tại xã", "họp lúc 14 giờ tại huyện", "=họp lúc -8 +14 =giờ tại -xã +huyện"),
        ("", "mới", "+mới"),
        ("cũ", "", "-cũ"),
        ("a b", "b", "-a =b"),
        ("như  nhau", "như nhau", ""),
        ("", "", ""),
    ],
)
def test_words_taken_out_stand_before_words_put_in(before: str, after: str, expected: str) -> None:
    signs = {Op.SAME: "=", Op.DELETED: "-", Op.INSERTED: "+"}
    found = word_diff(before, after)
    assert found is not None
    assert " ".join(f"{signs[op]}{text}" for op, text in found) == expected


@given(WORDS, WORDS)
def test_what_stayed_and_what_was_put_in_is_the_new_text(old: list[str], new: list[str]) -> None:
    found = word_diff(" ".join(old), " ".join(new))
    assert found is not None
    if not found:
        assert old == new
    elif not any("…" in change.text for change in found):
        said = " ".join(text for op, text in found if op is not Op.DELETED)
        assert said.split() == new


def test_only_a_few_words_around_a_change_are_shown() -> None:
    head, tail = ["đầu"] * 100, ["cuối"] * 100
    found = word_diff(" ".join([*head, "x", *tail]), " ".join([*head, "y", *tail]))
    assert found is not None
    assert found[0].text == "… " + " ".join(["đầu"] * 8)
    assert found[-1].text == " ".join(["cuối"] * 8) + " …"


def test_texts_with_nothing_in_common_cost_little_and_the_longest_are_not_compared() -> None:
    began = time.perf_counter()
    assert word_diff("a b " * (MAX_WORDS // 2), "b a " * (MAX_WORDS // 2)) is not None
    assert time.perf_counter() - began < 5
    assert word_diff("x " * (MAX_WORDS + 1), "y") is None
