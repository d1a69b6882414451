"""Keeps the memory of long-lived processes small, on Linux with glibc; elsewhere nothing
happens."""

from __future__ import annotations

import ctypes
import re
import threading
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

M_ARENA_MAX = -8
"""mallopt(3). Each of dozens of threads would get an arena of its own and never give it back."""

ARENAS = 1
"""The interpreter's lock lets one thread allocate at a time anyhow."""

MADV_DONTNEED = 4
"""madvise(2): of a file that nobody wrote to, the pages are read again when they are needed."""

SETTLED_S = 3.0
"""By then a process has imported and made what it starts with."""

_SMAPS = Path("/proc/self/smaps")
_MAPPING = re.compile(rb"([0-9a-f]+)-([0-9a-f]+) r-[x-]p \S+ \S+ \S+ +/")


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
    """What was freed goes back to the system: some milliseconds, after work that took much for a
    moment."""
    _call(lambda libc: libc.malloc_trim(0))


def give_back_startup_memory() -> None:
    """In a while, gives back what only the start of this process needed: of the code of libraries
    it is most."""

    def rest() -> None:
        _call(_let_go_of_code)
        give_back()

    timer = threading.Timer(SETTLED_S, rest)
    timer.daemon = True
    timer.start()


def _let_go_of_code(libc: ctypes.CDLL) -> None:
    """Of what is mapped from files, cannot be written and never was (proc(5), `Anonymous`)."""
    if not _SMAPS.exists():
        return
    found = None
    with _SMAPS.open("rb") as lines:
        for line in lines:
            if found and line.startswith(b"Anonymous:") and line.split()[1] == b"0":
                start, end = int(found[1], 16), int(found[2], 16)
                libc.madvise(ctypes.c_void_p(start), ctypes.c_size_t(end - start), MADV_DONTNEED)
            elif not line[:1].isupper():
                found = _MAPPING.match(line)
