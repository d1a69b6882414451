"""Which units have yet to acknowledge which posts, of all posts at once: one query, however many
units there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import orjson
from sqlalchemy import Connection, bindparam, text

from service.storage.post_rows import deadlines_from_json
from service.storage.schema import from_micros, to_micros
from service.types import Deadline
from service.words.collation import name_key


@dataclass(frozen=True, slots=True)
class OpenPost:
    """A post that is not acknowledged by all. `urgent`: the urgency by which its latest revision
    went before all else; None where it did not."""

    id: str
    title: str
    revision: int
    urgent: str | None
    deadlines: tuple[Deadline, ...]


@dataclass(frozen=True, slots=True)
class OpenLine:
    """A unit that has yet to acknowledge a post. `sent_at`: None where nothing accepted it yet."""

    post_id: str
    unit_id: str
    unit_name: str
    place_id: str | None
    contacts: tuple[str, ...]
    owed_at: datetime
    sent_at: datetime | None


_OPEN = """SELECT p.id AS post_id, u.id AS unit_id, u.name, u.place, u.contacts,
    min(d.created_at) AS owed_at, min(CASE WHEN d.state = 'sent' THEN d.done_at END) AS sent_at
    FROM change c JOIN post p ON p.id = c.post_id AND p.revision = c.revision
    JOIN post_category k ON k.post_id = p.id AND k.position = 0 AND k.category IN :categories
    JOIN delivery d ON d.change_id = c.id
        AND (d.state <> 'skipped' OR d.reason = 'message.restored')
    JOIN subscription s ON s.id = d.subscription_id JOIN unit u ON u.id = s.unit_id
    WHERE c.at >= :since AND c.type <> 'post.withdrawn' AND p.withdrawn_at IS NULL
    AND u.removed_at IS NULL AND NOT EXISTS (SELECT 1 FROM receipt r WHERE r.post_id = p.id
        AND r.revision = p.revision AND r.unit_id = s.unit_id)"""
"""What a lost database may have sent is owed still: whether it was acknowledged then is lost."""
_GROUPED = " GROUP BY p.id, u.id, u.name, u.place, u.contacts ORDER BY u.id"


def load_open_lines(
    conn: Connection,
    categories: Sequence[str],
    since: datetime,
    *,
    unit_id: str | None = None,
    post_id: str | None = None,
) -> list[OpenLine]:
    """Of posts of these primary categories that were told of since then; of one unit, of one post,
    or all."""
    only = (" AND u.id = :unit" if unit_id else "") + (" AND p.id = :post" if post_id else "")
    query = text(_OPEN + only + _GROUPED).bindparams(bindparam("categories", expanding=True))
    values = {"categories": list(categories), "since": to_micros(since)}
    named = {"unit": unit_id, "post": post_id}
    values |= {name: value for name, value in named.items() if value}
    found = [
        OpenLine(
            row.post_id,
            row.unit_id,
            row.name,
            row.place,
            tuple(orjson.loads(row.contacts)),
            from_micros(row.owed_at),
            from_micros(row.sent_at) if row.sent_at else None,
        )
        for row in conn.execute(query, values)
    ]
    return sorted(found, key=lambda line: name_key(line.unit_name))


def load_open_posts(conn: Connection, post_ids: Sequence[str]) -> dict[str, OpenPost]:
    query = text(
        "SELECT p.id, p.title, p.revision, p.facts, (SELECT max(u.urgent) FROM change u WHERE"
        " u.post_id = p.id AND u.revision = p.revision AND u.silenced IS NULL) AS urgent"
        " FROM post p WHERE p.id IN :ids"
    ).bindparams(bindparam("ids", expanding=True))
    found: dict[str, OpenPost] = {}
    for start in range(0, len(post_ids), 500):
        for row in conn.execute(query, {"ids": list(post_ids[start : start + 500])}):
            deadlines = deadlines_from_json(orjson.loads(row.facts).get("deadlines", []))
            found[row.id] = OpenPost(row.id, row.title, row.revision, row.urgent, deadlines)
    return found
