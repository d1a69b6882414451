"""Places are found by what a person types, and by what a text says around their names."""

from __future__ import annotations

from datetime import date

import pytest

from service.posts.addressed import organs_addressed
from service.posts.gazetteer import Gazetteer
from service.posts.place_search import describe_place, search_places
from service.posts.place_units import PortalArea
from tests.unit.test_posts_country import (
    BEFORE,
    TODAY,
    country,
    every_unit,
    thanh_hoa,
    units_of,
)


@pytest.mark.parametrize(
    ("asked", "ids"),
    [
        ("quang-hai-16540-cu", ["quang-hai-16540-cu"]),
        ("xã Quảng Hải", ["quang-hai-16540-cu"]),
        ("Quảng Hải", ["quang-hai-16540-cu"]),
        ("quang hai", ["quang-hai-16540-cu"]),
        ("xa quang hai", ["quang-hai-16540-cu"]),
        ("UBND xã Quảng Hải, huyện Quảng Xương", ["quang-hai-16540-cu"]),
        ("quang hai, quang xuong, thanh hoa", ["quang-hai-16540-cu"]),
        ("xã Quảng Hải, Nghệ An", []),
        ("phường Quảng Hải", []),
        ("quãng hải", []),
        ("xã Quảng Ninh", ["quang-ninh-16540", "quang-ninh-16465-cu"]),
        ("", []),
    ],
)
def test_a_place_is_found_by_what_is_typed(asked: str, ids: list[str]) -> None:
    assert [unit.place.id for unit in search_places(thanh_hoa(), asked)] == ids


def test_a_place_is_described_by_where_and_until_when() -> None:
    old, new = thanh_hoa().unit("quang-hai-16540-cu"), thanh_hoa().unit("quang-ninh-16540")
    assert old is not None
    assert new is not None
    assert describe_place(old) == "Xã Quảng Hải, Huyện Quảng Xương, Thanh Hóa (– 2025-06-30)"
    assert describe_place(new) == "Xã Quảng Ninh, Thanh Hóa"
    nowhere = search_places(country(), "loc-thai-25297-cu")[0]
    assert describe_place(nowhere) == "Xã Lộc Thái, Huyện Lộc Ninh, Tỉnh Bình Phước (– 2025-06-30)"


AREA = country().members("38", ("huyện quảng xương",))


@pytest.mark.parametrize(
    ("text", "day", "ids"),
    [
        ("Xã Quảng Lưu, huyện Quảng Xương, tỉnh Thanh Hóa", BEFORE, ["quang-luu-16543-cu"]),
        ("Xã Lưu Vệ, huyện Quảng Xương, tỉnh Thanh Hóa", TODAY, ["luu-ve-16438"]),
        ("xã Quảng Yên, huyện Quảng Xương", TODAY, ["quang-yen-16480"]),
        ("xã Quảng Yên, huyện Quảng Xương", BEFORE, ["quang-yen-16480-cu"]),
        ("xã Lưu Vệ, huyện Nông Cống", TODAY, []),
        ("Xã Quảng Lưu, huyện Quảng Trạch", BEFORE, ["quang-luu-19030-cu"]),
        ("xã Quảng Hợp và Quảng Văn", BEFORE, ["quang-hop-16471-cu", "quang-van-16474-cu"]),
        ("thị trấn Tân Phong, xã Quảng Ninh", BEFORE, ["tan-phong-16438-cu", "quang-ninh-16465-cu"]),
        ("đặc khu Phú Quốc", TODAY, ["phu-quoc-31078"]),
        ("Đặc khu Bạch Long Vĩ thuộc TP. Hải Phòng", TODAY, ["bach-long-vi-11948"]),
        ("phường Văn Miếu - Quốc Tử Giám", TODAY, ["van-mieu-quoc-tu-giam-00226"]),
        ("xã B’Lao", TODAY, []),
        ("phường B´Lao", TODAY, ["b-lao-24829"]),
        ("UBND xã Quảng Hợp, trung tâm y tế", BEFORE, ["quang-hop-16471-cu"]),
        ("xây dựng xã văn minh, phường trung tâm", TODAY, []),
        ("ubnd xã quảng ninh, quảng yên", TODAY, ["quang-ninh-16540", "quang-yen-16480"]),
        ("xã Quảng Ninh, xã Không Có, xã Quảng Yên", TODAY, ["quang-ninh-16540", "quang-yen-16480"]),
        ("xã Đông Không Có, tỉnh Gia Lai", TODAY, []),
        ("xã Đông, huyện KBang", BEFORE, ["dong-23659-cu"]),
        ("xã Kép, phường KÉP", TODAY, ["kep-07399", "kep-07399-2026-09-20"]),
        ("phường đông dân, xã tiên tiến", TODAY, []),
        ("thị xã Nghi Sơn, Hợp tác xã Quảng Ninh", TODAY, []),
        ("xã Các Sơn, thị xã Nghi Sơn", BEFORE, ["cac-son-16591-cu"]),
        ("xã hội, phường hội, xã: Quảng Ninh", TODAY, ["quang-ninh-16540"]),
        ("xã Quảng Ninh, tỉnh Quảng Trị", TODAY, ["quang-ninh-19207"]),
        ("xã Quảng Ninh, tỉnh Nghệ An", TODAY, []),
    ],
)  # fmt: skip
def test_a_text_means_the_unit_that_lies_where_it_says(
    text: str, day: date, ids: list[str]
) -> None:
    assert [place.id for place in country().find(text, day, AREA)] == ids


def test_without_a_day_or_far_from_any_the_nearest_of_one_name_is_meant() -> None:
    area = PortalArea("75", frozenset())
    only_old = Gazetteer(unit for unit in units_of("75") if unit.ends_on is not None)
    assert [p.id for p in only_old.find("xã Lộc Ninh", None, area)] == ["loc-ninh-25270"]
    later = Gazetteer(unit for unit in units_of("38") if unit.starts_on is not None)
    assert [p.id for p in later.find("xã Quảng Ninh", date(2024, 1, 1), AREA)] == [
        "quang-ninh-16540"
    ]
    assert Gazetteer(()).find("xã Quảng Ninh") == ()
    new = Gazetteer(unit for unit in every_unit() if unit.starts_on is not None)
    assert new.find("xã Tân Thành", date(2024, 1, 1)) == ()
    twice = "xã Quảng Hợp, huyện Quảng Xương, huyện Quảng Xương"
    assert [p.id for p in country().find(twice, BEFORE)] == ["quang-hop-16471-cu"]


@pytest.mark.parametrize(
    ("text", "organs"),
    [
        ("Kính gửi: Sở Tài chính.\nSở Y tế báo cáo", ("Sở Tài chính",)),
        (
            "Kính gửi:\n- Các sở, ban, ngành cấp tỉnh;\n- Công an xã Quảng Yên;\n"
            "- Trường Tiểu học Quảng Yên;\n- Hội Nông dân tỉnh;\n- UBND các xã, phường.\nThực hiện",
            ("Công an xã Quảng Yên", "Trường Tiểu học Quảng Yên", "Hội Nông dân tỉnh"),
        ),
        ("Kính gửi: UBND xã Quảng Hợp, Đảng ủy xã Quảng Văn", ()),
        ("Sở Tài chính báo cáo", ()),
        ("Kính gửi: ", ()),
    ],
)
def test_departments_police_schools_and_unions_are_addressed_by_their_names(
    text: str, organs: tuple[str, ...]
) -> None:
    assert organs_addressed(text) == organs


def test_no_more_organs_are_addressed_than_a_page_has() -> None:
    many = ";\n".join(f"- Trường Tiểu học Số {n}" for n in range(200))
    assert len(organs_addressed(f"Kính gửi:\n{many}")) == 40
