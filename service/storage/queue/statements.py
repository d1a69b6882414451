"""What a database must be able to say for the ledger: the statements that run for every message.

SQLite and PostgreSQL each answer `Statements` in a file of their own, on the bare driver:
SQLAlchemy's share of such a statement is more than the database's. A statement that is missing, or
takes something else, is an error of types. What both say alike is kept here as text.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from sqlalchemy import Connection

from service.storage.queue.ledger_rows import (
    AcceptedMessage,
    ClaimedMessage,
    ClaimResult,
    DeliveryUpdate,
    LeasedResult,
    MessageUpdate,
    RejectedAttempt,
)
from service.types import Result


class Cursor(Protocol):
    """What a statement returned."""

    def fetchall(self) -> list[tuple[Any, ...]]: ...  # the DB-API (PEP 249) types no column


class Driver(Protocol):
    """A connection of sqlite3 or psycopg, inside a transaction that somebody else ends."""

    def execute(self, statement: str, values: Sequence[object] = ..., /) -> Cursor: ...


class ManyDriver(Driver, Protocol):
    """sqlite3's, which runs one statement for many rows by itself."""

    def executemany(self, statement: str, rows: Iterable[Sequence[object]], /) -> object: ...


class MessageRow(NamedTuple):
    """A message and its subscription. `body` is None where the change's payload is what is sent."""

    id: str
    body: str | None
    change_id: str | None
    target: str
    status: str
    subscription_id: str
    unit_id: str | None
    secret: bytes | None
    old_secret: bytes | None
    headers: str
    is_cloudevents: int
    language: str


class ChangeRow(NamedTuple):
    """A change as its payload says it, which is JSON."""

    id: str
    post_id: str
    revision: int
    payload: str


class Statements(Protocol):
    """All times are microseconds since 1970, all of it within the transaction that is open."""

    def instant(self, at: int) -> int:
        """The instant that leases are measured by, where this process's clock shows `at`."""
        ...

    def steer(self) -> None:
        """Has the rest of the transaction find rows by index."""
        ...

    def has_urgent(self, channel: str, at: int) -> bool:
        """Whether an urgent message is due by this channel, and has a place."""
        ...

    def take(
        self,
        channel: str,
        at: int,
        until: int,
        token: int,
        limit: int,
        *,
        is_slow: bool,
        is_urgent: bool = False,
        by: int | None = None,
    ) -> ClaimResult:
        """Leases up to `limit` messages, no more to an endpoint or host group than it has places.

        `is_urgent`: urgent ones alone, for which there are places beyond the others'.
        `by`: only those that were due then already; None: those that are due at `at`.
        """
        ...

    def hand_out(
        self, wanted: Mapping[str, int], at: int, until: int, token: int, *, is_urgent: bool
    ) -> list[ClaimedMessage]:
        """Leases up to so many messages of each endpoint, by its key, as it has places; of each the
        oldest first. The caller holds their host groups, and moves them."""
        ...

    def lease(self, messages: Mapping[str, str], until: int, token: int) -> None:
        """Leases messages (id: endpoint's key) that are in nobody's hand."""
        ...

    def owned(self, results: Sequence[Result]) -> list[LeasedResult]:
        """The results whose lease still held; their leases are ended."""
        ...

    def write_sent(self, sent: Sequence[AcceptedMessage]) -> None:
        """Messages that were accepted and carry one delivery each, whatever became of its
        subscription meanwhile."""
        ...

    def write(
        self,
        sent: Sequence[AcceptedMessage],
        others: Sequence[MessageUpdate],
        tried: Sequence[RejectedAttempt],
        carried: Sequence[DeliveryUpdate],
    ) -> None:
        """What became of all other messages."""
        ...

    def shift_endpoints(self, moved: Mapping[str, int]) -> None:
        """Adds to what endpoints have in the air, and finds anew what is due next there; zero only
        finds anew."""
        ...

    def shift_host_groups(self, moved: Mapping[str, int]) -> None:
        """As `shift_endpoints`, for host groups; after it, for a host group looks at its
        endpoints."""
        ...

    def messages(self, ids: Sequence[str], at: int) -> list[MessageRow]:
        """Messages with their subscriptions; one without is missing. `old_secret` where it still
        signs at `at`."""
        ...

    def changes(self, ids: Sequence[str]) -> list[ChangeRow]:
        """What changes say, those that are there."""
        ...


class QueueDialect(Protocol):
    """What a database does in a way of its own where SQLAlchemy runs the statements: fan-outs, and
    locks. `driver.dialect_of` chooses; nobody else asks which database it is."""

    @property
    def new_id(self) -> str:
        """The expression of a new id, where `:head` begins those of SQLite."""
        ...

    @property
    def row_lock(self) -> str:
        """What ends a SELECT whose rows nobody else may take before this transaction ends."""
        ...

    @property
    def pause_s(self) -> float:
        """Between two transactions of one loop, so that other writers get their turn."""
        ...

    def write_found(
        self,
        conn: Connection,
        found: str,
        inserts: tuple[str, str],
        touched: str,
        values: Mapping[str, object],
    ) -> str | None:
        """Runs `found` once, and the two inserts from its rows, which they call `found`. Returns
        the query of the endpoints that were touched (`touched` where it knows no less); None where
        nothing was found."""
        ...

    def lock_host_groups(self, conn: Connection, keys: Sequence[str]) -> None:
        """Holds these host groups, in this order, until the transaction ends."""
        ...

    def host_groups_to_lock(
        self, conn: Connection, touched: str, values: Mapping[str, object]
    ) -> list[str]:
        """The host groups of the endpoints that `touched` selects, where host groups are to be
        locked."""
        ...

    def notify(self, conn: Connection, channel: str) -> None:
        """Tells those who listen on `channel` when this transaction commits."""
        ...


FULL_FOR = 1_000_000
"""Microseconds until a host group is looked at again whose host has no place: its other host
group is giving up some."""

BEYOND = "CASE WHEN {cap} < 8 THEN 1 ELSE {cap} / 4 END"
"""Places that urgent messages have of an endpoint or a host group when all that others may take are
taken."""

HAS_URGENT = (
    "SELECT 1 FROM host_group WHERE channel = {value} AND is_slow IN (0, 1) AND urgent_due_at <= "
    "{value}"
    " LIMIT 1"
)
"""For `has_urgent`; `value` is how a statement names a value."""

WAITING = """FROM message m WHERE m.endpoint_key = endpoint.key AND m.state = 'due'
    AND NOT EXISTS (SELECT 1 FROM lease t WHERE t.message_id = m.id)"""
"""The messages of an endpoint that nobody has in hand."""

WAITING_URGENT = f"{WAITING} AND m.is_urgent = 1"

_MIN_DUE = """(SELECT CASE WHEN m.due_at < COALESCE(endpoint.not_before_at, 0)
    THEN endpoint.not_before_at
    ELSE m.due_at END {waiting} ORDER BY m.due_at LIMIT 1)"""
_SOONEST = (
    "(SELECT min(e.{due}) FROM endpoint e"
    " WHERE e.host_group_key = host_group.key AND e.{due} IS NOT NULL)"
)

SHIFT_ENDPOINTS = f"""UPDATE endpoint SET in_flight = in_flight + {{n}}, next_due_at =
    CASE WHEN in_flight + {{n}} >= cap OR status = 'disabled' THEN NULL
    ELSE {_MIN_DUE.format(waiting=WAITING)} END, urgent_due_at =
    CASE WHEN in_flight + {{n}} >= cap + {BEYOND.format(cap="cap")} OR status = 'disabled' THEN NULL
    ELSE {_MIN_DUE.format(waiting=WAITING_URGENT)} END"""
"""For `shift_endpoints`; `n` is how a statement names what is added."""
SHIFT_HOST_GROUPS = f"""UPDATE host_group SET in_flight = in_flight + {{n}}, next_due_at =
    CASE WHEN in_flight + {{n}} >= cap THEN NULL ELSE {_SOONEST.format(due="next_due_at")} END,
    urgent_due_at = CASE WHEN in_flight + {{n}} >= cap + {BEYOND.format(cap="cap")} THEN NULL
    ELSE {_SOONEST.format(due="urgent_due_at")} END"""
"""For `shift_host_groups`."""

MESSAGES = """SELECT m.id, m.body, m.change_id, s.target, s.status, s.id, s.unit_id, s.secret,
    CASE WHEN s.old_secret_until > {at} THEN s.old_secret END, s.headers,
    s.is_cloudevents, s.language
    FROM message m JOIN subscription s ON s.id = m.subscription_id WHERE m.id {ids}"""
"""For `messages`; its columns are those of MessageRow."""
CHANGES = "SELECT id, post_id, revision, payload FROM change WHERE id {ids}"
"""For `changes`; its columns are those of ChangeRow."""
