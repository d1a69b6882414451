"""Whether a post is what a subscription asks for, and the reason in words either way.

Values of one field are alternatives, fields add up, no filters want everything. A keyword is whole words,
written as people write them: case and the placing of tone marks do not count, accents do.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache

from service.text import fold
from service.types import Filters, Post

CATEGORY, PORTAL, PLACE, KEYWORD = "chuyên mục", "cổng", "địa bàn", "từ khoá"
EVERYTHING = "không đặt bộ lọc: nhận mọi tin"

Namer = Callable[[str, str], str]
"""What people call a value of a field (one of the four above), which filters name by its id."""

_WORD = re.compile(r"\w+")
_RULE = re.compile(rf"({CATEGORY}|{PORTAL}|{PLACE}) ([^;]*)(; |$)")


def as_it_is(_field: str, value: str) -> str:
    return value


class Matcher:
    """A post, prepared once to be held against any number of filters."""

    def __init__(self, post: Post) -> None:
        self._categories = post.categories
        self._portal = post.portal
        facts = post.understanding
        self._places = {id_: id_ for id_ in facts.concerns} | {place.id: place.name for place in facts.places}
        document = post.understanding.document
        number = document.number if document and document.number else ""
        self._words = _words(" ".join((post.title, number, post.summary, post.text)))

    def match(self, filters: Filters) -> str | None:
        """Why the post is wanted, in words; None when it is not."""
        reasons: list[str] = []
        for label, wanted, found in self._fields(filters):
            if wanted and not found:
                return None
            if wanted:
                reasons.append(f"{label} {', '.join(found)}")
        return "; ".join(reasons) or EVERYTHING

    def why_not(self, filters: Filters, namer: Namer = as_it_is) -> str:
        """What was missing, in words; empty when nothing was."""
        missing = [
            f"{label}: tin không có {' hoặc '.join(namer(label, value) for value in wanted)}"
            for label, wanted, found in self._fields(filters)
            if wanted and not found
        ]
        return "; ".join(missing)

    def _fields(self, filters: Filters) -> Iterator[tuple[str, tuple[str, ...], list[str]]]:
        """One after the other, the costliest last: the first that lacks something may be the end."""
        yield CATEGORY, filters.categories, [c for c in filters.categories if c in self._categories]
        yield PORTAL, filters.portals, [p for p in filters.portals if p == self._portal.id]
        yield PLACE, filters.places, [self._places[p] for p in filters.places if p in self._places]
        yield KEYWORD, filters.keywords, [f"“{k}”" for k in filters.keywords if self._has(k)]

    def _has(self, keyword: str) -> bool:
        wanted = _keyword(keyword)
        return len(wanted) > 2 and wanted in self._words


def matches(filters: Filters, post: Post) -> str | None:
    """Why a subscription with these filters wants the post, in words; None when it does not."""
    return Matcher(post).match(filters)


def why_not(filters: Filters, post: Post) -> str:
    """What the post lacks that these filters ask for, in words; empty when it matches."""
    return Matcher(post).why_not(filters)


def name_rule(rule: str, namer: Namer) -> str:
    """What `match` said, with the names of things in the place of their ids. Keywords come last, and stay."""
    named, at = "", 0
    while found := _RULE.match(rule, at):
        field, values, end = found.groups()
        named += f"{field} {', '.join(namer(field, value) for value in values.split(', '))}{end}"
        at = found.end()
    return named + rule[at:]


@lru_cache(maxsize=20_000)
def _keyword(keyword: str) -> str:
    """The same keywords are asked for of every post."""
    return _words(keyword)


def _words(text: str) -> str:
    return f" {' '.join(_WORD.findall(fold(text)))} "
