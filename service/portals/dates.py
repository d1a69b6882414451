"""Where a page shows a post's date: in an element marked as one, in a label of its own, glued to
its neighbours.

Refuses to read dates itself: that is `service.moments`.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from selectolax.lexbor import LexborNode

from service.instants import Moment, Source, Witness
from service.moments.label import parse_moment, read_label, usual_moment
from service.moments.vote import day_of
from service.portals.dom import names, pieces, text_of
from service.portals.other_days import calls_other_day, is_other_day
from service.text import clean

MARKED_DATES = "time, abbr.published, .pub-time, .date, .time, .ngay, .post-date"

_MAX_PIECES = 120
_LONGEST_DATE = 60  # characters of a label that holds a date among other words
_LONGEST_LINE = (
    160  # characters of a line of labels: `Cập nhật lần cuối: … | Ngày đăng: … | Lượt xem: …`
)
_WINDOW = 3
"""Pieces that may be one date: a day, its month, its hour; a word for what it is, and the date."""
_OF_NOW = ("trước", "qua", "nay", "kia", "xong", "ago", "today", "yesterday")
_APART = frozenset("|•·-–—/,;()[]")
_OF_EDITS = re.compile("updated|modified|cap-?nhat")
_OF_POSTS = re.compile(r"published|(?<![\w-])(?:[\w-]{1,20}-)?(?:entry|post|module)-?date(?![\w-])")


@dataclass(frozen=True, slots=True)
class WrittenDate:
    """A date as a page shows it, with the words."""

    moment: Moment
    said: str
    is_update: bool = False

    def by(self, source: Source) -> Witness:
        return Witness(source, self.moment, self.said, self.is_update)


def is_date(text: str) -> bool:
    """Whether a text is a date and nothing else."""
    return (
        len(text) <= _LONGEST_DATE and _has_digit(text) and parse_moment(text.strip()) is not None
    )


def dates_in_label(text: str, now: datetime | None = None) -> list[WrittenDate]:
    """Every date of a short label; of a longer one those that it calls the day of publication or of
    an edit."""
    usual = usual_moment(text)
    if usual is not None:
        return [WrittenDate(usual, text)]
    is_short = len(text) <= _LONGEST_DATE
    if len(text) > _LONGEST_LINE:
        return []
    label = read_label(text, now)
    return [
        WrittenDate(one.moment, text[one.start : one.end], one.is_update)
        for one in label.dates
        if one.is_called
        or (
            is_short
            and not is_other_day(text[: one.start])
            and (label.is_whole or _is_apart(text, one.start, one.end))
        )
    ]


def _is_apart(text: str, start: int, end: int) -> bool:
    """Whether a day told in words alone stands apart: not in `Hôm nay khai mạc hội thi`, nor before
    a count of visitors, `Hôm nay: 3.401`."""
    if _has_digit(text[start:end]):
        return True
    before, after = text[:start].rstrip()[-1:], text[end:].lstrip()[:1]
    return all(not char or char in _APART for char in (before, after))


def _has_digit(text: str) -> bool:
    return any(map(str.isdecimal, text))


def published(told: Iterable[WrittenDate]) -> WrittenDate | None:
    """The first that is no day of an edit."""
    for one in told:
        if not one.is_update:
            return one
    return None


def dates_of_mark(node: LexborNode, now: datetime | None = None) -> list[WrittenDate]:
    """What an element that is marked as a date says: `<time datetime>` first, then its words, then
    its title."""
    said = names(node)
    # WordPress and the hAtom microformat name the day of publication both at once
    is_named = _OF_EDITS.search(said) is not None and _OF_POSTS.search(said) is None
    attrs = node.attrs
    is_update = is_named or (attrs.get("itemprop") or "").lower() == "datemodified"
    stamp = (attrs.get("datetime") or "").strip()
    found = parse_moment(stamp, is_stamp=True) if stamp else None
    if found is not None:
        return [WrittenDate(found, stamp, is_update)]
    told = dates_in_label(clean(text_of(node)), now)
    is_exact = any(one.moment.has_time for one in told)
    if not is_exact and (stamp := (attrs.get("title") or "").strip()):
        found = parse_moment(stamp, is_stamp=True)
        if found is not None and (
            not told or (found.has_time and day_of(found) == day_of(told[0].moment))
        ):
            told = [WrittenDate(found, stamp)]
    return [replace(one, is_update=True) for one in told] if is_update else told


def dates_in_row(
    node: LexborNode, *, but: Sequence[LexborNode] = (), now: datetime | None = None
) -> list[WrittenDate]:
    """The dates that a row shows: in elements marked as dates, else in labels of their own.

    `but` are the links, whose own words are no dates of the post.
    """
    marked = [told for one in node.css(MARKED_DATES) for told in dates_of_mark(one, now)]
    return marked if published(marked) else [*marked, *dates_in_labels(node, but=but, now=now)]


def dates_in_labels(
    node: LexborNode,
    *,
    but: Sequence[LexborNode] = (),
    now: datetime | None = None,
    without: Container[int] = (),
) -> list[WrittenDate]:
    """The dates among a row's pieces of text. `without`: elements that are not looked into, by
    `mem_id`."""
    spoken = {clean(text_of(link)) for link in but}
    texts = map(clean, _some(node, without))
    return list(dates_among((text for text in texts if text and text not in spoken), now))


def exact(told: WrittenDate, marks: Iterable[LexborNode], now: datetime | None) -> WrittenDate:
    """A day as a page shows it, with the hour that the very element tells to programs."""
    if told.moment.has_time:
        return told
    for mark in marks:
        shown = clean(text_of(mark))
        if told.said not in shown or any(one.is_update for one in dates_in_label(shown, now)):
            continue
        for one in dates_of_mark(mark, now):
            if one.moment.has_time and day_of(one.moment) == day_of(told.moment):
                return replace(told, moment=one.moment)
    return told


def _some(node: LexborNode, without: Container[int]) -> Iterable[str]:
    for count, piece in enumerate(pieces(node, without)):
        if count >= _MAX_PIECES:
            return
        yield piece


def dates_among(
    texts: Iterable[str], now: datetime | None = None, *, is_one_place: bool = False
) -> Iterator[WrittenDate]:
    """The dates among pieces of text, each joined with its neighbours where they are one date
    together.

    `is_one_place`: behind running text, or a few words that are no date, is another place, and not
    looked at.
    """
    line = [text if len(text) <= _LONGEST_LINE else "" for text in texts]
    at, since = 0, -1
    while at < len(line):
        if is_one_place and since >= 0 and (since > _WINDOW or not line[at]):
            return
        size, told = _widest(line, at, now)
        if at and told and calls_other_day(line[at - 1]):
            told = [one for one in told if one.said != line[at]]
        yield from told
        since = 0 if told else since + (since >= 0)
        at += size


def _widest(line: Sequence[str], at: int, now: datetime | None) -> tuple[int, list[WrittenDate]]:
    """How many pieces from one on are a date together, and which; one piece with what it holds,
    where none are."""
    if not line[at]:
        return 1, []
    usual = usual_moment(line[at])
    if usual is not None and usual.has_time:
        return 1, [WrittenDate(usual, line[at])]
    for size in range(min(_WINDOW, len(line) - at), 0, -1):
        window = line[at : at + size]
        text = " ".join(window)
        if all(window) and len(text) <= _LONGEST_DATE and _may_be_date(text, now):
            label = read_label(text, now)
            if label.is_whole:
                one = label.dates[0]
                return size, [WrittenDate(one.moment, text[one.start : one.end], one.is_update)]
    return 1, dates_in_label(line[at], now) if _may_be_date(line[at], now) else []


def _may_be_date(text: str, now: datetime | None) -> bool:
    if _has_digit(text):
        return len(text) > 4
    return now is not None and any(word in text.lower() for word in _OF_NOW)
