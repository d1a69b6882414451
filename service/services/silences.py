"""Posts that were told to nobody although somebody asked: why, how many, and what the operator
decides of them (promise 6 of the design)."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection

from service.errors import Conflict, InvalidInput, NotFound
from service.services.audit_acts import audited
from service.services.context import Context
from service.services.publish import SAME_DOCUMENT, match_all, payload_of
from service.storage import silence
from service.storage.changes import insert_matches
from service.storage.counts import count_held
from service.storage.post_writes import lock_post
from service.storage.posts import get_post
from service.storage.silence import Silence, count_silences
from service.types import ChangeType
from service.words import coded

BASELINE = "baseline"
TOO_OLD = "too_old"
FLOOD = "flood"
RESTORED = "restored"
DISCARDED = "discarded"
TO_DECIDE = (FLOOD, TOO_OLD, RESTORED)
"""Where an operator has something to decide: the first reading of a listing is meant to be silent,
and what was discarded is decided."""
CODES = (*TO_DECIDE, BASELINE, DISCARDED, SAME_DOCUMENT)


def undecided(conn: Connection) -> dict[str, dict[str, int]]:
    """By portal and code, how many silent posts wait for a decision; nothing where none do."""
    counted = {
        portal_id: {code: n for code, n in codes.items() if code in TO_DECIDE}
        for portal_id, codes in count_silences(conn).items()
    }
    return {portal_id: codes for portal_id, codes in counted.items() if codes}


def list_silences(
    conn: Connection,
    *,
    code: str | None = None,
    portal_id: str | None = None,
    after: str | None = None,
    limit: int | None = None,
) -> list[Silence]:
    """Silent posts, the newest first; of all reasons that wait for a decision, or for one reason.

    Raises InvalidInput for a reason that there is not.
    """
    if code is not None and code not in CODES:
        raise InvalidInput(
            "code", coded("bad.value", text=code), coded("allowed.among", names=", ".join(CODES))
        )
    codes = TO_DECIDE if code is None else (code,)
    return silence.select_silences(conn, codes=codes, portal_id=portal_id, after=after, limit=limit)


@audited("act.portal_release", "portal", "portal_id")
def release_portal(conn: Connection, ctx: Context, portal_id: str) -> int:
    """Lets go what a flood of new posts held back: how many changes that were.

    Raises NotFound for a portal that is neither configured nor silent.
    """
    _check_portal(conn, ctx, portal_id)
    return silence.release_flood(conn, portal_id)


@audited("act.portal_discard", "portal", "portal_id")
def discard_portal(conn: Connection, ctx: Context, portal_id: str) -> int:
    """Decides that nobody has to be told of what a portal keeps for a decision: how many posts.

    They stay in the feeds, and may be released later one by one. Raises NotFound likewise.
    """
    _check_portal(conn, ctx, portal_id)
    return silence.discard_silences(conn, TO_DECIDE, portal_id=portal_id)


@audited("act.posts_release", "post", "post_ids")
def release_posts(conn: Connection, ctx: Context, post_ids: Iterable[str]) -> int:
    """Tells of silent posts, as they are now, all who ask for them now: how many posts.

    Raises NotFound, and Conflict for a post that is not silent, or that its portal has taken away:
    then none is released.
    """
    released = 0
    for post_id in dict.fromkeys(post_ids):
        lock_post(conn, post_id)
        post, now = get_post(conn, post_id), ctx.clock()
        if post.withdrawn_at is not None:
            raise Conflict(coded("conflict.release_withdrawn", name=post_id))
        if silence.release_flood(conn, post.portal.id, post.id):
            released += 1
            continue
        payload = payload_of(conn, ChangeType.PUBLISHED, now, post, ctx.links)
        change_id = silence.lift(conn, post.id, post.revision, payload, now)
        if change_id is None:
            raise Conflict(coded("conflict.release_told", name=post_id))
        reasons = {key: reason for key, (reason, _) in match_all(conn, post).items()}
        insert_matches(conn, change_id, reasons, is_silent=False)
        released += 1
    return released


@audited("act.posts_discard", "post", "post_ids")
def discard_posts(
    conn: Connection,
    ctx: Context,  # noqa: ARG001  # its row says when
    post_ids: Iterable[str],
) -> int:
    """Decides that nobody has to be told of these posts: how many. Raises NotFound, Conflict for
    one of which there is nothing to decide."""
    wanted = list(dict.fromkeys(post_ids))
    for post_id in wanted:
        get_post(conn, post_id)
        codes = (*TO_DECIDE, BASELINE, SAME_DOCUMENT)
        if not silence.discard_silences(conn, codes, portal_id=None, post_id=post_id):
            raise Conflict(coded("conflict.discard_told", name=post_id))
    return len(wanted)


def _check_portal(conn: Connection, ctx: Context, portal_id: str) -> None:
    configured = {portal.id for portal in ctx.settings.portals}
    if portal_id not in configured | count_held(conn).keys() | count_silences(conn).keys():
        raise NotFound("portal", portal_id)
