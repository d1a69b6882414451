"""What `loa check` says of places: which provinces are known, and what each portal speaks for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from service.cli.finding import Finding
from service.posts.portal_areas import WHOLE_COUNTRY

if TYPE_CHECKING:
    from service.bootstrap import Loa

_FEW = 5


def count_places(loa: Loa) -> str:
    """`713 places of Thanh Hóa (38)`."""
    tables = loa.place_tables
    names = [f"{tables.name_of(code)} ({code})" for code in tables.codes]
    where = ", ".join(names) if len(names) <= _FEW else f"{len(names)} provinces"
    own = f", with those of {tables.own} over them" if tables.own else ""
    return f"{len(loa.gazetteer.places)} places of {where}{own}"


def check_areas(loa: Loa) -> Iterator[Finding]:
    """A line for each portal: what it speaks for, and how that was found; a warning where it cannot
    be told."""
    tables = loa.place_tables
    for portal_id, found in tables.spoken_for.items():
        what = f"portal {portal_id}"
        if found is None:
            said = (
                f"its province cannot be told from its address and name: {len(tables.codes)} "
                f"provinces are known, and `UBND các xã, phường` addresses none of them"
            )
            remedy = 'set province = "CODE OR NAME" in its file; loa place find shows codes'
            yield Finding(what, "warning", said, remedy)
            continue
        if found.code == WHOLE_COUNTRY:
            yield Finding(what, "ok", "speaks for the whole country, by its file")
            continue
        area = tables.name_of(found.code)
        parts = f", {', '.join(found.parts).title()}" if found.parts else ""
        known = loa.gazetteer.area_of(portal_id)
        present = sum(
            unit.ends_on is None for unit in loa.gazetteer.units() if unit.place.id in known.ids
        )
        said = (
            f"speaks for {area} ({found.code}){parts}, by its {found.found_by}: {present} communes"
        )
        yield Finding(what, "ok", said)
