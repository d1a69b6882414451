"""What the deliverer asks of a channel, and what a channel may ask of the ledger.

Two shapes: a `Channel` is handed a batch and returns when it is through with it; a
`StreamingChannel` keeps many attempts in the air and trades results for new messages as places
become free. Neither ever holds a transaction open while it sends.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Event
from typing import Protocol, TypeVar, runtime_checkable

from sqlalchemy import Connection

from service.storage.engine import Database
from service.storage.queue import ClaimedMessage
from service.types import Channel as ChannelName
from service.types import Result

T = TypeVar("T")

Record = Callable[[Sequence[Result]], None]
"""Writes results in one short transaction; call it in batches, as they come."""


@runtime_checkable
class Channel(Protocol):
    """Sends a batch. `stop` set: begin nothing new, give back what was not begun as
    Result(state=DUE, due_at=now)."""

    name: ChannelName

    def send(
        self, database: Database, claimed: Sequence[ClaimedMessage], record: Record, stop: Event
    ) -> None: ...

    def rest(self) -> None:
        """Nothing is due: lets go of what was not used for a while."""
        ...

    def close(self) -> None:
        """Lets go of everything; what is sent later begins anew."""
        ...


class Work(Protocol):
    """The ledger, as a streaming channel sees it."""

    def beat(self) -> None:
        """The loop is alive; said at least every few seconds."""
        ...

    def exchange(
        self,
        results: Sequence[Result],
        places: int,
        slow_places: int,
        load: Callable[[Connection, Sequence[ClaimedMessage]], T],
        urgent_places: int | None = None,
    ) -> tuple[Sequence[ClaimedMessage], T | None]:
        """Records results and claims up to `places` messages, loading them, in one transaction.

        At most `slow_places` of them belong to endpoints that timed out last; up to `urgent_places`
        are urgent, where that is more than `places`. None is loaded where none was claimed.
        """
        ...

    def is_urgent_due(self) -> bool:
        """Whether a claim would find something urgent; reads only."""
        ...

    def is_due(self) -> bool:
        """Whether a claim would find something; reads only."""
        ...

    def call_on_wake(self, wake: Callable[[], None] | None) -> None:
        """What to call, from any thread, when something may have become due; None: nothing any
        more."""
        ...


@runtime_checkable
class StreamingChannel(Protocol):
    """Sends for as long as there is something. Returns when `stop` is set, or with `is_draining`
    when all is done."""

    name: ChannelName

    def stream(self, database: Database, work: Work, stop: Event, *, is_draining: bool) -> None: ...
