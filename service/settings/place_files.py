"""Reads the gazetteer: the shipped tables of the provinces whose portals are watched, and an
operator's own places over them.

All provinces are read where a portal's cannot be told, or no portal is configured: then nothing
that may be meant is missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from service.errors import ConfigurationError
from service.posts.gazetteer import Gazetteer
from service.posts.place_units import NOWHERE, GazetteerUnit, PortalArea
from service.posts.places import parse_own
from service.posts.portal_areas import WHOLE_COUNTRY, PortalJurisdiction, find_spoken_for
from service.posts.province_file import (
    Province,
    names_of,
    parse_province,
    parse_provinces,
)
from service.settings.layers import read_text, read_toml
from service.settings.models import PortalConfig, Settings


@dataclass(frozen=True, slots=True)
class PlaceTables:
    """Where places come from, and which province each portal speaks for."""

    folder: Path
    own: Path | None
    """The operator's file over the tables; None where there is none."""
    provinces: tuple[Province, ...]
    spoken_for: Mapping[str, PortalJurisdiction | None]
    """By the portal's id; None where it cannot be told."""
    more: tuple[str, ...] = ()
    """Codes of provinces that are asked for beside them."""

    @property
    def all_codes(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(one.code for one in self.provinces))

    @property
    def codes(self) -> tuple[str, ...]:
        """Of the provinces that are loaded."""
        told = [one.code for one in self.spoken_for.values() if one is not None]
        if not told or len(told) < len(self.spoken_for) or WHOLE_COUNTRY in told:
            return self.all_codes
        return tuple(dict.fromkeys([*told, *self.more]))

    def name_of(self, code: str) -> str:
        return names_of(self.provinces, code)[0]


def place_tables(settings: Settings) -> PlaceTables:
    """Raises ConfigurationError for a table that cannot be read, and for a province or district of
    a portal's file that is none."""
    path = settings.places_dir / "provinces.tsv"
    provinces = parse_provinces(read_text(path), str(path))
    codes = {one.code for one in provinces}
    more: list[str] = []
    for asked in settings.places.provinces:
        if asked != WHOLE_COUNTRY and asked not in codes:
            raise ConfigurationError(
                f"cannot use places.provinces = {asked!r}; allowed: {WHOLE_COUNTRY}, or codes of "
                f"provinces as in {path}"
            )
        more += sorted(codes) if asked == WHOLE_COUNTRY else [asked]
    spoken_for = {one.id: _spoken_for(provinces, one) for one in settings.portals}
    is_own = settings.places_file.parent.resolve() != settings.places_dir.parent.resolve()
    own = settings.places_file if is_own else None
    return PlaceTables(settings.places_dir, own, provinces, spoken_for, tuple(more))


def _spoken_for(provinces: tuple[Province, ...], portal: PortalConfig) -> PortalJurisdiction | None:
    try:
        return find_spoken_for(
            provinces,
            name=portal.name,
            host=urlsplit(portal.base_url).hostname or "",
            province=portal.province,
            districts=portal.districts,
        )
    except ConfigurationError as error:
        raise ConfigurationError(f"cannot use the file of portal {portal.id!r}: {error}") from error


def read_gazetteer(tables: PlaceTables, codes: Iterable[str] | None = None) -> Gazetteer:
    """The units of these provinces, those of `tables.codes` where none are named. Raises
    ConfigurationError."""
    files = tuple(
        _stamped(tables.folder / f"{code}.tsv", code, names_of(tables.provinces, code))
        for code in (tables.codes if codes is None else codes)
    )
    known, own_area = shipped_gazetteer(files), None
    if tables.own is not None:
        over = {unit.place.id: unit for unit in known.units()}
        own, own_area = parse_own(read_toml(tables.own), str(tables.own), over)
        known = Gazetteer([*over.values(), *own])
    areas = _areas(tables.spoken_for, known, own_area)
    common = set(areas.values())
    default = own_area or (common.pop() if len(common) == 1 else NOWHERE)
    return known.with_areas(areas, default)


class ProvinceTable(NamedTuple):
    """A file of units as it stands: the same where nothing about it changed."""

    path: Path
    code: str
    names: tuple[str, ...]
    changed_ns: int
    size: int


def _stamped(path: Path, code: str, names: tuple[str, ...]) -> ProvinceTable:
    try:
        found = path.stat()
    except OSError:  # reading it says what is wrong
        return ProvinceTable(path, code, names, 0, 0)
    return ProvinceTable(path, code, names, found.st_mtime_ns, found.st_size)


@lru_cache(maxsize=2)
def shipped_gazetteer(files: tuple[ProvinceTable, ...]) -> Gazetteer:
    """Made once as long as the files stay: a change of the configuration asks for it anew, and the
    whole country takes a second. Raises ConfigurationError."""
    units: list[GazetteerUnit] = []
    for one in files:
        units += parse_province(read_text(one.path), one.names, one.code, str(one.path))
    return Gazetteer(units)


def _areas(
    spoken_for: Mapping[str, PortalJurisdiction | None], known: Gazetteer, own: PortalArea | None
) -> dict[str, PortalArea]:
    """Of each portal; an operator's own area stands for portals whose files name none."""
    members: dict[tuple[str, tuple[str, ...]], PortalArea] = {}
    areas: dict[str, PortalArea] = {}
    for portal_id, one in spoken_for.items():
        if one is None or one.code == WHOLE_COUNTRY:
            areas[portal_id] = own if own is not None and one is None else NOWHERE
            continue
        key = one.code, one.parts
        if key not in members:
            members[key] = known.members(*key)
        areas[portal_id] = members[key]
        if own is not None and one.found_by != "file":
            areas[portal_id] = PortalArea(one.code, own.ids)
    return areas
