"""Files of posts lie in a folder by their SHA-256, within limits, and leave the database in steps
(S4)."""

from __future__ import annotations

import os
import stat
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from service.errors import NotFound
from service.poll.archive_care import care_for_archive
from service.storage.archive import (
    ArchivedFile,
    WatchedFile,
    archived,
    file_texts,
    store_watch,
    why_absent,
)
from service.storage.archive_cleaning import LEFT_ALONE, clean_bucket, forget_old, forget_unused
from service.storage.archive_folder import ArchiveFolder, DamagedFileError, copy_file
from service.storage.archive_parts import PART_BYTES, count_parts, move_parts
from service.storage.archive_room import (
    DAY_FULL,
    DISK_FULL,
    PORTAL_FULL,
    POST_FULL,
    UNWRITABLE,
    Limits,
    list_stops,
)
from service.storage.archive_store import Archive
from service.storage.engine import Database
from service.storage.retention import Retention, forget_all
from service.text import LOCAL
from tests.fakes_archive import ROOMY, archive_of

NOW = datetime(2026, 11, 29, 3, tzinfo=UTC)
BODY = b"%PDF-1.7 " + bytes(range(256)) * 9000
_POST = (
    "INSERT INTO post(id, portal_id, portal_name, identity_key, url, title, revision, facts, "
    "published_at,"
    " updated_at, first_seen_at) VALUES ('p', 'huyen', 'H', 'x', 'https://x', 'T', 1, '{}', 5, 5, "
    "5)"
)


def file_of(body: bytes, at: datetime = NOW) -> ArchivedFile:
    return ArchivedFile(sha256(body).hexdigest(), "application/pdf", body, at, "words")


def read(archive: Archive, digest: str) -> bytes:
    size, pieces = archive.open(digest)
    body = b"".join(pieces)
    assert size == len(body)
    return body


def in_database(
    database: Database, body: bytes, *, parts: int | None = None, row: bool = True
) -> str:
    """A file as Loa kept it before it had a folder; `parts` of it alone, or without its row: what a
    kill left."""
    digest = sha256(body).hexdigest()
    with database.writing() as conn:
        for number, start in enumerate(range(0, len(body), PART_BYTES)):
            if parts is None or number < parts:
                values = {"sha": digest, "n": number, "body": body[start : start + PART_BYTES]}
                conn.execute(text("INSERT INTO archive_part VALUES (:sha, :n, :body)"), values)
        if row:
            conn.execute(
                text(
                    "INSERT INTO archive(sha256, media_type, bytes, archived_at) VALUES (:sha, "
                    "'a/b', :n, 5)"
                ),
                {"sha": digest, "n": len(body)},
            )
    return digest


def aged(folder: ArchiveFolder, *names: Path, now: datetime = NOW) -> None:
    at = (now - LEFT_ALONE - timedelta(hours=1)).timestamp()
    for name in names:
        os.utime(name, (at, at))


def clean_all(database: Database, folder: ArchiveFolder, now: datetime = NOW) -> int:
    return sum(clean_bucket(database, folder, now + timedelta(minutes=n)) for n in range(256))


# --- the folder -------------------------------------------------------------------------------


def test_S4_a_file_lies_in_a_folder_by_its_hash_readable_by_us_alone(
    any_database: Database, tmp_path: Path
) -> None:
    archive = archive_of(any_database, folder=tmp_path / "files")
    file = file_of(BODY)
    assert archive.keep(file, "huyen") is None
    path = tmp_path / "files" / file.sha256[:2] / file.sha256[2:4] / file.sha256
    assert path.read_bytes() == BODY == read(archive, file.sha256)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in list(path.parents)[:3]} == {0o700}
    assert list((tmp_path / "files" / ".new").iterdir()) == []
    with any_database.reading() as conn:
        assert conn.execute(text("SELECT count(*) FROM archive_part")).scalar_one() == 0
        assert (archived(conn, [file.sha256]), file_texts(conn, [file.sha256])) == (
            {file.sha256},
            "words",
        )


def test_S4_the_same_file_costs_nothing_the_second_time_and_is_mended_when_it_is_gone(
    any_database: Database, tmp_path: Path
) -> None:
    limits = replace(ROOMY, portal_day=len(BODY))
    archive = archive_of(any_database, limits, tmp_path / "files")
    file = file_of(BODY)
    assert [archive.keep(file, portal) for portal in ("huyen", "huyen", "tinh")] == [
        None,
        None,
        None,
    ]
    archive.folder.remove(file.sha256)
    assert archive.missing(10) == 1
    with pytest.raises(NotFound):
        archive.open(file.sha256)
    assert archive.keep(file, "tinh") is None
    assert (read(archive, file.sha256), archive.missing(10)) == (BODY, 0)


def test_S4_what_is_not_what_its_hash_says_is_not_kept(tmp_path: Path) -> None:
    folder = ArchiveFolder(tmp_path / "files")
    with pytest.raises(DamagedFileError, match="SHA-256"):
        folder.keep("ab" * 32, (b"something", b"else"))
    assert folder.size_of("ab" * 32) is None
    assert list((tmp_path / "files" / ".new").iterdir()) == []
    assert folder.free_bytes() > 0


def test_S4_a_copy_is_a_name_of_the_same_file_and_whole_on_another_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "one"
    source.write_bytes(BODY)
    assert copy_file(source, tmp_path / "a" / "two")
    assert (tmp_path / "a" / "two").samefile(source)
    assert not copy_file(source, tmp_path / "a" / "two")

    def no_links(*_: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", no_links)
    assert copy_file(source, tmp_path / "b" / "two")
    assert (tmp_path / "b" / "two").read_bytes() == BODY
    assert not (tmp_path / "b" / "two").samefile(source)


# --- limits -----------------------------------------------------------------------------------


def kept_today(conn: Connection, at: datetime) -> int:
    """Bytes, of all portals."""
    day = at.astimezone(LOCAL).date().isoformat()
    query = "SELECT coalesce(sum(bytes), 0) FROM archive_day WHERE day = :day"
    return int(conn.execute(text(query), {"day": day}).scalar_one())


def tiny(**limits: int) -> Limits:
    return replace(ROOMY, **limits)


@pytest.mark.parametrize(
    ("limits", "used", "why", "about"),
    [
        (tiny(post=1000), 600, POST_FULL, "huyen"),
        (tiny(post=1000), 1000, POST_FULL, "huyen"),
        (tiny(portal_day=499), 0, PORTAL_FULL, "huyen"),
        (tiny(day=499), 0, DAY_FULL, ""),
        (tiny(min_free=1 << 60), 0, DISK_FULL, ""),
    ],
)
def test_S4_what_has_no_room_is_not_kept_says_why_and_is_kept_later(
    any_database: Database, tmp_path: Path, limits: Limits, used: int, why: str, about: str
) -> None:
    file = file_of(b"%PDF" + b"x" * 496)
    full = archive_of(any_database, limits, tmp_path / "files")
    assert full.keep(file, "huyen", used) == why
    assert not full.has_room("huyen", 500, used, NOW)
    with any_database.reading() as conn:
        assert (archived(conn, [file.sha256]), why_absent(conn, [file.sha256])) == (
            set(),
            {file.sha256: why},
        )
        assert file_texts(conn, [file.sha256]) == "words"
        assert kept_today(conn, NOW) == 0
        (stop,) = list_stops(conn)
    assert (stop.reason, stop.portal_id, stop.since, stop.is_told) == (why, about, NOW, False)
    with pytest.raises(NotFound):
        full.open(file.sha256)
    roomy = archive_of(any_database, folder=tmp_path / "files")
    later = NOW + timedelta(days=8)
    assert roomy.has_room("huyen", 500, 0, later)
    assert roomy.keep(replace(file, archived_at=later), "huyen") is None
    assert read(roomy, file.sha256) == file.body
    with any_database.reading() as conn:
        assert (list_stops(conn), why_absent(conn, [file.sha256])) == ([], {})


def test_S4_a_day_in_vietnam_has_its_room_and_so_has_each_portal(
    any_database: Database, tmp_path: Path
) -> None:
    archive = archive_of(any_database, tiny(portal_day=1000, day=1600), tmp_path / "files")
    bodies = [b"%PDF" + bytes([n]) * 596 for n in range(9)]
    told = [archive.keep(file_of(bodies[0]), "a"), archive.keep(file_of(bodies[1]), "a")]
    assert told == [None, PORTAL_FULL]
    assert [archive.keep(file_of(bodies[n]), "b") for n in (2, 3)] == [None, PORTAL_FULL]
    assert archive.keep(file_of(bodies[4]), "c") == DAY_FULL
    tomorrow = datetime(2026, 11, 29, 17, tzinfo=UTC)  # midnight in Vietnam
    assert archive.keep(file_of(bodies[5], tomorrow - timedelta(seconds=1)), "c") == DAY_FULL
    assert archive.keep(file_of(bodies[6], tomorrow), "c") is None


def test_S4_a_folder_that_cannot_be_written_takes_no_room_and_is_told_once(
    any_database: Database, tmp_path: Path
) -> None:
    (tmp_path / "files").write_text("a file where the folder should be")
    archive = archive_of(any_database, folder=tmp_path / "files")
    file, told = file_of(BODY), list[str]()

    def care() -> None:
        care_for_archive(any_database, archive, lambda _, *letter: told.append(letter[0]), NOW)

    assert archive.keep(file, "huyen") == UNWRITABLE
    digest = in_database(any_database, b"another file")
    for _ in range(3):
        care()
    assert [key.rpartition(":")[0] for key in told] == ["archive:archive.unwritable:"]
    with any_database.reading() as conn:
        assert kept_today(conn, NOW) == 0
    assert read(archive, digest) == b"another file"
    (tmp_path / "files").unlink()
    care()
    with any_database.reading() as conn:
        assert list_stops(conn) == []
    assert archive.keep(file, "huyen") is None
    care()
    assert (len(told), read(archive, digest), count_parts(any_database)) == (1, b"another file", 0)


@pytest.mark.parametrize(
    ("limits", "used", "after", "mended"),
    [
        (tiny(post=1000), 600, timedelta(days=8), ROOMY),
        (tiny(portal_day=499), 0, timedelta(days=1), tiny(portal_day=499)),
        (tiny(day=499), 0, timedelta(days=1), tiny(day=499)),
        (tiny(min_free=1 << 60), 0, timedelta(minutes=1), ROOMY),
    ],
)
def test_S4_the_operator_is_told_once_and_again_when_it_was_over(
    any_database: Database,
    tmp_path: Path,
    limits: Limits,
    used: int,
    after: timedelta,
    mended: Limits,
) -> None:
    told = list[str]()

    def care(archive: Archive, at: datetime) -> None:
        care_for_archive(any_database, archive, lambda _, *letter: told.append(letter[0]), at)

    def stops() -> int:
        with any_database.reading() as conn:
            return len(list_stops(conn))

    full, roomy = (archive_of(any_database, one, tmp_path / "files") for one in (limits, mended))
    body = b"%PDF" + b"x" * 496
    assert full.keep(file_of(body), "huyen", used) is not None
    for minutes in range(3):
        care(full, NOW + timedelta(minutes=minutes))
    assert (len(told), stops()) == (1, 1)
    care(roomy, NOW + after)
    assert (len(told), stops()) == (1, 0)
    assert full.keep(file_of(body, NOW + after), "huyen", used) is not None
    care(full, NOW + after)
    assert (len(told), stops()) == (2, 1)


# --- out of the database ----------------------------------------------------------------------


def test_S4_files_of_before_are_read_where_they_are_and_move_in_steps(
    any_database: Database, tmp_path: Path
) -> None:
    archive = archive_of(any_database, folder=tmp_path / "files")
    bodies = [b"%PDF" + bytes([n]) * (2 * PART_BYTES + 17) for n in range(3)]
    digests = [in_database(any_database, body) for body in bodies]
    assert archive.facts().waiting == 3
    assert [read(archive, digest) for digest in digests] == bodies
    readers = [archive.open(digest)[1] for digest in digests]
    heads = [next(reader) for reader in readers]  # begun in the database, ended in the folder
    assert move_parts(any_database, archive.folder) == 3
    assert [head + b"".join(reader) for head, reader in zip(heads, readers, strict=True)] == bodies
    assert [read(archive, digest) for digest in digests] == bodies
    assert (
        move_parts(any_database, archive.folder),
        archive.facts().waiting,
        archive.missing(9),
    ) == (0, 0, 0)
    with any_database.reading() as conn:
        assert conn.execute(text("SELECT count(*) FROM archive_part")).scalar_one() == 0


@pytest.mark.parametrize("left", [0, 1, 2])
def test_S4_a_move_that_was_killed_is_done_again(
    any_database: Database, tmp_path: Path, left: int
) -> None:
    archive = archive_of(any_database, folder=tmp_path / "files")
    body = b"%PDF" + b"x" * (2 * PART_BYTES)
    digest = in_database(any_database, body)
    archive.folder.keep(digest, (body,))
    with any_database.writing() as conn:
        conn.execute(text("DELETE FROM archive_part WHERE number < :left"), {"left": left})
    assert read(archive, digest) == body
    assert move_parts(any_database, archive.folder) == 1
    assert (read(archive, digest), count_parts(any_database)) == (body, 0)


def test_S4_half_a_file_without_its_row_goes_and_a_damaged_one_stays(
    any_database: Database, tmp_path: Path
) -> None:
    archive = archive_of(any_database, folder=tmp_path / "files")
    in_database(any_database, BODY, parts=1, row=False)
    damaged = in_database(any_database, b"%PDF damaged")
    with any_database.writing() as conn:
        conn.execute(
            text("UPDATE archive_part SET body = :body WHERE sha256 = :sha"),
            {"body": b"x", "sha": damaged},
        )
    assert move_parts(any_database, archive.folder) == 2
    assert (move_parts(any_database, archive.folder), archive.facts().waiting) == (0, 0)
    with any_database.reading() as conn:
        assert why_absent(conn, [damaged]) == {damaged: "archive.damaged"}
        kept = conn.execute(text("SELECT sha256 FROM archive_part")).scalars().all()
    assert kept == [damaged]


# --- what goes --------------------------------------------------------------------------------


def test_S4_what_a_crash_left_goes_after_a_day_and_nothing_else(
    any_database: Database, tmp_path: Path
) -> None:
    archive = archive_of(any_database, folder=tmp_path / "files")
    folder = archive.folder
    kept, orphan, fresh = file_of(BODY), sha256(b"orphan").hexdigest(), sha256(b"fresh").hexdigest()
    archive.keep(kept, "huyen")
    folder.keep(orphan, (b"orphan",))
    folder.keep(fresh, (b"fresh",))
    draft, new_draft = folder.root / ".new" / "old", folder.root / ".new" / "now"
    for one in (draft, new_draft):
        one.write_bytes(b"half")
    os.utime(folder.path_of(fresh), (NOW.timestamp(), NOW.timestamp()))
    os.utime(new_draft, (NOW.timestamp(), NOW.timestamp()))
    aged(folder, folder.path_of(orphan), folder.path_of(kept.sha256), draft)
    assert clean_all(any_database, folder) == 2
    assert {path.name for path in folder.walk()} == {kept.sha256, fresh}
    assert [path.name for path in (folder.root / ".new").iterdir()] == ["now"]


def test_M11_a_file_that_no_post_refers_to_goes_and_one_of_an_old_revision_stays(
    any_database: Database, tmp_path: Path
) -> None:
    archive = archive_of(any_database, folder=tmp_path / "files")
    first, second, loose = (file_of(b"%PDF" + name) for name in (b"first", b"second", b"loose"))
    for file in (first, second, loose):
        archive.keep(file, "huyen")
    with any_database.writing() as conn:
        conn.execute(text(_POST))
        for file in (first, second):  # one after the other under one link
            store_watch(conn, "p", WatchedFile("https://x/a.pdf", None, None, 5, file.sha256), NOW)
    assert forget_unused(any_database, archive.folder, NOW + LEFT_ALONE) == 0
    later = NOW + LEFT_ALONE + timedelta(seconds=1)
    archive.keep(replace(loose, archived_at=later), "huyen")  # fetched again: in hand
    assert forget_unused(any_database, archive.folder, later) == 0
    assert forget_unused(any_database, archive.folder, later + 2 * LEFT_ALONE) == 1
    assert {path.name for path in archive.folder.walk()} == {first.sha256, second.sha256}


def test_M11_files_have_a_retention_of_their_own_and_what_they_say_stays(
    any_database: Database, tmp_path: Path
) -> None:
    archive = archive_of(any_database, folder=tmp_path / "files")
    old, new = file_of(b"%PDF old"), file_of(b"%PDF new", NOW + timedelta(days=400))
    with any_database.writing() as conn:
        conn.execute(text(_POST))
        for file in (old, new):
            store_watch(
                conn, "p", WatchedFile(f"https://x/{file.sha256}", None, None, 5, file.sha256), NOW
            )
    for file in (old, new):
        archive.keep(file, "huyen")
    day = timedelta(days=1)
    for_ever = Retention(messages=day, polls=day, files=None)
    forget_all(any_database, archive.folder, for_ever, NOW + timedelta(days=3650))
    assert archive.facts().files == 2
    a_year = Retention(messages=day, polls=day, files=timedelta(days=365))
    forget_all(any_database, archive.folder, a_year, NOW + timedelta(days=401))
    assert [path.name for path in archive.folder.walk()] == [new.sha256]
    with any_database.reading() as conn:
        assert why_absent(conn, [old.sha256, new.sha256]) == {old.sha256: "archive.forgotten"}
        assert file_texts(conn, [old.sha256]) == "words"


def test_S4_a_file_that_is_forgotten_before_it_moved_goes_from_the_database(
    any_database: Database, tmp_path: Path
) -> None:
    archive = archive_of(any_database, folder=tmp_path / "files")
    digest = in_database(any_database, BODY)
    assert forget_old(any_database, archive.folder, NOW) == 1
    assert move_parts(any_database, archive.folder) == 1
    assert (archive.folder.size_of(digest), archive.facts().files, count_parts(any_database)) == (
        None,
        0,
        0,
    )
