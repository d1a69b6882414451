"""Which changes go before all else, and when a unit is asked again for the receipt of one. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from service.types import Understanding


def urgent_by(facts: Understanding, now: Collection[str], before: str | None) -> str | None:
    """The urgency by which a change goes before all else, one of `now`; None where it waits its
    turn.

    `before`: that of an earlier revision. Its correction, extension or withdrawal is as urgent,
    unless a person has decided how urgent the post is.
    """
    if facts.urgency in now:
        return facts.urgency.value
    return before if before in now and not facts.is_urgency_decided else None


def urgent_step(
    owed_at: datetime,
    asked: Sequence[datetime],
    now: datetime,
    *,
    after_min: Sequence[int],
    contacts: int,
) -> int | None:
    """Who is to be asked now: a contact's index, `contacts` for the operator; None: nobody yet, or
    nobody any more.

    `asked`: when each was, so far. The first contact is asked at each of `after_min` minutes, day
    and night; then each next one and the operator, as long after each other as the last two of
    those. What is late, for nothing ran, is caught up with half of the time in between at least.
    A unit without a contact is the operator's at once.
    """
    offsets = [*after_min] if contacts else [*after_min[:1]]
    gap = offsets[-1] - (offsets[-2] if len(offsets) > 1 else 0) if offsets else 0
    whom = [0] * len(offsets)
    for contact in range(1, contacts + 1) if contacts and offsets else ():
        offsets.append(offsets[-1] + gap)
        whom.append(contact)
    step = len(asked)
    if step >= len(offsets):
        return None
    due_at = owed_at + timedelta(minutes=offsets[step])
    if asked:
        between = timedelta(minutes=offsets[step] - offsets[step - 1])
        due_at = max(due_at, asked[-1] + between / 2)
    return whom[step] if now >= due_at else None
