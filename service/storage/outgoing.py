"""What a webhook's sender needs of the messages it claimed: where they go and what they say.

A change's payload is read once and kept, for it never changes; subscriptions are read each time,
for their state counts at the moment of sending.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection

from service.storage.driver import driver_of
from service.storage.schema import to_micros

_KEPT = 256
"""Changes whose payload is kept: a few megabytes at most."""

_COLUMNS = """SELECT m.id, m.body, m.change_id, s.target, s.status, s.id, s.unit_id, s.secret,
    CASE WHEN s.old_secret_until > {now} THEN s.old_secret END, s.headers
    FROM message m JOIN subscription s ON s.id = m.subscription_id WHERE m.id {ids}"""

_MESSAGES = {
    "sqlite": _COLUMNS.format(now="?", ids="IN (SELECT value FROM json_each(?))"),
    "postgresql": _COLUMNS.format(now="%s", ids="= ANY(%s)"),
}
_CHANGES = {
    "sqlite": "SELECT id, post_id, revision, payload FROM change WHERE id IN (SELECT value FROM "
    "json_each(?))",
    "postgresql": "SELECT id, post_id, revision, payload FROM change WHERE id = ANY(%s)",
}


class Told(NamedTuple):
    """What a change says. `payload` has its receipt address null."""

    post_id: str
    revision: int
    payload: bytes


class Outgoing(NamedTuple):
    """A message and its subscription. `told` is None where the message has a `body` of its own.

    Nothing is parsed here: what is wrong with one message must not stop the others of its batch.
    """

    message_id: str
    url: str
    status: str
    subscription_id: str
    unit_id: str | None
    sealed: tuple[bytes, ...]
    headers: str
    """A JSON object."""
    body: bytes
    told: Told | None


class OutgoingReader:
    """Not for several threads."""

    def __init__(self) -> None:
        self._told: OrderedDict[str, Told] = OrderedDict()

    def load(
        self, conn: Connection, message_ids: Sequence[str], now: datetime
    ) -> dict[str, Outgoing]:
        """By message id; a message without a subscription is missing."""
        dialect = conn.dialect.name
        with driver_of(conn) as db:
            rows = db.execute(
                _MESSAGES[dialect], (to_micros(now), _list(dialect, message_ids))
            ).fetchall()
            self._read_changes(db, dialect, {row[2] for row in rows if row[2] is not None})
        return {row[0]: self._outgoing(*row) for row in rows}

    def _read_changes(self, db: Any, dialect: str, change_ids: set[str]) -> None:
        unknown = [id_ for id_ in change_ids if id_ not in self._told]
        if unknown:
            for id_, post_id, revision, payload in db.execute(
                _CHANGES[dialect], (_list(dialect, unknown),)
            ).fetchall():
                self._told[id_] = Told(post_id, revision, payload.encode())
        while len(self._told) > max(_KEPT, len(change_ids)):
            self._told.popitem(last=False)
        for id_ in change_ids:
            if id_ in self._told:
                self._told.move_to_end(id_)

    def _outgoing(
        self, id_: str, body: str | None, change_id: str | None, target: str, status: str,
        subscription_id: str,
        unit_id: str | None, secret: bytes | None, old_secret: bytes | None, headers: str,
    ) -> Outgoing:  # fmt: skip
        sealed = tuple(one for one in (secret, old_secret if secret else None) if one is not None)
        told = None if body or change_id is None else self._told.get(change_id)
        own = body.encode() if body else b""
        return Outgoing(id_, target, status, subscription_id, unit_id, sealed, headers, own, told)


def _list(dialect: str, values: Sequence[str]) -> Any:
    return orjson.dumps(values).decode() if dialect == "sqlite" else list(values)
