"""What a restored database may send without being asked, and that new machines are fenced too
(D22)."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text

from service.services.restore import release_restored
from service.settings import Settings
from service.storage.deliveries import list_deliveries
from service.storage.engine import Database, open_database
from service.storage.place import KEY, is_elsewhere, keep_place
from service.storage.queue import Fence, claim_due, is_fenced
from service.storage.schema import to_micros
from service.types import WEBHOOK, Frequency, State
from tests.fakes import FakeClock
from tests.fakes_ledger import a_post, hook, mail, tell


def states(database: Database) -> dict[str, State]:
    with database.reading() as conn:
        return {delivery.post_id: delivery.state for delivery in list_deliveries(conn)}


def claimed(database: Database, now: datetime) -> list[str]:
    """The ids of what is sent now."""
    with database.writing() as conn:
        due = claim_due(conn, channel=WEBHOOK, now=now, limit=9, lease_s=30)
        return [one.message_id for one in due]


def set_message(database: Database, post_id: str, what: str, **values: object) -> str:
    """Changes the message of a post's delivery; its id."""
    with database.writing() as conn:
        found = text(
            "SELECT d.message_id FROM delivery d JOIN change c ON c.id = d.change_id WHERE "
            "c.post_id = :post"
        )
        message_id = str(conn.execute(found, {"post": post_id}).scalar_one())
        conn.execute(
            text(f"UPDATE message SET {what} WHERE id = :id"), {"id": message_id, **values}
        )
        return message_id


@pytest.mark.parametrize("is_discarding", [False, True])
def test_D22_only_what_was_due_and_may_have_gone_is_skipped(
    any_database: Database, clock: FakeClock, tmp_path: Path, is_discarding: bool
) -> None:
    now = clock()
    lost_at, copied_at = now - timedelta(hours=1), now - timedelta(hours=9)
    with any_database.writing() as conn:
        hook(conn, "http://a.example/1")
        for post_id in ("gone", "later", "tried", "failed", "suspended", "held"):
            tell(conn, a_post(post_id), at=copied_at)
    later = to_micros(now + timedelta(hours=5))
    kept = [
        set_message(any_database, "later", "due_at = :at", at=later),
        set_message(any_database, "tried", "attempts = 1, due_at = :at", at=to_micros(copied_at)),
        set_message(any_database, "failed", "state = 'failed', attempts = 9"),
        set_message(any_database, "suspended", "state = 'suspended'"),
        set_message(any_database, "held", "state = 'held'"),
    ]
    with any_database.writing() as conn:
        for state in ("failed", "suspended", "held"):
            conn.execute(
                text(
                    "UPDATE delivery SET state = :state WHERE change_id IN"
                    " (SELECT id FROM change WHERE post_id = :state)"
                ),
                {"state": state},
            )
    since = None if is_discarding else lost_at
    assert release_restored(any_database, Settings(), now, since) == 1
    found = states(any_database)
    assert found.pop("gone") is State.SKIPPED
    assert State.SKIPPED not in found.values()
    assert claimed(any_database, now) == [kept[1]], "a failed attempt is made again, under its id"
    assert kept[0] in claimed(any_database, now + timedelta(hours=6))


@pytest.mark.parametrize(
    ("frequency", "told", "lost", "state"),
    # digests go out at 07:00 in Vietnam, on working days; the clock says Monday, 23 November 2026,
    # 08:00
    [
        (Frequency.DAILY, 0.5, 0.25, State.DUE),
        (Frequency.DAILY, 12, 0.25, State.SKIPPED),
        (Frequency.DAILY, 12, 2, State.DUE),
        (Frequency.WEEKLY, 0.5, 0.25, State.DUE),
        (Frequency.WEEKLY, 40, 30, State.DUE),
        (Frequency.WEEKLY, 40, 0.25, State.SKIPPED),
    ],
)
def test_D22_what_waits_for_a_digest_stays_unless_that_digest_went_out_before_the_loss(
    any_database: Database,
    clock: FakeClock,
    frequency: Frequency,
    told: float,
    lost: float,
    state: State,
) -> None:
    clock.at = datetime.fromisoformat("2026-11-23T08:00:00+07:00")
    now = clock()
    with any_database.writing() as conn:
        subscription = mail(conn, "a@x.example", at=now - timedelta(days=90))
        set_frequency = text("UPDATE subscription SET frequency = :f WHERE id = :id")
        conn.execute(set_frequency, {"f": frequency.value, "id": subscription.id})
        tell(conn, a_post(), at=now - timedelta(hours=told))
        waits = conn.execute(
            text("SELECT count(*) FROM delivery WHERE message_id IS NULL")
        ).scalar_one()
    assert waits == 1
    release_restored(any_database, Settings(), now, now - timedelta(hours=lost))
    assert states(any_database) == {"post-1": state}


def copied(database: Database) -> tuple[Database, str]:
    """The same database again in another one, as a dump restored there: open, and its name."""
    name = f"{make_url(database.url).database}_copy"
    database.engine.dispose()
    url = make_url(database.url)
    admin = create_engine(url.set(database="postgres"), isolation_level="AUTOCOMMIT")
    with admin.connect() as conn:
        conn.execute(text(f"CREATE DATABASE {name} TEMPLATE {url.database}"))
    admin.dispose()
    return open_database(url.set(database=name).render_as_string(hide_password=False)), name


def drop(database: Database, name: str) -> None:
    database.close()
    admin = create_engine(
        make_url(database.url).set(database="postgres"), isolation_level="AUTOCOMMIT"
    )
    with admin.connect() as conn:
        conn.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


def test_D22_a_dump_restored_beside_new_fence_files_sends_nothing(
    postgresql_database: Database, clock: FakeClock, tmp_path: Path
) -> None:
    with postgresql_database.writing() as conn:
        hook(conn, "http://a.example/1")
        tell(conn, a_post(), at=clock() - timedelta(hours=2))
    assert Fence(postgresql_database, tmp_path / "old", clock).check()
    assert Fence(postgresql_database, tmp_path / "another machine", clock).check()
    restored, name = copied(postgresql_database)
    try:
        first, second = (Fence(restored, tmp_path / one, clock) for one in ("new-1", "new-2"))
        assert first.is_restored() and not (tmp_path / "new-1").exists()
        assert not first.check()
        assert not second.check()
        assert claimed(restored, clock()) == []
        assert release_restored(restored, Settings(), clock(), None) == 1
        assert first.check() and second.check()
        assert Fence(restored, tmp_path / "new-3", clock).check(), "one more machine is no restore"
        assert claimed(restored, clock()) == []
    finally:
        drop(restored, name)


def test_D22_a_dump_restored_over_the_tables_that_were_there_is_noticed_on_new_machines(
    postgresql_database: Database, clock: FakeClock, tmp_path: Path
) -> None:
    assert Fence(postgresql_database, tmp_path / "old", clock).check()
    with postgresql_database.writing() as conn:
        conn.execute(text("CREATE TABLE again (LIKE meta INCLUDING ALL)"))
        conn.execute(text("INSERT INTO again SELECT * FROM meta"))
        conn.execute(text("DROP TABLE meta"))
        conn.execute(text("ALTER TABLE again RENAME TO meta"))
    assert not Fence(postgresql_database, tmp_path / "new", clock).check()
    with postgresql_database.reading() as conn:
        assert is_fenced(conn)


def test_D22_a_database_that_was_moved_with_its_fence_file_or_is_of_before_goes_on(
    postgresql_database: Database, clock: FakeClock, tmp_path: Path
) -> None:
    for _ in range(3):
        assert Fence(postgresql_database, tmp_path / "old", clock).check()
    with postgresql_database.writing() as conn:
        conn.execute(
            text("UPDATE meta SET value = 'of another cluster' WHERE key = :key"), {"key": KEY}
        )
    assert Fence(postgresql_database, tmp_path / "old", clock).check(), (
        "its counter says that nothing is lost"
    )
    assert Fence(postgresql_database, tmp_path / "new", clock).check()
    with postgresql_database.writing() as conn:
        conn.execute(text("DELETE FROM meta WHERE key = :key"), {"key": KEY})
    assert Fence(postgresql_database, tmp_path / "newer", clock).check(), (
        "nobody knows where it was"
    )


def test_D22_a_cluster_that_keeps_its_number_to_itself_is_told_by_its_tables(
    postgresql_database: Database, clock: FakeClock, tmp_path: Path
) -> None:
    with postgresql_database.writing() as conn:
        conn.execute(text("REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC"))
        conn.execute(text("CREATE ROLE loa_plain"))
        conn.execute(text("GRANT ALL ON meta TO loa_plain"))
        conn.execute(text("SET LOCAL ROLE loa_plain"))
        keep_place(conn)
        assert not is_elsewhere(conn)
        kept = conn.execute(
            text("SELECT value FROM meta WHERE key = :key"), {"key": KEY}
        ).scalar_one()
        conn.execute(text("SET LOCAL ROLE NONE"))
        conn.execute(text("DROP OWNED BY loa_plain"))
        conn.execute(text("DROP ROLE loa_plain"))
    assert str(kept).startswith(" ") and len(str(kept).split()) == 2
