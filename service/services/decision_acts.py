"""A person decides what a post asks of whom, how it stands to others, and whether two posts are of
one document. It sticks, whatever is read later; who comes to be owed something by it is told; and
each decision is undone by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection

from service.errors import Conflict, InvalidInput, NotFound
from service.posts.overruled import with_decisions
from service.services.audit_acts import audited
from service.services.context import Actor, Context
from service.services.decision_parts import (
    TypedRelation,
    TypedTask,
    find_other,
    find_reading,
    parse_relation,
    parse_task,
)
from service.services.overruling_acts import publish_as_decided
from service.services.publish import SAME_DOCUMENT, find_duplicates, match_all
from service.services.relation_acts import relate_as_decided
from service.services.silences import release_posts
from service.storage.engine import uuid7
from service.storage.post_decisions import (
    decisions_of,
    delete_decision,
    get_decision,
    insert_decision,
)
from service.storage.post_writes import bump, lock_post, set_facts
from service.storage.posts import get_post
from service.storage.relation_links import filters_alerted
from service.storage.same_document import companions
from service.storage.silence import filters_silenced
from service.types import Deadline, Decision, DecisionKind, DocumentLink, Post
from service.words import coded


@audited("act.post_task", "post", "post_id")
def decide_task(
    conn: Connection,
    ctx: Context,
    post_id: str,
    wrong: str | None,
    right: TypedTask | None,
    by: Actor,
) -> Post:
    """The post without the task that is wrong, or with another one in its place; with a further one
    where none is wrong. Reminders, calendars, feeds and pages go by it at once.

    `wrong`: the key of a reading (`decision_shapes`). Raises NotFound, InvalidInput.
    """
    lock_post(conn, post_id)
    post = get_post(conn, post_id)
    was = find_reading(post.understanding.deadlines, wrong)
    if was is None and right is None:
        raise InvalidInput("task", "bad.missing", "")
    so = None if right is None else parse_task(ctx, right, was)
    _keep(conn, ctx, post, by, DecisionKind.TASK, wrong=was, right=so)
    return _believe(conn, ctx, post)


@audited("act.post_relation", "post", "post_id")
def decide_relation(
    conn: Connection,
    ctx: Context,
    post_id: str,
    wrong: str | None,
    right: TypedRelation | None,
    by: Actor,
) -> Post:
    """The same of how its document stands to another: a meeting that it was read to call off takes
    place again; who was owed what it replaces hears of it.

    Raises NotFound, InvalidInput, Conflict.
    """
    lock_post(conn, post_id)
    post = get_post(conn, post_id)
    was = find_reading(post.understanding.relations, wrong)
    if was is None and right is None:
        raise InvalidInput("relation", "bad.missing", "")
    so = None if right is None else parse_relation(conn, post, right)
    other_id = so.post_id if so is not None else None
    _keep(conn, ctx, post, by, DecisionKind.RELATION, wrong=was, right=so, other_id=other_id)
    return _believe(conn, ctx, post)


@audited("act.post_document", "post", "post_id")
def decide_document(
    conn: Connection, ctx: Context, post_id: str, other: str, is_same: bool, by: Actor
) -> Post:
    """Whether another post is of this one's document. Where it is not, who was told of neither
    because the other had been told is told now.

    Raises NotFound, InvalidInput, Conflict where that is what is believed.
    """
    lock_post(conn, post_id)
    post = get_post(conn, post_id)
    second = find_other(conn, post, other)
    is_believed = second.id in {one.id for one in companions(conn, post)}
    if is_believed is is_same:
        code = "conflict.document_same" if is_same else "conflict.document_other"
        raise Conflict(coded(code, name=second.title))
    kind = DecisionKind.SAME if is_same else DecisionKind.OTHER
    _keep(conn, ctx, post, by, kind, other_id=second.id)
    return _part_or_join(conn, ctx, post.id, second.id)


@audited("act.post_undo", "post", "post_id")
def undo_decision(conn: Connection, ctx: Context, post_id: str, key: str) -> Post:
    """What was read of the post, or decided before, is believed again. Raises NotFound."""
    lock_post(conn, post_id)
    made = get_decision(conn, key)
    if post_id not in (made.post_id, made.other_id):
        raise NotFound("decision", key)
    delete_decision(conn, key)
    if made.kind in (DecisionKind.SAME, DecisionKind.OTHER):
        return _part_or_join(conn, ctx, made.post_id, str(made.other_id))
    return _believe(conn, ctx, get_post(conn, made.post_id))


def _keep(
    conn: Connection,
    ctx: Context,
    post: Post,
    by: Actor,
    kind: DecisionKind,
    *,
    wrong: Deadline | DocumentLink | None = None,
    right: Deadline | DocumentLink | None = None,
    other_id: str | None = None,
) -> None:
    made = Decision(uuid7(), post.id, kind, other_id, wrong, right, by.reason, ctx.clock())
    insert_decision(conn, made)


def _believe(conn: Connection, ctx: Context, post: Post) -> Post:
    """Stores what is believed of the post by all decisions, and tells who comes to want it."""
    before = post.understanding.relations
    facts = with_decisions(post.understanding, decisions_of(conn, post.id))
    newer = replace(post, understanding=facts)
    if facts.relations == before:
        set_facts(conn, newer)
    else:
        relate_as_decided(conn, newer, before)
    return _publish(conn, ctx, post.id)


def _part_or_join(conn: Connection, ctx: Context, post_id: str, other_id: str) -> Post:
    for one in (other_id, post_id):
        post = _publish(conn, ctx, one)
        _tell_silent(conn, ctx, post)
    return post


def _publish(conn: Connection, ctx: Context, post_id: str) -> Post:
    bump(conn, "feeds")
    return publish_as_decided(conn, ctx.links, ctx.settings.urgency.now, post_id, ctx.clock())


def _tell_silent(conn: Connection, ctx: Context, post: Post) -> None:
    """Who did not hear of it because another post had told of its document hears of it, where none
    has."""
    silent: Sequence[str] = filters_silenced(conn, post.id, SAME_DOCUMENT)
    wanted = [key for key in match_all(conn, post) if key in silent]
    others = find_duplicates(conn, post, ctx.settings.urgency.now)
    if post.withdrawn_at is None and set(wanted) - filters_alerted(conn, wanted, others):
        release_posts(conn, ctx, [post.id])
