"""What the ledger's statements take and give, the same for both databases.

Named tuples: these are made for every message that is sent, and a frozen dataclass costs three
times as much.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

from service.channels import Grouping, kind_of
from service.types import Result, State


class ClaimedMessage(NamedTuple):
    """A message that is ours until its lease ends. `attempts` counts this one."""

    message_id: str
    endpoint_key: str
    lease_token: int
    attempts: int
    is_slow: bool = False
    """Its endpoint timed out last."""
    is_urgent: bool = False
    """It was claimed before all else."""


@dataclass(slots=True)
class ClaimResult:
    """What a claim leased, and how many places that took of each endpoint and host group."""

    claimed: list[ClaimedMessage] = field(default_factory=list)
    endpoints: Counter[str] = field(default_factory=Counter)
    host_groups: Counter[str] = field(default_factory=Counter)
    spaced: list[str] = field(default_factory=list)
    """The endpoints among them that want time between two messages."""

    def add(self, more: ClaimResult) -> None:
        self.claimed += more.claimed
        self.endpoints.update(more.endpoints)
        self.host_groups.update(more.host_groups)
        self.spaced += more.spaced


class LeasedResult(NamedTuple):
    """A result whose lease held until now."""

    result: Result
    endpoint_key: str
    host_group_key: str
    channel: str
    is_well: bool
    """Nothing in the endpoint's row would be changed by another success."""

    @property
    def is_accepted_alone(self) -> bool:
        """Such a message carries one delivery; a person's may carry several, some of which went out
        without it."""
        return (
            self.result.state is State.SENT
            and kind_of(self.channel).grouping is Grouping.SUBSCRIPTION
        )


class AcceptedMessage(NamedTuple):
    """A message that was accepted, and by which attempt."""

    message_id: str
    done_at: int
    detail: str
    started_at: int
    took_ms: int
    status: int | None


class RejectedAttempt(NamedTuple):
    """An attempt that was not accepted."""

    message_id: str
    started_at: int
    took_ms: int
    state: str
    status: int | None
    detail: str


class MessageUpdate(NamedTuple):
    """The new state of a message that was not accepted."""

    message_id: str
    state: str
    due_at: int | None
    done_at: int | None
    detail: str
    is_final: int
    counted: int
    """1 where something was tried."""


class DeliveryUpdate(NamedTuple):
    """What becomes of the deliveries that a message carries."""

    message_id: str
    state: str
    done_at: int | None
    reason: str | None
