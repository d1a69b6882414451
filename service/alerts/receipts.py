"""Who has received a directive: the state of each unit's line, working days, and when a reminder is due. Pure.

A state is never better than what is proved: accepted by an endpoint or a relay is `sent`, never delivered.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from service.types import State


class Line(StrEnum):
    NOT_SUBSCRIBED = "not_subscribed"
    OWED = "owed"
    SENT = "sent"
    FAILED = "failed"
    ACKNOWLEDGED = "acknowledged"


def judge(states: Sequence[State], *, is_acknowledged: bool) -> Line:
    """The state of a unit from those of its deliveries of one revision: the best that any channel reached."""
    if is_acknowledged:
        return Line.ACKNOWLEDGED
    if State.SENT in states:
        return Line.SENT
    if any(state in (State.DUE, State.LEASED, State.HELD, State.SUSPENDED) for state in states):
        return Line.OWED
    return Line.FAILED if State.FAILED in states else Line.NOT_SUBSCRIBED


def working_days(since: datetime, now: datetime, zone: ZoneInfo, days_off: Collection[date] = ()) -> int:
    """Whole working days that passed after the day of `since`: no weekends, no days off."""
    day, last = since.astimezone(zone).date(), now.astimezone(zone).date()
    count = 0
    while day < last:
        day += timedelta(days=1)
        count += day.weekday() < 5 and day not in days_off
    return count


def reminder_step(days: int, remind_after: int, contacts: int) -> int | None:
    """Which contact is to be reminded now, 0 the first; None before the first reminder or without contacts.

    Each further `remind_after` working days it is the next one's turn; the last one is not asked twice.
    """
    if days < remind_after or contacts == 0:
        return None
    return min(days // remind_after, contacts) - 1
