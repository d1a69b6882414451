"""What is counted for metrics and for the operator's first page: a few grouped queries, each over
one table."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, Connection, func, select, text

from service.channels import ASKED
from service.storage import schema


@dataclass(frozen=True, slots=True)
class Counts:
    """How many of each. Keys of messages and subscriptions are (channel, state or status)."""

    posts: int
    messages: dict[tuple[str, str], int]
    subscriptions: dict[tuple[str, str], int]
    endpoints: dict[str, int]
    units: int
    oldest_due_at: datetime | None
    """Of what is to be sent, not asked for; None: nothing is due."""


def count_all(conn: Connection) -> Counts:
    message, subscription, endpoint, unit = (
        schema.message,
        schema.subscription,
        schema.endpoint,
        schema.unit,
    )
    endpoints = select(endpoint.c.status, func.count()).group_by(endpoint.c.status)
    return Counts(
        posts=conn.execute(select(func.count()).select_from(schema.post)).scalar_one(),
        messages=_by_two(conn, message.c.channel, message.c.state),
        subscriptions=_by_two(conn, subscription.c.channel, subscription.c.status),
        endpoints={row[0]: row[1] for row in conn.execute(endpoints)},
        units=conn.execute(
            select(func.count()).select_from(unit).where(unit.c.removed_at.is_(None))
        ).scalar_one(),
        oldest_due_at=conn.execute(
            select(func.min(message.c.due_at)).where(
                message.c.state == "due", text(f"channel NOT IN ({ASKED})")
            )
        ).scalar(),
    )


def count_held(conn: Connection) -> dict[str, int]:
    """By portal, how many changes a flood holds back until an operator lets them go."""
    change, post = schema.change, schema.post
    joined = change.join(post, post.c.id == change.c.post_id)
    query = select(post.c.portal_id, func.count()).select_from(joined)
    query = query.where(change.c.silenced == "flood", post.c.withdrawn_at.is_(None))
    return {row[0]: row[1] for row in conn.execute(query.group_by(post.c.portal_id))}


def count_listed_held(conn: Connection) -> dict[tuple[str, str], int]:
    """As `count_held`, by (portal id, address of the listing): a change counts in each listing that
    shows its post."""
    change, post, shown = schema.change, schema.post, schema.post_listing
    joined = change.join(post, post.c.id == change.c.post_id).join(
        shown, shown.c.post_id == post.c.id
    )
    keys = (post.c.portal_id, shown.c.listing_url)
    query = select(*keys, func.count()).select_from(joined)
    query = query.where(change.c.silenced == "flood", post.c.withdrawn_at.is_(None))
    return {(row[0], row[1]): row[2] for row in conn.execute(query.group_by(*keys))}


def _by_two(
    conn: Connection, first: Column[str], second: Column[str]
) -> dict[tuple[str, str], int]:
    rows = conn.execute(select(first, second, func.count()).group_by(first, second))
    return {(row[0], row[1]): row[2] for row in rows}


def count_waiting(conn: Connection, subscription_id: str) -> int:
    """Of one subscription, how many deliveries wait to be sent."""
    delivery = schema.delivery
    waiting = delivery.c.state.in_(("due", "held", "suspended"))
    query = select(func.count()).where(delivery.c.subscription_id == subscription_id, waiting)
    return int(conn.execute(query).scalar_one())


def count_sent(conn: Connection, post_id: str) -> int:
    """How many deliveries of a post were sent."""
    change, delivery = schema.change, schema.delivery
    joined = delivery.join(change, change.c.id == delivery.c.change_id)
    query = select(func.count()).select_from(joined)
    query = query.where(change.c.post_id == post_id, delivery.c.state == "sent")
    return int(conn.execute(query).scalar_one())


def count_failed(conn: Connection) -> list[tuple[str, int]]:
    """By target, how many messages failed for good; most first."""
    delivery, subscription = schema.delivery, schema.subscription
    joined = delivery.join(subscription, subscription.c.id == delivery.c.subscription_id)
    n = func.count(delivery.c.message_id.distinct())
    query = select(subscription.c.target, n).select_from(joined)
    query = query.where(delivery.c.state == "failed").group_by(subscription.c.target)
    return [
        (row[0], row[1]) for row in conn.execute(query.order_by(n.desc(), subscription.c.target))
    ]
