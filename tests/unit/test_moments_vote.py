"""The vote of witnesses on a date, and what a title, an address and a place among neighbours say of
it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.instants import Moment, Source, Witness
from service.moments.address import by_address
from service.moments.label import parse_moment
from service.moments.vote import is_old, vote
from service.poll.dating import by_order, settle_dating
from service.poll.decide import is_same_title
from service.text import LOCAL
from service.types import Article, ListedPost

NOW = datetime(2026, 11, 29, 3, tzinfo=UTC)
SINCE = NOW - timedelta(days=14)
URL = "https://xa.example/tin/mot-tin-1.html"


def says(source: Source, label: str, *, is_update: bool = False) -> Witness:
    moment = parse_moment(label, NOW)
    assert moment is not None, label
    return Witness(source, moment, label, is_update)


def glued(label: str) -> Witness:
    """A date that stands in brackets at a title's end, and was taken off it."""
    return replace(says(Source.TITLE, label), said=f" ({label})")


def local(at: datetime) -> str:
    return at.astimezone(LOCAL).strftime("%d/%m/%Y %H:%M")


def listed(title: str, *told: Witness, url: str = URL) -> ListedPost:
    return ListedPost(url, title, None, witnesses=told)


def stated(title: str, *told: Witness) -> Article:
    return Article(URL, title, None, "", "", witnesses=told)


@pytest.mark.parametrize(
    ("told", "at"),
    [
        ([(Source.ARTICLE, "28/11/2026"), (Source.ROW, "28/11/2026 09:16")], "28/11/2026 09:16"),
        ([(Source.ARTICLE, "27/11/2026"), (Source.ROW, "28/11/2026 09:16")], "27/11/2026 00:00"),
        ([(Source.ARTICLE, "27/11/2026"), (Source.ROW, "28/11/2026"),
        (Source.ADDRESS, "28/11/2026")],
         "28/11/2026 00:00"),
        ([(Source.ROW, "28/11/2026"), (Source.ADDRESS, "25/11/2026")], "28/11/2026 00:00"),
        ([(Source.ADDRESS, "25/11/2026")], "25/11/2026 00:00"),
        ([(Source.ROW, "3 giờ trước"), (Source.ARTICLE, "29/11/2026 06:41")], "29/11/2026 06:41"),
        ([(Source.ROW, "2 tuần trước"), (Source.ARTICLE, "16/11/2026")], "16/11/2026 00:00"),
        ([(Source.HEAD, "2026-11-28T01:00:00Z"), (Source.ARTICLE, "28/11/2026 08:00")],
        "28/11/2026 08:00"),
        ([(Source.HEAD, "2026-11-27T20:00:00+00:00"), (Source.ARTICLE, "27/11/2026")],
        "27/11/2026 00:00"),
        ([(Source.GUESS, "01/01/2020"), (Source.ROW, "28/11/2026")], "28/11/2026 00:00"),
        ([(Source.GUESS, "20/11/2026")], "20/11/2026 00:00"),
        ([(Source.ROW, "28/11/2027"), (Source.FEED, "28/11/2026")], "28/11/2026 00:00"),
        ([(Source.ROW, "28/11/2027")], local(NOW)),
        ([(Source.TITLE, "17/03/2020"), (Source.FEED, "28/11/2026 07:00")], "28/11/2026 07:00"),
    ],
)  # fmt: skip
def test_L13_the_day_that_most_agree_on_is_the_day(told: list[tuple[Source, str]], at: str) -> None:
    assert local(vote([says(*one) for one in told], NOW).at) == at


def test_L18_the_day_of_an_edit_is_never_that_of_publication_beside_one() -> None:
    edit = says(Source.ARTICLE, "28/11/2026 10:00", is_update=True)
    dating = vote([edit, says(Source.HEAD, "25/11/2026")], NOW)
    assert local(dating.at) == "25/11/2026 00:00"
    assert dating.disagreed == (edit,)


@pytest.mark.parametrize(
    ("told", "is_it"),
    [
        ([(Source.ROW, "17/03/2020")], False),
        ([(Source.ROW, "17/03/2020"), (Source.ARTICLE, "17/03/2020 08:00")], True),
        ([(Source.FEED, "17/03/2020"), (Source.ADDRESS, "16/03/2020")], True),
        (
            [(Source.ARTICLE, "17/03/2020"), (Source.HEAD, "17/03/2020")],
            False,
        ),  # one page, one field
        ([(Source.TITLE, "17/03/2020")], False),
        ([(Source.TITLE, "17/03/2020"), (Source.ADDRESS, "17/03/2020")], False),
        (
            [
                (Source.ROW, "17/03/2020"),
                (Source.ADDRESS, "17/03/2020"),
                (Source.ARTICLE, "28/11/2026"),
            ],
            False,
        ),
        (
            [(Source.ROW, "17/03/2020"), (Source.ORDER, "17/03/2020")],
            False,
        ),  # it is ordered by that date
        ([(Source.GUESS, "17/03/2020"), (Source.ROW, "17/03/2020")], False),
        ([(Source.ROW, "16/11/2026"), (Source.ARTICLE, "16/11/2026")], False),
        ([(Source.ROW, "14/11/2026"), (Source.ARTICLE, "14/11/2026")], True),
    ],
)
def test_L13_two_independent_witnesses_make_a_post_old_and_one_does_not(
    told: list[tuple[Source, str]], is_it: bool
) -> None:
    assert is_old(vote([says(*one) for one in told], NOW), SINCE) is is_it


def test_L19_the_article_is_asked_for_the_minutes_that_its_feed_does_not_know() -> None:
    hour = Moment(datetime(2026, 11, 27, 6, tzinfo=UTC), has_time=True, span=timedelta(hours=1))
    feed = Witness(Source.FEED, hour, "Fri, 27 Nov 2026 06:11:30 GMT")
    assert (
        local(vote([feed, says(Source.ARTICLE, "27/11/2026 13:24")], NOW).at) == "27/11/2026 13:24"
    )
    assert local(vote([feed, says(Source.ROW, "27/11/2026")], NOW).at) == "27/11/2026 13:00"
    assert vote([feed], NOW).moment == hour


def test_L13_an_edit_of_long_ago_is_a_second_witness_of_age() -> None:
    told = [says(Source.ROW, "17/03/2020"), says(Source.ARTICLE, "18/03/2020", is_update=True)]
    assert is_old(vote(told, NOW), SINCE)


@pytest.mark.parametrize(
    ("row", "article", "title", "at"),
    [
        (listed("Thống kê", glued("17/03/2020")), None, "Thống kê", "17/03/2020 00:00"),
        (listed("Thống kê (17/03/2020)", says(Source.ROW, "28/11/2026")), None,
        "Thống kê (17/03/2020)",
         "28/11/2026 00:00"),
        (listed("Thống kê", glued("17/03/2020")),
         stated("Thống kê (17/03/2020)", says(Source.ARTICLE, "28/11/2026")),
         "Thống kê (17/03/2020)", "28/11/2026 00:00"),
        (listed("Thống kê", glued("28/11/2026")),
         stated("Thống kê", says(Source.ARTICLE, "28/11/2026 08:00")), "Thống kê",
         "28/11/2026 08:00"),
        (listed("Thống kê", glued("28/11/2026 8:00 SA")),
         stated("Thống kê", says(Source.ARTICLE, "28/11/2026")), "Thống kê", "28/11/2026 08:00"),
        (listed("Thống kê", glued("17/03/2020"),
                url="https://xa.example/portal/Pages/2026-11-11/Thong-ke-nh3ff16b.aspx"), None,
         "Thống kê (17/03/2020)", "11/11/2026 00:00"),
        (listed("Thống kê", glued("11/11/2026"),
                url="https://xa.example/portal/Pages/2026-11-11/Thong-ke-nh3ff16b.aspx"), None,
                "Thống kê",
         "11/11/2026 00:00"),
    ],
    ids=["alone", "row", "article", "label", "hour", "folder", "same-folder"],
)  # fmt: skip
def test_L12_a_date_that_ends_a_title_counts_only_where_nobody_else_speaks(
    row: ListedPost, article: Article | None, title: str, at: str
) -> None:
    settled = settle_dating(row, article, NOW)
    assert (settled.title, local(settled.dating.at)) == (title, at)


def test_L12_a_title_that_was_read_without_its_date_is_no_other_title() -> None:
    assert is_same_title("Lịch công tác", "Lịch công tác (28/11/2026)")
    assert is_same_title("Lịch công tác (28/11/2026)", "lịch  công tác")
    assert not is_same_title("Lịch công tác (21/11/2026)", "Lịch công tác (28/11/2026)")
    assert not is_same_title("Lịch công tác", "Lịch công tác (mới)")


@pytest.mark.parametrize(
    ("url", "day"),
    [
        ("https://x.example/2026/11/28/mot-tin.html", "2026-11-28"),
        ("https://x.example/portal/Pages/2024-1-28/Tin-a1b2c3.aspx", "2024-01-28"),
        ("https://x.example/tin/2026-11-28", "2026-11-28"),
        ("https://x.example/2026/11/mot-tin.html", None),
        ("https://x.example/2026/13/28/mot-tin.html", None),
        ("https://x.example/12026/11/28/", None),
        ("https://x.example/van-ban/2026-11-281", None),
        ("https://[x/2026/11/28/", None),
    ],
)
def test_L18_an_address_says_the_day_of_its_folder(url: str, day: str | None) -> None:
    told = by_address(url)
    assert (told and told.moment.at.astimezone(LOCAL).date()) == (day and date.fromisoformat(day))


def test_L13_a_place_among_neighbours_says_between_which_days() -> None:
    days = ("28/11/2026", "27/11/2026", "28/11/2025", "27/11/2026", "25/11/2026", "20/11/2026")
    rows = {str(n): listed(f"Tin {n}") for n in range(6)}
    rows = {
        key: ListedPost(URL, key, says(Source.ROW, day).moment)
        for key, day in zip(rows, days, strict=True)
    }
    told = by_order(rows, "2")
    assert told is not None
    assert (local(told.moment.at), told.moment.span) == ("27/11/2026 00:00", timedelta(days=1))
    assert by_order(rows, "0") is None
    shuffled = {key: rows[key] for key in ("5", "0", "4", "1", "3")}
    assert by_order(shuffled, "4") is None


_WITNESSES = st.builds(
    Witness,
    st.sampled_from(Source),
    st.builds(Moment, st.datetimes(datetime(1976, 1, 1), datetime(2100, 1, 1),
    timezones=st.just(UTC)), st.booleans(),
              st.none() | st.sampled_from([timedelta(hours=1), timedelta(days=7)])),
    st.text(max_size=5),
    st.booleans(),
)  # fmt: skip


@given(st.lists(_WITNESSES, max_size=8))
def test_L13_a_vote_loses_no_witness_and_believes_no_day_to_come(told: list[Witness]) -> None:
    dating = vote(told, NOW)
    assert set(dating.witnesses) == set(told)
    assert dating.at <= NOW + timedelta(days=1)
    if is_old(dating, SINCE):
        assert len({one.source for one in told}) >= 2
