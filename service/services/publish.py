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

from service.alerts.links import Links
from service.alerts.match import Matcher
from service.alerts.message import build_payload, says_else, with_type
from service.alerts.urgency import urgent_by
from service.services.post_shapes import digests_kept, named_elsewhere
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
from service.storage.relation_links import filters_alerted, filters_owed
from service.storage.same_document import companions
from service.storage.subscriptions import filters_of
from service.types import ChangeType, Filters, Link, Post, Relation
from service.words import coded
from service.words.sentences_match import MET

SAME_DOCUMENT = "same_document"
_TOLD_TO_THE_SAME = frozenset(
    {Link.REPLACES, Link.AMENDS, Link.EXTENDS, Link.CANCELS, Link.POSTPONES, Link.MOVES}
)
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
    if type is ChangeType.PUBLISHED and known is None and silenced is None:
        return _publish_first(conn, post, at, payload, urgent)
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


def payload_of(conn: Connection, kind: ChangeType, at: datetime, post: Post, links: Links) -> str:
    """What a webhook says of a change, with the addresses of the copies that are kept and of the
    other posts of its document."""
    others = named_elsewhere(post, companions(conn, post))
    return build_payload(kind, at, post, links, digests_kept(conn, [post]), others)


def _publish_first(
    conn: Connection, post: Post, at: datetime, payload: str, urgent: Collection[str]
) -> str:
    """The first time that a post is told. Who was alerted of its document by another post is not
    alerted again: that is a silence of its own, which an operator may lift."""
    urgency = urgent_by(post.understanding, urgent, None)
    reasons = {key: reason for key, (reason, _) in match_all(conn, post).items()}
    told = filters_alerted(conn, reasons, find_duplicates(conn, post, urgent))
    again = {key: reason for key, reason in reasons.items() if key in told}
    fresh = {key: reason for key, reason in reasons.items() if key not in told}
    if again:
        silent_id = insert_change(
            conn, post, ChangeType.PUBLISHED, at, payload, [], SAME_DOCUMENT, urgent=urgency
        )
        insert_matches(conn, silent_id, again, is_silent=True)
        if not fresh:
            return silent_id
    change_id = insert_change(
        conn, post, ChangeType.PUBLISHED, at, payload, [], None, int(bool(again)), urgency
    )
    insert_matches(conn, change_id, fresh, is_silent=False)
    fan_out(conn, change_id, at)
    return change_id


def find_duplicates(conn: Connection, post: Post, urgent: Collection[str]) -> list[str]:
    """The posts of the same document at other portals that say as much as this one: the text itself
    says more than news of it, and what is more urgent is told again. A portal that writes of a
    document twice has something to add."""
    document = post.understanding.document
    if document is None or not document.number:
        return []
    is_text = document.relation is Relation.IS
    is_urgent = post.understanding.urgency.value in urgent
    return [
        other.id
        for other in companions(conn, post)
        if other.portal.id != post.portal.id
        and not (is_text and other.relation is not Relation.IS)
        and not (is_urgent and other.urgency.value not in urgent)
    ]


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
    for key, created_at in _owed_the_old(conn, post).items():
        found.setdefault(key, (coded(MET, related=_numbers(post)), created_at))
    return found


def _owed_the_old(conn: Connection, post: Post) -> dict[str, int]:
    """The sets of filters of those who were owed what this post replaces, amends, calls off …"""
    ids = [
        one.post_id
        for one in post.understanding.relations
        if one.post_id is not None and one.link in _TOLD_TO_THE_SAME
    ]
    return filters_owed(conn, ids)


def _numbers(post: Post) -> list[str]:
    links = post.understanding.relations
    return [one.of.number for one in links if one.post_id is not None and one.of.number is not None]


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
