"""Removing a unit or a subscription is undone within seven days, as if it had been paused; what
was published meanwhile is not made up for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection

from service.errors import Conflict
from service.services.audit_acts import audited
from service.services.context import Actor, Context
from service.services.loss_acts import tell_unit_back
from service.services.optin import ask_consent
from service.services.subscription_acts import own
from service.storage import undo
from service.storage.erasure import ERASED
from service.storage.undo import RemovedSubscription, RemovedUnit
from service.types import Subscription, Unit
from service.words import code_of, coded

UNDO_WITHIN = timedelta(days=7)
_BY_OPERATOR = frozenset({"by.operator", "by.api", "by.command", "by.unit_removed"})
"""What its owner ended is theirs to begin again."""


@dataclass(frozen=True, slots=True)
class UndoList:
    """What can be undone now, the last first."""

    units: list[RemovedUnit]
    subscriptions: list[RemovedSubscription]


def load_removed(conn: Connection, ctx: Context) -> UndoList:
    since = ctx.clock() - UNDO_WITHIN
    units = undo.list_removed_units(conn, since)
    gone = {unit.id for unit in units}
    return UndoList(
        units,
        [
            one
            for one in undo.list_removed_subscriptions(conn, since)
            if _refusal(one) is None and one.unit_id not in gone
        ],
    )


@audited("act.unit_restore", "unit")
def restore_unit(conn: Connection, ctx: Context, id_or_name: str, by: Actor) -> Unit:
    """The unit is there again, with the subscriptions that ended with it.

    Raises NotFound, and Conflict: for one that became part of another, that was removed more than
    UNDO_WITHIN ago, or whose name another unit has now.
    """
    gone = undo.get_removed_unit(conn, id_or_name)
    if gone.merged_into is not None:
        raise Conflict(coded("conflict.restore_merged", name=gone.name))
    if gone.removed_at + UNDO_WITHIN < ctx.clock():
        raise Conflict(coded("conflict.restore_late", name=gone.name, days=UNDO_WITHIN.days))
    ended = undo.removed_with(conn, gone)
    unit = undo.bring_unit_back(conn, gone)
    for key in ended:
        _bring_back(conn, ctx, undo.get_removed_subscription(conn, key), by)
    tell_unit_back(conn, ctx, unit, by)
    return unit


@audited("act.subscription_restore", "subscription", "key")
def restore_subscription(conn: Connection, ctx: Context, key: str, by: Actor) -> Subscription:
    """The subscription is what it was before it was removed, and what waited for it then waits
    again, or is sent.

    Raises NotFound, and Conflict: for one that is there, that its owner ended, whose unit is gone,
    or that was removed more than UNDO_WITHIN ago.
    """
    found = own(conn, key, by)
    gone = undo.get_removed_subscription(conn, key)
    refusal = _refusal(gone)
    if refusal is not None:
        raise Conflict(coded(refusal, name=found.target))
    if gone.removed_at + UNDO_WITHIN < ctx.clock():
        raise Conflict(coded("conflict.restore_late", name=found.target, days=UNDO_WITHIN.days))
    if gone.unit_id is not None and undo.is_unit_gone(conn, gone.unit_id):
        raise Conflict(coded("conflict.restore_unit_first", name=found.target))
    return _bring_back(conn, ctx, gone, by)


def _refusal(gone: RemovedSubscription) -> str | None:
    if gone.target.startswith(ERASED):
        return "conflict.restore_erased"
    if code_of(gone.reason or "by.command") not in _BY_OPERATOR:
        return "conflict.restore_owner"
    return None


def _bring_back(
    conn: Connection, ctx: Context, gone: RemovedSubscription, by: Actor
) -> Subscription:
    back = undo.bring_subscription_back(conn, gone, ctx.clock(), by.reason)
    ask_consent(conn, ctx, back)  # of one that nobody had confirmed
    return back
