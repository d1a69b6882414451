"""What a unit acknowledged, and when, over a year."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from service.storage.schema import from_micros, to_micros


@dataclass(frozen=True, slots=True)
class AcknowledgedPost:
    """`owed_at`: when it was first told of; None where nothing was written for it."""

    post_id: str
    title: str
    revision: int
    owed_at: datetime | None
    at: datetime
    by: str
    note: str
    via: str


def load_acknowledged(
    conn: Connection, unit_id: str, since: datetime, limit: int
) -> list[AcknowledgedPost]:
    """The last first."""
    query = text(
        'SELECT r.post_id, p.title, r.revision, r.at, r."by", r.note, r.via,'
        " (SELECT min(d.created_at) FROM change c JOIN delivery d ON d.change_id = c.id"
        " JOIN subscription s ON s.id = d.subscription_id WHERE c.post_id = r.post_id"
        " AND c.revision = r.revision AND s.unit_id = r.unit_id) AS owed_at"
        " FROM receipt r JOIN post p ON p.id = r.post_id"
        " WHERE r.unit_id = :unit AND r.at >= :since ORDER BY r.at DESC LIMIT :limit"
    )
    values = {"unit": unit_id, "since": to_micros(since), "limit": limit}
    return [
        AcknowledgedPost(
            row.post_id,
            row.title,
            row.revision,
            from_micros(row.owed_at) if row.owed_at else None,
            from_micros(row.at),
            row.by,
            row.note,
            row.via,
        )
        for row in conn.execute(query, values)
    ]
