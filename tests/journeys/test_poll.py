"""What polling does to posts, changes and listings; faults by their row in faults.md."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from service.errors import InvalidInput
from service.poll import Poller
from service.services.overruling_acts import decide_categories
from service.storage.engine import Database
from service.storage.listings import ListingState, load_listings
from service.storage.poll_history import past_polls
from service.storage.posts import generation, newest_posts, revisions
from service.storage.schema import to_micros
from service.types import Outcome, Page, Post
from tests.fakes import FakeClock
from tests.fakes_portal import (
    LISTING,
    OTHER,
    A,
    B,
    C,
    FakePortal,
    down,
    make_poller,
    portal_config,
    portal_with_two,
)
from tests.storage.test_receipts_digests_bounces import make_acting


@pytest.fixture
def database(any_database: Database) -> Database:
    """Every rule of polling holds on both databases."""
    return any_database


@pytest.fixture
def source() -> FakePortal:
    return portal_with_two()


@pytest.fixture
def poller(database: Database, source: FakePortal, clock: FakeClock) -> Poller:
    return make_poller(database, source, clock)


def posts(database: Database) -> list[Post]:
    with database.reading() as conn:
        return newest_posts(conn)


def changes(database: Database) -> list[tuple[str, str, str | None]]:
    with database.reading() as conn:
        rows = conn.execute(
            text(
                "SELECT p.title, c.type, c.silenced FROM change c JOIN post p ON p.id = c.post_id "
                "ORDER BY c.id"
            )
        )
        return [(row[0], row[1], row[2]) for row in rows]


def poll(poller: Poller, clock: FakeClock) -> Outcome:
    clock.advance(600)
    (report,) = poller.poll(is_forced=True).listings
    return report.outcome


def test_the_first_poll_is_the_baseline_fills_feeds_and_alerts_nobody(
    database: Database, poller: Poller
) -> None:
    report = poller.poll().listings[0]
    assert (report.outcome, report.new) == (Outcome.NEW, 2)
    assert {post.title for post in posts(database)} == {A[1], B[1]}
    assert {silenced for _, _, silenced in changes(database)} == {"baseline"}
    assert all(post.text.startswith("Nội dung") for post in posts(database))
    assert all(post.updated_at == post.published_at for post in posts(database))


def test_the_instant_of_the_listing_is_the_instant_of_the_post(
    database: Database, poller: Poller
) -> None:
    poller.poll()
    found = {post.title: post.published_at for post in posts(database)}
    assert found[A[1]] == datetime(2026, 11, 22, 1, 30, tzinfo=UTC)


def test_a_new_post_is_a_change_that_is_told(
    database: Database, poller: Poller, source: FakePortal, clock: FakeClock
) -> None:
    poller.poll()
    source.list_posts(C, A, B)
    assert poll(poller, clock) is Outcome.NEW
    assert changes(database)[-1] == (C[1], "post.published", None)
    assert len(posts(database)) == 3


def test_an_unchanged_page_writes_nothing(
    database: Database, poller: Poller, source: FakePortal, clock: FakeClock
) -> None:
    poller.poll()
    with database.reading() as conn:
        before = generation(conn, "feeds")
    assert poll(poller, clock) is Outcome.UNCHANGED
    source.pages[LISTING] = str(source.pages[LISTING]) + "<!-- 695 người đang online -->"
    assert poll(poller, clock) is Outcome.UNCHANGED
    with database.reading() as conn:
        assert generation(conn, "feeds") == before


def test_an_article_that_fails_never_loses_the_post_and_is_read_later(
    database: Database, poller: Poller, source: FakePortal, clock: FakeClock
) -> None:
    poller.poll()
    url = source.show(C[0], C[1], "Chi tiết của giấy mời.")
    article, source.pages[url] = source.pages[url], down()
    source.list_posts(C, A, B)
    poll(poller, clock)
    stored = next(post for post in posts(database) if post.title == C[1])
    assert stored.text == ""
    source.pages[url] = article
    clock.advance(3600)
    poll(poller, clock)
    completed = next(post for post in posts(database) if post.title == C[1])
    assert (completed.revision, completed.updated_at) == (1, completed.published_at)
    assert "Chi tiết" in completed.text
    assert [kind for title, kind, _ in changes(database) if title == C[1]] == ["post.published"]


def test_L6_a_post_in_two_listings_is_one_post_with_one_alert(
    database: Database, source: FakePortal, clock: FakeClock
) -> None:
    source.list_posts(A, B, url=OTHER)
    poller = make_poller(database, source, clock, portal_config(LISTING, OTHER))
    poller.poll()
    assert len(posts(database)) == 2
    source.list_posts(C, A, B)
    source.list_posts(C, A, B, url=OTHER)
    clock.advance(600)
    poller.poll(is_forced=True)
    assert [change for change in changes(database) if change[0] == C[1]] == [
        (C[1], "post.published", None)
    ]


def test_a_baseline_does_not_silence_what_another_listing_shows_as_new(
    database: Database, source: FakePortal, clock: FakeClock
) -> None:
    source.list_posts(B, url=OTHER)
    make_poller(database, source, clock, portal_config(OTHER)).poll()
    source.list_posts(C, B, url=OTHER)
    source.list_posts(C, A)
    clock.advance(600)
    make_poller(database, source, clock, portal_config(LISTING, OTHER)).poll(is_forced=True)
    by_title = {title: silenced for title, _, silenced in changes(database)}
    assert by_title == {B[1]: "baseline", A[1]: "baseline", C[1]: None}


def test_L4_a_corrected_slug_is_the_same_post(
    database: Database, poller: Poller, source: FakePortal, clock: FakeClock
) -> None:
    poller.poll()
    renamed = ("2026-11-22/cong-dien-ve-mua-lon-y7g5d4", "Công điện về mưa lớn", A[2])
    source.show(renamed[0], renamed[1])
    source.list_posts(renamed, B)
    poll(poller, clock)
    assert sorted(post.title for post in posts(database)) == sorted([B[1], renamed[1]])
    changed = next(post for post in posts(database) if post.title == renamed[1])
    assert changed.revision == 2


def test_L4_more_new_posts_than_the_flood_limit_are_held(
    database: Database, source: FakePortal, clock: FakeClock
) -> None:
    poller = make_poller(database, source, clock, flood_limit=3)
    poller.poll()
    new = [
        (f"2026-11-23/bai-so-{n}-a{n}b2c3", f"Bài số {n} của ngày hôm nay", "23/11/2026 | 08:00")
        for n in range(4)
    ]
    for slug, title, _ in new:
        source.show(slug, title)
    source.list_posts(*new, A, B)
    clock.advance(600)
    report = poller.poll(is_forced=True).listings[0]
    assert (report.outcome, report.held) == (Outcome.HELD, 4)
    assert len(posts(database)) == 6
    assert [silenced for _, _, silenced in changes(database)[2:]] == ["flood"] * 4


def test_L5_a_backdated_old_post_goes_to_feeds_only(
    database: Database, poller: Poller, source: FakePortal, clock: FakeClock
) -> None:
    poller.poll()
    old = ("2019-05-06/van-ban-cu-d4e5f6", "Văn bản cũ của năm trước", "06/05/2019 | 08:00")
    source.show(old[0], old[1])
    source.list_posts(A, old, B)
    poll(poller, clock)
    assert changes(database)[-1] == (old[1], "post.published", "too_old")


def test_L5_pages_back_until_a_known_post(
    database: Database, poller: Poller, source: FakePortal, clock: FakeClock
) -> None:
    poller.poll()
    second = LISTING + "?page=2"
    source.list_posts(C, next_url=second)
    source.list_posts(A, B, url=second)
    assert poll(poller, clock) is Outcome.NEW
    source.list_posts(
        ("2026-11-23/bai-khac-h7j8k9", "Một bài hoàn toàn khác", "23/11/2026 | 09:00")
    )
    assert poll(poller, clock) is Outcome.POSSIBLE_GAP


def test_L7_a_listing_without_posts_is_a_changed_layout_and_withdraws_nothing(
    database: Database, poller: Poller, source: FakePortal, clock: FakeClock
) -> None:
    poller.poll()
    source.pages[LISTING] = (
        "<html><body><h1>Trang mới</h1><p>Giao diện mới của cổng thông tin.</p></body></html>"
    )
    assert poll(poller, clock).is_failure
    assert len([post for post in posts(database) if post.withdrawn_at is None]) == 2


def test_L8_withdrawn_only_after_two_checks_hours_apart_and_restored(
    database: Database, poller: Poller, source: FakePortal, clock: FakeClock
) -> None:
    poller.poll()
    url = source.show(A[0], A[1])
    article = source.pages.pop(url)
    clock.advance(3700)
    poller.poll()
    assert all(post.withdrawn_at is None for post in posts(database))
    clock.advance(3 * 3600 + 60)
    poller.poll()
    assert changes(database)[-1] == (A[1], "post.withdrawn", None)
    source.pages[url] = article
    clock.advance(3 * 86400)
    poller.poll()
    restored = next(post for post in posts(database) if post.title == A[1])
    assert (restored.withdrawn_at, restored.revision) == (None, 2)
    with database.reading() as conn:
        assert revisions(conn, restored.id)[-1].what == ("restored",)


def test_L9_only_a_real_change_makes_a_revision(
    database: Database, poller: Poller, source: FakePortal, clock: FakeClock
) -> None:
    poller.poll()
    source.show(A[0], A[1], f"Nội  dung của bài: {A[1]}.")
    clock.advance(3700)
    poller.poll()
    assert {post.revision for post in posts(database)} == {1}
    source.show(A[0], A[1], "Nội dung đã được sửa lại hoàn toàn.")
    clock.advance(6 * 3600)
    poller.poll()
    edited = next(post for post in posts(database) if post.title == A[1])
    assert (edited.revision, edited.updated_at) == (2, clock())


def test_L9_a_replaced_file_is_an_edit(
    database: Database, poller: Poller, source: FakePortal, clock: FakeClock
) -> None:
    pdf = "https://portal.example/portal/VanBan/2026-11/a78e75d1702156ddct06.pdf"
    source.pages[pdf] = b"%PDF-1.4 one"
    source.show(A[0], A[1], pdf=pdf)
    poller.poll()
    stored = next(post for post in posts(database) if post.title == A[1])
    assert stored.revision == 1
    assert stored.attachments[0].sha256
    source.pages[pdf] = b"%PDF-1.4 two"
    clock.advance(3700)
    poller.poll()
    edited = next(post for post in posts(database) if post.title == A[1])
    assert edited.revision == 2
    assert edited.attachments[0].sha256 != stored.attachments[0].sha256


def test_F1_back_off_grows_to_a_day_and_ends_with_the_first_success(
    database: Database, poller: Poller, source: FakePortal, clock: FakeClock
) -> None:
    poller.poll()
    page = source.pages[LISTING]
    source.pages[LISTING] = down()
    waits = []
    for _ in range(12):
        poller.poll(is_forced=True)
        with database.reading() as conn:
            waits.append(
                (load_listings(conn)["huyen", LISTING].next_poll_at - clock()).total_seconds()
            )
    assert waits[:3] == [600, 1200, 2400]
    assert waits[-1] == 86400
    source.pages[LISTING] = page
    poller.poll(is_forced=True)
    with database.reading() as conn:
        state = load_listings(conn)["huyen", LISTING]
    assert (state.failures, state.failing_since) == (0, None)


def test_F2_our_own_network_down_grows_no_back_off(
    database: Database, source: FakePortal, clock: FakeClock
) -> None:
    poller = make_poller(
        database, source, clock, portal_config(name="mot"), portal_config(name="hai")
    )
    poller.poll()
    source.pages[LISTING] = down()
    clock.advance(600)
    reports = poller.poll(is_forced=True).listings
    assert {report.outcome for report in reports} == {Outcome.OWN_NETWORK}
    with database.reading() as conn:
        assert {state.failures for state in load_listings(conn).values()} == {0}


@pytest.mark.parametrize(
    ("asked_s", "waited_s"), [(7200, 7200), (2, 600), (1e9, 86400), (None, 600)]
)
def test_F4_waits_for_the_longer_of_back_off_and_retry_after(
    database: Database,
    poller: Poller,
    source: FakePortal,
    clock: FakeClock,
    asked_s: float | None,
    waited_s: float,
) -> None:
    poller.poll()
    source.pages[LISTING] = down(Outcome.HTTP_ERROR, status=503, retry_after_s=asked_s)
    poller.poll(is_forced=True)
    with database.reading() as conn:
        assert load_listings(conn)["huyen", LISTING].next_poll_at - clock() == timedelta(
            seconds=waited_s
        )
    assert len(posts(database)) == 2


def test_M2_a_clock_set_back_does_not_stop_polling(
    database: Database, poller: Poller, clock: FakeClock
) -> None:
    poller.poll()
    clock.advance(-30 * 86400)
    assert len(poller.poll().listings) == 1


def test_M3_a_listing_that_is_leased_is_not_polled_again(
    any_database: Database, source: FakePortal, clock: FakeClock
) -> None:
    poller = make_poller(any_database, source, clock)
    poller.poll()
    with any_database.writing() as conn:
        conn.execute(
            text("UPDATE listing SET lease_until = :at"),
            {"at": to_micros(clock() + timedelta(minutes=1))},
        )
    assert poller.poll(is_forced=True).listings == ()


def test_M3_what_a_stalled_worker_says_late_overwrites_nothing(
    database: Database, source: FakePortal, clock: FakeClock
) -> None:
    class Stalling(FakePortal):
        def get(self, *args: Any, **kwargs: Any) -> Page | None:
            clock.advance(120)  # its lease ends
            make_poller(database, source, clock).poll(is_forced=True)
            with database.reading() as conn:
                others.append(load_listings(conn)["huyen", LISTING])
            raise down(Outcome.HTTP_ERROR, status=503)

    others: list[ListingState] = []
    stalling = make_poller(database, Stalling(), clock)
    stalling.poll()
    with database.reading() as conn:
        assert [load_listings(conn)["huyen", LISTING]] == others
    assert others[0].last_outcome is Outcome.NEW


def test_two_workers_that_poll_at_once_store_each_post_once(
    database: Database, source: FakePortal, clock: FakeClock
) -> None:
    pollers = [make_poller(database, source, clock) for _ in range(4)]
    threads = [
        threading.Thread(target=poller.poll, kwargs={"is_forced": True}) for poller in pollers
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(posts(database)) == 2
    assert len(changes(database)) == 2


def test_a_title_corrected_in_the_listing_is_an_edit_at_once(
    database: Database, poller: Poller, source: FakePortal, clock: FakeClock
) -> None:
    poller.poll()
    source.show(A[0], "Công điện về mưa lũ lớn")
    source.list_posts((A[0], "Công điện về mưa lũ lớn", A[2]), B)
    poll(poller, clock)
    assert changes(database)[-1] == ("Công điện về mưa lũ lớn", "post.updated", None)
    with database.reading() as conn:
        (edited,) = [post for post in newest_posts(conn) if post.revision == 2]
        assert "title" in revisions(conn, edited.id)[-1].what


def test_L4_an_old_address_that_leads_to_the_new_one_is_the_same_post(
    database: Database, poller: Poller, source: FakePortal, clock: FakeClock
) -> None:
    source.list_posts(A)
    poller.poll()
    slug = "2026-11-22/cong-dien-khan-y7g5d4"
    new = source.show(slug, "Công điện khẩn")
    source.moved[f"https://portal.example/portal/Pages/{A[0]}.aspx"] = new
    source.list_posts((slug, "Công điện khẩn", A[2]))
    poll(poller, clock)
    assert [post.title for post in posts(database)] == ["Công điện khẩn"]


def test_L4_an_old_address_that_still_answers_makes_two_posts(
    database: Database, poller: Poller, source: FakePortal, clock: FakeClock
) -> None:
    source.list_posts(A)
    poller.poll()
    slug = "2026-11-22/cong-dien-khan-y7g5d4"
    source.show(slug, "Công điện khẩn")
    source.list_posts((slug, "Công điện khẩn", A[2]))
    poll(poller, clock)
    assert len(posts(database)) == 2


def test_an_overruled_post_keeps_its_categories_when_its_article_changes(
    database: Database, poller: Poller, source: FakePortal, clock: FakeClock
) -> None:
    poller.poll()
    (post,) = [post for post in posts(database) if post.title == A[1]]
    with database.writing() as conn:
        ctx = make_acting(database, clock)[1]
        assert decide_categories(conn, ctx, post.id, ["events"]).categories == ("events",)
    source.show(A[0], A[1], "Nội dung khác hẳn, nói về một cuộc họp.")
    clock.advance(3700)
    poller.poll()
    (edited,) = [post for post in posts(database) if post.title == A[1]]
    assert (edited.revision, edited.categories) == (2, ("events",))


def test_a_portal_that_is_not_configured_is_refused(poller: Poller) -> None:
    with pytest.raises(InvalidInput):
        poller.poll(["khac"])


def test_the_history_keeps_one_row_for_a_run_of_unchanged_polls(
    database: Database, poller: Poller, clock: FakeClock
) -> None:
    for _ in range(4):
        poll(poller, clock)
    with database.reading() as conn:
        assert [past.outcome for past in past_polls(conn, "huyen", LISTING)] == [
            Outcome.UNCHANGED,
            Outcome.NEW,
        ]
