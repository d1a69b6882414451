"""`loa unit succeed`: offices of communes that are no more move to what these became."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from service.cli.common import FAILED, echo_json, echo_table, json_option, pass_loa, warn
from service.cli.parsing import LoaCommand

if TYPE_CHECKING:
    from service.bootstrap import Loa
    from service.services.succession_acts import UnitStep


@click.command(cls=LoaCommand)
@click.argument("units", metavar="[UNIT]…", nargs=-1)
@click.option("--district", help='Only offices of an old district, as "Quảng Xương".')
@click.option(
    "--choose",
    "choices",
    metavar="UNIT=PLACE",
    multiple=True,
    help="Where an office goes whose commune was divided. Repeatable.",
)
@click.option("--apply", "is_applied", is_flag=True, help="Do it; without, it is only shown.")
@json_option
@pass_loa
def succeed(
    loa: Loa,
    units: tuple[str, ...],
    district: str | None,
    choices: tuple[str, ...],
    is_applied: bool,
    as_json: bool,
) -> None:
    """Move the offices of communes that have ended to the communes that took them in.

    Shows what would be done; --apply does it. Of several offices that come to one commune one goes
    on, and the others become part of it, as by `loa unit merge`: subscriptions, contacts, tokens,
    what is open and what was acknowledged follow.

    \b
    Examples:
      loa unit succeed --district "Quảng Xương"
      loa unit succeed --district "Quảng Xương" --apply
      loa unit succeed --choose "UBND xã Hà Bình=ha-trung-15271" --apply
    """
    from service.services.succession_acts import StepKind, carry_out, plan_succession

    chosen = dict(_choice(one) for one in choices)
    with loa.database.reading() as conn:
        steps = plan_succession(conn, loa, names=units, district=district, chosen=chosen)
    waiting = [step for step in steps if step.kind is StepKind.CHOOSE]
    if is_applied:
        for place_id in dict.fromkeys(step.to[0].place.id for step in steps):
            with loa.database.writing() as conn:
                group = [one for one in steps if one.to[0].place.id == place_id]
                carry_out(conn, loa, group)
    _show(steps, is_applied, as_json)
    for step in waiting:
        to = ", ".join(one.place.id for one in step.to)
        warn(
            f"{step.was.place.name} was divided: say where {step.unit.name!r} goes, by --choose "
            f"{step.unit.name!r}=PLACE, one of {to}"
        )
    if is_applied and waiting:
        raise click.exceptions.Exit(FAILED)
    if steps and not is_applied:
        warn("nothing was done; --apply does it")


def _choice(written: str) -> tuple[str, str]:
    from service.errors import InvalidInput

    unit, separator, place = written.rpartition("=")
    if not separator or not unit.strip() or not place.strip():
        raise InvalidInput("--choose", repr(written), "UNIT=PLACE")
    return unit.strip(), place.strip()


def _show(steps: list[UnitStep], is_applied: bool, as_json: bool) -> None:
    if as_json:
        from service.services.succession_shapes import show_succession

        echo_json(show_succession(steps, is_applied=is_applied))
        return
    rows = [
        (
            step.unit.name,
            step.was.place.name,
            ", ".join(f"{one.place.name} ({one.place.id})" for one in step.to),
            _said(step),
        )
        for step in steps
    ]
    columns = ["office", "its commune was", "and is", "done" if is_applied else "to be done"]
    echo_table(columns, rows, empty="no office stands for a commune that has ended")


def _said(step: UnitStep) -> str:
    if step.into is not None:
        return f"becomes part of {step.into.name}"
    if len(step.to) > 1:
        return "waits for --choose"
    return f"goes on as {step.name}" if step.name != step.unit.name else "goes on"
