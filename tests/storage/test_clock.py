"""The clock goes back: what was due is due, once, on both databases, and readiness says so (M7)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from service.storage.clock_guard import ClockGuard, went_back
from service.storage.engine import Database
from service.storage.schema import to_micros
from service.web.app import create_app
from service.web.server.readiness import reasons_not_ready
from tests.fakes import FakeClock
from tests.fakes_portal import make_poller, portal_with_two
from tests.fakes_web import make_loa

BACK = [timedelta(hours=25), timedelta(hours=7), timedelta(minutes=2), timedelta(days=400)]


@pytest.mark.parametrize("by", BACK, ids=str)
def test_M7_polls_go_on_at_the_interval_when_the_clock_goes_back(
    database: Database, clock: FakeClock, by: timedelta
) -> None:
    poller = make_poller(database, portal_with_two(), clock, interval_s=300)
    assert len(poller.poll_due().listings) == 1
    clock.advance(10)
    assert poller.poll_due().listings == ()
    clock.advance(-by.total_seconds())
    assert len(poller.poll_due().listings) == 1
    for _ in range(3):
        clock.advance(290)
        assert poller.poll_due().listings == ()
        clock.advance(40)
        assert len(poller.poll_due().listings) == 1


def _message(database: Database, due_at: datetime) -> None:
    with database.writing() as conn:
        conn.execute(text("DELETE FROM message"))
        conn.execute(
            text(
                "INSERT INTO message (id, channel, endpoint_key, group_key, state, due_at, "
                "created_at, attempts)"
                " VALUES ('m', 'email', 'smtp', 'g', 'due', :at, :at, 0)"
            ),
            {"at": to_micros(due_at)},
        )


def _due_at(database: Database) -> int:
    with database.reading() as conn:
        return int(conn.execute(text("SELECT due_at FROM message")).scalar_one())


@pytest.mark.parametrize("by", BACK, ids=str)
def test_M7_what_was_due_is_due_now_and_what_comes_later_comes_no_later(
    any_database: Database, clock: FakeClock, by: timedelta
) -> None:
    guard = ClockGuard(any_database, clock, lambda: 0.0)
    assert guard.look() is None
    _message(any_database, clock())
    clock.advance(-by.total_seconds())
    found = guard.look()
    assert found is not None and found.by == by
    assert _due_at(any_database) == to_micros(clock())
    _message(any_database, clock() + timedelta(hours=2))
    clock.advance(-by.total_seconds())
    assert guard.look() is not None
    assert _due_at(any_database) == to_micros(clock() + timedelta(hours=2))


def test_M7_a_clock_that_went_back_while_nothing_ran_is_noticed_by_the_next_worker(
    any_database: Database, clock: FakeClock
) -> None:
    ClockGuard(any_database, clock, lambda: 0.0).look()
    clock.advance(-25200)
    with any_database.reading() as conn:
        said = went_back(conn, clock())
    assert said is not None and said.by == timedelta(hours=7)
    assert ClockGuard(any_database, clock, lambda: 0.0).look() is not None


def test_M7_of_two_workers_one_mends_the_schedule(any_database: Database, clock: FakeClock) -> None:
    guards = [ClockGuard(any_database, clock, lambda: 0.0) for _ in range(2)]
    for guard in guards:
        guard.look()
    clock.advance(-120)
    assert [guard.look() is not None for guard in guards] == [True, False]


def test_M2_a_clock_that_goes_forward_or_a_machine_that_sleeps_is_no_step_back(
    any_database: Database, clock: FakeClock
) -> None:
    passed = [0.0]
    guard = ClockGuard(any_database, clock, lambda: passed[0])
    for step in (timedelta(hours=25), timedelta(seconds=2), timedelta(seconds=-1)):
        guard.look()
        clock.advance(step.total_seconds())
        passed[0] += 1.0
        assert guard.look() is None


def test_M7_readiness_says_for_a_day_that_the_clock_went_back(
    sqlite_url: str, clock: FakeClock
) -> None:
    loa = make_loa(sqlite_url, clock)
    client = create_app(loa).test_client()
    loa.clock_guard.look()
    clock.advance(-25200)
    loa.clock_guard.look()

    def told() -> list[Any]:
        answer = client.get("/readyz").json
        assert answer is not None
        return [
            one
            for one in [*answer["reasons"], *answer["warnings"]]
            if one.startswith("clock: it went back by")
        ]

    assert "25200 s" in told()[0]
    assert reasons_not_ready(loa) == []
    clock.advance(86411)
    assert not told()
    loa.close()
