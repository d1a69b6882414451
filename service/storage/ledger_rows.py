"""What the ledger's statements take and give, the same for both databases."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

from service.types import Result


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message that is ours until its lease ends. `attempts` counts this one."""

    message_id: str
    endpoint_key: str
    lease_token: int
    attempts: int
    is_slow: bool = False
    """Its endpoint timed out last."""


@dataclass(slots=True)
class Taken:
    """What a claim leased, and how many places that took of each endpoint and lane."""

    claimed: list[Claimed] = field(default_factory=list)
    endpoints: Counter[str] = field(default_factory=Counter)
    lanes: Counter[str] = field(default_factory=Counter)
    spaced: list[str] = field(default_factory=list)
    """The endpoints among them that want time between two messages."""


class Owned(NamedTuple):
    """A result whose lease still holds. `row` is how the database finds the message fastest."""

    result: Result
    row: int | str
    endpoint_key: str
    lane_key: str
    attempts: int
    is_well: bool
    """Nothing in the endpoint's row would be changed by another success."""


class Written(NamedTuple):
    """A message's new state."""

    row: int | str
    message_id: str
    state: str
    due_at: int | None
    done_at: int | None
    detail: str
    is_final: int
    uncounted: int


class Tried(NamedTuple):
    """A row of `attempt`."""

    message_id: str
    number: int
    started_at: int
    took_ms: int
    state: str
    status: int | None
    detail: str


class Carried(NamedTuple):
    """What becomes of the deliveries that a message carries."""

    message_id: str
    state: str
    done_at: int | None
    reason: str | None
