"""The email channel: hands mails to the relay over a few lasting connections, and says what became
of each.

Owns pace, connections and the sorting of answers. A fault of the relay itself stops the channel for
a while and counts against no mail; a refusal counts against that recipient alone; a lost answer is
repeated as it was.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import random as _random
from threading import Event

from service.alerts.bounce import refusal_kind
from service.alerts.keys import Keyring
from service.alerts.links import Links
from service.alerts.mail import Sender
from service.alerts.owing import OWN_FAULT_REST
from service.alerts.retry import next_attempt
from service.delivery.channel import Record
from service.delivery.dialogue import DialogueOutcome, ReplyVerdict
from service.delivery.mailroom import Mailroom, Ready, UnsendableMessage
from service.delivery.senders import Parts
from service.delivery.smtp import ChannelDownError, hello_name
from service.delivery.smtp_pool import CONNECTIONS, Pool
from service.services.bounce_acts import apply_refusals
from service.services.coverage_acts import watched_line
from service.settings import Settings
from service.storage.engine import Database
from service.storage.mail_reach import note_relay_away, note_relay_back
from service.storage.mails import MAIL_ENDPOINTS, adopt_waiting, has_waiting
from service.storage.queue import ClaimedMessage, hold_back
from service.types import EMAIL, Clock, Result, State
from service.values import Relay
from service.words import coded

BATCH = 50
"""Results recorded in one transaction."""
TIMEOUT_S = 6.0
"""For each answer of the relay but the last."""
MARGIN_S = 2.0
"""Before the lease ends, when every attempt has ended."""
STOP_S = (5.0, 30.0, 120.0, 300.0)
"""How long the channel rests after the relay failed once, twice, …"""


class Pace:
    """At most `rate_per_s` starts a second, evenly."""

    def __init__(self, rate_per_s: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._gap_s = 1 / rate_per_s
        self._monotonic = monotonic
        self._next = 0.0

    def reserve(self) -> float:
        """Seconds to wait before the next start."""
        now = self._monotonic()
        at = max(now, self._next)
        self._next = at + self._gap_s
        return at - now


@dataclass(frozen=True, slots=True)
class ClaimedMail:
    """A mail that is ours to hand over, and the claim that says so."""

    claim: ClaimedMessage
    ready: Ready

    @property
    def envelope_sender(self) -> str:
        return self.ready.envelope_sender

    @property
    def address(self) -> str:
        return self.ready.address

    @property
    def mail(self) -> bytes:
        return self.ready.mail


@dataclass(slots=True)
class Round:
    """One batch on its way: what is left to do, and what became of the rest."""

    waiting: deque[ClaimedMail]
    record: Record
    stop: Event
    deadline: float
    down: str = ""
    """What the relay failed with, coded; empty: it did not."""
    is_heard: bool = False
    """Whether the relay took a mail, or refused one for its recipient."""
    is_put_off: bool = False
    """Whether it was handed a mail and did not take it, for a reason that is not its recipient's:
    it said nothing, or not now."""
    refused: list[tuple[str, ReplyVerdict]] = field(default_factory=list)
    """(message id, verdict) of addresses that the relay refused, or put off to the end."""
    _results: list[Result] = field(default_factory=list)

    @classmethod
    def build(
        cls,
        ready: Iterable[tuple[ClaimedMessage, Ready]],
        record: Record,
        stop: Event | None = None,
        within_s: float = 3600,
    ) -> Round:
        """A round that begins nothing after `within_s` seconds."""
        waiting = deque(ClaimedMail(*one) for one in ready)
        return cls(waiting, record, stop or Event(), time.monotonic() + within_s)

    def next(self) -> ClaimedMail | None:
        if not self.waiting or self.stop.is_set() or time.monotonic() > self.deadline:
            return None
        return self.waiting.popleft()

    def done(self, result: Result) -> None:
        self._results.append(result)
        if len(self._results) >= BATCH:
            self.flush()

    def flush(self) -> None:
        rest, self._results = self._results, []
        if rest:
            self.record(rest)


def open_sender(parts: Parts) -> EmailChannel:
    """Raises InvalidInput for a relay or a sender that is none, ConfigurationError for authorities
    that are none."""
    labels = {category.id: category.names for category in parts.rules.categories}
    return EmailChannel(parts.settings, parts.links, parts.keyring, parts.clock, labels)


class EmailChannel:
    """Sends what is claimed. `name` is how the deliverer knows it. For one thread."""

    name = EMAIL

    def __init__(
        self,
        settings: Settings,
        links: Links,
        keys: str | Keyring,
        clock: Clock,
        labels: Mapping[str, Mapping[str, str]],
        *,
        timeout_s: float = TIMEOUT_S,
        random: Callable[[], float] = _random,
    ) -> None:
        """`labels`: a category's names by language."""
        email = settings.email
        self.relay: Relay | None = (
            Relay.parse(email.smtp_url, "email.smtp_url") if email.smtp_url else None
        )
        self._mailroom = Mailroom(
            Sender.build(email.from_, settings.service.title, settings.service.public_url),
            links,
            keys,
            receipt_categories=settings.receipts.categories,
            labels=labels,
            locale=settings.service.locale,
            watched=lambda conn, *of: watched_line(conn, settings, *of),
        )
        self._schedule_s = settings.webhooks.retry_schedule_s
        self._mail_s = max(timeout_s, settings.webhooks.lease_s - timeout_s - MARGIN_S)
        self._begin_within_s = timeout_s
        self._clock = clock
        self._random = random
        self._pace = Pace(email.rate_per_s)
        ca_file = settings.network.ca_file
        hello = hello_name(settings.service.public_url, self._mailroom.sender.address)
        self._pool: Pool[ClaimedMail] | None = (
            Pool(self.relay, timeout_s, self._mail_s, ca_file, hello) if self.relay else None
        )
        self._failures = 0
        self._may_be_away = True
        """Whether a note may stand that the relay is away: also one of a process before this."""

    def send(
        self, database: Database, claimed: Sequence[ClaimedMessage], record: Record, stop: Event
    ) -> None:
        """Sends a batch and records it; returns when every message has its result or is given
        back."""
        in_order = sorted(claimed, key=lambda one: MAIL_ENDPOINTS.index(one.endpoint_key))
        ready = self._load(database, in_order, record)
        work, began_at = Round.build(ready, record, stop, self._begin_within_s), self._clock()
        self.send_ready(work)
        self._note(database, work, began_at)
        self._settle(database, work)

    def send_ready(self, work: Round) -> None:
        """Hands over what is composed and records it; what is left in `work.waiting` was not
        begun."""
        if self._pool is None:
            work.down = "relay.none"
        elif work.waiting:
            try:
                self._pool.run(_RoundSource(self, work), min(CONNECTIONS, len(work.waiting)))
            except ChannelDownError as error:
                work.down = error.reason
        work.flush()

    def rest(self) -> None:
        """Lets go of connections that nothing was sent over for a while."""
        if self._pool is not None:
            self._pool.rest()

    def close(self) -> None:
        """Lets go of all connections; what is sent later opens new ones."""
        if self._pool is not None:
            self._pool.close()

    # --- loading ------------------------------------------------------------------------------

    def _load(
        self, database: Database, claimed: Sequence[ClaimedMessage], record: Record
    ) -> list[tuple[ClaimedMessage, Ready]]:
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
            if isinstance(composed, UnsendableMessage):
                refused.append(self._unsent(claim, composed))
            else:
                ready.append((claim, composed))
        if refused:
            record(refused)
        return ready

    # --- results ------------------------------------------------------------------------------

    def conclude(
        self, work: Round, errand: ClaimedMail, verdict: ReplyVerdict, took_s: float
    ) -> None:
        """Writes down what became of a mail."""
        claim, now = errand.claim, self._clock()
        match verdict.outcome:
            case DialogueOutcome.SENT:
                self._failures = 0
                work.is_heard = True
                result = Result(
                    claim.message_id, claim.lease_token, State.SENT, verdict.code, verdict.reason,
                    now - timedelta(seconds=took_s), took_s,
                )  # fmt: skip
            case DialogueOutcome.REFUSED:
                work.is_heard |= verdict.is_of_recipient
                result = self._result(claim, State.FAILED, verdict.code, verdict.reason, took_s)
                if verdict.is_of_recipient:
                    work.refused.append((claim.message_id, verdict))
            case _:
                work.is_put_off |= not (verdict.is_of_recipient or work.stop.is_set())
                result = self._again(claim, verdict.code, verdict.reason, took_s)
                if result.state is State.FAILED and verdict.is_of_recipient:
                    work.refused.append((claim.message_id, verdict))
        work.done(result)

    def reserve_s(self) -> float:
        """Seconds to wait before the next mail may begin."""
        return self._pace.reserve()

    def _note(self, database: Database, work: Round, began_at: datetime) -> None:
        """Since when the relay takes nothing, whether it cannot be used, or takes what it is handed
        and hangs; or that it takes mail again."""
        if work.down or (work.is_put_off and not work.is_heard):
            self._may_be_away = True
            with database.writing() as conn:
                note_relay_away(conn, began_at)
        elif work.is_heard and self._may_be_away:
            with database.writing() as conn:
                note_relay_back(conn)
            self._may_be_away = False

    def _settle(self, database: Database, work: Round) -> None:
        """What was not begun goes back; when the relay is to blame, nothing is claimed for a while.

        An address that the relay refuses counts as a bounce: for good when it says that there is no
        such mailbox.
        """
        now = self._clock()
        refusals = [
            (one, refusal_kind(verdict.said), verdict.reason) for one, verdict in work.refused
        ]
        if refusals:
            with database.writing() as conn:
                apply_refusals(conn, refusals, now)
        if not work.waiting:
            return
        if work.down:
            rest_s = STOP_S[min(self._failures, len(STOP_S) - 1)]
            self._failures += 1
            with database.writing() as conn:
                for endpoint in MAIL_ENDPOINTS:
                    hold_back(conn, endpoint, now + timedelta(seconds=rest_s))
        detail = work.down or "message.not_begun"
        work.record([
            Result(one.claim.message_id, one.claim.lease_token, State.DUE, None, detail, now, 0.0,
            due_at=now)
            for one in work.waiting
        ])  # fmt: skip

    def _again(
        self, claim: ClaimedMessage, status: int | None, detail: str, took_s: float
    ) -> Result:
        wait = next_attempt(self._schedule_s, claim.attempts, None, self._random())
        if wait is None:
            return self._result(
                claim,
                State.FAILED,
                status,
                coded("relay.gave_up", reason=detail, n=claim.attempts),
                took_s,
            )
        now = self._clock()
        return Result(
            claim.message_id,
            claim.lease_token,
            State.DUE,
            status,
            detail,
            now,
            took_s,
            due_at=now + wait,
        )

    def _unsent(self, claim: ClaimedMessage, why: UnsendableMessage) -> Result:
        now = self._clock()
        due_at = now + OWN_FAULT_REST if why.state is State.DUE else None
        return Result(
            claim.message_id,
            claim.lease_token,
            why.state,
            None,
            why.reason,
            now,
            0.0,
            due_at=due_at,
        )

    def _result(
        self, claim: ClaimedMessage, state: State, status: int | None, detail: str, took_s: float
    ) -> Result:
        return Result(
            claim.message_id, claim.lease_token, state, status, detail, self._clock(), took_s
        )


class _RoundSource:
    """A round as the connections see it: mails come at the pace that is set."""

    def __init__(self, channel: EmailChannel, work: Round) -> None:
        self._channel = channel
        self._work = work
        self._begin_at: float | None = None
        """When the next mail may begin; None: not reserved yet."""

    def take(self) -> tuple[ClaimedMail | None, float]:
        now = time.monotonic()
        if self._begin_at is None and self.has_more():
            self._begin_at = now + self._channel.reserve_s()
        if self._begin_at is not None and now < self._begin_at and not self._work.stop.is_set():
            return None, self._begin_at - now
        self._begin_at = None
        return self._work.next(), float("inf")

    def has_more(self) -> bool:
        return (
            bool(self._work.waiting)
            and not self._work.stop.is_set()
            and time.monotonic() <= self._work.deadline
        )

    def is_stopping(self) -> bool:
        return self._work.stop.is_set()

    def give_back(self, parcel: ClaimedMail) -> None:
        self._work.waiting.appendleft(parcel)

    def settle(self, parcel: ClaimedMail, verdict: ReplyVerdict, took_s: float) -> None:
        self._channel.conclude(self._work, parcel, verdict, took_s)
