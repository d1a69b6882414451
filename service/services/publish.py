"""What happens when something became of a post: the change, the sets of filters that it matched,
its fan-out, or why nobody is told.

Everything here belongs to the transaction that writes the post. Matches are written for silenced
changes too: they tell a later edit which sets the post comes to match only then.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from functools import lru_cache

import orjson
from sqlalchemy import Connection

from service.alerts.match import Matcher
from service.alerts.message import says_else, with_type
from service.alerts.urgency import urgent_by
from service.storage.changes import (
    filter_definitions,
    insert_change,
    insert_matches,
    is_held,
    known_matches,
    last_publication,
)
from service.storage.digests import waits_for_digest
from service.storage.queue import fan_out, hasten, mark_urgent, urgency_before
from service.storage.subscriptions import filters_of
from service.types import ChangeType, Filters, Post

_PARSED = 20_000
"""Sets of filters kept parsed, for every one of them is held against every change: some 10 MB at
most."""


def write_change(
    conn: Connection,
    *,
    post: Post,
    type: ChangeType,  # noqa: A002  # its name in the message and in the table
    at: datetime,
    payload: str,
    what: Iterable[str] = (),
    silenced: str | None = None,
    urgent: Collection[str] = (),
) -> str:
    """Writes a change and the first of its deliveries; returns its id. `continue_fanouts` writes
    the rest.

    `silenced`: a code of `services.silences`, of which flood waits for a release. An edit of a post
    that is still held by a flood is held with it. An edit that makes a post match sets that it did
    not match before is `post.published` to those, in a change of its own. `urgent`: the urgencies
    that go before all else; what of such a post waits for a digest, goes at once too.
    """
    known = known_matches(conn, post.id)
    urgency = urgent_by(
        post.understanding, urgent, urgency_before(conn, post, type) if known else None
    )
    matched = match_all(conn, post)
    fresh = {
        key: reason
        for key, (reason, created_at) in matched.items()
        if known and known.is_new(key, created_at)
    }
    if type is ChangeType.UPDATED and silenced is None and is_held(conn, post.id):
        silenced = "flood"
    if type is ChangeType.PUBLISHED and known:
        mark_urgent(conn, post, urgency)
        return _publish_again(conn, post, at, payload, fresh, silenced, urgency)
    change_id = insert_change(conn, post, type, at, payload, list(what), silenced, urgent=urgency)
    is_silent = silenced is not None
    reasons = {key: reason for key, (reason, _) in matched.items()}
    insert_matches(
        conn, change_id, reasons, is_silent=is_silent or type is not ChangeType.PUBLISHED
    )
    if not is_silent:
        fan_out(conn, change_id, at)
        if urgency is not None and known:
            hasten(conn, post.id, change_id, at)
    if type is ChangeType.UPDATED and fresh:
        again = with_type(payload, ChangeType.PUBLISHED)
        _publish_again(conn, post, at, again, fresh, silenced, urgency)
    return change_id


@lru_cache(maxsize=_PARSED)
def _parsed(definition: str) -> Filters:
    return filters_of(orjson.loads(definition))


def match_all(conn: Connection, post: Post) -> dict[str, tuple[str, int]]:
    """For each set of filters that the post matches: why, and since when there is such a set."""
    matcher = Matcher(post)
    found: dict[str, tuple[str, int]] = {}
    for key, definition, created_at in filter_definitions(conn):
        reason = matcher.match(_parsed(definition))
        if reason is not None:
            found[key] = (reason, created_at)
    return found


def _publish_again(
    conn: Connection,
    post: Post,
    at: datetime,
    payload: str,
    fresh: dict[str, str],
    silenced: str | None,
    urgency: str | None,
) -> str:
    """Publishes to sets that the post did not match before: what it is now, so in a change of their
    own.

    What is silent joins the change of this revision that is there, of which nothing was sent.
    Digests that are not written yet tell of the latest change, so one is written for them too where
    it says something else.
    """
    there = last_publication(conn, post.id, post.revision)
    is_silent = silenced is not None or (there is not None and there["silenced"] == "flood")
    if there is None:
        change_id = insert_change(
            conn, post, ChangeType.PUBLISHED, at, payload, [], silenced, urgent=urgency
        )
    elif not is_silent and (
        fresh or (says_else(there["payload"], payload) and waits_for_digest(conn, post.id))
    ):
        change_id = insert_change(
            conn, post, ChangeType.PUBLISHED, at, payload, [], None, there["round"] + 1, urgency
        )
    else:
        change_id = str(there["id"])
    insert_matches(conn, change_id, fresh, is_silent=is_silent)
    if not is_silent:
        fan_out(conn, change_id, at)
        if urgency is not None:
            hasten(conn, post.id, change_id, at)
    return change_id
