"""Posts that a search finds: how many, and page by page, by relevance where words are searched
for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, literal, select, tuple_

from service.errors import InvalidInput
from service.storage import schema
from service.storage.post_query import PostQuery, conditions
from service.storage.post_rows import post_from_row
from service.storage.posts import cursor_of, latest_posts, newest_posts, read_cursor
from service.storage.search import rank_of
from service.types import Post

MOST_COUNTED = 1_000
"""Beyond it a count says "more than": who reads on narrows first."""


@dataclass(frozen=True, slots=True)
class FoundPosts:
    """A page of them; `older` is the cursor of the next one, None where there is none."""

    posts: list[Post]
    older: str | None


def find_posts(
    conn: Connection, query: PostQuery, limit: int, before: str | None, *, by_relevance: bool
) -> FoundPosts:
    """Those in whose head the words stand first, then by time; by time alone where no words are
    searched for. Withdrawn ones are left out. Raises InvalidInput, as `newest_posts`."""
    if not (by_relevance and query.q.strip()):
        posts = newest_posts(conn, query, limit + 1, before, is_withdrawn_shown=False)
        older = cursor_of(posts[limit - 1]) if len(posts) > limit else None
        return FoundPosts(posts[:limit], older)
    post, rank = schema.post.c, rank_of(query.q)
    newest = (post.first_seen_at, post.published_at, post.id)
    statement = (
        latest_posts()
        .add_columns(rank.label("rank"))
        .where(*conditions(conn, query), post.withdrawn_at.is_(None))
    )
    if before is not None:
        at, cursor = _read(before)
        is_older = tuple_(*newest) < tuple_(
            *(literal(value, column.type) for value, column in zip(cursor, newest, strict=True))
        )
        statement = statement.where((rank > at) | ((rank == at) & is_older))
    rows = conn.execute(
        statement.order_by(rank, *(column.desc() for column in newest)).limit(limit + 1)
    ).all()
    posts = [post_from_row(row) for row in rows[:limit]]
    older = f"{rows[limit - 1].rank}{cursor_of(posts[-1])}" if len(rows) > limit else None
    return FoundPosts(posts, older)


def count_posts(conn: Connection, query: PostQuery, most: int = MOST_COUNTED) -> int:
    """How many a query finds; `most` + 1 for any number above it."""
    post = schema.post.c
    some = select(post.id).where(*conditions(conn, query), post.withdrawn_at.is_(None))
    return conn.execute(
        select(func.count()).select_from(some.limit(most + 1).subquery())
    ).scalar_one()


def _read(cursor: str) -> tuple[int, tuple[datetime, datetime, str]]:
    if cursor[:1] not in ("0", "1"):
        raise InvalidInput("before", "bad.cursor_list", "allowed.before_next")
    return int(cursor[0]), read_cursor(cursor[1:])
