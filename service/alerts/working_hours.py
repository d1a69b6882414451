"""The hours in which an office is at work: when reminders reach whoever can act on them. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from service.alerts.digest import is_working

LASTS = timedelta(hours=10)
"""07:30 to 17:30: an office's day with its noon."""


@dataclass(frozen=True, slots=True)
class WorkingHours:
    """`begins` is "HH:MM" in `zone`; no weekends, no days off."""

    begins: str
    zone: ZoneInfo
    days_off: Collection[date] = ()

    def hold(self, at: datetime) -> bool:
        """Whether an office is at work then."""
        begin = self._begin(at.astimezone(self.zone).date())
        return begin is not None and begin <= at < begin + LASTS

    def next(self, at: datetime) -> datetime:
        """The same instant where an office is at work, else the next at which one begins to be;
        itself within a month of days off."""
        if self.hold(at):
            return at
        day = at.astimezone(self.zone).date()
        begins = (self._begin(day + timedelta(days=n)) for n in range(31))
        return next((begin for begin in begins if begin is not None and begin >= at), at)

    def last(self, at: datetime) -> datetime:
        """When offices began to be at work the last time by then; itself where they had been off
        for a month."""
        day = at.astimezone(self.zone).date()
        begins = (self._begin(day - timedelta(days=n)) for n in range(31))
        return next((begin for begin in begins if begin is not None and begin <= at), at)

    def _begin(self, day: date) -> datetime | None:
        hour, _, minute = self.begins.partition(":")
        if not is_working(day, self.days_off):
            return None
        return datetime.combine(day, time(int(hour), int(minute)), self.zone)
