"""The email channel: hands mails to the relay over a few lasting connections, and says what became of each.

Owns pace, connections and the sorting of answers. A fault of the relay itself stops the channel for a while
and counts against no mail; a refusal counts against that recipient alone; a lost answer is repeated as it was.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from random import random as _random
from threading import Event, Lock
from zoneinfo import ZoneInfo

from service.alerts.links import Links
from service.alerts.mail import Sender
from service.alerts.retry import next_attempt
from service.delivery.channel import Record
from service.delivery.mailroom import Mailroom, Ready, Unsendable
from service.delivery.smtp import (
    ChannelDownError,
    Connection,
    RecipientDeferredError,
    RecipientRefusedError,
    Relay,
    UnknownOutcomeError,
    parse_relay,
)
from service.settings import Settings
from service.storage.endpoints import SMTP, hold_back
from service.storage.engine import Database
from service.storage.ledger import Claimed
from service.storage.mails import adopt_waiting, has_waiting
from service.types import Channel, Clock, Result, State

CONNECTIONS = 8
BATCH = 50
"""Results recorded in one transaction."""
TIMEOUT_S = 6.0
"""For each answer of the relay; the four of one mail together stay below the lease of 30 s."""
STOP_S = (5.0, 30.0, 120.0, 300.0)
"""How long the channel rests after the relay failed once, twice, …"""


class Pace:
    """At most `rate_per_s` starts a second, evenly, over all threads."""

    def __init__(self, rate_per_s: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._gap_s = 1 / rate_per_s
        self._monotonic = monotonic
        self._next = 0.0
        self._lock = Lock()

    def reserve(self) -> float:
        """Seconds to wait before the next start."""
        with self._lock:
            now = self._monotonic()
            at = max(now, self._next)
            self._next = at + self._gap_s
            return at - now


@dataclass(slots=True)
class Round:
    """One batch on its way: what is left to do, and what is to be recorded."""

    waiting: deque[tuple[Claimed, Ready]]
    record: Record
    stop: Event
    deadline: float
    results: list[Result] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)
    down: str = ""
    """What the relay failed with; empty: it did not."""

    @classmethod
    def build(
        cls, ready: Iterable[tuple[Claimed, Ready]], record: Record, stop: Event | None = None, within_s: float = 3600
    ) -> Round:
        """A round that begins nothing after `within_s` seconds."""
        return cls(deque(ready), record, stop or Event(), time.monotonic() + within_s)

    def take(self) -> tuple[Claimed, Ready] | None:
        if self.stop.is_set() or time.monotonic() > self.deadline:
            return None
        with self.lock:
            return self.waiting.popleft() if self.waiting else None

    def give_back(self, one: tuple[Claimed, Ready]) -> None:
        with self.lock:
            self.waiting.appendleft(one)

    def done(self, result: Result) -> None:
        with self.lock:
            self.results.append(result)
            full, self.results = (self.results, []) if len(self.results) >= BATCH else ([], self.results)
        if full:
            self.record(full)

    def flush(self) -> None:
        with self.lock:
            rest, self.results = self.results, []
        if rest:
            self.record(rest)


class EmailChannel:
    """Sends what is claimed. `name` is how the deliverer knows it."""

    name = Channel.EMAIL

    def __init__(
        self,
        settings: Settings,
        links: Links,
        secret_key: str,
        clock: Clock,
        labels: Mapping[str, Mapping[str, str]],
        *,
        timeout_s: float = TIMEOUT_S,
        random: Callable[[], float] = _random,
    ) -> None:
        email = settings.email
        self.relay: Relay | None = parse_relay(email.smtp_url) if email.smtp_url else None
        self._mailroom = Mailroom(
            Sender.build(email.from_, settings.service.title, settings.service.public_url),
            links,
            secret_key,
            receipt_categories=settings.receipts.categories,
            labels=labels,
            zone=ZoneInfo(settings.service.timezone),
        )
        self._schedule_s = settings.webhooks.retry_schedule_s
        self._lease_s = settings.webhooks.lease_s
        self._clock = clock
        self._timeout_s = timeout_s
        self._random = random
        self._pace = Pace(email.rate_per_s)
        self._idle: list[Connection] = []
        self._idle_lock = Lock()
        self._failures = 0
        self._pool = ThreadPoolExecutor(CONNECTIONS, "loa-mail")

    def send(self, database: Database, claimed: Sequence[Claimed], record: Record, stop: Event) -> None:
        """Sends a batch and records it; returns when every message has its result or is given back."""
        ready = self._load(database, claimed, record)
        work = Round.build(ready, record, stop, self._lease_s - 4 * self._timeout_s)
        self.send_ready(work)
        self._settle(database, work)

    def send_ready(self, work: Round) -> None:
        """Hands over what is composed and records it; what is left in `work.waiting` was not begun."""
        if self.relay is None:
            work.down = "email.smtp_url is empty: no mail can be sent"
        else:
            self._run(self.relay, work)
        work.flush()

    def close(self) -> None:
        self._pool.shutdown()
        while self._idle:
            self._idle.pop().close()

    # --- loading ------------------------------------------------------------------------------

    def _load(self, database: Database, claimed: Sequence[Claimed], record: Record) -> list[tuple[Claimed, Ready]]:
        by_id = {one.message_id: one for one in claimed}
        with database.reading() as conn:
            is_joined = has_waiting(conn, list(by_id))
        if is_joined:
            with database.writing() as conn:
                adopt_waiting(conn, list(by_id))
        with database.reading() as conn:
            outgoing = self._mailroom.load(conn, list(by_id))
        ready, refused = [], []
        for mail in outgoing:
            claim = by_id[mail.message_id]
            composed = self._mailroom.compose(mail)
            if isinstance(composed, Unsendable):
                refused.append(self._result(claim, composed.state, None, composed.reason, 0.0))
            else:
                ready.append((claim, composed))
        if refused:
            record(refused)
        return ready

    # --- sending ------------------------------------------------------------------------------

    def _run(self, relay: Relay, work: Round) -> None:
        """All connections at once; what a full relay turned away then goes over one."""
        threads = min(CONNECTIONS, len(work.waiting))
        if threads == 1:
            self._work(relay, work)
            return
        for future in [self._pool.submit(self._work, relay, work) for _ in range(threads)]:
            future.result()
        if work.waiting and not work.stop.is_set():
            work.down = ""
            self._work(relay, work)

    def _work(self, relay: Relay, work: Round) -> None:
        connection: Connection | None = None
        try:
            while (one := work.take()) is not None:
                wait_s = self._pace.reserve()
                if wait_s > 0 and work.stop.wait(wait_s):
                    work.give_back(one)
                    break
                try:
                    connection = connection or self._connect(relay)
                    connection = self._attempt(work, connection, *one)
                except ChannelDownError as error:
                    work.give_back(one)
                    is_stale = connection is not None and connection.mails > 1
                    if connection is not None:
                        connection.close()
                        connection = None
                    if not is_stale:
                        work.down = str(error)
                        break
        finally:
            if connection is not None:
                self._keep(connection)

    def _attempt(self, work: Round, connection: Connection, claim: Claimed, ready: Ready) -> Connection | None:
        """One mail. Returns the connection, None when it is of no more use. Raises ChannelDownError."""
        began_at, began = self._clock(), time.monotonic()
        try:
            code, answer = connection.send(ready.envelope_sender, ready.address, ready.mail)
        except RecipientRefusedError as error:
            work.done(self._result(claim, State.FAILED, error.code, str(error), time.monotonic() - began))
            return _reusable(connection)
        except RecipientDeferredError as error:
            work.done(self._again(claim, error.code, str(error), time.monotonic() - began))
            return _reusable(connection)
        except UnknownOutcomeError as error:
            work.done(self._again(claim, None, str(error), time.monotonic() - began))
            connection.close()
            return None
        took_s = time.monotonic() - began
        work.done(Result(claim.message_id, claim.lease_token, State.SENT, code, f"{code} {answer}", began_at, took_s))
        self._failures = 0
        return connection

    def _connect(self, relay: Relay) -> Connection:
        with self._idle_lock:
            if self._idle:
                idle = self._idle.pop()
                idle.mails = max(idle.mails, 1)  # it may have died while it rested: the first failure is not news
                return idle
        return Connection(relay, self._timeout_s)

    def _keep(self, connection: Connection) -> None:
        with self._idle_lock:
            self._idle.append(connection)

    # --- results ------------------------------------------------------------------------------

    def _settle(self, database: Database, work: Round) -> None:
        """What was not begun goes back; when the relay is to blame, nothing is claimed for a while."""
        if not work.waiting:
            return
        now = self._clock()
        if work.down:
            rest_s = STOP_S[min(self._failures, len(STOP_S) - 1)]
            self._failures += 1
            with database.writing() as conn:
                hold_back(conn, SMTP, now + timedelta(seconds=rest_s))
        detail = work.down or "handed back: not begun"
        work.record([
            Result(claim.message_id, claim.lease_token, State.DUE, None, detail, now, 0.0, due_at=now)
            for claim, _ in work.waiting
        ])  # fmt: skip

    def _again(self, claim: Claimed, status: int | None, detail: str, took_s: float) -> Result:
        wait = next_attempt(self._schedule_s, claim.attempts, None, self._random())
        if wait is None:
            return self._result(claim, State.FAILED, status, f"{detail}; tried {claim.attempts} times", took_s)
        now = self._clock()
        return Result(claim.message_id, claim.lease_token, State.DUE, status, detail, now, took_s, due_at=now + wait)

    def _result(self, claim: Claimed, state: State, status: int | None, detail: str, took_s: float) -> Result:
        return Result(claim.message_id, claim.lease_token, state, status, detail, self._clock(), took_s)


def _reusable(connection: Connection) -> Connection | None:
    """The connection after a refusal, None when the relay hung up with it."""
    if connection.reset():
        return connection
    connection.close()
    return None
