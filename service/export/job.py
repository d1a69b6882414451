"""Keeps the exported files up to date beside a worker, and tells the operator when that cannot be
done."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from service.errors import Conflict, LoaError
from service.export.exporter import Exporter
from service.schedule import Job
from service.storage.feeds import feeds_generation, set_feed_problems

if TYPE_CHECKING:
    from service.bootstrap import Loa

LOOK_S = 5.0
FRONT_EVERY = timedelta(minutes=1)
"""The first page says which portals cannot be reached, without any new post."""

RETRY_AFTER = timedelta(minutes=1)
"""A full disk is seldom emptied sooner."""


def export_job(loa: Loa) -> Job:
    """The job that exports to `feeds.export_dir` after each change."""
    return Job("export", LOOK_S, ContinuousExport(loa).look, within_s=3600)


class ContinuousExport:
    """Exports when something has changed; a failure is told, and tried again by itself."""

    def __init__(self, loa: Loa) -> None:
        self._loa = loa
        self._folder = Path(loa.settings.feeds.export_dir)
        self._exported: int | None = None
        self._front_at: datetime | None = None
        self._retry_at: datetime | None = None

    @cached_property
    def _exporter(self) -> Exporter:
        return Exporter(self._loa, self._folder)

    def look(self) -> None:
        """Raises what the export raised, after it was noted for the operator."""
        now = self._loa.clock()
        if self._retry_at is not None and now < self._retry_at:
            return
        with self._loa.database.reading() as conn:
            present = feeds_generation(conn)
        is_changed = present != self._exported
        if not is_changed and self._front_at is not None and now - self._front_at < FRONT_EVERY:
            return
        try:
            done = self._exporter.run() if is_changed else self._exporter.run_front()
        # another worker, or `loa export`, is at it: what it leaves to do is done at the next look
        except Conflict:
            return
        except LoaError as error:
            self._retry_at = now + RETRY_AFTER
            self._exported = None
            self._tell({str(self._folder): str(error)}, now)
            raise
        self._exported, self._front_at, self._retry_at = present, now, None
        self._tell(done.problems, now)

    def _tell(self, problems: dict[str, str], now: datetime) -> None:
        set_feed_problems(self._loa.database, problems, now, is_of_export=True)
