"""The driver's own connection inside a transaction, for the few statements that run for every
delivery.

SQLAlchemy's share of such a statement is more than the database's. Everything else goes through
Core.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection

from service.errors import StorageError
from service.storage.queue.postgresql import PostgresqlStatements
from service.storage.queue.sqlite import SqliteStatements
from service.storage.queue.statements import Statements


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
        yield _statements(conn.dialect.name, db)


def _statements(dialect: str, db: Any) -> Statements:
    return SqliteStatements(db) if dialect == "sqlite" else PostgresqlStatements(db)
