"""The day that htmldate finds on a page which says none where we look: a guess, and called one.

Measured on the open half of its own sets (`tests/benchmarks/page_dates.py`): where we find nothing,
it is right 38 times
and wrong 3 times. Never believed where anybody else speaks, nor for keeping quiet.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import date, datetime

from service.instants import Source, Witness
from service.moments.label import parse_moment
from service.moments.vote import day_of
from service.portals.dates import dates_in_labels
from service.portals.dom import Tree

_LISTS = "li, tr, dd"
_MOST_ROWS = 200
_LONGEST_PAGE = 1_000_000  # characters; larger ones are no articles


def guessed(tree: Tree, until: datetime, heard: Iterable[Witness] = ()) -> Witness | None:
    """The guess; None where htmldate has none, or only the day of another post that the page lists,
    or of an edit.

    `heard`: what the page says besides.
    """
    source = tree.root.html or ""
    if len(source) > _LONGEST_PAGE:
        return None
    from htmldate import find_date  # 0.2 s and 30 MB that most pages do without

    logging.getLogger("htmldate").setLevel(logging.CRITICAL)  # it logs what it discards
    day = find_date(
        source, original_date=True, extensive_search=False, max_date=until.replace(tzinfo=None)
    )
    moment = parse_moment(day) if day else None
    if moment is None or day_of(moment) in {day_of(one.moment) for one in heard} | _days_of_others(
        tree
    ):
        return None
    return Witness(Source.GUESS, moment, str(day))


def _days_of_others(tree: Tree) -> set[date]:
    rows = [
        row for row in tree.root.css(_LISTS)[:_MOST_ROWS] if row.css_first("a[href]") is not None
    ]
    return {day_of(told.moment) for row in rows for told in dates_in_labels(row)}
