"""Posts, read: by id, newest first, by what a reader narrows them to, and their history.

Writing them is `storage.post_writes`, which this module hands on under the same names.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, and_, func, select, tuple_

from service.errors import InvalidInput, NotFound
from service.storage import schema
from service.storage.post_query import EVERYTHING, PostQuery, conditions
from service.storage.post_rows import attachments_from_json, post_from_row
from service.storage.post_writes import (
    Draft,
    add_revision,
    bump,
    generation,
    insert_post,
    link_listing,
    set_categories,
    set_facts,
)
from service.storage.schema import from_micros, to_micros
from service.types import AttachmentLink, Post

__all__ = [
    "Draft",
    "KnownPost",
    "PostQuery",
    "Revision",
    "add_revision",
    "bump",
    "cursor_of",
    "generation",
    "get_post",
    "insert_post",
    "is_overruled",
    "link_listing",
    "listed_titles",
    "listings_of",
    "load_posts",
    "newest_posts",
    "oldest_listed",
    "post_by_key",
    "revisions",
    "select_post",
    "set_categories",
    "set_facts",
    "walk_posts",
]

_CHUNK = (
    500  # ids in one statement; SQLite takes 32,766 parameters, short statements are planned faster
)


@dataclass(frozen=True, slots=True)
class Revision:
    """One state of a post that was seen. `what` names what changed, empty in the first."""

    number: int
    seen_at: datetime
    title: str
    html: str
    text: str
    attachments: tuple[AttachmentLink, ...]
    what: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class KnownPost:
    """What a poll must know of a post that a listing shows again."""

    id: str
    title: str
    published_at: datetime
    is_withdrawn: bool
    has_article: bool
    listed_titles: dict[str, str]
    """The title as each listing shows it, by the listing's address."""


def latest_posts() -> Select[Any]:
    """What `post_from_row` reads, of every post."""
    post, revision = schema.post, schema.revision
    latest = and_(revision.c.post_id == post.c.id, revision.c.number == post.c.revision)
    return select(post, revision.c.html, revision.c.text, revision.c.attachments).join(
        revision, latest
    )


def load_posts(conn: Connection, ids: Iterable[str]) -> dict[str, Post]:
    """The posts of these ids, each in its latest revision; an unknown id is left out."""
    wanted = list(dict.fromkeys(ids))
    found: dict[str, Post] = {}
    for start in range(0, len(wanted), _CHUNK):
        rows = conn.execute(
            latest_posts().where(schema.post.c.id.in_(wanted[start : start + _CHUNK]))
        )
        found.update((row.id, post_from_row(row)) for row in rows)
    return {post_id: found[post_id] for post_id in wanted if post_id in found}


def walk_posts(conn: Connection, after: str, limit: int) -> list[Post]:
    """The posts that portals show, in the order of their ids, after the one of this id."""
    post = schema.post
    rows = conn.execute(
        latest_posts()
        .where(post.c.id > after, post.c.withdrawn_at.is_(None))
        .order_by(post.c.id)
        .limit(limit)
    )
    return [post_from_row(row) for row in rows]


def select_post(conn: Connection, post_id: str) -> Post | None:
    return load_posts(conn, [post_id]).get(post_id)


def get_post(conn: Connection, post_id: str) -> Post:
    """Raises NotFound."""
    post = select_post(conn, post_id)
    if post is None:
        raise NotFound("post", post_id)
    return post


def newest_posts(
    conn: Connection,
    query: PostQuery = EVERYTHING,
    limit: int = 50,
    before: str | None = None,
    *,
    since: datetime | None = None,
    is_withdrawn_shown: bool = True,
) -> list[Post]:
    """At most `limit` posts, newest first by (first_seen_at, published_at, id).

    `before` is the cursor of the last post of the page before (see `cursor_of`), `since` the oldest
    first_seen_at that is wanted. Raises InvalidInput for a cursor or a search that was not made for
    this.
    """
    post = schema.post
    order = (post.c.first_seen_at, post.c.published_at, post.c.id)
    statement = latest_posts().where(*conditions(conn, query))
    if before is not None:
        statement = statement.where(
            tuple_(*order) < tuple_(*read_cursor(before), types=[column.type for column in order])
        )
    if since is not None:
        statement = statement.where(post.c.first_seen_at >= since)
    if not is_withdrawn_shown:
        statement = statement.where(post.c.withdrawn_at.is_(None))
    rows = conn.execute(statement.order_by(*(column.desc() for column in order)).limit(limit))
    return [post_from_row(row) for row in rows]


def newest_updates(conn: Connection, limit: int) -> list[tuple[str, datetime]]:
    """The ids of the posts that were seen last, newest first, and when each last changed; none that
    the portal withdrew."""
    post = schema.post
    query = (
        select(post.c.id, post.c.updated_at)
        .where(post.c.withdrawn_at.is_(None))
        .order_by(post.c.first_seen_at.desc(), post.c.published_at.desc(), post.c.id.desc())
        .limit(limit)
    )
    return [(row.id, row.updated_at) for row in conn.execute(query)]


def cursor_of(post: Post) -> str:
    """Where a page that ends with this post is continued; opaque to callers."""
    text = f"{to_micros(post.first_seen_at)}.{to_micros(post.published_at)}.{post.id}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_cursor(cursor: str) -> tuple[datetime, datetime, str]:
    try:
        text = base64.urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4)).decode()
        first_seen, published, post_id = text.split(".")
        return from_micros(int(first_seen)), from_micros(int(published)), post_id
    except (ValueError, OverflowError, binascii.Error) as error:
        raise InvalidInput("before", "bad.cursor_list", "allowed.before_next") from error


def post_by_key(conn: Connection, portal_id: str, keys: Sequence[str]) -> dict[str, KnownPost]:
    """What is known under these identity keys of a portal, former addresses included."""
    if not keys:
        return {}
    ids: dict[str, str] = {}
    for start in range(0, len(keys), _CHUNK):
        ids.update(_ids_by_key(conn, portal_id, keys[start : start + _CHUNK]))
    known = _known_posts(conn, sorted(set(ids.values())))
    return {key: known[post_id] for key, post_id in ids.items()}


def _ids_by_key(conn: Connection, portal_id: str, keys: Sequence[str]) -> dict[str, str]:
    post, alias = schema.post, schema.post_alias
    own = select(post.c.identity_key, post.c.id).where(
        post.c.portal_id == portal_id, post.c.identity_key.in_(keys)
    )
    former = select(alias.c.identity_key, alias.c.post_id).where(
        alias.c.portal_id == portal_id, alias.c.identity_key.in_(keys)
    )
    return {row[0]: row[1] for row in conn.execute(own.union_all(former))}


def _known_posts(conn: Connection, ids: Sequence[str]) -> dict[str, KnownPost]:
    post, link = schema.post, schema.post_listing
    known: dict[str, KnownPost] = {}
    for start in range(0, len(ids), _CHUNK):
        some = ids[start : start + _CHUNK]
        columns = (
            post.c.id,
            post.c.title,
            post.c.published_at,
            post.c.withdrawn_at,
            post.c.article_at,
        )
        for row in conn.execute(select(*columns).where(post.c.id.in_(some))):
            known[row.id] = KnownPost(
                row.id,
                row.title,
                row.published_at,
                row.withdrawn_at is not None,
                row.article_at is not None,
                {},
            )
        listed = select(link.c.post_id, link.c.listing_url, link.c.title).where(
            link.c.post_id.in_(some)
        )
        for post_id, listing_url, title in conn.execute(listed):
            known[post_id].listed_titles[listing_url] = title
    return known


def addresses_of(conn: Connection, ids: Sequence[str]) -> dict[str, str]:
    """The address of each post, by its id."""
    post = schema.post
    found: dict[str, str] = {}
    for start in range(0, len(ids), _CHUNK):
        rows = conn.execute(
            select(post.c.id, post.c.url).where(post.c.id.in_(ids[start : start + _CHUNK]))
        )
        found.update((row.id, row.url) for row in rows)
    return found


def alias_counts(conn: Connection, ids: Sequence[str]) -> dict[str, int]:
    """Under how many further addresses posts are known, by their ids; those without any are left
    out."""
    alias = schema.post_alias
    found: dict[str, int] = {}
    for start in range(0, len(ids), _CHUNK):
        some = alias.c.post_id.in_(ids[start : start + _CHUNK])
        counted = select(alias.c.post_id, func.count()).where(some).group_by(alias.c.post_id)
        found.update((row[0], row[1]) for row in conn.execute(counted))
    return found


def last_listed(conn: Connection, portal_id: str, listing_url: str, limit: int) -> list[KnownPost]:
    """The posts that a listing began to show last, at most `limit`."""
    post, link = schema.post, schema.post_listing
    ids = (
        select(post.c.id)
        .join(link, link.c.post_id == post.c.id)
        .where(post.c.portal_id == portal_id, link.c.listing_url == listing_url)
        .order_by(link.c.first_listed_at.desc(), post.c.id)
        .limit(limit)
    )
    return list(_known_posts(conn, [row.id for row in conn.execute(ids)]).values())


def oldest_listed(conn: Connection, portal_id: str, listing_url: str) -> datetime | None:
    """When the oldest post that a listing ever showed was published; None for none."""
    post, link = schema.post, schema.post_listing
    statement = select(func.min(post.c.published_at)).join(link, link.c.post_id == post.c.id)
    found: datetime | None = conn.execute(
        statement.where(link.c.listing_url == listing_url, post.c.portal_id == portal_id)
    ).scalar()
    return found


def posts_at(conn: Connection, key: str) -> list[str]:
    """The ids of the posts of this identity key, one of each portal that has it."""
    post, alias = schema.post.c, schema.post_alias.c
    own = select(post.id).where(post.identity_key == key)
    return list(
        conn.execute(own.union(select(alias.post_id).where(alias.identity_key == key))).scalars()
    )


def titled(conn: Connection, beginning: str, limit: int) -> list[tuple[str, str]]:
    """(id, title) of posts whose title begins so, the newest first; nothing for no words."""
    if not beginning:
        return []
    post = schema.post.c
    begins = post.title.startswith(beginning, autoescape=True)
    query = select(post.id, post.title).where(begins).order_by(post.first_seen_at.desc(), post.id)
    return [(row.id, row.title) for row in conn.execute(query.limit(limit))]


def post_keys(conn: Connection, portal_id: str) -> dict[str, datetime]:
    """When each post of a portal was published, by its identity key."""
    post = schema.post.c
    found = select(post.identity_key, post.published_at).where(post.portal_id == portal_id)
    return {row[0]: row[1] for row in conn.execute(found)}


def listings_of(conn: Connection, post_id: str) -> list[str]:
    """The addresses of the listings that show or showed the post, in the order they did."""
    link = schema.post_listing
    statement = select(link.c.listing_url).where(link.c.post_id == post_id)
    return list(
        conn.execute(statement.order_by(link.c.first_listed_at, link.c.listing_url)).scalars()
    )


def listed_titles(conn: Connection, post_id: str) -> list[str]:
    """The titles under which listings show or showed the post, each as that listing did last."""
    link = schema.post_listing
    return list(conn.execute(select(link.c.title).where(link.c.post_id == post_id)).scalars())


def is_overruled(conn: Connection, post_id: str) -> bool:
    """Whether a person decided the categories of the post."""
    return (
        conn.execute(select(schema.post.c.overruled_at).where(schema.post.c.id == post_id)).scalar()
        is not None
    )


def revisions(conn: Connection, post_id: str) -> list[Revision]:
    """Every state of the post that was seen, oldest first."""
    table = schema.revision
    rows = conn.execute(select(table).where(table.c.post_id == post_id).order_by(table.c.number))
    return [
        Revision(
            row.number, row.seen_at, row.title, row.html, row.text,
            attachments_from_json(row.attachments), tuple(row.what),
        )
        for row in rows
    ]  # fmt: skip
