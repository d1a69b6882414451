from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from service.errors import StorageError
from service.storage.engine import HEAD, Database, current_version, open_database, uuid7
from service.storage.inspect import check_writable


def test_a_new_database_is_at_the_newest_version(any_database: Database) -> None:
    with any_database.reading() as connection:
        assert current_version(connection) == HEAD


def test_two_writers_lose_no_update(any_database: Database) -> None:
    with any_database.writing() as connection:
        connection.execute(text("INSERT INTO generation (name, n) VALUES ('x', 0)"))

    lock = "" if any_database.is_sqlite else " FOR UPDATE"

    def add() -> None:
        for _ in range(100):
            with any_database.writing() as connection:
                n = connection.execute(
                    text(f"SELECT n FROM generation WHERE name = 'x'{lock}")
                ).scalar_one()
                connection.execute(
                    text("UPDATE generation SET n = :n WHERE name = 'x'"), {"n": n + 1}
                )

    threads = [threading.Thread(target=add) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with any_database.reading() as connection:
        assert (
            connection.execute(text("SELECT n FROM generation WHERE name = 'x'")).scalar_one()
            == 200
        )


def test_opening_a_migrated_database_again_changes_nothing(sqlite_url: str) -> None:
    open_database(sqlite_url).close()
    again = open_database(sqlite_url)
    with again.reading() as connection:
        assert current_version(connection) == HEAD
    again.close()


def test_uuid7_sorts_by_time_and_names_its_version(any_database: Database) -> None:
    with any_database.reading() as connection:
        made = connection.execute(text("SELECT loa_uuid7()")).scalar_one()
    assert made[14] == "7"
    assert made[19] in "89ab"
    assert uuid7()[:8] == made[:8]


def test_M1_a_lock_that_another_process_keeps_is_said_in_words(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path}/loa.db")
    with database.reading() as conn:
        conn.exec_driver_sql("PRAGMA busy_timeout=20")  # of the pool's one connection, to wait less
    with closing(sqlite3.connect(tmp_path / "loa.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with (
            pytest.raises(StorageError, match="another process has kept it locked for 10 s"),
            database.writing(),
        ):
            pass
        with pytest.raises(StorageError, match="another process keeps it locked"):
            check_writable(database, 0.02)
        other.execute("ROLLBACK")
    check_writable(database, 0.02)
    database.close()
