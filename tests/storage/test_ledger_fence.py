"""The restore fence, the same on both databases."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from service.storage.deliveries import list_deliveries
from service.storage.engine import Database
from service.storage.listings import know_listings
from service.storage.queue import (
    BEFORE_RESTORE,
    Fence,
    claim_due,
    is_fenced,
    keep_owed,
    release_fence,
    was_alerted_before_restore,
)
from service.storage.schema import to_micros
from service.text import LOCAL
from service.types import WEBHOOK, ChangeType, Filters, State
from tests.fakes import FakeClock
from tests.fakes_ledger import NOW, a_post, hook, tell


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "loa.fence"


def claimed(database: Database, clock: FakeClock) -> int:
    with database.writing() as conn:
        return len(claim_due(conn, channel=WEBHOOK, now=clock(), limit=9, lease_s=30))


def restore(database: Database, reached: int = 1) -> None:
    with database.writing() as conn:
        conn.execute(
            text("UPDATE meta SET value = :n WHERE key = 'restore_counter'"), {"n": str(reached)}
        )


def states(database: Database) -> dict[str, State]:
    with database.reading() as conn:
        return {delivery.post_id: delivery.state for delivery in list_deliveries(conn)}


def test_a_database_that_was_not_restored_passes_however_often_it_is_asked(
    any_database: Database, clock: FakeClock, file: Path
) -> None:
    one, other = (Fence(any_database, file, clock) for _ in range(2))
    assert all(fence.check() for fence in (one, other, one, one, other))
    assert Fence(any_database, file, clock).check()


def test_D15_a_database_behind_its_file_sends_nothing_until_the_operator_says_so(
    any_database: Database, clock: FakeClock, file: Path
) -> None:
    with any_database.writing() as conn:
        hook(conn, "http://a.example/1")
        tell(conn, a_post())
    for _ in range(3):
        assert Fence(any_database, file, clock).check()
    restore(any_database)
    assert not Fence(any_database, file, clock).check()
    assert not Fence(any_database, file, clock).check()
    assert claimed(any_database, clock) == 0
    assert release_fence(any_database, clock()) == 1
    assert Fence(any_database, file, clock).check()
    assert claimed(any_database, clock) == 0
    assert states(any_database) == {"post-1": State.SKIPPED}


def test_D15_a_database_restored_beneath_a_running_process_is_noticed(
    any_database: Database, clock: FakeClock, file: Path
) -> None:
    fence = Fence(any_database, file, clock)
    assert fence.check()
    assert fence.check()
    file.unlink()
    restore(any_database)
    assert not fence.check()


def test_another_database_in_its_place_beneath_a_running_process_is_no_restore(
    any_database: Database, clock: FakeClock, file: Path
) -> None:
    fence = Fence(any_database, file, clock)
    for _ in range(5):
        assert fence.check()
    with any_database.writing() as conn:
        conn.execute(text("UPDATE meta SET value = 'another-one' WHERE key = 'database_id'"))
        conn.execute(text("DELETE FROM meta WHERE key = 'restore_counter'"))
    assert fence.check()


def test_D15_a_database_without_its_file_was_restored_on_sqlite_and_is_another_machines_on_postgresql(
    any_database: Database, clock: FakeClock, file: Path
) -> None:
    assert Fence(any_database, file, clock).check()
    elsewhere = file.with_name("elsewhere")
    assert Fence(any_database, elsewhere, clock).check() is not any_database.is_sqlite


@pytest.mark.parametrize(
    "left", [b"", b"\0" * 64, b"\xff\xfe 7\n", b"half-an-id"], ids=["empty", "nul", "bytes", "cut"]
)
def test_D15_a_file_that_a_power_cut_left_empty_or_garbled_is_written_anew_and_stops_nothing(
    any_database: Database,
    clock: FakeClock,
    file: Path,
    left: bytes,
    caplog: pytest.LogCaptureFixture,
) -> None:
    for _ in range(3):
        assert Fence(any_database, file, clock).check()
    whole = file.read_text()
    file.write_bytes(left)
    assert Fence(any_database, file, clock).check()
    assert file.read_text() == whole.replace(" 3\n", " 4\n")
    assert "was damaged: it is written anew" in caplog.text
    restore(any_database)
    assert not Fence(any_database, file, clock).check()


def test_D15_a_file_that_names_other_databases_alone_is_not_this_ones(
    any_database: Database, clock: FakeClock, file: Path
) -> None:
    assert Fence(any_database, file, clock).check()
    file.write_text("another-database 9\n")
    assert Fence(any_database, file, clock).check() is not any_database.is_sqlite
    assert "another-database 9\n" in file.read_text()


def test_the_counter_moves_only_where_something_was_sent(
    any_database: Database, clock: FakeClock, file: Path
) -> None:
    fence = Fence(any_database, file, clock)
    fence.check()
    before = file.read_text()
    clock.advance(1)
    fence.move_on()
    assert file.read_text() == before
    with any_database.writing() as conn:
        hook(conn, "http://a.example/1")
        tell(conn, a_post())
        conn.execute(text("UPDATE message SET state = 'sent', done_at = :at"), {"at": 1 << 60})
    fence.move_on()
    assert file.read_text() != before


def test_a_counter_that_cannot_be_kept_is_said_once_and_stops_nothing(
    any_database: Database, clock: FakeClock, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "taken").write_text("")
    fence = Fence(any_database, tmp_path / "taken" / "loa.fence", clock)
    assert fence.check()
    assert fence.check()
    assert (
        sum("cannot keep the restore counter" in record.message for record in caplog.records) == 1
    )


def test_D15_release_since_sends_what_is_newer_and_skips_what_was_told_before(
    any_database: Database, clock: FakeClock, file: Path
) -> None:
    with any_database.writing() as conn:
        hook(conn, "http://a.example/1")
        tell(conn, a_post("in-the-backup"), at=NOW - timedelta(hours=9))
    Fence(any_database, file, clock).check()
    Fence(any_database, file, clock).check()
    restore(any_database)
    assert not Fence(any_database, file, clock).check()
    lost_at = clock() - timedelta(hours=1)
    with any_database.writing() as conn:
        for post_id in ("found-again", "new"):
            tell(conn, a_post(post_id), at=clock())
        conn.execute(
            text("UPDATE post SET published_at = :at WHERE id = 'found-again'"),
            {"at": int((lost_at - timedelta(minutes=5)).timestamp() * 1e6)},
        )
    assert release_fence(any_database, clock(), since=lost_at) == 2
    assert states(any_database) == {
        "in-the-backup": State.SKIPPED,
        "found-again": State.SKIPPED,
        "new": State.DUE,
    }
    with any_database.reading() as conn:
        assert not is_fenced(conn)
    assert claimed(any_database, clock) == 1


def test_D15_what_is_found_again_counts_as_told_until_its_listing_was_read_once_since_the_restore(
    any_database: Database, clock: FakeClock, file: Path
) -> None:
    with any_database.writing() as conn:
        know_listings(conn, [("quangxuong", "/tin")], NOW)
        hook(conn, "http://a.example/1")
    for _ in range(2):
        Fence(any_database, file, clock).check()
    restore(any_database, 0)
    assert not Fence(any_database, file, clock).look()
    lost_at = clock() - timedelta(hours=1)
    release_fence(any_database, clock(), since=lost_at)

    def is_told(published_at: datetime) -> bool:
        with any_database.reading() as conn:
            return was_alerted_before_restore(
                conn, "quangxuong", "/tin", published_at=published_at, seen_at=clock()
            )

    day_alone = lost_at.astimezone(LOCAL).replace(hour=0, minute=0, second=0, microsecond=0)
    assert is_told(lost_at - timedelta(minutes=1)) and is_told(day_alone - timedelta(days=1))
    assert not is_told(lost_at) and not is_told(day_alone), (
        "a day without a time may be later that day"
    )
    assert not is_told(clock()), "without a date it may be new"
    with any_database.writing() as conn:
        conn.execute(text("UPDATE listing SET last_ok_at = :at"), {"at": to_micros(clock())})
    assert not is_told(lost_at - timedelta(minutes=1))


def test_D15_a_later_edit_of_what_is_found_again_goes_to_those_who_want_the_post(
    any_database: Database, clock: FakeClock
) -> None:
    post = a_post()
    with any_database.writing() as conn:
        hook(conn, "http://a.example/1")
        hook(conn, "http://a.example/2", filters=Filters(categories=("meetings",)))
        tell(conn, post, silenced=BEFORE_RESTORE)
        keep_owed(conn, post.id)
        assert list_deliveries(conn) == []
        tell(conn, a_post(revision=2), ChangeType.UPDATED, at=clock())
        (delivery,) = list_deliveries(conn)
    assert (delivery.type, delivery.revision) == (ChangeType.UPDATED, 2)
