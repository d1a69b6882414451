"""Draws the first page of each PDF, and reads the pages of those that are scans: one file at a
time, after its post was told, so that neither polling nor delivery ever waits for it.

Once a file: what was read, and that nothing was, is remembered with the program that read it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from service.errors import NotFound
from service.logs import Log
from service.portals.sandbox import EndedError
from service.portals.tesseract import OcrError, PageReading
from service.storage.archive_store import Archive
from service.storage.engine import Database
from service.storage.pages import (
    PageResult,
    PageTask,
    are_pages_waiting,
    claim_pages,
    is_page_given_up,
    put_back,
    set_covered,
    set_done,
)
from service.types import Clock

PAGES = 3
"""Of a file, from its first."""
_DPI = 300
_SECOND_DPI = 200
_HEADING = 0.5
"""Of the first page's height: the heading stands in it."""
_ASK_AGAIN = timedelta(minutes=10)
_MOST_CHARS = 20_000
_MOST_SECOND_CHARS = 4_000

log = Log(__name__)


class PageReader(Protocol):
    """`portals.tesseract.Tesseract`, or a stand-in."""

    def describe(self) -> str: ...

    def read(self, image: bytes, dpi: int) -> PageReading: ...


class PageSeparator(Protocol):
    """What draws pages apart: `page` and `cover` of `portals.sandbox.JOBS`. Raises EndedError."""

    def call(self, job: str, *args: object) -> bytes | None: ...


@dataclass(frozen=True, slots=True)
class PageRead:
    """What became of one file; `told`: how many posts are told of again, None where it is no scan
    or nothing was read."""

    sha256: str
    error: str | None
    told: int | None


class FirstPages:
    """Makes nothing wait: each call of `next` takes one file, and ends within its limits."""

    def __init__(
        self,
        database: Database,
        archive: Archive,
        drawer: PageSeparator,
        reader: PageReader | None,
        tell: Callable[[str], int],
        clock: Clock,
    ) -> None:
        """`reader`: None where scans are not to be read. `tell`: what a file that was read adds to
        its posts; returns how many are told of again."""
        self._database = database
        self._archive = archive
        self._drawer = drawer
        self._reader = reader
        self._tell = tell
        self._clock = clock
        self._name: str | None = None
        self._asked_at: datetime | None = None

    def reader_name(self) -> str | None:
        """Program, version and model; None where there is none that can read. One that is not
        there is looked for again after a while."""
        now = self._clock()
        is_fresh = self._asked_at is not None and now - self._asked_at < _ASK_AGAIN
        if self._reader is None or self._name is not None or is_fresh:
            return self._name
        self._asked_at = now
        try:
            self._name = self._reader.describe()
        except OcrError as error:
            log.warning("scans are not read", error=str(error))
        return self._name

    def run(self, most: int) -> int:
        """So many files, one after the other; returns how many there were."""
        with self._database.reading() as conn:
            if not are_pages_waiting(conn):
                return 0
        name = self.reader_name()
        done = 0
        while done < most and self.next(name) is not None:
            done += 1
        return done

    def next(self, reader: str | None) -> PageRead | None:
        """Does one file; None where none waits. `reader`: see `reader_name`."""
        with self._database.writing() as conn:
            task = claim_pages(conn, self._clock(), can_read=reader is not None)
            if task is not None and is_page_given_up(conn, task.sha256):
                result = PageResult(reader or "-", None, "", 0.0, "ocr.gave_up")
                set_done(conn, task.sha256, self._clock(), result)
                return PageRead(task.sha256, result.error, None)
        if task is None:
            return None
        try:
            body = self._body(task.sha256)
        except (NotFound, OSError):
            return self._done(task, PageResult(reader or "-", None, "", 0.0, "ocr.no_copy"))
        if not task.is_covered:
            self._draw_cover(task.sha256, body)
        if not task.is_scan:
            return self._done(task, None)
        if reader is None or self._reader is None:
            with self._database.writing() as conn:
                put_back(conn, task.sha256)
            return PageRead(task.sha256, None, None)
        return self._done(task, self._read(self._reader, reader, body))

    def _body(self, digest: str) -> bytes:
        _, pieces = self._archive.open(digest)
        return b"".join(pieces)

    def _done(self, task: PageTask, result: PageResult | None) -> PageRead:
        with self._database.writing() as conn:
            set_done(conn, task.sha256, self._clock(), result)
        error = result.error if result is not None else None
        is_read = result is not None and result.text is not None
        return PageRead(task.sha256, error, self._tell(task.sha256) if is_read else None)

    def _draw_cover(self, digest: str, body: bytes) -> None:
        try:
            picture = self._drawer.call("cover", body)
            if picture is not None:
                self._archive.folder.keep_cover(digest, picture)
        except (EndedError, OSError) as error:
            log.warning("a first page is not drawn", sha256=digest, error=str(error))
        with self._database.writing() as conn:
            set_covered(conn, digest)

    def _read(self, reader: PageReader, name: str, body: bytes) -> PageResult:
        nothing = PageResult(name, None, "", 0.0)
        try:
            first = self._read_page(reader, body, 0)
            if first is None:
                return replace(nothing, error="ocr.damaged")
            if not first.is_sure:
                return replace(nothing, confidence=first.confidence, error="ocr.unsure")
            second = self._read_heading(reader, body)
        except (EndedError, OcrError) as error:
            return replace(nothing, error=error.reason)
        pages = [first, *self._more_pages(reader, body)]
        return PageResult(
            name,
            "\n\n".join(page.text for page in pages)[:_MOST_CHARS],
            second[:_MOST_SECOND_CHARS],
            round(sum(page.confidence for page in pages) / len(pages), 1),
        )

    def _more_pages(self, reader: PageReader, body: bytes) -> Iterator[PageReading]:
        """Those after the first that can be read: one that cannot costs nobody the others."""
        for index in range(1, PAGES):
            try:
                page = self._read_page(reader, body, index)
            except (EndedError, OcrError) as error:
                log.warning("a page of a scan is not read", page=index + 1, error=str(error))
                continue
            if page is None:
                return
            if page.is_sure:
                yield page

    def _read_page(self, reader: PageReader, body: bytes, index: int) -> PageReading | None:
        image = self._drawer.call("page", body, index, _DPI, False, 1.0)
        return None if image is None else reader.read(image, _DPI)

    def _read_heading(self, reader: PageReader, body: bytes) -> str:
        """From the red channel, where a stamp's ink is as white as the paper."""
        image = self._drawer.call("page", body, 0, _SECOND_DPI, True, _HEADING)
        return "" if image is None else reader.read(image, _SECOND_DPI).text
