"""Posts, written: a post with its first revision, a further revision, its categories, places and
words.

Each function works in the caller's transaction; that a change is written beside it is the caller's
duty.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from service.errors import NotFound
from service.instants import Dating
from service.posts.identity import post_id
from service.posts.scanned import number_of
from service.storage import schema
from service.storage.archive import WatchedFile
from service.storage.dating_column import dating_to_json
from service.storage.facets import write_facets
from service.storage.overruling import change_facts, kept_overruling
from service.storage.pages import scan_readings
from service.storage.post_rows import attachments_to_json, facts_from_json, facts_to_json
from service.storage.search import index_words
from service.storage.upsert import insert_into
from service.types import (
    OVERRULED,
    AttachmentLink,
    PortalName,
    Post,
    Reason,
    Understanding,
    Urgency,
)


@dataclass(frozen=True, slots=True)
class Draft:
    """A state of a post, ready to be stored."""

    portal: PortalName
    identity_key: str
    url: str
    title: str
    html: str
    text: str
    understanding: Understanding
    attachments: tuple[AttachmentLink, ...]
    fingerprint: str
    published_at: datetime
    seen_at: datetime
    article_at: datetime | None = None
    """When the article was read; None: only the listing's row is known."""
    next_check_at: datetime | None = None
    etag: str | None = None
    last_modified: str | None = None
    sha256: str | None = None
    version: str | None = None
    files: tuple[WatchedFile, ...] = ()
    """What was learnt of its attachments."""
    dating: Dating | None = None
    """Who says `published_at`."""
    guid_key: str | None = None
    """Its further identity, where an upstream feed names it."""


def insert_post(conn: Connection, draft: Draft) -> Post | None:
    """Stores a post with its first revision; None when somebody else stored it in the meantime."""
    post = _as_post(draft, revision=1)
    statement = insert_into(conn, schema.post).values(
        id=post.id,
        portal_id=draft.portal.id,
        portal_name=draft.portal.name,
        identity_key=draft.identity_key,
        url=draft.url,
        title=draft.title,
        revision=1,
        facts=facts_to_json(draft.understanding),
        published_at=draft.published_at,
        updated_at=draft.published_at,
        first_seen_at=draft.seen_at,
        dating=dating_to_json(draft.dating),
        **_article_columns(draft),
    )
    if not conn.execute(statement.on_conflict_do_nothing().returning(schema.post.c.id)).first():
        return None
    _insert_revision(conn, post, draft, ())
    _write_found_by(conn, post)
    if draft.guid_key is not None and draft.guid_key != draft.identity_key:
        add_alias(conn, draft.portal.id, draft.guid_key, post.id)
    return post


def _as_post(draft: Draft, revision: int) -> Post:
    return Post(
        id=post_id(draft.portal.id, draft.identity_key),
        revision=revision,
        portal=draft.portal,
        url=draft.url,
        title=draft.title,
        html=draft.html,
        text=draft.text,
        understanding=draft.understanding,
        attachments=draft.attachments,
        published_at=draft.published_at,
        updated_at=draft.published_at,
        first_seen_at=draft.seen_at,
        dating=draft.dating,
    )


def _article_columns(draft: Draft) -> dict[str, object]:
    return {
        "article_at": draft.article_at,
        "article_etag": draft.etag,
        "article_last_modified": draft.last_modified,
        "article_sha256": draft.sha256,
        "article_version": draft.version,
        "next_check_at": draft.next_check_at,
    }


def _insert_revision(conn: Connection, post: Post, draft: Draft, what: Sequence[str]) -> None:
    conn.execute(
        insert(schema.revision).values(
            post_id=post.id,
            number=post.revision,
            seen_at=draft.seen_at,
            title=post.title,
            html=post.html,
            text=post.text,
            attachments=attachments_to_json(post.attachments),
            fingerprint=draft.fingerprint,
            what=list(what),
        )
    )


def _write_found_by(conn: Connection, post: Post) -> None:
    write_categories(conn, post.id, post.categories)
    conn.execute(delete(schema.post_place).where(schema.post_place.c.post_id == post.id))
    places = post.understanding.concerns
    if places:
        conn.execute(
            insert(schema.post_place), [{"post_id": post.id, "place_id": place} for place in places]
        )
    facts = post.understanding
    write_facets(conn, post.id, facts)
    number = number_of(facts.document, facts.scanned)
    digests = [link.sha256 for link in post.attachments if link.sha256]
    read = [scan.text for scan in scan_readings(conn, digests)] if digests else []
    index_words(conn, post.id, post.title, number, post.text, *read)


def write_categories(conn: Connection, post_id: str, categories: Sequence[str]) -> None:
    """Replaces the rows by which a post is found in its categories."""
    table = schema.post_category
    conn.execute(delete(table).where(table.c.post_id == post_id))
    if categories:
        conn.execute(
            insert(table),
            [
                {"post_id": post_id, "category": category, "position": position}
                for position, category in enumerate(categories)
            ],
        )


def lock_post(conn: Connection, post_id: str) -> tuple[int, str]:
    """Holds the post until the transaction ends; its latest revision's number and fingerprint.

    Raises NotFound.
    """
    post, revision = schema.post, schema.revision
    number = conn.execute(
        select(post.c.revision).where(post.c.id == post_id).with_for_update()
    ).scalar_one_or_none()
    if number is None:
        raise NotFound("post", post_id)
    fingerprint = conn.execute(
        select(revision.c.fingerprint).where(
            revision.c.post_id == post_id, revision.c.number == number
        )
    ).scalar_one()
    return number, fingerprint


def add_revision(
    conn: Connection, post: Post, draft: Draft, what: Sequence[str], *, is_moving: bool = True
) -> Post:
    """Stores a further state of a post, which lifts a withdrawal. An overruling of its categories
    sticks.

    `is_moving`: whether `updated_at` moves to `draft.seen_at`. The published instant and the link's
    identity stay.
    """
    understanding = kept_overruling(conn, post.id, draft.understanding)
    newer = replace(
        post,
        revision=post.revision + 1,
        url=draft.url,
        title=draft.title,
        html=draft.html,
        text=draft.text,
        understanding=understanding,
        attachments=draft.attachments,
        updated_at=draft.seen_at if is_moving else post.updated_at,
        withdrawn_at=None,
    )
    _insert_revision(conn, newer, draft, what)
    _update_post(conn, newer, draft)
    return newer


def complete_post(conn: Connection, post: Post, draft: Draft) -> Post:
    """Puts the article into the revision that was stored from the listing's row alone; `updated_at`
    stays.

    `published_at` may become what the article knows better: nothing was said of it before but the
    listing's word.
    """
    has_moved = post.updated_at != post.published_at
    newer = replace(
        post,
        title=draft.title,
        html=draft.html,
        text=draft.text,
        understanding=kept_overruling(conn, post.id, draft.understanding),
        attachments=draft.attachments,
        published_at=draft.published_at,
        updated_at=post.updated_at if has_moved else draft.published_at,
        dating=_still_late(draft.dating, post.dating),
    )
    revision = schema.revision
    conn.execute(
        update(revision)
        .where(revision.c.post_id == post.id, revision.c.number == post.revision)
        .values(
            title=newer.title,
            html=newer.html,
            text=newer.text,
            attachments=attachments_to_json(newer.attachments),
            fingerprint=draft.fingerprint,
        )
    )
    _update_post(conn, newer, draft)
    return newer


def _still_late(now: Dating | None, before: Dating | None) -> Dating | None:
    """What was told as late stays so."""
    return replace(now, is_late=before.is_late) if now is not None and before is not None else now


def _update_post(conn: Connection, post: Post, draft: Draft) -> None:
    conn.execute(
        update(schema.post)
        .where(schema.post.c.id == post.id)
        .values(
            url=post.url,
            title=post.title,
            revision=post.revision,
            facts=facts_to_json(post.understanding),
            published_at=post.published_at,
            updated_at=post.updated_at,
            withdrawn_at=post.withdrawn_at,
            dating=dating_to_json(post.dating),
            missing_since=None,
            portal_name=draft.portal.name,
            **_article_columns(draft),
        )
    )
    _write_found_by(conn, post)


def keep_attachments(conn: Connection, post: Post, fingerprint: str) -> None:
    """The files of the latest revision, and what they say, are known better than before: no new
    revision."""
    revision = schema.revision
    conn.execute(
        update(revision)
        .where(revision.c.post_id == post.id, revision.c.number == post.revision)
        .values(attachments=attachments_to_json(post.attachments), fingerprint=fingerprint)
    )
    set_facts(conn, post)


def add_file_revision(
    conn: Connection, post: Post, fingerprint: str, at: datetime, what: Sequence[str]
) -> Post:
    """A further revision of a post in which a file was replaced under its link, and nothing
    else."""
    newer = replace(post, revision=post.revision + 1, updated_at=at)
    conn.execute(
        insert(schema.revision).values(
            post_id=newer.id,
            number=newer.revision,
            seen_at=at,
            title=newer.title,
            html=newer.html,
            text=newer.text,
            attachments=attachments_to_json(newer.attachments),
            fingerprint=fingerprint,
            what=list(what),
        )
    )
    conn.execute(
        update(schema.post)
        .where(schema.post.c.id == newer.id)
        .values(revision=newer.revision, updated_at=at)
    )
    set_facts(conn, newer)
    return newer


def set_categories(conn: Connection, post_id: str, categories: Sequence[str], at: datetime) -> None:
    """A person decides the categories, the primary one first; it sticks through edits. Moves the
    feeds."""
    post = schema.post
    facts = facts_from_json(
        conn.execute(select(post.c.facts).where(post.c.id == post_id)).scalar_one()
    )
    wanted = tuple(dict.fromkeys(categories))
    why = tuple(Reason(category, OVERRULED, "") for category in wanted)
    overruled = replace(facts, categories=wanted, why=why)
    conn.execute(
        update(post)
        .where(post.c.id == post_id)
        .values(facts=facts_to_json(overruled), overruled_at=at)
    )
    write_categories(conn, post_id, wanted)
    bump(conn, "feeds")


def set_urgency(conn: Connection, post_id: str, urgency: Urgency) -> None:
    """A person decides how urgent a post is; it sticks through edits. Moves the feeds."""
    why = Reason(urgency.value, OVERRULED, "")
    change_facts(conn, post_id, urgency=urgency, urgency_why=why)
    bump(conn, "feeds")


def set_facts(conn: Connection, post: Post) -> None:
    """What a post is about is now seen differently, though the post is the same."""
    conn.execute(
        update(schema.post)
        .where(schema.post.c.id == post.id)
        .values(facts=facts_to_json(post.understanding))
    )
    _write_found_by(conn, post)


def link_listing(
    conn: Connection, post_id: str, listing_url: str, title: str, at: datetime
) -> None:
    """A listing shows the post, under this title."""
    table = schema.post_listing
    statement = insert_into(conn, table).values(
        post_id=post_id, listing_url=listing_url, first_listed_at=at, title=title
    )
    conn.execute(
        statement.on_conflict_do_update(
            index_elements=[table.c.post_id, table.c.listing_url],
            set_={"title": statement.excluded.title},
        )
    )


def add_alias(conn: Connection, portal_id: str, identity_key: str, post_id: str) -> None:
    """The post has a further address: its slug changed."""
    statement = insert_into(conn, schema.post_alias).values(
        portal_id=portal_id, identity_key=identity_key, post_id=post_id
    )
    conn.execute(statement.on_conflict_do_nothing())


def bump(conn: Connection, name: str) -> None:
    """Says that what web processes hold of `name` is no longer true."""
    table = schema.generation
    statement = insert_into(conn, table).values(name=name, n=1)
    conn.execute(
        statement.on_conflict_do_update(index_elements=[table.c.name], set_={"n": table.c.n + 1})
    )


def generation(conn: Connection, name: str) -> int:
    """How often `bump` was called for `name`."""
    return (
        conn.execute(select(schema.generation.c.n).where(schema.generation.c.name == name)).scalar()
        or 0
    )
