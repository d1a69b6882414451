"""The life of posts: which are due for a look, and what the look found. Files:
`storage.archive`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select, update

from service.storage import schema
from service.storage.posts import Draft
from service.types import Validators


@dataclass(frozen=True, slots=True)
class DueCheck:
    """A post whose article must be looked at. `article_at` None: it was never read."""

    post_id: str
    portal_id: str
    article_at: datetime | None
    missing_since: datetime | None
    first_seen_at: datetime
    withdrawn_at: datetime | None
    validators: Validators
    version: str | None


def due_checks(
    conn: Connection, now: datetime, limit: int, portal_ids: Sequence[str] | None = None
) -> list[DueCheck]:
    """Posts that are due, those whose article was never read first, then the newest."""
    post = schema.post
    statement = select(post).where(post.c.next_check_at <= now)
    if portal_ids is not None:
        statement = statement.where(post.c.portal_id.in_(portal_ids))
    statement = statement.order_by(
        post.c.article_at.is_not(None), post.c.published_at.desc(), post.c.id
    ).limit(limit)
    return [
        DueCheck(
            row.id, row.portal_id, row.article_at, row.missing_since, row.first_seen_at,
            row.withdrawn_at,
            Validators(row.article_etag, row.article_last_modified, row.article_sha256),
            row.article_version,
        )
        for row in conn.execute(statement)
    ]  # fmt: skip


def portals_to_check(conn: Connection, now: datetime) -> set[str]:
    """The portals that have posts due for a look."""
    post = schema.post.c
    return set(
        conn.execute(select(post.portal_id).where(post.next_check_at <= now).distinct()).scalars()
    )


def claim_check(conn: Connection, post_id: str, now: datetime, until: datetime) -> bool:
    """Takes a due post, so that no other worker looks at it before `until`."""
    post = schema.post
    taken = conn.execute(
        update(post)
        .where(post.c.id == post_id, post.c.next_check_at <= now)
        .values(next_check_at=until)
    )
    return taken.rowcount == 1


def watch_post(conn: Connection, post_id: str, at: datetime) -> None:
    """The post must be looked at, at `at` or earlier."""
    post = schema.post
    is_later = (post.c.next_check_at.is_(None)) | (post.c.next_check_at > at)
    conn.execute(update(post).where(post.c.id == post_id, is_later).values(next_check_at=at))


def ask_newest_checks(conn: Connection, portal_id: str, now: datetime, limit: int) -> None:
    """The newest posts of a portal must be looked at now, of those that are still looked at and
    were read before."""
    post = schema.post
    newest = (
        select(post.c.id)
        .where(
            post.c.portal_id == portal_id,
            post.c.next_check_at > now,
            post.c.article_at.is_not(None),
        )
        .order_by(post.c.first_seen_at.desc(), post.c.published_at.desc(), post.c.id)
        .limit(limit)
    )
    conn.execute(
        update(post).where(post.c.id.in_(newest.scalar_subquery())).values(next_check_at=now)
    )


def postpone_check(conn: Connection, post_id: str, at: datetime | None) -> None:
    """The look told nothing, or that all is as it was: the next one is at `at`, None for never."""
    conn.execute(update(schema.post).where(schema.post.c.id == post_id).values(next_check_at=at))


def mark_checked(conn: Connection, post_id: str, draft: Draft, *, is_again: bool = False) -> None:
    """The article answered and says what it said. `is_again`: not quite, and it must be looked at
    in an hour."""
    at = draft.seen_at + timedelta(hours=1) if is_again else draft.next_check_at
    values: dict[str, object] = {
        "next_check_at": at,
        "missing_since": None,
        "article_at": draft.seen_at,
    }
    if not is_again:
        values |= {
            "article_etag": draft.etag,
            "article_last_modified": draft.last_modified,
            "article_sha256": draft.sha256,
            "article_version": draft.version,
        }
    conn.execute(update(schema.post).where(schema.post.c.id == post_id).values(**values))


def mark_present(conn: Connection, post_id: str, next_check_at: datetime | None) -> None:
    """The article answered, unchanged."""
    conn.execute(
        update(schema.post)
        .where(schema.post.c.id == post_id)
        .values(next_check_at=next_check_at, missing_since=None)
    )


def mark_missing(conn: Connection, post_id: str, since: datetime, next_check_at: datetime) -> None:
    """The article was gone at `since`; one more look decides."""
    conn.execute(
        update(schema.post)
        .where(schema.post.c.id == post_id)
        .values(missing_since=since, next_check_at=next_check_at)
    )


def set_withdrawn(
    conn: Connection, post_id: str, at: datetime, next_check_at: datetime | None
) -> None:
    conn.execute(
        update(schema.post)
        .where(schema.post.c.id == post_id)
        .values(withdrawn_at=at, next_check_at=next_check_at)
    )


def count_missing(conn: Connection, portal_id: str, since: datetime) -> tuple[int, int]:
    """(posts missing at their last look, posts whose article was read since `since`) of a
    portal."""
    post = schema.post
    missing = conn.execute(
        select(func.count()).where(
            post.c.portal_id == portal_id,
            post.c.missing_since.is_not(None),
            post.c.withdrawn_at.is_(None),
        )
    ).scalar_one()
    present = conn.execute(
        select(func.count()).where(
            post.c.portal_id == portal_id,
            post.c.article_at >= since,
            post.c.missing_since.is_(None),
        )
    ).scalar_one()
    return missing, present


def same_day_posts(conn: Connection, portal_id: str, key_part: str) -> dict[str, str]:
    """Post ids of a portal by identity key, of keys that hold this date folder."""
    post = schema.post
    statement = select(post.c.identity_key, post.c.id).where(
        post.c.portal_id == portal_id,
        post.c.identity_key.contains(f"/{key_part}/", autoescape=True),
    )
    return {row[0]: row[1] for row in conn.execute(statement)}
