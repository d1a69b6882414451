"""The tables of what was not watched: gaps of listings, and outages of portals that are told."""

from __future__ import annotations

from sqlalchemy import Column, Integer, Table, Text

from service.storage.schema import Instant
from service.storage.schema_base import Json
from service.storage.schema_files import metadata

__all__ = ["backfill", "gap", "metadata", "outage", "portal_look"]

gap = Table(  # what a listing published within may have been missed
    "gap",
    metadata,
    Column("portal_id", Text, primary_key=True),
    Column("listing_url", Text, primary_key=True),
    Column("from_at", Instant, primary_key=True),
    Column("to_at", Instant, nullable=False),
)

outage = Table(  # a portal that could not be read for long, and who was told
    "outage",
    metadata,
    Column("portal_id", Text, primary_key=True),
    Column("since_at", Instant, primary_key=True),  # the last good read before it
    Column("told_at", Instant),  # null: not all were told that it is
    Column("back_at", Instant),  # null: it lasts
    Column("back_told_at", Instant),  # null: not all were told that it is over
    Column("late", Integer),  # posts that were found late; null: it lasts
)

backfill = Table(  # the last one that was asked for, of each portal
    "backfill",
    metadata,
    Column("portal_id", Text, primary_key=True),
    Column("since", Text, nullable=False),  # the first day, as 2026-11-20
    Column("asked_at", Instant, nullable=False),
    Column("asked_by", Text, nullable=False),  # a code of `by.*`
    Column("started_at", Instant),  # null: it waits
    Column("lease_until", Instant),  # null: nobody works on it; past: whoever did is gone
    Column("ended_at", Instant),  # null: it waits or is worked on
    Column("report", Json),  # null: it has not ended, or came to nothing
    Column("error", Text),  # coded; null: it has not ended, or ended well
)

portal_look = Table(  # pages of a portal that a worker reads for somebody, storing no post
    "portal_look",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),  # probe: nobody described it; check: as configured
    Column("subject", Text, nullable=False),  # an address; of a check the portal's id
    Column("asked_at", Instant, nullable=False),
    Column("lease_until", Instant),  # null: nobody works on it; past: whoever did is gone
    Column("ended_at", Instant),  # null: it waits or is worked on
    Column("report", Json),  # null: it has not ended, or came to nothing
    Column("error", Text),  # coded; null: it has not ended, or ended well
)
