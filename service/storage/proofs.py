"""What a proof is made of: revisions, changes, deliveries, attempts and acknowledgements of one
post."""

from __future__ import annotations

from collections import defaultdict

from sqlalchemy import Connection, text

from service.alerts.proof import AcknowledgementProof, Proof, RevisionProof, Sending, UnitProof
from service.storage.posts import get_post
from service.storage.receipts import Receipt, list_receipts
from service.storage.schema import from_micros
from service.types import ChangeType

_SEEN = text(
    "SELECT c.revision, c.type, c.at, c.silenced, r.title, r.seen_at FROM change c"
    " LEFT JOIN revision r ON r.post_id = c.post_id AND r.number = c.revision"
    " WHERE c.post_id = :post ORDER BY c.at, c.id"
)
_SENT = text(
    "SELECT s.unit_id, c.revision, c.type, s.channel, d.state, d.done_at, COALESCE(m.attempts, 0) "
    "AS attempts,"
    " CASE WHEN m.sent_started_at IS NOT NULL THEN m.sent_status ELSE (SELECT a.status FROM "
    "attempt a"
    " WHERE a.message_id = d.message_id ORDER BY a.number DESC LIMIT 1) END AS status"
    " FROM change c JOIN delivery d ON d.change_id = c.id JOIN subscription s ON s.id = "
    "d.subscription_id"
    " LEFT JOIN message m ON m.id = d.message_id"
    " WHERE c.post_id = :post AND s.unit_id IS NOT NULL ORDER BY c.at, d.created_at, d.id"
)
_RECEIVED = text(
    'SELECT unit_id, revision, at, "by", via, note FROM receipt WHERE post_id = :post ORDER BY at'
)


def load_proof(conn: Connection, post_id: str) -> Proof:
    """Raises NotFound for a post that is not there."""
    post = get_post(conn, post_id)
    document = post.understanding.document
    return Proof(
        post_id=post.id,
        title=post.title,
        portal=post.portal.name,
        url=post.url,
        number=(document.number or "") if document else "",
        published_at=post.published_at,
        withdrawn_at=post.withdrawn_at,
        seen=_seen(conn, post_id, post.title),
        units=_units(conn, post_id),
    )


def _seen(conn: Connection, post_id: str, title: str) -> tuple[RevisionProof, ...]:
    rows = conn.execute(_SEEN, {"post": post_id})
    return tuple(
        RevisionProof(
            row.revision,
            row.title or title,
            from_micros(row.at if row.type == ChangeType.WITHDRAWN else row.seen_at or row.at),
            row.type,
            from_micros(row.at),
            row.silenced,
        )
        for row in rows
    )


def _units(conn: Connection, post_id: str) -> tuple[UnitProof, ...]:
    sent: dict[str, list[Sending]] = defaultdict(list)
    for row in conn.execute(_SENT, {"post": post_id}):
        at = from_micros(row.done_at) if row.done_at else None
        sent[row.unit_id].append(
            Sending(row.revision, row.type, row.channel, row.state, at, row.attempts, row.status)
        )
    received: dict[str, list[AcknowledgementProof]] = defaultdict(list)
    for row in conn.execute(_RECEIVED, {"post": post_id}):
        received[row.unit_id].append(
            AcknowledgementProof(row.revision, from_micros(row.at), row.by, row.via, row.note)
        )
    return tuple(
        UnitProof(
            _name(line),
            line.state,
            tuple(sent[line.unit_id]),
            tuple(received[line.unit_id]),
        )
        for line in list_receipts(conn, post_id)
    )


def _name(line: Receipt) -> str:
    if line.merged_into:
        return f"{line.unit_name} (đã nhập vào {line.merged_into})"
    return line.unit_name + (" (đã gỡ bỏ)" if line.is_removed else "")
