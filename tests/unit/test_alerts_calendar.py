"""When a digest goes out, when a unit is reminded, and what its line may say: by working days, and
never too well."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from service.alerts.digest import last_run
from service.alerts.receipt_rules import Line, judge, reminder_step, working_days
from service.types import Frequency, State

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")


@pytest.mark.parametrize(
    ("frequency", "now", "expected"),
    [
        (
            Frequency.DAILY,
            datetime(2026, 11, 23, 6, 59, tzinfo=ZONE),
            datetime(2026, 11, 20, 7, tzinfo=ZONE),
        ),
        (
            Frequency.DAILY,
            datetime(2026, 11, 23, 7, 0, tzinfo=ZONE),
            datetime(2026, 11, 23, 7, tzinfo=ZONE),
        ),
        (
            Frequency.WEEKLY,
            datetime(2026, 11, 26, 9, 0, tzinfo=ZONE),
            datetime(2026, 11, 23, 7, tzinfo=ZONE),
        ),
    ],
)
def test_a_digest_is_due_on_working_days_at_its_hour(
    frequency: Frequency, now: datetime, expected: datetime
) -> None:
    assert last_run(frequency, now, "07:00", ZONE) == expected


def test_a_weekly_digest_moves_to_the_first_working_day_of_its_week() -> None:
    now = datetime(2026, 11, 26, 9, tzinfo=ZONE)
    off = {date(2026, 11, 23), date(2026, 11, 24)}
    assert last_run(Frequency.WEEKLY, now, "07:00", ZONE, off) == datetime(
        2026, 11, 25, 7, tzinfo=ZONE
    )


def test_no_digest_is_due_when_every_day_within_reach_is_off() -> None:
    now = datetime(2026, 11, 26, 9, tzinfo=ZONE)
    off = {now.date() - timedelta(days=n) for n in range(60)}
    assert last_run(Frequency.DAILY, now, "07:00", ZONE, off) is None


def test_a_line_is_never_better_than_what_is_proved() -> None:
    assert judge([], is_acknowledged=False) is Line.NOT_SUBSCRIBED
    assert judge([State.FAILED, State.DUE], is_acknowledged=False) is Line.OWED
    assert judge([State.FAILED, State.SENT], is_acknowledged=False) is Line.SENT
    assert judge([State.FAILED], is_acknowledged=False) is Line.FAILED
    assert judge([], is_acknowledged=True) is Line.ACKNOWLEDGED


def test_working_days_leave_out_weekends_and_days_off() -> None:
    friday = datetime(2026, 11, 20, 9, tzinfo=ZONE)
    assert working_days(friday, friday + timedelta(days=4), ZONE) == 2
    assert working_days(friday, friday + timedelta(days=4), ZONE, {date(2026, 11, 23)}) == 1


def test_reminders_go_from_contact_to_contact() -> None:
    monday = datetime(2026, 11, 23, 9, tzinfo=ZONE)

    def step(reminded: list[datetime], days: int, contacts: int = 2) -> int | None:
        now = monday + timedelta(days=days)
        return reminder_step(monday, reminded, now, remind_after=2, contacts=contacts, zone=ZONE)

    assert [step([], days) for days in range(4)] == [None, None, 0, 0]
    late = monday + timedelta(days=3)
    assert [step([late], days) for days in (3, 4, 7)] == [None, None, 1]
    assert step([late, late], 30) is None and step([], 30, contacts=0) is None
