"""When a digest goes out, when a unit is reminded, and what its line may say: by working days, and
never too well."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from service.alerts.deadlines import next_due_reminder
from service.alerts.digest import last_run
from service.alerts.receipt_rules import Line, line_of_unit, reminder_step, working_days
from service.alerts.working_hours import WorkingHours
from service.types import Frequency, State

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
HOURS = WorkingHours("07:30", ZONE)


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
    assert line_of_unit([], is_acknowledged=False) is Line.NOT_SUBSCRIBED
    assert line_of_unit([State.FAILED, State.DUE], is_acknowledged=False) is Line.OWED
    assert line_of_unit([State.FAILED, State.SENT], is_acknowledged=False) is Line.SENT
    assert line_of_unit([State.FAILED], is_acknowledged=False) is Line.FAILED
    assert line_of_unit([], is_acknowledged=True) is Line.ACKNOWLEDGED


def test_working_days_leave_out_weekends_and_days_off() -> None:
    friday = datetime(2026, 11, 20, 9, tzinfo=ZONE)
    assert working_days(friday, friday + timedelta(days=4), ZONE) == 2
    assert working_days(friday, friday + timedelta(days=4), ZONE, {date(2026, 11, 23)}) == 1


def test_U4_a_reminder_by_working_days_goes_out_while_offices_are_at_work() -> None:
    friday = datetime(2026, 11, 20, 16, tzinfo=ZONE)
    hours = WorkingHours("07:30", ZONE, {date(2026, 11, 24)})
    found = [
        now
        for quarter in range(4 * 24 * 14)
        for now in [friday + timedelta(minutes=15 * quarter)]
        if reminder_step(friday, [], now, remind_after=2, contacts=1, hours=hours) is not None
    ]
    assert found[0] == datetime(2026, 11, 25, 7, 30, tzinfo=ZONE), (
        "after Monday, and the day behind the day off"
    )
    clocks = {f"{one.hour:02}:{one.minute:02}" for one in found}
    assert (min(clocks), max(clocks)) == ("07:30", "17:15")
    assert {one.weekday() for one in found} == set(range(5))


@pytest.mark.parametrize(
    ("due", "reminded"),
    [
        (
            "2026-11-27 23:59",
            "2026-11-27 07:30",
        ),  # a day without an hour: not on its eve's midnight
        ("2026-11-27 17:00", "2026-11-26 17:00"),
        ("2026-11-27 06:00", "2026-11-26 07:30"),
        ("2026-11-30 23:59", "2026-11-30 07:30"),  # its eve is a Sunday
        ("2026-11-30 10:00", "2026-11-27 07:30"),  # Monday morning would leave two hours
    ],
)
def test_U4_before_a_deadline_the_reminder_waits_for_the_morning_that_is_early_enough(
    due: str, reminded: str
) -> None:
    owed_at = datetime(2026, 11, 16, 9, tzinfo=ZONE)
    due_at, at = (datetime.fromisoformat(one).replace(tzinfo=ZONE) for one in (due, reminded))
    found = next_due_reminder(owed_at, [], owed_at, [due_at], timedelta(hours=24), HOURS)
    assert found == at


def test_days_off_for_more_than_a_month_keep_no_reminder() -> None:
    off = {date(2026, 10, 1) + timedelta(days=n) for n in range(90)}
    at = datetime(2026, 11, 10, 9, tzinfo=ZONE)
    hours = WorkingHours("07:30", ZONE, off)
    assert hours.next(at) == at and hours.last(at) == at


def test_reminders_go_from_contact_to_contact() -> None:
    monday = datetime(2026, 11, 23, 9, tzinfo=ZONE)

    def step(reminded: list[datetime], days: int, contacts: int = 2) -> int | None:
        now = monday + timedelta(days=days)
        return reminder_step(monday, reminded, now, remind_after=2, contacts=contacts, hours=HOURS)

    assert [step([], days) for days in range(4)] == [None, None, 0, 0]
    late = monday + timedelta(days=3)
    assert [step([late], days) for days in (3, 4, 7)] == [None, None, 1]
    assert step([late, late], 30) is None and step([], 30, contacts=0) is None
