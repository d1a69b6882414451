"""What is sealed in the database, sealed anew under the present key: secrets, header values, kept
answers (S8).

In chunks of a short transaction each, for a rotation must not hold the write lock; each row either
way opens, so it may end anywhere and be begun again. A row that somebody changed meanwhile is his.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, and_, func, select, update

from service.alerts.own_headers import reseal_headers, sealed_bytes
from service.alerts.signing import SecretBox
from service.channels import CHANNELS
from service.storage import schema
from service.storage.engine import Database
from service.storage.schema_web import idempotency
from service.storage.signing_keys import reseal_signing_keys

CHUNK = 200
"""Rows of one transaction: some 10 ms."""


@dataclass(frozen=True, slots=True)
class ResealResult:
    """How many rows were sealed anew, and how many no key that is known opens: these stay as they
    are."""

    done: int = 0
    unopened: int = 0

    def __add__(self, other: ResealResult) -> ResealResult:
        return ResealResult(self.done + other.done, self.unopened + other.unopened)


def reseal(database: Database, box: SecretBox) -> ResealResult:
    """Seals anew what another key than the present one sealed. May be ended and begun again."""
    counted = ResealResult()
    for chunk in chain(_subscriptions(database), _answers(database)):
        with database.writing() as conn:
            for row in chunk:
                counted += _row(conn, row, box)
    with database.writing() as conn:
        counted += ResealResult(*reseal_signing_keys(conn, box))
    return counted


def _subscriptions(database: Database) -> Iterator[list[RowMapping]]:
    table, last = schema.subscription.c, ""
    columns = (table.id, table.channel, table.secret, table.old_secret, table.headers)
    while True:
        with database.reading() as conn:
            query = select(*columns).where(table.id > last).order_by(table.id).limit(CHUNK)
            rows = conn.execute(query).mappings().all()
        if not rows:
            return
        last = rows[-1]["id"]
        yield [row for row in rows if row["secret"] or row["old_secret"] or row["headers"]]


def _answers(database: Database) -> Iterator[list[RowMapping]]:
    table = idempotency.c
    with database.reading() as conn:
        query = select(table.caller, table.key, table.body).where(func.length(table.body) > 0)
        rows = conn.execute(query.order_by(table.caller, table.key)).mappings().all()
    for start in range(0, len(rows), CHUNK):
        yield list(rows[start : start + CHUNK])


def _row(conn: Connection, row: RowMapping, box: SecretBox) -> ResealResult:
    sealed = {name: row[name] for name in ("secret", "old_secret", "body") if row.get(name)}
    headers: dict[str, Any] = row.get("headers") or {}
    whole = [*sealed.values(), *sealed_bytes(headers)]
    if all(box.is_current(one) for one in whole):
        return ResealResult()
    if not all(box.is_ours(one) for one in whole):
        return ResealResult(unopened=1)
    fresh: dict[str, Any] = {name: box.encrypt(box.decrypt(one)) for name, one in sealed.items()}
    if "channel" in row and CHANNELS[row["channel"]].is_sealed:
        fresh["target_key"] = box.mark(box.decrypt(row["secret"]))
    if headers:
        fresh["headers"] = reseal_headers(headers, box)
    table = idempotency if "body" in row else schema.subscription
    is_the_same = and_(*(_holds(table.c[name], row[name]) for name in row))
    return ResealResult(conn.execute(update(table).where(is_the_same).values(**fresh)).rowcount)


def _holds(column: ColumnElement[Any], value: object) -> ColumnElement[bool]:
    return column.is_(None) if value is None else column == value
