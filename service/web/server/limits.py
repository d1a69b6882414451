"""How often one host may ask for what costs a mail, and how long an answer takes that must tell
nothing.

Kept in this process; a restart forgives. Refuses nothing itself: says whether there is room.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from math import ceil
from threading import Lock
from typing import NamedTuple

from flask import request

from service.web.server.admission_slots import network_of

MAX_HOSTS = 10_000
STEP_S = 0.1
"""Writing down a subscription takes 2 to 3 ms, by what is known of the address; under load a few
steps."""


def asker() -> str:
    """Whom a limit counts: the address that asks, one of IPv6 with all of its /64."""
    address = request.remote_addr or ""
    return network_of(address) or address


def rest_s(took_s: float, step_s: float = STEP_S) -> float:
    """Seconds to wait so that an answer takes a whole number of steps, at least one, whatever it
    took to find."""
    return max(1, ceil(took_s / step_s)) * step_s - took_s


class RateState(NamedTuple):
    """Whether there was room, of how many, how many are left, and in how many seconds it begins
    anew."""

    has_room: bool
    limit: int
    left: int
    resets_s: int

    def retry(self) -> dict[str, str]:
        """The header of an answer to what was too many."""
        return {"Retry-After": str(self.resets_s)}

    def headers(self) -> dict[str, str]:
        """As draft-ietf-httpapi-ratelimit-headers-03 names them, which clients know."""
        return {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(self.left),
            "RateLimit-Reset": str(self.resets_s),
        }


class Limit:
    """At most `count` in each window of `window_s` seconds for each key; memory is bounded."""

    def __init__(self, count: int, window_s: float, monotonic: Callable[[], float]) -> None:
        self._count = count
        self._window_s = window_s
        self._monotonic = monotonic
        self._seen: OrderedDict[str, tuple[float, int]] = OrderedDict()
        self._lock = Lock()

    def look(self, key: str) -> RateState:
        """What is left for `key`; counts nothing."""
        with self._lock:
            now = self._monotonic()
            began, count = self._counted(key, now)
            return RateState(
                count < self._count,
                self._count,
                max(0, self._count - count),
                ceil(began + self._window_s - now),
            )

    def _counted(self, key: str, now: float) -> tuple[float, int]:
        """When the window of `key` began, and how many were counted in it."""
        began, count = self._seen.get(key, (now, 0))
        return (now, 0) if now - began >= self._window_s else (began, count)

    def take(self, key: str) -> RateState:
        """Counts one more for `key`, and says what is left."""
        with self._lock:
            now = self._monotonic()
            began, count = self._counted(key, now)
            self._seen[key] = (began, count + 1)
            self._seen.move_to_end(key)
            while len(self._seen) > MAX_HOSTS:
                self._seen.popitem(last=False)
            left = max(0, self._count - count - 1)
            resets_s = ceil(began + self._window_s - now)
            return RateState(count < self._count, self._count, left, resets_s)
