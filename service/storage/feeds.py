"""What feeds ask of the database: their windows, their neighbours in the archive, and whether
anything moved.

Posts themselves are read by `storage.posts`. Refuses to know formats and addresses.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    Text,
    and_,
    delete,
    func,
    select,
    tuple_,
    type_coerce,
)

from service.errors import InvalidInput
from service.storage import schema
from service.storage.engine import Database
from service.storage.post_query import PostQuery, narrowing
from service.storage.posts import (
    cursor_of,
    generation,
    load_posts,
    newest_posts,
)
from service.storage.upsert import insert_into
from service.types import PortalName, Post

FEEDS = "feeds"
EXPORTED = "export: "
"""Before the name of what cannot be exported as it is meant."""

WINDOW_LIMIT = 2_000
"""Posts a current page holds at most, however many days that leaves out: 2,000 of 5 kB are 10 MB,
which readers hardly take. What is older follows in the archive pages (RFC 5005), so nothing is out
of reach."""


@dataclass(frozen=True, slots=True)
class StampedPosts:
    """A post of a window. `stamp` names the state of everything that a feed shows of it."""

    id: str
    stamp: bytes
    first_seen_at: datetime


@dataclass(frozen=True, slots=True)
class StampedWindow:
    """A current page before its posts are read. `previous` leads into the past; None: nothing is
    older."""

    posts: list[StampedPosts]
    previous: str | None

    @property
    def stamp(self) -> bytes:
        joined = b"".join([*(post.stamp for post in self.posts), (self.previous or "").encode()])
        return blake2b(joined, digest_size=16).digest()


@dataclass(frozen=True, slots=True)
class Window:
    """A page of a feed. `previous` leads into the past, `following` towards the present; None:
    nowhere."""

    posts: list[Post]
    previous: str | None = None
    following: str | None = None


def feeds_generation(conn: Connection) -> int:
    return generation(conn, FEEDS)


def known_portals(conn: Connection) -> list[PortalName]:
    """The portals that have posts, with the name that their newest posts carry."""
    post = schema.post
    rows = conn.execute(
        select(post.c.portal_id, func.max(post.c.portal_name))
        .group_by(post.c.portal_id)
        .order_by(post.c.portal_id)
    )
    return [PortalName(portal_id, name) for portal_id, name in rows]


def known_places(conn: Connection) -> list[str]:
    """The ids of the places that some post concerns."""
    place = schema.post_place.c.place_id
    return list(conn.execute(select(place).distinct().order_by(place)).scalars())


def current_window(conn: Connection, query: PostQuery, entries: int, days: int) -> Window:
    """At least `entries` posts, and at least all first seen within `days` days of the newest
    one."""
    window = stamped_window(conn, query, entries, days)
    posts = load_posts(conn, [post.id for post in window.posts])
    return Window(list(posts.values()), window.previous)


def stamped_window(conn: Connection, query: PostQuery, entries: int, days: int) -> StampedWindow:
    """`current_window` without reading what the posts say: some 10 µs a post."""
    posts = _newest(conn, query, entries)
    if posts and len(posts) == entries:
        since = posts[0].first_seen_at - timedelta(days=days)
        if posts[-1].first_seen_at >= since:
            posts = max(posts, _newest(conn, query, WINDOW_LIMIT, since), key=len)
    return StampedWindow(posts, _archive_before(conn, query, len(posts), entries))


def _newest(
    conn: Connection, query: PostQuery, limit: int, since: datetime | None = None
) -> list[StampedPosts]:
    post = schema.post
    order = (post.c.first_seen_at.desc(), post.c.published_at.desc(), post.c.id.desc())
    statement = _stamping().where(*_conditions(query)).order_by(*order).limit(limit)
    if since is not None:
        statement = statement.where(post.c.first_seen_at >= since)
    return [_stamped(tuple(row)) for row in conn.execute(statement)]


def stamps_of(conn: Connection, post_ids: Sequence[str]) -> dict[str, bytes]:
    """The stamps of these posts."""
    rows = conn.execute(_stamping().where(schema.post.c.id.in_(post_ids)))
    return {str(row[0]): _stamped(tuple(row)).stamp for row in rows}


def all_stamps(conn: Connection) -> list[tuple[str, bytes]]:
    """The id and the stamp of every post: some 10 µs each."""
    return [
        (post.id, post.stamp)
        for post in (_stamped(tuple(row)) for row in conn.execute(_stamping()))
    ]


def _stamping() -> Select[Any]:
    """Raw columns, since nobody reads them: they are only held against each other."""
    post, revision = schema.post, schema.revision
    instants = (post.c.first_seen_at, post.c.published_at, post.c.updated_at, post.c.withdrawn_at)
    return select(
        post.c.id,
        *(type_coerce(instant, BigInteger) for instant in instants),
        post.c.revision,
        post.c.url,
        post.c.title,
        post.c.portal_name,
        type_coerce(post.c.facts, Text),
        type_coerce(revision.c.attachments, Text),
        revision.c.fingerprint,
    ).join(revision, and_(revision.c.post_id == post.c.id, revision.c.number == post.c.revision))


def _stamped(row: tuple[Any, ...]) -> StampedPosts:
    stamp = blake2b(repr(row).encode(errors="surrogatepass"), digest_size=16).digest()
    return StampedPosts(row[0], stamp, schema.from_micros(row[1]))


def record_feeds(
    database: Database, tags: Mapping[str, str], born_at: Mapping[str, datetime], now: datetime
) -> dict[str, datetime]:
    """When each feed last became what its tag names; a feed not met before became so at its
    `born_at`.

    The same in every process and after a restart. An instant always moves on with the tag, by a
    second at least: whoever asks only `If-Modified-Since` misses nothing.
    """
    table = schema.feed_state
    with database.reading() as conn:
        known = _feed_states(conn, tags)
    if all(path in known and known[path][0] == tag for path, tag in tags.items()):
        return {path: known[path][1] for path in tags}
    with database.writing() as conn:
        known = _feed_states(conn, tags)
        moved = {
            path: _moved_at(known.get(path), tag, born_at[path], now) for path, tag in tags.items()
        }
        changed = [
            path for path in tags if path not in known or known[path] != (tags[path], moved[path])
        ]
        if changed:
            statement = insert_into(conn, table)
            new = {"tag": statement.excluded.tag, "modified_at": statement.excluded.modified_at}
            rows = [
                {"path": path, "tag": tags[path], "modified_at": moved[path]} for path in changed
            ]
            conn.execute(
                statement.on_conflict_do_update(index_elements=[table.c.path], set_=new), rows
            )
        return moved


def _moved_at(
    known: tuple[str, datetime] | None, tag: str, born_at: datetime, now: datetime
) -> datetime:
    if known is None:
        return born_at
    if known[0] == tag:
        return known[1]
    return max(now.replace(microsecond=0), known[1] + timedelta(seconds=1))


def _feed_states(conn: Connection, paths: Iterable[str]) -> dict[str, tuple[str, datetime]]:
    table = schema.feed_state
    wanted = list(paths)
    found: dict[str, tuple[str, datetime]] = {}
    for start in range(0, len(wanted), 500):
        rows = conn.execute(select(table).where(table.c.path.in_(wanted[start : start + 500])))
        found.update((row.path, (row.tag, row.modified_at)) for row in rows)
    return found


def feed_problems(conn: Connection) -> dict[str, str]:
    """What could not be published as it was meant, by name, and why: an entry, or a whole feed."""
    table = schema.feed_problem
    return {row.name: row.problem for row in conn.execute(select(table).order_by(table.c.name))}


def set_feed_problems(
    database: Database, problems: Mapping[str, str], now: datetime, *, is_of_export: bool = False
) -> None:
    """These are all there are now of those that serve, or of the one that exports; nothing is
    written when that is known."""
    if is_of_export:
        problems = {EXPORTED + name: problem for name, problem in problems.items()}

    def known_problems(conn: Connection) -> dict[str, str]:
        found = feed_problems(conn).items()
        return {
            name: problem for name, problem in found if name.startswith(EXPORTED) == is_of_export
        }

    with database.reading() as conn:
        if known_problems(conn) == problems:
            return
    table = schema.feed_problem
    with database.writing() as conn:
        known = known_problems(conn)
        for name in known.keys() - problems.keys():
            conn.execute(delete(table).where(table.c.name == name))
        for name, problem in problems.items():
            statement = insert_into(conn, table).values(name=name, problem=problem, since_at=now)
            new = {"problem": statement.excluded.problem}
            conn.execute(statement.on_conflict_do_update(index_elements=[table.c.name], set_=new))


def _archive_before(conn: Connection, query: PostQuery, shown: int, size: int) -> str | None:
    """The cursor of the newest archive page that holds the first post which the current page does
    not show.

    Pages are counted from the oldest post, so that an archive page stays as it is while new posts
    arrive.
    """
    post = schema.post
    total = conn.execute(
        select(func.count()).select_from(post).where(*_conditions(query))
    ).scalar_one()
    if total <= shown:
        return None
    above = ((total - shown - 1) // size + 1) * size
    if above >= total:
        return None
    order = (post.c.first_seen_at.desc(), post.c.published_at.desc(), post.c.id.desc())
    found = conn.execute(
        select(post.c.id)
        .where(*_conditions(query))
        .order_by(*order)
        .offset(total - 1 - above)
        .limit(1)
    ).scalar_one()
    return _cursor(conn, found)


def archive_page(conn: Connection, query: PostQuery, before: str, size: int) -> Window:
    """The posts just before a cursor, and the cursors of its neighbours. Raises InvalidInput for a
    foreign cursor."""
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
        > tuple_(
            newest.first_seen_at,
            newest.published_at,
            newest.id,
            types=[column.type for column in order],
        ),
    )
    ids = list(conn.execute(newer.order_by(*order).limit(size + 1)).scalars())
    return _cursor(conn, ids[size]) if len(ids) > size else None


def _cursor(conn: Connection, post_id: str) -> str:
    from service.storage.posts import get_post

    return cursor_of(get_post(conn, post_id))


def _conditions(query: PostQuery) -> list[ColumnElement[bool]]:
    if query != PostQuery(query.categories, query.portals, query.places, is_owed=query.is_owed):
        raise InvalidInput("q", "bad.no_archive", "allowed.feed_without_q")
    return narrowing(query)


class GenerationWatch:
    """Tells when what feeds are made of has changed, at the price of a look. For one thread; owns
    one connection.

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
        self._database.check_file(self._connection)
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
