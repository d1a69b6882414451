"""What may go of the kept files: what a crash left, what no post refers to, and what is too old."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update

from service.storage.archive import archived
from service.storage.archive_folder import BUCKETS, ArchiveFolder
from service.storage.archive_room import forget_days
from service.storage.engine import Database
from service.storage.pages import forget_pages
from service.storage.schema_files import archive, post_file

FORGOTTEN = "archive.forgotten"
LEFT_ALONE = timedelta(days=1)
"""What is newer may be in hand: a file is kept before its post is stored, and written before its
row."""
FORGOTTEN_FILES = 100
"""In one transaction."""


def clean_bucket(database: Database, folder: ArchiveFolder, now: datetime) -> int:
    """Removes files without a row from one of the folder's buckets, the next one each minute;
    returns how many."""
    before = (now - LEFT_ALONE).timestamp()
    found = folder.bucket(int(now.timestamp()) // 60 % BUCKETS, before)
    done = 0
    for start in range(0, len(found), FORGOTTEN_FILES):
        some = found[start : start + FORGOTTEN_FILES]
        with database.reading() as conn:
            kept = archived(conn, some)
        done += remove_files(database, folder, [digest for digest in some if digest not in kept])
    return done + folder.clear_drafts(before)


def forget_unused(database: Database, folder: ArchiveFolder, now: datetime) -> int:
    """Forgets files that no post refers to; returns how many. Called until none is left."""
    of = archive.c
    used = select(post_file.c.sha256).where(post_file.c.sha256 == of.sha256).exists()
    is_unused = (of.archived_at < now - LEFT_ALONE) & ~used
    with database.writing() as conn:
        forget_days(conn, now)
        some = select(of.sha256).where(is_unused).limit(FORGOTTEN_FILES)
        digests = list(conn.execute(some).scalars())
        conn.execute(delete(archive).where(of.sha256.in_(digests), is_unused))
        forget_pages(conn, digests)
    remove_files(database, folder, digests)
    return len(digests)


def forget_old(database: Database, folder: ArchiveFolder, before: datetime) -> int:
    """Removes files that were fetched last before an instant; what they say stays. Returns how
    many."""
    of = archive.c
    is_old = (of.archived_at < before) & of.absent.is_(None)
    with database.writing() as conn:
        digests = list(
            conn.execute(select(of.sha256).where(is_old).limit(FORGOTTEN_FILES)).scalars()
        )
        conn.execute(update(archive).where(of.sha256.in_(digests), is_old).values(absent=FORGOTTEN))
    remove_files(database, folder, digests)
    return len(digests)


def remove_files(database: Database, folder: ArchiveFolder, digests: Sequence[str]) -> int:
    """Those that have no row, or one that says that they are not kept; returns how many.

    While nobody stores one on SQLite; elsewhere who does looks again, and writes it anew.
    """
    if not digests:
        return 0
    with database.writing() as conn:
        gone = [digest for digest in digests if digest not in archived(conn, digests)]
        for digest in gone:
            folder.remove(digest)
    return len(gone)
