"""Rendered entries in a file without a name, beside the memory of the process; it goes with the
process.

Owns that file and its room. The system keeps in memory what of it is read often: an entry comes
back in 3 µs.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from tempfile import TemporaryFile

from service.feeds.model import Entry

SLACK_BYTES = 16 << 20
"""Of room that nothing stands in any more, before the file is written anew."""

NOWHERE = -1
"""No file of any process."""


@dataclass(slots=True)
class CachedFeed:
    """An entry but for its bytes. `start` moves when the file is written anew; `body` holds what
    the disk refused."""

    post_id: str
    digest: bytes
    moved_at: datetime
    start: int
    length: int
    body: bytes | None = None


class FeedCache:
    """Not for several threads at once."""

    _close: Callable[[], object]

    def __init__(self, slack_bytes: int = SLACK_BYTES) -> None:
        self._slack_bytes = slack_bytes
        self._open()
        self._used = 0
        self._standing: dict[int, CachedFeed] = {}

    def _open(self) -> None:
        self._end = 0
        try:
            with TemporaryFile(prefix="loa-") as file:
                self._file = os.dup(file.fileno())
        except OSError:  # as below
            self._file, self._close = NOWHERE, lambda: None
        else:
            self._close = weakref.finalize(self, os.close, self._file)

    def put(self, entry: Entry) -> CachedFeed:
        cached = CachedFeed(entry.post_id, entry.digest, entry.moved_at, 0, len(entry.body))
        self._write(cached, entry.body)
        self._standing[id(cached)] = cached
        self._used += cached.length
        return cached

    def get(self, cached: CachedFeed) -> Entry:
        body = cached.body
        if body is None:
            body = os.pread(self._file, cached.length, cached.start)
        return Entry(cached.post_id, body, cached.digest, cached.moved_at)

    def drop(self, cached: CachedFeed) -> None:
        del self._standing[id(cached)]
        self._used -= cached.length
        if self._end > self._used + self._slack_bytes:
            self._write_anew()

    def _write(self, cached: CachedFeed, body: bytes) -> None:
        cached.start = self._end
        try:
            written = os.pwrite(self._file, body, self._end)
        except OSError:  # no room, or no disk: feeds go on, at the cost of memory
            written = 0
        cached.body = None if written == cached.length else body
        self._end += written

    def _write_anew(self) -> None:
        old, close = self._file, self._close
        self._open()
        for cached in self._standing.values():
            body = (
                os.pread(old, cached.length, cached.start) if cached.body is None else cached.body
            )
            self._write(cached, body)
        close()
