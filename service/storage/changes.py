"""What happened to posts: changes, and the sets of filters that each matched."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import orjson
from sqlalchemy import Connection, RowMapping, select, text

from service.storage import schema
from service.storage.engine import uuid7
from service.storage.schema import to_micros
from service.types import ChangeType, Post


def is_held(conn: Connection, post_id: str) -> bool:
    """Whether a flood holds the post's alerts back."""
    table = schema.change.c
    query = select(table.id).where(table.post_id == post_id, table.silenced == "flood").limit(1)
    return conn.execute(query).first() is not None


@dataclass(frozen=True, slots=True)
class KnownMatches:
    """The sets of filters that a post matched so far, and when it was last held against all that
    there were."""

    filter_ids: frozenset[str]
    latest_at: int

    def is_new(self, filter_id: str, created_at: int) -> bool:
        """Whether the post did not match this set before, though it could have."""
        return filter_id not in self.filter_ids and created_at < self.latest_at


def known_matches(conn: Connection, post_id: str) -> KnownMatches | None:
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
    return KnownMatches(frozenset(row[1] for row in rows if row[1]), max(row[0] for row in rows))


def filter_definitions(conn: Connection) -> Iterator[tuple[str, str, int]]:
    """Every set of filters that anybody ever asked by: its id, its definition as JSON, and since
    when (microseconds) it is known."""
    for row in conn.execute(text("SELECT id, definition, created_at FROM filter")):
        yield row[0], row[1], row[2]


def last_publication(conn: Connection, post_id: str, revision: int) -> RowMapping | None:
    """The last `post.published` of a revision: id, silenced, round, payload; None without one."""
    table = schema.change.c
    query = select(table.id, table.silenced, table.round, table.payload).where(
        table.post_id == post_id,
        table.revision == revision,
        table.type == ChangeType.PUBLISHED.value,
    )
    return conn.execute(query.order_by(table.round.desc()).limit(1)).mappings().first()


def insert_change(
    conn: Connection,
    post: Post,
    type: ChangeType,  # noqa: A002  # likewise
    at: datetime,
    payload: str,
    what: list[str],
    silenced: str | None,
    round: int = 0,  # noqa: A002  # likewise
    urgent: str | None = None,
) -> str:
    """The change's id; of the one that is there already where this step runs again."""
    conn.execute(
        text(
            "INSERT INTO change(id, post_id, revision, type, round, at, payload, what, silenced, "
            "fanned_out_at, urgent)"
            " VALUES (:id, :post, :revision, :type, :round, :at, :payload, :what, :silenced, :done,"
            " :urgent)"
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
            "urgent": urgent,
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


def insert_matches(
    conn: Connection, change_id: str, matched: dict[str, str], *, is_silent: bool
) -> None:
    """Which sets of filters a change matched, and why. `is_silent`: nothing is owed for it."""
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
