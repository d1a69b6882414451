"""`loa unit`: the offices that must know."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from service.cli.common import (
    echo_facts,
    echo_json,
    echo_table,
    json_option,
    local,
    pass_loa,
    rfc3339,
)

if TYPE_CHECKING:
    from service.bootstrap import Loa
    from service.types import Unit
    from service.values import Locale


@click.group()
def unit() -> None:
    """The offices that must know: a name, a place, contacts.

    \b
    Example:
      loa unit add --name "UBND xã Quảng Ninh" --place quang-ninh-16540 --contact
      vanthu@quangninh.example
    """


@unit.command()
@click.option("--name", required=True, help="What the office is called; no two are called alike.")
@click.option("--place", metavar="ID", help="The commune it stands for, as quang-ninh-16540.")
@click.option(
    "--contact",
    "contacts",
    metavar="EMAIL",
    multiple=True,
    help="Repeatable, in order of escalation.",
)
@json_option
@pass_loa
def add(loa: Loa, name: str, place: str | None, contacts: tuple[str, ...], as_json: bool) -> None:
    """Add an office.

    \b
    Example:
      loa unit add --name "UBND xã Quảng Ninh" --place quang-ninh-16540 \\
                   --contact vanthu@quangninh.example --contact chutich@quangninh.example
    """
    from service.services import unit_acts as units

    facts = units.parse_unit(loa, name=name, place=place, contacts=contacts)
    with loa.database.writing() as conn:
        added = units.add(conn, loa, facts)
    _echo_unit(added, as_json, loa.settings.service.locale)


@unit.command("list")
@json_option
@pass_loa
def list_(loa: Loa, as_json: bool) -> None:
    """List the offices.

    \b
    Example:
      loa unit list --json
    """
    from service.storage.units import list_units

    with loa.database.reading() as conn:
        units = list_units(conn)
    if as_json:
        echo_json([_as_json(item) for item in units])
        return
    rows = [(item.id, item.name, item.place, ", ".join(item.contacts)) for item in units]
    echo_table(["id", "name", "place", "contacts"], rows, empty="no units yet: loa unit add --help")


@unit.command()
@click.argument("unit_name", metavar="UNIT")
@json_option
@pass_loa
def show(loa: Loa, unit_name: str, as_json: bool) -> None:
    """Show an office and its subscriptions; UNIT is its id or its name.

    \b
    Example:
      loa unit show "UBND xã Quảng Ninh"
    """
    from service.cli.subscription_shown import echo_subscriptions, subscription_json
    from service.storage.subscriptions import list_subscriptions
    from service.storage.units import get_unit

    with loa.database.reading() as conn:
        found = get_unit(conn, unit_name)
        subscriptions = list_subscriptions(conn, unit_id=found.id)
    if as_json:
        echo_json(
            {
                **_as_json(found),
                "subscriptions": [subscription_json(item) for item in subscriptions],
            }
        )
        return
    _echo_unit(found, False, loa.settings.service.locale)
    click.echo()
    echo_subscriptions(subscriptions)


@unit.command()
@click.argument("unit_name", metavar="UNIT")
@json_option
@pass_loa
def remove(loa: Loa, unit_name: str, as_json: bool) -> None:
    """Remove an office and its subscriptions; what it has acknowledged stays.

    \b
    Example:
      loa unit remove "UBND xã Quảng Ninh"
    """
    from service.services import unit_acts as units

    with loa.database.writing() as conn:
        removed = units.remove(conn, loa, unit_name)
    if as_json:
        echo_json({"id": removed.id, "status": "removed"})
    else:
        click.echo(f"removed {removed.name} and its subscriptions")


@unit.command("import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@json_option
@pass_loa
def import_(loa: Loa, file: Path, as_json: bool) -> None:
    """Add or update offices from a CSV file with the columns name, place, contacts.

    Several contacts are separated by spaces or semicolons. All lines are taken, or none.

    \b
    Example:
      loa unit import units.csv
        with a file as
          name,place,contacts
          UBND xã Quảng Ninh,quang-ninh-16540,vanthu@quangninh.example chutich@quangninh.example
    """
    from service.cli.unit_file import import_units, read_units

    counts = import_units(loa, read_units(loa, file))
    if as_json:
        echo_json(counts)
    else:
        click.echo(", ".join(f"{count} {what}" for what, count in counts.items()))


def _as_json(item: Unit) -> dict[str, object]:
    return {
        "id": item.id,
        "name": item.name,
        "place": item.place,
        "contacts": list(item.contacts),
        "created_at": rfc3339(item.created_at),
    }


def _echo_unit(item: Unit, as_json: bool, locale: Locale) -> None:
    if as_json:
        echo_json(_as_json(item))
        return
    facts = {"id": item.id, "name": item.name, "place": item.place, "contacts": item.contacts}
    echo_facts({**facts, "added": local(item.created_at, locale)})
