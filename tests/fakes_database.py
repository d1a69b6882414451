"""Databases that are migrated already: copies of one that was migrated once, for tests of what is
done with a database and not of how it comes to be."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from service.storage.engine import open_database, sqlite_path, uuid7


def lay_migrated(url: str) -> None:
    """Puts the copy where a URL of SQLite names a file that is not there yet; any other database is
    left as it is."""
    path = sqlite_path(url)
    if path is not None and not path.exists():
        path.touch(0o600)
        made, own_id = _migrated_file()
        path.write_bytes(made.replace(own_id, uuid7().encode()))


@cache
def _migrated_file() -> tuple[bytes, bytes]:
    """And the id that it has, of the restore fence: each copy has one of its own."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "loa.db"
        open_database(f"sqlite:///{path}").close()
        assert [one.name for one in Path(folder).iterdir()] == ["loa.db"]  # nothing is in a log
        with closing(sqlite3.connect(path)) as conn:
            own = conn.execute("SELECT value FROM meta WHERE key = 'database_id'").fetchone()
        return path.read_bytes(), str(own[0]).encode()
