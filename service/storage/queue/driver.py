"""Which database it is: its statements on the driver's own connection, for the few that run for
every delivery, and what it does in a way of its own in those that go through Core.

SQLAlchemy's share of such a statement is more than the database's.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection

from service.errors import StorageError
from service.storage.queue.postgresql import PostgresqlDialect, PostgresqlStatements
from service.storage.queue.sqlite import SqliteDialect, SqliteStatements
from service.storage.queue.statements import QueueDialect, Statements


@contextmanager
def driver_of(conn: Connection) -> Iterator[Any]:
    """sqlite3's or psycopg's connection, in the transaction of `conn`. Its errors are
    StorageError."""
    try:
        yield conn.connection.driver_connection
    except conn.dialect.loaded_dbapi.Error as error:
        raise StorageError(f"cannot use the ledger: {error}") from error


@contextmanager
def statements_on(conn: Connection) -> Iterator[Statements]:
    """The ledger's statements, in the transaction of `conn`. Errors of the driver are
    StorageError."""
    with driver_of(conn) as db:
        yield (SqliteStatements if _is_sqlite(conn) else PostgresqlStatements)(db)


def dialect_of(conn: Connection) -> QueueDialect:
    """What the database of `conn` does in a way of its own."""
    return _SQLITE if _is_sqlite(conn) else _POSTGRESQL


def _is_sqlite(conn: Connection) -> bool:
    return conn.dialect.name == "sqlite"


_SQLITE, _POSTGRESQL = SqliteDialect(), PostgresqlDialect()
