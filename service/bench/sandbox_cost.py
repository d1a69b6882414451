"""What it costs to read a stranger's page in a child process, beside the same in this one."""

from __future__ import annotations

import os
import statistics
from collections.abc import Callable
from typing import Any

from service.bench.cpu import family, family_cpu_s

MOST_TIMES = 1.15
"""Of a poll's CPU."""
_AT_ONCE = 40
"""Polls between two looks at the clock, which has ticks of 10 ms."""


def compare_apart(
    what: str, blocks: int, apart: Callable[[], object], here: Callable[[], object]
) -> dict[str, Any]:
    """By turns, each warmed once; CPU of this process and its children, their spawner's too, in
    milliseconds each: the median of the blocks."""
    apart(), here()
    mine, theirs = (
        statistics.median(block)
        for block in zip(*((_block_ms(apart), _block_ms(here)) for _ in range(blocks)), strict=True)
    )
    return ratio_row(what, MOST_TIMES, mine, theirs)


def _block_ms(work: Callable[[], object]) -> float:
    """Again where a reader was replaced meanwhile: nobody has the time of one that has ended."""
    while True:
        there, began = family(os.getpid()), family_cpu_s(os.getpid())
        for _ in range(_AT_ONCE):
            work()
        if family(os.getpid()) == there:
            return (family_cpu_s(os.getpid()) - began) * 1000 / _AT_ONCE


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
