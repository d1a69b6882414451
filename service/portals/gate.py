"""What the fetcher needs remembered about a host across polls, processes and machines.

Storage implements the protocol on the `host` table; whoever only looks keeps it in memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol


@dataclass(frozen=True, slots=True)
class StoredRobots:
    """A robots.txt as it was last met."""

    body: str | None
    """None: never fetched with success; empty: there is none, all is allowed."""
    fetched_at: datetime
    """When it was last tried, with or without success."""
    error: str | None = None
    """Why the last try failed; None after a success or a clean 4xx."""


class HostGate(Protocol):
    """Politeness is owed to a host, whichever portal or worker asks. `host_key` is
    scheme://host:port."""

    def robots(self, host_key: str) -> StoredRobots | None:
        """What is known of its robots.txt; None when it was never asked for."""
        ...

    def store_robots(self, host_key: str, robots: StoredRobots) -> None:
        """Remembers the whole value, `body` None included."""
        ...

    def reserve(self, host_key: str, delay_s: float, now: datetime) -> float:
        """Books the next free instant of the host and returns the seconds to wait for it.

        Atomically: start = max(now, next_request_at); next_request_at = start + delay_s; answer
        start - now.
        """
        ...


class LocalHostGate:
    """For one process that looks and remembers nothing: it is polite towards itself alone."""

    def __init__(self) -> None:
        self._robots: dict[str, StoredRobots] = {}
        self._next: dict[str, datetime] = {}

    def robots(self, host_key: str) -> StoredRobots | None:
        return self._robots.get(host_key)

    def store_robots(self, host_key: str, robots: StoredRobots) -> None:
        self._robots[host_key] = robots

    def reserve(self, host_key: str, delay_s: float, now: datetime) -> float:
        start = max(now, self._next.get(host_key, now))
        self._next[host_key] = start + timedelta(seconds=delay_s)
        return (start - now).total_seconds()
