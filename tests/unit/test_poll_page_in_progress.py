"""A loop that waits for a reader elsewhere does not stand still; one that works on what was read
may (S2, S3)."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from service.heartbeat import WITHIN_S, Pulse
from service.poll.page_in_progress import READ_WITHIN_S, NamingSource
from service.portals.pdf import PdfText
from service.portals.sandbox import JOBS, READERS
from service.settings import ListingConfig, PortalConfig
from service.storage.engine import Database
from service.types import Article, Listing, Page
from tests.fakes import FakeClock
from tests.fakes_portal import FakePortal, portal_config

URL = "https://cong.example/tin"
PAGE = Page(URL, 200, "text/html", b"x", None, None, "")


class Slow:
    """A reader that notes by when its caller has promised to beat again."""

    def __init__(self, left_s: Callable[[], float], *, is_ended: bool) -> None:
        self._left_s = left_s
        self._is_ended = is_ended
        self.promised: list[float] = []

    def _note(self) -> None:
        self.promised.append(self._left_s())
        if self._is_ended:
            raise RuntimeError("ended")

    def read_listing(self, page: Page, portal: PortalConfig, listing: ListingConfig) -> Listing:
        self._note()
        return Listing(())

    def read_article(self, page: Page, portal: PortalConfig) -> Article:
        raise AssertionError("not asked for here")

    def reader_version(self, portal: PortalConfig) -> str:
        return "1"

    def read_pdf(self, body: bytes) -> PdfText | None:
        self._note()
        return None


@pytest.mark.parametrize("is_ended", [False, True])
def test_S3_who_waits_for_a_reader_has_its_time_and_then_its_own(
    database: Database, clock: FakeClock, is_ended: bool
) -> None:
    pulse, portal = Pulse(), portal_config(URL)
    in_hand = NamingSource(FakePortal(), database, clock, pulse)

    def left_s() -> float:
        (beat,) = pulse.beats()
        return beat.due - time.monotonic()

    slow = Slow(left_s, is_ended=is_ended)
    reader, read_pdf = in_hand.reader(slow), in_hand.pdf_reader(slow.read_pdf)
    acts: tuple[Callable[[], object], ...] = (
        lambda: reader.read_listing(PAGE, portal, portal.listings[0]),
        lambda: read_pdf(b""),
    )
    with in_hand.turn(portal.id):
        for act in acts:
            try:
                act()
            except RuntimeError:
                assert is_ended
            assert left_s() <= WITHIN_S
    assert all(WITHIN_S < one <= READ_WITHIN_S for one in slow.promised) and len(slow.promised) == 2
    assert pulse.beats() == []


def test_S3_the_time_of_a_reader_is_enough_for_all_that_may_stand_before_it() -> None:
    portals_at_once = 16
    longest = max(job.wall_s for job in JOBS.values())
    assert portals_at_once / READERS * longest <= READ_WITHIN_S


def test_S3_outside_of_a_portals_turn_nobody_is_waited_for(
    database: Database, clock: FakeClock
) -> None:
    pulse = Pulse()
    slow = Slow(lambda: 0.0, is_ended=False)
    portal = portal_config(URL)
    NamingSource(FakePortal(), database, clock, pulse).reader(slow).read_listing(
        PAGE, portal, portal.listings[0]
    )
    assert pulse.beats() == []
