"""INSERT … ON CONFLICT, which SQLAlchemy knows by dialect though both databases speak it alike."""

from __future__ import annotations

from typing import cast

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def insert_into(conn: Connection, table: Table) -> postgresql.Insert:
    """An insert that may say what to do on a conflict; SQLite's has the same methods."""
    if conn.dialect.name == "sqlite":
        return cast(postgresql.Insert, sqlite.insert(table))
    return postgresql.insert(table)
