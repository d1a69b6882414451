"""What polling asks of the packages beside it, so that a test may hand in a portal that is
scripted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from service.portals.fetch import FileState
from service.settings import ListingConfig, PortalConfig
from service.types import (
    Article,
    AttachmentLink,
    Listing,
    Page,
    ScanReading,
    Understanding,
    Validators,
)


class PageSource(Protocol):
    """`portals.fetch.Fetcher`, or a stand-in."""

    def get(
        self, url: str, validators: Validators = ..., *, portal: PortalConfig
    ) -> Page | None: ...

    def head(
        self,
        url: str,
        *,
        portal: PortalConfig,
        etag: str | None = None,
        last_modified: str | None = None,
    ) -> FileState: ...

    def download(self, url: str, *, portal: PortalConfig, cap: int) -> Page: ...


class Reader(Protocol):
    """`portals.read`, or a stand-in."""

    def read_listing(self, page: Page, portal: PortalConfig, listing: ListingConfig) -> Listing: ...

    def read_article(self, page: Page, portal: PortalConfig) -> Article: ...

    def reader_version(self, portal: PortalConfig) -> str: ...


class Analysing(Protocol):
    """`posts.understand.Understander`, or a stand-in."""

    def understand(
        self,
        title: str,
        text: str,
        *,
        hints: tuple[str, ...] = (),
        attachments: tuple[AttachmentLink, ...] = (),
        published_at: datetime | None = None,
        attachment_text: str = "",
        portal: str = "",
        scans: Sequence[ScanReading] = (),
    ) -> Understanding: ...
