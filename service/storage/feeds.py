"""What feeds ask of the database: their windows, their neighbours in the archive, and whether anything moved.

Posts themselves are read by `storage.posts`. Refuses to know formats and addresses.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, exists, func, select, tuple_

from service.errors import InvalidInput
from service.storage import schema
from service.storage.engine import Database
from service.storage.posts import PostQuery, cursor_of, generation, newest_posts
from service.types import PortalName, Post

FEEDS = "feeds"
WINDOW_LIMIT = 5_000
"""Posts a current page holds at most, however many days that leaves out: 5,000 of 6 kB are 30 MB, more is no feed."""


@dataclass(frozen=True, slots=True)
class Window:
    """A page of a feed. `previous` leads into the past, `following` towards the present; None: nowhere."""

    posts: list[Post]
    previous: str | None = None
    following: str | None = None


def feeds_generation(conn: Connection) -> int:
    return generation(conn, FEEDS)


def known_portals(conn: Connection) -> list[PortalName]:
    """The portals that have posts, with the name that their newest posts carry."""
    post = schema.post
    rows = conn.execute(
        select(post.c.portal_id, func.max(post.c.portal_name)).group_by(post.c.portal_id).order_by(post.c.portal_id)
    )
    return [PortalName(portal_id, name) for portal_id, name in rows]


def known_places(conn: Connection) -> list[str]:
    """The ids of the places that some post concerns."""
    place = schema.post_place.c.place_id
    return list(conn.execute(select(place).distinct().order_by(place)).scalars())


def current_window(conn: Connection, query: PostQuery, entries: int, days: int) -> Window:
    """At least `entries` posts, and at least all first seen within `days` days of the newest one."""
    posts = newest_posts(conn, query, entries)
    if posts and len(posts) == entries:
        since = posts[0].first_seen_at - timedelta(days=days)
        if posts[-1].first_seen_at >= since:
            posts = max(posts, newest_posts(conn, query, WINDOW_LIMIT, since=since), key=len)
    return Window(posts, previous=_archive_before(conn, query, len(posts), entries))


def _archive_before(conn: Connection, query: PostQuery, shown: int, size: int) -> str | None:
    """The cursor of the newest archive page that holds the first post which the current page does not show.

    Pages are counted from the oldest post, so that an archive page stays as it is while new posts arrive.
    """
    post = schema.post
    total = conn.execute(select(func.count()).select_from(post).where(*_conditions(query))).scalar_one()
    if total <= shown:
        return None
    above = ((total - shown - 1) // size + 1) * size
    if above >= total:
        return None
    order = (post.c.first_seen_at.desc(), post.c.published_at.desc(), post.c.id.desc())
    found = conn.execute(
        select(post.c.id).where(*_conditions(query)).order_by(*order).offset(total - 1 - above).limit(1)
    ).scalar_one()
    return _cursor(conn, found)


def archive_page(conn: Connection, query: PostQuery, before: str, size: int) -> Window:
    """The posts just before a cursor, and the cursors of its neighbours. Raises InvalidInput for a foreign cursor."""
    posts = newest_posts(conn, query, size + 1, before)
    previous = cursor_of(posts[size - 1]) if len(posts) > size else None
    return Window(posts[:size], previous, _archive_after(conn, query, posts, size))


def _archive_after(conn: Connection, query: PostQuery, posts: list[Post], size: int) -> str | None:
    if not posts:
        return None
    post = schema.post
    order = (post.c.first_seen_at, post.c.published_at, post.c.id)
    newest = posts[0]
    newer = select(post.c.id).where(
        *_conditions(query),
        tuple_(*order)
        > tuple_(newest.first_seen_at, newest.published_at, newest.id, types=[column.type for column in order]),
    )
    ids = list(conn.execute(newer.order_by(*order).limit(size + 1)).scalars())
    return _cursor(conn, ids[size]) if len(ids) > size else None


def _cursor(conn: Connection, post_id: str) -> str:
    from service.storage.posts import get_post

    return cursor_of(get_post(conn, post_id))


def _conditions(query: PostQuery) -> list[ColumnElement[bool]]:
    post, category, place = schema.post, schema.post_category, schema.post_place
    if query.q:
        raise InvalidInput("q", "has no archive", "a feed without `q`")
    conditions: list[ColumnElement[bool]] = []
    if query.portals:
        conditions.append(post.c.portal_id.in_(query.portals))
    if query.categories:
        conditions.append(exists().where(category.c.post_id == post.c.id, category.c.category.in_(query.categories)))
    if query.places:
        conditions.append(exists().where(place.c.post_id == post.c.id, place.c.place_id.in_(query.places)))
    return conditions


class GenerationWatch:
    """Tells when what feeds are made of has changed, at the price of a look. For one thread; owns one connection.

    SQLite's `data_version` moves at every commit of another connection, so most looks end there.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection: Any = None
        self._data_version: int | None = None
        self._seen: int | None = None

    def read(self) -> int:
        """The present generation; equal to the last one read while nothing moved."""
        if self._database.is_sqlite:
            version = self._read_data_version()
            if self._seen is not None and version == self._data_version:
                return self._seen
            self._data_version = version
        with self._database.reading() as conn:
            self._seen = feeds_generation(conn)
        return self._seen

    def _read_data_version(self) -> int:
        if self._connection is None:
            self._connection = self._database.engine.raw_connection()
        cursor = self._connection.cursor()
        try:
            return int(cursor.execute("PRAGMA data_version").fetchone()[0])
        finally:
            cursor.close()

    def close(self) -> None:
        """Lets go of the connection; the next look opens another."""
        connection, self._connection, self._seen = self._connection, None, None
        if connection is not None:
            connection.close()
