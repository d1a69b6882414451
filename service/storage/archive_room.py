"""How much is kept of files, of which portal and day; and what stopped that, until a file is kept
again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, select, update

from service.storage.schema_files import archive_day, archive_stop
from service.storage.upsert import insert_into
from service.text import LOCAL

POST_FULL = "archive.post_full"
PORTAL_FULL = "archive.portal_full"
DAY_FULL = "archive.day_full"
DISK_FULL = "archive.disk_full"
UNWRITABLE = "archive.unwritable"
STOPS = (POST_FULL, PORTAL_FULL, DAY_FULL, DISK_FULL, UNWRITABLE)
"""Why a file is not kept now: tried again when there is room."""
MEGABYTE = 1_000_000
_OF_PORTAL = (POST_FULL, PORTAL_FULL)
_ONE_POST = timedelta(days=7)  # so long a portal's big post is no news
_DAYS_KNOWN = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Limits:
    """In bytes."""

    post: int
    portal_day: int
    day: int
    min_free: int


@dataclass(frozen=True, slots=True)
class ArchiveStop:
    """Why files are not kept; `portal_id` is empty where that is so for all."""

    reason: str
    portal_id: str
    since: datetime
    is_told: bool


def what_is_full(
    conn: Connection, portal_id: str, size: int, at: datetime, limits: Limits
) -> str | None:
    """The code of what has no room for so many bytes more; None where there is."""
    of = archive_day.c
    found = select(of.portal_id, of.bytes).where(of.day == _day(at))
    used = {row.portal_id: row.bytes for row in conn.execute(found)}
    if used.get(portal_id, 0) + size > limits.portal_day:
        return PORTAL_FULL
    return DAY_FULL if sum(used.values()) + size > limits.day else None


def take_room(
    conn: Connection, portal_id: str, size: int, at: datetime, limits: Limits
) -> str | None:
    """Counts a file that is to be kept; the code of what is full where it may not be."""
    full = what_is_full(conn, portal_id, size, at, limits)
    if full is None:
        of = archive_day.c
        day = insert_into(conn, archive_day).values(day=_day(at), portal_id=portal_id, bytes=size)
        conn.execute(
            day.on_conflict_do_update(
                index_elements=[of.day, of.portal_id], set_={"bytes": of.bytes + size}
            )
        )
    return full


def free_room(conn: Connection, portal_id: str, size: int, at: datetime) -> None:
    """What was counted was not kept after all."""
    of = archive_day.c
    conn.execute(
        update(archive_day)
        .where(of.day == _day(at), of.portal_id == portal_id)
        .values(bytes=of.bytes - size)
    )


def forget_days(conn: Connection, now: datetime) -> None:
    conn.execute(delete(archive_day).where(archive_day.c.day < _day(now - _DAYS_KNOWN)))


def note_stop(conn: Connection, reason: str, portal_id: str, at: datetime) -> None:
    """That a file was not kept; since when is that of the first."""
    about = portal_id if reason in _OF_PORTAL else ""
    statement = insert_into(conn, archive_stop).values(
        reason=reason, portal_id=about, since_at=at, told_at=None
    )
    conn.execute(statement.on_conflict_do_nothing())


def clear_stops(conn: Connection, portal_id: str, at: datetime) -> None:
    """A file of a portal was kept: what stopped that is over."""
    of = archive_stop.c
    is_over = (of.reason != POST_FULL) | (of.since_at < at - _ONE_POST)
    conn.execute(delete(archive_stop).where(of.portal_id.in_(("", portal_id)), is_over))


def is_past(stop: ArchiveStop, at: datetime) -> bool:
    """Whether what was full has room again by time alone."""
    if stop.reason == POST_FULL:
        return at - stop.since > _ONE_POST
    return stop.reason in (PORTAL_FULL, DAY_FULL) and _day(stop.since) != _day(at)


def remove_stop(conn: Connection, stop: ArchiveStop) -> None:
    of = archive_stop.c
    conn.execute(
        delete(archive_stop).where(of.reason == stop.reason, of.portal_id == stop.portal_id)
    )


def list_stops(conn: Connection) -> list[ArchiveStop]:
    rows = conn.execute(
        select(archive_stop).order_by(archive_stop.c.since_at, archive_stop.c.reason)
    )
    return [ArchiveStop(r.reason, r.portal_id, r.since_at, r.told_at is not None) for r in rows]


def mark_stop_reported(conn: Connection, stop: ArchiveStop, at: datetime) -> bool:
    """False where somebody else told the operator first."""
    of = archive_stop.c
    told = (
        update(archive_stop)
        .where(of.reason == stop.reason, of.portal_id == stop.portal_id)
        .where(of.since_at == stop.since, of.told_at.is_(None))
        .values(told_at=at)
    )
    return conn.execute(told).rowcount > 0


def count_stops(stops: Sequence[ArchiveStop]) -> dict[str, int]:
    """How many of each reason, those without any too."""
    return {reason: sum(stop.reason == reason for stop in stops) for reason in STOPS}


def _day(at: datetime) -> str:
    return at.astimezone(LOCAL).date().isoformat()
