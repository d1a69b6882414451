"""Who delivers alone from a SQLite file, and threads whose faults are not lost."""

from __future__ import annotations

import fcntl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO

from service.storage.engine import Database, sqlite_path
from service.storage.file import open_private


class RaisingThread(threading.Thread):
    """A thread whose exception is raised where it is joined."""

    def __init__(self, work: Callable[[], None]) -> None:
        super().__init__(daemon=True)
        self._work = work
        self._error: BaseException | None = None

    def run(self) -> None:
        try:
            self._work()
        except Exception as error:
            self._error = error

    def join_or_raise(self) -> None:
        self.join()
        if self._error is not None:
            raise self._error


@contextmanager
def delivering_alone(database: Database) -> Iterator[bool]:
    """The operating system's lock beside a SQLite file; always True on PostgreSQL, where leases run
    out."""
    path = sqlite_path(database.url)
    if path is None:
        yield True
        return
    with open_private(path.with_name(path.name + ".delivering")) as file:
        is_alone = _try_lock(file)
        yield is_alone


def is_somebody_delivering(database: Database) -> bool:
    """Whether another process holds that lock; False on PostgreSQL, and where none ever did.

    It is taken for an instant to see: a worker that starts in that very instant would not be alone
    until its next start.
    """
    path = sqlite_path(database.url)
    if path is None or not path.with_name(path.name + ".delivering").exists():
        return False
    with delivering_alone(database) as is_free:
        return not is_free


def _try_lock(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
