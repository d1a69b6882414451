"""Looks at a database without trusting it: where it is, its version, whether it is whole and takes
writes."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass

from sqlalchemy import make_url, text
from sqlalchemy.exc import ArgumentError

from service.errors import StorageError
from service.storage.engine import HEAD, Database, current_version, sqlite_path
from service.storage.file import FileWatch, as_uri
from service.storage.meta import put_meta

_KEY = "checked_at"


@dataclass(frozen=True, slots=True)
class DatabaseFacts:
    version: str
    """Empty where it was never migrated."""
    bytes: int | None
    """None where the database does not say."""


def shown_address(url: str) -> str:
    """Where the database is: the absolute path of a SQLite file, or the address without its
    password."""
    try:
        path = sqlite_path(url)
        return (
            str(path.absolute())
            if path is not None
            else make_url(url).render_as_string(hide_password=True)
        )
    except ArgumentError as error:
        raise StorageError(
            "cannot read the address of the database: database.url is no address"
        ) from error


def check_writable(database: Database, patience_s: float) -> None:
    """Takes the write lock and lets go of it. Raises StorageError when that takes longer, or is
    refused.

    On SQLite over a connection of its own: those of the pool wait longer than who asks for
    readiness does.
    """
    path = sqlite_path(database.url)
    if path is None:
        with database.writing() as conn:
            conn.execute(text("SELECT 1"))
        return
    FileWatch.look(path)
    try:
        with closing(sqlite3.connect(as_uri(path), uri=True, timeout=patience_s)) as conn:
            conn.execute("BEGIN IMMEDIATE")
            conn.execute("UPDATE meta SET value = value WHERE key = ''")
            conn.execute("ROLLBACK")
    except sqlite3.Error as error:
        said = "another process keeps it locked" if "locked" in str(error) else str(error)
        raise StorageError(f"cannot write to the database {str(path)!r}: {said}") from error


def inspect_database(database: Database, now: str) -> DatabaseFacts:
    """Reads a SQLite file whole, and writes one row where the version is ours. Raises StorageError
    when it is damaged or read-only."""
    with database.reading() as conn:
        version = current_version(conn)
        if database.is_sqlite:
            verdict = conn.execute(text("PRAGMA quick_check(1)")).scalar_one()
            if verdict != "ok":
                raise StorageError(f"the database is damaged: {verdict}")
            size = conn.execute(
                text("SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()")
            ).scalar()
        else:
            size = conn.execute(text("SELECT pg_database_size(current_database())")).scalar()
    if version != HEAD:
        return DatabaseFacts(version or "", size)
    with database.writing() as conn:
        put_meta(conn, _KEY, now)
    return DatabaseFacts(version or "", size)
