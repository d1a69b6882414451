"""`loa unit`: the offices that must know."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from service.cli.common import (
    as_plain,
    echo_facts,
    echo_json,
    echo_table,
    json_option,
    local,
    pass_loa,
    printable_cell,
)
from service.cli.named import named
from service.cli.parsing import LoaGroup
from service.cli.place_shown import note_place
from service.cli.unit_link_command import link
from service.cli.unit_succeed import succeed

if TYPE_CHECKING:
    from service.bootstrap import Loa
    from service.types import Unit
    from service.values import Locale


@click.group(cls=LoaGroup)
def unit() -> None:
    """The offices that must know: a name, a place, contacts.

    \b
    Example:
      loa unit add --name "UBND xã Quảng Ninh" --place quang-ninh-16540 --contact
      vanthu@quangninh.example
    """


unit.add_command(link)
unit.add_command(succeed)


@unit.command()
@click.option("--name", required=True, help="What the office is called; no two are called alike.")
@click.option(
    "--place",
    metavar="PLACE",
    help='The commune it stands for: an id as quang-ninh-16540, or a name as "xã Quảng Ninh".',
)
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
    note_place(loa, place, facts.place)
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
@named(unit_name="unit")
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
@click.option("--name", help="What it is called from now on.")
@click.option("--place", metavar="ID", help="The commune it stands for, as quang-ninh-16540.")
@click.option("--no-place", is_flag=True, help="It stands for no commune.")
@click.option(
    "--contact",
    "contacts",
    metavar="EMAIL",
    multiple=True,
    help="Repeatable, in order of escalation: these are all of them.",
)
@click.option(
    "--add-contact", "added", metavar="EMAIL", multiple=True, help="Repeatable: one more, the last."
)
@click.option(
    "--remove-contact", "removed", metavar="EMAIL", multiple=True, help="Repeatable: one less."
)
@json_option
@pass_loa
def edit(
    loa: Loa,
    unit_name: str,
    name: str | None,
    place: str | None,
    no_place: bool,
    contacts: tuple[str, ...],
    added: tuple[str, ...],
    removed: tuple[str, ...],
    as_json: bool,
) -> None:
    """Change an office: UNIT is its id or its name. What it was owed and acknowledged stays its
    own.

    Its contacts are told by mail what is another.

    \b
    Examples:
      loa unit edit "UBND xã Quảng Ninh" --name "UBND xã Quảng Ninh mới"
      loa unit edit "UBND xã Quảng Ninh" --add-contact pct@quangninh.example \\
                    --remove-contact chutich@quangninh.example
    """
    from service.services import unit_acts as units
    from service.services.context import OPERATOR

    changes = units.UnitChanges(
        name=name,
        place=place,
        has_no_place=no_place,
        contacts=contacts or None,
        add_contacts=added,
        remove_contacts=removed,
    )
    if changes == units.UnitChanges():
        raise click.UsageError(
            "Nothing to change: --name, --place, --no-place, --contact, --add-contact, "
            "--remove-contact."
        )
    with loa.database.writing() as conn:
        edited = units.edit(conn, loa, unit_name, changes, OPERATOR)
    _echo_unit(edited, as_json, loa.settings.service.locale)


@unit.command()
@click.argument("unit_name", metavar="UNIT")
@json_option
@pass_loa
@named(unit_name="unit")
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
        click.echo(f"removed {printable_cell(removed.name)} and its subscriptions")


@unit.command()
@click.argument("unit_name", metavar="UNIT")
@json_option
@pass_loa
def restore(loa: Loa, unit_name: str, as_json: bool) -> None:
    """Undo the removal of an office, within seven days: with the subscriptions that ended with it.

    \b
    Example:
      loa unit restore "UBND xã Quảng Ninh"
    """
    from service.services.context import OPERATOR
    from service.services.undo_acts import restore_unit

    with loa.database.writing() as conn:
        restored = restore_unit(conn, loa, unit_name, OPERATOR)
    _echo_unit(restored, as_json, loa.settings.service.locale)


@unit.command()
@click.argument("unit_name", metavar="UNIT")
@click.argument("into", metavar="INTO")
@json_option
@pass_loa
def merge(loa: Loa, unit_name: str, into: str, as_json: bool) -> None:
    """End an office that became part of another one: INTO hears and answers in its place.

    Subscriptions, contacts, tokens, what is open and what was acknowledged follow; what both heard
    by one address is sent there once. You and the contacts of both are told. It cannot be undone.

    \b
    Example:
      loa unit merge "UBND xã Quảng Hải" "UBND xã Quảng Ninh"
    """
    from service.services.merge_acts import merge as merge_units

    with loa.database.writing() as conn:
        merged = merge_units(conn, loa, unit_name, into)
    if as_json:
        echo_json(
            {
                **_as_json(merged.into),
                "merged": merged.unit.id,
                "moved": [one.id for one in merged.moved],
                "joined": [one.id for one in merged.joined],
            }
        )
        return
    click.echo(
        f"{printable_cell(merged.unit.name)} is part of {printable_cell(merged.into.name)} now: "
        f"{len(merged.moved)} subscriptions moved, {len(merged.joined)} joined with what that "
        "one had"
    )


@unit.command("import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@json_option
@pass_loa
def import_(loa: Loa, file: Path, as_json: bool) -> None:
    """Add or update offices from a CSV file with the columns name, place, contacts.

    Several contacts are separated by spaces or semicolons. Nothing is written unless all of its
    lines can be; a long file is written some hundred lines at a time, and what was ended may be run
    again.

    \b
    Example:
      loa unit import units.csv
        with a file as
          name,place,contacts
          UBND xã Quảng Ninh,quang-ninh-16540,vanthu@quangninh.example chutich@quangninh.example
    """
    from service.cli.unit_file import import_units

    counts = import_units(loa, file)
    if as_json:
        echo_json(counts)
    else:
        click.echo(", ".join(f"{count} {what}" for what, count in counts.items()))


def _as_json(item: Unit) -> dict[str, object]:
    from service.services.subscriber_shapes import show_unit

    shown: dict[str, object] = as_plain(show_unit(item))
    return shown


def _echo_unit(item: Unit, as_json: bool, locale: Locale) -> None:
    if as_json:
        echo_json(_as_json(item))
        return
    facts = {"id": item.id, "name": item.name, "place": item.place, "contacts": item.contacts}
    echo_facts({**facts, "added": local(item.created_at, locale)})
