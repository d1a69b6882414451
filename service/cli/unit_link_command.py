"""`loa unit link`: mails an office the link to its own page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from service.cli.common import echo_json, json_option, pass_loa
from service.cli.named import named
from service.cli.parsing import LoaCommand

if TYPE_CHECKING:
    from service.bootstrap import Loa


@click.command(cls=LoaCommand)
@click.argument("unit_name", metavar="UNIT")
@json_option
@pass_loa
@named(unit_name="unit")
def link(loa: Loa, unit_name: str, as_json: bool) -> None:
    """Mail each contact of an office the link to the office's own page.

    There it sees what it is owed and was sent, acknowledges, and looks after its channels. A link
    is good for 90 days, and for as long as whom it was mailed to is a contact.

    \b
    Example:
      loa unit link "UBND xã Quảng Ninh"
    """
    from service.services.unit_link import mail_links

    with loa.database.writing() as conn:
        unit = mail_links(conn, loa, unit_name)
    if as_json:
        echo_json({"id": unit.id, "mailed": list(unit.contacts)})
    else:
        click.echo(f"the link is on its way to {', '.join(unit.contacts)}")
