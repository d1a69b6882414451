"""The words of design.md, section 2, as enums: one word for one thing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import NewType

Clock = Callable[[], datetime]
"""Returns the present instant, aware, UTC; pure code is handed its result."""


class Outcome(StrEnum):
    """How the poll of a listing ended."""

    NEW = "new"
    UNCHANGED = "unchanged"
    LAYOUT_CHANGED = "layout_changed"
    YIELD_DROPPED = "yield_dropped"
    MAINTENANCE = "maintenance"
    LOGIN = "login"
    BLOCKED = "blocked"
    NOT_A_LISTING = "not_a_listing"
    ROBOTS = "robots"
    REDIRECTED = "redirected"
    TLS = "tls"
    NETWORK = "network"
    OWN_NETWORK = "own_network"
    HTTP_ERROR = "http_error"
    TOO_BIG = "too_big"
    POSSIBLE_GAP = "possible_gap"
    HELD = "held"

    @property
    def is_failure(self) -> bool:
        """Whether nothing could be read: the listing's back-off grows (but for OWN_NETWORK)."""
        return self not in _WAS_READ


_WAS_READ = frozenset(
    {Outcome.NEW, Outcome.UNCHANGED, Outcome.YIELD_DROPPED, Outcome.POSSIBLE_GAP, Outcome.HELD}
)


class ChangeType(StrEnum):
    PUBLISHED = "post.published"
    UPDATED = "post.updated"
    WITHDRAWN = "post.withdrawn"


Channel = NewType("Channel", str)
"""The name of a channel; `service.channels` says which there are and what each is like."""
WEBHOOK = Channel("webhook")
EMAIL = Channel("email")


class Frequency(StrEnum):
    """How often an email subscription is written to; webhooks are always immediate."""

    IMMEDIATE = "immediate"
    DAILY = "daily"
    WEEKLY = "weekly"


class SubscriptionStatus(StrEnum):
    PENDING = "pending"  # not yet confirmed by its owner
    ACTIVE = "active"
    PAUSED = "paused"  # by its owner or the operator: deliveries wait
    DISABLED = "disabled"  # by Loa: its endpoint failed for too long, or answered 410
    SUSPENDED = "suspended"  # by Loa: its mail bounces
    REMOVED = "removed"


class State(StrEnum):
    """Of a delivery or a message."""

    DUE = "due"
    LEASED = "leased"
    SENT = "sent"  # a 2xx, or accepted by the relay: never called delivered
    FAILED = "failed"
    SUSPENDED = "suspended"
    SKIPPED = "skipped"
    HELD = "held"


class Urgency(StrEnum):
    NORMAL = "normal"
    KHAN = "khan"
    THUONG_KHAN = "thuong-khan"
    HOA_TOC = "hoa-toc"
