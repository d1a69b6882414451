"""Keeps the memory of long-lived processes small, where glibc manages it; elsewhere nothing happens."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import lru_cache

M_ARENA_MAX = -8
"""mallopt(3). Each of dozens of threads would get an arena of its own and never give it back."""

ARENAS = 1
"""The interpreter's lock lets one thread allocate at a time anyhow."""


@lru_cache(maxsize=1)
def _glibc() -> ctypes.CDLL | None:
    libc = ctypes.CDLL(None)
    return libc if hasattr(libc, "malloc_trim") and hasattr(libc, "mallopt") else None


def _call(act: Callable[[ctypes.CDLL], object]) -> None:
    libc = _glibc()
    if libc is not None:
        act(libc)


def limit_arenas() -> None:
    """Before threads start; holds in forked children too."""
    _call(lambda libc: libc.mallopt(M_ARENA_MAX, ARENAS))


def give_back() -> None:
    """What was freed goes back to the system: some milliseconds, after work that took much for a moment."""
    _call(lambda libc: libc.malloc_trim(0))
