"""Whether two titles are those of one document, for posts that show no number.

They are, where they say the same with the same words: another household, week or session is another
document. Short titles (`Thông báo lịch tiêm chủng`) tell nothing.
"""

from __future__ import annotations

import re

from service.posts.kinds import NOUN
from service.text import fold

_NUMBER = re.compile(
    r"(?<!\w)(?:số )?\d{1,5}(?:/\d{4})?\s?[/-]\s?[^\W\d_][\w\-&]{0,20}(?:/[\w\-]{1,20})?"
)
_DATE = re.compile(r"ngày \d{1,2}[/.\-]\d{1,2}[/.\-]\d{4}|ngày \d{1,2} tháng \d{1,2} năm \d{4}")
_KIND = re.compile(rf"(?:[^:]{{3,60}}:)?(?:\W|{NOUN}|v/v|về việc|về(?!\w)|ban hành|toàn văn)+")
_WORD = re.compile(r"\w+")
_EMPTY = frozenset(
    [
        "của",
        "và",
        "các",
        "việc",
        "về",
        "trên",
        "cho",
        "từ",
        "đến",
        "là",
        "tại",
        "trong",
        "với",
        "này",
        "theo",
        "những",
        "năm",
        "ubnd",
        "uỷ",
        "ban",
        "nhân",
        "dân",
    ]
)
_FEWEST = 6


def words_of_title(title: str) -> frozenset[str]:
    """What a title is about: its words without the document's kind, number and day."""
    said = _DATE.sub(" ", _NUMBER.sub(" ", fold(title)))
    kind = _KIND.match(said)
    words = _WORD.findall(said[kind.end() if kind else 0 :])
    return frozenset(word.lstrip("0") or word for word in words) - _EMPTY


def is_one_title(one: str, other: str, issuer: str = "") -> bool:
    """Whether they say the same but for who issued it: one other word, another document."""
    said = frozenset(_WORD.findall(fold(issuer)))
    first, second = words_of_title(one), words_of_title(other)
    return (first - second) | (second - first) <= said and len(first & second) >= _FEWEST


def differ_in_counts(one: str, other: str) -> bool:
    """Whether two titles differ in what they count alone: `đơn vị bầu cử số 1` and `… số 2`."""
    first, second = words_of_title(one), words_of_title(other)
    ours, theirs = _counts(first - second), _counts(second - first)
    return bool(ours and theirs) and first - ours == second - theirs


def _counts(words: frozenset[str]) -> frozenset[str]:
    return frozenset(word for word in words if word.isdecimal())
