"""When an address that bounced is tried again, and when it is believed. Pure.

Probes come after a week, a month and a quarter. One that was accepted and did not come back for
three days proves the address; one that came back, or was refused, says that it is too early.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

PROBE_AFTER = (timedelta(days=7), timedelta(days=30), timedelta(days=90))
PROVED_AFTER = timedelta(days=3)
"""Most bounces come within an hour; relays give up a deferred mail after up to five days, and say
so on the way."""


@dataclass(frozen=True, slots=True)
class AddressProbe:
    accepted_at: datetime | None
    """None: the relay has not accepted it."""
    has_bounced: bool


def probe_step(
    suspended_at: datetime, probes: Sequence[AddressProbe], now: datetime
) -> int | Literal["resume"] | None:
    """The number of the probe that is due; "resume" when the last one proved the address; None:
    wait."""
    last = probes[-1] if probes else None
    if last is not None and last.accepted_at is not None and not last.has_bounced:
        return "resume" if now - last.accepted_at >= PROVED_AFTER else None
    n = len(probes)
    if n >= len(PROBE_AFTER) or now - suspended_at < PROBE_AFTER[n]:
        return None
    return n
