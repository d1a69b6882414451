"""A portal is read back to a day: asked for at any door, done by a worker or by the command itself,
and shown at every door with the days that it covered and those that it did not.

A request waits in the database, since walking back takes minutes to hours and no page waits for
that. Whoever works on it holds a lease; where it dies, another goes on: what is stored by then is
passed over.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection

from service.errors import Conflict, InvalidInput, LoaError, NotFound
from service.services.audit_acts import audited
from service.services.context import Actor, Context
from service.storage.backfills import (
    AskedBackfill,
    ask_backfill,
    end_backfill,
    keep_lease,
    load_backfills,
    take_backfill,
)
from service.storage.engine import Database
from service.values import plain
from service.words import coded, say

LEASE = timedelta(minutes=30)
"""Renewed with each page; before the first a portal is polled, which reads up to 500 articles."""
_DAY = timedelta(days=1)

Progress = Callable[[str, int, datetime | None], None]
"""(address of the listing, pages read, how far back they reach). May raise Interrupted."""


class BackfillInterrupted(Exception):  # nothing went wrong
    """Whoever walks back is to end now, and keeps what was walked."""


class Report(Protocol):
    """What a walk came to, for programs: errors are coded."""

    @property
    def is_interrupted(self) -> bool: ...
    def facts(self) -> dict[str, Any]: ...


AnyReport = TypeVar("AnyReport", bound=Report)

Walk = Callable[[str, date, Progress], AnyReport]
"""(portal, first day, progress): polls a portal and looks for all that it published since."""


class BackfillState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"  # every day is covered
    UNCOVERED = "uncovered"  # it ended, and some days are not covered
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class DayRangeShape:
    first: date
    last: date


@dataclass(frozen=True, slots=True, kw_only=True)
class BackfilledListingShape:
    url: str
    found: int = field(metadata={"description": "posts that were missed and are stored now"})
    alerted: int = field(metadata={"description": "those of them that were told of"})
    error: str | None
    covered: tuple[DayRangeShape, ...]
    uncovered: tuple[DayRangeShape, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BackfillShape:
    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012  # pydantic reads it from the class

    portal: str
    since: date
    state: BackfillState
    asked_at: datetime
    by: str
    started_at: datetime | None
    ended_at: datetime | None
    error: str | None
    listings: tuple[BackfilledListingShape, ...] = field(
        metadata={"description": "empty until it has ended"}
    )


@audited("act.backfill", "portal", "portal_id")
def ask(conn: Connection, ctx: Context, portal_id: str, since: date, by: Actor) -> AskedBackfill:
    """Asks for a backfill, which a worker takes up within seconds. One that waits already is asked
    for from the earlier of both days.

    Raises NotFound, InvalidInput for a day to come, Conflict while one of the portal runs.
    """
    now = ctx.clock()
    if portal_id not in {portal.id for portal in ctx.settings.portals}:
        raise NotFound("portal", portal_id)
    if since > ctx.settings.service.locale.day(now):
        raise InvalidInput("since", coded("bad.day_to_come", day=str(since)), "allowed.day_of_past")
    last = load_backfills(conn).get(portal_id)
    if last is not None and last.is_running(now):
        raise Conflict(coded("conflict.backfill_running", name=portal_id))
    if last is not None and last.ended_at is None:
        since = min(since, last.since)
    return ask_backfill(conn, portal_id, since, by.reason or "", now)


def run_next(
    database: Database,
    ctx: Context,
    walk: Walk[AnyReport],
    is_stopping: Callable[[], bool] = lambda: False,
    beat: Callable[[], None] = lambda: None,
) -> AnyReport | None:
    """Does what was asked for first; None where nothing waits. Ends soon after `is_stopping`, for
    another worker to go on. `beat` is called with each page."""
    portals = [portal.id for portal in ctx.settings.portals]

    def look(_url: str, _pages: int, _reached_at: datetime | None) -> None:
        beat()
        if is_stopping():
            raise BackfillInterrupted

    with database.writing() as conn:
        now = ctx.clock()
        taken = take_backfill(conn, portals, now, now + LEASE)
    return None if taken is None else _run(database, ctx, taken, walk, look, is_resumed=True)


def run_now(
    database: Database,
    ctx: Context,
    portal_id: str,
    since: date,
    by: Actor,
    walk: Walk[AnyReport],
    progress: Progress,
) -> AnyReport:
    """Asks for a backfill and does it. Raises what `ask` does."""
    with database.writing() as conn:
        ask(conn, ctx, portal_id, since, by)
        now = ctx.clock()
        taken = take_backfill(conn, [portal_id], now, now + LEASE)
    assert taken is not None, "it was asked for in the same transaction"
    return _run(database, ctx, taken, walk, progress, is_resumed=False)


def _run(
    database: Database,
    ctx: Context,
    taken: AskedBackfill,
    walk: Walk[AnyReport],
    progress: Progress,
    *,
    is_resumed: bool,
) -> AnyReport:
    def tell(url: str, pages: int, reached_at: datetime | None) -> None:
        with database.writing() as conn:
            keep_lease(conn, taken, ctx.clock() + LEASE)
        progress(url, pages, reached_at)

    error: str | None = "backfill.fault"
    facts = None
    try:
        report = walk(taken.portal_id, taken.since, tell)
        facts = plain(report.facts())
        error = "backfill.interrupted" if report.is_interrupted else None
    except LoaError as failed:
        error = str(failed)
        raise
    finally:
        with database.writing() as conn:
            if is_resumed and error == "backfill.interrupted":
                keep_lease(conn, taken, None)
            else:
                end_backfill(conn, taken, ctx.clock(), facts, error)
    return report


def show_backfill(one: AskedBackfill, language: str, now: datetime) -> BackfillShape:
    """One as every door shows it."""
    listings = tuple(_listing(of, language) for of in (one.report or {}).get("listings", ()))
    return BackfillShape(
        portal=one.portal_id,
        since=one.since,
        state=_state(one, listings, now),
        asked_at=one.asked_at,
        by=say(one.asked_by, language),
        started_at=one.started_at,
        ended_at=one.ended_at,
        error=say(one.error, language) if one.error else None,
        listings=listings,
    )


def load_shown(conn: Connection, language: str, now: datetime) -> dict[str, BackfillShape]:
    """The last one of each portal, by its id."""
    return {key: show_backfill(one, language, now) for key, one in load_backfills(conn).items()}


def _state(
    one: AskedBackfill, listings: Sequence[BackfilledListingShape], now: datetime
) -> BackfillState:
    if one.ended_at is None:
        return BackfillState.RUNNING if one.is_running(now) else BackfillState.WAITING
    if one.error is not None:
        return BackfillState.FAILED
    is_whole = not any(of.uncovered for of in listings)
    return BackfillState.DONE if is_whole else BackfillState.UNCOVERED


def _listing(of: Mapping[str, Any], language: str) -> BackfilledListingShape:
    return BackfilledListingShape(
        url=of["url"],
        found=of["found"],
        alerted=of["alerted"],
        error=say(of["error"], language) if of["error"] else None,
        covered=_ranges(of["covered_days"]),
        uncovered=_ranges(of["uncovered_days"]),
    )


def _ranges(days: Sequence[str]) -> tuple[DayRangeShape, ...]:
    runs = day_ranges([date.fromisoformat(day) for day in days])
    return tuple(DayRangeShape(first=first, last=last) for first, last in runs)


def day_ranges(days: Sequence[date]) -> list[tuple[date, date]]:
    """Days in order, those that follow each other as one range.

    >>> day_ranges([date(2026, 11, 1), date(2026, 11, 2)])
    [(datetime.date(2026, 11, 1), datetime.date(2026, 11, 2))]
    """
    runs: list[tuple[date, date]] = []
    for day in days:
        if runs and day - runs[-1][1] == _DAY:
            runs[-1] = (runs[-1][0], day)
        else:
            runs.append((day, day))
    return runs
