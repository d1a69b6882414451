"""What programs are shown of how portals are watched: one declaration, of which `/status.json`, the
API and `loa coverage --json` are made, and their description in OpenAPI."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from service.services.coverage_acts import CoverageHole, ListingCoverage, PortalCoverage
from service.services.subscriber_shapes import Shape


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageGapShape(Shape):
    from_: datetime = field(metadata={"alias": "from"})
    to: datetime | None = field(metadata={"description": "null: it lasts"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingCoverageShape(Shape):
    url: str
    covered_since: datetime | None = field(metadata={"description": "null: never read"})
    covered_to: datetime | None = field(
        metadata={"description": "the last read that left nothing open; null: never read"}
    )
    last_read_at: datetime | None
    gaps: tuple[CoverageGapShape, ...] = field(
        metadata={"description": "within these, posts may have been missed"}
    )
    held: int
    silent: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalCoverageShape(Shape):
    id: str
    name: str
    listings: tuple[ListingCoverageShape, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusShape(Shape):
    portals: tuple[PortalCoverageShape, ...]


def show_status(portals: Sequence[PortalCoverage]) -> StatusShape:
    return StatusShape(
        portals=tuple(
            PortalCoverageShape(
                id=one.id, name=one.name, listings=tuple(map(show_listing, one.listings))
            )
            for one in portals
        )
    )


def show_listing(one: ListingCoverage) -> ListingCoverageShape:
    return ListingCoverageShape(
        url=one.url,
        covered_since=one.since,
        covered_to=one.covered_to,
        last_read_at=one.last_read_at,
        gaps=tuple(map(_gap, one.holes)),
        held=one.held,
        silent=dict(one.silent or {}),
    )


def _gap(hole: CoverageHole) -> CoverageGapShape:
    return CoverageGapShape(from_=hole.from_at, to=hole.to_at)
