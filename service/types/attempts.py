"""What became of sending."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from service.types.vocabulary import State


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one attempt at a message."""

    message_id: str
    lease_token: int
    state: State
    """SENT, DUE (try again at `due_at`), FAILED, SUSPENDED or SKIPPED."""
    status: int | None
    """HTTP status or SMTP reply code; None when there was none."""
    detail: str
    """In plain words, fit to be shown to the subscriber."""
    started_at: datetime
    took_s: float
    due_at: datetime | None = None
    timed_out: bool = False
    disables: bool = False
    """The endpoint said it is gone (410): its subscription is disabled."""
    is_final: bool = False
    """Failed by its content or its target, so that an endpoint that answers again is no reason to
    repeat it."""
    answer: str = ""
    """What came back, as `alerts.kept_answer` keeps it."""
