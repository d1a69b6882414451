"""What a portal that is probed speaks for: told from its address, or by whoever adds it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from service.cli.common import warn
from service.errors import InvalidInput

if TYPE_CHECKING:
    from service.bootstrap import Loa
    from service.posts.portal_areas import PortalJurisdiction
    from service.settings import PortalConfig


def with_area(loa: Loa, portal: PortalConfig, place: str | None) -> PortalConfig:
    """The portal with its province and districts, where they can be told; says on stderr what was
    found. Raises InvalidInput for a `place` that none, or more than one, is called."""
    from service.posts.portal_areas import as_written, find_spoken_for

    tables = loa.place_tables
    if place is not None:
        found: PortalJurisdiction | None = _named(loa, place)
    else:
        host = urlsplit(portal.base_url).hostname or ""
        found = find_spoken_for(tables.provinces, name=portal.name, host=host)
    if found is None:
        warn('its province cannot be told from its address: --place NAME, or province = "…"')
        return portal
    parts = ", ".join(found.parts).title()
    warn(f"speaks for {tables.name_of(found.code)} ({found.code}){parts and f', {parts}'}")
    province, districts = as_written(tables.provinces, found)
    return portal.model_copy(update={"province": province, "districts": districts})


def _named(loa: Loa, place: str) -> PortalJurisdiction:
    from service.posts.place_search import describe_place, search_places
    from service.posts.portal_areas import PortalJurisdiction, find_area_called
    from service.settings.place_files import read_gazetteer

    tables = loa.place_tables
    found = find_area_called(tables.provinces, place)
    if found is not None:
        return found
    country = read_gazetteer(tables, tables.all_codes)
    communes = search_places(country, place)
    codes = {unit.area.province for unit in communes}
    if len(codes) != 1:
        shown = "; ".join(map(describe_place, communes[:6])) or "loa place find NAME shows names"
        raise InvalidInput("--place", repr(place), f"one province, district or commune: {shown}")
    for unit in communes:
        heirs = country.present(unit.place.id)
        if unit.ends_on is not None:
            warn(f"{describe_place(unit)} is today {', '.join(one.place.name for one in heirs)}")
    return PortalJurisdiction(codes.pop(), (), "file")
