"""The loop of an office: asks, verifies, hands on, and acknowledges only then; for ever, or once.

Whatever dies in between, what was not acknowledged comes again under its id.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from threading import Event

from service.errors import RemoteError
from service.office.consumers import Consumer, ConsumerError
from service.office.office_client import HandedMessage, OfficeClient

ACK_EVERY_S = 1.0
LONGEST_PAUSE_S = 60.0
WAIT_S = 30.0
LIMIT = 50
_REMEMBERED = 10_000


@dataclass(slots=True)
class PullResult:
    """`repeated`: came again although it was taken. `refused`: not signed as it must be; it is not
    acknowledged. `failed`: not taken, comes again. `unanswered`: the Loa could not be asked."""

    taken: int = 0
    repeated: int = 0
    refused: int = 0
    failed: int = 0
    unanswered: int = 0

    @property
    def is_whole(self) -> bool:
        return not (self.refused or self.failed or self.unanswered)

    def as_dict(self) -> dict[str, int]:
        return asdict(self)


@dataclass(slots=True)
class StatementResult:
    """Of one day: ids that were owed, those that were not here, those that are here now, and those
    that nobody has any more."""

    day: str
    owed: int = 0
    missing: int = 0
    fetched: int = 0
    gone: list[str] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        return self.missing == self.fetched


Tell = Callable[[str], object]


class Puller:
    """`tell`: what is said of each message, in a line. `pause` waits so many seconds, or less when
    it is told to stop."""

    def __init__(
        self,
        client: OfficeClient,
        taker: Consumer,
        tell: Tell,
        stop: Event,
        pause: Callable[[float], object] | None = None,
    ) -> None:
        self._client = client
        self._taker = taker
        self._tell = tell
        self._stop = stop
        self._pause = pause or stop.wait
        self._done: dict[str, None] = {}
        self._unacknowledged: list[str] = []
        self._acknowledged_at = time.monotonic()
        self.counts = PullResult()

    def run(self, *, is_once: bool) -> PullResult:
        """Until told to stop; once: until nothing more is owed, or something went wrong."""
        failures = 0
        while not self._stop.is_set():
            try:
                found = self._client.ask(0 if is_once else WAIT_S, LIMIT)
                is_well = self._take_all(found)
            except RemoteError as error:
                self._tell(str(error))
                self.counts.unanswered += 1
                is_well, found, after_s = False, [], error.retry_after_s
            else:
                after_s = None
            if is_once and (not found or not is_well):
                return self.counts
            failures = 0 if is_well else failures + 1
            if failures:
                self._pause(max(after_s or 0, backoff_s(failures, random.random())))  # noqa: S311  # spreads, hides nothing
        return self.counts

    def _take_all(self, messages: Iterable[HandedMessage]) -> bool:
        """Whether all were taken. After one that was not, the rest waits for its lease to end."""
        is_well = True
        try:
            for message in messages:
                is_well = self.take(message) and is_well
                if self._stop.is_set():
                    break
                if time.monotonic() - self._acknowledged_at >= ACK_EVERY_S:
                    self.acknowledge()
        finally:
            self.acknowledge()
        return is_well

    def take(self, message: HandedMessage) -> bool:
        if message.fault:
            self.counts.refused += 1
            self._tell(f"{message.id[:100]} is refused: {message.fault}")
            return False
        if message.id in self._done:
            self.counts.repeated += 1
        else:
            try:
                self._taker.take(message)
            except ConsumerError as error:
                self.counts.failed += 1
                self._tell(f"{message.id} is not taken, and comes again: {error}")
                return False
            self._remember(message.id)
            self.counts.taken += 1
            self._tell(f"{message.id} is taken")
        self._unacknowledged.append(message.id)
        return True

    def _remember(self, message_id: str) -> None:
        self._done[message_id] = None
        if len(self._done) > _REMEMBERED:
            del self._done[next(iter(self._done))]

    def acknowledge(self) -> None:
        """Says what was taken. What it could not say is said again, or comes again."""
        self._acknowledged_at = time.monotonic()
        if self._unacknowledged:
            self._client.acknowledge(self._unacknowledged)
            self._unacknowledged = []

    def make_whole(self, day: str) -> StatementResult:
        """Fetches what was owed on a day and is not here. Raises RemoteError."""
        statement = self._client.statement(day)
        missing = [id_ for id_ in statement.ids if not self._taker.has(id_)]
        result = StatementResult(day, len(statement.ids), len(missing))
        for start in range(0, len(missing), LIMIT):
            wanted = missing[start : start + LIMIT]
            found = self._client.fetch(wanted)
            before = self.counts.taken
            self._take_all(found)
            result.fetched += self.counts.taken - before
            result.gone += sorted({*wanted} - {one.id for one in found})
        return result


def backoff_s(failures: int, luck: float) -> float:
    """Seconds to wait after so many failures in a row: doubled each time, and spread, so that
    10,000 offices do not come back at once. `luck` is from 0 to 1.

    >>> backoff_s(1, 1.0), backoff_s(20, 1.0)
    (1.0, 60.0)
    """
    return float(min(LONGEST_PAUSE_S, 2 ** min(failures - 1, 10)) * (0.5 + luck / 2))
