"""Webhooks by libcurl's multi interface: many in the air, one thread, a deadline by the wall clock for each.

Sends; what an answer means is `alerts.verdict`'s. Takes no redirect, no proxy, no netrc, no answer over 16 kB.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from threading import Event

from sqlalchemy import Connection

from service.alerts.links import Links
from service.alerts.retry import next_attempt
from service.alerts.signing import SecretBox
from service.alerts.verdict import judge
from service.delivery.channel import Work
from service.delivery.prepare import Preparer, Request
from service.delivery.wire import Answered, Wire
from service.errors import ConfigurationError, StorageError
from service.settings import WebhookSettings
from service.storage.engine import Database
from service.storage.handshakes import confirm_endpoint
from service.storage.ledger import Claimed
from service.storage.outgoing import Outgoing, OutgoingReader
from service.types import Channel as ChannelName
from service.types import Clock, Result, State, SubscriptionStatus

_log = logging.getLogger(__name__)

_TRADE_EVERY_S = 0.005
"""Between two transactions: meanwhile the web process gets its turn at SQLite's lock, and results make a batch."""

_LOOK_EVERY_S = 0.25
"""Where no hint comes."""

_AGAIN_AFTER_S = 1.0
_CLAIM_AT_MOST = 160
"""In one transaction: about what is sent in 5 ms, and about 4 ms of SQLite's lock."""

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
        authority: str | None = None,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._wire = partial(Wire, settings, dns_servers=dns_servers, dns_port=dns_port, authority=authority)
        self._preparer = Preparer(links, secret_box, receipt_categories)

    def stream(self, database: Database, work: Work, stop: Event, *, is_draining: bool) -> None:
        wire = self._wire()
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
        self._reader = OutgoingReader()
        self._flying: dict[str, Claimed] = {}
        self._n_slow = 0
        self._results: list[Result] = []
        self._confirmed: list[str] = []
        self._trade_at = 0.0
        self._look_at = 0.0
        self._is_dry = False

    def run(self, stop: Event, is_draining: bool) -> None:
        give_up_at: float | None = None
        while True:
            is_stopping = stop.is_set()
            if is_stopping and give_up_at is None:
                give_up_at = time.monotonic() + _GRACE_S
            is_late = give_up_at is not None and time.monotonic() > give_up_at
            if is_late:
                self._hand_back()
            try:
                self._trade(is_stopping)
            except StorageError as error:
                if is_draining or is_late:
                    raise
                self._put_off(error)
            if not self._flying and not self._results and (is_stopping or (is_draining and self._is_dry)):
                return
            self._wait()

    def _hand_back(self) -> None:
        """What did not end in time is due again at once: its end was not seen, and is not counted."""
        now = self._clock()
        self._results += [
            Result(one.message_id, one.lease_token, State.DUE, None, "được trả lại khi dừng", now, 0.0, now)
            for one in self._flying.values()
        ]
        self._flying.clear()
        self._trade_at = 0.0

    def _put_off(self, error: StorageError) -> None:
        """The database is away: what is in the air goes on, results are kept for when it is back."""
        _log.warning("results of webhooks cannot be recorded yet: %s", error)
        self._trade_at = self._look_at = time.monotonic() + _AGAIN_AFTER_S

    def _wait(self) -> None:
        now = time.monotonic()
        until = self._trade_at if self._results or self._look_at < self._trade_at else self._look_at
        timeout = max(0.0, min(until - now, _LOOK_EVERY_S))
        if self._flying:
            answers = self._wire.poll(timeout)
            if answers:
                self._finish(answers)
        elif self._results:
            time.sleep(timeout)
        else:
            self._work.wait(timeout)

    def _trade(self, is_stopping: bool) -> None:
        """Records and claims in one transaction, when there is something to record or something may be due."""
        now = time.monotonic()
        if now < self._trade_at:
            return
        self._confirm()
        places = 0 if is_stopping else min(self._settings.concurrency - len(self._flying), _CLAIM_AT_MOST)
        if not self._results:
            if places <= 0 or now < self._look_at:
                return
            if not self._work.is_due():
                self._look_at, self._is_dry = now + _LOOK_EVERY_S, True
                return
        slow_places = max(self._settings.concurrency // 4, 1) - self._n_slow
        claimed, loaded = self._work.exchange(self._results, places, slow_places, self._load)
        self._is_dry = not claimed and not self._results and places > 0
        self._look_at = 0.0 if claimed or self._results else now + _LOOK_EVERY_S
        self._results = []
        if claimed:
            self._begin(claimed, loaded or {})
        self._trade_at = time.monotonic() + _TRADE_EVERY_S

    def _confirm(self) -> None:
        """Before the result that says so: a question whose answer was not written down is asked again."""
        if self._confirmed:
            with self._database.writing() as conn:
                for subscription_id in self._confirmed:
                    confirm_endpoint(conn, subscription_id, self._clock())
            self._confirmed = []

    def _load(self, conn: Connection, claimed: Sequence[Claimed]) -> dict[str, Outgoing]:
        return self._reader.load(conn, [one.message_id for one in claimed], self._clock())

    def _begin(self, claimed: Sequence[Claimed], loaded: dict[str, Outgoing]) -> None:
        now = self._clock()
        for one in claimed:
            outgoing = loaded.get(one.message_id)
            unsent = _unsent(one, outgoing, now)
            if unsent is not None:
                self._results.append(unsent)
            elif outgoing is not None:
                prepared = self._prepared(one, outgoing, now)
                if isinstance(prepared, Result):
                    self._results.append(prepared)
                    continue
                self._flying[one.message_id] = one
                self._n_slow += one.is_slow
                self._wire.send(prepared)

    def _prepared(self, claimed: Claimed, outgoing: Outgoing, now: datetime) -> Request | Result:
        """The request, or how the message failed: whatever is wrong with it stops no other."""
        try:
            return self._preparer.prepare(outgoing, int(now.timestamp()))
        except ConfigurationError as error:
            _log.error("message %s cannot be signed: %s", claimed.message_id, error)
            detail, is_final = "không mở được khoá ký bằng service.secret_key hiện tại", False
        except Exception:  # a bug in one message, logged whole: the others must go out
            _log.exception("message %s cannot be prepared", claimed.message_id)
            detail, is_final = "không soạn được tin", True
        return Result(
            claimed.message_id, claimed.lease_token, State.FAILED, None, detail, now, 0.0, is_final=is_final
        )

    def _finish(self, answers: Sequence[Answered]) -> None:
        now = self._clock()
        for answered in answers:
            claimed = self._flying.pop(answered.request.message_id, None)
            if claimed is None:
                continue  # handed back
            self._n_slow -= claimed.is_slow
            result = self._result(claimed, answered, now)
            self._results.append(result)
            challenge = answered.request.challenge
            if challenge and result.state is State.SENT and challenge.encode() in answered.body:
                self._confirmed.append(answered.request.subscription_id)

    def _result(self, claimed: Claimed, answered: Answered, now: datetime) -> Result:
        verdict = judge(answered.status, answered.error, is_guarded=answered.is_guarded)
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
