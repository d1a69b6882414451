"""A hint across processes that something became due: PostgreSQL's NOTIFY. The ledger itself is the
truth.

SQLite has no such thing; there, and where a notice is lost, looking again finds what is due.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Event

from sqlalchemy import Connection

from service.storage.engine import Database
from service.storage.queue.driver import dialect_of, driver_of

_CHANNEL = "loa_due"
_LOOK_UP_EVERY_S = 1.0


def notify(conn: Connection) -> None:
    """Tells the workers when this transaction commits; nothing on SQLite."""
    dialect_of(conn).notify(conn, _CHANNEL)


def listen(database: Database, stop: Event, wake: Callable[[], None]) -> None:
    """Calls `wake` at each notice, until `stop` is set. Raises StorageError when the connection is
    lost."""
    with database.listening() as conn, driver_of(conn) as db:
        try:
            db.execute(f"LISTEN {_CHANNEL}")
            wake()  # for what came while nobody listened
            while not stop.is_set():
                for _ in db.notifies(timeout=_LOOK_UP_EVERY_S, stop_after=1):
                    wake()
        finally:
            conn.invalidate()
