"""Tells the operator once that a listing turned bad, once that it recovered, and of what happened
to it.

What is told is decided by a pure function. That it was told is written in the transaction that
queues the letter, so that neither a crash nor a second worker says it twice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from service.logs import Log
from service.settings import PortalConfig, Settings
from service.storage.engine import Database
from service.storage.listings import ListingState, load_listings, mark_reported
from service.storage.outages import open_outages
from service.storage.schema import to_micros
from service.types import Outcome
from service.words import coded

log = Log(__name__)

Tell = Callable[[Connection, str, str, Sequence[str], datetime], object]
"""(connection, key that makes it once, subject, paragraphs, now): queues a letter to the
operator."""

RECOVERED = "recovered"
MOVED = "moved"
"""What is told of a listing that a permanent redirect within its host leads away from."""
_PATIENCE = 2  # failures in a row that a host may have before it is called bad: one is a hiccup
_OWN_PATIENCE = timedelta(
    hours=1
)  # of our own network: what mends itself sooner is nobody's errand
_FLEETING = frozenset({Outcome.NETWORK, Outcome.HTTP_ERROR, Outcome.MAINTENANCE})
_STANDING = frozenset(
    {Outcome.YIELD_DROPPED, Outcome.LAYOUT_CHANGED}
)  # readable, and bad until they end
_QUIET = {  # what happens again within this time is not told again
    Outcome.HELD.value: timedelta(hours=6),
    Outcome.POSSIBLE_GAP.value: timedelta(days=1),
    MOVED: timedelta(days=30),
}


@dataclass(frozen=True, slots=True)
class Notice:
    """`what` is an outcome that is bad, something that happened (held, possible_gap, moved), or
    `recovered`."""

    what: str

    @property
    def is_bad(self) -> bool:
        return self.what != RECOVERED and self.what not in _QUIET


def what_to_tell(state: ListingState, now: datetime) -> Notice | None:
    """What the operator must be told of a listing now; None when the operator knows it already.

    A drifted layout, a flood or a gap is told at once; a host that does not answer, the second time
    in a row.
    """
    outcome = state.last_outcome
    if outcome is None:
        return None
    believes_bad = state.told_what is not None and state.told_what not in _QUIET
    if outcome in _STANDING or outcome.is_failure:
        return Notice(outcome.value) if not believes_bad and _is_bad(state, outcome, now) else None
    happened = _happened(state, outcome)
    if happened is not None and not _is_quiet(state, happened, now):
        return Notice(happened)
    return Notice(RECOVERED) if believes_bad else None


def _is_bad(state: ListingState, outcome: Outcome, now: datetime) -> bool:
    if outcome is Outcome.OWN_NETWORK:
        return state.failing_since is not None and now - state.failing_since >= _OWN_PATIENCE
    return outcome not in _FLEETING or state.failures >= _PATIENCE


def _happened(state: ListingState, outcome: Outcome) -> str | None:
    if outcome.value in _QUIET:
        return outcome.value
    return (
        MOVED if state.last_error is not None else None
    )  # the one thing a successful poll may complain of


def _is_quiet(state: ListingState, what: str, now: datetime) -> bool:
    return (
        state.told_what == what and state.told_at is not None and now - state.told_at < _QUIET[what]
    )


def tell_of_listings(database: Database, settings: Settings, tell: Tell, now: datetime) -> int:
    """Tells what is to be told, each once; returns how much that was. Called after polls."""
    configured = {
        (portal.id, listing.url): portal
        for portal in settings.portals
        for listing in portal.listings
    }
    with database.reading() as conn:
        states = load_listings(conn)
        out = {one.portal_id for one in open_outages(conn) if one.told_at is not None}
    told = 0
    for key, state in states.items():
        notice = what_to_tell(state, now) if key in configured else None
        if notice is None:
            continue
        portal = configured[key]
        # who was told of an outage is told of its end, with what was found late
        if notice.what == RECOVERED and portal.id in out:
            with database.writing() as conn:
                told += mark_reported(conn, state, None, None)
        else:
            told += _tell(database, portal, state, notice, tell, now)
    return told


def _tell(
    database: Database,
    portal: PortalConfig,
    state: ListingState,
    notice: Notice,
    tell: Tell,
    now: datetime,
) -> bool:
    subject, paragraphs = compose_notice(portal, state, notice)
    has_recovered = notice.what == RECOVERED
    polled_at = to_micros(state.last_polled_at or now)
    with database.writing() as conn:
        if not mark_reported(
            conn, state, None if has_recovered else now, None if has_recovered else notice.what
        ):
            return False
        sent = tell(
            conn,
            f"portal:{portal.id}:{state.url}:{notice.what}:{polled_at}",
            subject,
            paragraphs,
            now,
        )
    said = (
        "nobody is told: operator.email or email.smtp_url is empty"
        if sent is None
        else "told the operator"
    )
    log.warning(said, portal=portal.id, listing=state.url, what=notice.what)
    return True


def compose_notice(
    portal: PortalConfig, state: ListingState, notice: Notice
) -> tuple[str, list[str]]:
    """Subject and paragraphs of the letter, coded."""
    facts: dict[str, str | int] = {
        "portal": portal.name,
        "id": portal.id,
        "url": state.url,
        "rows": state.last_rows or 0,
    }
    if notice.what == RECOVERED:
        return coded("notice.recovered", **facts), [coded("notice.recovered_text", **facts)]
    is_failure = notice.is_bad and Outcome(notice.what).is_failure and state.failures > 0
    paragraphs = [coded(f"notice.{notice.what}", **facts), coded("notice.listing", **facts)]
    if state.failing_since is not None:
        paragraphs.append(coded("notice.since", since_at=state.failing_since.isoformat()))
    if state.last_error:
        paragraphs.append(coded("notice.error", reason=state.last_error))
    if is_failure:
        paragraphs.append("notice.kept")
    return coded("notice.bad" if is_failure else "notice.odd", **facts), paragraphs
