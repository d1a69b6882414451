"""From links to rows: repeated links merged, and what surrounds the links to one post and no link
to another.

Knows no portal. Looks at each element of a page once, whatever the number of rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from selectolax.lexbor import LexborNode

from service.instants import Source
from service.portals.dates import (
    MARKED_DATES,
    WrittenDate,
    dates_in_labels,
    dates_in_row,
    dates_of_mark,
    exact,
    is_date,
    published,
)
from service.portals.day_heads import days_above, with_hour
from service.portals.dom import spaced, text_of, words_of
from service.portals.other_days import cells_of_other_days
from service.portals.titles import MAX_TITLE, ends_cut, is_number_alone, is_title, title_of
from service.text import clean
from service.types import ListedPost

_MAX_CLIMB = 6  # a row is never further above its link: beyond is the page
_PAGE = frozenset({"body", "main", "form", "html"})
_NOBODY = ""  # no key is empty
# a link that returns among other links so often is the author's or the section's, not a post's
_HUB_PLACES = 3
_HUB_WORDS = 5
_MOST_NEIGHBOURS = 6
_NEAR = 2  # a date, and a dash behind it
_MOST_LINKS = 60  # to one post from one page: each is asked for its words
_MOST_PIECES = 200
_TITLES = "h1, h2, h3, h4, h5, h6, .title, .name, .ten, .tieu-de, .tieude, .trich-yeu, .trichyeu"
_MOST_TITLES = 5
_LEAST_WORDS = 3  # of a line that stands in for the words of a link that has none


@dataclass(slots=True)
class Row:
    """All links of a page to one post, in their order."""

    key: str
    url: str
    links: list[LexborNode] = field(default_factory=list)
    boxes: list[LexborNode] = field(default_factory=list)
    """What surrounds the links and holds no link to another post."""
    after: list[LexborNode] = field(default_factory=list)
    """What follows those boxes up to the next row, where rows stand beside each other without an
    element each."""
    before: list[LexborNode] = field(default_factory=list)
    """What stands before them since the last row, where a date does."""
    dates: list[LexborNode] = field(default_factory=list)
    """The elements in those boxes that are marked as dates."""
    above: WrittenDate | None = None
    """The day that a heading above the row names; None where none does."""
    others: frozenset[int] = frozenset()
    """The cells that show other days than that of publication."""
    now: datetime | None = None
    """When the page was made, for what it tells from then."""


def merge_links(
    links: Iterable[tuple[LexborNode, str, str]], root: LexborNode, now: datetime | None = None
) -> dict[str, Row]:
    """One row for each key, in the order of their first links. `links` are node, address and
    key."""
    rows: dict[str, Row] = {}
    places: dict[str, int] = {}
    others = cells_of_other_days(root)
    last = _NOBODY
    for node, url, key in links:
        row = rows.get(key)
        if row is None:
            row = rows[key] = Row(key, url, others=others, now=now)
        if len(row.links) < _MOST_LINKS:
            row.links.append(node)
        if key != last:
            places[key] = places.get(key, 0) + 1
            last = key
    owner = _owners(
        [row for row in rows.values() if places[row.key] < _HUB_PLACES or not _is_hub(row)]
    )
    for row in rows.values():
        row.boxes = _boxes(row, owner)
    _hand_out_dates(root, rows, owner, others)
    _hand_out_neighbours(rows.values(), owner, now)
    undated = {
        link.mem_id or -1: row.key for row in rows.values() if not row.dates for link in row.links
    }
    if len(undated) * 2 > len(rows):
        for key, told in days_above(root, undated, now).items():
            rows[key].above = told
    return rows


def _is_hub(row: Row) -> bool:
    said = {text_of(link).strip() for link in row.links}
    return len(said) == 1 and len(said.pop().split()) <= _HUB_WORDS


def _owners(rows: Iterable[Row]) -> dict[int, str | None]:
    """Of an element: the key of the one row in it, None for several. Whatever holds such an element
    has several."""
    owner: dict[int, str | None] = {}
    for row in rows:
        key = row.key
        for link in row.links:
            node: LexborNode | None = link
            while node is not None:
                mem = node.mem_id
                known = owner.get(mem, _NOBODY)
                if known is None or known == key:
                    break
                owner[mem] = None if known else key
                node = node.parent
    return owner


def _boxes(row: Row, owner: dict[int, str | None]) -> list[LexborNode]:
    key = row.key
    found: dict[int, LexborNode] = {}
    for link in row.links:
        box = link
        for _ in range(_MAX_CLIMB):
            parent = box.parent
            if parent is None or owner.get(parent.mem_id) != key or parent.tag in _PAGE:
                break
            box = parent
        found[box.mem_id] = box
    return list(found.values())


def _hand_out_dates(
    root: LexborNode, rows: dict[str, Row], owner: dict[int, str | None], others: frozenset[int]
) -> None:
    for mark in root.css(MARKED_DATES):
        node: LexborNode | None = mark
        while node is not None and node.tag not in _PAGE:
            if node.mem_id in others:
                break
            key = owner.get(node.mem_id, _NOBODY)
            if key is None:
                break
            if key:
                rows[key].dates.append(mark)
                break
            node = node.parent


def _hand_out_neighbours(
    rows: Iterable[Row], owner: dict[int, str | None], now: datetime | None
) -> None:
    """Returns rows that share an element what stands between them, unless what is theirs stands
    before each."""
    is_before: dict[int, bool] = {}
    for row in rows:
        box = row.boxes[-1]
        holder = box.parent
        if row.dates or holder is None or owner.get(holder.mem_id, _NOBODY) is not None:
            continue
        mem = holder.mem_id or -1
        if mem not in is_before:
            is_before[mem] = any(
                dates_in_row(one, now=now)
                for one in _beside(row.boxes[0], owner, is_back=True)[:_NEAR]
            )
        if is_before[mem]:
            row.before = _beside(row.boxes[0], owner, is_back=True)
        else:
            row.after = _beside(box, owner)


def _beside(
    box: LexborNode, owner: dict[int, str | None], *, is_back: bool = False
) -> list[LexborNode]:
    """The neighbours of a box that hold no link to a post, up to one that does."""
    found: list[LexborNode] = []
    node = box.prev if is_back else box.next
    while node is not None and len(found) < _MOST_NEIGHBOURS and node.mem_id not in owner:
        if node.is_element_node or (node.text_content or "").strip():
            found.append(node)
        node = node.prev if is_back else node.next
    return found


def to_post(row: Row) -> ListedPost | None:
    """The post of a row; None when nothing in it can be a title."""
    told = [one for mark in row.dates for one in dates_of_mark(mark, row.now)]
    if (own := published(told)) is None:
        own = _told_around(row, told)
    if own is not None and (whole := exact(own, row.dates, row.now)) is not own:
        told[told.index(own)] = own = whole
    title, glued = title_of(row.links, own.moment if own else None)
    if not title or is_number_alone(title):
        title = _said_beside(row, title) or title
    if not title:
        return None
    if len(title) > MAX_TITLE:
        title, glued = title[:MAX_TITLE], None
    return listed_post(row.url, title, told, glued)


def _told_around(row: Row, told: list[WrittenDate]) -> WrittenDate | None:
    """The day that a row shows in no element marked as a date; what is read on the way is added to
    `told`, and the nearest place that names one is the last that is read."""
    for box in row.boxes:
        if published(told) is None:
            told += dates_in_labels(box, but=row.links, now=row.now, without=row.others)
    for near in row.after if published(told) is None else ():
        told += dates_in_row(near, now=row.now)
    if row.above is not None and published(told) is None:
        told.append(with_hour(row.above, row.boxes))
    for near in row.before if published(told) is None else ():
        told += dates_in_row(near, now=row.now)
    return published(told)


def _said_beside(row: Row, number: str) -> str:
    """What a row is called whose link is a button or a number alone; empty where nothing can be a
    title.

    Its heading; else the longest line of a row of a table, where columns differ, and the first of
    any other.
    """
    for box in row.boxes:
        marked = (clean(words_of(one)[: MAX_TITLE * 2]) for one in box.css(_TITLES)[:_MOST_TITLES])
        named = next((text for text in marked if _is_able(text, number)), "")
        if named:
            return named
    lines = [line for box in row.boxes for line in _lines(box) if _is_able(line, number)]
    if not lines:
        return ""
    is_in_table = any(box.tag in ("tr", "td", "table", "tbody") for box in row.boxes)
    return max(lines, key=len) if is_in_table else lines[0]


def _lines(box: LexborNode) -> Iterator[str]:
    line = ""
    for count, (piece, _) in enumerate(spaced(box)):
        if count >= _MOST_PIECES:
            break
        if piece == " ":
            yield clean(line)
            line = ""
        elif len(line) <= MAX_TITLE:
            line += piece
    yield clean(line)


def _is_able(line: str, number: str) -> bool:
    is_long = len(line.split()) >= _LEAST_WORDS and len(line) <= MAX_TITLE
    return is_long and line != number and is_title(line) and not is_date(line)


def listed_post(
    url: str, title: str, told: Iterable[WrittenDate], glued: WrittenDate | None
) -> ListedPost:
    """A row with all that it says of its date."""
    witnesses = [one.by(Source.ROW) for one in told] + ([glued.by(Source.TITLE)] if glued else [])
    first = next((one.moment for one in witnesses if not one.is_update), None)
    return ListedPost(url, title, first, ends_cut(title), witnesses=tuple(witnesses))
