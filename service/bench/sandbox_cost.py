"""What it costs to read a stranger's page in a child process, beside the same in this one."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from service.bench.cpu import family_cpu_s

MOST_TIMES = 1.15
"""Of a poll's CPU."""
_AT_ONCE = 40
"""Polls between two looks at the clock, which has ticks of 10 ms."""


def compare_apart(
    what: str, blocks: int, apart: Callable[[], object], here: Callable[[], object]
) -> dict[str, Any]:
    """By turns, each warmed once; CPU of this process and its children, their spawner's too, in
    milliseconds a poll."""
    spent = {"ours": 0.0, "baseline": 0.0}
    works = {"ours": apart, "baseline": here}
    for work in works.values():
        work()
    for _ in range(blocks):
        for name, work in works.items():
            began = family_cpu_s(os.getpid())
            for _ in range(_AT_ONCE):
                work()
            spent[name] += family_cpu_s(os.getpid()) - began
    mine, theirs = (one * 1000 / blocks / _AT_ONCE for one in spent.values())
    return ratio_row(what, MOST_TIMES, mine, theirs)


def ratio_row(what: str, budget: float, mine: float, theirs: float) -> dict[str, Any]:
    """A row of a benchmark, of CPU milliseconds."""
    return {
        "what": what,
        "ours": {"cpu_ms": round(mine, 3)},
        "baseline": {"cpu_ms": round(theirs, 3)},
        "ratio": round(mine / theirs, 3),
        "budget": budget,
        "met": mine <= budget * theirs,
    }
