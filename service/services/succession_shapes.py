"""What programs are shown of offices whose communes are no more: one declaration, of which the
answer of the API and `loa unit succeed --json` are made, and its description in OpenAPI."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from service.services.subscriber_shapes import Shape
from service.services.succession_acts import StepKind, UnitStep
from service.types import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitStepShape(Shape):
    unit: str
    name: str
    place: str
    step: StepKind
    to: tuple[Place, ...] = field(
        metadata={"description": "one; those to choose from where its commune was divided"}
    )
    into: str | None = field(
        metadata={"description": "the id of the office that it becomes part of; null: it goes on"}
    )
    new_name: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SuccessionShape(Shape):
    applied: bool = field(metadata={"description": "what needs no choice is done"})
    units: tuple[UnitStepShape, ...]


def show_succession(steps: Sequence[UnitStep], *, is_applied: bool) -> SuccessionShape:
    return SuccessionShape(applied=is_applied, units=tuple(map(_step, steps)))


def _step(step: UnitStep) -> UnitStepShape:
    return UnitStepShape(
        unit=step.unit.id,
        name=step.unit.name,
        place=step.was.place.id,
        step=step.kind,
        to=tuple(one.place for one in step.to),
        into=step.into.id if step.into else None,
        new_name=step.name or None,
    )
