"""Dates that are not of publication by what they are called: how long one may comment, from when a
rule is in force, when something ends.

Told by the words before a date, or by the head of its column.
"""

from __future__ import annotations

import re
from itertools import islice

from selectolax.lexbor import LexborNode

from service.portals.dom import ancestors, attribute, pieces
from service.text import clean

_CALLED = (
    r"(?:[^\W\d]+\s+){0,3}?(?:hạn|hiệu lực|hết|kết thúc|đến ngày|áp dụng|thi hành|deadline|due"
    r"|expir\w{1,6}|closing)\b"
)
_ALONE = re.compile(
    rf"\W*(?=hạn|ngày|thời|[^:]{{1,40}}:$){_CALLED}[^.;|\d(]{{0,30}}", re.IGNORECASE
)
"""A label in an element of its own. `Hết hiệu lực` is what a document is, and no label."""
_HEAD = re.compile(rf"\W*{_CALLED}", re.IGNORECASE)
_OF_POSTS = re.compile(r"ban hành|đăng|công bố|phát hành|ký\b|publish|posted", re.IGNORECASE)
_SEPARATORS = re.compile(r"[.;|(\d]| - ")
_LONGEST_HEAD = 40
_LONGEST_LINE = 80
_LONGEST_REST = 30  # characters between the word and its date
_MOST_TABLES = 40
_MOST_ROWS = 600
_CELLS = frozenset({"td", "th"})


def is_other_day(before: str) -> bool:
    """Whether the words right before a date call it a day that is not of publication."""
    if not before:
        return False
    label = _SEPARATORS.split(before[-_LONGEST_LINE:])[-1]
    called = _HEAD.match(label)
    return called is not None and len(label) - called.end() <= _LONGEST_REST


def calls_other_day(label: str) -> bool:
    """Whether a piece of text of its own says that of the piece behind it."""
    text = label.strip()
    return len(text) <= _LONGEST_HEAD and _ALONE.fullmatch(text) is not None


def cells_of_other_days(root: LexborNode) -> frozenset[int]:
    """The cells of tables, by `mem_id`, in columns whose head names another day."""
    found = {
        one.mem_id
        for one in root.css("td[data-label], td[data-title], td[data-th]")[:_MOST_ROWS]
        if any(_names(attribute(one, f"data-{name}")) for name in ("label", "title", "th"))
    }
    for table in root.css("table")[:_MOST_TABLES]:
        rows = [row for row in table.css("tr")[:_MOST_ROWS] if _table_of(row) == table.mem_id]
        heads = _cells(rows[0]) if rows else []
        others = {at for at, head in enumerate(heads) if _names(_words(head))}
        for cells in map(_cells, rows[1:] if others else []):
            if len(cells) == len(heads):
                found |= {cells[at].mem_id for at in others}
    return frozenset(found)


def _names(head: str) -> bool:
    return 0 < len(head) <= _LONGEST_HEAD and bool(_HEAD.match(head)) and not _OF_POSTS.search(head)


def _words(node: LexborNode) -> str:
    return clean("".join(islice(pieces(node), _LONGEST_HEAD)))


def _table_of(row: LexborNode) -> int:
    return next((one.mem_id for one in ancestors(row) if one.tag == "table"), 0)


def _cells(row: LexborNode) -> list[LexborNode]:
    cells = []
    child = row.first_child
    while child is not None:
        if child.tag in _CELLS:
            cells.append(child)
        child = child.next
    return cells
