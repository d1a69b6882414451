"""Files of posts, kept so that a directive can be read when its portal is gone; and what is known of each link."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from service.errors import NotFound
from service.storage.schema_files import archive, attachment_watch
from service.storage.upsert import insert_into


@dataclass(frozen=True, slots=True)
class ArchivedFile:
    sha256: str
    media_type: str
    body: bytes
    archived_at: datetime


@dataclass(frozen=True, slots=True)
class WatchedFile:
    """What is known of the file behind a link. None: not known."""

    url: str
    etag: str | None
    last_modified: str | None
    bytes: int | None
    sha256: str | None


def store_file(conn: Connection, file: ArchivedFile) -> None:
    """Keeps a file; the same bytes are kept once."""
    statement = insert_into(conn, archive).values(
        sha256=file.sha256,
        media_type=file.media_type,
        bytes=len(file.body),
        body=file.body,
        archived_at=file.archived_at,
    )
    conn.execute(statement.on_conflict_do_nothing())


def get_file(conn: Connection, sha256: str) -> ArchivedFile:
    """Raises NotFound."""
    row = conn.execute(select(archive).where(archive.c.sha256 == sha256)).one_or_none()
    if row is None:
        raise NotFound("attachment", sha256)
    return ArchivedFile(row.sha256, row.media_type, row.body, row.archived_at)


def archived(conn: Connection, digests: list[str]) -> set[str]:
    """Those of these digests that are kept."""
    return set(conn.execute(select(archive.c.sha256).where(archive.c.sha256.in_(digests))).scalars())


def watched_files(conn: Connection, post_id: str) -> dict[str, WatchedFile]:
    """What is known of the files of a post, by address."""
    watch = attachment_watch
    rows = conn.execute(select(watch).where(watch.c.post_id == post_id))
    return {row.url: WatchedFile(row.url, row.etag, row.last_modified, row.bytes, row.sha256) for row in rows}


def store_watch(conn: Connection, post_id: str, file: WatchedFile, at: datetime, error: str | None = None) -> None:
    values = {
        "etag": file.etag,
        "last_modified": file.last_modified,
        "bytes": file.bytes,
        "sha256": file.sha256,
        "checked_at": at,
        "error": error,
    }
    statement = insert_into(conn, attachment_watch).values(post_id=post_id, url=file.url, **values)
    conn.execute(
        statement.on_conflict_do_update(
            index_elements=[attachment_watch.c.post_id, attachment_watch.c.url], set_=values
        )
    )
