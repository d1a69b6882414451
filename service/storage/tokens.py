"""API tokens: shown once when they are made, kept only as a hash, good until they are revoked or
their last day is over.

A token is 256 random bits, so a plain SHA-256 cannot be searched through, and looking it up by its
hash tells nothing by its timing.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256

from sqlalchemy import ColumnElement, Connection, RowMapping, insert, or_, select, update

from service.errors import NotFound
from service.storage import schema
from service.storage.engine import uuid7

PREFIX = "loa_"


class Role(StrEnum):
    OPERATOR = "operator"
    VIEWER = "viewer"
    """Sees what an operator sees, and changes nothing."""
    UNIT = "unit"


class Scope(StrEnum):
    """What a token is for, within what its role may."""

    READ = "read"
    """To see."""
    SUBSCRIPTIONS = "subscriptions"
    """To add, change, test, replay and remove subscriptions, and to end what was handed out."""
    OPERATE = "operate"
    """Everything else that changes something."""


def scopes_of_role(role: Role) -> tuple[Scope, ...]:
    """The widest that a token of that role may be."""
    return (Scope.READ,) if role is Role.VIEWER else tuple(Scope)


@dataclass(frozen=True, slots=True)
class ApiToken:
    """`unit_id` is None but for a unit's; `revoked_at` None unless somebody ended it. `ends_at`:
    from then on it is none by itself; None: never."""

    id: str
    name: str
    role: Role
    unit_id: str | None
    created_at: datetime
    revoked_at: datetime | None
    scopes: tuple[Scope, ...] = tuple(Scope)
    ends_at: datetime | None = None


def create_token(
    conn: Connection,
    *,
    name: str,
    unit_id: str | None,
    at: datetime,
    role: Role = Role.OPERATOR,
    scopes: Collection[Scope] = (),
    ends_at: datetime | None = None,
) -> tuple[str, ApiToken]:
    """The token's words, the only time that they are seen, and its row. With a unit it is that
    unit's. `scopes`: none: all that its role may."""
    words, role = PREFIX + secrets.token_urlsafe(32), role if unit_id is None else Role.UNIT
    kept = tuple(one for one in scopes_of_role(role) if one in scopes or not scopes)
    token = ApiToken(uuid7(), name, role, unit_id, at, None, kept, ends_at)
    conn.execute(
        insert(schema.api_token).values(
            id=token.id,
            name=name,
            hash=token_hash(words),
            role=token.role.value,
            unit_id=unit_id,
            created_at=at,
            scopes=" ".join(kept) if scopes else None,
            ends_at=ends_at,
        )
    )
    return words, token


def get_token(conn: Connection, token_id: str, at: datetime) -> ApiToken | None:
    """A token by its id, as a session remembers it; None once it is revoked or has ended."""
    table = schema.api_token
    row = conn.execute(select(table).where(table.c.id == token_id, *_is_good(at))).first()
    return None if row is None else _token(row._mapping)


def select_token(conn: Connection, words: str, at: datetime) -> ApiToken | None:
    """The token of these words; None for one that never was, was revoked, or has ended."""
    table = schema.api_token
    row = conn.execute(
        select(table).where(table.c.hash == token_hash(words), *_is_good(at))
    ).first()
    return None if row is None else _token(row._mapping)


def _is_good(at: datetime) -> tuple[ColumnElement[bool], ...]:
    table = schema.api_token.c
    return table.revoked_at.is_(None), or_(table.ends_at.is_(None), table.ends_at > at)


def ended_tokens(conn: Connection, at: datetime) -> list[ApiToken]:
    """Those whose last day is over, and that nobody has revoked."""
    table = schema.api_token
    rows = conn.execute(
        select(table)
        .where(table.c.revoked_at.is_(None), table.c.ends_at <= at)
        .order_by(table.c.id)
    )
    return [_token(row._mapping) for row in rows]


def list_tokens(conn: Connection) -> list[ApiToken]:
    """All that were ever made, the newest first."""
    rows = conn.execute(select(schema.api_token).order_by(schema.api_token.c.id.desc()))
    return [_token(row._mapping) for row in rows]


def revoke_token(conn: Connection, token_id: str, at: datetime) -> ApiToken | None:
    """From now on it is no token. May be done again: None, it was revoked before. Raises
    NotFound."""
    table = schema.api_token
    row = conn.execute(select(table).where(table.c.id == token_id)).first()
    if row is None:
        raise NotFound("token", token_id)
    if row.revoked_at is not None:
        return None
    conn.execute(update(table).where(table.c.id == token_id).values(revoked_at=at))
    return _token(row._mapping)


def token_hash(words: str) -> str:
    """What is kept of a token."""
    return sha256(words.encode("utf-8", "replace")).hexdigest()


def _token(row: RowMapping) -> ApiToken:
    role, kept = Role(row["role"]), row["scopes"]
    return ApiToken(
        row["id"],
        row["name"],
        role,
        row["unit_id"],
        row["created_at"],
        row["revoked_at"],
        scopes_of_role(role) if kept is None else tuple(Scope(one) for one in kept.split()),
        row["ends_at"],
    )
