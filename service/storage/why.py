"""Why a subscription did or did not get a post: answered from one place, in words for people and codes for programs.

Reads what was decided then, where anything was; else holds the post against the filters as they are now.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import Connection, text

from service.alerts.match import Matcher, Namer, as_it_is, name_rule
from service.alerts.owing import OWN_FAULTS, UNDER
from service.storage.deliveries import Attempt, Delivery, attempts_of, list_deliveries
from service.storage.fence import RESTORED
from service.storage.schema import from_micros
from service.storage.subscriptions import get_subscription, status_reason
from service.text import LOCAL
from service.types import ChangeType, Post, State, Subscription, SubscriptionStatus


class Because(StrEnum):
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
    FANNING_OUT = "fanning_out"  # not all deliveries are written yet
    NOT_CONFIRMED = "not_confirmed"
    REMOVED = "removed"
    SUBSCRIBED_LATER = "subscribed_later"
    CONFIRMED_LATER = "confirmed_later"
    NOTHING = "nothing"
    STATUS = "status"  # of the subscription now, which is not why


class Said(NamedTuple):
    code: Because
    words: str


_SILENCED = {
    "baseline": "tin đã có sẵn khi bắt đầu theo dõi chuyên mục: chỉ vào nguồn tin, không báo cho ai",
    "too_old": "tin cũ hơn thời hạn báo tin: chỉ vào nguồn tin",
    "flood": "quá nhiều tin mới cùng lúc: đang chờ người vận hành cho phép gửi",
    "restored": "cơ sở dữ liệu đã được khôi phục: tin này đăng trước thời điểm mà người vận hành cho gửi lại",
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
_STOPPED = {
    "delivery_paused": Said(Because.DELIVERY_PAUSED, "người vận hành đã tạm dừng mọi việc gửi"),
    RESTORED: Said(
        Because.RESTORED,
        "cơ sở dữ liệu được khôi phục từ bản sao lưu: chưa gửi gì cho đến khi người vận hành cho phép",
    ),
}
_CHANGES = {"post.published": "tin mới", "post.updated": "tin được sửa", "post.withdrawn": "tin bị gỡ"}
_DIGESTS = {"daily": "bản tổng hợp hằng ngày", "weekly": "bản tổng hợp hằng tuần"}


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
    """`was_owed` with what was told; else what was missing. `said` is in order."""

    was_owed: bool
    said: tuple[Said, ...]
    told: tuple[Told, ...] = ()

    @property
    def words(self) -> tuple[str, ...]:
        """For people."""
        return tuple(one.words for one in self.said)

    @property
    def codes(self) -> tuple[Because, ...]:
        """For programs, one for each of `words`."""
        return tuple(one.code for one in self.said)


def explain(conn: Connection, post: Post, subscription_id: str, namer: Namer = as_it_is) -> Why:
    """`namer`: what categories, portals and places are called. Raises NotFound for a subscription that is not."""
    subscription = get_subscription(conn, subscription_id)
    deliveries = list_deliveries(conn, subscription_id=subscription_id, post_id=post.id)
    told = tuple(_told(conn, delivery, namer) for delivery in reversed(deliveries))
    said = [one for each in told for one in _say(conn, each)]
    if _was_forgotten(conn, post.id, subscription_id):
        words = "đã được báo tin này từ lâu: chi tiết việc gửi không còn được lưu"
        return Why(True, (Said(Because.FORGOTTEN, words), *said), told)
    if told:
        return Why(True, tuple(said), told)
    return Why(False, tuple(_why_not(conn, post, subscription, namer)))


def _was_forgotten(conn: Connection, post_id: str, subscription_id: str) -> bool:
    query = text("SELECT 1 FROM owed WHERE post_id = :post AND subscription_id = :subscription")
    return conn.execute(query, {"post": post_id, "subscription": subscription_id}).first() is not None


def _why_not(conn: Connection, post: Post, subscription: Subscription, namer: Namer) -> list[Said]:
    said: list[Said] = []
    missing = Matcher(post).why_not(subscription.filters, namer)
    if missing:
        said.append(Said(Because.FILTERS, f"không khớp bộ lọc: {missing}"))
    said += _of_changes(conn, post.id)
    reason = status_reason(conn, subscription.id)
    status = "" if subscription.status is SubscriptionStatus.ACTIVE else UNDER[subscription.status][1]
    now = status + (f": {reason}" if status and reason else "")
    if subscription.status in _NOT_OWED:
        said.append(Said(_NOT_OWED[subscription.status], now))
    said = said or [_since_when(conn, post, subscription)]
    return [*said, Said(Because.STATUS, now)] if now and subscription.status not in _NOT_OWED else said


_NOT_OWED = {
    SubscriptionStatus.PENDING: Because.NOT_CONFIRMED,
    SubscriptionStatus.REMOVED: Because.REMOVED,
}
"""What a subscription is owed nothing under. Under any other that is not active it waits."""


def _of_changes(conn: Connection, post_id: str) -> list[Said]:
    rows = conn.execute(
        text("SELECT silenced, fanned_out_at FROM change WHERE post_id = :post ORDER BY at, id"), {"post": post_id}
    ).all()
    if not rows:
        return [Said(Because.NO_CHANGE, "tin chưa có thay đổi nào để báo")]
    said = [Said(Because(row.silenced), _SILENCED[row.silenced]) for row in rows if row.silenced in _SILENCED]
    if any(row.fanned_out_at is None for row in rows):
        said.append(Said(Because.FANNING_OUT, "việc gửi cho mọi đăng ký chưa xong"))
    return list(dict.fromkeys(said))


def _since_when(conn: Connection, post: Post, subscription: Subscription) -> Said:
    """It matches, and nothing is in the way now: so something was not yet so when the post came."""
    if subscription.created_at > post.first_seen_at:
        return Said(Because.SUBSCRIBED_LATER, "đăng ký được tạo sau khi tin được phát hiện")
    row = conn.execute(
        text(
            "SELECT s.confirmed_at, EXISTS (SELECT 1 FROM change_match cm JOIN change c ON c.id = cm.change_id"
            " WHERE c.post_id = :post AND cm.filter_id = s.filter_id) AS was_matched"
            " FROM subscription s WHERE s.id = :id"
        ),
        {"post": post.id, "id": subscription.id},
    ).one()
    if row.confirmed_at is not None and from_micros(row.confirmed_at) > post.first_seen_at:
        return Said(Because.CONFIRMED_LATER, "đăng ký được xác nhận sau khi tin được phát hiện")
    if not row.was_matched:
        return Said(Because.OTHER_FILTERS, "khi tin được phát hiện, bộ lọc của đăng ký là bộ lọc khác")
    return Said(Because.NOTHING, "không có thay đổi nào của tin được báo cho đăng ký này")


def _told(conn: Connection, delivery: Delivery, namer: Namer) -> Told:
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
    named = None if rule is None else name_rule(rule, namer)
    return Told(delivery, named, carried > 1, attempts_of(conn, delivery.message_id))


def _say(conn: Connection, told: Told) -> list[Said]:
    delivery = told.delivery
    change = f"{_CHANGES[delivery.type]} ({delivery.type.value}): "
    said = [
        Said(Because.MATCHED, f"{change}khớp {told.rule}")
        if told.rule and delivery.type is ChangeType.PUBLISHED
        else Said(Because.FOLLOWS, f"{change}vì đã được báo tin này trước đó")
    ]
    said += _mail_of(conn, told)
    said.append(
        Said(Because(delivery.state), _STATES[delivery.state] + (f": {delivery.reason}" if delivery.reason else ""))
    )
    said += [
        Said(Because.ATTEMPT, f"lần {a.number}, lúc {_shown(a.started_at)}: {a.detail} ({a.took_ms} ms)")
        for a in told.attempts
    ]
    return said + (_waits_for(conn, delivery) if delivery.state is State.DUE else [])


def _mail_of(conn: Connection, told: Told) -> list[Said]:
    """Which mail carries it, where that is not one of its own."""
    delivery = told.delivery
    if delivery.message_id is None:
        return [Said(Because.DIGEST, "chờ bản tổng hợp")] if delivery.state is State.DUE else []
    row = conn.execute(
        text(
            "SELECT m.group_key, (SELECT count(*) FROM delivery d WHERE d.message_id = m.id) AS n"
            " FROM message m WHERE m.id = :id"
        ),
        {"id": delivery.message_id},
    ).first()
    kind, _, rest = (row.group_key if row else "").partition(":")
    if row is not None and kind == "digest":
        named = _DIGESTS.get(rest.partition(":")[0], "bản tổng hợp")
        return [Said(Because.DIGEST, f"nằm trong {named}, thư {delivery.message_id}, có {row.n} mục")]
    if told.is_merged:
        others = row.n - 1 if row else 0
        return [
            Said(Because.MERGED, f"gộp chung trong thư {delivery.message_id} với {others} đăng ký khác cùng địa chỉ")
        ]
    return []


def _waits_for(conn: Connection, delivery: Delivery) -> list[Said]:
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
        said.append(Said(Because.OWN_FAULT, row.detail))
    if row.status == "disabled":
        said.append(Said(Because.ENDPOINT_DISABLED, "đầu nhận đang bị ngừng, được thử lại vài giờ một lần"))
    due_at = from_micros(max(row.due_at, row.not_before_at or 0))
    which = "tiếp theo" if row.attempts else "đầu tiên"
    return [*said, Said(Because.NEXT_ATTEMPT, f"lần gửi {which}: từ {_shown(due_at)}")]


def _shown(at: datetime) -> str:
    return f"{at.astimezone(LOCAL):%H:%M:%S ngày %d/%m/%Y}"


def _has_meta(conn: Connection, key: str) -> bool:
    return conn.execute(text("SELECT 1 FROM meta WHERE key = :key"), {"key": key}).first() is not None
