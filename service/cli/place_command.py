"""`loa place`: the communes, wards and đặc khu of the country, as Loa knows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from service.cli.common import (
    FAILED,
    as_plain,
    echo_json,
    echo_table,
    json_option,
    pass_loa,
    warn,
)
from service.cli.parsing import LoaGroup

if TYPE_CHECKING:
    from service.bootstrap import Loa
    from service.posts.gazetteer import Gazetteer
    from service.posts.place_units import GazetteerUnit


@click.group(cls=LoaGroup)
def place() -> None:
    """Communes, wards and đặc khu, those of before July 2025 too.

    \b
    Example:
      loa place find "xã Quảng Hợp"
    """


@place.command()
@click.argument("name")
@json_option
@pass_loa
def find(loa: Loa, name: str, as_json: bool) -> None:
    """Find places by a name or an id, in the whole country, and say what became of old ones.

    NAME may go without accents, and may be narrowed: "xã Tân Thành, Đồng Nai".

    \b
    Examples:
      loa place find "xã Quảng Hợp"
      loa place find "Lộc Ninh, Bình Phước"
      loa place find quang-hai-16540-cu
    """
    from service.posts.place_search import search_places
    from service.settings.place_files import read_gazetteer

    country = read_gazetteer(loa.place_tables, loa.place_tables.all_codes)
    found = search_places(country, name)
    if as_json:
        echo_json({"places": [_shape(loa, country, unit) for unit in found]})
    else:
        rows = [_row(loa, unit) for unit in found]
        columns = ["id", "name", "in", "from", "until", "became", "watched"]
        echo_table(columns, rows, empty="no place is called so")
    if not found:
        raise click.exceptions.Exit(FAILED)
    if not any(loa.gazetteer.get(unit.place.id) for unit in found):
        codes = ", ".join(dict.fromkeys(f'"{unit.area.province}"' for unit in found[:3]))
        warn(f"no configured portal is of that province; places.provinces = [{codes}] adds it")


def _shape(loa: Loa, country: Gazetteer, unit: GazetteerUnit) -> dict[str, Any]:
    return {
        **as_plain(unit.place),
        "kind": unit.kind,
        "province": unit.area.province or None,
        "area": unit.area.shown or None,
        "from": as_plain(unit.starts_on),
        "until": as_plain(unit.ends_on),
        "successors": [
            {**as_plain(country.get(one.id)), "share": one.share.value}
            for one in unit.successors
            if country.get(one.id) is not None
        ],
        "watched": loa.gazetteer.get(unit.place.id) is not None,
    }


def _row(loa: Loa, unit: GazetteerUnit) -> tuple[object, ...]:
    became = [
        f"{one.id} ({one.share})" if len(unit.successors) > 1 else one.id for one in unit.successors
    ]
    return (
        unit.place.id,
        unit.place.name,
        unit.area.shown,
        unit.starts_on,
        unit.ends_on,
        ", ".join(became),
        "yes" if loa.gazetteer.get(unit.place.id) else "",
    )
