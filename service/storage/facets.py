"""What a post's document says of itself, laid down so that a search finds it by its kind, urgency,
number, issuer or deadline."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum

from sqlalchemy import ColumnElement, Connection, delete, false, insert, select, true

from service.posts.search_words import fold_words
from service.storage import schema
from service.storage.schema_files import post_facet
from service.text import LOCAL
from service.types import Understanding


class Facet(StrEnum):
    KIND = "kind"
    URGENCY = "urgency"
    NUMBER = "number"
    ISSUER = "issuer"
    DEADLINE = "deadline"


def write_facets(conn: Connection, post_id: str, facts: Understanding) -> None:
    """Replaces those of a post."""
    conn.execute(delete(post_facet).where(post_facet.c.post_id == post_id))
    rows = [
        {"post_id": post_id, "name": name.value, "value": value}
        for name, value in dict.fromkeys(_facets_of(facts))
    ]
    conn.execute(insert(post_facet), rows)


def has_facet(name: Facet, values: Sequence[str]) -> ColumnElement[bool]:
    """A condition on `post`: any of these values."""
    return _of(name, post_facet.c.value.in_(values))


def has_facet_any(name: Facet) -> ColumnElement[bool]:
    """Whatever its value is."""
    return _of(name, true())


def has_facet_between(name: Facet, first: str, last: str) -> ColumnElement[bool]:
    return _of(name, post_facet.c.value.between(first, last))


def has_facet_words(name: Facet, words: str) -> ColumnElement[bool]:
    """These words in a row; words without a letter or digit find nothing."""
    folded = fold_words(words)
    if not folded:
        return false()
    return _of(name, post_facet.c.value.contains(f" {' '.join(folded)} ", autoescape=True))


def _of(name: Facet, condition: ColumnElement[bool]) -> ColumnElement[bool]:
    found = select(post_facet.c.post_id).where(post_facet.c.name == name.value, condition)
    return schema.post.c.id.in_(found)


def _facets_of(facts: Understanding) -> Iterator[tuple[Facet, str]]:
    yield Facet.URGENCY, facts.urgency.value
    if document := facts.document:
        if document.kind:
            yield Facet.KIND, document.kind
        for name, said in ((Facet.NUMBER, document.number), (Facet.ISSUER, document.issuer)):
            if words := fold_words(said or ""):
                yield name, f" {' '.join(words)} "
    for deadline in facts.deadlines:
        day = deadline.at.astimezone(LOCAL).date() if deadline.at else deadline.on
        if day:
            yield Facet.DEADLINE, day.isoformat()
