"""What a person decided of a post stands over what is read of it, until it is lifted."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, select, update

from service.posts.overruled import with_decisions
from service.storage import schema
from service.storage.meta import get_meta, put_meta
from service.storage.post_decisions import decisions_of
from service.storage.post_rows import facts_from_json, facts_to_json
from service.types import Understanding


def kept_overruling(conn: Connection, post_id: str, understanding: Understanding) -> Understanding:
    """The understanding with the categories, the urgency, the tasks and the relations that a person
    gave, where one did, and with what another post made of the meeting."""
    post = schema.post
    row = conn.execute(select(post.c.overruled_at, post.c.facts).where(post.c.id == post_id)).one()
    if not row.facts:
        return understanding
    stored = facts_from_json(row.facts)
    if stored.rescheduled is not None:
        understanding = replace(understanding, rescheduled=stored.rescheduled)
    if row.overruled_at is not None:
        understanding = replace(understanding, categories=stored.categories, why=stored.why)
    if stored.is_urgency_decided:
        understanding = replace(
            understanding, urgency=stored.urgency, urgency_why=stored.urgency_why
        )
    return with_decisions(understanding, decisions_of(conn, post_id))


def corrected_ids(conn: Connection) -> list[str]:
    """The posts whose categories a person decided, the last one first."""
    post = schema.post
    found = select(post.c.id).where(post.c.overruled_at.is_not(None))
    return list(conn.execute(found.order_by(post.c.overruled_at.desc(), post.c.id)).scalars())


def lift_overruling(conn: Connection, post_id: str) -> None:
    """The rules decide the categories and the urgency again, from the next time that the post is
    read."""
    change_facts(conn, post_id, urgency_why=None)
    conn.execute(update(schema.post).where(schema.post.c.id == post_id).values(overruled_at=None))


def change_facts(conn: Connection, post_id: str, **changed: Any) -> None:
    """Some of what is known of a post is otherwise now; the other facts stay."""
    post = schema.post
    stored = conn.execute(select(post.c.facts).where(post.c.id == post_id)).scalar_one()
    facts = replace(facts_from_json(stored), **changed)
    conn.execute(update(post).where(post.c.id == post_id).values(facts=facts_to_json(facts)))


_WITHDRAWN = "withdrawn:"
"""Posts that an operator withdrew: their portals may show them, and do not bring them back."""


def note_withdrawn(conn: Connection, post_id: str) -> None:
    put_meta(conn, _WITHDRAWN + post_id, "1")


def is_withdrawn_by_hand(conn: Connection, post_id: str) -> bool:
    return get_meta(conn, _WITHDRAWN + post_id) is not None
