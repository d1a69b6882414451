"""What is done with the first pages of PDFs, and what was read of those that are pictures: a queue
with a row for each file, which keeps the answer too.

A file waits until a post has it: what is read before would find nobody to tell. What is in hand is
leased, so that several workers never read one file at once, and none is lost with its worker.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, delete, exists, func, or_, select, update

from service.storage import schema
from service.storage.schema_files import archive, file_page, post_file
from service.storage.upsert import insert_into
from service.types import ScanReading

LEASE = timedelta(minutes=10)
"""Longer than three pages can take."""
_FOR_GOOD = ("ocr.unsure", "ocr.damaged")
"""What the same program would say again; any other failure may be one of the moment."""
_MOST_TRIES = 3
"""A file with which as many workers ended is not tried again."""


@dataclass(frozen=True, slots=True)
class PageTask:
    """A file whose first pages are to be drawn, and read where it is a scan."""

    sha256: str
    is_scan: bool
    is_covered: bool


@dataclass(frozen=True, slots=True)
class PageResult:
    """What came of reading; `error` is a code, None where something was read."""

    reader: str
    text: str | None
    second: str
    confidence: float
    error: str | None = None


def ask_for_pages(conn: Connection, digest: str, at: datetime, *, is_scan: bool) -> None:
    """Once a file; nothing where it was asked for before."""
    statement = insert_into(conn, file_page).values(
        sha256=digest, asked_at=at, is_scan=int(is_scan)
    )
    conn.execute(statement.on_conflict_do_nothing())


def claim_pages(conn: Connection, now: datetime, *, can_read: bool) -> PageTask | None:
    """Takes the newest file that waits, under a lease; None where none does. `can_read`: whether
    scans can be read; else they are only drawn."""
    of = file_page.c
    is_free = of.done_at.is_(None) & or_(of.leased_until.is_(None), of.leased_until < now)
    ready = select(file_page).where(is_free, _has_post())
    if not can_read:
        ready = ready.where(of.is_covered == 0)
    row = conn.execute(ready.order_by(of.asked_at.desc(), of.sha256).limit(1)).first()
    if row is None:
        return None
    taken = conn.execute(
        update(file_page)
        .where(of.sha256 == row.sha256, is_free)
        .values(leased_until=now + LEASE, tries=of.tries + 1)
    )
    if not taken.rowcount:
        return None
    return PageTask(row.sha256, bool(row.is_scan), bool(row.is_covered))


def is_page_given_up(conn: Connection, digest: str) -> bool:
    """Whether a file was taken too often, and never was done with."""
    of = file_page.c
    found = select(of.tries).where(of.sha256 == digest)
    return int(conn.execute(found).scalar_one()) > _MOST_TRIES


def set_covered(conn: Connection, digest: str) -> None:
    conn.execute(update(file_page).where(file_page.c.sha256 == digest).values(is_covered=1))


def put_back(conn: Connection, digest: str) -> None:
    """A scan that waits for a program that reads it."""
    conn.execute(
        update(file_page)
        .where(file_page.c.sha256 == digest)
        .values(leased_until=None, tries=file_page.c.tries - 1)
    )


def set_done(conn: Connection, digest: str, at: datetime, result: PageResult | None = None) -> None:
    """Done with a file; `result` where it is a scan."""
    found = (
        {}
        if result is None
        else {
            "reader": result.reader,
            "ocr_text": result.text,
            "ocr_second": result.second,
            "ocr_confidence": result.confidence,
            "error": result.error,
        }
    )
    conn.execute(
        update(file_page)
        .where(file_page.c.sha256 == digest)
        .values(done_at=at, leased_until=None, **found)
    )


def ask_pages_again(
    conn: Connection, digests: Sequence[str], at: datetime, but_by: str | None
) -> int:
    """Asks for the pages of kept PDFs once more; returns for how many. `but_by`: those with which
    this reader is done are left alone; None: they too."""
    of, kept = file_page.c, archive.c
    found = conn.execute(
        select(kept.sha256, kept.is_scan).where(
            kept.sha256.in_(digests),
            kept.absent.is_(None),
            kept.media_type == "application/pdf",
        )
    ).all()
    asked = 0
    for row in found:
        statement = insert_into(conn, file_page).values(
            sha256=row.sha256, asked_at=at, is_scan=row.is_scan
        )
        failed = of.error.is_not(None) & of.error.not_in(_FOR_GOOD)
        is_open = or_(of.reader.is_(None), of.reader != but_by, failed)
        again = statement.on_conflict_do_update(
            index_elements=[of.sha256],
            set_={"asked_at": at, "tries": 0, "done_at": None, "is_covered": 0},
            where=is_open if but_by is not None else None,
        )
        asked += len(conn.execute(again.returning(of.sha256)).all())
    return asked


def scan_readings(conn: Connection, digests: Sequence[str]) -> tuple[ScanReading, ...]:
    """What was read of those of these files that are scans, in this order."""
    of = file_page.c
    found = select(file_page).where(of.sha256.in_(digests), of.ocr_text.is_not(None))
    rows = {
        row.sha256: ScanReading(row.sha256, row.ocr_text, row.ocr_second or "", row.ocr_confidence)
        for row in conn.execute(found)
    }
    return tuple(rows[digest] for digest in dict.fromkeys(digests) if digest in rows)


def scan_states(conn: Connection, digests: Sequence[str]) -> dict[str, str | None]:
    """Of the scans among these files that were looked at: why nothing was read, None where
    something was."""
    of = file_page.c
    found = select(of.sha256, of.error).where(
        of.sha256.in_(digests), of.is_scan == 1, of.reader.is_not(None)
    )
    return {row.sha256: row.error for row in conn.execute(found)}


def posts_with(conn: Connection, digest: str) -> list[str]:
    """Ids of the posts of a file, in whichever revision."""
    return list(
        conn.execute(select(post_file.c.post_id).where(post_file.c.sha256 == digest)).scalars()
    )


def scans_since(conn: Connection, since: datetime | None, post_ids: Sequence[str]) -> list[str]:
    """The files of these posts, or of all; of those that were published since then."""
    post = schema.post.c
    found = select(post_file.c.sha256).distinct().join(schema.post, post.id == post_file.c.post_id)
    if since is not None:
        found = found.where(post.published_at >= since)
    if post_ids:
        found = found.where(post.id.in_(post_ids))
    return list(conn.execute(found).scalars())


def count_waiting_scans(conn: Connection) -> int:
    """Scans that nobody has read, of posts that are stored."""
    of = file_page.c
    waiting = (of.is_scan == 1) & of.done_at.is_(None) & _has_post()
    return conn.execute(select(func.count()).select_from(file_page).where(waiting)).scalar_one()


def are_pages_waiting(conn: Connection) -> bool:
    """Whether any file waits, to be drawn or to be read."""
    waiting = select(file_page.c.sha256).where(file_page.c.done_at.is_(None), _has_post())
    return conn.execute(waiting.limit(1)).first() is not None


def _has_post() -> ColumnElement[bool]:
    return exists().where(post_file.c.sha256 == file_page.c.sha256)


def forget_pages(conn: Connection, digests: Sequence[str]) -> None:
    conn.execute(delete(file_page).where(file_page.c.sha256.in_(digests)))
