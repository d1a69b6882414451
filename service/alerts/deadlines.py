"""Until when a post asks for something, as instants, and when to remind a unit of it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from math import ceil
from zoneinfo import ZoneInfo

from service.alerts.recurrence import hour_of_rule, next_day
from service.alerts.working_hours import WorkingHours
from service.posts.doers import COMMUNES
from service.posts.due import hour_in
from service.types import OVERRULED, Deadline
from service.words import coded, say

_DAY_ENDS = time(23, 59)
_SOON = timedelta(hours=1)
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class DueInstant:
    """`at`: the hour that the words name, else the end of the day in the zone."""

    at: datetime
    words: str
    owner: str | None = None
    task: str = ""


def due_instants(
    deadlines: Iterable[Deadline], zone: ZoneInfo, now: datetime | None = None
) -> tuple[DueInstant, ...]:
    """The earliest first; of what comes again the next time from `now` on."""
    found: dict[tuple[datetime, str, str | None], DueInstant] = {}
    for one in deadlines:
        at = _instant(one, zone, now)
        if at is not None:
            due = DueInstant(at, _quoted(one), one.owner, one.task)
            found.setdefault((at, one.text or one.task, one.owner), due)
    return tuple(sorted(found.values(), key=lambda due: due.at))


def _quoted(one: Deadline) -> str:
    """Its words; of what was read from a scan, that they were."""
    return f"{one.text} ({say('scan.note', 'vi')})" if one.is_scanned else one.text


def own_first(dues: Iterable[DueInstant], place_id: str | None) -> tuple[DueInstant, ...]:
    """What a unit itself owes before what others owe: its place's, and what every commune owes."""
    own = {place_id, COMMUNES} if place_id is not None else {COMMUNES}
    return tuple(sorted(dues, key=lambda due: due.owner is not None and due.owner not in own))


def _instant(one: Deadline, zone: ZoneInfo, now: datetime | None) -> datetime | None:
    if one.recurs is not None:
        if now is None:
            return None
        hour, today = hour_of_rule(one.recurs) or _DAY_ENDS, now.astimezone(zone).date()
        days = (next_day(one.recurs, today + timedelta(days=step)) for step in (0, 1))
        instants = (datetime.combine(day, hour, tzinfo=zone) for day in days if day is not None)
        return next((at for at in instants if at > now), None)
    if one.at is not None:
        return one.at
    if one.on is None:
        return None
    said = None if one.source == OVERRULED else hour_in(one.text)
    return datetime.combine(one.on, said or _DAY_ENDS, tzinfo=zone)


def next_due_reminder(
    owed_at: datetime,
    reminded: Sequence[datetime],
    now: datetime,
    due_at: Iterable[datetime],
    before: timedelta,
    hours: WorkingHours,
) -> datetime | None:
    """When a reminder is due before one of these deadlines that are ahead; it may be past. None:
    before none of them, or none was given.

    That is `before` the deadline; half of the time that there is, where it was owed later. Where
    offices are not at work then, when they begin, if half of the time is left by then, else when
    they last did. What is past is no reason: nobody is reminded first after a deadline.
    """
    found = [
        at
        for due in due_at
        if due > max(owed_at, now)
        for at in [_remind_at(owed_at, due, before, hours)]
        if not any(one >= at for one in reminded)
    ]
    return min(found, default=None)


def is_due_soon(
    owed_at: datetime,
    reminded: Sequence[datetime],
    now: datetime,
    due_at: Iterable[datetime],
    before: timedelta,
    hours: WorkingHours,
) -> bool:
    """Whether a reminder is due before one of these deadlines, and none was sent since it is."""
    at = next_due_reminder(owed_at, reminded, now, due_at, before, hours)
    return at is not None and at <= now


def _remind_at(
    owed_at: datetime, due: datetime, before: timedelta, hours: WorkingHours
) -> datetime:
    at = due - before
    at = at if at >= owed_at + _SOON else owed_at + (due - owed_at) / 2
    begins = hours.next(at)
    if due - begins >= (due - at) / 2:
        return begins
    sooner = max(hours.last(at), owed_at + _SOON)
    return sooner if hours.hold(sooner) else at


def say_due(dues: Sequence[DueInstant], now: datetime) -> list[str]:
    """What is due, when, and in how many hours, or since when it is overdue: coded, the next
    first."""
    ahead = [
        coded(
            "letter.due_in",
            due_at=due.at.isoformat(),
            hours=ceil((due.at - now) / timedelta(hours=1)),
            words=_said(due),
        )
        for due in dues
        if due.at > now
    ]
    over = [_overdue(due, now) for due in reversed(dues) if due.at <= now]
    return [*ahead, *over][:_SHOWN]


def _overdue(due: DueInstant, now: datetime) -> str:
    days, facts = (now - due.at).days, {"due_at": due.at.isoformat(), "words": _said(due)}
    return (
        coded("letter.overdue_days", n=days, **facts) if days else coded("letter.overdue", **facts)
    )


def _said(due: DueInstant) -> str:
    """The task with the words of its day, as the document has them."""
    return f"{due.task} {due.words}".strip()
