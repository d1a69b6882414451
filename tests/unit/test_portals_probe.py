"""`portal probe`: a portal nobody described is found, shown and written down."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.errors import FetchError, UnreadableError
from service.portals.fetch import Fetcher
from service.portals.portal_text import render_portal
from service.portals.probe import probe_page
from service.settings import PortalConfig
from tests.fakes import FakeClock
from tests.hostile import HostilePortal, MemoryGate, quick_polling, reply

DATA = Path(__file__).parents[1] / "data" / "portals"


@pytest.fixture
def fetcher(clock: FakeClock) -> Iterator[Fetcher]:
    made = Fetcher(quick_polling(), MemoryGate(), clock)
    yield made
    made.close()


def moved(layout: str, site: HostilePortal) -> str:
    """A layout's page with its absolute addresses on this machine."""
    page = (DATA / layout).read_text()
    for host in ("huyen", "so", "tinh", "thanhpho"):
        page = page.replace(f"https://{host}.example.gov.vn", site.url)
    return page


@pytest.mark.parametrize(
    ("layout", "kind", "count"),
    [
        ("cms_with_classes", "td-portal", 15),
        ("table_repeated_top", "auto", 20),
        ("cards", "auto", 13),
    ],
)
def test_a_page_nobody_described_is_understood(
    fetcher: Fetcher, layout: str, kind: str, count: int
) -> None:
    with HostilePortal() as site:
        site.answers["/list"] = reply(moved(f"{layout}.html", site))
        found = probe_page(fetcher, site.url + "/list")
        shown = found.shown()
    assert (shown.kind, len(found.listing.posts)) == (kind, count)
    assert found.article is None
    assert found.article_error is not None
    written = PortalConfig.model_validate(tomllib.loads(render_portal(found.portal)))
    assert written.listings[0].url == "/list"


def test_an_announced_feed_is_preferred(fetcher: Fetcher) -> None:
    with HostilePortal() as site:
        site.answers["/list"] = reply(moved("nukeviet.html", site))
        site.answers["/vi/news/rss/tin-hoat-dong/"] = reply(
            moved("nukeviet.rss", site), Content_Type="text/xml"
        )
        found = probe_page(fetcher, site.url + "/list")
    assert (found.portal.kind, found.feed) == ("feed", f"{site.url}/vi/news/rss/tin-hoat-dong/")
    assert len(found.listing.posts) == 12


@pytest.mark.parametrize("typed", ["ftp://x.vn", "http://[", "http://me:secret@x.vn/", ""])
def test_what_is_no_address_is_refused_in_words(fetcher: Fetcher, typed: str) -> None:
    with pytest.raises(FetchError, match="address"):
        probe_page(fetcher, typed)


NEW = [
    ("document_table", 9),
    ("dotnetnuke", 9),
    ("front_page", 15),
    ("icon_table", 12),
    ("liferay_assets", 10),
    ("sharepoint_news", 13),
    ("undated_table", 10),
    ("vnpt_news", 10),
    ("wordpress_archive", 9),
]


@pytest.mark.parametrize(("layout", "count"), NEW)
def test_probe_without_options_suffices_and_says_why_it_refused(
    fetcher: Fetcher, layout: str, count: int
) -> None:
    want = json.loads((DATA / f"{layout}.json").read_text())
    host = "/".join(want["url"].split("/")[:3])
    with HostilePortal() as site:
        path = want["url"].removeprefix(host)
        site.answers[path] = reply((DATA / f"{layout}.html").read_text().replace(host, site.url))
        found = probe_page(fetcher, site.url + path)
    assert len(found.listing.posts) == count
    assert all(link.reason for link in found.listing.rejected)
    written = PortalConfig.model_validate(tomllib.loads(render_portal(found.portal)))
    assert written.listings[0].url == path


def test_a_page_without_posts_is_refused(fetcher: Fetcher) -> None:
    with HostilePortal() as site, pytest.raises(UnreadableError):
        site.answers["/list"] = reply("<nav><a href='/a'>Giới thiệu chung</a></nav>")
        probe_page(fetcher, site.url + "/list")
