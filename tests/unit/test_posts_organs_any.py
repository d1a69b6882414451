"""L21, U5: whatever words follow one another, an organ's name ends at a word or is none, and no day
is invented."""

from __future__ import annotations

import random
from datetime import date

import pytest

from service.posts.heading import read_heading
from service.posts.issuer import is_one_organ
from service.posts.numbers import find_numbers, number_at
from service.posts.organ_names import read_organ, written
from tests.due_days import find_due

HEADS = [
    "Sở Nông nghiệp và Môi trường", "Sở Y tế", "Bộ Công an", "Ủy ban nhân dân", "UBND",
    "Phòng Văn hóa - Xã hội",
    "Ban Tổ chức", "Ban Chỉ đạo", "Trường Tiểu học", "Công ty Điện lực", "Chủ tịch", "Phó Chủ tịch",
    "Giám đốc",
    "Đảng ủy", "Văn phòng", "Trung tâm", "Hội Nông dân", "Chi cục Thuế", "Công an",
    "Ủy ban Kiểm tra", "Liên đoàn",
    "Tổ công tác", "Hội đồng", "Ban Quản lý", "Ngân hàng Chính sách xã hội", "Thường trực",
]  # fmt: skip
TAILS = [
    "tỉnh", "huyện", "xã", "phường", "thị trấn", "khu vực", "Thanh Hóa", "Quảng Ninh", "5", "12",
    "/", "và", "-", "–",
    ",", ";", ".", ":", "(", "các", "số", "ban", "về", "đã", "Nguyễn", "Văn", "Thị", "Trần", "Minh",
    "A", "Lê",
    "Tài chính",
    "Du lịch", "dự án", "phòng, chống thiên tai", "II", "TP.", "trong", "do", "Dương", "Hoàng Long",
    "\n",
]  # fmt: skip


def phrases(seed: int, count: int) -> list[str]:
    dice = random.Random(seed)
    found = []
    for _ in range(count):
        words = dice.choices(HEADS, k=dice.choice((1, 1, 2, 3))) + dice.choices(
            TAILS, k=dice.randrange(14)
        )
        if dice.random() < 0.3:
            words += [dice.choice(HEADS), *dice.choices(TAILS, k=3)]
        found.append(" ".join(words))
    return found


@pytest.mark.parametrize("is_heading", [False, True])
def test_L21_a_name_of_an_organ_ends_at_a_word_or_is_none(is_heading: bool) -> None:
    for phrase in phrases(1, 6_000):
        text = phrase.upper() if is_heading else phrase
        end = read_organ(text, 0, is_heading=is_heading)
        assert end is None or 0 < end <= len(text)
        assert end is None or end == len(text) or not text[end].isalnum()
        if end is not None and is_heading:
            assert written(text[:end]).split()[0][0].isupper()


def test_L21_an_organ_of_the_whole_country_is_one_and_an_area_without_a_name_is_none() -> None:
    assert is_one_organ("Bộ Y tế") and not is_one_organ("UBND xã")


def test_L21_a_number_of_unknown_letters_counts_only_after_a_label() -> None:
    found = number_at("số 15/XYZ", 3)
    assert found is not None and (found.kind, found.number) == ("cong-van", "15/XYZ")
    assert find_numbers("số 15/XYZ") == []


@pytest.mark.parametrize("text", ["số 12", "không có", "Công ty 12"])
def test_L21_what_bears_no_letters_is_no_number(text: str) -> None:
    assert number_at(text, len("số ") if text.startswith("số") else 0) is None


def test_L21_a_title_in_capitals_that_holds_its_number_is_a_heading() -> None:
    heading = read_heading(
        "UBND HUYỆN A\nCHỈ THỊ số 07/CT-UBND ngày 23/11/2026\nVề việc chống rét."
    )
    assert heading is not None and (heading.kind, heading.number) == ("chi-thi", "07/CT-UBND")
    assert heading.issued_on == date(2026, 11, 23)
    assert read_heading("UBND HUYỆN A\nCHỈ THỊ số 7 điểm\nVề việc chống rét.") is None
    blank = read_heading("ĐẢNG ỦY XÃ A\nSố:     -CV/ĐU\nKính gửi: các chi bộ")
    assert blank is not None and (blank.kind, blank.number, blank.issuer) == (
        "cong-van",
        None,
        "Đảng ủy xã A",
    )


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Báo cáo trước 17 giờ cùng ngày.", []),
        ("Gửi trước ngày 45 hằng tháng.", []),
        ("Nộp trong thời hạn 05 ngày kể từ ngày ký.", []),
        ("Nộp hồ sơ trong thời hạn 05 ngày kể từ ngày 30/02/2026.", []),
        ("Đến ngày 30/11/2026, đã có 5 xã hoàn thành.", []),
        ("Đến hết ngày 30/11/2026, toàn huyện đã có 5 xã.", []),
        ("Báo cáo chậm nhất ngày 30/11/2026.", [date(2026, 11, 30)]),
        ("Gửi báo cáo xong trong ngày 30/11/2026.", [date(2026, 11, 30)]),
    ],
)
def test_U5_only_a_day_that_is_said_is_a_deadline(text: str, found: list[date]) -> None:
    assert [one.on for one in find_due(text, date(2026, 11, 1))] == found
