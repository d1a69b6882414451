"""Words as a search compares them: folded, found in a text, and marked there. Pure.

Accents off, numbers without leading zeros, punctuation gone, so that "06/CT-UBND" and "6 ct ubnd"
are the same three words in a row.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from service.errors import InvalidInput
from service.text import fold_plain
from service.words import coded

MAX_QUERY_CHARS = 200
_WORD = re.compile(r"[^\W_]+")
_PART = re.compile(r'"([^"]*)"?|([^\s"]+)')
_LOOKED_AT = 40_000
"""Characters of a text in which words are marked: ten pages."""
_BEFORE = 60
"""Characters of a snippet before its first marked word."""
_SYLLABLES = 16_384
"""Vietnamese has about 7,000 of them: nearly every word of a text was folded before."""


class Piece(NamedTuple):
    """A stretch of a text; `is_marked` where it is what was searched for."""

    text: str
    is_marked: bool


class _WordSpan(NamedTuple):
    word: str
    start: int
    end: int


def fold_words(value: str) -> list[str]:
    """The words as the index knows them: an ASCII letter first, so that no database takes one for
    a number."""
    return ["w" + _ascii(_trimmed(word)) for word in _WORD.findall(fold_plain(value))]


def _trimmed(word: str) -> str:
    return word.lstrip("0") or "0" if word.isdecimal() else word


def _ascii(word: str) -> str:
    return word if word.isascii() else "u" + word.encode().hex()


def parse_query(q: str) -> list[list[str]]:
    """The phrases that must all occur, each a run of folded words.

    Raises InvalidInput when it is longer than MAX_QUERY_CHARS.
    """
    if len(q) > MAX_QUERY_CHARS:
        raise InvalidInput(
            "q", coded("bad.chars", n=len(q)), coded("allowed.at_most", limit=MAX_QUERY_CHARS)
        )
    phrases = [fold_words(quoted or word) for quoted, word in _PART.findall(q)]
    return [phrase for phrase in phrases if phrase]


def mark(text: str, phrases: Sequence[Sequence[str]]) -> list[Piece]:
    """The whole text, what was searched for marked in it.

    >>> [piece.text for piece in mark("Phòng chống mưa lũ", [["wmua", "wlu"]]) if piece.is_marked]
    ['mưa lũ']
    """
    return _cut(text, _spans(text, phrases), 0, len(text))


def snippet(text: str, phrases: Sequence[Sequence[str]], limit: int = 220) -> list[Piece]:
    """About `limit` characters around the first words that were searched for; empty where none
    stands in the text."""
    line = " ".join(text[:_LOOKED_AT].split())
    spans = _spans(line, phrases)
    if not spans:
        return []
    start = line.rfind(" ", 0, max(spans[0][0] - _BEFORE, 0)) + 1
    end = len(line) if len(line) <= start + limit else line.rfind(" ", start, start + limit)
    end = max(end, spans[0][1])
    pieces = _cut(line, spans, start, end)
    before = [Piece("… ", is_marked=False)] if start else []
    after = [Piece(" …", is_marked=False)] if end < len(line) else []
    return [*before, *pieces, *after]


@lru_cache(maxsize=_SYLLABLES)
def _folded(word: str) -> tuple[str, ...]:
    return tuple(fold_words(word))


def _places(text: str) -> Iterator[_WordSpan]:
    for match in _WORD.finditer(text[:_LOOKED_AT]):
        for word in _folded(match[0]):
            yield _WordSpan(word, match.start(), match.end())


def _spans(text: str, phrases: Sequence[Sequence[str]]) -> list[tuple[int, int]]:
    """From where to where phrases stand, in order; what overlaps or is side by side is one."""
    places = list(_places(text))
    starts = {phrase[0] for phrase in phrases}
    found = [
        (place.start, places[at + len(phrase) - 1].end)
        for at, place in enumerate(places)
        if place.word in starts
        for phrase in phrases
        if [one.word for one in places[at : at + len(phrase)]] == list(phrase)
    ]
    joined: list[tuple[int, int]] = []
    for start, end in found:
        if joined and not text[joined[-1][1] : start].strip():
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _cut(text: str, spans: Sequence[tuple[int, int]], start: int, end: int) -> list[Piece]:
    pieces, at = [], start
    for first, last in spans:
        if last > end:
            break
        pieces += [
            Piece(text[at:first], is_marked=False),
            Piece(text[first:last], is_marked=True),
        ]
        at = last
    return [piece for piece in (*pieces, Piece(text[at:end], is_marked=False)) if piece.text]
