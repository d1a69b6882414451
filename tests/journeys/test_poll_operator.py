"""Who polls, and what the operator is told: two workers, leases, notices told once; faults by their
row."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import datetime

import pytest
from sqlalchemy import Connection

from service.errors import FetchError
from service.poll import Poller, tell_of_listings
from service.poll.listing_leases import LEASE_S, Leases
from service.settings import PortalConfig, Settings
from service.storage.engine import Database
from service.storage.listings import know_listings, load_listings
from service.types import UNCONDITIONAL, Outcome, Page, Validators
from service.words import coded
from tests.fakes import FakeClock
from tests.fakes_portal import (
    LISTING,
    OTHER,
    FakePortal,
    down,
    make_poller,
    portal_config,
    portal_with_two,
)


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


def poll(poller: Poller, clock: FakeClock) -> Outcome:
    clock.advance(600)
    (report,) = poller.poll(is_forced=True).listings
    return report.outcome


def test_M3_a_listing_is_polled_by_one_of_two_workers(
    database: Database, source: FakePortal, clock: FakeClock
) -> None:
    has_begun, may_end = threading.Event(), threading.Event()

    class Slow(FakePortal):
        def get(
            self, url: str, validators: Validators = UNCONDITIONAL, *, portal: PortalConfig
        ) -> Page | None:
            has_begun.set()
            assert may_end.wait(10)
            return super().get(url, validators, portal=portal)

    slow = Slow(pages=source.pages)
    first = threading.Thread(target=make_poller(database, slow, clock).poll_due)
    first.start()
    assert has_begun.wait(10)
    second = make_poller(database, source, clock).poll_due()
    may_end.set()
    first.join()
    assert (second.listings, source.asked, slow.asked.count(LISTING)) == ((), [], 1)


def test_a_lease_is_renewed_while_its_poll_lasts_and_free_a_minute_after_its_worker_died(
    database: Database, clock: FakeClock
) -> None:
    with database.writing() as conn:
        know_listings(conn, [("huyen", LISTING)], clock())
    alive, other = Leases(database, clock), Leases(database, clock)
    held = alive.take("huyen", LISTING, is_forced=False)
    assert held is not None
    for _ in range(5):
        clock.advance(LEASE_S - 1)
        alive.renew()
        assert other.take("huyen", LISTING, is_forced=True) is None
    clock.advance(LEASE_S + 1)
    taken = other.take("huyen", LISTING, is_forced=True)
    assert taken is not None
    alive.drop(held)
    other.drop(taken)


def test_a_listing_that_failed_is_free_again_though_a_bug_ended_the_poll_of_its_portal(
    database: Database, source: FakePortal, clock: FakeClock
) -> None:
    poller = make_poller(database, source, clock, portal_config(LISTING, OTHER))
    page, source.pages[LISTING] = source.pages[LISTING], down()
    source.pages[OTHER] = RuntimeError("a bug")
    with pytest.raises(RuntimeError, match="a bug"):
        poller.poll_due()
    source.pages[LISTING] = source.pages[OTHER] = page
    clock.advance(3600)
    assert {one.url for one in poller.poll_due().listings} == {LISTING, OTHER}


def tell(database: Database, clock: FakeClock, told: list[str]) -> int:
    def queue(
        conn: Connection, key: str, subject: str, paragraphs: Sequence[str], now: datetime
    ) -> None:
        told.append(key.split(":")[-2])

    return tell_of_listings(database, Settings(portals=(portal_config(),)), queue, clock())


def test_the_operator_is_told_once_when_a_listing_turns_bad_and_once_when_it_recovers(
    database: Database, poller: Poller, source: FakePortal, clock: FakeClock
) -> None:
    told: list[str] = []
    page = source.pages[LISTING]
    for content in (page, down(), page, down(), down(), down(), page, page):
        source.pages[LISTING] = content
        poll(poller, clock)
        tell(database, clock, told)
        tell(database, clock, told)
    assert told == ["network", "recovered"]


def test_a_crash_while_telling_tells_again_and_what_was_told_is_not_repeated_by_another_worker(
    database: Database, poller: Poller, source: FakePortal, clock: FakeClock
) -> None:
    def crash(*_: object) -> None:
        raise RuntimeError("killed")

    poller.poll()
    source.pages[LISTING] = "<html><p>Giao diện mới.</p></html>"
    poll(poller, clock)
    with pytest.raises(RuntimeError):
        tell_of_listings(database, Settings(portals=(portal_config(),)), crash, clock())
    told: list[str] = []
    workers = [threading.Thread(target=tell, args=(database, clock, told)) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert told == ["layout_changed"]


def test_F2_a_single_portal_is_ours_to_blame_only_by_evidence(
    database: Database, poller: Poller, source: FakePortal, clock: FakeClock
) -> None:
    told: list[str] = []
    poller.poll()
    unresolved = FetchError(coded("fetch.name_not_now", url=LISTING, host="x"), Outcome.NETWORK)
    page = source.pages[LISTING]
    for fault, outcome in ((down(), Outcome.NETWORK), (unresolved, Outcome.OWN_NETWORK),
                           (down(Outcome.OWN_NETWORK), Outcome.OWN_NETWORK)):  # fmt: skip
        source.pages[LISTING] = page
        poll(poller, clock)
        source.pages[LISTING] = fault
        assert poll(poller, clock) is outcome
        with database.reading() as conn:
            assert load_listings(conn)["huyen", LISTING].failures == (outcome is Outcome.NETWORK)
        assert tell(database, clock, told) == 0
    clock.advance(3600)
    poll(poller, clock)
    tell(database, clock, told)
    assert told == ["own_network"]


def test_a_listing_that_stays_short_for_a_week_is_that_short(
    database: Database, source: FakePortal, clock: FakeClock
) -> None:
    many = [
        (f"2026-11-21/bai-so-{n}-a{n}b2c3", f"Bài số {n} của ngày hôm qua", "21/11/2026 | 08:00")
        for n in range(9)
    ]
    for slug, title, _ in many:
        source.show(slug, title)
    source.list_posts(*many)
    poller, told = make_poller(database, source, clock), list[str]()
    poller.poll()
    source.list_posts(*many[:2])
    for _ in range(3):
        assert poll(poller, clock) is Outcome.YIELD_DROPPED
        tell(database, clock, told)
    clock.advance(8 * 86_400)
    assert poll(poller, clock) is Outcome.UNCHANGED
    tell(database, clock, told)
    assert told == ["yield_dropped", "recovered"]


def test_a_portal_that_hangs_delays_no_other_and_is_booked_when_it_ends(
    database: Database, source: FakePortal, clock: FakeClock
) -> None:
    may_end = threading.Event()

    class Hanging(FakePortal):
        def get(
            self, url: str, validators: Validators = UNCONDITIONAL, *, portal: PortalConfig
        ) -> Page | None:
            if portal.id == "cham":
                assert may_end.wait(10)
                raise down()
            return super().get(url, validators, portal=portal)

    portals = portal_config(name="cham"), portal_config(name="nhanh")
    poller = make_poller(database, Hanging(pages=source.pages), clock, *portals, patience_s=3.0)
    assert [report.portal_id for report in poller.poll_due().listings] == ["nhanh"]
    clock.advance(301)
    assert [report.portal_id for report in poller.poll_due().listings] == ["nhanh"]
    may_end.set()
    poller.poll(["cham"])
    with database.reading() as conn:
        assert load_listings(conn)["cham", LISTING].last_outcome is Outcome.NETWORK
