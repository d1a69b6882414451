"""What a host's robots.txt allows us, asked for once a day. Refuses what it forbids; guesses
nothing.

RFC 9309: 4xx allows all, a server's fault forbids all until it is mended or an older copy is known.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import lru_cache

from protego import Protego

from service.errors import FetchError
from service.portals.gate import HostGate, StoredRobots
from service.types import Clock, Outcome
from service.words import coded

MAX_BYTES = (
    524_288  # RFC 9309, section 2.5: at least 500 kibibytes must be read; the rest is cut off
)
_MAX_AGE = timedelta(days=1)
_MAX_AGE_OF_A_FAULT = timedelta(hours=1)
_MAX_CRAWL_DELAY_S = 60.0  # more would make a portal of 34 articles a matter of days

FetchText = Callable[[str], str]
"""Fetches an address whole. Raises FetchError, with `status` where the server answered."""


@lru_cache(maxsize=64)
def _parse(body: str) -> Protego:
    return Protego.parse(body)


class Robots:
    """Asks, remembers and obeys."""

    def __init__(self, gate: HostGate, clock: Clock, user_agent: str) -> None:
        self._gate = gate
        self._clock = clock
        self._user_agent = user_agent

    def crawl_delay(self, url: str, host_key: str, fetch: FetchText) -> float:
        """Seconds that the host wants between requests, 0.0 when it does not say.

        Raises FetchError(ROBOTS) when `url` is forbidden, and what `fetch` raises when the host is
        silent.
        """
        stored = self._known(host_key, fetch)
        if stored.body is None:
            raise FetchError(
                coded("fetch.robots_fault", url=url, reason=stored.error or ""), Outcome.ROBOTS
            )
        if not stored.body:
            return 0.0
        rules = _parse(stored.body)
        if not rules.can_fetch(url, self._user_agent):
            raise FetchError(coded("fetch.robots", url=url), Outcome.ROBOTS)
        delay = rules.crawl_delay(self._user_agent) or 0.0
        return min(max(delay, 0.0), _MAX_CRAWL_DELAY_S)

    def _known(self, host_key: str, fetch: FetchText) -> StoredRobots:
        stored = self._gate.robots(host_key)
        if stored is not None:
            age = self._clock() - stored.fetched_at
            if timedelta(0) <= age < (_MAX_AGE if stored.error is None else _MAX_AGE_OF_A_FAULT):
                return stored
        fresh = self._ask(host_key, fetch, stored.body if stored else None)
        self._gate.store_robots(host_key, fresh)
        return fresh

    def _ask(self, host_key: str, fetch: FetchText, old_body: str | None) -> StoredRobots:
        now = self._clock()
        try:
            return StoredRobots(fetch(f"{host_key}/robots.txt"), now)
        except FetchError as error:
            if error.outcome is Outcome.REDIRECTED or (
                error.status is not None and 400 <= error.status < 500
            ):
                if error.status == 429:
                    return StoredRobots(old_body, now, coded("robots.answered", status=429))
                return StoredRobots("", now)
            if error.status is not None:
                return StoredRobots(old_body, now, coded("robots.answered", status=error.status))
            if old_body is not None:
                return StoredRobots(old_body, now, error.reason)
            raise
