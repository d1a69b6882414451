"""The channel that is asked: nothing is sent, and whom nobody asks for is told.

What is handed out, and to whom, is `pull_source`'s; here is what looks after it as a worker runs.
"""

from __future__ import annotations

import time
from threading import Event

from service.channels import PULL
from service.delivery.channel import Work
from service.delivery.senders import Parts
from service.storage.engine import Database
from service.storage.pull_streams import find_unasked, mark_unasked
from service.types import Clock

_LOOK_EVERY_S = 60.0
_BEAT_EVERY_S = 1.0


def open_sender(parts: Parts) -> PullChannel:
    return PullChannel(parts.clock)


class PullChannel:
    """A streaming channel that claims nothing."""

    name = PULL

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def stream(self, database: Database, work: Work, stop: Event, *, is_draining: bool) -> None:
        looked_at = -_LOOK_EVERY_S
        while True:
            work.beat()
            if time.monotonic() - looked_at >= _LOOK_EVERY_S:
                looked_at = time.monotonic()
                self._look(database)
            if is_draining or stop.wait(_BEAT_EVERY_S):
                return

    def _look(self, database: Database) -> None:
        now = self._clock()
        with database.reading() as conn:
            found = find_unasked(conn, now)
        if found:
            with database.writing() as conn:
                mark_unasked(conn, now)
