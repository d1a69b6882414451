"""Which posts are asked for, as conditions on `post`: what a feed, a list or a search narrows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import (
    ColumnElement,
    Connection,
    Text,
    exists,
    type_coerce,
)

from service.storage import schema
from service.storage.facets import Facet, has_facet, has_facet_between, has_facet_words
from service.storage.search import matches_words
from service.text import LOCAL


@dataclass(frozen=True, slots=True)
class PostQuery:
    """Which posts. Values of one field are alternatives, fields add up; empty asks for
    everything."""

    categories: tuple[str, ...] = ()
    portals: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    q: str = ""
    """Words that must all occur, accents optional; "in quotes" a phrase."""
    is_owed: bool = False
    """Only what asks for something until a day."""
    kinds: tuple[str, ...] = ()
    urgencies: tuple[str, ...] = ()
    number: str = ""
    """Of the document, or a part of it: "1687" finds 1687-CV/TU."""
    issuer: str = ""
    """Words of its name that follow one another, accents optional."""
    deadline_from: date | None = None
    deadline_to: date | None = None
    day_from: date | None = None
    """Of publication, in Vietnam."""
    day_to: date | None = None


EVERYTHING = PostQuery()


def narrowing(query: PostQuery) -> list[ColumnElement[bool]]:
    """What every feed can be narrowed by."""
    post, category, place = schema.post, schema.post_category, schema.post_place
    found: list[ColumnElement[bool]] = []
    if query.portals:
        found.append(post.c.portal_id.in_(query.portals))
    if query.categories:
        found.append(
            exists().where(
                category.c.post_id == post.c.id, category.c.category.in_(query.categories)
            )
        )
    if query.places:
        found.append(
            exists().where(place.c.post_id == post.c.id, place.c.place_id.in_(query.places))
        )
    if query.is_owed:
        found.append(asks_for_something())
    return found


def conditions(conn: Connection, query: PostQuery) -> list[ColumnElement[bool]]:
    """Everything that is asked for. Raises InvalidInput for a search that is too long."""
    found = [*narrowing(query), *_on_document(query), *_on_day(query)]
    if query.q.strip():
        found.append(matches_words(conn, query.q))
    return found


def asks_for_something() -> ColumnElement[bool]:
    """Posts whose facts hold a deadline. Looks at the newest until a page is full; no index."""
    return type_coerce(schema.post.c.facts, Text).like('%"deadlines":[{%')


def _on_document(query: PostQuery) -> list[ColumnElement[bool]]:
    found = [
        has_facet(name, values)
        for name, values in ((Facet.KIND, query.kinds), (Facet.URGENCY, query.urgencies))
        if values
    ]
    found += [
        has_facet_words(name, words)
        for name, words in ((Facet.NUMBER, query.number), (Facet.ISSUER, query.issuer))
        if words.strip()
    ]
    if query.deadline_from or query.deadline_to:
        first, last = query.deadline_from or date.min, query.deadline_to or date.max
        found.append(has_facet_between(Facet.DEADLINE, first.isoformat(), last.isoformat()))
    return found


def _on_day(query: PostQuery) -> list[ColumnElement[bool]]:
    published_at = schema.post.c.published_at
    found: list[ColumnElement[bool]] = []
    if query.day_from:
        found.append(published_at >= _begin(query.day_from))
    if query.day_to and query.day_to < date.max:
        found.append(published_at < _begin(query.day_to + timedelta(days=1)))
    return found


def _begin(day: date) -> datetime:
    return datetime.combine(day, time(), LOCAL)
