"""What becomes of what is owed while its subscription is not active, and by which code; and our own
faults.

The one place that says so: fan-out, parking, both channels and `why` take it from here.
"""

from __future__ import annotations

from datetime import timedelta

from service.types import State, SubscriptionStatus

UNDER: dict[SubscriptionStatus, tuple[State, str]] = {
    SubscriptionStatus.PENDING: (State.HELD, "subscription.pending"),
    SubscriptionStatus.PAUSED: (State.HELD, "subscription.paused"),
    SubscriptionStatus.DISABLED: (State.SUSPENDED, "subscription.disabled"),
    SubscriptionStatus.SUSPENDED: (State.SUSPENDED, "subscription.suspended"),
    SubscriptionStatus.REMOVED: (State.SKIPPED, "subscription.removed"),
}
"""Of a subscription that is not active. Active: it is sent."""

UNSIGNABLE = "own.unsignable"
UNPREPARED = "own.unprepared"
OWN_FAULTS = (UNSIGNABLE, UNPREPARED)
"""Why a message waits that could not be prepared: it stays due, and its endpoint is not blamed."""

OWN_FAULT_REST = timedelta(minutes=15)
"""Between two tries to prepare it: somebody must mend something first."""
