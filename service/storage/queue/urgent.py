"""What is urgent of a post: its changes, and what of it still waits, which then waits no longer."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, text

from service.channels import CHANNELS, ChannelKind
from service.storage.engine import uuid7
from service.storage.queue.capacity import hold_host_groups, refresh
from service.storage.schema import to_micros
from service.types import ChangeType, Post


def urgency_before(conn: Connection, post: Post, type_: ChangeType) -> str | None:
    """By which urgency the post went before all else before this change; None where it did not."""
    earlier = "<" if type_ is ChangeType.PUBLISHED else "<="
    return conn.execute(
        text(
            f"SELECT urgent FROM change WHERE post_id = :post AND revision {earlier} :revision"
            " AND urgent IS NOT NULL ORDER BY revision DESC LIMIT 1"
        ),
        {"post": post.id, "revision": post.revision},
    ).scalar_one_or_none()


def mark_urgent(conn: Connection, post: Post, urgency: str | None) -> None:
    """The changes of a post's latest revision, and those that nobody was told of, are that urgent
    now."""
    conn.execute(
        text(
            "UPDATE change SET urgent = :urgency WHERE post_id = :post"
            " AND (revision = :revision OR silenced IS NOT NULL)"
            " AND COALESCE(urgent, '') <> COALESCE(CAST(:urgency AS TEXT), '')"
        ),
        {"urgency": urgency, "post": post.id, "revision": post.revision},
    )


def hasten(conn: Connection, post_id: str, change_id: str, now: datetime) -> None:
    """Everything of a post that waits, for its turn or for a digest, is urgent from now on.

    What waits for a digest joins the message by which its person hears the change, or is one of its
    own.
    """
    for kind in CHANNELS.values():
        if kind.digest_endpoint:
            _undigest(conn, kind, post_id, change_id, now)
    values = {"post": post_id}
    query = text(f"SELECT DISTINCT m.endpoint_key FROM message m WHERE {_UNSENT}")
    endpoints = list(conn.execute(query, values).scalars())
    if endpoints:
        hold_host_groups(conn, endpoints)  # whoever records a result takes them before messages too
        conn.execute(text(f"UPDATE message AS m SET is_urgent = 1 WHERE {_UNSENT}"), values)
        refresh(conn, endpoints)


_UNSENT = """m.is_urgent = 0 AND m.state <> 'sent' AND m.id IN (SELECT d.message_id FROM change c
    JOIN delivery d ON d.change_id = c.id WHERE c.post_id = :post)"""
_WAITS = """FROM change c JOIN delivery d ON d.change_id = c.id
    JOIN subscription s ON s.id = d.subscription_id WHERE c.post_id = :post AND s.channel = :channel
    AND s.status = 'active' AND d.state = 'due' AND d.message_id IS NULL"""


def _undigest(
    conn: Connection, kind: ChannelKind, post_id: str, change_id: str, now: datetime
) -> None:
    group = f"{kind.prefix}:{change_id}:"
    values = {"post": post_id, "channel": kind.name}
    people = conn.execute(
        text(f"SELECT DISTINCT s.target_key, s.endpoint_key {_WAITS}"), values
    ).all()
    if not people:
        return
    conn.execute(
        text(
            "INSERT INTO message(id, change_id, channel, endpoint_key, group_key, state, due_at,"
            " created_at) VALUES (:id, :change, :channel, :endpoint, :group, 'due', :at, :at)"
            " ON CONFLICT (group_key) DO NOTHING"
        ),
        [
            {
                "id": uuid7(),
                "change": change_id,
                "channel": kind.name,
                "endpoint": person.endpoint_key,
                "group": group + person.target_key,
                "at": to_micros(now),
            }
            for person in people
        ],
    )
    conn.execute(
        text(
            "UPDATE delivery SET message_id = (SELECT m.id FROM message m JOIN subscription o"
            " ON m.group_key = CAST(:group AS TEXT) || o.target_key"
            " WHERE o.id = delivery.subscription_id AND m.state IN ('due', 'leased'))"
            f" WHERE id IN (SELECT d.id {_WAITS}) AND message_id IS NULL"
        ),
        {**values, "group": group},
    )
