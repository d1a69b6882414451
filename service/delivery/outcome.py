"""What becomes of a webhook that was claimed: a request, or the result of one that cannot go or has
ended."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import Connection

from service.alerts.kept_answer import kept_answer
from service.alerts.owing import OWN_FAULT_REST, UNDER, UNPREPARED, UNSIGNABLE
from service.alerts.retry import next_attempt
from service.alerts.verdict import Verdict, judge_answer
from service.delivery.prepare import Preparer, Request
from service.delivery.wire import WireAnswer
from service.errors import ConfigurationError
from service.settings import WebhookSettings
from service.storage.handshakes import confirm_endpoint
from service.storage.queue import ClaimedMessage, OutgoingMessage
from service.types import Result, State, SubscriptionStatus

_log = logging.getLogger(__name__)
T = TypeVar("T")

_GONE = (State.SKIPPED, "subscription.gone")
_KEYLESS = (State.SKIPPED, "subscription.keyless")
_QUESTION = b'{"type":"subscription.confirm"'
_UNSENT = {
    status.value: UNDER[status]
    for status in (
        SubscriptionStatus.REMOVED,
        SubscriptionStatus.PAUSED,
        SubscriptionStatus.SUSPENDED,
    )
}


class Outcomes:
    """Knows the schedule of attempts and how requests are made."""

    def __init__(self, settings: WebhookSettings, preparer: Preparer) -> None:
        self._settings = settings
        self._preparer = preparer

    def prepared(
        self, claimed: ClaimedMessage, outgoing: OutgoingMessage | None, now: datetime
    ) -> Request | Result:
        """The request, or what becomes of a message that may not or cannot be sent.

        The state of its subscription counts now. What is wrong on our side costs neither the
        message nor its endpoint: it stays due, and the operator is told.
        """
        return made_or_result(self._preparer.prepare, claimed, outgoing, now)

    def result(self, claimed: ClaimedMessage, answered: WireAnswer, now: datetime) -> Result:
        """What the answer comes to, and when it is tried again."""
        verdict = judge_answer(answered.status, answered.error, is_guarded=answered.is_guarded)
        return judged_result(
            self._settings.retry_schedule_s, claimed, verdict, now,
            status=answered.status, took_s=answered.took_s, retry_after_s=answered.retry_after_s,
            answer=kept_answer(answered.body, answered.request.challenge) if answered.body else "",
        )  # fmt: skip

    def confirm(self, conn: Connection, request: Request, now: datetime) -> None:
        """Its endpoint has answered the question."""
        confirm_endpoint(conn, request.subscription_id, now, request.target.url)


def judged_result(
    schedule_s: Sequence[float],
    claimed: ClaimedMessage,
    verdict: Verdict,
    now: datetime,
    *,
    status: int,
    took_s: float,
    retry_after_s: float | None = None,
    answer: str = "",
) -> Result:
    """What an attempt that has ended now comes to, and when it is tried again."""
    state, due_at = State.SENT, None
    if not verdict.is_accepted:
        wait = None if verdict.is_final else next_attempt(
            schedule_s, claimed.attempts, retry_after_s,
            random.random()  # noqa: S311 — spreads, hides nothing
        )  # fmt: skip
        state, due_at = (State.FAILED, None) if wait is None else (State.DUE, now + wait)
    return Result(
        message_id=claimed.message_id,
        lease_token=claimed.lease_token,
        state=state,
        status=status or None,
        detail=verdict.detail,
        started_at=now - timedelta(seconds=took_s),
        took_s=took_s,
        due_at=due_at,
        timed_out=verdict.timed_out,
        disables=verdict.is_gone,
        is_final=verdict.is_final and not verdict.is_gone,
        answer=answer,
    )


def made_or_result(
    make: Callable[[OutgoingMessage, int], T],
    claimed: ClaimedMessage,
    outgoing: OutgoingMessage | None,
    now: datetime,
    *,
    question: bytes = _QUESTION,
    is_signed: bool = True,
) -> T | Result:
    """What `make` makes of a message for an instant in Unix seconds, or as `Outcomes.prepared`.

    `question`: how a body begins that a pending subscription may be sent. `is_signed`: whether one
    without a secret is sent nothing.
    """
    unsent = _unsent(outgoing, question, is_signed=is_signed)
    if outgoing is None or unsent is not None:
        state, detail = unsent or _GONE
        return unsent_result(claimed, state, detail, now)
    try:
        return make(outgoing, int(now.timestamp()))
    except ConfigurationError as error:
        _log.error("message %s cannot be signed: %s", claimed.message_id, error)
        detail = UNSIGNABLE
    except Exception:  # a bug in one message, logged whole: the others must go out
        _log.exception("message %s cannot be prepared", claimed.message_id)
        detail = UNPREPARED
    return untried(claimed, detail, now, now + OWN_FAULT_REST)


def unsent_result(claimed: ClaimedMessage, state: State, detail: str, now: datetime) -> Result:
    """Nothing was sent; `detail` is coded."""
    return Result(claimed.message_id, claimed.lease_token, state, None, detail, now, 0.0)


def _unsent(
    outgoing: OutgoingMessage | None, question: bytes, *, is_signed: bool
) -> tuple[State, str] | None:
    """Why a message may not be sent; None where it may. A pending subscription gets its question
    and nothing else."""
    if outgoing is None:
        return _GONE
    if outgoing.status == SubscriptionStatus.PENDING and not outgoing.body.startswith(question):
        return UNDER[SubscriptionStatus.PENDING]
    is_keyless = is_signed and not outgoing.sealed
    return _UNSENT.get(outgoing.status) or (_KEYLESS if is_keyless else None)


def handed_back(claimed: ClaimedMessage, now: datetime) -> Result:
    """Due as it was: nothing was sent, or nobody saw its end."""
    return untried(claimed, "message.handed_back", now, None)


def untried(claimed: ClaimedMessage, detail: str, now: datetime, due_at: datetime | None) -> Result:
    """Due again, at once or at an instant: it cost the message nothing."""
    return Result(
        claimed.message_id, claimed.lease_token, State.DUE, None, detail, now, 0.0, due_at
    )
