"""Offices of communes that are no more are moved to what these became, as on 1 July 2025.

Planned first, so that the operator sees what will happen; what cannot be told (a commune whose
people were divided) waits for his choice. Each new commune is one step: what is done may be done
again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection

from service.errors import Conflict, InvalidInput
from service.posts.place_units import GazetteerUnit, without_kind
from service.services.audit_acts import audited
from service.services.context import OPERATOR, Context
from service.services.filters import parse_place
from service.services.loss_acts import tell_unit_changed
from service.services.merge_acts import merge
from service.storage import units
from service.text import fold
from service.types import Unit
from service.words import coded


class StepKind(StrEnum):
    MOVE = "move"
    """The office goes on as that of the new commune."""
    MERGE = "merge"
    """It becomes part of another office, that of the new commune."""
    CHOOSE = "choose"
    """Its commune was divided: nothing is done until somebody says where it goes."""


@dataclass(frozen=True, slots=True)
class UnitStep:
    unit: Unit
    was: GazetteerUnit
    kind: StepKind
    to: tuple[GazetteerUnit, ...]
    """One; those to choose from where it was divided."""
    into: Unit | None = None
    """The office that it becomes part of; None: it goes on."""
    name: str = ""
    """What it is called then."""


def plan_succession(
    conn: Connection,
    ctx: Context,
    *,
    names: Iterable[str] = (),
    district: str | None = None,
    chosen: Mapping[str, str] | None = None,
) -> list[UnitStep]:
    """What is to be done with every office whose commune has ended; only with those named, or of an
    old district. `chosen`: ids or names of offices to places, for communes that were divided.

    Raises NotFound, and InvalidInput for a place that is none or not what a commune became.
    """
    known = units.list_units(conn)
    asked = {units.get_unit(conn, name).id for name in names}
    choices = {
        units.get_unit(conn, name).id: parse_place(ctx.gazetteer, place, "choose")
        for name, place in (chosen or {}).items()
    }
    ended = [
        (unit, was)
        for unit in known
        if unit.place is not None
        and (was := ctx.gazetteer.unit(unit.place)) is not None
        and was.ends_on is not None
        and (not asked or unit.id in asked)
        and (district is None or _is_district(was, district))
    ]
    steps: list[UnitStep] = []
    going: dict[GazetteerUnit, list[tuple[Unit, GazetteerUnit]]] = {}
    for unit, was in ended:
        to = _choose(ctx.gazetteer.present(was.place.id), unit, choices)
        if len(to) == 1:
            going.setdefault(to[0], []).append((unit, was))
        elif to:
            steps.append(UnitStep(unit, was, StepKind.CHOOSE, to))
    for to_one, moving in going.items():
        steps += _to_one(to_one, moving, known)
    return steps


def _choose(
    to: tuple[GazetteerUnit, ...], unit: Unit, choices: Mapping[str, str]
) -> tuple[GazetteerUnit, ...]:
    choice = choices.get(unit.id)
    if choice is None:
        return to
    chosen = tuple(one for one in to if one.place.id == choice)
    if not chosen:
        raise InvalidInput(
            "choose",
            coded("bad.place", text=choice),
            coded("allowed.place_of", names=", ".join(one.place.id for one in to)),
        )
    return chosen


def _is_district(was: GazetteerUnit, district: str) -> bool:
    own, asked = was.area.district, fold(district)
    return asked in (own, without_kind(own))


def _to_one(
    to: GazetteerUnit,
    moving: Sequence[tuple[Unit, GazetteerUnit]],
    known: Sequence[Unit],
) -> list[UnitStep]:
    """All that go to one new commune: into its office where it has one, else into the one that is
    called like it, or else lies where it lies."""
    standing = next((unit for unit in known if unit.place == to.place.id), None)
    codes = set(filter(str.isdigit, to.place.id.split("-")))
    leader, was = min(
        moving,
        key=lambda one: (
            fold(one[1].name) != fold(to.name),
            codes.isdisjoint(one[1].place.id.split("-")),
            one[0].name,
        ),
    )
    into = standing or leader
    steps = [
        UnitStep(unit, old, StepKind.MERGE, (to,), into)
        for unit, old in moving
        if unit.id != into.id
    ]
    if standing is None:
        steps.append(UnitStep(leader, was, StepKind.MOVE, (to,), name=_renamed(leader, was, to)))
    return steps


def _renamed(unit: Unit, was: GazetteerUnit, to: GazetteerUnit) -> str:
    """`UBND xã Quảng Hải` is `UBND xã Quảng Ninh` then; a name that does not say its commune
    stays."""
    at = fold(unit.name).find(fold(was.place.name))
    if at < 0 or len(fold(unit.name)) != len(unit.name):
        return unit.name
    end = at + len(was.place.name)
    label = to.place.name if at == 0 else f"{to.kind} {to.name}"
    return unit.name[:at] + label + unit.name[end:]


def carry_out(conn: Connection, ctx: Context, steps: Sequence[UnitStep]) -> None:
    """The steps to one new commune, in one transaction: others are merged first, so that their
    names are free. What waits for a choice is left; a name that another office has is not taken."""
    for step in steps:
        if step.kind is StepKind.MERGE and step.into is not None:
            merge(conn, ctx, step.unit.id, step.into.id)
    for step in steps:
        if step.kind is StepKind.MOVE:
            _move(conn, ctx, step.unit.id, step.to[0].place.id, step.name)


@audited("act.unit_edit", "unit", "unit_id")
def _move(conn: Connection, ctx: Context, unit_id: str, place: str, name: str) -> None:
    before = units.get_unit(conn, unit_id)
    units.set_place(conn, unit_id, place)
    with suppress(Conflict):  # another office has the name: it keeps its own
        units.rename_unit(conn, unit_id, name)
    after = units.get_unit(conn, unit_id)
    tell_unit_changed(conn, ctx, before, after, OPERATOR)
