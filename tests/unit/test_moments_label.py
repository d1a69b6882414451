"""Date labels: the forms of L18 and L19 and others like them, and that none is read by half."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.moments.label import find_moment, parse_moment, read_label
from service.text import LOCAL
from tests.slow_text import is_slow

NOW = datetime(2026, 11, 29, 3, 20, tzinfo=UTC)  # 10:20 here
_OTHERS = [
    ("28 Tháng 11 2026", "2026-11-28"),
    ("Chủ nhật, 01 Tháng 3 2026", "2026-03-01"),
    ("28 Tháng Mười Một, 2026", "2026-11-28"),
    ("5 tháng Mười hai, 2025", "2025-12-05"),
    ("9 tháng năm năm 2026", "2026-05-09"),
    ("Tháng Tư 7, 2026", "2026-04-07"),
    ("28 thg 11, 2026", "2026-11-28"),
    ("3 thg 2 2026", "2026-02-03"),
    ("28 Th11, 2026", "2026-11-28"),
    ("28/Thg 11/2026", "2026-11-28"),
    ("28/11/26", "2026-11-28"),
    ("02.09.26", "2026-09-02"),
    ("2026/11/28", "2026-11-28"),
    ("2026.9.2", "2026-09-02"),
    ("28-Nov-2026", "2026-11-28"),
    ("November 28, 2026", "2026-11-28"),
    ("Sept. 2nd, 2026", "2026-09-02"),
    ("2 September 2026", "2026-09-02"),
    ("28 11/2026", "2026-11-28"),
    ("28 Tháng 11", "2026-11-28"),
    ("30 Th11", "2026-11-30"),
    ("31 Th12", "2025-12-31"),
    ("Thứ 7 ngày 28/11", "2026-11-28"),
    ("Hôm qua", "2026-11-28"),
    ("Hôm nay", "2026-11-29"),
    ("2 ngày trước", "2026-11-27"),
    ("yesterday", "2026-11-28"),
    ("ngày 28 tháng 11 năm 2026", "2026-11-28"),
    ("28.11.2026", "2026-11-28"),
    ("28-11-2026", "2026-11-28"),
    ("28 – 11 – 2026", "2026-11-28"),
]
_WITH_HOURS = [
    ("Thứ bảy, 28 Tháng 11 2026 08:00", "2026-11-28T08:00"),
    ("Thứ Bảy, 28/11/2026 | 08:30", "2026-11-28T08:30"),
    ("28/11/26 08:15", "2026-11-28T08:15"),
    ("08h30 28/11/2026", "2026-11-28T08:30"),
    ("08g05, 28/11/2026", "2026-11-28T08:05"),
    ("8 giờ 30 phút chiều, ngày 28/11/2026", "2026-11-28T20:30"),
    ("28/11/2026 8:30 SA", "2026-11-28T08:30"),
    ("28/11/2026 8:30:15 CH", "2026-11-28T20:30:15"),
    ("28/11/2026 CH 08:30", "2026-11-28T20:30"),
    ("28/11/2026 8:30 p.m.", "2026-11-28T20:30"),
    ("2026/11/28 08:00", "2026-11-28T08:00"),
    ("Nov 28, 2026 8:30 pm", "2026-11-28T20:30"),
    ("Hôm qua, 21:05", "2026-11-28T21:05"),
    ("08:30 Hôm nay", "2026-11-29T08:30"),
    ("3 giờ trước", "2026-11-29T07:20"),
    ("1 giờ 20 phút trước", "2026-11-29T09:00"),
    ("Cách đây 12 phút", "2026-11-29T10:08"),
    ("an hour ago", "2026-11-29T09:20"),
    ("28/11/2026 08:00 (Giờ Hà Nội)", "2026-11-28T08:00"),
    ("2026-11-28T08:00:00+07:00[Asia/Ho_Chi_Minh]", "2026-11-28T08:00"),
    ("28/11/2026 02:00 UTC", "2026-11-28T09:00"),
]


@pytest.mark.parametrize(("label", "day"), _OTHERS)
def test_L18_a_day_in_any_form_is_that_day(label: str, day: str) -> None:
    moment = parse_moment(label, NOW)
    assert moment is not None
    assert (moment.at.astimezone(LOCAL).date(), moment.has_time) == (date.fromisoformat(day), False)


@pytest.mark.parametrize(("label", "local"), _WITH_HOURS)
def test_L18_an_hour_in_any_form_is_that_hour(label: str, local: str) -> None:
    moment = parse_moment(label, NOW)
    assert moment is not None
    assert (moment.at.astimezone(LOCAL).replace(tzinfo=None), moment.has_time) == (
        datetime.fromisoformat(local),
        True,
    )


@pytest.mark.parametrize(
    ("label", "span"),
    [
        ("3 giờ trước", timedelta(hours=1)),
        ("5 phút trước", timedelta(minutes=1)),
        ("2 tuần trước", timedelta(days=7)),
        ("1 tháng trước", timedelta(days=30)),
        ("Hôm qua", None),
    ],
)
def test_L18_what_is_told_from_now_says_how_exact_it_is(label: str, span: timedelta | None) -> None:
    moment = parse_moment(label, NOW)
    assert moment is not None
    assert moment.span == span
    assert parse_moment(label) is None  # nobody knows when it was written


@pytest.mark.parametrize(
    "label",
    [
        "2026-11-xx", "29/02/2026", "31 tháng 4 năm 2026", "28/13/2026", "28 Tháng 13 2026",
        "32/11/26", "1/3",
    "12/12",
        "28/11", "tháng 11 năm 2026", "11/2026", "28/11/2026 24:10", "28/11/2026 8:61",
        "09/11 - 13/11/2026",
        "09-13/11/2026", "28/11/2026 và 29/11/2026", "3 giờ", "Số 28/11/2026/NĐ", "192.168.11.2026",
        "28.11.2026.4",
        "08:00 09:00 28/11/2026", "Tuần 48, 23/11/2026", "từ 23/11/2026", "28/11/2026 13:05 SA",
        "0 Tháng 11 2026",
    ],
)  # fmt: skip
def test_L18_what_is_no_one_date_is_none(label: str) -> None:
    assert parse_moment(label, NOW) is None


@pytest.mark.parametrize(
    ("label", "published", "updated"),
    [
        (
            "Ngày đăng: 27/11/2026 08:00 | Cập nhật: 28/11/2026 09:00",
            "2026-11-27T08:00",
            "2026-11-28T09:00",
        ),
        (
            "Cập nhật: 28/11/2026 09:00 - Đăng lúc 08:00 27/11/2026",
            "2026-11-27T08:00",
            "2026-11-28T09:00",
        ),
        (
            "Đăng ngày 27/11/2026, cập nhật lúc 09:00 28/11/2026",
            "2026-11-27T00:00",
            "2026-11-28T09:00",
        ),
        (
            "Posted 27 Nov 2026 08:00, last modified 28 Nov 2026 09:00",
            "2026-11-27T08:00",
            "2026-11-28T09:00",
        ),
        ("Lần sửa cuối: 28/11/2026 09:00", None, "2026-11-28T09:00"),
        ("28/11/2026 09:00 (đã cập nhật)", None, "2026-11-28T09:00"),
        ("Cập nhật tình hình bão ngày 28/11/2026", "2026-11-28T00:00", None),
    ],
)
def test_L18_the_day_of_an_edit_is_told_from_that_of_publication(
    label: str, published: str | None, updated: str | None
) -> None:
    said = {
        one.is_update: one.moment.at.astimezone(LOCAL).strftime("%Y-%m-%dT%H:%M")
        for one in reversed(read_label(label).dates)
    }
    assert (said.get(False), said.get(True)) == (published, updated)


def test_L18_a_date_beside_other_words_is_found_where_it_stands() -> None:
    text = "Đăng lúc 08h30 ngày 28/11/2026 | Lượt xem: 35"
    (one,) = read_label(text).dates
    assert text[one.start : one.end] == "08h30 ngày 28/11/2026"
    assert find_moment("28/11/26 là ngày họp") is None


FORMS = (
    "{d}/{m}/{y} {h}:{i:02}", "{d:02}-{m:02}-{y} | {h:02}:{i:02}", "{d}.{m}.{y}, {h}h{i:02}",
    "{h:02}:{i:02} {d}/{m}/{y}",
    "{h} giờ {i:02} phút, ngày {d} tháng {m} năm {y}", "{d} Tháng {word} {y} {h:02}:{i:02}",
    "{d} thg {m}, {y} {h:02}:{i:02}",
    "Tháng {word} {d}, {y} {h:02}:{i:02}", "{y}-{m:02}-{d:02}T{h:02}:{i:02}:00+07:00",
    "{y}/{m:02}/{d:02} {h:02}:{i:02}",
    "{english} {d}, {y} {h12}:{i:02} {am}", "{d} {english} {y} {h:02}:{i:02}:00 +0700",
    "{d}-{short}-{y} {h:02}:{i:02}",
    "{short} {d} {h:02}:{i:02}:00 +0700 {y}", "({d:02}/{m:02}/{y} {h12}:{i:02} {sa})",
    "{y}{m:02}{d:02}T{h:02}{i:02}00+0700",
    "Thứ Hai, {d:02}/{m:02}/{y} {h12}:{i:02}:00 {sa} (GMT+7)",
)  # fmt: skip
_WORDS = (
    "Một",
    "Hai",
    "Ba",
    "Tư",
    "Năm",
    "Sáu",
    "Bảy",
    "Tám",
    "Chín",
    "Mười",
    "Mười Một",
    "Mười Hai",
)
_ENGLISH = ("January", "February", "March", "April", "May", "June", "July", "August", "September",
"October",
            "November", "December")  # fmt: skip


@given(st.datetimes(datetime(1976, 1, 1), datetime(2100, 12, 31, 23, 59)), st.sampled_from(FORMS))
def test_L18_every_minute_printed_in_any_form_is_read_back(at: datetime, form: str) -> None:
    printed = form.format(
        d=at.day, m=at.month, y=at.year, h=at.hour, i=at.minute, h12=at.hour % 12 or 12,
        am="AM" if at.hour < 12 else "PM", sa="SA" if at.hour < 12 else "CH",
        word=_WORDS[at.month - 1],
        english=_ENGLISH[at.month - 1], short=_ENGLISH[at.month - 1][:3],
    )  # fmt: skip
    moment = parse_moment(printed)
    assert moment is not None, printed
    assert moment.at.astimezone(LOCAL).replace(tzinfo=None) == at.replace(
        second=0, microsecond=0
    ), printed


_PIECES = st.sampled_from([
    "28", "11", "2026", "26", "/", "-", ".", ":", ",", " ", "|", "(", ")", "[", "]", "tháng", "thg",
    "năm",
    "mười", "một",
    "thứ", "bảy", "8h", "30", "SA", "CH", "pm", "+07", "GMT", "UTC", "T", "Z", "Nov", "cập nhật",
    "đăng",
    "ngày", "hôm",
    "qua", "giờ", "trước", "ago", "١١", "²", "İ", "\u0301", "20261128", "\ud800", "00",
    "99999999999999999999",
])  # fmt: skip


@given(
    st.lists(_PIECES | st.text(max_size=3), max_size=30).map("".join),
    st.booleans(),
    st.none() | st.just(NOW),
)
def test_L19_no_text_breaks_a_reader_of_dates(
    text: str, is_stamp: bool, now: datetime | None
) -> None:
    parse_moment(text, now, is_stamp=is_stamp)
    for one in read_label(text, now).dates:
        assert 0 <= one.start < one.end


@pytest.mark.parametrize("number", range(10))
def test_S1_no_label_takes_longer_than_it_is_long(number: int) -> None:
    unit = (
        "28/",
        "28/11/2026 ",
        "8 giờ ",
        "thứ ",
        "cập nhật ",
        "tháng mười ",
        "(",
        "1 ngày 1 ",
        "Nov 28 8:00 ",
        "+07 ",
    )[number]
    assert not is_slow(
        lambda size: lambda: (read_label(unit * (size // len(unit))), parse_moment(unit * size))
    )
