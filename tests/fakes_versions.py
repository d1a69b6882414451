"""Databases as older versions of Loa left them, for the tests of migrations."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import text

from service.storage.engine import open_database, sqlite_path


def make_version(url: str, revision: str, rows: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
    """A database at `revision` that holds what the statements of `rows` write."""
    path = sqlite_path(url)
    if path is not None:
        with closing(
            sqlite3.connect(path)
        ) as made:  # what is not migrated is not made either, nor used while empty
            made.execute("PRAGMA user_version = 1")
    old = open_database(url, is_migrating=False)
    config = Config()
    config.set_main_option("script_location", "service.storage:migrations")
    config.set_main_option("path_separator", "os")
    with old.writing() as conn:
        if path is None:  # the tests of this process begin with what is migrated
            conn.execute(text("DROP SCHEMA public CASCADE"))
            conn.execute(text("CREATE SCHEMA public"))
        config.attributes["connection"] = conn
        command.upgrade(config, revision)
        for statement, values in rows:
            conn.execute(text(statement), dict(values))
    old.close()
