"""Names in the order in which Vietnamese people look for them (TCVN 6712)."""

from __future__ import annotations

import random

from service.words.collation import name_key

ORDERED = [
    "An", "Ăn", "Ân", "Ba", "Bà", "Bả", "Bã", "Bá", "Bạ", "Bà Rịa", "Dân", "Du", "Đa", "Đà",
    "Đông", "E", "Ea Kao", "Ê", "O", "Ô", "Ơ", "Quảng Bình", "Quảng Ninh", "U", "Ư", "Y", "Ý Yên",
]  # fmt: skip


def test_names_stand_by_their_letters_then_by_their_tones() -> None:
    shuffled = random.Random(7).sample(ORDERED, len(ORDERED))
    assert sorted(shuffled, key=name_key) == ORDERED
    assert sorted(["b", "A", "a", "Á"], key=name_key) == ["A", "a", "Á", "b"]
    assert name_key("\u0302\u0301") == ("", "4", "\u0302\u0301")  # marks that stand on nothing


def test_composed_and_decomposed_names_are_one() -> None:
    assert (
        name_key("Đi\u00ea\u0323n")[:2] == name_key("Đie\u0323\u0302n")[:2] == name_key("Điện")[:2]
    )
