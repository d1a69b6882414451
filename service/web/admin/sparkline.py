"""How a listing's polls went, small enough for a row: one bar a poll, as high as it took long, in
another colour where it failed. Drawn as SVG within the page, without a script or a style."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log2

from service.storage.poll_history import PastPoll

HEIGHT = 24
STEP = 5
"""Units of the drawing from one bar to the next; the bar is four of them wide."""
_LEAST_MS, _MOST_MS = 50, 30_000


@dataclass(frozen=True, slots=True)
class Bar:
    """`x`, `y`, `height` in units of the drawing, from its upper left."""

    x: int
    y: int
    height: int
    poll: PastPoll

    @property
    def is_bad(self) -> bool:
        return self.poll.outcome.is_failure


def bars_of(polls: Sequence[PastPoll]) -> tuple[Bar, ...]:
    """From the oldest, at the left. `polls`: the newest first. Each doubling of the time is as high
    as any other: 50 ms are the lowest bar, 30 s the highest."""
    found = []
    for number, poll in enumerate(reversed(polls)):
        took_ms = min(max(poll.took_ms, _LEAST_MS), _MOST_MS)
        height = 2 + round((HEIGHT - 2) * log2(took_ms / _LEAST_MS) / log2(_MOST_MS / _LEAST_MS))
        found.append(Bar(number * STEP, HEIGHT - height, height, poll))
    return tuple(found)
