"""Posts that a person publishes, or withdraws: a directive that came on paper goes the same way as
those of portals, and says everywhere that it was posted by hand, where others name their portal.

Refuses to read the file: what it says stands in the text that was typed.
"""

from __future__ import annotations

import mimetypes
from dataclasses import dataclass, replace
from hashlib import sha256

from sqlalchemy import Connection

from service.errors import Conflict, InputFaults, InvalidInput
from service.portals.file_kinds import file_kind_of
from service.portals.sanitise import to_html
from service.posts.diff import fingerprint
from service.posts.identity import post_id
from service.posts.understand import Understander
from service.services.audit_acts import audited
from service.services.context import Context
from service.services.filters import check_categories
from service.services.publish import payload_of, write_change
from service.services.relation_acts import relate
from service.storage.archive import ArchivedFile, WatchedFile, store_watch
from service.storage.archive_store import Archive
from service.storage.overruling import note_withdrawn
from service.storage.post_writes import Draft, bump, insert_post, lock_post
from service.storage.posts import get_post
from service.storage.watch import set_withdrawn
from service.types import AttachmentLink, ChangeType, PortalName, Post
from service.values import parse_line, parse_text
from service.words import coded

BY_HAND = PortalName("by-hand", "Đăng bằng tay")
MAX_TITLE = 500
MAX_TEXT = 100_000
_HEAD = 1024


@dataclass(frozen=True, slots=True)
class TypedPost:
    """`text`: plain, paragraphs by empty lines. `category`: the primary one; what else it is, the
    rules say."""

    title: str
    text: str
    category: str
    attachments: tuple[AttachmentLink, ...] = ()


def keep_file(ctx: Context, archive: Archive, name: str, body: bytes) -> AttachmentLink:
    """Keeps a file of a post to come. Raises InvalidInput for what is no document or picture, and
    for what there is no room for."""
    name = parse_line(name, "file", is_required=True)
    if file_kind_of(body[:_HEAD]) is None:
        raise InvalidInput("file", coded("bad.file_kind", name=name), "allowed.file_kind")
    digest, now = sha256(body).hexdigest(), ctx.clock()
    media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
    why = archive.keep(ArchivedFile(digest, media_type, body, now), BY_HAND.id)
    if why is not None:
        raise InvalidInput("file", coded("bad.file_kept", name=name), "allowed.file_small")
    return AttachmentLink(ctx.links.copy_url(digest, name), name, media_type, len(body), digest)


@audited("act.post_add", "post")
def publish_by_hand(
    conn: Connection, ctx: Context, typed: TypedPost, faults: InputFaults | None = None
) -> Post:
    """The post, told to everybody who asks for such. `faults`: what whoever calls could not keep of
    its files.

    Raises InvalidInput with all that cannot be, and Conflict for one that was posted by hand on the
    same day with the same title: a second press posts nothing twice.
    """
    draft = _draft(ctx, typed, faults or InputFaults())
    stored = insert_post(conn, draft)
    if stored is None:
        raise Conflict(coded("conflict.posted", name=draft.title))
    for link in draft.attachments:
        watched = WatchedFile(link.url, None, None, link.bytes, link.sha256)
        store_watch(conn, stored.id, watched, draft.seen_at)
    post = relate(conn, stored)
    _tell(conn, ctx, post, ChangeType.PUBLISHED)
    return post


@audited("act.post_withdraw", "post", "key")
def withdraw_by_hand(conn: Connection, ctx: Context, key: str) -> Post:
    """Who was told of the post is told that it is withdrawn; nobody is reminded of it any more, and
    its portal does not bring it back.

    Raises NotFound, Conflict for one that is withdrawn.
    """
    lock_post(conn, key)
    post = get_post(conn, key)
    if post.withdrawn_at is not None:
        raise Conflict(coded("conflict.withdrawn", name=post.title))
    now = ctx.clock()
    set_withdrawn(conn, key, now, None)
    note_withdrawn(conn, key)
    gone = replace(post, withdrawn_at=now)
    _tell(conn, ctx, gone, ChangeType.WITHDRAWN, ("withdrawn",))
    return gone


def _draft(ctx: Context, typed: TypedPost, faults: InputFaults) -> Draft:
    now = ctx.clock()
    with faults:
        title = parse_line(typed.title, "title", limit=MAX_TITLE, is_required=True)
    with faults:
        text = parse_text(typed.text, "text", limit=MAX_TEXT)
    with faults:
        (category,) = check_categories(ctx, [typed.category])
    faults.require_none()
    reader = Understander(ctx.rules, ctx.gazetteer, ctx.settings.email.days_off)
    facts = reader.understand(
        title, text, hints=(category,), attachments=typed.attachments, published_at=now
    )
    others = tuple(one for one in facts.categories if one != category)
    facts = replace(facts, categories=(category, *others))
    day = ctx.settings.service.locale.day(now).isoformat()
    key = sha256(f"{day}\n{title}".encode()).hexdigest()
    return Draft(
        portal=BY_HAND,
        identity_key=key,
        url=ctx.links.post_url(post_id(BY_HAND.id, key)),
        title=title,
        html="".join(map(to_html, text.split("\n\n"))),
        text=text,
        understanding=facts,
        attachments=typed.attachments,
        fingerprint=fingerprint(title, text, facts.document, typed.attachments),
        published_at=now,
        seen_at=now,
        article_at=now,
    )


def _tell(
    conn: Connection, ctx: Context, post: Post, kind: ChangeType, what: tuple[str, ...] = ()
) -> None:
    now = ctx.clock()
    payload = payload_of(conn, kind, now, post, ctx.links)
    urgent = ctx.settings.urgency.now
    write_change(conn, post=post, type=kind, at=now, payload=payload, what=what, urgent=urgent)
    bump(conn, "feeds")
