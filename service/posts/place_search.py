"""Finds places by what a person types: an id, a name with or without its kind, its accents and the
areas it lies in."""

from __future__ import annotations

import re

from service.posts.gazetteer import Gazetteer
from service.posts.place_units import KINDS, GazetteerUnit, without_kind
from service.text import fold, fold_plain, slugify

_ORGAN = re.compile(
    r"(?:ubnd|hđnd|uỷ ban nhân dân|hội đồng nhân dân|đảng uỷ) "
    r"(?=xã |phường |thị trấn |đặc khu )"
)


def search_places(gazetteer: Gazetteer, asked: str) -> tuple[GazetteerUnit, ...]:
    """Those that may be meant, today's first; none where no unit is called so.

    >>> search_places(gazetteer, "xã Quảng Hợp, huyện Quảng Xương")
    (GazetteerUnit(place=Place(id='quang-hop-16471-cu', …
    """
    known = gazetteer.unit(asked.strip())
    if known is not None:
        return (known,)
    named, *areas = (part.strip() for part in fold(asked).split(","))
    named = _ORGAN.sub("", named)
    kind = next((kind for kind in KINDS if named.startswith(f"{kind} ")), "")
    bare = named.removeprefix(kind).strip()
    found = [unit for unit in gazetteer.named(bare) if kind in ("", unit.kind)] or _without_accents(
        gazetteer, named
    )
    lying = [unit for unit in found if all(_lies_in(unit, area) for area in filter(None, areas))]
    return tuple(sorted(lying, key=lambda unit: (unit.ends_on is not None, unit.place.id)))


def _without_accents(gazetteer: Gazetteer, named: str) -> list[GazetteerUnit]:
    """Of who typed none; a word with accents is meant with them, and a part of an id is no
    name."""
    plain = fold_plain(named)
    if plain != named or not plain or ("-" in plain and " " not in plain):
        return []
    slug = slugify(plain)
    return [
        unit for unit in gazetteer.units() if slug in (slugify(unit.name), slugify(unit.place.name))
    ]


def _lies_in(unit: GazetteerUnit, area: str) -> bool:
    """Whether it is in a district or province, by its name with or without accents."""
    own = {unit.area.district, without_kind(unit.area.district), *unit.area.names} - {""}
    asked = {area, without_kind(area)}
    plain = {fold_plain(one) for one in own} if area == fold_plain(area) else set()
    return bool(asked & own) or bool({fold_plain(one) for one in asked} & plain)


def describe_place(unit: GazetteerUnit) -> str:
    """`Xã Quảng Hợp, Huyện Quảng Xương, Thanh Hóa (– 2025-06-30)`."""
    until = f" (– {unit.ends_on})" if unit.ends_on else ""
    return ", ".join(filter(None, (unit.place.name, unit.area.shown))) + until
