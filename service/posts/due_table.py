"""Plans that are tables: what stands in the column of the time is owed by who stands in the column
of who does it.

A table of times without such a column is a timetable, and asks nothing of anybody.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

_CELL = re.compile(r"[|\t]")
_WHEN = re.compile(r"(?<!\w)(?:thời gian|thời hạn|hạn|tiến độ|hoàn thành)(?!\w)", re.IGNORECASE)
_WHO = re.compile(
    r"(?<!\w)(?:chủ trì|thực hiện|đơn vị|cơ quan|phụ trách|chịu trách nhiệm|phân công|ai)(?!\w)",
    re.IGNORECASE,
)
_WITH = re.compile(r"(?<!\w)phối hợp(?!\w)", re.IGNORECASE)
_WHERE = re.compile(r"(?<!\w)địa điểm(?!\w)", re.IGNORECASE)
_FEWEST = 3


@dataclass(frozen=True, slots=True)
class DueRow:
    """The offsets of the cell that says when, and of the one that says who."""

    when: tuple[int, int]
    who: tuple[int, int]


def find_rows(text: str) -> Iterator[DueRow]:
    """The rows below each header that has both columns."""
    if "|" not in text and "\t" not in text:
        return
    columns: tuple[int, int] | None = None
    start = 0
    for line in text.split("\n"):
        cells = _cells(line, start)
        start += len(line) + 1
        if len(cells) < _FEWEST:
            columns = None
            continue
        words = [text[first:last] for first, last in cells]
        named = _columns(words)
        if named is not None:
            columns = named
        elif columns is not None and max(columns) < len(cells):
            yield DueRow(cells[columns[0]], cells[columns[1]])


def _cells(line: str, start: int) -> list[tuple[int, int]]:
    edges = [-1, *(match.start() for match in _CELL.finditer(line)), len(line)]
    spans = [(start + a + 1, start + b) for a, b in pairwise(edges)]
    if spans and not line[: edges[1]].strip():
        spans = spans[1:]
    return spans


def _columns(words: list[str]) -> tuple[int, int] | None:
    """Which column says when and which who, where this row is such a header."""
    if any(_WHERE.search(one) or any(c.isdecimal() for c in one) for one in words):
        return None
    when = [i for i, one in enumerate(words) if _WHEN.search(one)]
    who = [
        i
        for i, one in enumerate(words)
        if i not in when[-1:] and _WHO.search(one) and not _WITH.search(one)
    ]
    return (when[-1], who[0]) if when and who else None
