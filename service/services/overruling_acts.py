"""A person decides what a post is; it sticks, and who comes to want the post by it is told."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Connection

from service.alerts.links import Links
from service.errors import InvalidInput
from service.services.audit_acts import audited
from service.services.context import Context
from service.services.publish import SAME_DOCUMENT, payload_of, write_change
from service.storage.post_writes import lock_post, set_urgency
from service.storage.posts import get_post, set_categories
from service.storage.silence import refresh_silenced, silence_of
from service.types import ChangeType, Post, Urgency
from service.words import coded


@audited("act.post_urgency", "post", "post_id")
def decide_urgency(conn: Connection, ctx: Context, post_id: str, urgency: str) -> Post:
    """The post, as urgent as a person says, through edits too. What of it waits goes at once where
    that is one of `urgency.now`, and its receipts are asked for in minutes.

    Raises NotFound, InvalidInput.
    """
    if urgency not in set(Urgency):
        among = coded("allowed.among", names=", ".join(Urgency))
        raise InvalidInput("urgency", coded("bad.value", text=urgency[:100]), among)
    lock_post(conn, post_id)
    set_urgency(conn, post_id, Urgency(urgency))
    return publish_as_decided(conn, ctx.links, ctx.settings.urgency.now, post_id, ctx.clock())


@audited("act.post_categories", "post", "post_id")
def decide_categories(
    conn: Connection, ctx: Context, post_id: str, categories: Sequence[str]
) -> Post:
    """The post under its new categories, the primary one first, whatever rules say later. Raises
    NotFound."""
    get_post(conn, post_id)
    set_categories(conn, post_id, categories, ctx.clock())
    return publish_as_decided(conn, ctx.links, ctx.settings.urgency.now, post_id, ctx.clock())


def publish_as_decided(
    conn: Connection, links: Links, urgent: Collection[str], post_id: str, at: datetime
) -> Post:
    """Tells those who come to want a post by what was decided; returns it as it is now."""
    post = get_post(conn, post_id)
    payload = payload_of(conn, ChangeType.PUBLISHED, at, post, links)
    code = silence_of(conn, post_id)
    # that was told by another post; who wants it only now was not
    silenced = None if code == SAME_DOCUMENT else code
    refresh_silenced(conn, post_id, payload)
    write_change(
        conn,
        post=post,
        type=ChangeType.PUBLISHED,
        at=at,
        payload=payload,
        silenced=silenced,
        urgent=urgent,
    )
    return post
