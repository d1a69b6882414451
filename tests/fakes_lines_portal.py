"""A kind of portal that Loa does not have: posts as lines of `day<TAB>address<TAB>title`."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import urljoin

from service.errors import UnreadableError
from service.instants import Moment
from service.portals.listing_page import ListingPage
from service.settings import PortalConfig
from service.settings.portal_kinds import PortalKind
from service.types import ListedPost, Listing, Outcome

HEAD = b"#posts\n"


def is_lines(shown: ListingPage) -> bool:
    return shown.page.body.startswith(HEAD)


def read_lines(shown: ListingPage, portal: PortalConfig) -> Listing:
    rows = [line.split("\t") for line in shown.page.body.decode().splitlines()[1:]]
    if not rows:
        raise UnreadableError(f"{shown.page.url} has no lines", Outcome.LAYOUT_CHANGED)
    return Listing(
        tuple(
            ListedPost(
                urljoin(portal.base_url, address),
                title,
                Moment(datetime.fromisoformat(day).replace(tzinfo=UTC), has_time=False),
            )
            for day, address, title in rows
        )
    )


def read_marked(shown: ListingPage, portal: PortalConfig) -> Listing:
    """A kind of pages: what it takes for posts is marked in the page's text."""
    lines = [node.text() for node in shown.tree.root.css("p.post")]
    if not lines:
        raise UnreadableError(f"{shown.page.url} has no marked posts", Outcome.LAYOUT_CHANGED)
    return Listing(tuple(ListedPost(urljoin(portal.base_url, f"/{n}"), text, None)
                         for n, text in enumerate(lines)))  # fmt: skip


LINES = PortalKind(
    "lines",
    reader="tests.fakes_lines_portal:read_lines",
    told_by="tests.fakes_lines_portal:is_lines",
    is_page=False,
)
MARKED = PortalKind("marked", reader="tests.fakes_lines_portal:read_marked")
