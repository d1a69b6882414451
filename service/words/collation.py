"""In which order Vietnamese people look for names: ă and â after a, đ after d, the tones last (TCVN
6712; CLDR, `vi`)."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

_LETTERS = "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz"
_RANKS = {letter: chr(0x100 + rank) for rank, letter in enumerate(_LETTERS)}
_TONES = {"\u0300": "1", "\u0309": "2", "\u0303": "3", "\u0301": "4", "\u0323": "5"}
_MARKS = frozenset("\u0302\u0306\u031b")
"""Circumflex, breve and horn: they make another letter."""


@lru_cache(8192)
def name_key(name: str) -> tuple[str, str, str]:
    """A sort key: the letters, then their tones, then the name itself.

    >>> sorted(["Đông Sơn", "Ea Kao", "Dân Lực", "Đại Lộc", "An Nông", "Ân Thi"], key=name_key)
    ['An Nông', 'Ân Thi', 'Dân Lực', 'Đại Lộc', 'Đông Sơn', 'Ea Kao']
    """
    letters: list[str] = []
    tones: list[str] = []
    for char in unicodedata.normalize("NFD", name.casefold()):
        if char in _TONES:
            tones[-1:] = [_TONES[char]]
        elif char in _MARKS and letters:
            letters[-1] = unicodedata.normalize("NFC", letters[-1] + char)
        elif not unicodedata.combining(char):
            letters.append(char)
            tones.append("0")
    return "".join(_RANKS.get(one, one) for one in letters), "".join(tones), name
