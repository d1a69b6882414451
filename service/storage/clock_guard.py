"""The machine's clock, as the database knows it: the latest instant that was seen, so that a step
back is noticed.

What was due at the latest instant is due now, and what was to come later comes as much later as it
would have: a clock that goes back by a day stops neither polls nor alerts.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import orjson
from sqlalchemy import Connection, text

from service.logs import Log
from service.storage.engine import Database
from service.storage.meta import get_meta, put_meta
from service.storage.queue import heal
from service.storage.schema import from_micros, to_micros
from service.types import Clock

STEP = timedelta(seconds=5)
"""Less is the clock being set right by its time server."""
TOLD_FOR = timedelta(days=1)
_KEEP_EVERY = timedelta(seconds=60)
_LATEST = "clock:latest"
_BACK = "clock:back"

log = Log(__name__)


@dataclass(frozen=True, slots=True)
class ClockStep:
    """The clock went back by so much; `at` by the new time."""

    at: datetime
    by: timedelta


class ClockGuard:
    """Looked at every few seconds by every worker; one of them mends the schedule."""

    def __init__(
        self, database: Database, clock: Clock, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._database = database
        self._clock = clock
        self._monotonic = monotonic
        self._seen: tuple[datetime, float] | None = None

    def look(self) -> ClockStep | None:
        """Notes the time; where it went back, brings the schedule back as far."""
        now, monotonic = self._clock(), self._monotonic()
        with self._database.reading() as conn:
            latest = _latest(conn)
        expected = latest or now
        if self._seen is not None:
            expected = max(expected, self._seen[0] + timedelta(seconds=monotonic - self._seen[1]))
        went_back = None
        if now < expected - STEP:
            with self._database.writing() as conn:
                went_back = _mend(conn, now, expected)
        elif latest is None or now - latest > _KEEP_EVERY:
            with self._database.writing() as conn:
                put_meta(conn, _LATEST, str(to_micros(now)))
        self._seen = now, monotonic
        if went_back is not None:
            log.error(
                "the clock went back: what was due is due now",
                seconds=round(went_back.by.total_seconds()),
            )
        return went_back


def went_back(conn: Connection, now: datetime) -> ClockStep | None:
    """Whether the clock went back within the last day, or has and no worker has noticed yet."""
    latest = _latest(conn)
    if latest is not None and latest - now > _KEEP_EVERY:
        return ClockStep(now, latest - now)
    told = _told(conn)
    return told if told is not None and timedelta(0) <= now - told.at < TOLD_FOR else None


def _mend(conn: Connection, now: datetime, expected: datetime) -> ClockStep | None:
    """None where another worker was first."""
    latest, told = _latest(conn), _told(conn)
    is_told = told is not None and abs(now - told.at) < _KEEP_EVERY
    if is_told and (latest is None or latest <= now + STEP):
        return None
    by = expected - now
    values = {
        "now": to_micros(now),
        "high": to_micros(expected),
        "by": by // timedelta(microseconds=1),
    }
    for statement in _BROUGHT_BACK:
        conn.execute(
            text(statement), {name: values[name] for name in values if f":{name}" in statement}
        )
    heal(conn)
    put_meta(conn, _LATEST, str(to_micros(now)))
    put_meta(conn, _BACK, orjson.dumps({"at": to_micros(now), "by_s": by.total_seconds()}).decode())
    return ClockStep(now, by)


def _brought_back(table: str, column: str, where: str = "") -> str:
    then = f"CASE WHEN {column} <= :high THEN CAST(:now AS BIGINT) ELSE {column} - :by END"
    return f"UPDATE {table} SET {column} = {then} WHERE {column} > :now {where}"


_BROUGHT_BACK = (
    _brought_back("listing", "next_poll_at"),
    _brought_back("post", "next_check_at"),
    _brought_back("host", "next_request_at"),
    _brought_back("message", "due_at", "AND state = 'due'"),
    "UPDATE lease SET until = until - :by WHERE until > :now",
    _brought_back("endpoint", "not_before_at"),
    _brought_back("endpoint", "probe_at"),
    "UPDATE endpoint SET next_due_at = NULL WHERE next_due_at > :now",
    "UPDATE host_group SET next_due_at = NULL WHERE next_due_at > :now",
    "UPDATE endpoint SET urgent_due_at = NULL WHERE urgent_due_at > :now",
    "UPDATE host_group SET urgent_due_at = NULL WHERE urgent_due_at > :now",
)


def _latest(conn: Connection) -> datetime | None:
    value = get_meta(conn, _LATEST)
    return None if value is None else from_micros(int(value))


def _told(conn: Connection) -> ClockStep | None:
    value = orjson.loads(get_meta(conn, _BACK) or "null")
    return (
        None
        if value is None
        else ClockStep(from_micros(value["at"]), timedelta(seconds=value["by_s"]))
    )
