"""Delivers: claims what is due, hands it to the channels, records what they say; once, or for ever.

On SQLite whoever delivers for ever holds a lock of the operating system beside the database: its
holder knows that every lease it finds belongs to somebody dead. A channel that fails is begun
again; no other waits for it.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from sqlalchemy import Connection

from service.alerts.target import host_of
from service.channels import CHANNELS, ConcurrencyLimits
from service.delivery.alone import RaisingThread, delivering_alone
from service.delivery.channel import Channel, StreamingChannel
from service.errors import LoaError
from service.heartbeat import WITHIN_S, Pulse
from service.settings import Settings, WebhookSettings
from service.storage import queue
from service.storage.engine import Database
from service.storage.owners import TroubleNotifier, tell_troubles
from service.storage.queue import ClaimedMessage, continue_fanouts, listen
from service.types import WEBHOOK, Clock, Result, State
from service.types import Channel as ChannelName

_log = logging.getLogger(__name__)
T = TypeVar("T")

_BATCH = 100
_LOOK_EVERY_S = 0.25
_TEND_EVERY_S = 60.0
_REAP_EVERY_S = 1.0
_RETRY_LOCK_S = 1.0
_SEND_WITHIN_S = 90.0
"""How long a relay may take until one of a batch is recorded: longer than all time-outs of a
dialogue."""
_TEND_WITHIN_S = 60.0
_END_WITHIN_S = 8.0
"""Of the ten seconds in which a process must have ended."""


@dataclass(frozen=True, slots=True)
class DeliveryCounts:
    """Messages by what became of them."""

    sent: int = 0
    failed: int = 0
    retry: int = 0
    suspended: int = 0
    skipped: int = 0

    def as_dict(self) -> dict[str, int]:
        return asdict(self)


_COUNTED = {
    State.SENT: "sent",
    State.FAILED: "failed",
    State.DUE: "retry",
    State.SUSPENDED: "suspended",
    State.SKIPPED: "skipped",
}


class LedgerWork:
    """The ledger of one channel, as channel.Work describes it; counts what was recorded."""

    def __init__(
        self,
        database: Database,
        channel: ChannelName,
        clock: Clock,
        lease_s: float,
        pulse: Pulse | None = None,
        due_by: datetime | None = None,
    ) -> None:
        """`due_by`: what becomes due later is left alone; None: nothing is."""
        self._pulse = pulse or Pulse()
        self._due_by = due_by
        self._hint = threading.Event()
        self._database = database
        self._channel = channel
        self._clock = clock
        self._lease_s = lease_s
        self._lock = threading.Lock()
        self._on_wake: Callable[[], None] | None = None
        self.counts: Counter[str] = Counter()

    def beat(self, within_s: float = WITHIN_S) -> None:
        """The loop that sends is alive."""
        self._pulse.beat(f"delivery by {self._channel}", within_s)

    def exchange(
        self,
        results: Sequence[Result],
        places: int,
        slow_places: int,
        load: Callable[[Connection, Sequence[ClaimedMessage]], T],
        urgent_places: int | None = None,
    ) -> tuple[Sequence[ClaimedMessage], T | None]:
        now = self._clock()
        self._pulse.beat(f"ledger of {self._channel}")
        try:
            with self._database.writing() as conn:
                counting = self._record(conn, results)
                claimed = queue.claim_due(
                    conn,
                    channel=self._channel,
                    now=now,
                    limit=places,
                    slow_limit=slow_places,
                    urgent_limit=urgent_places,
                    lease_s=self._lease_s,
                    due_by=self._due_by,
                )
                loaded = load(conn, claimed) if claimed else None
        finally:
            self._pulse.rest(f"ledger of {self._channel}")
        self._count(counting)
        return claimed, loaded

    def claim(self, places: int) -> Sequence[ClaimedMessage]:
        return self.exchange((), places, places, lambda _conn, _claimed: None)[0]

    def record(self, results: Sequence[Result]) -> None:
        self.beat(_SEND_WITHIN_S)
        if results:
            with self._database.writing() as conn:
                counting = self._record(conn, results)
            self._count(counting)

    def is_due(self) -> bool:
        now = self._clock()
        with self._database.reading() as conn:
            at = queue.next_due_at(conn, self._channel)
            return at is not None and at <= now and not queue.is_paused(conn)

    def is_urgent_due(self) -> bool:
        with self._database.reading() as conn:
            return queue.has_urgent(conn, self._channel, self._clock()) and not queue.is_paused(
                conn
            )

    def wait(self, timeout_s: float) -> None:
        self.beat()
        if self._hint.wait(timeout_s):
            self._hint.clear()

    def call_on_wake(self, wake: Callable[[], None] | None) -> None:
        with self._lock:
            self._on_wake = wake

    def wake(self) -> None:
        """A hint: something may have become due."""
        self._hint.set()
        with self._lock:  # so that nobody is called who has just said that he wants no more
            if self._on_wake is not None:
                self._on_wake()

    def _record(self, conn: Connection, results: Sequence[Result]) -> Sequence[Result]:
        """Those that counted."""
        counting = queue.record_results(conn, results, self._clock()) if results else []
        if len(counting) < len(results):
            _log.warning("results came after their leases had ended; they change nothing")
        return counting

    def _count(self, results: Sequence[Result]) -> None:
        with self._lock:
            self.counts.update(_COUNTED[r.state] for r in results if r.state in _COUNTED)


def _wake_all(works: Sequence[LedgerWork]) -> None:
    for work in works:
        work.wake()


class Deliverer:
    """Everything that leaves by a channel leaves through here."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        clock: Clock,
        channels: Sequence[Channel | StreamingChannel],
        pulse: Pulse | None = None,
    ) -> None:
        self._pulse = pulse or Pulse()
        self._database = database
        self._settings = settings
        self._clock = clock
        self._channels = channels

    def deliver_due(self, stop: threading.Event | None = None) -> DeliveryCounts:
        """Sends what is due now, each once: what becomes due meanwhile is the next call's."""
        stop = stop or threading.Event()
        self._tend(is_start=True)
        total: Counter[str] = Counter()
        started_at = self._clock()
        works = [(channel, self._work(channel, started_at)) for channel in self._channels]
        with delivering_alone(self._database) as is_alone:
            if is_alone:
                self._free_dead()
            threads = [
                RaisingThread(partial(self._send, c, w, stop, is_draining=True)) for c, w in works
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join_or_raise()
        for _, work in works:
            total.update(work.counts)
        return DeliveryCounts(**total)

    def run(self, stop: threading.Event) -> None:
        """Delivers until `stop` is set; then what is in the air ends or is handed back."""
        with self._holding_lock(stop) as has_lock:
            if not has_lock:
                return
            self._keep("freeing what a dead process held", stop, self._free_dead, is_once=True)
            works = [(channel, self._work(channel)) for channel in self._channels]
            wake = partial(_wake_all, [work for _, work in works])
            jobs: dict[str, Callable[[], None]] = {
                f"delivery by {channel.name}": partial(
                    self._send, channel, work, stop, is_draining=False
                )
                for channel, work in works
            }
            jobs["the end of leases"] = partial(self._keep_reaping, stop)
            jobs["tending the ledger"] = partial(self._keep_tending, stop)
            jobs["the fan-out"] = partial(self._keep_fanning_out, stop, wake)
            if not self._database.is_sqlite:
                jobs["listening for what becomes due"] = partial(listen, self._database, stop, wake)
            threads = [
                threading.Thread(target=self._keep, args=(name, stop, work), name=name, daemon=True)
                for name, work in jobs.items()
            ]
            for thread in threads:
                thread.start()
            stop.wait()
            wake()
            deadline = time.monotonic() + _END_WITHIN_S
            for thread in threads:
                thread.join(max(0.0, deadline - time.monotonic()))

    def _keep(
        self, name: str, stop: threading.Event, work: Callable[[], None], *, is_once: bool = False
    ) -> None:
        """Begins work again whenever it fails, until `stop` is set. A bug is told, and stops nobody
        for ever."""
        while not stop.is_set():
            try:
                work()
            except LoaError as error:
                _log.error("%s stopped, begins again: %s", name, error)
            except Exception:  # a bug, logged whole: sending must begin again
                _log.exception("%s stopped by a bug, begins again", name)
            else:
                if is_once:
                    return
            stop.wait(_RETRY_LOCK_S)

    def _work(
        self, channel: Channel | StreamingChannel, due_by: datetime | None = None
    ) -> LedgerWork:
        lease_s = self._settings.webhooks.lease_s
        return LedgerWork(
            self._database, channel.name, self._clock, lease_s, self._pulse, due_by=due_by
        )

    def _send(
        self,
        channel: Channel | StreamingChannel,
        work: LedgerWork,
        stop: threading.Event,
        *,
        is_draining: bool,
    ) -> None:
        if isinstance(channel, StreamingChannel):
            channel.stream(self._database, work, stop, is_draining=is_draining)
            return
        with closing(channel):
            while not stop.is_set():
                work.beat()
                claimed = work.claim(_BATCH) if work.is_due() else ()
                if claimed:
                    work.beat(_SEND_WITHIN_S)
                    channel.send(self._database, claimed, work.record, stop)
                elif is_draining:
                    return
                else:
                    channel.rest()
                    work.wait(_LOOK_EVERY_S)

    def _keep_fanning_out(self, stop: threading.Event, wake: Callable[[], None]) -> None:
        def woken() -> None:
            self._pulse.beat("fan-out")
            wake()

        while not stop.wait(_LOOK_EVERY_S):
            self._pulse.beat("fan-out")
            if continue_fanouts(self._database, self._clock(), woken):
                wake()

    def _keep_tending(self, stop: threading.Event) -> None:
        while not stop.is_set():
            self._pulse.beat("tending the ledger", _TEND_WITHIN_S)
            self._tend()
            self._pulse.beat("tending the ledger", _TEND_EVERY_S + WITHIN_S)
            stop.wait(_TEND_EVERY_S)

    def _keep_reaping(self, stop: threading.Event) -> None:
        while not stop.wait(_REAP_EVERY_S):
            self._pulse.beat("the end of leases")
            self._reap()

    def _reap(self) -> None:
        with self._database.reading() as conn:
            has_expired = queue.has_expired(conn, self._clock())
        if has_expired:
            with self._database.writing() as conn:
                queue.free_expired(conn, self._clock())

    def _tend(self, *, is_start: bool = False) -> None:
        """Mends what a crash left, ends leases, disables and probes what fails for long."""
        now = self._clock()
        webhooks = self._settings.webhooks
        after = timedelta(seconds=webhooks.disable_after_s)
        wanted = _places(webhooks)
        self._reap()
        with self._database.reading() as conn:
            is_off, has_news = queue.is_off(conn, wanted), queue.has_news(conn, now, after)
        if is_off or has_news:
            self._mend(now, after, wanted)
        if self._settings.email.smtp_url:
            tell_troubles(self._database, self._teller(after), now)
        if is_start:
            continue_fanouts(self._database, now)

    def _mend(
        self, now: datetime, after: timedelta, wanted: Mapping[ChannelName, ConcurrencyLimits]
    ) -> None:
        with self._database.writing() as conn:
            queue.apply_caps(conn, wanted)
            for key in queue.warn_failing(conn, now, after):
                _log.warning(
                    "an endpoint has failed for half the time after which it is disabled: %s",
                    host_of(key),
                )
            queue.disable_failing(conn, now, after)
            queue.probe_disabled(conn, now)
            queue.heal(conn)

    def _teller(self, after: timedelta) -> TroubleNotifier:
        service = self._settings.service
        return TroubleNotifier(self._settings.operator.email, service.language, after)

    def _free_dead(self) -> None:
        with self._database.writing() as conn:
            if self._database.is_sqlite:
                queue.free_all_leases(conn)
            queue.heal(conn)

    @contextmanager
    def _holding_lock(self, stop: threading.Event) -> Iterator[bool]:
        """Waits for the lock beside a SQLite file; False when told to stop meanwhile."""
        said = False
        while not stop.is_set():
            with delivering_alone(self._database) as is_alone:
                if is_alone:
                    yield True
                    return
            if not said:
                _log.warning("another process delivers from this database; waiting for it to end")
                said = True
            stop.wait(_RETRY_LOCK_S)
        yield False


def _places(webhooks: WebhookSettings) -> dict[ChannelName, ConcurrencyLimits]:
    """Of channels that have an endpoint for each target: as the table says, of webhooks as is
    configured."""
    own = {kind.name: kind.places for kind in CHANNELS.values() if not kind.places.shared}
    own[WEBHOOK] = ConcurrencyLimits(
        webhooks.per_endpoint_concurrency, webhooks.per_host_concurrency
    )
    return own
