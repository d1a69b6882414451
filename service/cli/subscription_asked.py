"""What `loa subscription show` says of the last question or test, and how it was answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.cli.common import as_plain, local
from service.types import State, SubscriptionStatus
from service.words import say

if TYPE_CHECKING:
    from service.storage.question_answers import QuestionAnswer
    from service.values import Locale


def asked_json(asked: QuestionAnswer | None) -> dict[str, object] | None:
    if asked is None:
        return None
    attempts = [{**as_plain(one), "detail": say(one.detail, "en")} for one in asked.attempts]
    return {**as_plain(asked), "attempts": attempts}


def asked_lines(
    asked: QuestionAnswer | None, status: SubscriptionStatus, locale: Locale
) -> list[str] | None:
    """When it was asked, the last answer, and what is lacking; None where it was never asked."""
    if asked is None:
        return None
    lines = [f"{asked.type} at {local(asked.at, locale)}"]
    if not asked.attempts:
        return [*lines, "it goes out with `loa serve` or `loa deliver`"]
    last = asked.attempts[-1]
    number = f", HTTP {last.status}" if last.status else ""
    answer = say(last.detail, "en", locale.zone)
    lines.append(f"attempt {last.number}: {last.state.value}{number}: {answer}")
    is_question = asked.type == "subscription.confirm"
    if is_question and asked.state == State.SENT and status is SubscriptionStatus.PENDING:
        lines.append("the answer does not hold the challenge: help, /help/webhooks#handshake")
    if asked.next_attempt_at is not None:
        lines.append(f"it is asked again at {local(asked.next_attempt_at, locale)}")
    return lines
