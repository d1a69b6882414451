"""Who may use the API: tokens of an operator, of a viewer, and of a unit.

No token may more, or longer, than the token by which it was made.
"""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import Connection

from service.errors import InputFaults, InvalidInput, NotFound
from service.services.audit_acts import audited
from service.services.context import OPERATOR, Actor, ActorKind, Context
from service.services.loss_acts import tell_token_lost
from service.storage import tokens
from service.storage.engine import Database
from service.storage.tokens import ApiToken, Role, Scope, scopes_of_role
from service.storage.units import get_unit
from service.values import parse_line
from service.words import coded


@dataclass(frozen=True, slots=True)
class TokenReach:
    """How far whoever makes a token may go: its scopes, and until when. By default as far as an
    operator who needs no token."""

    scopes: tuple[Scope, ...] = tuple(Scope)
    ends_at: datetime | None = None


UNBOUNDED = TokenReach()


@audited("act.token_create", "token")
def create(
    conn: Connection,
    ctx: Context,
    *,
    name: str,
    role: Role,
    unit: str | None,
    scopes: Collection[Scope] = (),
    ends_on: date | None = None,
    within: TokenReach = UNBOUNDED,
) -> tuple[str, ApiToken]:
    """The token's words, seen only here, and what is kept of it.

    `unit`: id or name of the office of a unit's token. `name`: whose it is; empty: that of the
    unit, or the role. `scopes`: what it is for; none: all that its role and its maker may.
    `ends_on`: the last day on which it is good; None: as long as its maker.

    Raises InvalidInput with all that cannot be, NotFound for a unit that is not there.
    """
    faults = InputFaults()
    if (role is Role.UNIT) != (unit is not None):
        faults.add(InvalidInput("unit", "bad.unit_and_role", "--role unit --unit UNIT"))
    with faults:
        kept = _scopes(role, scopes, within)
    with faults:
        ends_at = _ends_at(ctx, ends_on, within)
    with faults:
        said = parse_line(name, "name")
    faults.require_none()
    office = None if unit is None else get_unit(conn, unit)
    said = said or (role.value if office is None else office.name)
    unit_id = None if office is None else office.id
    return tokens.create_token(
        conn, name=said, unit_id=unit_id, at=ctx.clock(), role=role, scopes=kept, ends_at=ends_at
    )


def last_day(ctx: Context, token: ApiToken) -> date | None:
    """The last day on which it is good, by the clock of the service; None: it does not end."""
    locale = ctx.settings.service.locale
    return None if token.ends_at is None else locale.day(token.ends_at - timedelta(seconds=1))


@audited("act.token_revoke", "token", "token_id")
def revoke(conn: Connection, ctx: Context, token_id: str, by: Actor = OPERATOR) -> None:
    """From now on it is no token; whoever is signed in by it is signed out. May be done again.
    Raises NotFound."""
    token = tokens.revoke_token(conn, token_id, ctx.clock())
    if token is not None and token.unit_id is not None:
        with suppress(NotFound):  # the unit is gone too
            tell_token_lost(conn, ctx, get_unit(conn, token.unit_id), token.name, by)


def revoke_ended(database: Database, ctx: Context) -> int:
    """Revokes the tokens whose last day is over, so that their units hear of it; how many."""
    with database.reading() as conn:
        ended = tokens.ended_tokens(conn, ctx.clock())
    for token in ended:
        with database.writing() as conn:
            revoke(conn, ctx, token.id, Actor(ActorKind.OPERATOR, "by.token_ended"))
    return len(ended)


def _scopes(role: Role, asked: Collection[Scope], within: TokenReach) -> tuple[Scope, ...]:
    """Those that are kept; none: all that the role may, now and later."""
    allowed = scopes_of_role(role)
    if beyond := [one for one in asked if one not in allowed]:
        raise InvalidInput(
            "scope",
            coded("bad.beyond_role", role=role.value, scopes=", ".join(beyond)),
            ", ".join(allowed),
        )
    given = tuple(one for one in allowed if one in within.scopes)
    if beyond := [one for one in asked if one not in given] or ([] if given else list(allowed)):
        raise InvalidInput(
            "scope",
            coded("bad.beyond_maker", scopes=", ".join(beyond)),
            ", ".join(given or within.scopes),
        )
    return tuple(asked) if asked else () if given == allowed else given


def _ends_at(ctx: Context, ends_on: date | None, within: TokenReach) -> datetime | None:
    if ends_on is None:
        return within.ends_at
    locale = ctx.settings.service.locale
    today = locale.day(ctx.clock())
    if not today <= ends_on <= today + _FARTHEST:
        last = coded("allowed.token_day", first=today.isoformat())
        raise InvalidInput("ends_on", "bad.token_day", last)
    ends_at = datetime.combine(ends_on + timedelta(days=1), time(), locale.zone)
    if within.ends_at is not None and ends_at > within.ends_at:
        last_of_maker = locale.day(within.ends_at - timedelta(seconds=1)).isoformat()
        raise InvalidInput(
            "ends_on", coded("bad.beyond_maker_day", day=last_of_maker), f"..{last_of_maker}"
        )
    return ends_at


_FARTHEST = timedelta(days=3653)
"""Ten years; whoever wants more names no day."""
