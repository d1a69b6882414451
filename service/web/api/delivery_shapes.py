"""What the API shows of what is owed: deliveries, why, receipts, what is handed out. One
declaration each, of which the answers are made, and their description in OpenAPI."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from service.alerts.receipt_rules import Line
from service.delivery.prepare import SignedMessage
from service.services.channel_name import ChannelName
from service.services.receipt_acts import Acknowledgement
from service.services.subscriber_shapes import Shape
from service.storage.deliveries import Attempt, Delivery, DeliveryHistory
from service.storage.explanation import ExplainedDelivery, Explanation, ExplanationCode
from service.storage.receipts import Receipt
from service.types import ChangeType, State
from service.words import say


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedShape(Shape):
    id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryShape(Shape):
    id: str
    change_id: str
    type: ChangeType
    post: str
    revision: int
    subscription: str
    channel: ChannelName
    message_id: str | None = field(metadata={"description": "null while it waits for its digest"})
    state: State
    reason: str | None
    created_at: datetime
    done_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptShape(Shape):
    number: int
    started_at: datetime
    took_ms: int
    state: State
    status: int | None
    detail: str
    answer: str | None = field(
        metadata={
            "description": "what came back, its first 2 kB, secrets masked; null: nothing, or "
            "whoever asks is no operator"
        }
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownDeliveryShape(DeliveryShape):
    attempts: tuple[AttemptShape, ...]
    next_attempt_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayedShape(Shape):
    replayed: int = field(metadata={"description": "messages that are due now"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedDeliveryShape(Shape):
    delivery: DeliveryShape
    rule: str | None = field(
        metadata={"description": "what matched; null where it followed an earlier delivery"}
    )
    is_merged: bool
    attempts: tuple[AttemptShape, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WhyAnswerShape(Shape):
    post: str
    subscription: str
    was_owed: bool
    words: tuple[str, ...] = field(
        metadata={"description": "for people, in order, in the language that was asked for"}
    )
    codes: tuple[ExplanationCode, ...] = field(
        metadata={"description": "for programs: one for each of the words, in the same order"}
    )
    told: tuple[ExplainedDeliveryShape, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WhyShape(WhyAnswerShape):
    others: tuple[WhyAnswerShape, ...] = field(
        metadata={
            "description": "the same for each further subscription that is meant, as of a unit's "
            "name"
        }
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptLineShape(Shape):
    unit: NamedShape
    state: Line
    revision: int
    owed_at: datetime | None
    sent_at: datetime | None
    acknowledged_at: datetime | None
    by: str
    note: str
    via: str
    acknowledged_revision: int | None
    place_id: str | None = field(metadata={"description": "null: it is no commune's"})
    has_channel: bool = field(metadata={"description": "whether the unit hears by any channel now"})
    is_removed: bool = field(
        metadata={
            "description": "the unit was removed since: it is owed and reminded of nothing more"
        }
    )
    merged_into: str | None = field(
        metadata={"description": "the name of the unit that it became part of; null: none"}
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RemindedShape(Shape):
    asked: int = field(metadata={"description": "units"})
    resting: int = field(metadata={"description": "those who were asked within the hour"})
    unreachable: int = field(metadata={"description": "those whom no channel reaches"})


@dataclass(frozen=True, slots=True, kw_only=True)
class AcknowledgedShape(Shape):
    post: str
    revision: int
    unit: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedMessageShape(Shape):
    """As a webhook's request: verify `webhook-signature` over the bytes of `body`."""

    webhook_id: str = field(metadata={"alias": "webhook-id"})
    webhook_timestamp: str = field(metadata={"alias": "webhook-timestamp"})
    webhook_signature: str = field(metadata={"alias": "webhook-signature"})
    body: str = field(metadata={"description": "the webhook's body, as a string"})


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamShape(Shape):
    messages: tuple[HandedMessageShape, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamAckShape(Shape):
    acknowledged: tuple[str, ...]
    unknown: tuple[str, ...] = field(
        metadata={"description": "ids that are none of the caller's messages"}
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementShape(Shape):
    day: date
    ids: tuple[str, ...] = field(
        metadata={"description": "sorted; every message that was owed on that day"}
    )
    digest: str = field(
        metadata={"description": "`sha256:` and the hash of the sorted ids, each with a newline"}
    )


def delivery_shape(one: Delivery, language: str) -> DeliveryShape:
    return DeliveryShape(**_of_delivery(one, language))


def show_attempted(
    shown: DeliveryHistory, language: str, zone: ZoneInfo, *, has_answers: bool
) -> ShownDeliveryShape:
    """`has_answers`: what endpoints said is for operators: a unit may name any as its own."""
    return ShownDeliveryShape(
        **_of_delivery(shown.delivery, language),
        attempts=_attempts(shown.attempts, language, zone, has_answers=has_answers),
        next_attempt_at=shown.next_attempt_at,
    )


def _of_delivery(one: Delivery, language: str) -> dict[str, Any]:
    named = {"post_id": "post", "subscription_id": "subscription"}
    values = {named.get(of.name, of.name): getattr(one, of.name) for of in fields(one)}
    return {**values, "reason": None if one.reason is None else say(one.reason, language)}


def _attempts(
    attempts: Sequence[Attempt], language: str, zone: ZoneInfo, *, has_answers: bool = False
) -> tuple[AttemptShape, ...]:
    return tuple(
        AttemptShape(
            number=one.number,
            started_at=one.started_at,
            took_ms=one.took_ms,
            state=one.state,
            status=one.status,
            detail=say(one.detail, language, zone),
            answer=one.answer or None if has_answers else None,
        )
        for one in attempts
    )


def show_why(
    post_id: str, found: Sequence[tuple[str, Explanation]], language: str, zone: ZoneInfo
) -> WhyShape:
    """`found`: by the id of each subscription that is meant, the first before the others."""
    first, *others = [_answer(post_id, key, of, language, zone) for key, of in found]
    values = {of.name: getattr(first, of.name) for of in fields(first)}
    return WhyShape(**values, others=tuple(others))


def _answer(
    post_id: str, subscription_id: str, found: Explanation, language: str, zone: ZoneInfo
) -> WhyAnswerShape:
    return WhyAnswerShape(
        post=post_id,
        subscription=subscription_id,
        was_owed=found.was_owed,
        words=found.words(language, zone),
        codes=found.codes,
        told=tuple(_told(one, language, zone) for one in found.told),
    )


def _told(one: ExplainedDelivery, language: str, zone: ZoneInfo) -> ExplainedDeliveryShape:
    return ExplainedDeliveryShape(
        delivery=delivery_shape(one.delivery, language),
        rule=one.rule,
        is_merged=one.is_merged,
        attempts=_attempts(one.attempts, language, zone),
    )


def show_receipt(line: Receipt) -> ReceiptLineShape:
    values = {of.name: getattr(line, of.name) for of in fields(line)}
    for name in ("unit_id", "unit_name", "contacts"):
        del values[name]
    return ReceiptLineShape(unit=NamedShape(id=line.unit_id, name=line.unit_name), **values)


def show_acknowledged(done: Acknowledgement) -> AcknowledgedShape:
    return AcknowledgedShape(
        post=done.post_id, revision=done.revision, unit=done.unit_id, at=done.at
    )


def show_handed(signed: SignedMessage) -> HandedMessageShape:
    """A message as it is handed out: `body` is the webhook's bytes, which are UTF-8."""
    return HandedMessageShape(
        webhook_id=signed.message_id,
        webhook_timestamp=str(signed.timestamp),
        webhook_signature=signed.signature,
        body=signed.body.decode(),
    )
