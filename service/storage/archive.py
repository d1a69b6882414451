"""Files of posts, kept so that a directive can be read when its portal is gone; and what is known
of each link."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from service.errors import NotFound
from service.storage.engine import Database
from service.storage.schema_files import archive, archive_part, attachment_watch
from service.storage.upsert import insert_into

PART_BYTES = 1 << 20
PIECE_BYTES = 1 << 17
"""Written in one transaction: about 5 ms on SQLite, where others wait for it."""
_PAUSE_S = 0.005  # between two transactions on SQLite, whose lock is not fair


@dataclass(frozen=True, slots=True)
class ArchivedFile:
    sha256: str
    media_type: str
    body: bytes
    archived_at: datetime
    text: str | None = None
    """Of its first pages; None for what is no PDF, or none that can be read."""
    is_scan: bool = False


@dataclass(frozen=True, slots=True)
class WatchedFile:
    """What is known of the file behind a link. None: not known."""

    url: str
    etag: str | None
    last_modified: str | None
    bytes: int | None
    sha256: str | None
    error: str | None = None
    """Why the last look failed; None when it did not."""


def keep_file(database: Database, file: ArchivedFile) -> None:
    """Keeps a file in several short transactions; what a crash leaves half is no file yet, and
    completed later."""
    with database.reading() as conn:
        if archived(conn, [file.sha256]):
            return
    for number, part in enumerate(_parts(file.body)):
        with database.writing() as conn:
            _store_part(conn, file.sha256, number, part)
        time.sleep(_PAUSE_S if database.is_sqlite else 0)
    with database.writing() as conn:
        _store_row(conn, file)


def _parts(body: bytes) -> list[bytes]:
    return [body[start : start + PART_BYTES] for start in range(0, len(body), PART_BYTES)]


def _store_part(conn: Connection, sha256: str, number: int, part: bytes) -> None:
    statement = insert_into(conn, archive_part).values(sha256=sha256, number=number, body=part)
    conn.execute(statement.on_conflict_do_nothing())


def _store_row(conn: Connection, file: ArchivedFile) -> None:
    statement = insert_into(conn, archive).values(
        sha256=file.sha256,
        media_type=file.media_type,
        bytes=len(file.body),
        text=file.text,
        is_scan=int(file.is_scan),
        archived_at=file.archived_at,
    )
    conn.execute(statement.on_conflict_do_nothing())


def get_file(conn: Connection, sha256: str) -> ArchivedFile:
    """Raises NotFound."""
    row = conn.execute(select(archive).where(archive.c.sha256 == sha256)).one_or_none()
    if row is None:
        raise NotFound("attachment", sha256)
    part = archive_part.c
    bodies = conn.execute(
        select(part.body).where(part.sha256 == sha256).order_by(part.number)
    ).scalars()
    return ArchivedFile(
        row.sha256, row.media_type, b"".join(bodies), row.archived_at, row.text, bool(row.is_scan)
    )


def open_file(database: Database, sha256: str) -> tuple[int, Iterator[bytes]]:
    """How long a file is, and its pieces, each read when it is asked for. Raises NotFound."""
    with database.reading() as conn:
        size = conn.execute(
            select(archive.c.bytes).where(archive.c.sha256 == sha256)
        ).scalar_one_or_none()
    if size is None:
        raise NotFound("attachment", sha256)
    return size, _walk_pieces(database, sha256, size)


def _walk_pieces(database: Database, sha256: str, size: int) -> Iterator[bytes]:
    part = archive_part.c
    for start in range(0, size, PIECE_BYTES):
        number, within = divmod(start, PART_BYTES)
        piece = select(func.substr(part.body, within + 1, PIECE_BYTES))
        with database.reading() as conn:
            body = conn.execute(
                piece.where(part.sha256 == sha256, part.number == number)
            ).scalar_one()
        yield bytes(body)  # in no transaction: a reader may take its time


def archived(conn: Connection, digests: list[str]) -> set[str]:
    """Those of these digests that are kept."""
    return set(
        conn.execute(select(archive.c.sha256).where(archive.c.sha256.in_(digests))).scalars()
    )


def scans(conn: Connection, digests: Sequence[str]) -> set[str]:
    """Those of these digests that are PDFs of pictures: nobody can search or quote them."""
    table = archive.c
    return set(
        conn.execute(
            select(table.sha256).where(table.sha256.in_(digests), table.is_scan == 1)
        ).scalars()
    )


def file_texts(conn: Connection, digests: Sequence[str]) -> str:
    """What the first pages of these files say, in this order; empty where nothing is known."""
    table = archive.c
    rows = conn.execute(
        select(table.sha256, table.text).where(table.sha256.in_(digests), table.text.is_not(None))
    )
    texts = {row.sha256: row.text for row in rows}
    return "\n".join(texts[digest] for digest in dict.fromkeys(digests) if digest in texts)


def watched_files(conn: Connection, post_id: str) -> dict[str, WatchedFile]:
    """What is known of the files of a post, by address."""
    watch = attachment_watch
    rows = conn.execute(select(watch).where(watch.c.post_id == post_id))
    return {
        row.url: WatchedFile(row.url, row.etag, row.last_modified, row.bytes, row.sha256, row.error)
        for row in rows
    }


def store_watch(conn: Connection, post_id: str, file: WatchedFile, at: datetime) -> None:
    values = {
        "etag": file.etag,
        "last_modified": file.last_modified,
        "bytes": file.bytes,
        "sha256": file.sha256,
        "checked_at": at,
        "error": file.error,
    }
    statement = insert_into(conn, attachment_watch).values(post_id=post_id, url=file.url, **values)
    conn.execute(
        statement.on_conflict_do_update(
            index_elements=[attachment_watch.c.post_id, attachment_watch.c.url], set_=values
        )
    )
