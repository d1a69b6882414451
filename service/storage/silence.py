"""Changes that nobody was told of: why, and what becomes of them when more is known. Their bytes
were never sent."""

from __future__ import annotations

from sqlalchemy import Connection, select, text, update

from service.storage import schema
from service.types import ChangeType

_PUBLISHED = ChangeType.PUBLISHED.value


def silence_of(conn: Connection, post_id: str) -> str | None:
    """Why the publication of a post was told to nobody; None when it was told."""
    change = schema.change
    statement = select(change.c.silenced).where(
        change.c.post_id == post_id, change.c.type == _PUBLISHED
    )
    return conn.execute(statement.order_by(change.c.revision).limit(1)).scalar()


def refresh_silenced(conn: Connection, post_id: str, payload: str) -> None:
    """What would be sent of a post, should its silence be lifted, is now this."""
    change = schema.change
    conn.execute(
        update(change)
        .where(
            change.c.post_id == post_id, change.c.type == _PUBLISHED, change.c.silenced.is_not(None)
        )
        .values(payload=payload)
    )


def move_held(conn: Connection, post_id: str, revision: int) -> None:
    """What a flood holds back of a post is now told of this revision: an edit meanwhile is no alert
    of its own."""
    change = schema.change
    conn.execute(
        update(change)
        .where(
            change.c.post_id == post_id, change.c.type == _PUBLISHED, change.c.silenced == "flood"
        )
        .values(revision=revision)
    )


def lift_baseline(conn: Connection, post_id: str, payload: str) -> bool:
    """A post of a baseline is new elsewhere: `continue_fanouts` tells it. False: another reason, or
    it was told."""
    ids = conn.execute(
        text(
            "UPDATE change SET silenced = NULL, fanned_out_at = NULL, fanout_after = NULL, "
            "payload = :payload"
            " WHERE post_id = :post AND type = :type AND silenced = 'baseline' RETURNING id"
        ),
        {"post": post_id, "type": _PUBLISHED, "payload": payload},
    ).scalars()
    lifted = list(ids)
    for change_id in lifted:
        conn.execute(
            text("UPDATE change_match SET is_silent = 0 WHERE change_id = :id"), {"id": change_id}
        )
    return bool(lifted)
