"""Migrations: the tables they make are those of the schema, on both databases; a strange version is
refused."""

from __future__ import annotations

import subprocess
import sys

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from service.errors import DatabaseVersionError
from service.storage.engine import HEAD, Database, current_version, open_database
from service.storage.schema import metadata as tables


def test_the_migrated_database_is_what_the_schema_says(any_database: Database) -> None:
    with any_database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"include_name": is_ours})
        assert compare_metadata(context, tables) == []


def is_ours(name: str | None, kind: str, parents: object) -> bool:
    """Leaves out the full-text index, which each database keeps in tables of its own making."""
    return not (name or "").startswith(("post_fts", "ix_post_search_words"))


def test_a_database_of_a_newer_loa_is_refused_with_a_message(sqlite_url: str) -> None:
    newer = open_database(sqlite_url)
    with newer.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    newer.close()
    with pytest.raises(DatabaseVersionError, match=r"9999.*newer Loa"):
        open_database(sqlite_url)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_processes_that_start_at_once_migrate_once(
    kind: str, request: pytest.FixtureRequest
) -> None:
    url = request.getfixturevalue(f"{kind}_url")
    code = (
        "import sys; from service.storage.engine import open_database; "
        "open_database(sys.argv[1]).close()"
    )
    starts = [
        subprocess.Popen([sys.executable, "-c", code, url], stderr=subprocess.PIPE)
        for _ in range(3)
    ]
    for start in starts:
        _, errors = start.communicate(timeout=60)
        assert start.returncode == 0, errors.decode()
    opened = open_database(url)
    with opened.reading() as connection:
        assert current_version(connection) == HEAD
    opened.close()
