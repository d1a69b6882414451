"""From when to when each listing was read without a gap, and what of it is silent: one view for the
command, the pages and the API.

A listing is covered from its baseline on. An outage leaves no gap where the page, or an older one,
still shows a post that was known before; where none is reached, all that lies between the last
whole read and that poll is a gap. A listing that was not read for `coverage.tell_after_h` has a gap
that lasts, until a poll tells.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from service.alerts.digest import last_run
from service.settings import PortalConfig, Settings
from service.storage.counts import count_listed_held
from service.storage.coverage import Gap, load_gaps
from service.storage.listings import ListingState, load_listings
from service.storage.silence import count_listed_silences
from service.types import Frequency
from service.words import coded

FRESH = timedelta(hours=1)
"""A listing that was read whole so lately is watched; or within the last few polls, where these are
rare."""
_POLLS = 3


@dataclass(frozen=True, slots=True)
class CoverageHole:
    """A time within which posts may have been missed. `to_at` None: it lasts."""

    from_at: datetime
    to_at: datetime | None


@dataclass(frozen=True, slots=True)
class ListingCoverage:
    """`since` None: never read. `covered_to`: the last read that left nothing open."""

    url: str
    since: datetime | None = None
    covered_to: datetime | None = None
    last_read_at: datetime | None = None
    holes: tuple[CoverageHole, ...] = ()
    held: int = 0
    silent: Mapping[str, int] | None = None
    """By code, posts that alerted nobody who asked; None: they were not counted."""


@dataclass(frozen=True, slots=True)
class PortalCoverage:
    id: str
    name: str
    listings: tuple[ListingCoverage, ...]


def load_coverage(
    conn: Connection, settings: Settings, now: datetime, portal_ids: Collection[str] = ()
) -> list[PortalCoverage]:
    """Of these portals, or of all that are configured. Counts what is silent, which reads all
    changes that are."""
    held, silent = count_listed_held(conn), count_listed_silences(conn)
    states, gaps = load_listings(conn), load_gaps(conn)
    return [
        PortalCoverage(
            portal.id,
            portal.name,
            tuple(
                _listing(
                    listing.url,
                    states.get((portal.id, listing.url)),
                    gaps.get((portal.id, listing.url), ()),
                    now - timedelta(hours=settings.coverage.tell_after_h),
                    held.get((portal.id, listing.url), 0),
                    silent.get((portal.id, listing.url), {}),
                )
                for listing in portal.listings
            ),
        )
        for portal in settings.portals
        if not portal_ids or portal.id in portal_ids
    ]


def load_holes(
    conn: Connection, settings: Settings, now: datetime
) -> dict[tuple[str, str], tuple[CoverageHole, ...]]:
    """The gaps of every configured listing that has some, by (portal id, address)."""
    states, gaps = load_listings(conn), load_gaps(conn)
    old = now - timedelta(hours=settings.coverage.tell_after_h)
    keys = [(one.id, listing.url) for one in settings.portals for listing in one.listings]
    found = {key: _holes(states.get(key), gaps.get(key, ()), old) for key in keys}
    return {key: holes for key, holes in found.items() if holes}


def _holes(
    state: ListingState | None, gaps: Sequence[Gap], old: datetime
) -> tuple[CoverageHole, ...]:
    holes = tuple(CoverageHole(gap.from_at, gap.to_at) for gap in gaps)
    lasting = None if state is None else _lasting(state, old)
    return holes if lasting is None else (*holes, lasting)


def _listing(
    url: str,
    state: ListingState | None,
    gaps: Sequence[Gap],
    old: datetime,
    held: int,
    silent: Mapping[str, int],
) -> ListingCoverage:
    if state is None or state.baseline_at is None:
        return ListingCoverage(url, held=held, silent=silent)
    holes = _holes(state, gaps, old)
    return ListingCoverage(
        url, state.baseline_at, state.covered_to, state.last_ok_at, holes, held, silent
    )


def _lasting(state: ListingState, old: datetime) -> CoverageHole | None:
    """The gap of a listing that was last read whole before `old`."""
    covered_to = state.covered_to or state.baseline_at
    return CoverageHole(covered_to, None) if covered_to is not None and covered_to < old else None


def watched_line(
    conn: Connection,
    settings: Settings,
    frequency: Frequency,
    at: datetime,
    portal_ids: Collection[str] = (),
) -> str:
    """What a digest of the run before `at` ends with, coded: which portals were watched since the
    run before that one, and which were not all the time. `portal_ids`: those that its reader asked
    for, empty for all."""
    email, zone = settings.email, settings.service.locale.zone
    run = last_run(frequency, at, email.digest_at, zone, email.days_off) or at
    before = run - timedelta(seconds=1)
    since = last_run(frequency, before, email.digest_at, zone, email.days_off) or run
    states, gaps = load_listings(conn), load_gaps(conn)
    fresh = max(FRESH, timedelta(seconds=_POLLS * settings.polling.interval_s))
    portals = [one for one in settings.portals if not portal_ids or one.id in portal_ids]
    missed = [one.name for one in portals if _was_missed(one, states, gaps, since, at, fresh)]
    said: dict[str, str | int] = {"n": len(portals) - len(missed), "since_at": since.isoformat()}
    if not missed:
        return coded("coverage.all", **said)
    return coded("coverage.some", **said, portals="; ".join(missed))


def _was_missed(
    portal: PortalConfig,
    states: Mapping[tuple[str, str], ListingState],
    gaps: Mapping[tuple[str, str], Sequence[Gap]],
    since: datetime,
    at: datetime,
    fresh: timedelta,
) -> bool:
    for listing in portal.listings:
        state = states.get((portal.id, listing.url))
        if state is None or state.baseline_at is None or _lasting(state, at - fresh):
            return True
        here = gaps.get((portal.id, listing.url), ())
        if any(gap.from_at < at and gap.to_at > since for gap in here):
            return True
    return False
