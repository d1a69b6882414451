"""Until when a text asks for something, each day once: what the tests of dates look at."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from service.posts.due import find_due_and_periods
from service.posts.due_words import Due


def find_due(
    text: str, near: date | None, issued_on: date | None = None, days_off: Collection[date] = ()
) -> tuple[Due, ...]:
    """Without the last days of periods."""
    found = find_due_and_periods(text, near, issued_on, days_off)
    once = {(due.on, due.at, due.every): due for due in reversed(found) if not due.is_range}
    return tuple(reversed(once.values()))
