"""How portals have been: the history of the outcomes of each listing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, select

from service.storage import schema
from service.types import Outcome

FORGOTTEN_AT_ONCE = 500
"""Polls in one transaction: a few milliseconds."""


@dataclass(frozen=True, slots=True)
class PastPoll:
    """A poll that is remembered: one in which something happened, or the first of a run of
    unchanged ones."""

    started_at: datetime
    took_ms: int
    outcome: Outcome
    tallies: Mapping[str, Any]
    error: str | None


def past_polls(conn: Connection, portal_id: str, url: str, limit: int = 50) -> list[PastPoll]:
    """The history of a listing, newest first."""
    poll = schema.poll
    statement = select(poll).where(poll.c.portal_id == portal_id, poll.c.listing_url == url)
    rows = conn.execute(statement.order_by(poll.c.started_at.desc(), poll.c.id.desc()).limit(limit))
    return [
        PastPoll(row.started_at, row.took_ms, Outcome(row.outcome), row.tallies, row.error)
        for row in rows
    ]


def forget_polls(conn: Connection, before: datetime) -> int:
    """Forgets the oldest of what happened before an instant, FORGOTTEN_AT_ONCE at most; returns how
    many."""
    poll = schema.poll
    oldest = (
        select(poll.c.id).order_by(poll.c.id).limit(FORGOTTEN_AT_ONCE)
    )  # ids are in the order of time
    return conn.execute(
        delete(poll).where(poll.c.started_at < before, poll.c.id.in_(oldest))
    ).rowcount
