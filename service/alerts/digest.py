"""When a digest is due: on working days at one hour, weekly ones on the first working day of a
week. Pure.

A run that was missed is not made up for by several: the latest one that is past takes everything
that waits.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from service.types import Frequency

_LOOK_BACK_DAYS = 28
"""No series of days off is longer; Tết takes nine or ten."""


def is_working(day: date, days_off: Collection[date] = ()) -> bool:
    return day.weekday() < 5 and day not in days_off


def last_run(
    frequency: Frequency,
    now: datetime,
    digest_at: str,
    zone: ZoneInfo,
    days_off: Collection[date] = (),
) -> datetime | None:
    """The latest instant, not after `now`, at which a digest of this frequency was due; None within
    days off.

    `digest_at` is "HH:MM" in `zone`.
    """
    hour, _, minute = digest_at.partition(":")
    day = now.astimezone(zone).date()
    for back in range(_LOOK_BACK_DAYS):
        candidate = day - timedelta(days=back)
        at = datetime.combine(candidate, time(int(hour), int(minute)), zone)
        if at <= now and _is_run(frequency, candidate, days_off):
            return at
    return None


def _is_run(frequency: Frequency, day: date, days_off: Collection[date]) -> bool:
    if not is_working(day, days_off):
        return False
    if frequency is Frequency.DAILY:
        return True
    monday = day - timedelta(days=day.weekday())
    return not any(is_working(monday + timedelta(days=n), days_off) for n in range(day.weekday()))
