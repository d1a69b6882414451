"""`loa erase`: forgets a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from service.cli.common import echo_json, json_option, pass_loa
from service.cli.parsing import LoaCommand

if TYPE_CHECKING:
    from service.bootstrap import Loa


@click.command(cls=LoaCommand)
@click.argument("address")
@json_option
@pass_loa
def erase(loa: Loa, address: str, as_json: bool) -> None:
    """Forget a person: subscriptions end, and the ADDRESS stands nowhere any more.

    \b
    Example:
      loa erase lan@example.vn
    """
    from service.services.optin import erase as forget

    with loa.database.writing() as conn:
        count = forget(conn, loa, address)
    if as_json:
        echo_json({"erased": count})
    else:
        click.echo(f"erased: {count} subscriptions")
