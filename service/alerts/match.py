"""Whether a post is what a subscription asks for, and the reason, coded, either way.

Values of one field are alternatives, fields add up, no filters want everything. A keyword is whole
words, written as people write them: case and the placing of tone marks do not count, accents do.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import fields
from functools import lru_cache

from service.text import fold
from service.types import Filters, Post
from service.words import coded, parse_coded
from service.words.coded import Fact
from service.words.sentences_match import (
    CATEGORY,
    KEYWORD,
    KIND,
    LACKS,
    MET,
    PLACE,
    PORTAL,
    URGENCY,
)

Namer = Callable[[str, str], str]
"""What people call a value of a field (one of those above), which filters name by its id."""

_WORD = re.compile(r"\w+")


def as_it_is(_field: str, value: str) -> str:
    return value


def join_filters(one: Filters, other: Filters) -> Filters:
    """Filters that want whatever either wants: the values of both in each field, and everything
    where either does not ask by it."""
    joined = {
        field.name: tuple(dict.fromkeys((*values, *others))) if values and others else ()
        for field in fields(Filters)
        for values, others in [(getattr(one, field.name), getattr(other, field.name))]
    }
    return Filters(**joined)


def asks_less(before: Filters, after: Filters) -> bool:
    """Whether there may be a post that the first want and the second do not."""
    pairs = ((getattr(before, field.name), getattr(after, field.name)) for field in fields(Filters))
    return any(now and (not was or not set(was) <= set(now)) for was, now in pairs)


class Matcher:
    """A post, prepared once to be held against any number of filters."""

    def __init__(self, post: Post) -> None:
        self._categories = post.categories
        self._portal = post.portal
        facts = post.understanding
        self._places = {id_: id_ for id_ in facts.concerns} | {
            place.id: place.name for place in facts.places
        }
        self._urgency = facts.urgency.value
        document = facts.document
        self._kind = document.kind if document else None
        number = document.number if document and document.number else ""
        self._words = _words(" ".join((post.title, number, post.summary, post.text)))

    def match(self, filters: Filters) -> str | None:
        """Why the post is wanted, coded: the filters that it met, by field. None when it is not
        wanted."""
        met: dict[str, Fact] = {}
        for field, wanted, found in self._fields(filters):
            if wanted and not found:
                return None
            if wanted:
                met[field] = found
        return coded(MET, **met)

    def why_not(self, filters: Filters, namer: Namer = as_it_is) -> str:
        """What was missing, coded; empty when nothing was."""
        missing: dict[str, Fact] = {
            field: [namer(field, value) for value in wanted]
            for field, wanted, found in self._fields(filters)
            if wanted and not found
        }
        return coded(LACKS, **missing) if missing else ""

    def _fields(self, filters: Filters) -> Iterator[tuple[str, tuple[str, ...], list[str]]]:
        """One after the other, the costliest last: the first that lacks something may be the
        end."""
        yield CATEGORY, filters.categories, [c for c in filters.categories if c in self._categories]
        yield PORTAL, filters.portals, [p for p in filters.portals if p == self._portal.id]
        yield PLACE, filters.places, [self._places[p] for p in filters.places if p in self._places]
        yield URGENCY, filters.urgencies, [u for u in filters.urgencies if u == self._urgency]
        yield KIND, filters.kinds, [k for k in filters.kinds if k == self._kind]
        yield KEYWORD, filters.keywords, [k for k in filters.keywords if self._has(k)]

    def _has(self, keyword: str) -> bool:
        wanted = _keyword(keyword)
        return len(wanted) > 2 and wanted in self._words


def matches(filters: Filters, post: Post) -> str | None:
    """Why a subscription with these filters wants the post, coded; None when it does not."""
    return Matcher(post).match(filters)


def why_not(filters: Filters, post: Post) -> str:
    """What the post lacks that these filters ask for, coded; empty when it matches."""
    return Matcher(post).why_not(filters)


def name_rule(rule: str, namer: Namer) -> str:
    """What `match` decided, with the names of things in the place of their ids."""
    code, facts = parse_coded(rule)
    if code != MET:
        return rule
    return coded(
        MET, **{field: [namer(field, value) for value in values] for field, values in facts.items()}
    )


@lru_cache(maxsize=20_000)
def _keyword(keyword: str) -> str:
    """The same keywords are asked for of every post."""
    return _words(keyword)


def _words(text: str) -> str:
    return f" {' '.join(_WORD.findall(fold(text)))} "
