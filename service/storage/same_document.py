"""The other posts of one document: what another portal, or the same one again, says of the same
directive.

The index of words finds the number in any writing, so that no column of its own is needed; whether
two posts with that number are of one document is decided by `posts.same`, or by a person.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from urllib.parse import urlsplit

from sqlalchemy import ColumnElement, Connection, and_, not_, or_, select

from service.posts.provinces import province_of_host
from service.posts.same import is_same_document
from service.storage import schema
from service.storage.facets import Facet, has_facet, has_facet_any
from service.storage.post_decisions import document_pairs
from service.storage.post_rows import facts_from_json
from service.storage.search import holding_phrase
from service.types import DecisionKind, Document, PortalName, Post, Relation, Urgency


def area_of(url: str) -> str | None:
    """The province of the portal of a post by its address."""
    return province_of_host(urlsplit(url).hostname or "")


_LOOKED_AT = 200  # of the newest that hold the number: every office counts from one again each year
MOST = 20
_SEASON = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class Companion:
    """A post of the same document, as another post's page names it."""

    id: str
    title: str
    portal: PortalName
    published_at: datetime
    relation: Relation
    url: str
    urgency: Urgency
    is_decided: bool = False
    """Whether a person said so, and not its words."""
    has_number: bool = False


def _is_near(one: Document, other: Document, at: datetime, other_at: datetime) -> bool:
    """Where a day is not known, only posts of one season are of one document: numbers begin anew
    each year."""
    return None not in (one.issued_on, other.issued_on) or abs(at - other_at) <= _SEASON


def _candidates(conn: Connection, document: Document) -> list[ColumnElement[bool]]:
    """The posts that hold the number, and those of the kind and season, of which either may have
    none."""
    found = [holding_phrase(conn, document.number)] if document.number else []
    if document.issued_on is None or document.kind is None or document.issuer is None:
        return found
    day, post = datetime.combine(document.issued_on, time(), UTC), schema.post
    near = and_(
        post.c.published_at.between(day - timedelta(days=2), day + _SEASON),
        has_facet(Facet.KIND, [document.kind]),
    )
    return [*found, and_(near, not_(has_facet_any(Facet.NUMBER))) if document.number else near]


def companions(conn: Connection, of: Post) -> list[Companion]:
    """The posts that are or relay the same document, as their words say or as a person decided,
    newest first and MOST at most; withdrawn ones are left out."""
    document, post = of.understanding.document, schema.post
    said = document_pairs(conn, of.id)
    joined = [key for key, kind in said.items() if kind is DecisionKind.SAME]
    candidates = _candidates(conn, document) if document else []
    if joined:
        candidates.append(post.c.id.in_(joined))
    if not candidates:
        return []
    columns = (
        post.c.id,
        post.c.title,
        post.c.portal_id,
        post.c.portal_name,
        post.c.published_at,
        post.c.facts,
        post.c.url,
    )
    holding = select(*columns).where(
        or_(*candidates), post.c.id != of.id, post.c.withdrawn_at.is_(None)
    )
    found = []
    for row in conn.execute(
        holding.order_by(post.c.published_at.desc(), post.c.id).limit(_LOOKED_AT)
    ):
        facts = facts_from_json(row.facts)
        decided = said.get(row.id)
        if decided is None and not _is_of_one(
            of, facts.document, row.published_at, row.url, row.title
        ):
            continue
        if decided is DecisionKind.OTHER:
            continue
        portal = PortalName(row.portal_id, row.portal_name)
        relation = facts.document.relation if facts.document else Relation.RELAYS
        found.append(
            Companion(
                row.id,
                row.title,
                portal,
                row.published_at,
                relation,
                row.url,
                facts.urgency,
                decided is not None,
                facts.document is not None and facts.document.number is not None,
            )
        )
    return found[:MOST]


def _is_of_one(
    of: Post, other: Document | None, published_at: datetime, url: str, title: str
) -> bool:
    """Whether its words say so."""
    document = of.understanding.document
    if document is None or other is None:
        return False
    if not _is_near(document, other, of.published_at, published_at):
        return False
    areas = area_of(of.url), area_of(url)
    return is_same_document(document, other, areas, (of.title, title))
