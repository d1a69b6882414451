"""What happened to posts, and the intent to tell: the change, the sets of filters that it matched,
its fan-out.

Everything here belongs to the transaction that writes the post. Matches are written for silenced
changes too: they tell a later edit which sets the post comes to match only then.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

import orjson
from sqlalchemy import Connection, bindparam, select, text

from service.alerts.match import Matcher
from service.alerts.message import says_else, with_type
from service.storage import schema
from service.storage.digests import waits_for_digest
from service.storage.engine import uuid7
from service.storage.queue import continue_fanouts, fan_out
from service.storage.schema import to_micros
from service.storage.subscriptions import filters_of
from service.types import ChangeType, Filters, Post

__all__ = ["continue_fanouts", "is_held", "release_flood", "write_change"]

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
) -> str:
    """Writes a change and the first of its deliveries; gives its id. `continue_fanouts` writes the
    rest.

    `silenced`: baseline, too_old, or flood, which waits for `release_flood`. An edit of a post that
    is still held by a flood is held with it. An edit that makes a post match sets that it did not
    match before is
    `post.published` to those, in a change of its own.
    """
    known = _known_matches(conn, post.id)
    matched = _match_all(conn, post)
    fresh = {
        key: reason
        for key, (reason, created_at) in matched.items()
        if known and known.is_new(key, created_at)
    }
    if type is ChangeType.UPDATED and silenced is None and is_held(conn, post.id):
        silenced = "flood"
    if type is ChangeType.PUBLISHED and known:
        return _publish_again(conn, post, at, payload, fresh, silenced)
    change_id = _insert(conn, post, type, at, payload, list(what), silenced)
    is_silent = silenced is not None
    reasons = {key: reason for key, (reason, _) in matched.items()}
    _insert_matches(
        conn, change_id, reasons, is_silent=is_silent or type is not ChangeType.PUBLISHED
    )
    if not is_silent:
        fan_out(conn, change_id, at)
    if type is ChangeType.UPDATED and fresh:
        _publish_again(conn, post, at, with_type(payload, ChangeType.PUBLISHED), fresh, silenced)
    return change_id


def is_held(conn: Connection, post_id: str) -> bool:
    """Whether a flood holds the post's alerts back."""
    table = schema.change.c
    query = select(table.id).where(table.post_id == post_id, table.silenced == "flood").limit(1)
    return conn.execute(query).first() is not None


def release_flood(conn: Connection, portal_id: str) -> int:
    """Lets go the alerts of a portal that a flood held back; gives how many changes.
    `continue_fanouts` sends.

    Those of a post that is withdrawn by now stay held: nobody heard of it, nobody has to; it may
    come back.
    """
    held = conn.execute(
        text(
            "UPDATE change SET silenced = NULL, fanned_out_at = NULL WHERE silenced = 'flood'"
            " AND post_id IN (SELECT id FROM post WHERE portal_id = :portal AND withdrawn_at IS "
            "NULL) RETURNING id"
        ),
        {"portal": portal_id},
    ).scalars()
    ids = list(held)
    loud = text(
        "UPDATE change_match SET is_silent = 0 WHERE change_id IN"
        " (SELECT id FROM change WHERE id IN :ids AND type = 'post.published')"
    ).bindparams(bindparam("ids", expanding=True))
    for start in range(0, len(ids), 500):
        conn.execute(loud, {"ids": ids[start : start + 500]})
    return len(ids)


@dataclass(frozen=True, slots=True)
class _Known:
    """The sets of filters that a post matched so far, and when it was last held against all that
    there were."""

    filter_ids: frozenset[str]
    latest_at: int

    def is_new(self, filter_id: str, created_at: int) -> bool:
        """Whether the post did not match this set before, though it could have."""
        return filter_id not in self.filter_ids and created_at < self.latest_at


def _known_matches(conn: Connection, post_id: str) -> _Known | None:
    """None for a post without any change."""
    rows = conn.execute(
        text(
            "SELECT c.at, cm.filter_id FROM change c LEFT JOIN change_match cm ON cm.change_id = "
            "c.id"
            " WHERE c.post_id = :post"
        ),
        {"post": post_id},
    ).all()
    if not rows:
        return None
    return _Known(frozenset(row[1] for row in rows if row[1]), max(row[0] for row in rows))


@lru_cache(maxsize=_PARSED)
def _parsed(definition: str) -> Filters:
    return filters_of(orjson.loads(definition))


def _match_all(conn: Connection, post: Post) -> dict[str, tuple[str, int]]:
    """For each set of filters that the post matches: why, and since when there is such a set."""
    matcher = Matcher(post)
    found: dict[str, tuple[str, int]] = {}
    for key, definition, created_at in conn.execute(
        text("SELECT id, definition, created_at FROM filter")
    ):
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
) -> str:
    """Publishes to sets that the post did not match before: what it is now, so in a change of their
    own.

    What is silent joins the change of this revision that is there, of which nothing was sent.
    Digests that are not written yet tell of the latest change, so one is written for them too where
    it says something else.
    """
    table = schema.change.c
    there = conn.execute(
        select(table.id, table.silenced, table.round, table.payload)
        .where(
            table.post_id == post.id,
            table.revision == post.revision,
            table.type == ChangeType.PUBLISHED.value,
        )
        .order_by(table.round.desc())
        .limit(1)
    ).first()
    is_silent = silenced is not None or (there is not None and there.silenced == "flood")
    if there is None:
        change_id = _insert(conn, post, ChangeType.PUBLISHED, at, payload, [], silenced)
    elif not is_silent and (
        fresh or (says_else(there.payload, payload) and waits_for_digest(conn, post.id))
    ):
        change_id = _insert(
            conn, post, ChangeType.PUBLISHED, at, payload, [], None, there.round + 1
        )
    else:
        change_id = str(there.id)
    _insert_matches(conn, change_id, fresh, is_silent=is_silent)
    if not is_silent:
        fan_out(conn, change_id, at)
    return change_id


def _insert(
    conn: Connection,
    post: Post,
    type: ChangeType,  # noqa: A002  # likewise
    at: datetime,
    payload: str,
    what: list[str],
    silenced: str | None,
    round: int = 0,  # noqa: A002  # likewise
) -> str:
    """The change's id; of the one that is there already where this step runs again."""
    conn.execute(
        text(
            "INSERT INTO change(id, post_id, revision, type, round, at, payload, what, silenced, "
            "fanned_out_at)"
            " VALUES (:id, :post, :revision, :type, :round, :at, :payload, :what, :silenced, :done)"
            " ON CONFLICT (post_id, revision, type, round) DO NOTHING"
        ),
        {
            "id": uuid7(),
            "post": post.id,
            "revision": post.revision,
            "type": type.value,
            "round": round,
            "at": to_micros(at),
            "payload": payload,
            "what": orjson.dumps(what).decode(),
            "silenced": silenced,
            "done": to_micros(at) if silenced is not None else None,
        },
    )
    table = schema.change.c
    there = (
        table.post_id == post.id,
        table.revision == post.revision,
        table.type == type.value,
        table.round == round,
    )
    return str(conn.execute(select(table.id).where(*there)).scalar_one())


def _insert_matches(
    conn: Connection, change_id: str, matched: dict[str, str], *, is_silent: bool
) -> None:
    if matched:
        conn.execute(
            text(
                "INSERT INTO change_match(change_id, filter_id, reason, is_silent) VALUES (:c, "
                ":f, :r, :s)"
                " ON CONFLICT (change_id, filter_id) DO NOTHING"
            ),
            [
                {"c": change_id, "f": key, "r": reason, "s": int(is_silent)}
                for key, reason in matched.items()
            ],
        )
