"""The file of a SQLite database: opened and never made by opening, and missed when it is gone.

A connection to a file that was deleted goes on working, and what it writes is lost. So each
connection knows which file it was opened on, and is not used where another one, or none, lies in
its place.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from sqlalchemy import Engine, event
from sqlalchemy.exc import DisconnectionError

from service.errors import StorageError

TRACES = (".fence", ".secret")
"""What lies beside a database that was there: the restore counter and the key."""

_FILE = "loa_file"


def as_uri(path: Path) -> str:
    """To read and write, never to make."""
    return f"{path.absolute().as_uri()}?mode=rw"


def is_empty_file(path: Path) -> bool:
    """Whether there is no database in it, or no file at all."""
    try:
        return path.stat().st_size == 0
    except FileNotFoundError:
        return True
    except OSError as error:
        raise StorageError(f"cannot use the database {str(path)!r}: {error}") from error


def refuse_to_replace(path: Path) -> None:
    """Raises StorageError where something beside the file says that there was a database."""
    traces = [
        str(trace) for suffix in TRACES if (trace := path.with_name(path.name + suffix)).exists()
    ]
    if traces:
        what = "is empty" if path.exists() else "is gone"
        raise StorageError(
            f"cannot use the database {str(path)!r}: it {what}, and {' and '.join(traces)} say "
            f"that there was one. "
            "Put it back, or restore a backup (help: /help/machine#restore); to begin anew "
            "without its posts and subscriptions, "
            "start once with --new-database"
        )


def open_private(path: Path) -> TextIO:
    """To write to, mode 0600 from its first instant, whatever the umask says."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    return os.fdopen(descriptor, "w", encoding="ascii")


@dataclass(frozen=True, slots=True)
class FileWatch:
    """Which file a connection was opened on."""

    device: int
    inode: int

    @staticmethod
    def look(path: Path) -> FileWatch:
        """Raises StorageError where there is none."""
        try:
            found = path.stat()
        except OSError as error:
            raise StorageError(
                f"cannot use the database {str(path)!r}: it is gone; put it back"
            ) from error
        return FileWatch(found.st_dev, found.st_ino)

    @staticmethod
    def of(connection: Any) -> FileWatch:
        found: FileWatch = connection.info[_FILE]
        return found

    def check(self, path: Path) -> None:
        """Raises StorageError where another file lies there by now, or none."""
        if FileWatch.look(path) != self:
            raise StorageError(
                f"cannot use the database {str(path)!r}: another file took its place meanwhile"
            )

    @staticmethod
    def follow(engine: Engine, path: Path) -> None:
        """A pool's connection is used as long as its file lies there; else another is opened on the
        one that does."""

        @event.listens_for(engine, "connect", insert=True)
        def note(_connection: Any, record: Any) -> None:
            record.info[_FILE] = FileWatch.look(path)

        @event.listens_for(engine, "checkout")
        def ask(_connection: Any, record: Any, _proxy: Any) -> None:
            if FileWatch.look(path) != record.info[_FILE]:
                raise DisconnectionError
