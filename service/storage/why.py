"""Why a subscription did or did not get a post: answered in words, from one place.

Reads what was decided then, where anything was; else holds the post against the filters as they are now.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, Row, text

from service.alerts.match import Matcher
from service.storage.deliveries import Attempt, Delivery, attempts_of, list_deliveries
from service.storage.subscriptions import get_subscription, status_reason
from service.types import Post, State, SubscriptionStatus

_SILENCED = {
    "baseline": "tin đã có sẵn khi bắt đầu theo dõi chuyên mục: chỉ vào nguồn tin, không báo cho ai",
    "too_old": "tin cũ hơn thời hạn báo tin: chỉ vào nguồn tin",
    "flood": "quá nhiều tin mới cùng lúc: đang chờ người vận hành cho phép gửi",
}
_STATES = {
    State.DUE: "đang chờ gửi",
    State.LEASED: "đang được gửi",
    State.SENT: "đã gửi, đầu nhận đã nhận",
    State.FAILED: "không gửi được",
    State.SUSPENDED: "đang bị ngừng",
    State.SKIPPED: "bỏ qua",
    State.HELD: "đang được giữ lại",
}


@dataclass(frozen=True, slots=True)
class Told:
    """What was owed for one change. `rule`: what matched, None where it followed an earlier delivery."""

    delivery: Delivery
    rule: str | None
    is_merged: bool
    """Whether its message carries other deliveries too."""
    attempts: tuple[Attempt, ...]


@dataclass(frozen=True, slots=True)
class Why:
    """`was_owed` with what was told; else `words` say what was missing. `words` are for people, in order."""

    was_owed: bool
    words: tuple[str, ...]
    told: tuple[Told, ...] = ()


def explain(conn: Connection, post: Post, subscription_id: str) -> Why:
    """Raises NotFound for a subscription that there is not."""
    subscription = get_subscription(conn, subscription_id)
    deliveries = list_deliveries(conn, subscription_id=subscription_id, post_id=post.id)
    if deliveries:
        told = tuple(_told(conn, delivery) for delivery in reversed(deliveries))
        return Why(True, tuple(words for one in told for words in _words(one)), told)
    words: list[str] = []
    missing = Matcher(post).why_not(subscription.filters)
    if missing:
        words.append(f"không khớp bộ lọc: {missing}")
    changes = conn.execute(
        text("SELECT id, type, at, silenced, fanned_out_at FROM change WHERE post_id = :post ORDER BY at, id"),
        {"post": post.id},
    ).all()
    words += _of_changes(changes)
    if subscription.status is not SubscriptionStatus.ACTIVE:
        reason = status_reason(conn, subscription_id)
        words.append(f"đăng ký đang ở trạng thái {subscription.status.value}" + (f": {reason}" if reason else ""))
    if not words and subscription.created_at > post.first_seen_at:
        words.append("đăng ký được tạo sau khi tin được phát hiện")
    return Why(False, tuple(words or ["không có thay đổi nào của tin được báo cho đăng ký này"]))


def _of_changes(changes: list[Row[tuple[object, ...]]] | object) -> list[str]:
    rows = list(changes) if isinstance(changes, list) else []
    if not rows:
        return ["tin chưa có thay đổi nào để báo"]
    words = [_SILENCED[row.silenced] for row in rows if row.silenced in _SILENCED]
    if any(row.fanned_out_at is None for row in rows):
        words.append("việc gửi cho mọi đăng ký chưa xong")
    return list(dict.fromkeys(words))


def _told(conn: Connection, delivery: Delivery) -> Told:
    rule = conn.execute(
        text(
            "SELECT cm.reason FROM change_match cm JOIN subscription s ON s.filter_id = cm.filter_id"
            " WHERE cm.change_id = :change AND s.id = :subscription"
        ),
        {"change": delivery.change_id, "subscription": delivery.subscription_id},
    ).scalar_one_or_none()
    carried = conn.execute(
        text("SELECT count(*) FROM delivery WHERE message_id = :id"), {"id": delivery.message_id}
    ).scalar_one()
    return Told(delivery, rule, carried > 1, attempts_of(conn, delivery.message_id))


def _words(told: Told) -> list[str]:
    delivery = told.delivery
    words = [f"{delivery.type.value}: " + (f"khớp {told.rule}" if told.rule else "vì đã được báo tin này trước đó")]
    if told.is_merged:
        words.append(f"gộp chung trong thư {delivery.message_id}")
    elif delivery.message_id is None:
        words.append("chờ bản tổng hợp")
    words.append(_STATES[delivery.state] + (f": {delivery.reason}" if delivery.reason else ""))
    words += [
        f"lần {a.number}, {a.started_at:%Y-%m-%d %H:%M:%S}Z: {a.detail} ({a.took_ms} ms)" for a in told.attempts
    ]
    return words
