"""Whether the archive's folder is there, has room, and holds what the database says that it
does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from service.cli.finding import Finding

if TYPE_CHECKING:
    from service.bootstrap import Loa

LOOKED_FOR = 100
"""Of the newest files, whether they are in the folder: one that was not restored is missed at
once."""


def check_archive(loa: Loa) -> Iterator[Finding]:
    from service.storage.archive_room import MEGABYTE, list_stops
    from service.words import say

    facts, folder = loa.archive.facts(), loa.archive.folder
    try:
        free = folder.free_bytes() // MEGABYTE
    except OSError as error:
        yield Finding("archive", "bad", f"{folder.root}: {error}", "set archive.folder, or mend it")
        return
    said = f"{folder.root}, {facts.files} files, {facts.bytes / 1e6:.1f} MB; {free} MB are free"
    missing = loa.archive.missing(LOOKED_FOR)
    if missing:
        said += f"; {missing} of the newest {LOOKED_FOR} are not in it"
        yield Finding(
            "archive",
            "bad",
            said,
            "restore the folder from the backup (help: /help/machine#restore)",
        )
    else:
        yield Finding("archive", "ok", f"{said}; belongs into every backup")
    if facts.waiting:
        left = f"{facts.waiting} files are in the database still"
        yield Finding(
            "archive", "warning", left, "a running worker moves them; none is lost meanwhile"
        )
    with loa.database.reading() as conn:
        stops = list_stops(conn)
    for stop in stops:
        of = f" of portal {stop.portal_id}" if stop.portal_id else ""
        since = stop.since.isoformat(timespec="seconds")
        why = f"files{of} are not kept since {since}: {say(stop.reason, 'en')}"
        yield Finding("archive", "warning", why, "free the disk, or raise the limit in [archive]")
