"""Archives for tests: a folder beside the test's SQLite file, with as much room as a test wants."""

from __future__ import annotations

import tempfile
from pathlib import Path

from service.storage.archive_folder import ArchiveFolder
from service.storage.archive_room import MEGABYTE, Limits
from service.storage.archive_store import Archive
from service.storage.engine import Database, sqlite_path, uuid7

ROOMY = Limits(100 * MEGABYTE, 1_000 * MEGABYTE, 5_000 * MEGABYTE, 0)


def archive_of(database: Database, limits: Limits = ROOMY, folder: Path | None = None) -> Archive:
    """The archive of a database; its folder is made when a file is kept."""
    file = sqlite_path(database.url) or Path(tempfile.gettempdir()) / f"loa-test-{uuid7()}"
    return Archive(database, ArchiveFolder(folder or file.with_name(f"{file.name}.files")), limits)
