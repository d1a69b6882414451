"""An operator's own file of places: corrections, new units, and what the State changes next month.

It is read over the shipped tables: an entry replaces that of the same id. Its `[area]`, where it
has one, is what portals speak for that name no province themselves.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from service.posts.place_units import (
    KINDS,
    GazetteerUnit,
    PortalArea,
    Succession,
    SuccessorShare,
    UnitArea,
)
from service.posts.reading import FileReader
from service.text import fold
from service.types import Place

_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_KEYS = {"id", "kind", "name", "from", "until", "successor", "successors"}


def parse_own(
    mapping: Mapping[str, Any], origin: str, over: Mapping[str, GazetteerUnit] | None = None
) -> tuple[list[GazetteerUnit], PortalArea | None]:
    """The units of a file that is read over `over`, by id, and their area where it names one.
    Raises ConfigurationError naming the file and the key."""
    return _PlaceReader(origin).read(mapping, over or {})


class _PlaceReader(FileReader):
    __slots__ = ()

    def read(
        self, mapping: Mapping[str, Any], over: Mapping[str, GazetteerUnit]
    ) -> tuple[list[GazetteerUnit], PortalArea | None]:
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
        own = tuple(map(fold, names))
        units = [self._unit(entry, f"places[{i}]", own, over) for i, entry in enumerate(entries)]
        self._check(entries, units, over)
        ids = frozenset(unit.place.id for unit in units)
        return units, PortalArea("", ids) if names else None

    def _check(
        self,
        entries: Sequence[Mapping[str, Any]],
        units: Sequence[GazetteerUnit],
        over: Mapping[str, GazetteerUnit],
    ) -> None:
        """Each id once, and every successor another unit."""
        known = {unit.place.id for unit in units} | over.keys()
        seen: set[str] = set()
        for i, unit in enumerate(units):
            for one in unit.successors:
                if one.id not in known or one.id == unit.place.id:
                    key = "successor" if "successor" in entries[i] else "successors"
                    raise self._wrong(f"places[{i}].{key}", one.id, "the id of another place")
            if unit.place.id in seen:
                raise self._wrong(f"places[{i}].id", unit.place.id, "an id that no other place has")
            seen.add(unit.place.id)

    def _unit(
        self,
        entry: Mapping[str, Any],
        key: str,
        names: tuple[str, ...],
        over: Mapping[str, GazetteerUnit],
    ) -> GazetteerUnit:
        self._only(entry, f"{key}.", _KEYS)
        id_, name, kind = entry.get("id"), entry.get("name"), entry.get("kind")
        if not isinstance(id_, str) or not _ID.fullmatch(id_):
            raise self._wrong(f"{key}.id", id_, "lower-case letters, digits and dashes")
        if not isinstance(name, str) or not name.strip():
            raise self._wrong(f"{key}.name", name, f"the name without {', '.join(KINDS)}")
        if kind not in KINDS:
            raise self._wrong(f"{key}.kind", kind, f"one of {', '.join(KINDS)}")
        for day in ("from", "until"):
            if type(entry.get(day)) not in (date, type(None)):
                raise self._wrong(f"{key}.{day}", entry[day], "a date, yyyy-mm-dd without quotes")
        shipped = over[id_].area if id_ in over else UnitArea()
        return GazetteerUnit(
            Place(id_, f"{kind.capitalize()} {name}"),
            kind,
            entry.get("from"),
            entry.get("until"),
            self._successors(entry, key),
            replace(shipped, names=(*shipped.names, *names)),
        )

    def _successors(self, entry: Mapping[str, Any], key: str) -> tuple[Succession, ...]:
        """`successor` is one that took in the whole; `successors` are several, each with its
        `share`."""
        one, several = entry.get("successor"), entry.get("successors", [])
        if one is not None and not isinstance(one, str):
            raise self._wrong(f"{key}.successor", one, "the id of another place")
        if one is not None and several:
            raise self._wrong(f"{key}.successors", several, "either successor or successors")
        if not isinstance(several, list) or not all(isinstance(item, dict) for item in several):
            raise self._wrong(f"{key}.successors", several, "a list of tables with id and share")
        return (
            (Succession(one),)
            if one is not None
            else tuple(
                self._succession(item, f"{key}.successors[{i}]") for i, item in enumerate(several)
            )
        )

    def _succession(self, item: Mapping[str, Any], key: str) -> Succession:
        self._only(item, f"{key}.", {"id", "share"})
        id_, share = item.get("id"), item.get("share", SuccessorShare.WHOLE.value)
        if not isinstance(id_, str):
            raise self._wrong(f"{key}.id", id_, "the id of another place")
        if share not in set(SuccessorShare):
            raise self._wrong(f"{key}.share", share, f"one of {', '.join(SuccessorShare)}")
        return Succession(id_, SuccessorShare(share))
