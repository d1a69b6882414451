"""Why a subscription did or did not get a post: answered in words, from one place.

Reads what was decided then, where anything was; else holds the post against the filters as they are now.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, text

from service.alerts.match import Matcher
from service.storage.deliveries import Attempt, Delivery, attempts_of, list_deliveries
from service.storage.fence import RESTORED
from service.storage.schema import from_micros
from service.storage.subscriptions import get_subscription, status_reason
from service.types import Post, State, Subscription, SubscriptionStatus

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
_STATUSES = {
    SubscriptionStatus.PENDING: "chủ địa chỉ chưa xác nhận",
    SubscriptionStatus.ACTIVE: "đang hoạt động",
    SubscriptionStatus.PAUSED: "đang tạm dừng",
    SubscriptionStatus.DISABLED: "bị ngừng vì đầu nhận hỏng",
    SubscriptionStatus.SUSPENDED: "bị ngừng vì thư bị trả lại",
    SubscriptionStatus.REMOVED: "đã được gỡ bỏ",
}
_STOPPED = {
    "delivery_paused": "người vận hành đã tạm dừng mọi việc gửi",
    RESTORED: "cơ sở dữ liệu được khôi phục từ bản sao lưu: chưa gửi gì cho đến khi người vận hành cho phép",
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
    told = tuple(_told(conn, delivery) for delivery in reversed(deliveries))
    words = [line for one in told for line in _words(conn, one)]
    if _was_forgotten(conn, post.id, subscription_id):
        words.insert(0, "đã được báo tin này từ lâu: chi tiết việc gửi không còn được lưu")
        return Why(True, tuple(words), told)
    if told:
        return Why(True, tuple(words), told)
    return Why(False, tuple(_why_not(conn, post, subscription)))


def _was_forgotten(conn: Connection, post_id: str, subscription_id: str) -> bool:
    query = text("SELECT 1 FROM owed WHERE post_id = :post AND subscription_id = :subscription")
    return conn.execute(query, {"post": post_id, "subscription": subscription_id}).first() is not None


def _why_not(conn: Connection, post: Post, subscription: Subscription) -> list[str]:
    words: list[str] = []
    missing = Matcher(post).why_not(subscription.filters)
    if missing:
        words.append(f"không khớp bộ lọc: {missing}")
    words += _of_changes(conn, post.id)
    if subscription.status is not SubscriptionStatus.ACTIVE:
        reason = status_reason(conn, subscription.id)
        words.append(f"đăng ký {_STATUSES[subscription.status]}" + (f": {reason}" if reason else ""))
    return words or [_since_when(conn, post, subscription)]


def _of_changes(conn: Connection, post_id: str) -> list[str]:
    rows = conn.execute(
        text("SELECT silenced, fanned_out_at FROM change WHERE post_id = :post ORDER BY at, id"), {"post": post_id}
    ).all()
    if not rows:
        return ["tin chưa có thay đổi nào để báo"]
    words = [_SILENCED[row.silenced] for row in rows if row.silenced in _SILENCED]
    if any(row.fanned_out_at is None for row in rows):
        words.append("việc gửi cho mọi đăng ký chưa xong")
    return list(dict.fromkeys(words))


def _since_when(conn: Connection, post: Post, subscription: Subscription) -> str:
    """It matches, and nothing is in the way now: so something was not yet so when the post came."""
    if subscription.created_at > post.first_seen_at:
        return "đăng ký được tạo sau khi tin được phát hiện"
    row = conn.execute(
        text(
            "SELECT s.confirmed_at, EXISTS (SELECT 1 FROM change_match cm JOIN change c ON c.id = cm.change_id"
            " WHERE c.post_id = :post AND cm.filter_id = s.filter_id) AS was_matched"
            " FROM subscription s WHERE s.id = :id"
        ),
        {"post": post.id, "id": subscription.id},
    ).one()
    if row.confirmed_at is not None and from_micros(row.confirmed_at) > post.first_seen_at:
        return "đăng ký được xác nhận sau khi tin được phát hiện"
    if not row.was_matched:
        return "khi tin được phát hiện, bộ lọc của đăng ký là bộ lọc khác"
    return "không có thay đổi nào của tin được báo cho đăng ký này"


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


def _words(conn: Connection, told: Told) -> list[str]:
    delivery = told.delivery
    words = [f"{delivery.type.value}: " + (f"khớp {told.rule}" if told.rule else "vì đã được báo tin này trước đó")]
    if told.is_merged:
        words.append(f"gộp chung trong thư {delivery.message_id}")
    elif delivery.message_id is None and delivery.state is State.DUE:
        words.append("chờ bản tổng hợp")
    words.append(_STATES[delivery.state] + (f": {delivery.reason}" if delivery.reason else ""))
    words += [
        f"lần {a.number}, {a.started_at:%Y-%m-%d %H:%M:%S}Z: {a.detail} ({a.took_ms} ms)" for a in told.attempts
    ]
    return words + (_waits_for(conn, delivery) if delivery.state is State.DUE else [])


def _waits_for(conn: Connection, delivery: Delivery) -> list[str]:
    """What stands between a delivery and its next attempt."""
    words = [said for key, said in _STOPPED.items() if _has_meta(conn, key)]
    row = conn.execute(
        text(
            "SELECT m.due_at, m.attempts, e.status, e.not_before_at FROM message m"
            " JOIN endpoint e ON e.key = m.endpoint_key WHERE m.id = :id"
        ),
        {"id": delivery.message_id},
    ).first()
    if row is None:
        return words
    if row.status == "disabled":
        words.append("đầu nhận đang bị ngừng, được thử lại vài giờ một lần")
    due_at = from_micros(max(row.due_at, row.not_before_at or 0))
    return [*words, f"lần gửi {'tiếp theo' if row.attempts else 'đầu tiên'}: từ {due_at:%Y-%m-%d %H:%M:%S}Z"]


def _has_meta(conn: Connection, key: str) -> bool:
    return conn.execute(text("SELECT 1 FROM meta WHERE key = :key"), {"key": key}).first() is not None
