"""The loop that keeps webhooks in the air: claims, sends as places become free, and gives results
back in batches.

Some messages are claimed ahead of free places, so that none stays empty while the ledger is
written.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from threading import Event
from typing import Generic, NamedTuple, Protocol, TypeVar

from sqlalchemy import Connection

from service.delivery.channel import Work
from service.delivery.ledger_exchange import LedgerExchange
from service.delivery.outcome import handed_back
from service.delivery.prepare import Request
from service.delivery.wire import Wire, WireAnswer
from service.errors import StorageError
from service.settings import WebhookSettings
from service.storage.engine import Database
from service.storage.queue import ClaimedMessage
from service.types import Clock, Result, State

_log = logging.getLogger(__name__)
M = TypeVar("M")
Taken = TypeVar("Taken", contravariant=True)
Read = TypeVar("Read", covariant=True)

_TRADE_EVERY_S = 0.005
"""Between two transactions: meanwhile the web process gets its turn at SQLite's lock, and results
make a batch."""

_LOOK_EVERY_S = 0.1
"""Where no hint comes: what is urgent is claimed within 0.2 s of its writing."""

_LOOK_FOR_URGENT_EVERY_S = 0.1
"""While nothing else has a place."""

_AGAIN_AFTER_S = 1.0
_AHEAD = 64
"""Claimed before they have a place."""

_CLAIM_AT_MOST = 160
"""In one transaction: about what is sent in 5 ms, and about 4 ms of SQLite's lock."""

_GRACE_S = 5.0
"""For what is in the air when told to stop: half of the ten seconds in which a process must have
ended."""


class MessageReader(Protocol[Read]):
    """Loads what is said, by message id, within the transaction that claims."""

    def load(
        self, conn: Connection, message_ids: Sequence[str], now: datetime
    ) -> Mapping[str, Read]: ...


class MessageOutcomes(Protocol[Taken]):
    """What becomes of the messages of a channel: see `delivery.outcome.Outcomes`."""

    def prepared(
        self, claimed: ClaimedMessage, outgoing: Taken | None, now: datetime
    ) -> Request | Result: ...

    def result(self, claimed: ClaimedMessage, answered: WireAnswer, now: datetime) -> Result: ...

    def confirm(self, conn: Connection, request: Request, now: datetime) -> None:
        """The endpoint has answered as it was asked."""
        ...


class _ExchangeClaim(NamedTuple, Generic[M]):
    """Of a trade: what it claimed, what was loaded for it, and how many places it was asked for."""

    claimed: Sequence[ClaimedMessage]
    loaded: Mapping[str, M]
    places: int


class _ExchangeInput(NamedTuple):
    """To a trade: results, and the questions that were answered as they were asked."""

    results: list[Result]
    confirmed: list[Request]


class SendLoop(Generic[M]):
    """One loop, in one thread, over one wire. Not used again after `run`."""

    def __init__(
        self,
        settings: WebhookSettings,
        outcomes: MessageOutcomes[M],
        reader: MessageReader[M],
        clock: Clock,
        wire: Wire,
        work: Work,
        database: Database,
    ) -> None:
        self._settings = settings
        self._outcomes = outcomes
        self._clock = clock
        self._wire = wire
        self._work = work
        self._database = database
        self._trades: LedgerExchange[_ExchangeClaim[M]] = LedgerExchange(
            is_beside=not database.is_sqlite, ended=wire.wake
        )
        self._reader = reader
        self._waiting: deque[tuple[ClaimedMessage, M | None, float]] = deque()
        self._flying: dict[str, ClaimedMessage] = {}
        self._n_slow = 0
        self._given = _ExchangeInput([], [])
        self._kept = _ExchangeInput([], [])
        self._kept_since = 0.0
        self._trade_at = 0.0
        self._look_at = 0.0
        self._look_for_urgent_at = 0.0
        self._is_dry = False
        self._is_hinted = False
        self._patience_s = settings.lease_s - settings.timeout_s
        """How long after its claim a message may be begun: its lease must outlast the attempt."""
        self._ahead = min(_AHEAD, settings.concurrency)
        self._beyond = max(settings.concurrency // 8, 1)
        """Places that only urgent messages have, when all others are taken."""
        self._n_urgent = 0
        """Urgent ones among those that wait."""

    def run(self, stop: Event, is_draining: bool) -> None:
        self._work.call_on_wake(self._wake)
        try:
            self._run(stop, is_draining)
        finally:
            self._work.call_on_wake(None)
            self._trades.close()

    def _wake(self) -> None:
        """Something may have become due; from any thread."""
        self._is_hinted = True
        self._wire.wake()

    def _run(self, stop: Event, is_draining: bool) -> None:
        give_up_at: float | None = None
        while True:
            self._work.beat()
            is_stopping = stop.is_set()
            if is_stopping and give_up_at is None:
                give_up_at = time.monotonic() + _GRACE_S
            is_late = give_up_at is not None and time.monotonic() > give_up_at
            if is_stopping:
                self._hand_back(is_late=is_late)
            try:
                self._settle()
                self._trade(is_stopping)
                self._settle()
            except StorageError as error:
                if is_draining or is_late:
                    raise
                self._put_off(error)
            if not is_stopping:
                self._fill()
            is_idle = not (
                self._flying or self._waiting or self._kept.results or self._trades.is_running
            )
            if is_idle and (is_stopping or (is_draining and self._is_dry)):
                return
            self._wait()

    def _hand_back(self, *, is_late: bool) -> None:
        """What was not begun, and what did not end in time, is due again at once, and is not
        counted."""
        now = self._clock()
        if is_late:
            self._trades.wait()
            self._trade_at = 0.0
        back = [claimed for claimed, _, _ in self._waiting] + (
            list(self._flying.values()) if is_late else []
        )
        self._waiting.clear()
        self._n_urgent = 0
        if is_late:
            self._flying.clear()
        self._keep([handed_back(claimed, now) for claimed in back])

    def _keep(self, results: Sequence[Result]) -> None:
        if results and not self._kept.results:
            self._kept_since = time.monotonic()
        self._kept.results.extend(results)

    def _put_off(self, error: StorageError) -> None:
        """The database is away: what is in the air goes on, results are kept for when it is
        back."""
        _log.warning("results of webhooks cannot be recorded yet: %s", error)
        self._kept = _ExchangeInput(
            [*self._given.results, *self._kept.results],
            [*self._given.confirmed, *self._kept.confirmed],
        )
        self._given = _ExchangeInput([], [])
        self._trade_at = self._look_at = time.monotonic() + _AGAIN_AFTER_S

    def _trade(self, is_stopping: bool) -> None:
        """Begins to record and claim in one transaction, when there is something to record or may
        be to claim."""
        now = time.monotonic()
        if self._trades.is_running or now < self._trade_at:
            return
        if self._is_hinted:
            self._is_hinted, self._look_at, self._look_for_urgent_at = False, 0.0, 0.0
        places = 0 if is_stopping else self._places()
        urgent_places = 0 if is_stopping else self._urgent_places()
        if self._kept.results:
            if now < self._due_at() and not is_stopping:
                return
        elif not self._wants(places):
            if not self._finds_urgent(now, urgent_places):
                return
        elif now < self._look_at:
            return
        elif not self._work.is_due():
            self._look_at, self._is_dry = now + _LOOK_EVERY_S, True
            return
        self._given, self._kept = self._kept, _ExchangeInput([], [])
        slow_places = max(self._settings.concurrency // 4, 1) - self._n_slow
        self._trades.begin(partial(self._exchange, self._given, places, slow_places, urgent_places))

    def _places(self) -> int:
        free = self._settings.concurrency + self._ahead - len(self._flying) - len(self._waiting)
        return max(0, min(free, _CLAIM_AT_MOST))

    def _urgent_places(self) -> int:
        free = self._settings.concurrency + self._beyond - len(self._flying) - self._n_urgent
        return max(0, min(free, _CLAIM_AT_MOST))

    def _finds_urgent(self, now: float, places: int) -> bool:
        """Whether something urgent is to be claimed though nothing else has a place."""
        if places == 0 or now < self._look_for_urgent_at:
            return False
        self._look_for_urgent_at = now + _LOOK_FOR_URGENT_EVERY_S
        return self._work.is_urgent_due()

    def _wants(self, places: int) -> bool:
        """Whether a claim is worth a transaction of its own."""
        return places > 0 and 2 * len(self._waiting) <= self._ahead

    def _due_at(self) -> float:
        """When what is kept is to be recorded: soon, so that it makes a batch, and at once when it
        is one."""
        return 0.0 if len(self._kept.results) >= _AHEAD else self._kept_since + _TRADE_EVERY_S

    def _exchange(
        self, given: _ExchangeInput, places: int, slow_places: int, urgent_places: int
    ) -> _ExchangeClaim[M]:
        """May run in another thread: touches nothing of the loop's but what it was given."""
        if (
            given.confirmed
        ):  # before the result that says so: a question whose answer was lost is asked again
            with self._database.writing() as conn:
                for request in given.confirmed:
                    self._outcomes.confirm(conn, request, self._clock())
        claimed, loaded = self._work.exchange(
            given.results, places, slow_places, self._load, urgent_places
        )
        return _ExchangeClaim(claimed, loaded or {}, places)

    def _load(self, conn: Connection, claimed: Sequence[ClaimedMessage]) -> Mapping[str, M]:
        return self._reader.load(conn, [one.message_id for one in claimed], self._clock())

    def _settle(self) -> None:
        """Takes what an ended trade has claimed."""
        claim = self._trades.take()
        if claim is None:
            return
        now = time.monotonic()
        self._is_dry = not claim.claimed and not self._given.results and claim.places > 0
        self._look_at = 0.0 if claim.claimed or self._given.results else now + _LOOK_EVERY_S
        self._given = _ExchangeInput([], [])
        begin_by = now + self._patience_s
        for one in claim.claimed:
            place = self._n_urgent if one.is_urgent else len(self._waiting)
            self._waiting.insert(place, (one, claim.loaded.get(one.message_id), begin_by))
            self._n_urgent += one.is_urgent
        self._n_slow += sum(one.is_slow for one in claim.claimed)
        self._trade_at = now + _TRADE_EVERY_S

    def _fill(self) -> None:
        """Begins what waits, as long as places are free."""
        now, monotonic = self._clock(), time.monotonic()
        while self._waiting and len(self._flying) < self._settings.concurrency + (
            self._beyond if self._waiting[0][0].is_urgent else 0
        ):
            claimed, outgoing, begin_by = self._waiting.popleft()
            self._n_urgent -= claimed.is_urgent
            if monotonic > begin_by:
                prepared: Request | Result = handed_back(claimed, now)
            else:
                prepared = self._outcomes.prepared(claimed, outgoing, now)
            if isinstance(prepared, Result):
                self._n_slow -= claimed.is_slow
                self._keep([prepared])
            else:
                self._flying[claimed.message_id] = claimed
                self._wire.send(prepared)

    def _wait(self) -> None:
        now = time.monotonic()
        until = now + _LOOK_EVERY_S
        if not self._trades.is_running:
            if self._kept.results:
                until = max(self._trade_at, self._due_at())
            elif self._wants(self._places()):
                until = max(self._trade_at, self._look_at)
        self._finish(self._wire.poll(max(0.0, min(until - now, _LOOK_EVERY_S))))

    def _finish(self, answers: Sequence[WireAnswer]) -> None:
        now = self._clock()
        for answered in answers:
            claimed = self._flying.pop(answered.request.message_id, None)
            if claimed is None:
                continue  # handed back
            self._n_slow -= claimed.is_slow
            result = self._outcomes.result(claimed, answered, now)
            self._keep([result])
            challenge = answered.request.challenge
            if challenge and result.state is State.SENT and challenge.encode() in answered.body:
                self._kept.confirmed.append(answered.request)
