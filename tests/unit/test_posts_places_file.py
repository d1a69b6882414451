"""A broken gazetteer is named by its key."""

from typing import Any

import pytest

from service.errors import ConfigurationError
from tests.fakes_places import parse_places

_PLACE = {"id": "a-1", "kind": "xã", "name": "A"}


def _with(**changes: Any) -> dict[str, Any]:
    return {"places": [_PLACE | changes]}


@pytest.mark.parametrize(
    ("mapping", "key"),
    [
        ({"colour": 1}, "colour"),
        ({"area": 1}, "area"),
        ({"area": {"size": 1}}, "area.size"),
        ({"area": {"names": "x"}}, "area.names"),
        ({"places": [1]}, "places"),
        ({"places": [_PLACE, _PLACE]}, "places[1].id"),
        (_with(id="Á"), "places[0].id"),
        (_with(name=" "), "places[0].name"),
        (_with(kind="quận"), "places[0].kind"),
        (_with(until="2025"), "places[0].until"),
        (_with(successor=1), "places[0].successor"),
        (_with(successor="b-2"), "places[0].successor"),
        (_with(successors="b-2"), "places[0].successors"),
        (_with(successors=[{"id": "b-2"}]), "places[0].successors"),
        (_with(successor="b-2", successors=[{"id": "b-2"}]), "places[0].successors"),
        (_with(successors=[{"share": "part"}]), "places[0].successors[0].id"),
        (_with(successors=[{"id": "b-2", "share": "half"}]), "places[0].successors[0].share"),
        (_with(successors=[{"id": "b-2", "day": 1}]), "places[0].successors[0].day"),
    ],
)
def test_M6_a_broken_place_is_named_by_its_key(mapping: dict[str, Any], key: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        parse_places(mapping, "conf/places.toml")
    assert f"'{key}' of conf/places.toml" in str(error.value)


def test_a_name_of_another_kind_is_another_unit() -> None:
    gazetteer = parse_places(_with())
    assert gazetteer.find("phường A") == ()
    assert [place.id for place in gazetteer.find("TT. A")] == ["a-1"]
