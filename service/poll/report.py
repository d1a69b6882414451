"""What a poll has to tell: an outcome and tallies for each listing, in the shape of `loa poll
--json`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from service.types import Outcome
from service.words import say

ANOTHER = "another_article"
"""Why the answer to a recheck was dropped: it was not the post's article."""


@dataclass(frozen=True, slots=True)
class ListingReport:
    """How the poll of one listing ended. `dropped` counts by reason what was rejected: links,
    answers to rechecks."""

    portal_id: str
    url: str
    outcome: Outcome
    new: int = 0
    updated: int = 0
    withdrawn: int = 0
    unchanged: int = 0
    held: int = 0
    dropped: Mapping[str, int] = field(default_factory=dict)
    error: str | None = None

    @property
    def tallies(self) -> dict[str, Any]:
        return {
            "new": self.new,
            "updated": self.updated,
            "withdrawn": self.withdrawn,
            "unchanged": self.unchanged,
            "held": self.held,
            "dropped": dict(self.dropped),
        }


@dataclass(frozen=True, slots=True)
class PollReport:
    """Every listing that was polled, in the order of the configuration."""

    listings: tuple[ListingReport, ...] = ()

    @property
    def has_failed(self) -> bool:
        """Whether some listing could not be read."""
        return any(report.outcome.is_failure for report in self.listings)

    def to_json(self) -> dict[str, Any]:
        portals: dict[str, list[dict[str, Any]]] = {}
        for report in self.listings:
            row = {
                "url": report.url,
                "outcome": report.outcome.value,
                **report.tallies,
                "error": say(report.error, "en") or None,
            }
            portals.setdefault(report.portal_id, []).append(row)
        return {
            "portals": [{"id": portal_id, "listings": rows} for portal_id, rows in portals.items()]
        }
