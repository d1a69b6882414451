"""`loa coverage`: from when to when each listing was read without a gap, and what is silent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from service.cli.common import echo_json, echo_table, json_option, local, pass_loa
from service.cli.parsing import LoaCommand
from service.words import say

if TYPE_CHECKING:
    from service.bootstrap import Loa


@click.command(cls=LoaCommand)
@click.argument("portals", metavar="[PORTAL]…", nargs=-1)
@json_option
@pass_loa
def coverage(loa: Loa, portals: tuple[str, ...], as_json: bool) -> None:
    """Show since when each listing is watched, until when it was read without a gap, what may have
    been missed, and every silence with its reason.

    \b
    Examples:
      loa coverage
      loa coverage quangxuong --json
    """
    from service.cli.inputs import chosen_portals
    from service.services.coverage_acts import load_coverage
    from service.services.coverage_shapes import show_status

    wanted = chosen_portals(loa, portals)
    with loa.database.reading() as conn:
        found = load_coverage(conn, loa.settings, loa.clock(), wanted)
    if as_json:
        echo_json(show_status(found))
        return
    locale = loa.settings.service.locale
    pairs = [(portal.id, listing) for portal in found for listing in portal.listings]
    columns = ["portal", "listing", "watched since", "read whole until", "last read", "gaps"]
    rows = [
        (
            portal_id,
            one.url,
            local(one.since, locale) or "not yet read",
            local(one.covered_to, locale),
            local(one.last_read_at, locale),
            len(one.holes),
        )
        for portal_id, one in pairs
    ]
    echo_table(columns, rows, empty="no portal is configured: loa portal probe --help")
    gaps = [
        (portal_id, one.url, local(hole.from_at, locale), local(hole.to_at, locale) or "lasts")
        for portal_id, one in pairs
        for hole in one.holes
    ]
    if gaps:
        click.echo("\nMay have been missed; loa portal backfill looks for it:")
        echo_table(["portal", "listing", "from", "to"], gaps)
    silent = [
        (portal_id, one.url, count, say(f"silence.{code}", "en"), code)
        for portal_id, one in pairs
        for code, count in (one.silent or {}).items()
    ]
    if silent:
        click.echo("\nAlerted nobody, though somebody asked; loa post silent shows them:")
        echo_table(["portal", "listing", "posts", "reason", "code"], silent)
