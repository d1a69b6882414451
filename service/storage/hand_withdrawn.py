"""Which posts an operator withdrew: their portals, which may show them still, do not bring them
back."""

from __future__ import annotations

from sqlalchemy import Connection

from service.storage.meta import get_meta, put_meta

_PREFIX = "withdrawn:"


def note_withdrawn(conn: Connection, post_id: str) -> None:
    put_meta(conn, _PREFIX + post_id, "1")


def is_withdrawn_by_hand(conn: Connection, post_id: str) -> bool:
    return get_meta(conn, _PREFIX + post_id) is not None
