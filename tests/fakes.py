"""Hand-written stand-ins that record, for every test."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from service.alerts.links import Links

if TYPE_CHECKING:
    from service.settings import Settings
    from service.storage.engine import Database


class FakeClock:
    """A clock that stands still until it is told to move."""

    def __init__(self, at: datetime = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def advance(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@dataclass(frozen=True)
class ActContext:
    """What the jobs among the services ask of a Loa."""

    settings: Settings
    clock: FakeClock
    links: Links = field(default_factory=lambda: Links("a key of tests", "https://loa.example"))


Acting = tuple["Database", ActContext]
"""The first two arguments of every job among the services."""


def act_over(database: Database, settings: Settings, clock: FakeClock) -> Acting:
    return database, ActContext(settings, clock)
