"""Until when a post asks for something, as instants, and when to remind a unit of it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from math import ceil
from zoneinfo import ZoneInfo

from service.posts.due import hour_said
from service.types import Deadline
from service.words import coded

_DAY_ENDS = time(23, 59)
_SOON = timedelta(hours=1)
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class DueInstant:
    """`at`: the hour that the words name, else the end of the day in the zone."""

    at: datetime
    words: str


def due_instants(deadlines: Iterable[Deadline], zone: ZoneInfo) -> tuple[DueInstant, ...]:
    """The earliest first."""
    found = [
        DueInstant(
            datetime.combine(one.on, hour_said(one.text) or _DAY_ENDS, tzinfo=zone), one.text
        )
        for one in deadlines
    ]
    return tuple(sorted(found, key=lambda due: due.at))


def is_due_soon(
    owed_at: datetime,
    reminded: Sequence[datetime],
    now: datetime,
    due_at: Iterable[datetime],
    before: timedelta,
) -> bool:
    """Whether one of these deadlines is ahead, so near that a reminder is due, and none was sent
    since it is.

    That is `before` the deadline; half of the time that there is, where it was owed later. What is
    past is no reason: nobody is reminded first after a deadline.
    """
    return any(
        (since := _remind_at(owed_at, due, before)) <= now < due
        and not any(at >= since for at in reminded)
        for due in due_at
        if due > owed_at
    )


def _remind_at(owed_at: datetime, due: datetime, before: timedelta) -> datetime:
    at = due - before
    return at if at >= owed_at + _SOON else owed_at + (due - owed_at) / 2


def say_due(dues: Sequence[DueInstant], now: datetime) -> list[str]:
    """What is due, when, and in how many hours, or since when it is overdue: coded, the next
    first."""
    ahead = [
        coded(
            "letter.due_in",
            due_at=due.at.isoformat(),
            hours=ceil((due.at - now) / timedelta(hours=1)),
            words=due.words,
        )
        for due in dues
        if due.at > now
    ]
    over = [
        coded("letter.overdue", due_at=due.at.isoformat(), words=due.words)
        for due in reversed(dues)
        if due.at <= now
    ]
    return [*ahead, *over][:_SHOWN]
