"""A commune, ward or đặc khu as a value: the days it held, where it lies, what it became.

Refuses to look one up: that is `gazetteer`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from service.types import Place

KINDS = ("xã", "phường", "thị trấn", "đặc khu")


class SuccessorShare(StrEnum):
    """What of a unit its successor took in."""

    WHOLE = "whole"
    PEOPLE = "people"
    """All of its people, and a part of its area."""
    PART = "part"
    """A part of its area with the people who live there."""
    AREA = "area"
    """A part of its area without people."""


@dataclass(frozen=True, slots=True)
class Succession:
    id: str
    share: SuccessorShare = SuccessorShare.WHOLE


@dataclass(frozen=True, slots=True)
class UnitArea:
    """Where a unit lies: what may be named after it. All names are folded."""

    province: str = ""
    """Code of the province's file; empty for a unit of an operator's own file."""
    names: tuple[str, ...] = ()
    """Of its province, today's and before; of an operator's own area."""
    district: str = ""
    """With its kind, `huyện quảng xương`; empty since July 2025."""
    former: tuple[str, ...] = ()
    """Districts, with their kinds, of the units that it took in: many still name them after it."""
    shown: str = ""
    """As people write it: `Huyện Quảng Xương, Thanh Hóa`."""


@dataclass(frozen=True, slots=True)
class GazetteerUnit:
    """A commune with the days it held; `starts_on` or `ends_on` is None where it is open."""

    place: Place
    kind: str
    starts_on: date | None
    ends_on: date | None
    successors: tuple[Succession, ...] = ()
    area: UnitArea = UnitArea()

    @property
    def name(self) -> str:
        """Without its kind."""
        return self.place.name[len(self.kind) :].strip()

    def held_on(self, day: date) -> bool:
        return (self.starts_on is None or self.starts_on <= day) and (
            self.ends_on is None or day <= self.ends_on
        )

    def stood_on(self, day: date | None) -> bool:
        """Held on the day; where no day is known, still holds."""
        return self.ends_on is None if day is None else self.held_on(day)


@dataclass(frozen=True, slots=True)
class PortalArea:
    """What a portal speaks of when it names no area."""

    province: str
    """Code of its province; empty where it cannot be told."""
    ids: frozenset[str]
    """Of the units, past and present, that lie in it."""
    is_whole: bool = False
    """Whether it is a whole province."""


NOWHERE = PortalArea("", frozenset())


def heirs(unit: GazetteerUnit) -> tuple[str, ...]:
    """Ids of the units that a unit's people are in now; where nobody lived there, of those that
    have its area."""
    peopled = tuple(one.id for one in unit.successors if one.share is not SuccessorShare.AREA)
    return peopled or tuple(one.id for one in unit.successors)


_AREA_KINDS = ("thành phố ", "thị xã ", "huyện ", "quận ", "tỉnh ")


def without_kind(area: str) -> str:
    """A folded name of a district or province without its kind."""
    for kind in _AREA_KINDS:
        if area.startswith(kind):
            return area.removeprefix(kind)
    return area
