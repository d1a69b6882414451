"""An old district's offices move to what their communes became, as on 1 July 2025: shown first, done
by one command, and done twice the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from service.storage.units import add_unit, list_units
from tests.fakes_doors import PORTAL, Desk, House, opened_house
from tests.journeys.cli import Terminal

OLD = {
    "UBND xã Quảng Hải": "quang-hai-16540-cu",
    "UBND xã Quảng Ninh": "quang-ninh-16465-cu",
    "UBND xã Quảng Nhân": "quang-nhan-16462-cu",
    "Văn phòng thị trấn Tân Phong": "tan-phong-16438-cu",
    "Cụm số 7": "quang-duc-16453-cu",
    "Đảng ủy xã Quảng Khê": "quang-khe-16489-cu",
    "UBND xã Hà Bình": "ha-binh-15328-cu",
    "UBND xã Lưu Vệ mới": "luu-ve-16438",
    "Phòng không địa bàn": "",
}


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    terminal = Terminal(tmp_path)
    (tmp_path / "portals" / "quangxuong.toml").write_text(PORTAL, encoding="utf-8")
    for name, place in OLD.items():
        terminal.run("unit", "add", "--name", name, *(["--place", place] if place else []))
    return terminal


def places(terminal: Terminal) -> dict[str, Any]:
    return {unit["name"]: unit["place"] for unit in terminal.json("unit", "list")}


def steps(terminal: Terminal, *arguments: str, code: int = 0) -> dict[str, tuple[str, str]]:
    shown = terminal.json("unit", "succeed", *arguments, code=code)
    return {
        one["name"]: (one["step"], ",".join(to["id"] for to in one["to"])) for one in shown["units"]
    }


def test_what_will_happen_is_shown_and_nothing_is_done(terminal: Terminal) -> None:
    before = places(terminal)
    assert steps(terminal) == {
        "UBND xã Quảng Ninh": ("move", "quang-ninh-16540"),
        "UBND xã Quảng Hải": ("merge", "quang-ninh-16540"),
        "UBND xã Quảng Nhân": ("merge", "quang-ninh-16540"),
        "Văn phòng thị trấn Tân Phong": ("merge", "luu-ve-16438"),
        "Cụm số 7": ("merge", "luu-ve-16438"),
        "Đảng ủy xã Quảng Khê": ("move", "quang-chinh-16489"),
        "UBND xã Hà Bình": ("choose", "ha-trung-15271,hoat-giang-15286"),
    }
    shown = terminal.run("unit", "succeed")
    assert "becomes part of UBND xã Lưu Vệ mới" in shown.stdout
    assert "goes on as Đảng ủy xã Quảng Chính" in shown.stdout
    assert "nothing was done" in shown.stderr
    assert places(terminal) == before


def test_one_command_moves_a_district_and_twice_is_once(terminal: Terminal) -> None:
    secret = terminal.json(
        "subscription", "add", "webhook", "https://hai.example/loa", "--unit", "UBND xã Quảng Hải",
        "--place", "quang-hai-16540-cu", "--confirmed",
    )  # fmt: skip
    terminal.run("unit", "succeed", "--district", "Quảng Xương", "--apply")
    moved = places(terminal)
    assert moved == {
        "UBND xã Quảng Ninh": "quang-ninh-16540",
        "Đảng ủy xã Quảng Chính": "quang-chinh-16489",
        "UBND xã Lưu Vệ mới": "luu-ve-16438",
        "UBND xã Hà Bình": "ha-binh-15328-cu",
        "Phòng không địa bàn": None,
    }
    heard = terminal.json("unit", "show", "UBND xã Quảng Ninh")["subscriptions"]
    assert [one["id"] for one in heard] == [secret["id"]]
    again = terminal.run("unit", "succeed", "--district", "huyện Quảng Xương", "--apply")
    assert "no office stands for a commune that has ended" in again.stdout
    assert places(terminal) == moved


def test_a_divided_commune_waits_for_a_choice(terminal: Terminal) -> None:
    said = terminal.refused("unit", "succeed", "UBND xã Hà Bình", "--apply", "--json", code=1)
    assert "Xã Hà Bình was divided" in said
    assert "ha-trung-15271, hoat-giang-15286" in said
    assert places(terminal)["UBND xã Hà Bình"] == "ha-binh-15328-cu"
    wrong = terminal.refused("unit", "succeed", "--choose", "UBND xã Hà Bình=quang-ninh-16540")
    assert "ha-trung-15271, hoat-giang-15286" in wrong
    assert "UNIT=PLACE" in terminal.refused("unit", "succeed", "--choose", "UBND xã Hà Bình")
    chosen = "UBND xã Hà Bình=xã Hà Trung"
    terminal.run("unit", "succeed", "UBND xã Hà Bình", "--choose", chosen, "--apply")
    assert places(terminal)["UBND xã Hà Trung"] == "ha-trung-15271"


def test_a_name_that_another_office_has_is_not_taken(terminal: Terminal) -> None:
    terminal.run("unit", "add", "--name", "Đảng ủy xã Quảng Chính")
    terminal.run("unit", "succeed", "Đảng ủy xã Quảng Khê", "--apply")
    assert places(terminal)["Đảng ủy xã Quảng Khê"] == "quang-chinh-16489"


def test_an_office_whose_name_says_no_commune_keeps_it(terminal: Terminal) -> None:
    terminal.run("unit", "add", "--name", "Cụm số 8", "--place", "quang-nham-16552-cu")
    terminal.run("unit", "succeed", "Cụm số 8", "--apply")
    assert places(terminal)["Cụm số 8"] == "tien-trang-16549"


def test_what_became_of_a_commune_may_be_unknown(terminal: Terminal) -> None:
    own = '[[places]]\nid = "het-1"\nkind = "xã"\nname = "Hết"\nuntil = 2025-06-30\n'
    (terminal.folder / "places.toml").write_text(own, encoding="utf-8")
    terminal.run("unit", "add", "--name", "UBND xã Hết", "--place", "het-1")
    assert "UBND xã Hết" not in steps(terminal)


def test_an_office_whose_name_is_its_communes_takes_the_new_name(terminal: Terminal) -> None:
    terminal.run("unit", "add", "--name", "Xã Quảng Hợp", "--place", "quang-hop-16471-cu")
    terminal.run("unit", "succeed", "Xã Quảng Hợp", "--apply")
    assert places(terminal)["Xã Quảng Ngọc"] == "quang-ngoc-16498"


def test_a_place_may_be_named_and_an_old_name_says_what_it_became(terminal: Terminal) -> None:
    added = terminal.run("unit", "add", "--name", "A", "--place", "xã Quảng Hợp")
    assert "is quang-ngoc-16498 (Xã Quảng Ngọc): what Xã Quảng Hợp" in added.stderr
    named = terminal.run("unit", "add", "--name", "B", "--place", "phường Nam Sầm Sơn")
    assert "is nam-sam-son-16516" in named.stderr
    old = terminal.run("unit", "add", "--name", "C", "--place", "quang-van-16474-cu")
    assert "stood until 2025-06-30; today it is quang-ngoc-16498" in old.stderr
    assert "is read as" not in terminal.run("unit", "add", "--name", "D").stderr
    said = terminal.refused("unit", "add", "--name", "E", "--place", "xã Hà Bình")
    assert "was divided among several new units" in said
    assert "hoat-giang-15286 (Xã Hoạt Giang, Thanh Hóa)" in said
    assert "loa place find" in terminal.refused("unit", "add", "--name", "E", "--place", "Lộc Thái")
    close = terminal.refused("unit", "add", "--name", "E", "--place", "quang-ninh")
    assert "perhaps quang-ninh-16540 (Xã Quảng Ninh)" in close


def test_a_name_of_several_asks_which(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)  # without a portal all provinces are known
    said = terminal.refused("unit", "add", "--name", "E", "--place", "xã Tân Thành")
    assert "there are several places called 'xã Tân Thành'" in said
    assert "Xã Tân Thành, Thái Nguyên" in said


def test_place_find_looks_in_the_whole_country(terminal: Terminal) -> None:
    found = terminal.json("place", "find", "xã Lộc Thái, Bình Phước")["places"]
    assert found == [
        {
            "id": "loc-thai-25297-cu", "name": "Xã Lộc Thái", "kind": "xã", "province": "75",
            "area": "Huyện Lộc Ninh, Tỉnh Bình Phước", "from": None, "until": "2025-06-30",
            "successors": [
                {"id": "loc-ninh-25270", "name": "Xã Lộc Ninh", "share": "whole"}
            ],
            "watched": False,
        }
    ]  # fmt: skip
    shown = terminal.run("place", "find", "xã Lộc Thái")
    assert 'places.provinces = ["75"] adds it' in shown.stderr
    assert "ha-trung-15271 (part)" in terminal.run("place", "find", "Hà Bình, Hà Trung").stdout
    assert "no place is called so" in terminal.run("place", "find", "Không Có", code=1).stdout


def test_check_says_what_each_portal_speaks_for(terminal: Terminal) -> None:
    def said() -> dict[str, tuple[str, str]]:
        checks = terminal.json("check", "--offline")["checks"]
        return {one["what"]: (one["verdict"], one["detail"]) for one in checks}

    (terminal.folder / "places.toml").write_text("", encoding="utf-8")
    found = said()
    assert "713 places of Thanh Hóa (38), with those of" in found["rules and places"][1]
    assert found["portal quangxuong"] == (
        "ok", "speaks for Thanh Hóa (38), Huyện Quảng Xương, by its name: 8 communes"
    )  # fmt: skip
    other = PORTAL.replace("quangxuong", "mau").replace("UBND huyện Quảng Xương", "Cổng mẫu")
    (terminal.folder / "portals" / "mau.toml").write_text(other, encoding="utf-8")
    ministry = PORTAL.replace("quangxuong", "bo").replace("[[", 'province = "all"\n[[', 1)
    (terminal.folder / "portals" / "bo.toml").write_text(ministry, encoding="utf-8")
    found = said()
    assert "13376 places of 34 provinces" in found["rules and places"][1]
    assert found["portal mau"][0] == "warning"
    assert "its province cannot be told" in found["portal mau"][1]
    assert found["portal bo"] == ("ok", "speaks for the whole country, by its file")
    (terminal.folder / "portals" / "bo.toml").write_text(
        ministry.replace("all", "Nam Kỳ"), encoding="utf-8"
    )
    assert "province = 'Nam Kỳ'" in terminal.run("check", "--offline", code=2).output


def test_the_desk_shows_what_becomes_of_them_and_does_it_once_a_divided_one_is_chosen(
    tmp_path: Path,
) -> None:
    with opened_house(tmp_path) as house:
        with house.loa.database.writing() as conn:
            made = {
                name: add_unit(conn, name=name, at=house.loa.clock(), place=OLD[name] or None).id
                for name in OLD
                if name != "UBND xã Quảng Ninh"  # the house has one, of no commune
            }
        desk, divided = Desk(house), made["UBND xã Hà Bình"]
        refused = desk.post("successions", **{f"to:{divided}": "quang-ninh-16540"})
        assert refused == "refused"
        assert len(_units(house)) == len(OLD)
        units = house.client.get("/admin/units?lang=en").get_data(as_text=True)
        assert "Units that stand for communes that have ended: 6" in units
        page = house.client.get("/admin/successions?lang=en").get_data(as_text=True)
        for said in ("becomes part of", "Đảng ủy xã Quảng Chính", "choose the new one", "later"):
            assert said in page
        assert desk.post("successions", **{f"to:{divided}": ""}) == "done"
        left = house.client.get("/admin/successions?lang=en").get_data(as_text=True)
        assert "Units moved: 5." in left and "UBND xã Hà Bình" in left
        assert desk.post("successions", **{f"to:{divided}": "ha-trung-15271"}) == "done"
        none = house.client.get("/admin/successions?lang=vi").get_data(as_text=True)
        assert "Không có đơn vị nào thuộc xã, phường đã sáp nhập." in none
        assert "ha-trung-15271" in _units(house).values()
        assert not any(str(place).endswith("-cu") for place in _units(house).values())


def _units(house: House) -> dict[str, str | None]:
    with house.loa.database.reading() as conn:
        return {unit.name: unit.place for unit in list_units(conn)}
