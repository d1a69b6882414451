"""Delivers: claims what is due, hands it to the channels, records what they say; once, or for ever.

On SQLite whoever delivers for ever holds a lock of the operating system beside the database: its holder knows
that every lease it finds belongs to somebody dead. A channel that fails is begun again; no other waits for it.
"""

from __future__ import annotations

import fcntl
import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import timedelta
from functools import partial
from typing import IO, TypeVar

from sqlalchemy import Connection

from service.alerts.links import Links
from service.alerts.signing import SecretBox
from service.delivery.channel import Channel, StreamingChannel
from service.errors import LoaError
from service.settings import Settings
from service.storage import endpoint_health as health
from service.storage import endpoints, ledger
from service.storage.changes import continue_fanouts
from service.storage.engine import Database, sqlite_path
from service.storage.ledger import Claimed
from service.types import Channel as ChannelName
from service.types import Clock, Result, State

_log = logging.getLogger(__name__)
T = TypeVar("T")

_BATCH = 100
_LOOK_EVERY_S = 0.25
_TEND_EVERY_S = 60.0
_REAP_EVERY_S = 1.0
_RETRY_LOCK_S = 1.0


@dataclass(frozen=True, slots=True)
class Counts:
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

    def __init__(self, database: Database, channel: ChannelName, clock: Clock, lease_s: float) -> None:
        self._database = database
        self._channel = channel
        self._clock = clock
        self._lease_s = lease_s
        self._lock = threading.Lock()
        self.counts: Counter[str] = Counter()

    def exchange(
        self,
        results: Sequence[Result],
        places: int,
        slow_places: int,
        load: Callable[[Connection, Sequence[Claimed]], T],
    ) -> tuple[Sequence[Claimed], T | None]:
        now = self._clock()
        with self._database.writing() as conn:
            self._record(conn, results)
            claimed = ledger.claim_due(
                conn, channel=self._channel, now=now, limit=places, slow_limit=slow_places, lease_s=self._lease_s
            )
            loaded = load(conn, claimed) if claimed else None
        self._count(results)
        return claimed, loaded

    def claim(self, places: int) -> Sequence[Claimed]:
        return self.exchange((), places, places, lambda _conn, _claimed: None)[0]

    def record(self, results: Sequence[Result]) -> None:
        if results:
            with self._database.writing() as conn:
                self._record(conn, results)
            self._count(results)

    def is_due(self) -> bool:
        now = self._clock()
        with self._database.reading() as conn:
            at = ledger.next_due_at(conn, self._channel)
            return at is not None and at <= now and not ledger.is_paused(conn)

    def _record(self, conn: Connection, results: Sequence[Result]) -> None:
        if results and ledger.record_results(conn, results, self._clock()) < len(results):
            _log.warning("results came after their leases had ended; they change nothing")

    def _count(self, results: Sequence[Result]) -> None:
        with self._lock:
            self.counts.update(_COUNTED[r.state] for r in results if r.state in _COUNTED)


class Deliverer:
    """Everything that leaves by a channel leaves through here."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        links: Links,
        secret_box: SecretBox,
        clock: Clock,
        channels: Sequence[Channel | StreamingChannel],
    ) -> None:
        self._database = database
        self._settings = settings
        self._clock = clock
        self._channels = channels

    def deliver_due(self, stop: threading.Event | None = None) -> Counts:
        """Sends until nothing is due; what is to be tried again later is left for later."""
        stop = stop or threading.Event()
        self._tend(is_start=True)
        total: Counter[str] = Counter()
        works = [(channel, self._work(channel)) for channel in self._channels]
        with _delivering_alone(self._database) as is_alone:
            if is_alone:
                self._free_dead()
            threads = [_Thread(partial(self._send, c, w, stop, is_draining=True)) for c, w in works]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join_or_raise()
        for _, work in works:
            total.update(work.counts)
        return Counts(**total)

    def run(self, stop: threading.Event) -> None:
        """Delivers until `stop` is set; then what is in the air ends or is handed back."""
        with self._holding_lock(stop) as has_lock:
            if not has_lock:
                return
            self._free_dead()
            threads = [
                threading.Thread(target=self._keep_sending, args=(c, stop), daemon=True) for c in self._channels
            ]
            threads.append(threading.Thread(target=self._keep_fanning_out, args=(stop,), daemon=True))
            for thread in threads:
                thread.start()
            self._keep_tending(stop)
            for thread in threads:
                thread.join(self._settings.webhooks.timeout_s)

    def _work(self, channel: Channel | StreamingChannel) -> LedgerWork:
        return LedgerWork(self._database, channel.name, self._clock, self._settings.webhooks.lease_s)

    def _send(
        self, channel: Channel | StreamingChannel, work: LedgerWork, stop: threading.Event, *, is_draining: bool
    ) -> None:
        if isinstance(channel, StreamingChannel):
            channel.stream(self._database, work, stop, is_draining=is_draining)
            return
        while not stop.is_set():
            claimed = work.claim(_BATCH) if work.is_due() else ()
            if claimed:
                channel.send(self._database, claimed, work.record, stop)
            elif is_draining:
                return
            else:
                stop.wait(_LOOK_EVERY_S)

    def _keep_sending(self, channel: Channel | StreamingChannel, stop: threading.Event) -> None:
        work = self._work(channel)
        while not stop.is_set():
            try:
                self._send(channel, work, stop, is_draining=False)
            except LoaError as error:
                _log.error("delivery by %s stopped, begins again: %s", channel.name, error)
                stop.wait(_RETRY_LOCK_S)

    def _keep_fanning_out(self, stop: threading.Event) -> None:
        while not stop.wait(_LOOK_EVERY_S):
            try:
                continue_fanouts(self._database, self._clock())
            except LoaError as error:
                _log.error("a fan-out stopped, it goes on later: %s", error)

    def _keep_tending(self, stop: threading.Event) -> None:
        next_at = 0.0
        while not stop.wait(_REAP_EVERY_S):
            try:
                if time.monotonic() >= next_at:
                    next_at = time.monotonic() + _TEND_EVERY_S
                    self._tend()
                elif not self._database.is_sqlite:
                    with self._database.writing() as conn:
                        ledger.free_expired(conn, self._clock())
            except LoaError as error:
                _log.error("the ledger could not be tended, again in a minute: %s", error)

    def _tend(self, *, is_start: bool = False) -> None:
        """Mends what a crash left, ends leases, disables and probes what fails for long."""
        now = self._clock()
        webhooks = self._settings.webhooks
        after = timedelta(seconds=webhooks.disable_after_s)
        with self._database.writing() as conn:
            endpoints.apply_caps(
                conn, per_endpoint=webhooks.per_endpoint_concurrency, per_host=webhooks.per_host_concurrency
            )
            ledger.free_expired(conn, now)
            for key in health.warn_failing(conn, now, after):
                _log.warning("an endpoint has failed for half the time after which it is disabled: %s", key)
            for key in health.disable_failing(conn, now, after):
                _log.error("an endpoint failed for too long and is disabled: %s", key)
            health.probe_disabled(conn, now)
            endpoints.heal(conn)
        if is_start:
            continue_fanouts(self._database, now)

    def _free_dead(self) -> None:
        with self._database.writing() as conn:
            if self._database.is_sqlite:
                ledger.free_all_leases(conn, self._clock())
            endpoints.heal(conn)

    @contextmanager
    def _holding_lock(self, stop: threading.Event) -> Iterator[bool]:
        """Waits for the lock beside a SQLite file; False when told to stop meanwhile."""
        said = False
        while not stop.is_set():
            with _delivering_alone(self._database) as is_alone:
                if is_alone:
                    yield True
                    return
            if not said:
                _log.warning("another process delivers from this database; waiting for it to end")
                said = True
            stop.wait(_RETRY_LOCK_S)
        yield False


class _Thread(threading.Thread):
    """A thread whose exception is raised where it is joined."""

    def __init__(self, work: Callable[[], None]) -> None:
        super().__init__(daemon=True)
        self._work = work
        self._error: BaseException | None = None

    def run(self) -> None:
        try:
            self._work()
        except Exception as error:
            self._error = error

    def join_or_raise(self) -> None:
        self.join()
        if self._error is not None:
            raise self._error


@contextmanager
def _delivering_alone(database: Database) -> Iterator[bool]:
    """The operating system's lock beside a SQLite file; always True on PostgreSQL, where leases run out."""
    path = sqlite_path(database.url)
    if path is None:
        yield True
        return
    with path.with_name(path.name + ".delivering").open("a") as file:
        is_alone = _try_lock(file)
        yield is_alone


def _try_lock(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
