"""Who may use the API: tokens of an operator, of a viewer, and of a unit."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress

from sqlalchemy import Connection

from service.errors import InvalidInput, NotFound
from service.services.audit_acts import audited
from service.services.context import Context
from service.services.loss_acts import tell_token_lost
from service.storage import tokens
from service.storage.tokens import ApiToken, Role, Scope, scopes_of_role
from service.storage.units import get_unit
from service.values import parse_line
from service.words import coded


@audited("act.token_create", "token")
def create(
    conn: Connection,
    ctx: Context,
    *,
    name: str,
    role: Role,
    unit: str | None,
    scopes: Collection[Scope] = (),
) -> tuple[str, ApiToken]:
    """The token's words, seen only here, and what is kept of it.

    `unit`: id or name of the office of a unit's token. `name`: whose it is; empty: that of the
    unit, or the role. `scopes`: what it is for; none: all that its role may.

    Raises InvalidInput, NotFound for a unit that is not there.
    """
    if (role is Role.UNIT) != (unit is not None):
        raise InvalidInput("unit", "bad.unit_and_role", "--role unit --unit UNIT")
    if beyond := [one for one in scopes if one not in scopes_of_role(role)]:
        raise InvalidInput(
            "scope",
            coded("bad.beyond_role", role=role.value, scopes=", ".join(beyond)),
            ", ".join(scopes_of_role(role)),
        )
    office = None if unit is None else get_unit(conn, unit)
    said = parse_line(name, "name") or (role.value if office is None else office.name)
    unit_id = None if office is None else office.id
    return tokens.create_token(
        conn, name=said, unit_id=unit_id, at=ctx.clock(), role=role, scopes=scopes
    )


@audited("act.token_revoke", "token", "token_id")
def revoke(conn: Connection, ctx: Context, token_id: str) -> None:
    """From now on it is no token; whoever is signed in by it is signed out. May be done again.
    Raises NotFound."""
    token = tokens.get_token(conn, token_id)
    tokens.revoke_token(conn, token_id, ctx.clock())
    if token is not None and token.unit_id is not None and token.revoked_at is None:
        with suppress(NotFound):  # the unit is gone too
            tell_token_lost(conn, ctx, get_unit(conn, token.unit_id), token.name)
