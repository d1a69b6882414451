"""Reads a listing's pages, the first and older ones, until a known post: what one poll saw. Writes
nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection

from service.errors import FetchError, PortalError
from service.poll import decide
from service.poll.guids import GuidMatches, asked, keyed, match
from service.poll.moved import MovedPosts, find_moved_posts, under_former_keys
from service.poll.page_sources import PageSource, Reader
from service.settings import ListingConfig, PollingSettings, PortalConfig
from service.storage.engine import Database
from service.storage.listings import ListingState
from service.storage.posts import KnownPost, post_by_key
from service.types import ListedPost, Listing, Validators

SAME_POST = "same_post"
"""Why a row was dropped: another of its page has the same address or name."""


@dataclass(slots=True)
class ListingView:
    """All pages of one poll of a listing, merged, in their order."""

    first_page: dict[str, ListedPost]
    rows: dict[str, ListedPost] = field(default_factory=dict)
    known: dict[str, KnownPost] = field(default_factory=dict)
    dropped: Counter[str] = field(default_factory=Counter)
    aliases: dict[str, str] = field(default_factory=dict)
    """Guids of an upstream feed that are to be kept, with the id of the known post that each
    names."""
    moved: int = 0
    """Rows that are known posts by their titles and days, though nobody knows their addresses."""
    is_gap: bool = False
    """Posts may have been missed: no known post was reached."""
    resume_url: str | None = None
    """The older page at which a further poll goes on; None when there is no need."""


_IsEnd = Callable[[Mapping[str, ListedPost], Mapping[str, KnownPost]], bool]
"""(rows of a page, those of them that are known) → whether no older page need be read."""


@dataclass(frozen=True, slots=True)
class Subject:
    """The listing that is polled, what is remembered of it, and with what it is read."""

    database: Database
    polling: PollingSettings
    source: PageSource
    reader: Reader
    portal: PortalConfig
    listing: ListingConfig
    state: ListingState


class LookBack:
    def __init__(self, of: Subject) -> None:
        self._of = of
        self._pages_left = of.polling.backfill_pages

    def run(self, first: Listing) -> ListingView:
        """Page one, and older pages until a known post; only page one of a baseline.

        An older page that cannot be read just now is gone back to by the next poll: what page one
        shows is stored meanwhile, and would hide that something is missing.
        """
        seen = ListingView({})
        self._walk(first, seen, decide.is_joined)
        if self._of.state.resume_url is not None and seen.resume_url is None:
            listing = self._older(self._of.state.resume_url, seen)
            if listing is not None:
                self._walk(listing, seen, _ends_known)
        return seen

    def _walk(self, listing: Listing, seen: ListingView, is_end: _IsEnd) -> None:
        current: Listing | None = listing
        while current is not None:
            rows, known = self._take(current, seen)
            if self._of.state.baseline_at is None or is_end(rows, known):
                return
            if current.next_url is None or self._pages_left == 0:
                seen.is_gap = True
                return
            self._pages_left -= 1
            current = self._older(current.next_url, seen)

    def _take(
        self, listing: Listing, seen: ListingView
    ) -> tuple[dict[str, ListedPost], dict[str, KnownPost]]:
        """The rows of a page that no page before it showed, and what is known of them."""
        seen.dropped.update(link.reason for link in listing.rejected)
        merged = keyed(listing.posts)
        rows = {key: row for key, row in merged.items() if key not in seen.rows}
        with self._of.database.reading() as conn:
            matched = match(rows, post_by_key(conn, self._of.portal.id, asked(rows)))
            found = self._moved(conn, matched)
        matched.known.update(found.known)
        seen.moved += found.strangers
        matched.aliases.update(found.aliases)
        same = len(listing.posts) - len(merged) + len(rows) - len(matched.rows)
        if same:
            seen.dropped[SAME_POST] += same
        if not seen.first_page:
            seen.first_page.update(matched.rows)
        seen.rows.update(matched.rows)
        seen.known.update(matched.known)
        seen.aliases.update(matched.aliases)
        return matched.rows, matched.known

    def _moved(self, conn: Connection, matched: GuidMatches) -> MovedPosts:
        """Of the rows whose keys nobody knows, those that are known posts nevertheless."""
        of = self._of
        unknown = {key: row for key, row in matched.rows.items() if key not in matched.known}
        if not unknown:
            return MovedPosts()
        found = under_former_keys(conn, of.portal.id, unknown)
        if of.state.baseline_at is None or len(unknown) == len(found.known):
            return found
        known = {**matched.known, **found.known}
        lost = find_moved_posts(conn, of.portal.id, of.listing.url, matched.rows, known)
        return MovedPosts(
            {**found.known, **lost.known}, {**found.aliases, **lost.aliases}, len(lost.known)
        )

    def _older(self, url: str, seen: ListingView) -> Listing | None:
        try:
            page = self._of.source.get(url, Validators(), portal=self._of.portal)
            return (
                None
                if page is None
                else self._of.reader.read_listing(page, self._of.portal, self._of.listing)
            )
        except PortalError as error:
            is_passing = isinstance(error, FetchError) and (
                error.status is None or error.status >= 500
            )
            seen.resume_url = url if is_passing else None
            seen.is_gap = not is_passing or self._of.state.resume_url is not None
            return None


def _ends_known(rows: Mapping[str, ListedPost], known: Mapping[str, KnownPost]) -> bool:
    """Whether a page that was left out before reaches back to what was known before it: by its last
    row."""
    return not rows or list(rows)[-1] in known
