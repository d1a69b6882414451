"""Text and dates: every form that domain.md and faults.md L1 name, and what must not be a date."""

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.moments.label import find_moment, parse_moment, split_trailing_moment
from service.text import (
    LOCAL,
    clean,
    clean_lines,
    clean_text,
    excerpt,
    find_dates,
    first_sentences,
    fold,
    fold_beside,
    fold_plain,
    is_showable,
    slugify,
)

_FORMS = [
    ("(07/02/2024 10:32 SA)", "2024-02-07T10:32:00"),
    ("06/02/2024 4:03 CH", "2024-02-06T16:03:00"),
    ("06/02/2024 12:05 SA", "2024-02-06T00:05:00"),
    ("06/02/2024 12:05 CH", "2024-02-06T12:05:00"),
    ("5/6/2023 13:05 CH", "2023-06-05T13:05:00"),
    ("Đăng ngày 28 - 01 - 2024", "2024-01-28T00:00:00"),
    ("30/08/2024 | 11:06 AM", "2024-08-30T11:06:00"),
    ("21/09/2024 03:12:00 AM", "2024-09-21T03:12:00"),
    ("(12:00 AM-15/03/2018)", "2018-03-15T00:00:00"),
    ("Ngày 26/01/2015 09:25:58", "2015-01-26T09:25:58"),
    ("Thứ Sáu, 29/06/2018, 08:20", "2018-06-29T08:20:00"),
    ("Thứ năm - 09/02/2017 23:22", "2017-02-09T23:22:00"),
    ("Thứ 2, 13/11/2023 | 10:01:00", "2023-11-13T10:01:00"),
    ("12:53 24/10/2019", "2019-10-24T12:53:00"),
    ("Cập nhật: 19/11/2020", "2020-11-19T00:00:00"),
    ("(16/09/2019)", "2019-09-16T00:00:00"),
    ("5/6/2023", "2023-06-05T00:00:00"),
    ("20/11/2026 | 16:45", "2026-11-20T16:45:00"),
    ("Thứ Sáu, 20/11/2026, 16:45 (GMT+7)", "2026-11-20T16:45:00"),
    ("20/11/2026, 16:45 GMT", "2026-11-20T16:45:00"),
    ("20/11/2026, 16:45 (GMT-2)", "2026-11-21T01:45:00"),
    ("ngày 05 tháng 11 năm 2026", "2026-11-05T00:00:00"),
    ("17.7.2017", "2017-07-17T00:00:00"),
    ("19-2-2022", "2022-02-19T00:00:00"),
    ("2024-01-28T02:16:00Z", "2024-01-28T09:16:00"),
    ("2024-01-28T09:16:00+07:00", "2024-01-28T09:16:00"),
    ("10h30 ngày 5/6/2023", "2023-06-05T10:30:00"),
]


@pytest.mark.parametrize(("label", "local"), _FORMS)
def test_L1_a_date_label_gives_the_right_instant(label: str, local: str) -> None:
    moment = parse_moment(label)
    assert moment is not None
    assert moment.at.astimezone(LOCAL).isoformat() == local + "+07:00"


@pytest.mark.parametrize(
    "label",
    [
        "",
        "4:03 CH",
        "16.6",
        "01/01/0001",
        "30/02/2024",
        "13:05 SA 5/6/2023",
        "5/6/2023 25:00",
        "5/6/2023 10:61",
        "16:45 20/11/2026 (GMT+99)",
        "Hội nghị 5/6/2023",
        "x" * 500,
        "1/1/2012 - 2/2/2014",
    ],
)
def test_L1_what_is_no_date_gives_none(label: str) -> None:
    assert parse_moment(label) is None


@given(
    st.datetimes(datetime(1976, 1, 1), datetime(2100, 12, 31, 23, 59)),
    st.sampled_from(
        [
            "{d}/{m}/{y} {h}:{i:02}",
            "({d:02}/{m:02}/{y} {h12}:{i:02} {n})",
            "{h}:{i:02} | {d} - {m} - {y}",
        ]
    ),
)
def test_every_minute_of_the_calendar_is_read_back(at: datetime, form: str) -> None:
    half = {"h12": at.hour % 12 or 12, "n": "SA" if at.hour < 12 else "CH"}
    moment = parse_moment(
        form.format(d=at.day, m=at.month, y=at.year, h=at.hour, i=at.minute, **half)
    )
    assert moment is not None
    assert moment.at.astimezone(LOCAL).replace(tzinfo=None) == at.replace(second=0, microsecond=0)


@given(st.text())
def test_no_text_breaks_a_reader_of_text(text: str) -> None:
    parse_moment(text)
    find_moment(text)
    split_trailing_moment(text)
    find_dates(text, date(2024, 1, 1))
    first_sentences(text, 2)
    clean_text(text)


@given(st.text(alphabet=st.characters()))
def test_L10_clean_text_is_encodable_and_clean_twice_is_once(text: str) -> None:
    cleaned = clean(text)
    cleaned.encode("utf-8")
    assert clean(cleaned) == cleaned
    assert "\x00" not in cleaned


@given(st.text())
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


def test_lines_stay_and_what_cannot_be_shown_goes() -> None:
    assert clean_text(" a  b \n   c\n\n\n\nd ") == "a b\nc\n\nd"
    assert [clean_text(f"a{char}b\tc") for char in "\u034f\u115f\u17b4\ufe00\ufff0\u200b\x00"] == [
        "ab c"
    ] * 7
    assert clean_text("Hội\u034f nghị\u115f\u17b4") == "Hội nghị"


def test_folding_unifies_what_looks_alike_and_keeps_accents() -> None:
    assert fold("HÓA  Ủy Ðảng – x") == fold("hoá uỷ đảng - X")
    assert fold("họp") != fold("hợp")
    assert fold_plain("Hội nghị Đường") == "hoi nghi duong"
    assert slugify("Xã Quảng Hòa") == "xa-quang-hoa"


def test_the_last_parentheses_of_a_title_are_its_date() -> None:
    assert split_trailing_moment("Gặp mặt (x) (21/04/2024 8:14 SA)")[0] == "Gặp mặt (x)"
    assert split_trailing_moment("Khiếu nại (11/2016)") == ("Khiếu nại (11/2016)", None)
    assert split_trailing_moment("Không ngày") == ("Không ngày", None)


def test_a_date_among_other_words_is_found() -> None:
    moment = find_moment("Đăng 28/01/2024 9:16 SA | Lượt xem: 35")
    assert moment is not None
    assert moment.has_time
    assert find_moment("Lượt xem: 35") is None


def test_dates_of_running_text_have_offsets_and_the_nearest_year() -> None:
    text = "sáng 16.6, 12/12 xã, 24/7, ngày 05 tháng 11 năm 2026, 17.7.2017, 99/99/2020, ngày 31/2"
    assert [d.isoformat() for d, _, _ in find_dates(text, date(2023, 6, 1))] == [
        "2023-06-16",
        "2026-11-05",
        "2017-07-17",
    ]
    assert len(find_dates(text)) == 2


def test_sentences_do_not_end_at_abbreviations_and_initials() -> None:
    text = "TP. Hồ Chí Minh họp. Ông N. V. A. nói 1.000 người. Hết... rồi! 1. Mục một"
    assert first_sentences(text, 2) == "TP. Hồ Chí Minh họp. Ông N. V. A. nói 1.000 người."
    assert first_sentences("1. Mục một. Xong", 1) == "1. Mục một."


def test_an_excerpt_ends_between_words() -> None:
    assert excerpt("Hội nghị giao ban", 12) == "Hội nghị…"
    assert excerpt("ngắn", 12) == "ngắn"
    assert excerpt("Hội nghị giao", 9) == "Hội nghị…"


_LETTERS = st.sampled_from(
    ["a", "ế", " ", "  ", "\n", "\r\n", "\r", "\t", "\u00a0", "\u3000", "\u2009", "\u2028", "\x85",
    "\x1c", "\u200b",
     "\u00ad", "\u0301", "\u1680", "\u17b4", "\ufeff", "\ud800", "\U000e0041", "“", "…", "。", "©"]
)  # fmt: skip


@given(st.lists(_LETTERS | st.characters(), max_size=12).map("".join))
def test_each_line_of_a_text_is_cleaned_as_one_line_is(text: str) -> None:
    expected = [line for line in map(clean, text.splitlines()) if line]
    assert [line for line in clean_lines(text) if line] == expected
    assert [line for line in clean_text(text).split("\n") if line] == expected


def test_half_a_character_cannot_be_shown_and_is_taken_out() -> None:
    assert not is_showable("Ch\ud800ỉ thị")
    assert clean_lines("Ch\ud800ỉ thị") == ["Chỉ thị"]


@given(st.text(alphabet=st.characters() | st.sampled_from("…ÐĐðÒaÁ ")))
def test_a_text_stands_beside_its_folded_form(text: str) -> None:
    shown, folded = fold_beside(text)
    assert folded == fold(text)
    assert fold(shown) == folded


def test_a_text_beside_its_folded_form_keeps_its_capitals() -> None:
    shown, folded = fold_beside("UBND  xã Hòa Bình… và Ðông Hà")
    assert shown == "UBND xã Hòa Bình... và Ðông Hà"
    assert folded == "ubnd xã hoà bình... và đông hà"
    assert len(shown) == len(folded)
