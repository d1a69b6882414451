"""Ids by their beginning, as a person copies them from a narrow table."""

from __future__ import annotations

from sqlalchemy import Connection, select

from service.storage import schema

_IDS = {
    "post": schema.post.c.id,
    "unit": schema.unit.c.id,
    "subscription": schema.subscription.c.id,
    "delivery": schema.delivery.c.id,
    "message": schema.message.c.id,
    "token": schema.api_token.c.id,
}


def ids_beginning(conn: Connection, kind: str, beginning: str, limit: int) -> list[str]:
    """The ids of a kind that begin so, in order, at most `limit`."""
    column = _IDS[kind]
    begins = column.startswith(beginning, autoescape=True)
    query = select(column).where(begins).order_by(column).limit(limit)
    return [str(found) for found in conn.execute(query).scalars()]
