"""One unit becomes part of another, which hears, is asked and answers in its place from now on; who
is a contact of either is told; the operator, who did it, where something is left to do."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection

from service.errors import InvalidInput
from service.services.audit_acts import audited
from service.services.context import Context
from service.services.operator import tell_operator
from service.services.unit_letters import letters_to, queue_letters
from service.storage.losses import active_targets
from service.storage.receipts import count_open
from service.storage.reminder_alarm import ring_by
from service.storage.unit_merging import UnitMerge, merge_unit
from service.storage.units import get_unit
from service.words import coded

OPEN_WITHIN = timedelta(days=60)
"""As long as units are reminded."""


@audited("act.unit_merge", "unit", "unit")
def merge(conn: Connection, ctx: Context, unit: str, into: str) -> UnitMerge:
    """`unit` ends, and what it has follows `into`: subscriptions, contacts, tokens, what is open
    and what was acknowledged. Both: id or name.

    Raises NotFound, and InvalidInput for a unit into itself: field `into`.
    """
    ending, successor = get_unit(conn, unit), get_unit(conn, into)
    if ending.id == successor.id:
        raise InvalidInput("into", coded("bad.itself", name=ending.name), "allowed.another_unit")
    merged = merge_unit(conn, ending, successor, ctx.clock())
    _tell(conn, ctx, merged)
    ring_by(conn, ctx.clock())  # what was open is asked of other people now
    return merged


def _tell(conn: Connection, ctx: Context, merged: UnitMerge) -> None:
    now, unit, into = ctx.clock(), merged.unit, merged.into
    facts = {"unit": unit.name, "into": into.name}
    subject, key = coded("merge.subject", **facts), f"merged:{unit.id}"
    said = [coded("merge.said", **facts, since_at=now.isoformat()), *_state(conn, ctx, merged)]
    if not into.contacts or not active_targets(conn, into.id):  # else there is nothing to do
        tell_operator(conn, ctx.settings, key, subject, said, now)
    people = into.contacts  # those of both
    queue_letters(conn, ctx, letters_to(people, key, subject, said))


def _state(conn: Connection, ctx: Context, merged: UnitMerge) -> list[str]:
    """By what the successor hears, whom it names, and what it owes."""
    into = merged.into
    channels = active_targets(conn, into.id)
    said = [
        _several("merge.channels", "merge.no_channels", into.name, channels),
        _several("merge.contacts", "merge.no_contacts", into.name, into.contacts),
    ]
    if merged.joined:
        targets = ", ".join(one.target for one in merged.joined)
        said.append(coded("merge.joined", targets=targets))
    since = ctx.clock() - OPEN_WITHIN
    n = count_open(conn, into.id, ctx.settings.receipts.categories, since)
    return [*said, coded("merge.open", into=into.name, n=n)] if n else said


def _several(some: str, none: str, into: str, targets: list[str] | tuple[str, ...]) -> str:
    return coded(some, into=into, targets=", ".join(targets)) if targets else coded(none, into=into)
