"""U1, U4, U5: from when on a unit is late: its own deadline, working days, minutes of what is
urgent."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from service.alerts.deadlines import DueInstant
from service.alerts.lateness import late_at

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
FRIDAY = datetime(2026, 11, 20, 9, 30, tzinfo=ZONE)
SOON = datetime(2026, 11, 20, 17, tzinfo=ZONE)
TUESDAY = datetime(2026, 11, 24, tzinfo=ZONE)


@pytest.mark.parametrize(
    ("dues", "place", "after", "days_off", "expected"),
    [
        ((), None, None, (), TUESDAY),
        ((), None, None, (date(2026, 11, 23),), TUESDAY + timedelta(days=1)),
        (((SOON, None),), "a-1", None, (), SOON),
        (((SOON, "communes"),), None, None, (), SOON),
        (((SOON, "a-1"),), "a-1", None, (), SOON),
        (((SOON, "b-2"),), "a-1", None, (), TUESDAY),
        (((FRIDAY - timedelta(days=1), None),), "a-1", None, (), TUESDAY),
        (((SOON, None),), "a-1", timedelta(minutes=15), (), FRIDAY + timedelta(minutes=15)),
    ],
    ids=[
        "working days", "a day off", "a deadline", "of every commune", "its own", "another's",
        "past when it was told", "urgent",
    ],
)  # fmt: skip
def test_U5_a_unit_is_late_at_the_first_of_what_it_owes_itself(
    dues: tuple[tuple[datetime, str | None], ...],
    place: str | None,
    after: timedelta | None,
    days_off: tuple[date, ...],
    expected: datetime,
) -> None:
    found = [DueInstant(at, "x", owner) for at, owner in dues]
    assert (
        late_at(FRIDAY, found, place, after_days=2, after=after, zone=ZONE, days_off=days_off)
        == expected
    )
