"""What was not watched: gaps of listings, which a poll finds and a backfill closes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from service.storage.schema_coverage import gap


@dataclass(frozen=True, slots=True)
class Gap:
    """Posts that were published within may have been missed."""

    from_at: datetime
    to_at: datetime


def without(gaps: Sequence[Gap], seen: Gap) -> list[Gap]:
    """What remains of gaps where all that was published within `seen` is known now."""
    left: list[Gap] = []
    for one in gaps:
        if seen.to_at <= one.from_at or seen.from_at >= one.to_at:
            left.append(one)
            continue
        if one.from_at < seen.from_at:
            left.append(Gap(one.from_at, seen.from_at))
        if seen.to_at < one.to_at:
            left.append(Gap(seen.to_at, one.to_at))
    return left


def close_gaps(conn: Connection, portal_id: str, url: str, seen: Gap) -> list[Gap]:
    """All that a listing published within `seen` is known now; returns the gaps that it still
    has."""
    left = without(load_gaps(conn).get((portal_id, url), []), seen)
    replace_gaps(conn, portal_id, url, left)
    return left


def load_gaps(conn: Connection) -> dict[tuple[str, str], list[Gap]]:
    """The gaps of every listing that has some, by (portal id, address), the oldest first."""
    found: dict[tuple[str, str], list[Gap]] = defaultdict(list)
    for row in conn.execute(select(gap).order_by(gap.c.from_at)):
        found[row.portal_id, row.listing_url].append(Gap(row.from_at, row.to_at))
    return dict(found)


def add_gap(conn: Connection, portal_id: str, url: str, found: Gap) -> None:
    """Remembers a gap; one that begins where another ends makes that longer."""
    if found.from_at >= found.to_at:
        return  # the clock was set back
    here = (gap.c.portal_id == portal_id, gap.c.listing_url == url)
    joined = conn.execute(
        update(gap).where(*here, gap.c.to_at == found.from_at).values(to_at=found.to_at)
    )
    if joined.rowcount == 0:
        conn.execute(delete(gap).where(*here, gap.c.from_at == found.from_at))
        _insert(conn, portal_id, url, found)


def replace_gaps(conn: Connection, portal_id: str, url: str, gaps: Sequence[Gap]) -> None:
    """These are all gaps that a listing still has."""
    conn.execute(delete(gap).where(gap.c.portal_id == portal_id, gap.c.listing_url == url))
    for one in gaps:
        _insert(conn, portal_id, url, one)


def _insert(conn: Connection, portal_id: str, url: str, one: Gap) -> None:
    values = {"portal_id": portal_id, "listing_url": url}
    conn.execute(insert(gap).values(**values, from_at=one.from_at, to_at=one.to_at))
