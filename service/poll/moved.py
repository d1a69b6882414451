"""Known posts under addresses of another form: sessions that nobody thought of, a portal that was
rebuilt.

A brake, not an identity: it takes a row for a known post only where most of a page's rows are
strangers that bear the titles and days of posts which the listing just lost.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection

from service.posts.identity import canonical_key, former_key, is_article_key
from service.storage.posts import KnownPost, addresses_of, alias_counts, last_listed, post_by_key
from service.text import LOCAL, fold
from service.types import ListedPost

_MOST_ALIASES = (
    3  # addresses that a post is remembered by; one that changes at every visit has no end of them
)
_LEAST_LOST = 60


@dataclass(slots=True)
class MovedPosts:
    """Rows by their keys that are known posts, and the keys that are to be kept for them."""

    known: dict[str, KnownPost] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    strangers: int = 0
    """How many of them are known by their titles and days alone."""


def under_former_keys(
    conn: Connection, portal_id: str, unknown: Mapping[str, ListedPost]
) -> MovedPosts:
    """Posts that were stored when case and routes did not count: those whose own address has the
    row's key."""
    moved = MovedPosts()
    plain = ((key, former_key(row.url)) for key, row in unknown.items() if not is_article_key(key))
    former = {key: old for key, old in plain if old != key}
    found = post_by_key(conn, portal_id, sorted(set(former.values()))) if former else {}
    urls = addresses_of(conn, sorted({post.id for post in found.values()})) if found else {}
    for key, old in former.items():
        post = found.get(old)
        if post is not None and canonical_key(urls[post.id]) == key:
            moved.known[key] = post
            moved.aliases[key] = post.id
    return moved


def find_moved_posts(
    conn: Connection,
    portal_id: str,
    listing_url: str,
    rows: Mapping[str, ListedPost],
    known: Mapping[str, KnownPost],
) -> MovedPosts:
    """The strangers of a page that are posts which the listing lost, where most of its rows are
    such strangers.

    Not of the family whose addresses are certain: there a whole archive under new addresses is held
    as a flood.
    """
    shown = {post.id for post in known.values()}
    lost: dict[str, list[KnownPost]] = {}
    for post in last_listed(conn, portal_id, listing_url, max(_LEAST_LOST, 3 * len(rows))):
        if post.id not in shown:
            lost.setdefault(fold(post.listed_titles[listing_url]), []).append(post)
    moved = MovedPosts()
    for key, row in rows.items():
        is_stranger = key not in known and not is_article_key(key) and row.title
        alike = lost.get(fold(row.title), ()) if is_stranger else ()
        same = next((one for one in alike if _is_same_day(row, one)), None)
        if same is not None:
            moved.known[key] = same
            lost[fold(row.title)].remove(same)
    if not _is_most(moved, rows):
        return MovedPosts()
    counts = alias_counts(conn, [post.id for post in moved.known.values()])
    moved.aliases.update(
        (key, post.id)
        for key, post in moved.known.items()
        if counts.get(post.id, 0) < _MOST_ALIASES
    )
    return moved


def _is_same_day(row: ListedPost, post: KnownPost) -> bool:
    if row.moment is None:
        return True
    return row.moment.at.astimezone(LOCAL).date() == post.published_at.astimezone(LOCAL).date()


def _is_most(moved: MovedPosts, rows: Mapping[str, ListedPost]) -> bool:
    """Whether more than half of a page's rows moved; of a single row, whether a date says so
    too."""
    count = len(moved.known)
    return count * 2 > len(rows) and (
        count > 1 or all(rows[key].moment is not None for key in moved.known)
    )
