"""What polling decides, without a page or a database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.poll import decide
from service.poll.dating import first_title
from service.posts.diff import is_flapping
from service.settings import PollingSettings
from service.types import ListedPost, Moment, Outcome

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
URL = "https://x.example/portal/Pages/2026-11-20/bai-viet-a1b2c3.aspx"


def day(days_ago: float, *, has_time: bool = True) -> Moment:
    return Moment(NOW - timedelta(days=days_ago), has_time)


def row(name: str, moment: Moment | None = None) -> ListedPost:
    return ListedPost(f"https://x.example/{name}", name, moment)


def test_L5_a_known_post_pinned_on_top_does_not_join_a_page() -> None:
    rows = {name: row(name, day(age)) for name, age in (("pinned", 90), ("n1", 0.1), ("n2", 0.2))}
    assert not decide.is_joined(rows, {"pinned"})
    rows["old"] = row("old", day(2))
    assert decide.is_joined(rows, {"pinned", "old"})
    assert not decide.is_joined(rows, set())


def test_a_post_that_moved_up_from_page_two_is_no_news() -> None:
    rows = {name: row(name, day(age)) for name, age in (("a", 1), ("b", 2), ("c", 3))}
    ever = NOW - timedelta(days=2)
    assert decide.moved_up(rows, {"a", "b"}, 3, ever) == {"c"}
    assert decide.moved_up(rows, {"a", "b"}, 2, ever) == set()
    assert decide.moved_up(rows, {"a", "c"}, 3, ever) == set()


def test_L5_a_backdated_post_at_the_end_of_the_page_is_news() -> None:
    rows = {name: row(name, day(age)) for name, age in (("a", 1), ("b", 2), ("backdated", 3))}
    assert decide.moved_up(rows, {"a", "b"}, 3, NOW - timedelta(days=4)) == set()


@given(st.integers(1, 10_000), st.one_of(st.none(), st.floats(0, 1e12)), st.floats(0, 0.999))
def test_F4_no_back_off_is_longer_than_a_day(
    failures: int, retry_after_s: float | None, chance: float
) -> None:
    assert 0 < decide.back_off_s(PollingSettings(), failures, retry_after_s, chance) <= 86_400


def test_F2_one_portal_alone_says_nothing_of_our_network() -> None:
    assert not decide.is_own_network({"a": [Outcome.NETWORK]})
    assert decide.is_own_network({"a": [Outcome.NETWORK], "b": [Outcome.OWN_NETWORK]})
    assert not decide.is_own_network({"a": [Outcome.NETWORK], "b": [Outcome.UNCHANGED]})


def test_L7_three_rows_where_there_were_twenty() -> None:
    facts = {"new": 0, "is_flood": False, "is_gap": False, "is_by_detection": False}
    assert decide.success_outcome(rows=3, last_rows=20, **facts) is Outcome.YIELD_DROPPED
    assert decide.success_outcome(rows=19, last_rows=20, **facts) is Outcome.UNCHANGED


def test_L8_the_front_page_instead_of_an_article_is_a_soft_404() -> None:
    assert decide.is_front_page(URL, "https://x.example/")
    assert decide.is_front_page(URL, "https://x.example/portal/Pages/default.aspx")
    assert not decide.is_front_page(URL, URL.replace("Pages", "pages"))


def test_L9_a_post_that_flaps_waits() -> None:
    assert not is_flapping([NOW] * 3, NOW)
    assert is_flapping([NOW] * 4, NOW)
    assert not is_flapping([NOW - timedelta(hours=2)] * 9, NOW)


def test_rechecks_thin_out_and_end() -> None:
    ages = [
        timedelta(0),
        timedelta(hours=1),
        timedelta(hours=7),
        timedelta(days=3),
        timedelta(days=31),
    ]
    planned = [decide.next_check_at(NOW, NOW + age) for age in ages]
    assert [at and at - NOW for at in planned] == [
        timedelta(hours=1), timedelta(hours=6), timedelta(days=1), timedelta(days=7), None,
    ]  # fmt: skip


def test_L4_a_token_alone_does_not_make_two_addresses_one_post() -> None:
    old = "/portal/pages/2026-11-20/bai-viet-cu-a1b2c3.aspx"
    assert decide.may_be_renamed(URL, f"https://x{old}")
    assert not decide.may_be_renamed(URL, f"https://x{old.replace('11-20', '11-21')}")
    assert not decide.may_be_renamed(URL, "https://x/portal/pages/2026-11-20/bai-viet-d4e5f6.aspx")


@pytest.mark.parametrize(
    ("listed", "stated", "title"),
    [
        (
            "Tăng cường trách nhiệm, kỷ luật...",
            "Tăng cường trách nhiệm, kỷ luật, kỷ cương",
            "stated",
        ),
        ("Tăng cường trách nhiệm, kỷ luật, kỷ cương", "Tăng cường trách nhiệm...", "listed"),
        ("Tăng cường trách nhiệm, kỷ luật", "Tăng cường trách nhiệm, kỉ luật", "stated"),
        ("Tăng cường trách nhiệm, kỷ luật", "Đã có lỗi xảy ra", "listed"),
        ("Tăng cường trách nhiệm...", "Cổng thông tin điện tử", "listed"),
        ("", "Cổng thông tin điện tử", "stated"),
    ],
)
def test_L2_a_new_post_has_its_articles_title_where_that_can_be_the_same(
    listed: str, stated: str, title: str
) -> None:
    assert first_title(listed, stated) == {"listed": listed, "stated": stated}[title]
