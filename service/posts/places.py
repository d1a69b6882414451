"""Which communes a text names, by a gazetteer that is data. Never a name alone: `Quảng Ninh` is
also a province.

Owns validity: of two units of one name the one that held it on the day of the text is meant; an old
unit leads to its successor.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from service.posts.reading import FileReader
from service.text import fold
from service.types import Place

_KINDS = ("xã", "phường", "thị trấn")
_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_KIND_BEFORE = re.compile(r"(?<!\w)(xã|phường|thị trấn|tt\.?)(?:\s*+:)?\s++$")
_LIST_GOES_ON = re.compile(r"\s*+(?:[,;]|(?:,\s*+)?và|-)\s*+(?:xã\s++)?")
_OTHER_AREA = re.compile(
    r"^\s*+(?:[,(-]\s*+)?(?:thuộc\s++)?(?:huyện|thị xã|thành "
    r"phố|tp\.?|quận|tỉnh)\s++(?P<area>[^,.;()\n]{2,30})"
)


@dataclass(frozen=True, slots=True)
class GazetteerUnit:
    """A commune with the days it held; `starts_on` or `ends_on` is None where it is open."""

    place: Place
    kind: str
    starts_on: date | None
    ends_on: date | None
    successor: str | None

    def held_on(self, day: date) -> bool:
        return (self.starts_on is None or self.starts_on <= day) and (
            self.ends_on is None or day <= self.ends_on
        )


class Gazetteer:
    """The communes, found by name and followed through time."""

    def __init__(self, units: Sequence[GazetteerUnit], area_names: Sequence[str]) -> None:
        self._units = {unit.place.id: unit for unit in units}
        self._area_names = tuple(fold(name) for name in area_names)
        self._by_name: dict[str, list[GazetteerUnit]] = {}
        for unit in units:
            self._by_name.setdefault(
                fold(unit.place.name.removeprefix(unit.kind.capitalize()).strip()), []
            ).append(unit)
        names = sorted(self._by_name, key=len, reverse=True)
        self._pattern = (
            re.compile(r"(?<!\w)(?:" + "|".join(map(re.escape, names)) + r")(?!\w)")
            if names
            else None
        )

    @property
    def places(self) -> tuple[Place, ...]:
        return tuple(unit.place for unit in self._units.values())

    def get(self, id: str) -> Place | None:  # noqa: A002 - the word of the domain for it
        unit = self._units.get(id)
        return unit.place if unit else None

    def successor(self, id: str) -> str | None:  # noqa: A002 - the word of the domain for it
        """The id of the unit that took this one in; None for a unit that still stands, and for an
        unknown one."""
        unit = self._units.get(id)
        return unit.successor if unit else None

    def with_former(self, ids: Iterable[str]) -> tuple[str, ...]:
        """These places and the units that they took in: who asked for an old unit hears of the new
        one."""
        wanted = dict.fromkeys(ids)
        former = [unit.place.id for unit in self._units.values() if unit.successor in wanted]
        return tuple(dict.fromkeys([*wanted, *former]))

    def held_on(self, day: date | None, kinds: Sequence[str] = _KINDS) -> tuple[Place, ...]:
        """Every commune of these kinds that stood on the day; those of the present where no day is
        known."""
        return tuple(
            unit.place
            for unit in self._units.values()
            if unit.kind in kinds and (unit.ends_on is None if day is None else unit.held_on(day))
        )

    def find(self, text: str, on: date | None = None) -> tuple[Place, ...]:
        """The communes that a text names, in order of their first mention.

        `on` is the day of the text and picks the unit that held the name then; without it the
        present unit is meant, or the old one where no present unit has the name.
        """
        if self._pattern is None:
            return ()
        folded = fold(text)
        found: dict[str, Place] = {}
        list_end, list_kind = -1, ""
        for match in self._pattern.finditer(folded):
            before = _KIND_BEFORE.search(folded, max(match.start() - 14, 0), match.start())
            goes_on = (
                list_end >= 0
                and _LIST_GOES_ON.fullmatch(folded, list_end, match.start()) is not None
            )
            if before is None and not goes_on:
                continue
            other = _OTHER_AREA.match(folded[match.end() : match.end() + 60])
            if other and not other["area"].startswith(self._area_names):
                continue
            list_end, list_kind = match.end(), before[1] if before else list_kind
            unit = self._pick(match[0], list_kind, on)
            if unit:
                found.setdefault(unit.place.id, unit.place)
        return tuple(found.values())

    def _pick(self, name: str, kind: str, on: date | None) -> GazetteerUnit | None:
        """The unit of that name and kind: the one that held it on the day, else the present one,
        else an old one."""
        units = [unit for unit in self._by_name[name] if unit.kind == kind or kind.startswith("tt")]
        if on is not None:
            units.sort(key=lambda unit: not unit.held_on(on))
        else:
            units.sort(key=lambda unit: unit.ends_on is not None)
        return units[0] if units else None


def parse_places(mapping: Mapping[str, Any], origin: str = "the places") -> Gazetteer:
    """The gazetteer of a file read as TOML and called `origin`. Raises ConfigurationError naming it
    and the key."""
    return _PlaceReader(origin).places(mapping)


class _PlaceReader(FileReader):
    __slots__ = ()

    def places(self, mapping: Mapping[str, Any]) -> Gazetteer:
        self._only(mapping, "", {"area", "places"})
        area = mapping.get("area", {})
        if not isinstance(area, dict):
            raise self._wrong("area", area, "a table")
        self._only(area, "area.", {"names"})
        names = area.get("names", [])
        if not isinstance(names, list) or not all(isinstance(name, str) and name for name in names):
            raise self._wrong("area.names", names, "a list of names")
        entries = mapping.get("places", [])
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            raise self._wrong("places", entries, "a list of tables")
        units = [self._unit(entry, f"places[{i}]") for i, entry in enumerate(entries)]
        ids = {unit.place.id for unit in units}
        seen: set[str] = set()
        for i, unit in enumerate(units):
            if unit.successor is not None and (
                unit.successor not in ids or unit.successor == unit.place.id
            ):
                raise self._wrong(
                    f"places[{i}].successor", unit.successor, "the id of another place of this file"
                )
            if unit.place.id in seen:
                raise self._wrong(f"places[{i}].id", unit.place.id, "an id that no other place has")
            seen.add(unit.place.id)
        return Gazetteer(units, names)

    def _unit(self, entry: Mapping[str, Any], key: str) -> GazetteerUnit:
        self._only(entry, f"{key}.", {"id", "kind", "name", "from", "until", "successor"})
        id_, name, kind = entry.get("id"), entry.get("name"), entry.get("kind")
        if not isinstance(id_, str) or not _ID.fullmatch(id_):
            raise self._wrong(f"{key}.id", id_, "lower-case letters, digits and dashes")
        if not isinstance(name, str) or not name.strip():
            raise self._wrong(f"{key}.name", name, "the name without xã, phường or thị trấn")
        if kind not in _KINDS:
            raise self._wrong(f"{key}.kind", kind, f"one of {', '.join(_KINDS)}")
        for day in ("from", "until"):
            if type(entry.get(day)) not in (date, type(None)):
                raise self._wrong(f"{key}.{day}", entry[day], "a date, yyyy-mm-dd without quotes")
        successor = entry.get("successor")
        if successor is not None and not isinstance(successor, str):
            raise self._wrong(f"{key}.successor", successor, "the id of another place of this file")
        label = f"{kind.capitalize()} {name}"
        return GazetteerUnit(
            Place(id_, label), kind, entry.get("from"), entry.get("until"), successor
        )
