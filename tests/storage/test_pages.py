"""The queue of first pages: a file is in one hand at a time, is asked for once, and waits for its
post."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from sqlalchemy import insert

from service.services.scan_acts import ask_for_scans
from service.storage.archive import ArchivedFile, WatchedFile, store_file, store_watch
from service.storage.archive_cleaning import forget_unused
from service.storage.archive_folder import ArchiveFolder
from service.storage.engine import Database
from service.storage.pages import (
    LEASE,
    PageResult,
    are_pages_waiting,
    claim_pages,
    count_waiting_scans,
    is_page_given_up,
    put_back,
    scan_readings,
    scan_states,
    set_covered,
    set_done,
)
from service.storage.schema_files import archive
from service.types import ScanReading
from tests.fakes_ledger import NOW
from tests.storage.test_post_store import LIST, make_store
from tests.storage.test_posts import draft

DIGEST = "ab" * 32
READ = PageResult("tesseract 5 vie", "Số: 06/CT-UBND", "Số: 06/CT-UBND", 95.5)


def keep(
    database: Database,
    digest: str = DIGEST,
    media_type: str = "application/pdf",
    *,
    is_scan: bool = True,
) -> None:
    with database.writing() as conn:
        store_file(conn, ArchivedFile(digest, media_type, b"%PDF", NOW, is_scan=is_scan), None)


def with_post(database: Database, digest: str = DIGEST, path: str = "/a") -> str:
    post = make_store(database).new(draft(path), LIST, "Tiêu đề", None)
    assert post is not None
    with database.writing() as conn:
        store_watch(conn, post.id, WatchedFile(f"https://x{path}", None, None, 4, digest), NOW)
    return post.id


def test_a_scan_waits_for_its_post_and_is_in_one_hand_at_a_time(any_database: Database) -> None:
    keep(any_database)
    with any_database.writing() as conn:
        assert claim_pages(conn, NOW, can_read=True) is None
        assert not are_pages_waiting(conn)
    with_post(any_database)
    with any_database.writing() as conn:
        assert (count_waiting_scans(conn), are_pages_waiting(conn)) == (1, True)
        task = claim_pages(conn, NOW, can_read=True)
        assert task is not None
        assert (task.sha256, task.is_scan, task.is_covered) == (DIGEST, True, False)
        assert claim_pages(conn, NOW, can_read=True) is None
        assert claim_pages(conn, NOW + LEASE + timedelta(seconds=1), can_read=True) is not None


def test_a_file_with_which_workers_end_is_given_up(any_database: Database) -> None:
    keep(any_database)
    with_post(any_database)
    with any_database.writing() as conn:
        for turn in range(4):
            assert not is_page_given_up(conn, DIGEST)
            assert claim_pages(conn, NOW + 2 * turn * LEASE, can_read=True) is not None
        assert is_page_given_up(conn, DIGEST)


def test_what_was_read_is_kept_apart_from_the_files_text(any_database: Database) -> None:
    keep(any_database)
    with_post(any_database)
    with any_database.writing() as conn:
        claim_pages(conn, NOW, can_read=True)
        set_done(conn, DIGEST, NOW, READ)
        assert claim_pages(conn, NOW + 2 * LEASE, can_read=True) is None
        assert count_waiting_scans(conn) == 0
        assert scan_readings(conn, [DIGEST, "cd" * 32]) == (
            ScanReading(DIGEST, "Số: 06/CT-UBND", "Số: 06/CT-UBND", 95.5),
        )
        assert scan_states(conn, [DIGEST]) == {DIGEST: None}
        set_done(conn, DIGEST, NOW, PageResult("r", None, "", 0.0, "ocr.unsure"))
        assert scan_states(conn, [DIGEST]) == {DIGEST: "ocr.unsure"}
        assert scan_readings(conn, [DIGEST]) == ()


def test_without_a_reader_a_scan_is_only_drawn_and_waits_on(any_database: Database) -> None:
    keep(any_database)
    with_post(any_database)
    with any_database.writing() as conn:
        assert claim_pages(conn, NOW, can_read=False) is not None
        set_covered(conn, DIGEST)
        put_back(conn, DIGEST)
        assert claim_pages(conn, NOW, can_read=False) is None
        assert claim_pages(conn, NOW, can_read=True) is not None


def test_only_pdfs_have_pages(any_database: Database) -> None:
    keep(any_database, media_type="application/zip", is_scan=False)
    with_post(any_database)
    with any_database.writing() as conn:
        assert claim_pages(conn, NOW, can_read=True) is None


def test_old_scans_are_asked_for_by_day_and_by_post_once_a_reader(any_database: Database) -> None:
    with any_database.writing() as conn:  # kept before there was a queue
        conn.execute(
            insert(archive).values(
                sha256=DIGEST, media_type="application/pdf", bytes=4, is_scan=1, archived_at=NOW
            )
        )
    post_id = with_post(any_database)
    later = NOW + timedelta(days=900)
    assert ask_for_scans(any_database, NOW, "r 1", since=later) == 0
    assert ask_for_scans(any_database, NOW, "r 1") == 1
    with any_database.writing() as conn:
        assert claim_pages(conn, NOW, can_read=True) is not None
        set_done(conn, DIGEST, NOW, PageResult("r 1", None, "", 0.0, "ocr.unsure"))
    assert ask_for_scans(any_database, NOW, "r 1") == 0
    assert ask_for_scans(any_database, NOW, "r 2") == 1
    with any_database.writing() as conn:
        set_done(conn, DIGEST, NOW, PageResult("r 2", None, "", 0.0, "ocr.gave_up"))
    assert ask_for_scans(any_database, NOW, "r 2") == 1
    assert ask_for_scans(any_database, NOW, "r 1", post_ids=[post_id]) == 1


def test_what_was_read_goes_with_its_file(any_database: Database, tmp_path: Path) -> None:
    keep(any_database)
    with any_database.writing() as conn:
        set_done(conn, DIGEST, NOW, READ)
    folder = ArchiveFolder(tmp_path)
    assert forget_unused(any_database, folder, NOW + timedelta(days=2)) == 1
    with any_database.reading() as conn:
        assert scan_readings(conn, [DIGEST]) == ()
