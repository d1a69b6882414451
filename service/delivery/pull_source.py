"""Hands owed messages to who asks for them, signed as a webhook is; once more those that he lost.

The state of a subscription counts at the moment of handing out. Nothing is signed inside a
transaction. For any thread.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock

from sqlalchemy import Connection

from service.channels import PULL
from service.delivery.outcome import made_or_result
from service.delivery.prepare import Preparer, SignedMessage
from service.settings import Settings
from service.storage import pull_streams, queue
from service.storage.engine import Database
from service.storage.pull_streams import PullStream
from service.storage.queue import ClaimedMessage, OutgoingMessage, OutgoingReader
from service.storage.signing_keys import load_signing_keys
from service.types import Clock, Result

NOTED_EVERY_S = 600.0
"""How exactly it is known when a subscription was asked for."""


@dataclass(frozen=True, slots=True)
class PullRequest:
    """At most `limit` messages of the endpoints with these keys."""

    keys: tuple[str, ...]
    limit: int


@dataclass(slots=True)
class _Batch:
    claimed: list[ClaimedMessage] = field(default_factory=list)
    outgoing: Mapping[str, OutgoingMessage] = field(default_factory=dict)


class PullSource:
    """What may be handed out of one database."""

    def __init__(
        self, database: Database, settings: Settings, clock: Clock, preparer: Preparer
    ) -> None:
        self._database = database
        self._lease_s = settings.webhooks.lease_s
        self._clock = clock
        self._preparer = preparer
        self._reader = OutgoingReader()
        self._lock = Lock()
        self._noted: dict[str, float] = {}
        self._unwritten: set[str] = set()

    def due(self) -> set[str]:
        """The endpoints for which something is due now."""
        with self._database.reading() as conn:
            return set(queue.due_endpoints(conn, PULL, self._clock()))

    def hand_out(self, asks: Sequence[PullRequest]) -> list[list[SignedMessage]]:
        """What is due, for each who asks; leased until he acknowledges it, or does not in time."""
        now = self._clock()
        with self._database.reading() as conn:
            due = set(queue.due_among(conn, [key for ask in asks for key in ask.keys], now))
        if not due:
            return [[] for _ in asks]
        with self._database.writing() as conn:
            taken = self._take(conn, asks, now)
        return [self._sign(one, now) for one in taken]

    def _take(self, conn: Connection, asks: Sequence[PullRequest], now: datetime) -> list[_Batch]:
        """Those with one endpoint all at once; of several, the most urgent endpoint first."""
        taken = [_Batch() for _ in asks]
        alone = {ask.keys[0]: n for n, ask in enumerate(asks) if len(ask.keys) == 1}
        limits = {key: asks[n].limit for key, n in alone.items()}
        for one in queue.hand_out(conn, limits, now=now, lease_s=self._lease_s):
            taken[alone[one.endpoint_key]].claimed.append(one)
        for n, ask in enumerate(asks):
            if len(ask.keys) > 1:
                taken[n].claimed = self._take_in_turn(conn, ask, now)
        ids = [one.message_id for each in taken for one in each.claimed]
        with self._lock:
            outgoing = self._reader.load(conn, ids, now) if ids else {}
        for each in taken:
            each.outgoing = outgoing
        return taken

    def _take_in_turn(
        self, conn: Connection, ask: PullRequest, now: datetime
    ) -> list[ClaimedMessage]:
        found: list[ClaimedMessage] = []
        for key in queue.due_among(conn, ask.keys, now):
            left = {key: ask.limit - len(found)}
            if left[key] > 0:
                found += queue.hand_out(conn, left, now=now, lease_s=self._lease_s)
        return sorted(found, key=lambda one: not one.is_urgent)

    def _sign(self, taken: _Batch, now: datetime) -> list[SignedMessage]:
        made = [
            made_or_result(self._preparer.signed, one, taken.outgoing.get(one.message_id), now)
            for one in taken.claimed
        ]
        unsent = [one for one in made if isinstance(one, Result)]
        if unsent:
            with self._database.writing() as conn:
                queue.record_results(conn, unsent, now)
        return [one for one in made if isinstance(one, SignedMessage)]

    def fetch(self, streams: Sequence[PullStream], ids: Sequence[str]) -> list[SignedMessage]:
        """Messages that were handed out before, or are due, once more: changes nothing."""
        now = self._clock()
        with self._database.reading() as conn:
            own = pull_streams.own_messages(conn, [one.id for one in streams], ids)
            with self._lock:
                outgoing = self._reader.load(conn, own, now)
        return [
            self._preparer.signed(outgoing[id_], int(now.timestamp()))
            for id_ in own
            if id_ in outgoing
        ]

    def sign(self, streams: Sequence[PullStream], name: str, body: bytes) -> SignedMessage:
        """A document of ours for these subscriptions, signed as a message of that id."""
        now = self._clock()
        with self._database.reading() as conn:
            sealed = pull_streams.sealed_secrets(conn, [one.id for one in streams], now)
            public = [key.sealed for key in load_signing_keys(conn, now)]
        timestamp = int(now.timestamp())
        signature = self._preparer.sign(sealed, public, name, timestamp, body)
        return SignedMessage(name, timestamp, signature, body)

    def owed_on(self, streams: Sequence[PullStream], start: datetime) -> list[str]:
        """The ids owed on the day that begins at `start`, sorted."""
        with self._database.reading() as conn:
            ids = [one.id for one in streams]
            return pull_streams.owed_between(conn, ids, start, start + timedelta(days=1))

    def note(self, streams: Sequence[PullStream]) -> None:
        """Somebody asks for these: `write_notes` writes that down, now and then."""
        now = time.monotonic()
        with self._lock:
            for one in streams:
                if now - self._noted.get(one.id, -NOTED_EVERY_S) >= NOTED_EVERY_S:
                    self._noted[one.id] = now
                    self._unwritten.add(one.id)

    def write_notes(self) -> None:
        with self._lock:
            ids, self._unwritten = self._unwritten, set()
        if ids:
            with self._database.writing() as conn:
                pull_streams.note_asked(conn, ids, self._clock())
