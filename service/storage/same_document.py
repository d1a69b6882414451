"""The other posts of one document: what another portal, or the same one again, says of the same
directive.

The index of words finds the number in any writing, so that no column of its own is needed; whether
two posts with that number are of one document is decided by `posts.document`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from service.posts.document import is_same_document
from service.storage import schema
from service.storage.post_rows import facts_from_json
from service.storage.search import holding_phrase
from service.types import PortalName, Post, Relation

_LOOKED_AT = 200  # of the newest that hold the number: every office counts from one again each year
MOST = 20


@dataclass(frozen=True, slots=True)
class Companion:
    """A post of the same document, as another post's page names it."""

    id: str
    title: str
    portal: PortalName
    published_at: datetime
    relation: Relation


def companions(conn: Connection, of: Post) -> list[Companion]:
    """The posts that are or relay the same document, newest first and MOST at most; withdrawn ones
    are left out."""
    document, post = of.understanding.document, schema.post
    number = document.number if document else None
    if document is None or not number:
        return []
    columns = (
        post.c.id,
        post.c.title,
        post.c.portal_id,
        post.c.portal_name,
        post.c.published_at,
        post.c.facts,
    )
    holding = select(*columns).where(
        holding_phrase(conn, number), post.c.id != of.id, post.c.withdrawn_at.is_(None)
    )
    found = []
    for row in conn.execute(
        holding.order_by(post.c.published_at.desc(), post.c.id).limit(_LOOKED_AT)
    ):
        other = facts_from_json(row.facts).document
        if other is not None and is_same_document(document, other):
            portal = PortalName(row.portal_id, row.portal_name)
            found.append(Companion(row.id, row.title, portal, row.published_at, other.relation))
    return found[:MOST]
