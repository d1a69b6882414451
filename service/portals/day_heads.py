"""Days that stand once above several rows: `Thứ Bảy, 28/11/2026`, and under it what was posted on
that day.

Refuses the date of today that portals print at the top of every page.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from selectolax.lexbor import LexborNode

from service.moments.label import parse_moment, read_label
from service.moments.vote import day_of
from service.portals.dates import WrittenDate
from service.portals.dom import ancestors, pieces, text_of
from service.text import LOCAL, clean

_HEADS = frozenset(
    {"h1", "h2", "h3", "h4", "h5", "h6", "dt", "th", "td", "div", "p", "li", "strong", "b", "time"}
)
_PAGE = frozenset({"body", "main", "form", "html", "header"})
_CELLS = frozenset({"td", "th"})
_LONGEST = 60
_LEVELS = 3
"""How far above a heading the element is that holds its rows too."""
_MOST_HEADS = 400
_MOST_INSIDE = 40  # elements and texts within what is a day and no more
_CLOCK = re.compile(r"\d{1,2}\s?[:hg]\s?\d{2}(?:\s?(?:SA|CH|AM|PM))?", re.IGNORECASE)
_MAYBE = re.compile(r"\d{4}|qua|nay|today|yesterday|\d.{1,9}\d", re.IGNORECASE)
_MOST_PIECES = 40


def days_above(
    root: LexborNode, links: Mapping[int, str], now: datetime | None = None
) -> dict[str, WrittenDate]:
    """Of each post whose first link stands under a day, that day. `links`: the key of a link by its
    `mem_id`."""
    found: dict[str, WrittenDate] = {}
    head: WrittenDate | None = None
    over: set[int] = set()
    heads = 0
    for node in root.traverse():
        if node.tag == "a":
            key = links.get(node.mem_id or -1)
            if (
                key is not None
                and head is not None
                and any(one.mem_id in over for one in ancestors(node))
            ):
                found.setdefault(key, head)
        elif node.tag in _HEADS and heads < _MOST_HEADS and (told := _day(node, now)) is not None:
            if any(link.mem_id in links for link in node.css("a")) or _is_a_cell(node, links):
                continue
            heads += 1
            head, over = told, _around(node)
    return found if _is_a_list(found, now) else {}


def _is_a_cell(node: LexborNode, links: Mapping[int, str]) -> bool:
    """Whether a day stands in the row of a table that is one post's."""
    row = node if node.tag in _CELLS else node.parent
    row = row.parent if row is not None and row.tag in _CELLS else None
    if row is None or row.tag != "tr":
        return False
    return len({links[key] for one in row.css("a") if (key := one.mem_id or -1) in links}) == 1


def _is_a_list(found: Mapping[str, WrittenDate], now: datetime | None) -> bool:
    """Whether the days are those of rows: several, or one that is not merely today's."""
    days = {day_of(told.moment) for told in found.values()}
    return len(days) > 1 or (
        len(days) == 1 and now is not None and days != {now.astimezone(LOCAL).date()}
    )


def _day(node: LexborNode, now: datetime | None) -> WrittenDate | None:
    raw = text_of(node) if _is_short(node) else ""
    text = clean(raw)
    if not 5 < len(text) <= _LONGEST or _MAYBE.search(text) is None:
        return None
    label = read_label(text, now)
    if not label.is_whole or label.dates[0].is_update or label.dates[0].moment.has_time:
        return None
    return WrittenDate(label.dates[0].moment, text)


def _is_short(node: LexborNode) -> bool:
    """Whether an element holds so little that reading its words costs nothing."""
    length = looked_at = 0
    todo: list[LexborNode | None] = [node.first_child]
    while todo:
        one = todo.pop()
        if one is None:
            continue
        looked_at += 1
        if one.is_text_node:
            length += len((one.text_content or "").strip())
        if length > _LONGEST or looked_at > _MOST_INSIDE:
            return False
        todo += (one.next, one.first_child)
    return length > 0


def _around(node: LexborNode) -> set[int]:
    """The elements around a heading in which its rows stand."""
    around: set[int] = set()
    for level, one in enumerate(ancestors(node)):
        if level >= _LEVELS or one.tag in _PAGE:
            break
        around.add(one.mem_id or -1)
    return around


def with_hour(told: WrittenDate, boxes: Iterable[LexborNode]) -> WrittenDate:
    """A day from above, with the hour that the row itself shows."""
    for box in boxes:
        for count, piece in enumerate(pieces(box)):
            text = clean(piece)
            if count >= _MOST_PIECES:
                break
            if _CLOCK.fullmatch(text):
                on = told.moment.at.astimezone(LOCAL)
                moment = parse_moment(f"{text} {on:%d/%m/%Y}")
                return (
                    replace(told, moment=moment, said=f"{told.said} {text}")
                    if moment is not None
                    else told
                )
    return told
