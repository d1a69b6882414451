"""Files that are in the database still, as all were before they had a folder: read there, and moved
in small steps.

A step that was killed is done again: what is in the folder is whole, and parts go only when it is
there.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import ColumnElement, delete, func, select, update

from service.logs import Log
from service.storage.archive_folder import PIECE_BYTES, ArchiveFolder, DamagedFileError
from service.storage.engine import Database
from service.storage.schema_files import archive, archive_part

PART_BYTES = 1 << 20
DAMAGED = "archive.damaged"
_STEP_BYTES = 64 << 20
"""Moved in one step, of a second or two."""

log = Log(__name__)


def count_parts(database: Database) -> int:
    """How many files are in the database still."""
    of = archive_part.c
    with database.reading() as conn:
        found = select(func.count(of.sha256.distinct())).where(_is_movable())
        return int(conn.execute(found).scalar_one())


def read_parts(
    database: Database, folder: ArchiveFolder, digest: str, size: int
) -> Iterator[bytes]:
    """A file in pieces, each read when it is asked for, in no transaction; on in the folder when it
    moves."""
    of = archive_part.c
    for start in range(0, size, PIECE_BYTES):
        number, within = divmod(start, PART_BYTES)
        piece = select(func.substr(of.body, within + 1, PIECE_BYTES))
        with database.reading() as conn:
            found = piece.where(of.sha256 == digest, of.number == number)
            body = conn.execute(found).scalar_one_or_none()
        if body is None:
            yield from folder.pieces(digest, start)
            return
        yield bytes(body)


def move_parts(database: Database, folder: ArchiveFolder) -> int:
    """One step: moves some files to the folder. Returns how many; 0 when none is left.

    Raises OSError where the folder cannot be written: what is not moved stays and is read where it
    is.
    """
    moved = left = 0
    while left < _STEP_BYTES and (found := _next(database)) is not None:
        digest, size = found
        if size is not None:
            _move(database, folder, digest, size)
        else:  # a crash left it half, or it was forgotten meanwhile
            _drop_parts(database, digest)
        moved += 1
        left += size or 0
    return moved


def _next(database: Database) -> tuple[str, int | None] | None:
    """A file with parts, and its bytes; None for these where it never became one."""
    of = archive_part.c
    is_kept = (archive.c.sha256 == of.sha256) & archive.c.absent.is_(None)
    joined = archive_part.outerjoin(archive, is_kept)
    with database.reading() as conn:
        found = select(of.sha256, archive.c.bytes).select_from(joined).where(_is_movable())
        row = conn.execute(found.order_by(of.sha256).limit(1)).one_or_none()
    return None if row is None else (row.sha256, row.bytes)


def _is_movable() -> ColumnElement[bool]:
    damaged = select(archive.c.sha256).where(archive.c.absent == DAMAGED)
    return archive_part.c.sha256.not_in(damaged)


def _move(database: Database, folder: ArchiveFolder, digest: str, size: int) -> None:
    try:
        if folder.size_of(digest) != size:
            folder.keep(digest, read_parts(database, folder, digest, size))
    except DamagedFileError as error:
        log.error(
            "an archived file is damaged and stays where it is", sha256=digest, error=str(error)
        )
        with database.writing() as conn:
            conn.execute(update(archive).where(archive.c.sha256 == digest).values(absent=DAMAGED))
        return
    _drop_parts(database, digest)


def _drop_parts(database: Database, digest: str) -> None:
    """Each in a transaction of its own: none is long."""
    of = archive_part.c
    with database.reading() as conn:
        numbers = list(conn.execute(select(of.number).where(of.sha256 == digest)).scalars())
    for number in numbers:
        with database.writing() as conn:
            conn.execute(delete(archive_part).where(of.sha256 == digest, of.number == number))
