"""From links to rows: repeated links merged, and what surrounds the links to one post and no link to another.

Knows no portal. Looks at each element of a page once, whatever the number of rows.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from selectolax.lexbor import LexborNode

from service.portals.dates import MARKED_DATES, moment_in_labels, moment_of_mark
from service.portals.dom import text_of
from service.portals.titles import MAX_TITLE, ends_cut, title_of
from service.types import ListedPost

_MAX_CLIMB = 6  # a row is never further above its link: beyond is the page
_PAGE = frozenset({"body", "main", "form", "html"})
_NOBODY = ""  # no key is empty
_HUB_PLACES = 3  # a link that returns among other links so often is the author's or the section's, not a post's
_HUB_WORDS = 5


@dataclass(slots=True)
class Row:
    """All links of a page to one post, in their order."""

    key: str
    url: str
    links: list[LexborNode] = field(default_factory=list)
    boxes: list[LexborNode] = field(default_factory=list)
    """What surrounds the links and holds no link to another post."""
    dates: list[LexborNode] = field(default_factory=list)
    """The elements in those boxes that are marked as dates."""


def merge(links: Iterable[tuple[LexborNode, str, str]], root: LexborNode) -> dict[str, Row]:
    """One row for each key, in the order of their first links. `links` are node, address and key."""
    rows: dict[str, Row] = {}
    places: dict[str, int] = {}
    last = _NOBODY
    for node, url, key in links:
        row = rows.get(key)
        if row is None:
            row = rows[key] = Row(key, url)
        row.links.append(node)
        if key != last:
            places[key] = places.get(key, 0) + 1
            last = key
    owner = _owners([row for row in rows.values() if places[row.key] < _HUB_PLACES or not _is_hub(row)])
    for row in rows.values():
        row.boxes = _boxes(row, owner)
    _hand_out_dates(root, rows, owner)
    return rows


def _is_hub(row: Row) -> bool:
    said = {text_of(link).strip() for link in row.links}
    return len(said) == 1 and len(said.pop().split()) <= _HUB_WORDS


def _owners(rows: Iterable[Row]) -> dict[int, str | None]:
    """Of an element: the key of the one row in it, None for several. Whatever holds such an element has several."""
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


def _hand_out_dates(root: LexborNode, rows: dict[str, Row], owner: dict[int, str | None]) -> None:
    for mark in root.css(MARKED_DATES):
        node: LexborNode | None = mark
        while node is not None and node.tag not in _PAGE:
            key = owner.get(node.mem_id, _NOBODY)
            if key is None:
                break
            if key:
                rows[key].dates.append(mark)
                break
            node = node.parent


def to_post(row: Row) -> ListedPost | None:
    """The post of a row; None when nothing in it can be a title."""
    title, moment = title_of(row.links)
    if not title:
        return None
    if moment is None:
        moment = next((found for mark in row.dates if (found := moment_of_mark(mark))), None)
    if moment is None:
        moment = next((found for box in row.boxes if (found := moment_in_labels(box, but=row.links))), None)
    if len(title) > MAX_TITLE:
        title = title[:MAX_TITLE]
    return ListedPost(row.url, title, moment, ends_cut(title))
