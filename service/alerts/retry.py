"""When a message that was not accepted is tried again. Pure: chance is handed in.

The schedule's first entry is the wait before the first attempt, the next one before the second, and
so on.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

JITTER = 0.2
"""Of the schedule, to either side: what failed together is not tried again together."""


def next_attempt(
    schedule_s: Sequence[float], attempts: int, retry_after_s: float | None, random: float
) -> timedelta | None:
    """How long to wait after `attempts` attempts; None when the schedule is exhausted.

    `retry_after_s` is what the receiver asked for: honoured between the scheduled wait and twice
    that.
    `random` is uniform in [0, 1).
    """
    if attempts >= len(schedule_s):
        return None
    scheduled = schedule_s[attempts]
    wait = scheduled * (1 - JITTER + 2 * JITTER * random)
    if retry_after_s is not None and retry_after_s > 0:
        asked = min(max(retry_after_s, scheduled), 2 * scheduled)
        wait = min(2 * scheduled, max(wait, asked) + scheduled * JITTER * random)
    return timedelta(seconds=wait)
