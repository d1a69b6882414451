"""Webhooks by libcurl's multi interface: many in the air, one thread, a deadline by the wall clock for each.

Sends; what an answer means is `alerts.verdict`'s. Takes no redirect, no proxy, no netrc, no answer over 16 kB.
"""

from __future__ import annotations

import random
import time
from collections import deque
from collections.abc import Sequence
from datetime import datetime, timedelta
from threading import Event

from sqlalchemy import Connection

from service.alerts.links import Links
from service.alerts.retry import next_attempt
from service.alerts.signing import SecretBox
from service.alerts.verdict import judge
from service.delivery.channel import Work
from service.delivery.prepare import Preparer
from service.delivery.wire import Answered, Wire
from service.settings import WebhookSettings
from service.storage.deliveries import Outgoing, load_outgoing
from service.storage.engine import Database
from service.storage.ledger import Claimed
from service.storage.subscriptions import set_status
from service.types import Channel as ChannelName
from service.types import Clock, Result, State, SubscriptionStatus

_RECORD_AT = 64
_RECORD_EVERY_S = 0.005
_LOOK_EVERY_S = 0.1
_CLAIM_AT_MOST = 100
_GRACE_S = 5.0
"""For what is in the air when told to stop: half of the ten seconds in which a process must have ended."""


class WebhookChannel:
    """A streaming channel: as long as places are free and something is due, something is in the air."""

    name = ChannelName.WEBHOOK

    def __init__(
        self,
        settings: WebhookSettings,
        links: Links,
        secret_box: SecretBox,
        clock: Clock,
        *,
        receipt_categories: Sequence[str] = ("directives",),
        dns_servers: list[str] | None = None,
        dns_port: int | None = None,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._dns = (dns_servers, dns_port)
        self._preparer = Preparer(links, secret_box, receipt_categories)

    def stream(self, database: Database, work: Work, stop: Event, *, is_draining: bool) -> None:
        wire = Wire(self._settings, dns_servers=self._dns[0], dns_port=self._dns[1])
        try:
            _Stream(self._settings, self._preparer, self._clock, wire, work, database).run(stop, is_draining)
        finally:
            wire.close()


class _Stream:
    def __init__(
        self, settings: WebhookSettings, preparer: Preparer, clock: Clock, wire: Wire, work: Work, database: Database
    ) -> None:
        self._settings = settings
        self._preparer = preparer
        self._clock = clock
        self._wire = wire
        self._work = work
        self._database = database
        self._flying: dict[str, Claimed] = {}
        self._n_slow = 0
        self._results: deque[Result] = deque()
        self._traded_at = 0.0
        self._look_at = 0.0

    def run(self, stop: Event, is_draining: bool) -> None:
        give_up_at: float | None = None
        while True:
            is_stopping = stop.is_set()
            if is_stopping and give_up_at is None:
                give_up_at = time.monotonic() + _GRACE_S
            if give_up_at is not None and time.monotonic() > give_up_at:
                self._hand_back()
            self._trade(is_stopping)
            if not self._flying and not self._results and (is_stopping or (is_draining and self._is_dry)):
                return
            self._wait(stop)

    def _hand_back(self) -> None:
        """What did not end in time is due again at once: its end was not seen, and is not counted."""
        now = self._clock()
        self._results.extend(
            Result(one.message_id, one.lease_token, State.DUE, None, "được trả lại khi dừng", now, 0.0, now)
            for one in self._flying.values()
        )
        self._flying.clear()

    @property
    def _is_dry(self) -> bool:
        return self._look_at > self._traded_at

    def _wait(self, stop: Event) -> None:
        if not self._flying:
            stop.wait(max(0.0, min(self._look_at - time.monotonic(), _LOOK_EVERY_S)))
            return
        timeout = _RECORD_EVERY_S if self._results else _LOOK_EVERY_S
        for answered in self._wire.poll(timeout):
            self._finish(answered)

    def _trade(self, is_stopping: bool) -> None:
        """Records and claims in one transaction, when there is enough to record or something may be due."""
        now = time.monotonic()
        if now - self._traded_at < _RECORD_EVERY_S:
            return
        places = 0 if is_stopping else min(self._settings.concurrency - len(self._flying), _CLAIM_AT_MOST)
        if not self._results and (places <= 0 or now < self._look_at):
            return
        if not self._results and not self._work.is_due():
            self._traded_at, self._look_at = now, now + _LOOK_EVERY_S
            return
        results, self._results = list(self._results), deque()
        slow_places = max(self._settings.concurrency // 4, 1) - self._n_slow
        claimed, loaded = self._work.exchange(results, places, slow_places, self._load)
        self._traded_at = time.monotonic()
        self._look_at = self._traded_at if claimed or results else self._traded_at + _LOOK_EVERY_S
        for one in claimed:
            self._begin(one, (loaded or {}).get(one.message_id))

    def _load(self, conn: Connection, claimed: Sequence[Claimed]) -> dict[str, Outgoing]:
        return load_outgoing(conn, [one.message_id for one in claimed], self._clock())

    def _begin(self, claimed: Claimed, outgoing: Outgoing | None) -> None:
        unsent = _unsent(claimed, outgoing, self._clock())
        if unsent is not None or outgoing is None:
            if unsent is not None:
                self._results.append(unsent)
            return
        self._flying[claimed.message_id] = claimed
        self._n_slow += claimed.is_slow
        self._wire.send(self._preparer.prepare(outgoing, self._clock()))

    def _finish(self, answered: Answered) -> None:
        claimed = self._flying.pop(answered.request.message_id)
        self._n_slow -= claimed.is_slow
        self._results.append(self._result(claimed, answered))
        if answered.request.challenge and answered.request.challenge.encode() in answered.body:
            with self._database.writing() as conn:
                set_status(conn, answered.request.subscription_id, SubscriptionStatus.ACTIVE, at=self._clock())

    def _result(self, claimed: Claimed, answered: Answered) -> Result:
        verdict = judge(answered.status, answered.error, is_guarded=answered.is_guarded)
        now = self._clock()
        state, due_at = State.SENT, None
        if not verdict.is_accepted:
            wait = None if verdict.is_final else next_attempt(
                self._settings.retry_schedule_s, claimed.attempts, answered.retry_after_s, random.random()  # noqa: S311 — spreads, hides nothing
            )  # fmt: skip
            state, due_at = (State.FAILED, None) if wait is None else (State.DUE, now + wait)
        return Result(
            message_id=claimed.message_id,
            lease_token=claimed.lease_token,
            state=state,
            status=answered.status or None,
            detail=verdict.detail,
            started_at=now - timedelta(seconds=answered.took_s),
            took_s=answered.took_s,
            due_at=due_at,
            timed_out=verdict.timed_out,
            disables=verdict.is_gone,
            is_final=verdict.is_final and not verdict.is_gone,
        )


_UNSENT = {
    SubscriptionStatus.REMOVED: (State.SKIPPED, "đăng ký đã được gỡ bỏ"),
    SubscriptionStatus.PAUSED: (State.HELD, "đăng ký đang tạm dừng"),
    SubscriptionStatus.SUSPENDED: (State.SUSPENDED, "đăng ký đang bị ngừng"),
}


def _unsent(claimed: Claimed, outgoing: Outgoing | None, now: datetime) -> Result | None:
    """What becomes of a message that may no longer be sent; the state of its subscription counts now."""
    if outgoing is None:
        state, detail = State.SKIPPED, "đăng ký không còn nữa"
    elif outgoing.status in _UNSENT:
        state, detail = _UNSENT[outgoing.status]
    elif not outgoing.sealed:
        state, detail = State.SKIPPED, "đăng ký không có khoá để ký"
    else:
        return None
    return Result(claimed.message_id, claimed.lease_token, state, None, detail, now, 0.0)
