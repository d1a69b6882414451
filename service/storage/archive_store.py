"""Keeps the files of posts in their folder, within limits: a file that is not kept costs its post
nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update

from service.errors import NotFound
from service.logs import Log
from service.storage.archive import ArchivedFile, store_file
from service.storage.archive_folder import ArchiveFolder
from service.storage.archive_parts import count_parts, read_parts
from service.storage.archive_room import (
    DISK_FULL,
    POST_FULL,
    UNWRITABLE,
    ArchiveStop,
    Limits,
    clear_stops,
    free_room,
    is_past,
    note_stop,
    take_room,
    what_is_full,
)
from service.storage.engine import Database
from service.storage.schema_files import archive, archive_part

log = Log(__name__)


@dataclass(frozen=True, slots=True)
class ArchiveFacts:
    """Of the files that are kept. `waiting`: how many of them are in the database still."""

    files: int
    bytes: int
    waiting: int


class Archive:
    """Safe to be used by several processes and threads at once."""

    def __init__(self, database: Database, folder: ArchiveFolder, limits: Limits) -> None:
        self._database = database
        self.folder = folder
        self.limits = limits

    def keep(self, file: ArchivedFile, portal_id: str, used: int = 0) -> str | None:
        """Keeps a file of a portal's post, of which `used` bytes are kept already.

        Returns None when it is, else the code of what was against it: its words are known all the
        same. A file that is kept already costs nothing.
        """
        if self._is_here(file):
            return None
        why = self._refusal(len(file.body), used) or self._take(file, portal_id)
        if why is None and not self._write(file):
            why = UNWRITABLE
            with self._database.writing() as conn:
                free_room(conn, portal_id, len(file.body), file.archived_at)
        with self._database.writing() as conn:
            store_file(conn, file, why)
            if why is None:
                clear_stops(conn, portal_id, file.archived_at)
            else:
                note_stop(conn, why, portal_id, file.archived_at)
        if why is None and self.folder.size_of(file.sha256) is None:
            self._write(file)  # it was taken for one that nobody refers to, between file and row
        return why

    def has_room(self, portal_id: str, size: int, used: int, at: datetime) -> bool:
        """Whether a file of so many bytes would be kept now."""
        if self._refusal(size, used) is not None:
            return False
        with self._database.reading() as conn:
            return what_is_full(conn, portal_id, size, at, self.limits) is None

    def note_full(self, portal_id: str, at: datetime) -> None:
        """That files were not even fetched, since their post has its share."""
        with self._database.writing() as conn:
            note_stop(conn, POST_FULL, portal_id, at)

    def is_over(self, stop: ArchiveStop, at: datetime) -> bool:
        """Whether what kept files out is gone, so that it is news when it comes again."""
        if stop.reason == UNWRITABLE:
            return self.folder.is_writable()
        if stop.reason == DISK_FULL:
            return self._has_free(
                self.limits.min_free // 10
            )  # more than the floor, or it would flutter
        return is_past(stop, at)

    def open(self, digest: str) -> tuple[int, Iterator[bytes]]:
        """How long a file is, and its pieces, each read when it is asked for. Raises NotFound."""
        table = archive.c
        with self._database.reading() as conn:
            found = select(table.bytes).where(table.sha256 == digest, table.absent.is_(None))
            size = conn.execute(found).scalar_one_or_none()
        if size is None:
            raise NotFound("attachment", digest)
        if self.folder.size_of(digest) == size:
            return size, self.folder.pieces(digest)
        if not self._is_in_parts(digest):
            log.error("an archived file is not in its folder", sha256=digest)
            raise NotFound("attachment", digest)
        return size, read_parts(self._database, self.folder, digest, size)

    def facts(self) -> ArchiveFacts:
        table = archive.c
        with self._database.reading() as conn:
            kept = select(func.count(), func.sum(table.bytes)).where(table.absent.is_(None))
            files, size = conn.execute(kept).one()
        return ArchiveFacts(files, int(size or 0), count_parts(self._database))

    def missing(self, newest: int) -> int:
        """How many of so many of the newest files are neither in the folder nor in the database."""
        table = archive.c
        with self._database.reading() as conn:
            kept = select(table.sha256, table.bytes).where(table.absent.is_(None))
            rows = conn.execute(kept.order_by(table.archived_at.desc()).limit(newest)).all()
        return sum(not self._has_body(row.sha256, row.bytes) for row in rows)

    def _is_here(self, file: ArchivedFile) -> bool:
        """Its time is that of the last fetch, so that it is not taken for one that nobody refers
        to."""
        table = archive.c
        with self._database.reading() as conn:
            kept = select(table.bytes).where(table.sha256 == file.sha256, table.absent.is_(None))
            size = conn.execute(kept).scalar_one_or_none()
        if size is None or not self._has_body(file.sha256, size):
            return False
        with self._database.writing() as conn:
            touched = update(archive).where(table.sha256 == file.sha256)
            return conn.execute(touched.values(archived_at=file.archived_at)).rowcount > 0

    def _has_body(self, digest: str, size: int) -> bool:
        return self.folder.size_of(digest) == size or self._is_in_parts(digest)

    def _is_in_parts(self, digest: str) -> bool:
        with self._database.reading() as conn:
            found = select(archive_part.c.number).where(archive_part.c.sha256 == digest).limit(1)
            return conn.execute(found).first() is not None

    def _refusal(self, size: int, used: int) -> str | None:
        if used + size > self.limits.post:
            return POST_FULL
        return None if self._has_free(size) else DISK_FULL

    def _has_free(self, size: int) -> bool:
        """Whether the floor holds with so many bytes more."""
        try:
            return self.folder.free_bytes() - size >= self.limits.min_free
        except OSError as error:
            log.error("cannot tell how much room the archive has", error=str(error))
            return False

    def _take(self, file: ArchivedFile, portal_id: str) -> str | None:
        with self._database.writing() as conn:
            return take_room(conn, portal_id, len(file.body), file.archived_at, self.limits)

    def _write(self, file: ArchivedFile) -> bool:
        try:
            self.folder.keep(file.sha256, (file.body,))
        except OSError as error:
            log.error("cannot keep a file", sha256=file.sha256, error=str(error))
            return False
        return True
