"""A gazetteer of one file alone, as tests read the example of a district."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from service.posts.gazetteer import Gazetteer
from service.posts.place_units import PortalArea
from service.posts.places import parse_own


def parse_places(mapping: Mapping[str, Any], origin: str = "the places") -> Gazetteer:
    """All its units are the area of every portal. Raises ConfigurationError naming the file."""
    units, area = parse_own(mapping, origin)
    area = area or PortalArea("", frozenset(unit.place.id for unit in units))
    return Gazetteer(units, default=area)
