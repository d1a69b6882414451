"""Cares for the archive while Loa runs: moves files to it, cleans it, and tells once when files are
not kept."""

from __future__ import annotations

from datetime import datetime

from service.logs import Log
from service.poll.notice import Tell
from service.storage.archive_cleaning import clean_bucket
from service.storage.archive_parts import move_parts
from service.storage.archive_room import (
    UNWRITABLE,
    ArchiveStop,
    list_stops,
    mark_stop_reported,
    note_stop,
    remove_stop,
)
from service.storage.archive_store import Archive
from service.storage.engine import Database
from service.storage.schema import to_micros
from service.words import coded

log = Log(__name__)


def care_for_archive(database: Database, archive: Archive, tell: Tell, now: datetime) -> int:
    """One step, called each minute; returns how many files left the database."""
    moved = 0
    try:
        moved = move_parts(database, archive.folder)
        clean_bucket(database, archive.folder, now)
    except OSError as error:
        log.error("the archive's folder cannot be used", error=str(error))
        with database.writing() as conn:
            note_stop(conn, UNWRITABLE, "", now)
    if moved:
        log.info("moved files out of the database", files=moved)
    forget_stops(database, archive, now)
    tell_of_stops(database, tell, now)
    return moved


def forget_stops(database: Database, archive: Archive, now: datetime) -> None:
    """What kept files out and is over."""
    with database.reading() as conn:
        over = [stop for stop in list_stops(conn) if stop.is_told and archive.is_over(stop, now)]
    if over:
        with database.writing() as conn:
            for stop in over:
                remove_stop(conn, stop)


def tell_of_stops(database: Database, tell: Tell, now: datetime) -> int:
    """Tells the operator why files are not kept, once until one is; returns of how many reasons."""
    with database.reading() as conn:
        stops = [stop for stop in list_stops(conn) if not stop.is_told]
    for stop in stops:
        with database.writing() as conn:
            if mark_stop_reported(conn, stop, now):
                key = f"archive:{stop.reason}:{stop.portal_id}:{to_micros(stop.since)}"
                tell(conn, key, "alarm.archive", _letter(stop), now)
    return len(stops)


def _letter(stop: ArchiveStop) -> list[str]:
    about = [coded("alarm.archive_portal", portal=stop.portal_id)] if stop.portal_id else []
    return [coded("alarm.archive_text", reason=stop.reason), *about, "alarm.archive_do"]
