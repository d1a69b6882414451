"""Why a subscription did or did not get a post: answered from one place, in codes, which are said
at the edge.

Reads what was decided then, where anything was; else holds the post against the filters as they are
now.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, text

from service.alerts.match import Matcher, Namer, as_it_is, name_rule
from service.alerts.owing import OWN_FAULTS, UNDER
from service.storage.deliveries import Attempt, Delivery, attempts_of, list_deliveries
from service.storage.queue import RESTORED
from service.storage.schema import from_micros
from service.storage.subscriptions import get_subscription, status_reason
from service.text import LOCAL
from service.types import ChangeType, Post, State, Subscription, SubscriptionStatus
from service.words import coded, say


class ExplanationCode(StrEnum):
    """What a line of the answer says."""

    # it was owed
    MATCHED = "matched"
    FOLLOWS = "follows"  # a change of a post that it was told of before
    FORGOTTEN = "forgotten"  # long ago
    MERGED = "merged"  # one mail carries it with others
    DIGEST = "digest"  # it is in a digest, or waits for the next
    DUE = "due"
    LEASED = "leased"
    SENT = "sent"
    FAILED = "failed"
    SUSPENDED = "suspended"
    SKIPPED = "skipped"
    HELD = "held"
    ATTEMPT = "attempt"
    NEXT_ATTEMPT = "next_attempt"
    OWN_FAULT = "own_fault"  # Loa cannot prepare it
    ENDPOINT_DISABLED = "endpoint_disabled"
    DELIVERY_PAUSED = "delivery_paused"
    RESTORED = "restored"
    # it was not owed
    FILTERS = "filters"
    OTHER_FILTERS = "other_filters"  # it had others when the post came
    NO_CHANGE = "no_change"
    BASELINE = "baseline"
    TOO_OLD = "too_old"
    FLOOD = "flood"
    DISCARDED = "discarded"  # the operator decided so
    FANNING_OUT = "fanning_out"  # not all deliveries are written yet
    NOT_CONFIRMED = "not_confirmed"
    REMOVED = "removed"
    SUBSCRIBED_LATER = "subscribed_later"
    CONFIRMED_LATER = "confirmed_later"
    NOTHING = "nothing"
    STATUS = "status"  # of the subscription now, which is not why


class ExplanationLine(NamedTuple):
    """`reason`: coded, with its facts."""

    code: ExplanationCode
    reason: str


_SILENCED = {
    "baseline": ExplanationLine(ExplanationCode.BASELINE, "why.baseline"),
    "too_old": ExplanationLine(ExplanationCode.TOO_OLD, "why.too_old"),
    "flood": ExplanationLine(ExplanationCode.FLOOD, "why.flood"),
    "restored": ExplanationLine(ExplanationCode.RESTORED, "why.restored_before"),
    "discarded": ExplanationLine(ExplanationCode.DISCARDED, "why.discarded"),
}
_STOPPED = {
    "delivery_paused": ExplanationLine(ExplanationCode.DELIVERY_PAUSED, "why.delivery_paused"),
    RESTORED: ExplanationLine(ExplanationCode.RESTORED, "why.restored"),
}


@dataclass(frozen=True, slots=True)
class ExplainedDelivery:
    """What was owed for one change. `rule`: what matched, None where it followed an earlier
    delivery."""

    delivery: Delivery
    rule: str | None
    is_merged: bool
    """Whether its message carries other deliveries too."""
    attempts: tuple[Attempt, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """`was_owed` with what was told; else what was missing. `lines` are in order."""

    was_owed: bool
    lines: tuple[ExplanationLine, ...]
    told: tuple[ExplainedDelivery, ...] = ()

    def words(self, language: str, zone: ZoneInfo = LOCAL) -> tuple[str, ...]:
        """For people."""
        return tuple(say(line.reason, language, zone) for line in self.lines)

    @property
    def codes(self) -> tuple[ExplanationCode, ...]:
        """For programs, one for each of `words`."""
        return tuple(line.code for line in self.lines)


def explain_delivery(
    conn: Connection, post: Post, subscription_id: str, namer: Namer = as_it_is
) -> Explanation:
    """`namer`: what categories, portals and places are called. Raises NotFound for a subscription
    that is not."""
    subscription = get_subscription(conn, subscription_id)
    deliveries = list_deliveries(conn, subscription_id=subscription_id, post_id=post.id)
    told = tuple(_told(conn, delivery, namer) for delivery in reversed(deliveries))
    said = [one for each in told for one in _say(conn, each)]
    if _was_forgotten(conn, post.id, subscription_id):
        return Explanation(
            True, (ExplanationLine(ExplanationCode.FORGOTTEN, "why.forgotten"), *said), told
        )
    if told:
        return Explanation(True, tuple(said), told)
    return Explanation(False, tuple(_why_not(conn, post, subscription, namer)))


def _was_forgotten(conn: Connection, post_id: str, subscription_id: str) -> bool:
    query = text("SELECT 1 FROM owed WHERE post_id = :post AND subscription_id = :subscription")
    return (
        conn.execute(query, {"post": post_id, "subscription": subscription_id}).first() is not None
    )


def _why_not(
    conn: Connection, post: Post, subscription: Subscription, namer: Namer
) -> list[ExplanationLine]:
    said: list[ExplanationLine] = []
    missing = Matcher(post).why_not(subscription.filters, namer)
    if missing:
        said.append(ExplanationLine(ExplanationCode.FILTERS, coded("why.filters", reason=missing)))
    said += _of_changes(conn, post.id)
    reason = status_reason(conn, subscription.id)
    status = (
        "" if subscription.status is SubscriptionStatus.ACTIVE else UNDER[subscription.status][1]
    )
    now = (
        coded("why.standing_because", standing=status, reason=reason)
        if status and reason
        else status
    )
    if subscription.status in _NOT_OWED:
        said.append(ExplanationLine(_NOT_OWED[subscription.status], now))
    said = said or [_since_when(conn, post, subscription)]
    return (
        [*said, ExplanationLine(ExplanationCode.STATUS, now)]
        if now and subscription.status not in _NOT_OWED
        else said
    )


_DIGESTS = ("daily", "weekly")
_NOT_OWED = {
    SubscriptionStatus.PENDING: ExplanationCode.NOT_CONFIRMED,
    SubscriptionStatus.REMOVED: ExplanationCode.REMOVED,
}
"""What a subscription is owed nothing under. Under any other that is not active it waits."""


def _of_changes(conn: Connection, post_id: str) -> list[ExplanationLine]:
    rows = conn.execute(
        text("SELECT silenced, fanned_out_at FROM change WHERE post_id = :post ORDER BY at, id"),
        {"post": post_id},
    ).all()
    if not rows:
        return [ExplanationLine(ExplanationCode.NO_CHANGE, "why.no_change")]
    said = [_SILENCED[row.silenced] for row in rows if row.silenced in _SILENCED]
    if any(row.fanned_out_at is None for row in rows):
        said.append(ExplanationLine(ExplanationCode.FANNING_OUT, "why.fanning_out"))
    return list(dict.fromkeys(said))


def _since_when(conn: Connection, post: Post, subscription: Subscription) -> ExplanationLine:
    """It matches, and nothing is in the way now: so something was not yet so when the post came."""
    if subscription.created_at > post.first_seen_at:
        return ExplanationLine(ExplanationCode.SUBSCRIBED_LATER, "why.subscribed_later")
    row = conn.execute(
        text(
            "SELECT s.confirmed_at, EXISTS (SELECT 1 FROM change_match cm JOIN change c ON c.id = "
            "cm.change_id"
            " WHERE c.post_id = :post AND cm.filter_id = s.filter_id) AS was_matched"
            " FROM subscription s WHERE s.id = :id"
        ),
        {"post": post.id, "id": subscription.id},
    ).one()
    if row.confirmed_at is not None and from_micros(row.confirmed_at) > post.first_seen_at:
        return ExplanationLine(ExplanationCode.CONFIRMED_LATER, "why.confirmed_later")
    if not row.was_matched:
        return ExplanationLine(ExplanationCode.OTHER_FILTERS, "why.other_filters")
    return ExplanationLine(ExplanationCode.NOTHING, "why.nothing")


def _told(conn: Connection, delivery: Delivery, namer: Namer) -> ExplainedDelivery:
    rule = conn.execute(
        text(
            "SELECT cm.reason FROM change_match cm JOIN subscription s ON s.filter_id = "
            "cm.filter_id"
            " WHERE cm.change_id = :change AND s.id = :subscription"
        ),
        {"change": delivery.change_id, "subscription": delivery.subscription_id},
    ).scalar_one_or_none()
    carried = conn.execute(
        text("SELECT count(*) FROM delivery WHERE message_id = :id"), {"id": delivery.message_id}
    ).scalar_one()
    named = None if rule is None else name_rule(rule, namer)
    return ExplainedDelivery(delivery, named, carried > 1, attempts_of(conn, delivery.message_id))


def _say(conn: Connection, told: ExplainedDelivery) -> list[ExplanationLine]:
    delivery = told.delivery
    kind = delivery.type.value.replace(".", "_")
    said = [
        ExplanationLine(ExplanationCode.MATCHED, coded(f"why.matched_{kind}", reason=told.rule))
        if told.rule and delivery.type is ChangeType.PUBLISHED
        else ExplanationLine(ExplanationCode.FOLLOWS, f"why.follows_{kind}")
    ]
    said += _mail_of(conn, told)
    state = f"why.{delivery.state.value}"
    reason = coded(f"{state}_because", reason=delivery.reason) if delivery.reason else state
    said.append(ExplanationLine(ExplanationCode(delivery.state), reason))
    said += [ExplanationLine(ExplanationCode.ATTEMPT, _attempt(one)) for one in told.attempts]
    return said + (_waits_for(conn, delivery) if delivery.state is State.DUE else [])


def _attempt(one: Attempt) -> str:
    started_at = one.started_at.isoformat()
    return coded(
        "why.attempt", n=one.number, started_at=started_at, reason=one.detail, took_ms=one.took_ms
    )


def _mail_of(conn: Connection, told: ExplainedDelivery) -> list[ExplanationLine]:
    """Which mail carries it, where that is not one of its own."""
    delivery = told.delivery
    if delivery.message_id is None:
        return (
            [ExplanationLine(ExplanationCode.DIGEST, "why.waits_for_digest")]
            if delivery.state is State.DUE
            else []
        )
    row = conn.execute(
        text(
            "SELECT m.group_key, (SELECT count(*) FROM delivery d WHERE d.message_id = m.id) AS n"
            " FROM message m WHERE m.id = :id"
        ),
        {"id": delivery.message_id},
    ).first()
    kind, _, rest = (row.group_key if row else "").partition(":")
    if row is not None and kind == "digest":
        frequency = rest.partition(":")[0]
        code = f"why.digest_{frequency}" if frequency in _DIGESTS else "why.digest"
        return [
            ExplanationLine(
                ExplanationCode.DIGEST, coded(code, message=delivery.message_id, n=row.n)
            )
        ]
    if told.is_merged:
        others = row.n - 1 if row else 0
        return [
            ExplanationLine(
                ExplanationCode.MERGED, coded("why.merged", message=delivery.message_id, n=others)
            )
        ]
    return []


def _waits_for(conn: Connection, delivery: Delivery) -> list[ExplanationLine]:
    """What stands between a delivery and its next attempt."""
    said = [one for key, one in _STOPPED.items() if _has_meta(conn, key)]
    row = conn.execute(
        text(
            "SELECT m.due_at, m.attempts, m.detail, e.status, e.not_before_at FROM message m"
            " JOIN endpoint e ON e.key = m.endpoint_key WHERE m.id = :id"
        ),
        {"id": delivery.message_id},
    ).first()
    if row is None:
        return said
    if row.detail in OWN_FAULTS:
        said.append(ExplanationLine(ExplanationCode.OWN_FAULT, row.detail))
    if row.status == "disabled":
        said.append(ExplanationLine(ExplanationCode.ENDPOINT_DISABLED, "why.endpoint_disabled"))
    due_at = from_micros(max(row.due_at, row.not_before_at or 0))
    code = "why.next_attempt" if row.attempts else "why.first_attempt"
    return [
        *said,
        ExplanationLine(ExplanationCode.NEXT_ATTEMPT, coded(code, tried_at=due_at.isoformat())),
    ]


def _has_meta(conn: Connection, key: str) -> bool:
    return (
        conn.execute(text("SELECT 1 FROM meta WHERE key = :key"), {"key": key}).first() is not None
    )
