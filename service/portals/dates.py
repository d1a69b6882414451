"""Where a page shows a post's date: in an element marked as one, in a label of its own, glued to its neighbours.

Refuses to read dates itself: that is `service.text`, of which this knows one quick case.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from selectolax.lexbor import LexborNode

from service.portals.dom import pieces, text_of
from service.text import clean, find_moment, parse_moment
from service.types import Moment

MARKED_DATES = "time, .pub-time, .date, .time, .ngay, .post-date"

_MAX_PIECES = 120
_LONGEST_DATE = 60  # characters of a label that holds a date among other words
# The commonest label by far, `28/01/2024 | 10:32`: a fifth of what reading every form of a date costs.
_USUAL = re.compile(r"(\d{1,2})/(\d{1,2})/((?:19[89]|20\d)\d)(?: ?[|,-]? (\d{1,2}):(\d{2}))?", re.ASCII)
_OFFSET = timedelta(hours=7)  # Asia/Ho_Chi_Minh since June 1975, before any year that _USUAL takes


def _usual_moment(text: str) -> Moment | None:
    match = _USUAL.fullmatch(text)
    if match is None:
        return None
    day, month, year, hour, minute = match.groups()
    try:
        local = datetime(int(year), int(month), int(day), int(hour or 0), int(minute or 0), tzinfo=UTC)
    except ValueError:
        return None
    return Moment(local - _OFFSET, hour is not None)


def is_date(text: str) -> bool:
    """Whether a text is a date and nothing else."""
    return len(text) <= _LONGEST_DATE and any(map(str.isdecimal, text)) and parse_moment(text.strip()) is not None


def find_in_label(text: str) -> Moment | None:
    """The date of a short label, whatever else it says (`28/01/2024 | Lượt xem: 35`)."""
    if len(text) < 8 or not any(map(str.isdecimal, text)):
        return None
    found = parse_moment(text)
    return found or (find_moment(text) if len(text) <= _LONGEST_DATE else None)


def moment_of_mark(node: LexborNode) -> Moment | None:
    """What an element that is marked as a date says: `<time datetime>` first, then its words."""
    stamp = node.attrs.get("datetime")
    found = parse_moment(stamp.strip()) if stamp else None
    if found is not None:
        return found
    text = text_of(node).strip()
    return _usual_moment(text) or find_in_label(clean(text))


def moment_in(node: LexborNode, *, but: Sequence[LexborNode] = ()) -> Moment | None:
    """The date that a row shows: in an element marked as a date, else in a label of its own.

    `but` are the links, whose own words are no dates of the post.
    """
    marked = (moment_of_mark(one) for one in node.css(MARKED_DATES))
    return next((moment for moment in marked if moment), None) or moment_in_labels(node, but=but)


def moment_in_labels(node: LexborNode, *, but: Sequence[LexborNode] = ()) -> Moment | None:
    """The date among a row's pieces of text."""
    spoken = {clean(text_of(link)) for link in but}
    return moment_among(text for text in map(clean, _some(node)) if text and text not in spoken)


def _some(node: LexborNode) -> Iterable[str]:
    for count, piece in enumerate(pieces(node)):
        if count >= _MAX_PIECES:
            return
        yield piece


def moment_among(texts: Iterable[str]) -> Moment | None:
    """The first date among pieces of text, joined with its neighbour where that has the time."""
    before = ""
    day_only: Moment | None = None
    for text in texts:
        if len(text) > _LONGEST_DATE or not any(map(str.isdecimal, text)):
            if day_only is not None:
                return day_only
            before = ""
            continue
        pair = parse_moment(f"{before} {text}") if before else None
        found = (pair if pair is not None and pair.has_time else None) or find_in_label(text)
        if found is not None and found.has_time:
            return found
        if day_only is not None:
            return day_only
        day_only = found
        before = text
    return day_only
