"""The beats of workers that share no memory with a web process: a row each, by the clock of the
database.

A worker that stands still writes no more; one that ended in order has no row. One that died is
missed until another worker has beaten for a while after it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Connection, text

from service.storage.engine import Database
from service.storage.meta import drop_meta, put_meta

EVERY_S = 4.0
LATE_S = 12.0
_REPLACED_S = 600.0
_PREFIX = "beat:"


@dataclass(frozen=True, slots=True)
class LateBeat:
    """A worker, how long it has not beaten, and what of it stood still when it last did."""

    worker: str
    age_s: float
    standing: tuple[str, ...]


class BeatRow:
    """The row of one worker. `worker` names machine and process."""

    def __init__(self, database: Database, worker: str) -> None:
        self._database = database
        self._key = _PREFIX + worker

    def write(self, standing: Sequence[str]) -> None:
        with self._database.writing() as conn:
            now = _now_s(conn)
            value = orjson.dumps({"at": now, "standing": list(standing)}).decode()
            put_meta(conn, self._key, value)
            for key, beat in _rows(conn):
                if abs(now - beat["at"]) > _REPLACED_S:
                    drop_meta(conn, key)

    def drop(self) -> None:
        with self._database.writing() as conn:
            drop_meta(conn, self._key)


def late_beats(conn: Connection) -> list[LateBeat]:
    """Workers that should have beaten, and those of which a loop stands still."""
    now = _now_s(conn)
    found = [
        LateBeat(key.removeprefix(_PREFIX), now - beat["at"], tuple(beat["standing"]))
        for key, beat in _rows(conn)
    ]
    return [beat for beat in found if beat.age_s > LATE_S or beat.standing]


def is_any_worker_alive(conn: Connection) -> bool:
    """Whether any worker beats."""
    now = _now_s(conn)
    return any(abs(now - beat["at"]) <= LATE_S for _, beat in _rows(conn))


def _rows(conn: Connection) -> list[tuple[str, dict[str, Any]]]:
    rows = conn.execute(text("SELECT key, value FROM meta WHERE key LIKE 'beat:%' ORDER BY key"))
    return [(row.key, orjson.loads(row.value)) for row in rows]


def _now_s(conn: Connection) -> float:
    """By the clock of the database's machine: all workers and web processes agree on it."""
    is_sqlite = conn.dialect.name == "sqlite"
    since_1970 = (
        "(julianday('now') - 2440587.5) * 86400"
        if is_sqlite
        else "extract(epoch FROM clock_timestamp())"
    )
    return float(conn.execute(text(f"SELECT {since_1970}")).scalar_one())
