"""Listings in both databases: a lease is the right to change one, and history ends."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from service.storage.engine import Database
from service.storage.listings import (
    ListingResult,
    ListingState,
    keep_leases,
    know_listings,
    lease_listing,
    load_listings,
    record_poll,
    release_listing,
)
from service.storage.poll_history import FORGOTTEN_AT_ONCE, forget_polls, past_polls
from service.types import Outcome
from tests.fakes import FakeClock

KEY = ("huyen", "https://huyen.example/tin")


@pytest.fixture
def now(any_database: Database, clock: FakeClock) -> datetime:
    with any_database.writing() as conn:
        know_listings(conn, [KEY], clock())
    return clock()


def lease(database: Database, now: datetime) -> ListingState:
    with database.writing() as conn:
        state = lease_listing(conn, *KEY, now, 60, is_forced=True)
    assert state is not None
    return state


def result(at: datetime, outcome: Outcome = Outcome.NEW) -> ListingResult:
    return ListingResult(outcome, at, 1.0, {}, at + timedelta(seconds=900), 0, None)


def known(database: Database) -> ListingState:
    with database.reading() as conn:
        return load_listings(conn)[KEY]


def test_M3_a_late_result_changes_nothing_that_another_worker_holds(
    any_database: Database, now: datetime
) -> None:
    late = lease(any_database, now)
    other = lease(any_database, now + timedelta(seconds=61))
    with any_database.writing() as conn:
        assert not record_poll(conn, late, result(now))
        assert not release_listing(conn, late, now)
        assert keep_leases(conn, {KEY: late.lease_until or now}, now, 60) == {}
        assert past_polls(conn, *KEY) == []
    assert known(any_database) == other
    with any_database.writing() as conn:
        assert record_poll(conn, other, result(now))
    assert known(any_database).lease_until is None


def test_M3_a_late_result_does_not_overwrite_a_later_one(
    any_database: Database, now: datetime
) -> None:
    late = lease(any_database, now)
    later = now + timedelta(seconds=61)
    other = lease(any_database, later)
    with any_database.writing() as conn:
        assert record_poll(conn, other, result(later))
        assert not record_poll(conn, late, result(now, Outcome.HELD))
    assert known(any_database).last_outcome is Outcome.NEW


def test_M3_a_renewed_lease_is_another_one_and_gives_back(
    any_database: Database, now: datetime
) -> None:
    state = lease(any_database, now)
    with any_database.writing() as conn:
        kept = keep_leases(conn, {KEY: state.lease_until or now}, now + timedelta(seconds=15), 60)
        assert kept == {KEY: now + timedelta(seconds=75)}
        assert not record_poll(conn, state, result(now))
        assert release_listing(conn, replace(state, lease_until=kept[KEY]), now)
    assert known(any_database).lease_until is None


def test_history_is_forgotten_oldest_first_in_chunks(any_database: Database, now: datetime) -> None:
    count = FORGOTTEN_AT_ONCE + 2
    with any_database.writing() as conn:
        for hour in range(count):
            at = now + timedelta(hours=hour)
            state = lease_listing(conn, *KEY, at, 60, is_forced=True)
            assert state is not None
            assert record_poll(conn, state, result(at))
        last = now + timedelta(hours=count - 1)
        assert forget_polls(conn, last) == FORGOTTEN_AT_ONCE
        assert forget_polls(conn, last) == 1
        assert forget_polls(conn, last) == 0
        assert [past.started_at for past in past_polls(conn, *KEY)] == [last]
