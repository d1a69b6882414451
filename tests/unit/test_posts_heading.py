"""Headings: what is a document's own number, day and issuer, and what only looks like them."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.posts.heading import read_heading
from service.posts.organ_names import read_organ, written
from service.posts.sentences import joined_lines

_ABOVE = "ỦY BAN NHÂN DÂN\nXÃ LƯU VỆ\n"
_PLACE = "\nLưu Vệ, ngày 18 tháng 11 năm 2026\nCÔNG ĐIỆN\n"


@pytest.mark.parametrize(
    "blank", ["Số:      /CĐ-UBND", "Số: …./CĐ-UBND", "Số:____/CĐ–UBND", "Số /2026/CĐ-UBND"]
)
def test_L21_a_number_left_blank_is_never_that_of_a_cited_document(blank: str) -> None:
    heading = read_heading(
        f"{_ABOVE}{blank}{_PLACE}Thực hiện Công điện\nSố 1157/CĐ-TTg\nngày 02/11/2026 của Thủ tướng"
    )
    assert heading is not None
    assert (heading.kind, heading.number) == ("cong-dien", None)
    assert (heading.issued_on, heading.issuer) == (date(2026, 11, 18), "Ủy ban nhân dân xã Lưu Vệ")


@pytest.mark.parametrize(
    "text",
    [
        "Số 06/CT-UBND là văn bản quan trọng về phòng chống bão.",
        "Số điện thoại: 0373 123 456 /UBND",
        "Thực hiện chỉ đạo của cấp trên\nSố: 06/CT-UBND",
        "Căn cứ Luật số 72/2025/QH15\nSố: 06/CT-UBND",
        "số 06/CT-UBND ngày 5/6/2026",
        "Số lượng: 12/15 xã",
        "",
    ],
)
def test_L21_a_number_in_running_text_is_no_heading(text: str) -> None:
    assert read_heading(text) is None


@pytest.mark.parametrize(
    ("above", "issuer"),
    [
        ("UBND TỈNH THANH HÓA\nSỞ NỘI VỤ", "Sở Nội vụ"),
        ("ĐẢNG BỘ TỈNH THANH HÓA\nĐẢNG ỦY PHƯỜNG HẠC THÀNH\n*", "Đảng ủy phường Hạc Thành"),
        ("HỘI ĐỒNG NHÂN DÂN\nTHÀNH PHỐ HỒ CHÍ MINH", "Hội đồng nhân dân thành phố Hồ Chí Minh"),
        (
            "BỘ TÀI CHÍNH CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM\nCỤC THUẾ Độc lập - Tự do - Hạnh phúc",
            "Cục Thuế",
        ),
        ("HỎA TỐC\nTHỦ TƯỚNG CHÍNH PHỦ", "Thủ tướng Chính phủ"),
        ("KHO BẠC NHÀ NƯỚC KHU VỰC XI", "Kho bạc Nhà nước khu vực XI"),
        ("UBND TỈNH THANH HÓA\nTỔ GIÚP VIỆC SỐ MỘT", None),
        ("Quảng cáo\nTin mới", None),
    ],
)
def test_L21_the_issuer_of_a_heading_stands_nearest_above_its_number(
    above: str, issuer: str | None
) -> None:
    heading = read_heading(f"{above}\nSố: 5/TB-ABC\n")
    assert heading is not None
    assert heading.issuer == issuer


@pytest.mark.parametrize(
    ("text", "organ"),
    [
        ("Sở Nông nghiệp và Môi trường về rà soát", "Sở Nông nghiệp và Môi trường"),
        ("Sở Nội vụ và Sở Tài chính", "Sở Nội vụ"),
        ("Sở Tư pháp triển khai Luật", "Sở Tư pháp"),
        ("UBND huyện Nga Sơn Nguyễn Văn An ký", "UBND huyện Nga Sơn"),
        ("UBND thành phố Hồ Chí Minh, các xã", "UBND thành phố Hồ Chí Minh"),
        ("UBND huyện Trần Văn Thời về", "UBND huyện Trần Văn Thời"),
        ("Chủ tịch UBND tỉnh Bà Rịa - Vũng Tàu.", "Chủ tịch UBND tỉnh Bà Rịa - Vũng Tàu"),
        ("Ủy ban Kiểm tra Tỉnh ủy Thanh Hóa đã", "Ủy ban Kiểm tra Tỉnh ủy Thanh Hóa"),
        (
            "Viện Kiểm sát nhân dân khu vực 5 - Thanh Hóa",
            "Viện Kiểm sát nhân dân khu vực 5 - Thanh Hóa",
        ),
        ("Trung tâm Dịch vụ việc làm Thanh Hóa thông báo", "Trung tâm Dịch vụ việc làm Thanh Hóa"),
        ("UBND các xã, phường", None),
        ("Ban Chỉ huy thống nhất, đồng bộ", None),
        ("công an xã", None),
        ("Chủ tịch", None),
        ("Nguyễn Văn An", None),
    ],
)
def test_L21_an_organs_name_is_read_whole_and_nothing_after_it(
    text: str, organ: str | None
) -> None:
    end = read_organ(text, 0)
    assert (text[:end] if end else None) == organ


def test_lines_of_a_files_paragraph_are_joined_and_items_are_not() -> None:
    text = (
        "Địa điểm: Hội\ntrường lớn.\n1. Việc một\n2. Việc hai\nNơi nhận: các xã\nTHÔNG BÁO\nVề việc"
    )
    assert joined_lines(text).split("\n")[0] == "Địa điểm: Hội trường lớn."
    assert len(joined_lines(text).split("\n")) == 6
    long = "Đề nghị các xã, phường khẩn trương rà soát số hộ dân sinh sống tại vùng thuộc xã"
    assert joined_lines(f"{long}\nLưu Vệ trước ngày 5/12") == f"{long} Lưu Vệ trước ngày 5/12"
    assert joined_lines("") == ""


@given(st.text())
def test_no_text_breaks_the_reading_of_headings_and_names(text: str) -> None:
    read_heading(text)
    read_heading(f"{text}\nSố: 5/TB-UBND\n{text}")
    for is_heading in (True, False):
        end = read_organ(f"UBND {text}", 0, is_heading=is_heading)
        assert end is None or 0 < end <= len(text) + 5
    written(text.upper())
