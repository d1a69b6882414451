"""What a webhook's sender needs of the messages it claimed: where they go and what they say.

A change's payload is read once and kept, for it never changes; subscriptions are read each time,
for their state counts at the moment of sending.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection

from service.storage.queue.driver import statements_on
from service.storage.queue.statements import MessageRow, Statements
from service.storage.schema import to_micros
from service.storage.signing_keys import load_signing_keys

_KEPT = 256
"""Changes whose payload is kept: a few megabytes at most."""


class ChangePayload(NamedTuple):
    """What a change says. `payload` has its receipt address null."""

    post_id: str
    revision: int
    payload: bytes


class OutgoingMessage(NamedTuple):
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
    told: ChangePayload | None
    public_sealed: tuple[bytes, ...] = ()
    """The service's own keys, which sign for everybody."""
    is_cloudevents: bool = False
    language: str = "vi"


class OutgoingReader:
    """Not for several threads."""

    def __init__(self) -> None:
        self._told: OrderedDict[str, ChangePayload] = OrderedDict()

    def load(
        self, conn: Connection, message_ids: Sequence[str], now: datetime
    ) -> dict[str, OutgoingMessage]:
        """By message id; a message without a subscription is missing."""
        with statements_on(conn) as statements:
            rows = statements.messages(message_ids, to_micros(now))
            self._read_changes(
                statements, {row.change_id for row in rows if row.change_id is not None}
            )
        keys = tuple(key.sealed for key in load_signing_keys(conn, now)) if rows else ()
        return {row.id: self._outgoing(row, keys) for row in rows}

    def _read_changes(self, statements: Statements, change_ids: set[str]) -> None:
        unknown = [id_ for id_ in change_ids if id_ not in self._told]
        if unknown:
            for change in statements.changes(unknown):
                self._told[change.id] = ChangePayload(
                    change.post_id, change.revision, change.payload.encode()
                )
        while len(self._told) > max(_KEPT, len(change_ids)):
            self._told.popitem(last=False)
        for id_ in change_ids:
            if id_ in self._told:
                self._told.move_to_end(id_)

    def _outgoing(self, row: MessageRow, keys: tuple[bytes, ...]) -> OutgoingMessage:
        old_secret = row.old_secret if row.secret else None
        sealed = tuple(one for one in (row.secret, old_secret) if one is not None)
        told = None if row.body or row.change_id is None else self._told.get(row.change_id)
        own = row.body.encode() if row.body else b""
        return OutgoingMessage(
            row.id, row.target, row.status, row.subscription_id, row.unit_id, sealed, row.headers,
            own, told, keys, bool(row.is_cloudevents), row.language
        )  # fmt: skip
