"""A portal that is scripted: pages by address, each request recorded; and the poller that reads
it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from service.alerts.links import Links
from service.errors import FetchError
from service.poll import Poller
from service.portals.fetch import FileState
from service.settings import ListingConfig, PollingSettings, PortalConfig, Settings
from service.storage.engine import Database
from service.types import UNCONDITIONAL, Outcome, Page, Understanding, Validators
from tests.fakes import FakeClock
from tests.fakes_archive import archive_of

BASE = "https://portal.example"
LISTING = f"{BASE}/portal/KenhTin/Chi-dao.aspx"
OTHER = f"{BASE}/portal/KenhTin/Tin-tuc.aspx"


class FakeUnderstander:
    """Puts everything under its portal's hint; a title that says "họp" is a meeting besides."""

    def understand(self, title: str, text: str, **facts: Any) -> Understanding:
        hints = tuple(facts.get("hints", ()))
        meetings = ("meetings",) if "họp" in f"{title} {text}" else ()
        return Understanding(
            tuple(dict.fromkeys([*meetings, *hints])) or ("news",), summary=text[:80]
        )


@dataclass
class FakePortal:
    """Answers from `pages`; an exception there is raised, a missing page is a 404."""

    pages: dict[str, str | bytes | Exception] = field(default_factory=dict)
    moved: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def get(
        self, url: str, validators: Validators = UNCONDITIONAL, *, portal: PortalConfig
    ) -> Page | None:
        self.asked.append(url)
        page = self._page(url)
        return None if page.sha256 == validators.sha256 else page

    def head(
        self,
        url: str,
        *,
        portal: PortalConfig,
        etag: str | None = None,
        last_modified: str | None = None,
    ) -> FileState:
        self.asked.append(f"HEAD {url}")
        page = self._page(url)
        return FileState(len(page.body), page.etag, None, page.etag == etag)

    def download(self, url: str, *, portal: PortalConfig, cap: int) -> Page:
        self.asked.append(f"FILE {url}")
        return self._page(url)

    def _page(self, url: str) -> Page:
        target = self.moved.get(url, url)
        content = self.pages.get(
            target, FetchError(f"cannot fetch {url!r}", Outcome.HTTP_ERROR, status=404)
        )
        if isinstance(content, Exception):
            raise content
        body = content.encode() if isinstance(content, str) else content
        kind = "application/pdf" if target.endswith(".pdf") else "text/html; charset=utf-8"
        digest = sha256(body).hexdigest()
        return Page(target, 200, kind, body, f'"{digest[:8]}"', None, digest)

    # --- what it shows -----------------------------------------------------------------------

    def list_posts(
        self, *posts: tuple[str, str, str], url: str = LISTING, next_url: str = ""
    ) -> None:
        """(slug with its date folder, title, date as the page prints it)."""
        items = "".join(
            f'<li class="TD-channel-main-td channel-news-folder"><a '
            f'href="/portal/Pages/{slug}.aspx">{title}</a>'
            f'<label class="pub-time">{date}</label></li>'
            for slug, title, date in posts
        )
        pager = (
            f'<div class="pagination"><a class="next" rel="next" href="{next_url}">2</a></div>'
            if next_url
            else ""
        )
        self.pages[url] = (
            f"<html><head><title>Chỉ đạo</title></head><body><ul>{items}</ul>{pager}</body></html>"
        )

    def show(self, slug: str, title: str, text: str = "", date: str = "", pdf: str = "") -> str:
        url = f"{BASE}/portal/Pages/{slug}.aspx"
        link = f'<p><a href="{pdf}">Tệp đính kèm</a></p>' if pdf else ""
        when = f'<span class="pub-time">Đăng ngày {date}</span>' if date else ""
        body = text or f"Nội dung của bài: {title}."
        self.pages[url] = (
            f"<html><head><title>{title}</title></head><body><h1>{title}</h1>{when}"
            f'<div class="article-content"><p>{body}</p>{link}</div></body></html>'
        )
        return url


def down(outcome: Outcome = Outcome.NETWORK, **facts: Any) -> FetchError:
    return FetchError("cannot fetch the page: it is down", outcome, **facts)


def portal_config(*urls: str, name: str = "huyen", **changes: Any) -> PortalConfig:
    listings = tuple(
        ListingConfig(url=url, category="directives" if url == LISTING else None)
        for url in urls or (LISTING,)
    )
    return PortalConfig(
        id=name, name="UBND huyện", base_url=BASE, kind="td-portal", listings=listings, **changes
    )


def make_poller(
    database: Database,
    source: FakePortal,
    clock: FakeClock,
    *portals: PortalConfig,
    chance: Callable[[], float] = lambda: 0.5,
    patience_s: float = 5.0,
    **polling: Any,
) -> Poller:
    settings = Settings(polling=PollingSettings(**polling), portals=portals or (portal_config(),))
    links = Links("a key of the tests", "https://loa.example")
    known = settings, source, FakeUnderstander(), links, clock
    return Poller(
        database, *known, chance=chance, patience_s=patience_s, archive=archive_of(database)
    )


A = ("2026-11-22/cong-dien-ve-mua-lu-y7g5d4", "Công điện về mưa lũ", "22/11/2026 | 08:30")
B = ("2026-11-21/khai-giang-lop-hoc-k2m9x1", "Khai giảng lớp học", "21/11/2026 | 09:00")
C = ("2026-11-23/giay-moi-du-le-p4q8r2", "Giấy mời dự lễ", "23/11/2026 | 07:00")


def portal_with_two() -> FakePortal:
    """Has articles of A, B and C; lists the first two."""
    portal = FakePortal()
    for slug, title, _ in (A, B, C):
        portal.show(slug, title)
    portal.list_posts(A, B)
    return portal
