"""The communes, wards and đặc khu that are known: by id, name and day, and followed through time.

Owns validity and succession. Knows nothing of files (`places`, `province_file`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy
from datetime import date

from service.posts.place_mentions import find_units
from service.posts.place_units import (
    KINDS,
    NOWHERE,
    GazetteerUnit,
    PortalArea,
    heirs,
)
from service.text import fold
from service.types import Place


class Gazetteer:
    """The units of the provinces that are loaded; `areas` are those of portals, by their ids.

    Of two units of one id the later counts. `default` is the area of what no portal published:
    the one that all portals have, where all have the same.
    """

    def __init__(
        self,
        units: Iterable[GazetteerUnit],
        areas: Mapping[str, PortalArea] | None = None,
        default: PortalArea = NOWHERE,
    ) -> None:
        self._units = {unit.place.id: unit for unit in units}
        self._areas: Mapping[str, PortalArea] = areas or {}
        self._default = default
        self._former: dict[str, list[str]] = {}
        self._by_name: dict[str, tuple[GazetteerUnit, ...]] = {}
        for unit in self._units.values():
            name = fold(unit.name)
            self._by_name[name] = (*self._by_name.get(name, ()), unit)
            for heir in heirs(unit):
                self._former.setdefault(heir, []).append(unit.place.id)
        self.longest = max((name.count(" ") + 1 for name in self._by_name), default=0)
        """Words of the longest name."""

    def with_areas(self, areas: Mapping[str, PortalArea], default: PortalArea) -> Gazetteer:
        """The same units for other portals; the tables of names are shared."""
        made = copy(self)
        made._areas, made._default = areas, default
        return made

    @property
    def places(self) -> tuple[Place, ...]:
        return tuple(unit.place for unit in self._units.values())

    @property
    def listed(self) -> tuple[Place, ...]:
        """The places that people choose from: those of the portals' areas; of a whole province
        those of today."""
        areas = (self._default, *self._areas.values())
        whole = frozenset[str]().union(*(area.ids for area in areas if area.is_whole))
        parts = frozenset[str]().union(*(area.ids for area in areas if not area.is_whole))
        return tuple(
            unit.place
            for id_, unit in self._units.items()
            if id_ in parts or (id_ in whole and unit.ends_on is None)
        )

    def units(self) -> Iterator[GazetteerUnit]:
        return iter(self._units.values())

    def unit(self, id: str) -> GazetteerUnit | None:  # noqa: A002 - the word of the domain for it
        return self._units.get(id)

    def get(self, id: str) -> Place | None:  # noqa: A002 - the word of the domain for it
        unit = self._units.get(id)
        return unit.place if unit else None

    def area_of(self, portal_id: str) -> PortalArea:
        """Of a portal that is configured; else what stands for all."""
        return self._areas.get(portal_id, self._default)

    def named(self, name: str) -> tuple[GazetteerUnit, ...]:
        """The units of a folded name without its kind."""
        return self._by_name.get(name, ())

    def successor(self, id: str) -> str | None:  # noqa: A002 - the word of the domain for it
        """The id of the unit that took in all people of this one; None for a unit that still
        stands, for one whose people were divided, and for an unknown one."""
        unit = self._units.get(id)
        found = heirs(unit) if unit else ()
        return found[0] if len(found) == 1 else None

    def present(self, id: str) -> tuple[GazetteerUnit, ...]:  # noqa: A002 - the word of the domain for it
        """The units of today that a unit became, through all steps; itself where it stands."""
        found: dict[str, GazetteerUnit] = {}
        waiting, seen = [id], set[str]()
        while waiting:
            unit = self._units.get(waiting.pop(0))
            if unit is None or unit.place.id in seen:
                continue
            seen.add(unit.place.id)
            waiting += heirs(unit)
            if unit.ends_on is None:
                found[unit.place.id] = unit
        return tuple(found.values())

    def with_former(self, ids: Iterable[str]) -> tuple[str, ...]:
        """These places and all that they took in, however many steps ago: who asked for an old
        unit hears of the new one."""
        found = dict.fromkeys(ids)
        waiting = list(found)
        while waiting:
            for former in self._former.get(waiting.pop(0), ()):
                if former not in found:
                    found[former] = None
                    waiting.append(former)
        return tuple(found)

    def held_on(
        self,
        day: date | None,
        kinds: Sequence[str] = KINDS,
        area: PortalArea | None = None,
    ) -> tuple[Place, ...]:
        """Every unit of these kinds in an area that stood on the day; those of the present where no
        day is known. Without an area, those of `default`."""
        ids = (area or self._default).ids
        return tuple(
            unit.place
            for id_, unit in self._units.items()
            if id_ in ids and unit.kind in kinds and unit.stood_on(day)
        )

    def members(self, province: str, parts: Sequence[str] = ()) -> PortalArea:
        """A province, or only those of its old districts or former provinces that `parts` names,
        folded and districts with their kinds, and what became of their units."""
        inside = [unit for unit in self._units.values() if unit.area.province == province]
        if not parts:
            return PortalArea(province, frozenset(unit.place.id for unit in inside), True)
        ids = {unit.place.id for unit in inside if _lies_in(unit, parts)}
        waiting = list(ids)
        while waiting:
            unit = self._units[waiting.pop()]
            later = {heir for heir in heirs(unit) if heir in self._units} - ids
            ids |= later
            waiting += later
        return PortalArea(province, frozenset(ids))

    def find(
        self, text: str, on: date | None = None, area: PortalArea | None = None
    ) -> tuple[Place, ...]:
        """The communes that a text names, in order of their first mention: see `place_mentions`."""
        within = self._default if area is None else area
        units = find_units(self.named, self.longest, text, on, within)
        return tuple(unit.place for unit in units)


def _lies_in(unit: GazetteerUnit, parts: Sequence[str]) -> bool:
    """Only a unit with a district: what stands since July 2025 lies in none."""
    area = unit.area
    return bool(area.district) and any(part in (area.district, *area.names[1:]) for part in parts)
