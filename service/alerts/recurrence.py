"""The days of what comes again and again, by the rules that `posts.due_recurring` makes (RFC 5545,
section 3.3.10)."""

from __future__ import annotations

from datetime import date, time, timedelta

_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_LOOKED_AT = 366 * 5  # days: 29 February comes within them but around a century's turn


def rule_parts(rule: str) -> dict[str, str]:
    """
    >>> rule_parts("FREQ=WEEKLY;BYDAY=FR")
    {'FREQ': 'WEEKLY', 'BYDAY': 'FR'}
    """
    return dict(part.split("=", 1) for part in rule.split(";"))


def next_day(rule: str, after: date) -> date | None:
    """The first day of a rule that is not before `after`; None where there is none for years."""
    parts = rule_parts(rule)
    days = (after + timedelta(days=step) for step in range(_LOOKED_AT))
    return next((day for day in days if _is_of(parts, day)), None)


def hour_of_rule(rule: str) -> time | None:
    """The hour that a rule says; None where it says none."""
    parts = rule_parts(rule)
    return time(int(parts["BYHOUR"]), int(parts.get("BYMINUTE", 0))) if "BYHOUR" in parts else None


def _is_of(parts: dict[str, str], day: date) -> bool:
    if "BYDAY" in parts and _WEEKDAYS[day.weekday()] not in parts["BYDAY"].split(","):
        return False
    if "BYMONTH" in parts and str(day.month) not in parts["BYMONTH"].split(","):
        return False
    return "BYMONTHDAY" not in parts or day.day == int(parts["BYMONTHDAY"])
