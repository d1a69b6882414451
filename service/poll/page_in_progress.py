"""The page that a portal's turn has in hand: named in its beat, so that what hangs a process is
known afterwards.

A page that did so is put aside: it is refused here before it is fetched, as a page that cannot be
read.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from service.errors import UnreadableError
from service.heartbeat import WITHIN_S, Pulse
from service.poll.page_sources import PageSource, Reader
from service.portals.fetch import FileState
from service.portals.pdf import PdfText
from service.settings import ListingConfig, PortalConfig
from service.storage.engine import Database
from service.storage.quarantine import quarantined_page
from service.types import UNCONDITIONAL, Article, Clock, Listing, Outcome, Page, Validators
from service.words import coded

FETCH_WITHIN_S = 300.0
"""A fetch ends by time-outs of its own, after it has waited for its host's turn."""

READ_WITHIN_S = 300.0
"""A sandboxed reader ends by limits of its own (`portals.sandbox`, 30 s), after the readers of 16
portals at the most."""

ReadPdf = Callable[[bytes], PdfText | None]
"""`portals.pdf.read_pdf`, apart. Raises EndedError where a file is too much for its reader."""


class NamingSource:
    """A page source that names what is worked on; the same for all portals, each in a thread of its
    own."""

    def __init__(self, source: PageSource, database: Database, clock: Clock, pulse: Pulse) -> None:
        self._source = source
        self._database = database
        self._clock = clock
        self._pulse = pulse
        self._own = threading.local()

    @contextmanager
    def turn(self, portal_id: str) -> Iterator[None]:
        """All that one portal's turn does in this thread."""
        self._own.name = f"poll {portal_id}"
        self._pulse.beat(self._own.name, FETCH_WITHIN_S)
        try:
            yield
        finally:
            self._pulse.rest(self._own.name)
            del self._own.name

    def get(
        self, url: str, validators: Validators = UNCONDITIONAL, *, portal: PortalConfig
    ) -> Page | None:
        self._refuse(url)
        self._fetching()
        page = self._source.get(url, validators, portal=portal)
        self._reading(url)
        return page

    def head(
        self,
        url: str,
        *,
        portal: PortalConfig,
        etag: str | None = None,
        last_modified: str | None = None,
    ) -> FileState:
        self._fetching()
        state = self._source.head(url, portal=portal, etag=etag, last_modified=last_modified)
        self._reading("")
        return state

    def download(self, url: str, *, portal: PortalConfig, cap: int) -> Page:
        self._refuse(url)
        self._fetching()
        page = self._source.download(url, portal=portal, cap=cap)
        self._reading(url)
        return page

    def reader(self, reader: Reader) -> Reader:
        """The same reader, which this thread may wait for without standing still."""
        return _TimedReader(self, reader)

    def pdf_reader(self, read_pdf: ReadPdf) -> ReadPdf:
        """Likewise, for files: the one in hand is the one that was downloaded last."""

        def read(body: bytes) -> PdfText | None:
            with self.waiting(getattr(self._own, "url", "")):
                return read_pdf(body)

        return read

    @contextmanager
    def waiting(self, url: str) -> Iterator[None]:
        """While a page is read elsewhere: the 12 s of a loop that works count again as soon as it
        is read."""
        if hasattr(self._own, "name"):
            self._pulse.beat(self._own.name, READ_WITHIN_S, url)
        try:
            yield
        finally:
            self._reading(url)

    def _refuse(self, url: str) -> None:
        with self._database.reading() as conn:
            aside = quarantined_page(conn, url, self._clock())
        if aside is not None:
            raise UnreadableError(
                coded(
                    "read.aside",
                    url=url,
                    until_at=aside.until.isoformat(),
                    times=aside.times,
                    last_at=aside.at.isoformat(),
                ),
                Outcome.NOT_A_LISTING,
            )

    def _fetching(self) -> None:
        if hasattr(self._own, "name"):
            self._pulse.beat(self._own.name, FETCH_WITHIN_S)

    def _reading(self, url: str) -> None:
        self._own.url = url
        if hasattr(self._own, "name"):
            self._pulse.beat(self._own.name, WITHIN_S, url)


class _TimedReader:
    """A Reader whose time is its own."""

    def __init__(self, in_hand: NamingSource, reader: Reader) -> None:
        self._in_hand = in_hand
        self._reader = reader

    def read_listing(self, page: Page, portal: PortalConfig, listing: ListingConfig) -> Listing:
        with self._in_hand.waiting(page.url):
            return self._reader.read_listing(page, portal, listing)

    def read_article(self, page: Page, portal: PortalConfig) -> Article:
        with self._in_hand.waiting(page.url):
            return self._reader.read_article(page, portal)

    def reader_version(self, portal: PortalConfig) -> str:
        return self._reader.reader_version(portal)
