"""What is known of the files of posts: which are kept, what they say, and what each link led to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from service.storage.pages import ask_for_pages
from service.storage.schema_files import archive, attachment_watch, post_file
from service.storage.upsert import insert_into

_PDF = "application/pdf"
_CHUNK = 500
"""Digests in one statement: a page of posts may have 20,000 files."""


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
    """Why the last look failed, or why the file is not kept; None where neither is so."""


def store_file(conn: Connection, file: ArchivedFile, absent: str | None) -> None:
    """A file and what it says; `absent` is why it is not kept, None where it is. Once kept, it
    stays so."""
    values = {
        "media_type": file.media_type,
        "bytes": len(file.body),
        "text": file.text,
        "is_scan": int(file.is_scan),
        "archived_at": file.archived_at,
        "absent": absent,
    }
    statement = insert_into(conn, archive).values(sha256=file.sha256, **values)
    conn.execute(
        statement.on_conflict_do_update(
            index_elements=[archive.c.sha256], set_=values, where=archive.c.absent.is_not(None)
        )
        if absent is None
        else statement.on_conflict_do_nothing()
    )
    if absent is None and file.media_type == _PDF:
        ask_for_pages(conn, file.sha256, file.archived_at, is_scan=file.is_scan)


def archived(conn: Connection, digests: Sequence[str]) -> set[str]:
    """Those of these digests that are kept."""
    table = archive.c
    kept: set[str] = set()
    for start in range(0, len(digests), _CHUNK):
        some = digests[start : start + _CHUNK]
        found = select(table.sha256).where(table.sha256.in_(some), table.absent.is_(None))
        kept.update(conn.execute(found).scalars())
    return kept


def why_absent(conn: Connection, digests: Sequence[str]) -> dict[str, str]:
    """Why those of these digests are not kept that are known and are not: codes."""
    table = archive.c
    found = select(table.sha256, table.absent).where(
        table.sha256.in_(digests), table.absent.is_not(None)
    )
    return {row.sha256: row.absent for row in conn.execute(found)}


def scans(conn: Connection, digests: Sequence[str]) -> set[str]:
    """Those of these digests that are PDFs of pictures: nobody can search or quote them."""
    table = archive.c
    found = select(table.sha256).where(table.sha256.in_(digests), table.is_scan == 1)
    return set(conn.execute(found).scalars())


def file_texts(conn: Connection, digests: Sequence[str]) -> str:
    """What the first pages of these files say, in this order; empty where nothing is known."""
    table = archive.c
    found = select(table.sha256, table.text).where(
        table.sha256.in_(digests), table.text.is_not(None)
    )
    texts = {row.sha256: row.text for row in conn.execute(found)}
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
    if file.sha256 is not None:
        of = insert_into(conn, post_file).values(post_id=post_id, sha256=file.sha256)
        conn.execute(of.on_conflict_do_nothing())
