"""How the portals are, for people: which cannot be read at present, since when, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from service.settings import PortalConfig
from service.storage.counts import count_held
from service.storage.listings import ListingState, load_listings
from service.storage.silence import count_silences
from service.types import Outcome


@dataclass(frozen=True, slots=True)
class PortalTrouble:
    """A portal of which some or all listings cannot be read."""

    id: str
    name: str
    outcome: Outcome
    since: datetime | None
    """None: it was never read."""
    is_partial: bool


@dataclass(frozen=True, slots=True)
class PortalState:
    """A configured portal beside what is remembered of its listings; a listing never polled has no
    state."""

    portal: PortalConfig
    listings: tuple[tuple[str, ListingState | None], ...]
    held: int = 0
    """Changes that a flood holds back, where they were counted."""
    silent: Mapping[str, int] = field(default_factory=dict)
    """By reason, posts that alerted nobody, where they were counted."""

    @property
    def failing(self) -> list[ListingState]:
        states = [state for _, state in self.listings if state is not None]
        return [
            state
            for state in states
            if state.last_outcome is not None and state.last_outcome.is_failure
        ]

    @property
    def last_polled_at(self) -> datetime | None:
        return max(
            (s.last_polled_at for _, s in self.listings if s and s.last_polled_at), default=None
        )

    @property
    def last_new_at(self) -> datetime | None:
        return max((s.last_new_at for _, s in self.listings if s and s.last_new_at), default=None)


def portal_states(
    conn: Connection, portals: Sequence[PortalConfig], *, is_counting: bool = False
) -> list[PortalState]:
    """`is_counting`: what is silent too; that reads all changes, so not every page does."""
    known = load_listings(conn)
    held = count_held(conn) if is_counting else {}
    silent = count_silences(conn) if is_counting else {}
    return [
        PortalState(
            portal,
            tuple(
                (listing.url, known.get((portal.id, listing.url))) for listing in portal.listings
            ),
            held.get(portal.id, 0),
            silent.get(portal.id, {}),
        )
        for portal in portals
    ]


def troubles(conn: Connection, portals: Sequence[PortalConfig]) -> list[PortalTrouble]:
    """The portals that a reader should not trust to be up to date."""
    return [_trouble(state) for state in portal_states(conn, portals) if state.failing]


def _trouble(state: PortalState) -> PortalTrouble:
    failing = state.failing
    first = min(failing, key=lambda listing: (listing.failing_since is None, listing.failing_since))
    outcome = first.last_outcome or Outcome.NETWORK
    return PortalTrouble(
        state.portal.id,
        state.portal.name,
        outcome,
        first.failing_since,
        len(failing) < len(state.listings),
    )
