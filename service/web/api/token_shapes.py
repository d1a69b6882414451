"""API tokens as the API shows them: what they are is in the answer that made them, and nowhere
else."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import date, datetime

from service.services.context import Context
from service.services.subscriber_shapes import Shape
from service.services.token_acts import last_day
from service.storage.tokens import ApiToken, Role, Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenShape(Shape):
    id: str
    name: str
    role: Role
    unit: str | None = field(metadata={"description": "null but for the role `unit`"})
    scopes: tuple[Scope, ...]
    created_at: datetime
    ends_on: date | None = field(metadata={"description": "its last day; null: it does not end"})
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CreatedTokenShape(TokenShape):
    token: str = field(metadata={"description": "the bearer token, shown only here"})


def show_token(ctx: Context, one: ApiToken) -> TokenShape:
    return TokenShape(
        id=one.id,
        name=one.name,
        role=one.role,
        unit=one.unit_id,
        scopes=one.scopes,
        created_at=one.created_at,
        ends_on=last_day(ctx, one),
        revoked_at=one.revoked_at,
    )


def show_created(ctx: Context, words: str, made: ApiToken) -> CreatedTokenShape:
    shown = show_token(ctx, made)
    facts = {one.name: getattr(shown, one.name) for one in fields(shown)}
    return CreatedTokenShape(**facts, token=words)
