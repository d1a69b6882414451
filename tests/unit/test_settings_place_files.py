"""Only the provinces of the configured portals are read, an operator's own places over them; in
doubt all are."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from service.errors import ConfigurationError
from service.posts.gazetteer import Gazetteer
from service.settings import Settings, load
from service.settings.place_files import PlaceTables, place_tables, read_gazetteer

TODAY = date(2026, 11, 29)
OWN = """
[area]
names = ["Quảng Xương", "Thanh Hóa"]
[[places]]
id = "quang-ninh-16540"
kind = "phường"
name = "Quảng Ninh"
from = 2025-07-01
[[places]]
id = "quang-moi-99999"
kind = "đặc khu"
name = "Quảng Mới"
[[places]]
id = "quang-hai-16540-cu"
kind = "xã"
name = "Quảng Hải"
until = 2025-06-30
successors = [{ id = "quang-ninh-16540", share = "part" }, { id = "quang-yen-16480", share = "part" }]
"""


def configured(folder: Path, *portals: str, settings: str = "", own: str = "") -> Settings:
    (folder / "portals").mkdir()
    for number, portal in enumerate(portals):
        text = f'id = "p{number}"\n{portal}\n[[listings]]\nurl = "/"\n'
        (folder / "portals" / f"p{number}.toml").write_text(text, "utf-8")
    (folder / "loa.toml").write_text(f'portals_dir = "portals"\n{settings}', "utf-8")
    if own:
        (folder / "places.toml").write_text(own, "utf-8")
    return load(folder / "loa.toml", {})


def named(name: str, host: str = "x.example", more: str = "") -> str:
    return f'name = "{name}"\nbase_url = "https://{host}"\n{more}'


def read(settings: Settings) -> tuple[PlaceTables, Gazetteer]:
    tables = place_tables(settings)
    return tables, read_gazetteer(tables)


def test_only_the_provinces_of_the_portals_are_read(tmp_path: Path) -> None:
    portals = (named("UBND huyện Quảng Xương"), named("Sở Y tế", "syt.bacninh.gov.vn"))
    tables, known = read(configured(tmp_path, *portals))
    assert tables.codes == ("38", "24")
    assert {unit.area.province for unit in known.units()} == {"38", "24"}
    assert len(known.held_on(TODAY, area=known.area_of("p0"))) == 8
    assert len(known.held_on(TODAY, area=known.area_of("p1"))) == 99
    assert known.held_on(TODAY) == ()  # the portals have no area in common
    listed = {place.id for place in known.listed}
    assert {"quang-hai-16540-cu", "quang-ninh-16540"} <= listed
    assert len(listed) == 34 + 99


def test_the_area_of_all_portals_stands_for_what_none_published(tmp_path: Path) -> None:
    portals = (
        named("UBND huyện Quảng Xương"),
        named("Huyện Quảng Xương", more='province = "38"\ndistricts = ["Quảng Xương"]'),
    )
    _, known = read(configured(tmp_path, *portals))
    assert len(known.held_on(date(2024, 1, 1))) == 26


@pytest.mark.parametrize("portals", [(), (named("UBND huyện Quảng Xương"), named("Cổng mẫu"))])
def test_in_doubt_all_provinces_are_read_and_no_commune_is_addressed(
    tmp_path: Path, portals: tuple[str, ...]
) -> None:
    tables, known = read(configured(tmp_path, *portals))
    assert len(tables.codes) == 34
    assert len(known.places) == 13_376
    assert known.held_on(TODAY, area=known.area_of("p1")) == ()


def test_a_ministry_speaks_for_the_whole_country_and_more_may_be_asked_for(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    tables, known = read(configured(tmp_path / "a", named("Bộ X", more='province = "all"')))
    assert len(tables.codes) == 34
    assert known.held_on(TODAY, area=known.area_of("p0")) == ()
    (tmp_path / "b").mkdir()
    asked = '[places]\nprovinces = ["37"]\n'
    tables, _ = read(configured(tmp_path / "b", named("tỉnh Thanh Hóa"), settings=asked))
    assert tables.codes == ("38", "37")
    (tmp_path / "c").mkdir()
    every = '[places]\nprovinces = ["all"]\n'
    tables, _ = read(configured(tmp_path / "c", named("tỉnh Thanh Hóa"), settings=every))
    assert len(tables.codes) == 34


def test_own_places_go_over_the_tables(tmp_path: Path) -> None:
    _, known = read(configured(tmp_path, named("UBND huyện Quảng Xương"), own=OWN))
    assert [p.id for p in known.find("phường Quảng Ninh", TODAY)] == ["quang-ninh-16540"]
    assert [p.name for p in known.find("đặc khu Quảng Mới", TODAY)] == ["Đặc khu Quảng Mới"]
    assert known.successor("quang-hai-16540-cu") is None
    assert {unit.name for unit in known.present("quang-hai-16540-cu")} == {
        "Quảng Ninh",
        "Quảng Yên",
    }
    area = known.area_of("p0")
    assert (area.province, len(area.ids)) == ("38", 3)
    unit = known.unit("quang-ninh-16540")
    assert unit is not None
    assert unit.area.names == ("thanh hoá", "quảng xương", "thanh hoá")


def test_own_places_alone_speak_for_portals_that_say_nothing(tmp_path: Path) -> None:
    _, known = read(configured(tmp_path, named("Cổng mẫu"), own=OWN))
    assert len(known.area_of("p0").ids) == 3
    assert [p.name for p in known.held_on(TODAY)] == ["Phường Quảng Ninh", "Đặc khu Quảng Mới"]


@pytest.mark.parametrize(
    ("portal", "settings", "said"),
    [
        (named("X", more='province = "Nam Kỳ"'), "", "portal 'p0': province = 'Nam Kỳ'"),
        (named("X", more='districts = ["Không Có"]'), "", "portal 'p0': districts = 'Không Có'"),
        (named("X"), '[places]\nprovinces = ["99"]\n', "places.provinces = '99'"),
    ],
)
def test_M6_a_province_that_is_none_is_named(
    tmp_path: Path, portal: str, settings: str, said: str
) -> None:
    with pytest.raises(ConfigurationError, match=said):
        place_tables(configured(tmp_path, portal, settings=settings))
