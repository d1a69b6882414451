"""What a command says of a place that somebody typed: what it was read as, what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.cli.common import warn

if TYPE_CHECKING:
    from service.bootstrap import Loa


def note_place(loa: Loa, asked: str | None, place_id: str | None) -> None:
    """Says so where a name was read as an id, and where a place is no more."""
    from service.posts.place_search import describe_place, search_places

    unit = loa.gazetteer.unit(place_id) if place_id else None
    if asked is None or unit is None:
        return
    if asked != place_id:
        old = [one for one in search_places(loa.gazetteer, asked) if one.ends_on is not None]
        is_followed = bool(old) and unit not in search_places(loa.gazetteer, asked)
        became = f": what {describe_place(old[0])} became" if is_followed else ""
        warn(f"place {asked!r} is {place_id} ({unit.place.name}){became}")
    elif unit.ends_on is not None:
        heirs = [
            f"{one.place.id} ({one.place.name})" for one in loa.gazetteer.present(unit.place.id)
        ]
        became = f"; today it is {', '.join(heirs)}" if heirs else ""
        warn(f"{unit.place.name} stood until {unit.ends_on}{became}")
