"""Tells the operator once that a listing turned bad, and once that it recovered. How, is `OperatorNotice`'s."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Protocol

from service.settings import Settings
from service.storage.engine import Database
from service.storage.listings import ListingState, load_listings, set_told
from service.types import Outcome

_PATIENCE = 3  # failures in a row that a network or a host is allowed before it is called bad
_FLEETING = frozenset({Outcome.NETWORK, Outcome.HTTP_ERROR, Outcome.MAINTENANCE})
_ODD = frozenset({Outcome.YIELD_DROPPED, Outcome.POSSIBLE_GAP, Outcome.HELD, Outcome.LAYOUT_CHANGED})


class Notice(StrEnum):
    BAD = "bad"
    RECOVERED = "recovered"


class OperatorNotice(Protocol):
    """Sends a word to the operator; raises nothing of its own for a relay that is down: it queues."""

    def send_notice(self, notice: Notice, portal_name: str, state: ListingState) -> None: ...


def what_to_tell(state: ListingState) -> Notice | None:
    """What the operator must be told of a listing now; None when the operator knows it already.

    A drifted layout, a flood or a gap is told at once; a host that does not answer, the third time in a row.
    """
    outcome = state.last_outcome
    if outcome is None or outcome is Outcome.OWN_NETWORK:
        return None
    is_bad = outcome in _ODD or (outcome.is_failure and (outcome not in _FLEETING or state.failures >= _PATIENCE))
    if is_bad:
        return Notice.BAD if state.told_at is None else None
    return Notice.RECOVERED if state.told_at is not None and not outcome.is_failure else None


def tell_operator(database: Database, settings: Settings, notice: OperatorNotice, now: datetime) -> int:
    """Tells what is to be told, each once; gives how much that was. Called after polls."""
    names = {portal.id: portal.name for portal in settings.portals}
    configured = {(portal.id, listing.url) for portal in settings.portals for listing in portal.listings}
    with database.reading() as conn:
        states = load_listings(conn)
    told = 0
    for key, state in states.items():
        news = what_to_tell(state) if key in configured else None
        if news is None:
            continue
        notice.send_notice(news, names[state.portal_id], state)
        with database.writing() as conn:
            set_told(conn, *key, now if news is Notice.BAD else None)
        told += 1
    return told
