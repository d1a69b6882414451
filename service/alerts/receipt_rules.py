"""Who has received a directive: the state of each unit's line, working days, and when a reminder is
due. Pure.

A state is never better than what is proved: accepted by an endpoint or a relay is `sent`, never
delivered.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from service.alerts.deadlines import is_due_soon
from service.alerts.working_hours import WorkingHours
from service.types import State


class Line(StrEnum):
    NOT_SUBSCRIBED = "not_subscribed"
    OWED = "owed"
    SENT = "sent"
    FAILED = "failed"
    ACKNOWLEDGED = "acknowledged"


def line_of_unit(states: Sequence[State], *, is_acknowledged: bool) -> Line:
    """The state of a unit from those of its deliveries of one revision: the best that any channel
    reached."""
    if is_acknowledged:
        return Line.ACKNOWLEDGED
    if State.SENT in states:
        return Line.SENT
    if any(state in (State.DUE, State.LEASED, State.HELD, State.SUSPENDED) for state in states):
        return Line.OWED
    return Line.FAILED if State.FAILED in states else Line.NOT_SUBSCRIBED


def working_days(
    since: datetime, now: datetime, zone: ZoneInfo, days_off: Collection[date] = ()
) -> int:
    """Whole working days that passed after the day of `since`: no weekends, no days off."""
    day, last = since.astimezone(zone).date(), now.astimezone(zone).date()
    count = 0
    while day < last:
        day += timedelta(days=1)
        count += day.weekday() < 5 and day not in days_off
    return count


def reminder_step(
    owed_at: datetime,
    reminded: Sequence[datetime],
    now: datetime,
    *,
    remind_after: int,
    contacts: int,
    hours: WorkingHours,
    due_at: Collection[datetime] = (),
    remind_before: timedelta = timedelta(0),
) -> int | None:
    """The number of the reminder that is due now, 0 the first; None when it is too early, or all
    contacts were reminded.

    `reminded`: when each was, so far. From one to the next pass `remind_after` working days,
    however late the one before was: nobody is passed over; and it is due while offices are at work.
    `due_at`: the post's deadlines; `remind_before` them one more is due, also when all contacts
    were reminded, and where there are none; at night only where morning would be late.
    """
    if is_due_soon(owed_at, reminded, now, due_at, remind_before, hours):
        return len(reminded)
    if len(reminded) >= contacts or not hours.hold(now):
        return None
    last = reminded[-1] if reminded else owed_at
    days = working_days(last, now, hours.zone, hours.days_off)
    return len(reminded) if days >= remind_after else None


def are_reminders_exhausted(
    owed_at: datetime,
    reminded: Sequence[datetime],
    at: datetime,
    *,
    remind_after: int,
    contacts: int,
    zone: ZoneInfo,
    days_off: Collection[date] = (),
) -> bool:
    """Whether by then all contacts were reminded, or there was none, and the last has had as long
    to answer as any: from now on only the operator can do something. What is asked after that,
    before a deadline, does not make it news again."""
    done = [one for one in reminded if one <= at]
    if len(done) < contacts:
        return False
    last = done[contacts - 1] if contacts else owed_at
    return working_days(last, at, zone, days_off) >= remind_after
