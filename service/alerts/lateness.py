"""From when on a unit is late with acknowledging. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from service.alerts.deadlines import DueInstant
from service.posts.doers import COMMUNES


def late_at(
    owed_at: datetime,
    dues: Iterable[DueInstant],
    place_id: str | None,
    *,
    after_days: int,
    after: timedelta | None,
    zone: ZoneInfo,
    days_off: Collection[date] = (),
) -> datetime:
    """The first of: a deadline of the unit itself that was ahead when it was told; `after_days`
    whole working days without an answer; of what is urgent, `after`.

    `dues`: the post's deadlines; one that another office alone has to keep makes nobody else late.
    """
    own = {None, COMMUNES, place_id}
    found = [due.at for due in dues if due.at > owed_at and due.owner in own]
    found.append(_working_days_later(owed_at, after_days, zone, days_off))
    if after is not None:
        found.append(owed_at + after)
    return min(found)


def _working_days_later(
    since: datetime, days: int, zone: ZoneInfo, days_off: Collection[date]
) -> datetime:
    """The start of the day by which so many working days have begun after that of `since`."""
    day = since.astimezone(zone).date()
    while days > 0:
        day += timedelta(days=1)
        days -= day.weekday() < 5 and day not in days_off
    return datetime.combine(day, time(0), tzinfo=zone)
