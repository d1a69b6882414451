"""What changed between two texts, by words, as people are shown it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from enum import StrEnum
from typing import NamedTuple

MAX_WORDS = 1_200
"""Of each text, after what both begin and end with: comparing costs the product of both, a quarter
of a second at worst."""
_AROUND = 8
"""Words left around a change, so that it can be found in the text."""
_GAP = "…"


class Op(StrEnum):
    SAME = "same"
    DELETED = "del"
    INSERTED = "ins"


class Change(NamedTuple):
    op: Op
    text: str


def word_diff(before: str, after: str) -> list[Change] | None:
    """What was taken out and put in, each with a few words around; empty where nothing was, None
    where the texts differ in more than MAX_WORDS words.

    >>> [f"{op}: {text}" for op, text in word_diff("trước ngày 5/12", "trước ngày 9/12") or ()]
    ['same: trước ngày', 'del: 5/12', 'ins: 9/12']
    """
    old, new = before.split(), after.split()
    first = _common(old, new)
    last = _common(old[first:][::-1], new[first:][::-1])
    head, tail = old[:first], old[len(old) - last :]
    old, new = old[first : len(old) - last], new[first : len(new) - last]
    if not old and not new:
        return []
    if max(len(old), len(new)) > MAX_WORDS:
        return None
    middle = [change for change in _changes(old, new) if change[1]]
    whole = [(Op.SAME, head), *middle, (Op.SAME, tail)]
    return [
        Change(op, _shortened(words, at, len(whole)) if op is Op.SAME else " ".join(words))
        for at, (op, words) in enumerate(whole)
        if words
    ]


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    """With how many equal words both begin."""
    for n, (word, another) in enumerate(zip(one, other, strict=False)):
        if word != another:
            return n
    return min(len(one), len(other))


def _changes(old: list[str], new: list[str]) -> Iterator[tuple[Op, list[str]]]:
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    for tag, start, end, new_start, new_end in matcher.get_opcodes():
        if tag == "equal":
            yield Op.SAME, old[start:end]
        else:
            yield Op.DELETED, old[start:end]
            yield Op.INSERTED, new[new_start:new_end]


def _shortened(words: list[str], at: int, count: int) -> str:
    """What stayed, but for its middle; the first keeps its end, the last its beginning."""
    head = [] if at == 0 else words[:_AROUND]
    tail = [] if at == count - 1 else words[-_AROUND:]
    if len(words) <= len(head) + len(tail):
        return " ".join(words)
    return " ".join((*head, _GAP, *tail))
