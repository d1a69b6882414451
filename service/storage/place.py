"""Where a database's tables are: a dump that is restored has others, with the same in them.

On PostgreSQL the cluster, the database and the table `meta`, by the numbers that the server gave
them when each was made. They are the same on a standby, after a failover and after a restart, and
new after `pg_restore` into whatever. SQLite has no such numbers: where its restore counter is
unknown, its file was put there.
"""

from __future__ import annotations

from sqlalchemy import Connection, text

from service.storage.meta import get_meta

KEY = "database_place"

_MAY_ASK = text("SELECT has_function_privilege('pg_control_system()', 'execute')")
_CLUSTER = text("SELECT system_identifier FROM pg_control_system()")
_TABLE = text(
    "SELECT oid, 'meta'::regclass::oid FROM pg_database WHERE datname = current_database()"
)
_KEEP = text(
    "INSERT INTO meta(key, value) VALUES (:key, :value) ON CONFLICT (key) DO UPDATE SET value = "
    ":value"
    " WHERE meta.value <> :value"
)


def is_elsewhere(conn: Connection) -> bool:
    """Whether the tables are not those that Loa delivered from last. Not known for a database of
    before: False."""
    if conn.dialect.name == "sqlite":
        return True
    kept = get_meta(conn, KEY)
    return kept is not None and kept != _place(conn)


def keep_place(conn: Connection) -> None:
    """From now on they are these."""
    if conn.dialect.name != "sqlite":
        conn.execute(_KEEP, {"key": KEY, "value": _place(conn)})


def _place(conn: Connection) -> str:
    """Without the cluster where its number is kept from us: then a dump in another one may have the
    same."""
    cluster = conn.execute(_CLUSTER).scalar_one() if conn.execute(_MAY_ASK).scalar_one() else ""
    database, table = conn.execute(_TABLE).one()
    return f"{cluster} {database} {table}"
