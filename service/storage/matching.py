"""What a subscription would have been sent of late: how many posts, and the newest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, or_

from service.alerts.match import Matcher
from service.storage import schema
from service.storage.found_posts import count_posts
from service.storage.post_query import PostQuery, conditions
from service.storage.post_rows import post_from_row
from service.storage.posts import latest_posts, newest_posts
from service.storage.search import matches_words
from service.types import Filters, Post

MOST_READ = 400
"""Posts that are read whole where keywords are asked for: a fifth of a second."""


@dataclass(frozen=True, slots=True)
class MatchingPosts:
    """`count` is the least that there are where `has_more`."""

    count: int
    has_more: bool
    newest: tuple[Post, ...]


def find_matching(
    conn: Connection, filters: Filters, since: date, shown: int, most: int
) -> MatchingPosts:
    """Of those published from a day on. Keywords are held against the text as deliveries are: with
    their accents."""
    query = PostQuery(
        filters.categories,
        filters.portals,
        filters.places,
        kinds=filters.kinds,
        urgencies=filters.urgencies,
        day_from=since,
    )
    if filters.keywords:
        return _by_keywords(conn, filters, query, shown)
    count = count_posts(conn, query, most)
    newest = newest_posts(conn, query, shown, None, is_withdrawn_shown=False)
    return MatchingPosts(min(count, most), count > most, tuple(newest))


def _by_keywords(conn: Connection, filters: Filters, query: PostQuery, shown: int) -> MatchingPosts:
    post = schema.post.c
    words = [matches_words(conn, f'"{word.replace(chr(34), " ")}"') for word in filters.keywords]
    rows = conn.execute(
        latest_posts()
        .where(*conditions(conn, query), or_(*words), post.withdrawn_at.is_(None))
        .order_by(post.first_seen_at.desc(), post.published_at.desc(), post.id.desc())
        .limit(MOST_READ + 1)
    ).all()
    read = (post_from_row(row) for row in rows[:MOST_READ])
    found = [one for one in read if Matcher(one).match(filters) is not None]
    return MatchingPosts(len(found), len(rows) > MOST_READ, tuple(found[:shown]))
