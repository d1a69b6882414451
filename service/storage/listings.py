"""Listings: when each is polled next, who polls it now, what its last page was, and how it has
been.

A lease keeps two workers off one listing. Politeness to hosts is `storage.hosts`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from sqlalchemy import Connection, Row, and_, insert, or_, select, update

from service.storage import schema
from service.storage.coverage import Gap, add_gap
from service.storage.engine import uuid7
from service.storage.upsert import insert_into
from service.types import Outcome, Validators


class CoverageStep(Enum):
    """What a poll says of its listing's coverage."""

    WHOLE = "whole"
    """All that was published since the last whole read was seen, or it is the first read."""
    GAP = "gap"
    """Posts since then may have been missed."""
    UNKNOWN = "unknown"
    """It failed, showed too little, or an older page is to be read yet: a later poll tells."""


_SKEW = timedelta(hours=1)  # more than the clocks of two machines differ by
MAX_WAIT = timedelta(days=1, seconds=60)  # no back-off is longer than a day
_APART = timedelta(seconds=60)  # what the clocks of two machines that are set right may differ by


@dataclass(frozen=True, slots=True)
class ListingState:
    """What is remembered of a listing from its last polls."""

    portal_id: str
    url: str
    baseline_at: datetime | None
    """None: never yet polled with success."""
    validators: Validators
    reader_version: str | None
    next_poll_at: datetime
    failures: int
    failing_since: datetime | None
    last_polled_at: datetime | None
    last_ok_at: datetime | None
    last_new_at: datetime | None
    last_outcome: Outcome | None
    last_error: str | None
    last_rows: int | None
    told_at: datetime | None
    """When the operator was last told of it; None: believes that it is well."""
    resume_url: str | None = None
    """An older page that could not be read while posts were missed; None: none."""
    told_what: str | None = None
    """The outcome that the operator was told, or `moved`; None: believes that it is well."""
    covered_to: datetime | None = None
    """Until when it was read without a gap, as far as is known; None: never read."""
    lease_until: datetime | None = None
    """Names the lease by which it is polled; None: nobody polls it."""


@dataclass(frozen=True, slots=True)
class ListingResult:
    """How a poll ended, as the listing remembers it. `validators` None leaves what is known as it
    is."""

    outcome: Outcome
    started_at: datetime
    took_s: float
    tallies: Mapping[str, Any]
    next_poll_at: datetime
    failures: int
    failing_since: datetime | None
    error: str | None = None
    is_success: bool = True
    validators: Validators | None = None
    reader_version: str | None = None
    rows: int | None = None
    is_new_seen: bool = False
    resume_url: str | None = None
    coverage: CoverageStep = CoverageStep.UNKNOWN


def know_listings(conn: Connection, listings: Iterable[tuple[str, str]], now: datetime) -> None:
    """Makes a row for each (portal id, address) that has none yet; it is due at once."""
    rows = [
        {"portal_id": portal_id, "url": url, "next_poll_at": now} for portal_id, url in listings
    ]
    known = {
        (row[0], row[1])
        for row in conn.execute(select(schema.listing.c.portal_id, schema.listing.c.url))
    }
    missing = [row for row in rows if (row["portal_id"], row["url"]) not in known]
    if missing:
        conn.execute(insert_into(conn, schema.listing).on_conflict_do_nothing(), missing)


def load_listings(conn: Connection) -> dict[tuple[str, str], ListingState]:
    """Every listing that was ever known, by (portal id, address)."""
    return {(row.portal_id, row.url): _state(row) for row in conn.execute(select(schema.listing))}


def _state(row: Row[Any]) -> ListingState:
    return ListingState(
        portal_id=row.portal_id,
        url=row.url,
        baseline_at=row.baseline_at,
        validators=Validators(row.etag, row.last_modified, row.body_sha256),
        reader_version=row.reader_version,
        next_poll_at=row.next_poll_at,
        failures=row.failures,
        failing_since=row.failing_since,
        last_polled_at=row.last_polled_at,
        last_ok_at=row.last_ok_at,
        last_new_at=row.last_new_at,
        last_outcome=None if row.last_outcome is None else Outcome(row.last_outcome),
        last_error=row.last_error,
        last_rows=row.last_rows,
        told_at=row.told_at,
        told_what=row.told_what,
        resume_url=row.resume_url,
        covered_to=row.covered_to,
        lease_until=row.lease_until,
    )


def lease_listing(
    conn: Connection,
    portal_id: str,
    url: str,
    now: datetime,
    lease_s: float,
    *,
    is_forced: bool = False,
    longest: timedelta = MAX_WAIT,
) -> ListingState | None:
    """Takes the listing for polling; None when somebody else has it, or when it is not due (see
    `is_due`) and not forced.

    A lease further ahead than any lease can be is a clock that was set back, and is ignored.
    """
    listing = schema.listing
    until = now + timedelta(seconds=lease_s)
    beyond = until + _SKEW
    is_free = or_(
        listing.c.lease_until.is_(None),
        listing.c.lease_until <= now,
        listing.c.lease_until > beyond,
    )
    conditions = [listing.c.portal_id == portal_id, listing.c.url == url, is_free]
    if not is_forced:
        is_well = and_(
            listing.c.failures == 0, listing.c.next_poll_at > now + min(longest + _APART, MAX_WAIT)
        )
        is_back = or_(
            is_well,
            listing.c.next_poll_at > now + MAX_WAIT,
            listing.c.last_polled_at > now + _APART,
        )
        conditions.append(or_(listing.c.next_poll_at <= now, is_back))
    row = conn.execute(
        update(listing).where(and_(*conditions)).values(lease_until=until).returning(*listing.c)
    ).one_or_none()
    return None if row is None else _state(row)


def keep_leases(
    conn: Connection, held: Mapping[tuple[str, str], datetime], now: datetime, lease_s: float
) -> dict[tuple[str, str], datetime]:
    """The listings are still being polled; returns the new leases of those that nobody else has
    taken meanwhile."""
    until = now + timedelta(seconds=lease_s)
    kept = {}
    for (portal_id, url), mine in sorted(held.items()):
        if _change_held(conn, portal_id, url, mine, {"lease_until": until}):
            kept[portal_id, url] = until
    return kept


def release_listing(conn: Connection, state: ListingState, next_poll_at: datetime) -> bool:
    """Returns the listing back without a result. False: the lease of `state` had ended, and it is
    somebody else's."""
    values = {"lease_until": None, "next_poll_at": next_poll_at}
    return _change_held(conn, state.portal_id, state.url, state.lease_until, values)


def _change_held(
    conn: Connection, portal_id: str, url: str, mine: datetime | None, values: Mapping[str, Any]
) -> bool:
    """Changes a listing under the lease that one holds; False, and nothing changed, where it is
    another's by now."""
    if mine is None:
        return False
    is_mine = schema.listing.c.lease_until == mine
    changed = conn.execute(
        update(schema.listing).where(*_is(portal_id, url), is_mine).values(**values)
    )
    return changed.rowcount == 1


def is_due(state: ListingState, now: datetime, longest: timedelta = MAX_WAIT) -> bool:
    """Whether it is time. A listing that was polled in the future, or is due later than it can be,
    says that the clock was set back: it is due. `longest` is the longest wait of a listing that is
    well."""
    if state.next_poll_at <= now or (
        state.last_polled_at is not None and state.last_polled_at > now + _APART
    ):
        return True
    most = MAX_WAIT if state.failures else min(longest + _APART, MAX_WAIT)
    return state.next_poll_at > now + most


def poll_at_once(conn: Connection, portal_id: str, urls: Sequence[str], now: datetime) -> int:
    """Listings are due now, whatever their last failures were: how many."""
    here = (schema.listing.c.portal_id == portal_id, schema.listing.c.url.in_(urls))
    return conn.execute(update(schema.listing).where(*here).values(next_poll_at=now)).rowcount


def _is(portal_id: str, url: str) -> tuple[Any, Any]:
    return schema.listing.c.portal_id == portal_id, schema.listing.c.url == url


def record_poll(conn: Connection, state: ListingState, result: ListingResult) -> bool:
    """Remembers how the poll ended, gives the listing back, and writes history where something
    happened.

    False, and nothing is remembered: the lease of `state` had ended, and somebody else polls the
    listing or has.
    """
    values: dict[str, Any] = {
        "lease_until": None,
        "next_poll_at": result.next_poll_at,
        "failures": result.failures,
        "failing_since": result.failing_since,
        "last_polled_at": result.started_at,
        "last_outcome": result.outcome.value,
        "last_error": result.error,
    }
    if result.is_success:
        values["last_ok_at"] = result.started_at
        values["baseline_at"] = state.baseline_at or result.started_at
        values["resume_url"] = result.resume_url
    if result.validators is not None:
        values["etag"] = result.validators.etag
        values["last_modified"] = result.validators.last_modified
        values["body_sha256"] = result.validators.sha256
        values["reader_version"] = result.reader_version
    if result.rows is not None:
        values["last_rows"] = result.rows
    if result.is_new_seen:
        values["last_new_at"] = result.started_at
    if result.coverage is not CoverageStep.UNKNOWN:
        values["covered_to"] = result.started_at
    if not _change_held(conn, state.portal_id, state.url, state.lease_until, values):
        return False
    if result.coverage is CoverageStep.GAP and state.covered_to is not None:
        add_gap(conn, state.portal_id, state.url, Gap(state.covered_to, result.started_at))
    if result.outcome is not Outcome.UNCHANGED or state.last_outcome is not Outcome.UNCHANGED:
        _write_history(conn, state, result)
    return True


def _write_history(conn: Connection, state: ListingState, result: ListingResult) -> None:
    conn.execute(
        insert(schema.poll).values(
            id=uuid7(),
            portal_id=state.portal_id,
            listing_url=state.url,
            started_at=result.started_at,
            took_ms=round(result.took_s * 1000),
            outcome=result.outcome.value,
            tallies=dict(result.tallies),
            error=result.error,
        )
    )


def mark_reported(
    conn: Connection, state: ListingState, at: datetime | None, what: str | None
) -> bool:
    """The operator is told of the listing now, or (None) that it is well again. False: somebody
    else just did."""
    is_as_known = schema.listing.c.told_at.is_not_distinct_from(state.told_at)
    told = conn.execute(
        update(schema.listing)
        .where(*_is(state.portal_id, state.url), is_as_known)
        .values(told_at=at, told_what=what)
    )
    return told.rowcount == 1
