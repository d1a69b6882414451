"""`loa token`: who may use the API."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from service.cli.common import as_plain, echo_json, echo_table, json_option, local, pass_loa
from service.cli.named import named
from service.cli.parsing import LoaGroup

if TYPE_CHECKING:
    from service.bootstrap import Loa

ROLES = click.Choice(["operator", "viewer", "unit"])
SCOPES = click.Choice(["read", "subscriptions", "operate"])


@click.group(cls=LoaGroup)
def token() -> None:
    """API tokens; each is shown once and stored hashed.

    \b
    Example:
      loa token create --name "văn thư" --role unit --unit "UBND xã Quảng Ninh"
    """


@token.command()
@click.option("--name", default="", help="Whose it is; left out: the unit's name, or the role.")
@click.option(
    "--role",
    type=ROLES,
    default="operator",
    show_default=True,
    help="A viewer changes nothing; a unit sees what is its own.",
)
@click.option(
    "--unit", "unit_name", metavar="UNIT", help="The office of a unit's token, by id or name."
)
@click.option(
    "--scope",
    "scopes",
    type=SCOPES,
    multiple=True,
    help="What it is for. Repeatable; left out: all that its role may.",
)
@click.option("--ends-on", metavar="DAY", help="The last day on which it is good, as 2030-12-31.")
@json_option
@pass_loa
@named(unit_name="unit")
def create(
    loa: Loa,
    name: str,
    role: str,
    unit_name: str | None,
    scopes: tuple[str, ...],
    ends_on: str | None,
    as_json: bool,
) -> None:
    """Make a token and print it once.

    \b
    Example:
      loa token create --name bảng-điều-khiển
      loa token create --role viewer
      loa token create --name sao-lưu --scope read --ends-on 2030-12-31
    """
    from service.services.token_acts import create as create_token
    from service.storage.tokens import Role, Scope
    from service.values import parse_day

    with loa.database.writing() as conn:
        secret, made = create_token(
            conn,
            loa,
            name=name,
            role=Role(role),
            unit=unit_name,
            scopes=[Scope(one) for one in scopes],
            ends_on=None if ends_on is None else parse_day(ends_on, "ends_on", "allowed.day"),
        )
    if as_json:
        echo_json({**as_plain(made), "role": role, "token": secret})
    else:
        click.echo(secret)
        click.echo("This is shown once. Send it as: Authorization: Bearer …", err=True)


@token.command("list")
@json_option
@pass_loa
def list_(loa: Loa, as_json: bool) -> None:
    """List tokens; what they are is nowhere.

    \b
    Example:
      loa token list
    """
    from service.services.token_acts import last_day
    from service.storage.tokens import list_tokens

    with loa.database.reading() as conn:
        tokens = list_tokens(conn)
    if as_json:
        echo_json(as_plain(tokens))
        return
    rows = [
        (
            item.id,
            item.name,
            item.role,
            " ".join(item.scopes),
            item.unit_id,
            local(item.created_at, loa.settings.service.locale),
            last_day(loa, item) or "",
            local(item.revoked_at, loa.settings.service.locale),
        )
        for item in tokens
    ]
    echo_table(
        ["id", "name", "role", "scopes", "unit", "made", "last day", "revoked"],
        rows,
        empty="no tokens: loa token create --help",
    )


@token.command()
@click.argument("token_id", metavar="ID")
@json_option
@pass_loa
@named(token_id="token")  # noqa: S106  # names a kind of thing
def revoke(loa: Loa, token_id: str, as_json: bool) -> None:
    """End a token; what is signed in by it is signed out at once.

    \b
    Example:
      loa token revoke 0199…
    """
    from service.services.token_acts import revoke as revoke_token

    with loa.database.writing() as conn:
        revoke_token(conn, loa, token_id)
    if as_json:
        echo_json({"id": token_id, "status": "revoked"})
    else:
        click.echo(f"revoked {token_id}")
