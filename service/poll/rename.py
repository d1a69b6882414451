"""Recognises a known post under a new address: its slug was corrected. In doubt, two posts."""

from __future__ import annotations

from collections.abc import Mapping

from service.errors import PortalError
from service.poll.decide import left_the_listing, may_be_renamed
from service.poll.page_sources import PageSource
from service.posts.identity import canonical_key, parse_article_path
from service.settings import PortalConfig
from service.storage.engine import Database
from service.storage.posts import KnownPost, post_by_key, select_post
from service.storage.watch import same_day_posts
from service.types import ListedPost, Post


class Renames:
    def __init__(self, database: Database, source: PageSource) -> None:
        self._database = database
        self._source = source

    def find(
        self,
        portal: PortalConfig,
        listing_url: str,
        row: ListedPost,
        rows: Mapping[str, ListedPost],
        known: Mapping[str, KnownPost],
    ) -> Post | None:
        """The one post that this row is under a new address; None where there is none, or more than
        one.

        Portal, date folder and token agree, and the old address either left the listing or leads to
        the new one.
        """
        path = parse_article_path(row.url)
        if path is None:
            return None
        with self._database.reading() as conn:
            same_day = same_day_posts(conn, portal.id, path.day)
            alike = {
                key: one
                for key, one in same_day.items()
                if may_be_renamed(row.url, "https://x" + key)
            }
            old = post_by_key(conn, portal.id, list(alike)) if alike else {}
        certain = [
            (key, post)
            for key, post in old.items()
            if key not in rows
            and (
                self._has_left(listing_url, key, post, row, rows, known)
                or self._leads_to(portal, post.id, row.url)
            )
        ]
        if len(certain) != 1:
            return None
        with self._database.reading() as conn:
            return select_post(conn, certain[0][1].id)

    @staticmethod
    def _has_left(
        listing_url: str,
        old_key: str,
        post: KnownPost,
        row: ListedPost,
        rows: Mapping[str, ListedPost],
        known: Mapping[str, KnownPost],
    ) -> bool:
        new_key = canonical_key(row.url)
        return (
            listing_url in post.listed_titles
            and new_key in rows
            and left_the_listing(old_key, post.published_at, new_key, rows, known)
        )

    def _leads_to(self, portal: PortalConfig, post_id: str, new_url: str) -> bool:
        with self._database.reading() as conn:
            post = select_post(conn, post_id)
        if post is None:
            return False
        try:
            page = self._source.get(post.url, portal=portal)
        except PortalError:
            return False
        return page is not None and canonical_key(page.url) == canonical_key(new_url)
