"""What may be done to what is owed: send it again, stop all sending, go on."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from service.services.audit_acts import audited
from service.services.context import Actor, Context
from service.storage import deliveries
from service.storage.subscriptions import get_subscription


@audited("act.delivery_replay", "delivery", "key")
def replay(
    conn: Connection,
    ctx: Context,
    key: str,
    by: Actor,
    *,
    subscription_id: str | None = None,
    since: datetime | None = None,
    is_failed_only: bool = False,
) -> int:
    """Sends one delivery again, by its own id or its message's: how many messages are due now.

    The rest narrows it: only where it is of that subscription, was made since, or failed. Raises
    NotFound, also for what is another unit's, and Conflict where its subscription is not active.
    """
    shown = deliveries.show_delivery(conn, key)
    by.check_owns(get_subscription(conn, shown.delivery.subscription_id).unit_id, "delivery", key)
    return deliveries.make_due_again(
        conn,
        at=ctx.clock(),
        delivery_id=key,
        subscription_id=subscription_id,
        since=since,
        is_failed_only=is_failed_only,
    )


@audited("act.deliveries_replay", "service")
def replay_all(
    conn: Connection, ctx: Context, *, since: datetime | None, is_failed_only: bool
) -> int:
    """Sends again, of all subscriptions, what was made since a time, or only what failed of it.

    Raises InvalidInput where neither is named.
    """
    return deliveries.make_due_again(
        conn, at=ctx.clock(), since=since, is_failed_only=is_failed_only
    )


@audited("act.deliveries_pause", "service")
def pause_all(conn: Connection, ctx: Context) -> None:
    """The stop switch: nothing is sent until `resume_all`. What is on its way arrives."""
    deliveries.switch_sending_off(conn, ctx.clock())


@audited("act.deliveries_resume", "service")
def resume_all(conn: Connection, ctx: Context) -> None:  # noqa: ARG001  # its row says when
    """Sends again what waited."""
    deliveries.switch_sending_on(conn)
