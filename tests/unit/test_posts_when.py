"""Deadlines, and when and where something begins, with the words that say so."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.posts.when import find_meeting
from tests.due_days import find_due

_DAY = date(2024, 1, 28)


@pytest.mark.parametrize(
    "words",
    [
        "trước ngày 15/2/2024",
        "chậm nhất ngày 15/2/2024",
        "chậm nhất là ngày 15 tháng 02 năm 2024",
        "chậm nhất vào ngày 15/2",
        "đến hết ngày 15.2.2024",
        "hạn cuối: 15/02/2024",
        "hạn cuối: 17h00 ngày 15/2/2024",
        "hạn chót là ngày 15-2-2024",
        "hạn nộp hồ sơ: đến hết ngày 15/2/2024",
        "trước 17 giờ ngày 15/2/2024",
        "trước 17 giờ 00 phút, thứ Năm, ngày 15/2/2024",
        "trước 16h30 ngày 15/02/2024",
        "không muộn hơn ngày 15/2/2024",
        "hoàn thành trước ngày 15/2/2024",
        "muộn nhất ngày 15/2/2024",
    ],
)
def test_a_day_until_which_something_is_owed_is_found_with_its_words(words: str) -> None:
    (deadline,) = find_due(f"Báo cáo gửi về Văn phòng {words} để tổng hợp", _DAY)
    assert deadline.on == date(2024, 2, 15)
    assert deadline.words == words


@pytest.mark.parametrize(
    "text",
    [
        "Kể từ ngày 15/2/2024",
        "ngày 15/2/2024",
        "giải phóng trước ngày 30/4/1975",
        "nhất 15/2",
    ],
)
def test_other_days_are_no_deadline(text: str) -> None:
    assert find_due(text, _DAY) == ()


def test_a_past_deadline_counts_and_each_day_once() -> None:
    text = "Gửi trước ngày 15/6/2023; nhắc lại: chậm nhất 15/6/2023, đến hết ngày 20/6/2023."
    assert [d.on.day for d in find_due(text, _DAY)] == [15, 20]
    assert find_due("trước ngày 15/6/1999", None)[0].on.year == 1999


@pytest.mark.parametrize(
    ("text", "local_hour", "venue"),
    [
        (
            "Vào hồi 14 giờ 00 ngày 5/2/2024, tại Hội trường UBND huyện.",
            "14:00",
            "Hội trường UBND huyện",
        ),
        ("vào hồi 14 giờ 30 phút, thứ Hai, ngày 5/2/2024", "14:30", None),
        ("8h00, ngày 5/2/2024 tại Nhà văn hóa thôn 3", "08:00", "Nhà văn hóa thôn 3"),
        (
            "Thời gian: 7h30 - 11h00 ngày 05/02/2024\nĐịa điểm: Phòng họp số 1",
            "07:30",
            "Phòng họp số 1",
        ),
        (
            "Thời gian: ngày 5/2/2024, từ 14h00\nThành phần: các xã\nĐịa điểm: Phòng họp số 2",
            "14:00",
            "Phòng họp số 2",
        ),
        ("lúc 2 giờ chiều ngày 5/2/2024 (thứ Hai), tại xã A, đồng chí B chủ trì", "14:00", "xã A"),
        ("bắt đầu từ 19 giờ ngày 5/2, tại sân vận động UBND xã tổ chức", "19:00", "sân vận động"),
    ],
)
def test_a_beginning_has_its_instant_and_place(
    text: str, local_hour: str, venue: str | None
) -> None:
    begins_at, where = find_meeting(text, _DAY)
    assert begins_at is not None
    hour, minute = map(int, local_hour.split(":"))
    assert begins_at == datetime(2024, 2, 5, hour - 7, minute, tzinfo=UTC)
    assert where == venue


@pytest.mark.parametrize(
    "text",
    [
        "Sáng 5/2/2024, UBND huyện họp",
        "trước 17 giờ ngày 5/2/2024",
        "25 giờ 00 ngày 5/2/2024",
        "8h75 ngày 5/2/2024",
        "ngày 5/2/2024, 12 xã",
        "ngày 31/2/2024 lúc 8h00",
        "",
    ],
)
def test_without_an_hour_nothing_begins(text: str) -> None:
    assert find_meeting(text, _DAY) == (None, None)


@given(st.datetimes(datetime(2020, 1, 1), datetime(2030, 12, 31)))
def test_every_hour_of_an_invitation_is_read_back(at: datetime) -> None:
    text = (
        f"vào hồi {at.hour} giờ {at.minute:02} ngày {at.day:02}/{at.month}/{at.year}, tại Hội "
        f"trường."
    )
    begins_at, venue = find_meeting(text, None)
    assert begins_at is not None
    local = (begins_at.replace(tzinfo=None) - datetime(1970, 1, 1)).total_seconds() + 7 * 3600
    assert local == (at.replace(second=0, microsecond=0) - datetime(1970, 1, 1)).total_seconds()
    assert venue == "Hội trường"


@given(st.text())
def test_no_text_breaks_the_search_for_days(text: str) -> None:
    find_due(text, _DAY)
    find_meeting(text, _DAY)
