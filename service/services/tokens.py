"""Who may use the API: tokens of an operator, and of a unit."""

from __future__ import annotations

from sqlalchemy import Connection

from service.errors import InvalidInput
from service.services.context import Context
from service.storage import tokens
from service.storage.tokens import ApiToken, Role
from service.storage.units import get_unit
from service.values import parse_line


def create(
    conn: Connection, ctx: Context, *, name: str, role: Role, unit: str | None
) -> tuple[str, ApiToken]:
    """The token's words, seen only here, and what is kept of it. `unit`: id or name of the office
    of a unit's token.

    Raises InvalidInput, NotFound for a unit that is not there.
    """
    if (role is Role.UNIT) != (unit is not None):
        raise InvalidInput(
            "unit", "goes with the role unit, and that with it", "--role unit --unit UNIT"
        )
    unit_id = None if unit is None else get_unit(conn, unit).id
    return tokens.create_token(
        conn, name=parse_line(name, "name", is_required=True), unit_id=unit_id, at=ctx.clock()
    )


def revoke(conn: Connection, ctx: Context, token_id: str) -> None:
    """From now on it is no token; whoever is signed in by it is signed out. May be done again.
    Raises NotFound."""
    tokens.revoke_token(conn, token_id, ctx.clock())
