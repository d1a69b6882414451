"""Which posts the documents are that another names, and which later posts name a post's document.

The index of words finds a number in any writing; whether it is the same document is decided by
`posts.same`. A document that replaces, extends, cancels … another is taken to be of the same office
where the text does not name another.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta

from sqlalchemy import ColumnElement, Connection, or_, select, text

from service.posts.issuer import is_one_organ, issuer_key
from service.posts.same import is_of_day, is_same_document
from service.storage import schema
from service.storage.facets import Facet, has_facet
from service.storage.post_decisions import posts_related_to
from service.storage.post_rows import facts_from_json
from service.storage.same_document import area_of
from service.storage.search import holding_phrase
from service.types import Document, DocumentLink, Link, Mention, PortalName, Post, Relation

_LOOKED_AT = 50
_SEASON = timedelta(days=60)
_RESOLVED = 10
"""Numbers of one post: a digest of laws names hundreds."""
_MOST = 20
_OWN_ACTS = frozenset(
    {
        Link.REPLACES,
        Link.AMENDS,
        Link.EXTENDS,
        Link.CANCELS,
        Link.POSTPONES,
        Link.MOVES,
        Link.REMINDS,
    }
)


@dataclass(frozen=True, slots=True)
class LaterPost:
    """A post that says what becomes of another one's document."""

    id: str
    title: str
    portal: PortalName
    published_at: datetime
    link: Link


def resolve_links(conn: Connection, post: Post) -> tuple[DocumentLink, ...]:
    """The relations of a post with the ids of the posts that are those documents; of which a person
    said which post it is, that."""
    links = post.understanding.relations
    wanted = [one for one in links if one.link is not Link.MENTIONS and not one.source][:_RESOLVED]
    found = {one: _post_of(conn, post, one) for one in wanted}
    return tuple(replace(one, post_id=found[one]) if found.get(one) else one for one in links)


def _post_of(conn: Connection, post: Post, link: DocumentLink) -> str | None:
    """The oldest post that is the document, else the oldest that relays it; None in doubt."""
    wanted, table = _as_meant(post.understanding.document, link), schema.post
    if wanted.number is None:
        return _unnumbered(conn, post, wanted)
    rows = conn.execute(
        select(table.c.id, table.c.facts, table.c.url, table.c.portal_id)
        .where(
            holding_phrase(conn, wanted.number),
            table.c.id != post.id,
            table.c.withdrawn_at.is_(None),
        )
        .order_by(table.c.published_at.desc(), table.c.id)
        .limit(_LOOKED_AT)
    )
    by_relation: dict[Relation, str] = {}
    for row in rows:
        other = facts_from_json(row.facts).document
        if other is None:
            continue
        areas = area_of(post.url), area_of(row.url)
        near = _on_own_portal(wanted, other) if row.portal_id == post.portal.id else other
        if is_same_document(wanted, near, areas):
            by_relation[other.relation] = row.id
    return by_relation.get(Relation.IS) or by_relation.get(Relation.RELAYS)


def _unnumbered(conn: Connection, post: Post, wanted: Mention) -> str | None:
    """The one post that is a document of this kind, day and office; None where several may be."""
    if wanted.kind is None or wanted.issued_on is None or wanted.issuer is None:
        return None
    table, day = schema.post, datetime.combine(wanted.issued_on, time(), UTC)
    rows = conn.execute(
        select(table.c.id, table.c.facts, table.c.url)
        .where(
            has_facet(Facet.KIND, [wanted.kind]),
            table.c.published_at.between(day - timedelta(days=2), day + _SEASON),
            table.c.id != post.id,
            table.c.withdrawn_at.is_(None),
        )
        .limit(_LOOKED_AT)
    )
    found = [
        row.id
        for row in rows
        if (other := facts_from_json(row.facts).document) is not None
        and other.relation is Relation.IS
        and is_of_day(wanted, other, (area_of(post.url), area_of(row.url)))
    ]
    return found[0] if len(found) == 1 else None


def _as_meant(own: Document | None, link: DocumentLink) -> Mention:
    """The document named, by our own office where none other is named."""
    said = link.of
    if own is None or own.issuer is None or link.link not in _OWN_ACTS:
        return said
    is_vague = said.issuer is None or (
        not is_one_organ(said.issuer) and issuer_key(own.issuer).startswith(issuer_key(said.issuer))
    )
    return replace(said, issuer=own.issuer) if is_vague else said


def _on_own_portal(wanted: Mention, other: Document) -> Document:
    """On one portal, a document of the same number and day without an issuer is the office's
    own."""
    is_own = other.issuer is None and None not in (wanted.issued_on, other.issued_on)
    return replace(other, issuer=wanted.issuer) if is_own else other


def later_posts(conn: Connection, of: Post) -> list[LaterPost]:
    """The posts that replace, amend, remind of … this one's document, newest first."""
    document, table = of.understanding.document, schema.post
    candidates: list[ColumnElement[bool]] = []
    if document is not None and document.number:
        candidates.append(holding_phrase(conn, document.number))
    if said := posts_related_to(conn, of.id):
        candidates.append(table.c.id.in_(said))
    if not candidates:
        return []
    rows = conn.execute(
        select(
            table.c.id,
            table.c.title,
            table.c.portal_id,
            table.c.portal_name,
            table.c.published_at,
            table.c.facts,
            table.c.url,
        )
        .where(
            or_(*candidates),
            table.c.id != of.id,
            table.c.withdrawn_at.is_(None),
        )
        .order_by(table.c.published_at.desc(), table.c.id)
        .limit(_LOOKED_AT)
    )
    found = []
    for row in rows:
        facts = facts_from_json(row.facts)
        for one in facts.relations:
            if one.post_id == of.id or _is_meant(facts.document, one, row.url, of):
                portal = PortalName(row.portal_id, row.portal_name)
                found.append(LaterPost(row.id, row.title, portal, row.published_at, one.link))
    return found[:_MOST]


def _is_meant(own: Document | None, link: DocumentLink, url: str, of: Post) -> bool:
    """Whether a relation whose post was not known then is about this one, which came later."""
    document = of.understanding.document
    if link.post_id is not None or link.link is Link.MENTIONS or document is None:
        return False
    return is_same_document(_as_meant(own, link), document, (area_of(url), area_of(of.url)))


def filters_owed(conn: Connection, post_ids: Collection[str]) -> dict[str, int]:
    """The sets of filters of the subscriptions that were owed one of these posts, and since when
    (microseconds) there is each."""
    found: dict[str, int] = {}
    query = text(
        "SELECT DISTINCT f.id, f.created_at FROM subscription s JOIN filter f ON f.id = s.filter_id"
        " WHERE s.status <> 'removed' AND (EXISTS (SELECT 1 FROM owed o WHERE o.post_id = :post"
        " AND o.subscription_id = s.id) OR EXISTS (SELECT 1 FROM change c JOIN delivery d"
        " ON d.change_id = c.id AND d.subscription_id = s.id WHERE c.post_id = :post))"
    )
    for post_id in post_ids:
        found |= {row[0]: row[1] for row in conn.execute(query, {"post": post_id})}
    return found


def filters_alerted(
    conn: Connection, filter_ids: Iterable[str], post_ids: Collection[str]
) -> frozenset[str]:
    """Those of the sets of filters whose every subscription was alerted of one of these posts."""
    ids = list(filter_ids)
    if not ids or not post_ids:
        return frozenset()
    marks = {f"p{number}": post_id for number, post_id in enumerate(post_ids)}
    query = text(
        "SELECT s.filter_id, min(CASE WHEN EXISTS (SELECT 1 FROM change c JOIN delivery d"
        " ON d.change_id = c.id AND d.subscription_id = s.id WHERE c.type = 'post.published'"
        f" AND c.post_id IN ({', '.join(f':{mark}' for mark in marks)}) AND d.state <> 'skipped')"
        " THEN 1 ELSE 0 END) AS told FROM subscription s"
        " WHERE s.status NOT IN ('pending', 'removed') GROUP BY s.filter_id"
    )
    told = {row[0] for row in conn.execute(query, marks) if row[1] == 1}
    return frozenset(told.intersection(ids))
