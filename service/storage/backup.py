"""A consistent copy of a SQLite file and of the archive, taken while others write.

Refuses PostgreSQL, which has pg_dump: there the files alone are copied.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from service.errors import ConfigurationError, InvalidInput, StorageError
from service.storage.archive_folder import ArchiveFolder, copy_file
from service.storage.engine import sqlite_path


@dataclass(frozen=True, slots=True)
class CopiedFiles:
    """`files` are new in the folder; `bytes` is their size, `kept` how many were there already."""

    files: int
    bytes: int
    kept: int


def copy_files(archive: ArchiveFolder, folder: Path) -> CopiedFiles:
    """Copies what a folder lacks of the archive, each file whole or not at all: names of the same
    files on one disk.

    Made after the database's copy, so that it has whatever that one names. May be killed and done
    again.
    """
    copied = size = kept = 0
    try:
        for source in archive.walk():
            target = ArchiveFolder(folder).path_of(source.name)
            try:
                is_new, found = copy_file(source, target), target.stat().st_size
            except FileNotFoundError:  # forgotten meanwhile
                continue
            copied, size, kept = copied + is_new, size + found * is_new, kept + (not is_new)
    except OSError as error:
        raise StorageError(f"cannot copy the files to {str(folder)!r}: {error.strerror}") from error
    return CopiedFiles(copied, size, kept)


def copy_database(url: str, file: Path) -> int:
    """Copies the database of `url` to a new `file`; returns its bytes. The copy appears whole or
    not at all."""
    source = sqlite_path(url)
    if source is None:
        raise ConfigurationError(
            "cannot back up PostgreSQL with this command; use `pg_dump --format=custom "
            "--file=FILE DATABASE`, "
            "which is consistent while Loa runs, and `pg_restore` to restore"
        )
    if not source.is_file():
        raise StorageError(f"cannot back up {str(source)!r}: there is no such database")
    if file.exists():
        raise InvalidInput("FILE", f"{str(file)!r} exists", "a file that does not exist yet")
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        _copy(source, draft)
        draft.rename(file)
    except (FileNotFoundError, NotADirectoryError, PermissionError) as error:
        raise InvalidInput(
            "FILE", f"cannot write {str(file)!r}: {error.strerror}", "a file in a folder of ours"
        ) from error
    except OSError as error:
        raise StorageError(f"cannot write the copy {str(file)!r}: {error.strerror}") from error
    except sqlite3.Error as error:
        raise StorageError(f"cannot write the copy {str(file)!r}: {error}") from error
    finally:
        draft.unlink(missing_ok=True)
    return file.stat().st_size


def _copy(source: Path, draft: Path) -> None:
    os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    with (
        closing(sqlite3.connect(source, timeout=10)) as live,
        closing(sqlite3.connect(draft)) as copy,
    ):
        live.backup(
            copy
            # in one step: a reader of the WAL blocks nobody, and a step taken twice would start
            # again
        )
        copy.execute("PRAGMA journal_mode=DELETE")
        verdict = copy.execute("PRAGMA quick_check").fetchone()[0]
        if verdict != "ok":
            raise sqlite3.DatabaseError(f"the database is damaged: {verdict}")
