"""What a portal speaks for is told from its file, its address, its name, and never guessed."""

from __future__ import annotations

import pytest

from service.errors import ConfigurationError
from service.posts.portal_areas import (
    PortalJurisdiction,
    as_written,
    find_area_called,
    find_spoken_for,
)
from tests.unit.test_posts_country import provinces


@pytest.mark.parametrize(
    ("name", "host", "code", "parts"),
    [
        ("UBND huyện Quảng Xương", "quangxuong.thanhhoa.gov.vn", "38", ("huyện quảng xương",)),
        ("UBND huyện Quảng Xương (cổng mẫu)", "127.0.0.1", "38", ("huyện quảng xương",)),
        ("Sở Y tế", "syt.nghean.gov.vn", "40", ()),
        ("Cổng TTĐT tỉnh Bắc Giang", "bacgiang.gov.vn", "24", ("bắc giang",)),
        ("UBND tỉnh Bắc Ninh", "bacninh.gov.vn", "24", ()),
        ("UBND TP Hồ Chí Minh", "hochiminhcity.gov.vn", "79", ()),
        ("UBND phường Lộc Ninh", "locninh.dongnai.gov.vn", "75", ()),
        ("UBND huyện Châu Thành", "chauthanh.longan.gov.vn", "80", ("huyện châu thành",)),
        ("UBND TP. Sầm Sơn", "samson.thanhhoa.gov.vn", "38", ("thành phố sầm sơn",)),
        ("TX Nghi Sơn", "nghison.thanhhoa.gov.vn", "38", ("thị xã nghi sơn",)),
        ("Cổng thông tin", "thuathienhue.gov.vn", "46", ()),
        ("UBND thành phố Huế", "huecity.gov.vn", "46", ()),
        ("UBND xã Lưu Vệ, tỉnh Thanh Hóa", "x.example", "38", ()),
    ],
)
def test_an_address_and_a_name_tell_the_area(
    name: str, host: str, code: str, parts: tuple[str, ...]
) -> None:
    found = find_spoken_for(provinces(), name=name, host=host)
    assert found is not None
    assert (found.code, found.parts) == (code, parts)


@pytest.mark.parametrize(
    ("name", "host"),
    [
        ("Cổng mẫu", "127.0.0.1"),
        ("UBND huyện", "portal.example"),
        ("UBND huyện Châu Thành", "chauthanh.example"),
        ("UBND tỉnh Nghệ An", "thanhhoa.gov.vn"),
        ("UBND xã Quảng Ninh", "x.example"),
        ("Bộ Kế hoạch và Đầu tư", "mpi.gov.vn"),
    ],
)
def test_in_doubt_nothing_is_told(name: str, host: str) -> None:
    assert find_spoken_for(provinces(), name=name, host=host) is None


@pytest.mark.parametrize(
    ("province", "districts", "found"),
    [
        ("38", (), PortalJurisdiction("38", (), "file")),
        ("Tỉnh Thanh Hóa", (), PortalJurisdiction("38", (), "file")),
        ("Thừa Thiên Huế", (), PortalJurisdiction("46", (), "file")),
        ("Bắc Giang", (), PortalJurisdiction("24", ("bắc giang",), "file")),
        ("38", ("Quảng Xương",), PortalJurisdiction("38", ("huyện quảng xương",), "file")),
        (None, ("Huyện Quảng Xương",), PortalJurisdiction("38", ("huyện quảng xương",), "file")),
        ("all", (), PortalJurisdiction("all", (), "file")),
    ],
)
def test_what_the_file_says_counts_more(
    province: str | None, districts: tuple[str, ...], found: PortalJurisdiction
) -> None:
    name, host = "UBND tỉnh Nghệ An", "nghean.gov.vn"
    asked = {"province": province, "districts": districts}
    assert find_spoken_for(provinces(), name=name, host=host, **asked) == found  # type: ignore[arg-type]  # two keys


@pytest.mark.parametrize(
    ("province", "districts", "said"),
    [
        ("Thanh Hoá 2", (), "province = 'Thanh Hoá 2'; allowed: all, Hà Nội"),
        ("38", ("Châu Thành",), "districts = 'Châu Thành'"),
        (None, ("Châu Thành",), "districts = 'Châu Thành'"),
        (None, ("Huyện Quảng Xương", "Huyện Diễn Châu"), "allowed: those of one province"),
    ],
)
def test_M6_a_province_or_district_that_is_none_is_named(
    province: str | None, districts: tuple[str, ...], said: str
) -> None:
    with pytest.raises(ConfigurationError, match=said):
        find_spoken_for(provinces(), name="X", host="x", province=province, districts=districts)


@pytest.mark.parametrize(
    ("asked", "written"),
    [
        ("Thanh Hóa", ("38", ())),
        ("Bắc Giang", ("Bắc Giang", ())),
        ("quảng xương", ("38", ("Huyện Quảng Xương",))),
        ("Thị xã Nghi Sơn", ("38", ("Thị xã Nghi Sơn",))),
    ],
)
def test_an_area_is_found_by_its_name_and_written_for_a_file(
    asked: str, written: tuple[str, tuple[str, ...]]
) -> None:
    found = find_area_called(provinces(), asked)
    assert found is not None
    assert as_written(provinces(), found) == written
    province, districts = written
    again = find_spoken_for(provinces(), name="", host="", province=province, districts=districts)
    assert again == found


def test_an_area_that_is_none_or_several_is_not_found() -> None:
    assert find_area_called(provinces(), "Châu Thành") is None
    assert find_area_called(provinces(), "Không Có") is None
