"""Why a subscription did or did not get a post, in words, from one place. The same on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from service.errors import NotFound
from service.storage.deliveries import pause_all
from service.storage.digests import gather_digests
from service.storage.engine import Database
from service.storage.fence import RESTORED
from service.storage.ledger import claim_due, record_results
from service.storage.retention import forget_done
from service.storage.subscriptions import NewSubscription, add_subscription, set_filters, set_status
from service.storage.why import Why, explain
from service.types import ChangeType, Channel, Filters, Frequency, Result, State, SubscriptionStatus
from tests.fakes_ledger import EARLIER, NOW, a_post, hook, mail, tell


def why(database: Database, subscription_id: str) -> Why:
    with database.reading() as conn:
        return explain(conn, a_post(), subscription_id)


def try_once(database: Database, state: State, detail: str, *, status: int = 200) -> None:
    with database.writing() as conn:
        (one,) = claim_due(conn, channel=Channel.WEBHOOK, now=NOW, limit=1, lease_s=30)
        due_at = NOW + timedelta(seconds=5) if state is State.DUE else None
        result = Result(one.message_id, one.lease_token, state, status, detail, NOW, 0.12, due_at)
        record_results(conn, [result], NOW)


def test_every_attempt_is_told_and_when_the_next_one_is(any_database: Database) -> None:
    with any_database.writing() as conn:
        one = hook(conn, "http://a.example/1", filters=Filters(categories=("directives",), keywords=("bão",)))
        tell(conn, a_post())
    assert why(any_database, one.id).words == (
        "post.published: khớp chuyên mục directives; từ khoá “bão”",
        "đang chờ gửi",
        "lần gửi đầu tiên: từ 2026-11-23 03:00:00Z",
    )
    try_once(any_database, State.DUE, "trả lời 503", status=503)
    said = why(any_database, one.id)
    assert said.was_owed
    assert said.words[1:] == (
        "đang chờ gửi",
        "lần 1, 2026-11-23 03:00:00Z: trả lời 503 (120 ms)",
        "lần gửi tiếp theo: từ 2026-11-23 03:00:05Z",
    )


def test_what_was_sent_and_its_later_changes_are_told_in_order(any_database: Database) -> None:
    with any_database.writing() as conn:
        one = hook(conn, "http://a.example/1")
        tell(conn, a_post())
    try_once(any_database, State.SENT, "đã nhận (204)")
    with any_database.writing() as conn:
        tell(conn, a_post(revision=2), ChangeType.UPDATED)
    words = why(any_database, one.id).words
    assert words[0] == "post.published: khớp không đặt bộ lọc: nhận mọi tin"
    assert words[1] == "đã gửi, đầu nhận đã nhận"
    assert any(line.startswith("post.updated") for line in words[2:])


@pytest.mark.parametrize(
    ("stop", "said"),
    [(lambda conn: pause_all(conn, NOW), "người vận hành đã tạm dừng"),
     (lambda conn: conn.execute(text("INSERT INTO meta(key, value) VALUES (:k, '1')"), {"k": RESTORED}),
      "khôi phục từ bản sao lưu"),
     (lambda conn: conn.execute(text("UPDATE endpoint SET status = 'disabled'")), "đầu nhận đang bị ngừng")],
    ids=["paused", "restored", "disabled"],
)  # fmt: skip
def test_what_stands_in_the_way_is_told(any_database: Database, stop: object, said: str) -> None:
    with any_database.writing() as conn:
        one = hook(conn, "http://a.example/1")
        tell(conn, a_post())
        stop(conn)  # type: ignore[operator] # parametrised
    assert any(said in line for line in why(any_database, one.id).words)


@pytest.mark.parametrize(
    ("silenced", "said"), [("baseline", "đã có sẵn"), ("too_old", "cũ hơn"), ("flood", "người vận hành cho phép")]
)
def test_a_silence_is_told(any_database: Database, silenced: str, said: str) -> None:
    with any_database.writing() as conn:
        one = hook(conn, "http://a.example/1")
        tell(conn, a_post(), silenced=silenced)
    found = why(any_database, one.id)
    assert not found.was_owed
    assert said in found.words[0]


def test_a_mail_that_carries_several_is_named_and_a_digest_that_waits(any_database: Database) -> None:
    with any_database.writing() as conn:
        one = mail(conn, "an@example.vn")
        mail(conn, "an@example.vn", filters=Filters(keywords=("bão",)))
        digest = add_subscription(
            conn,
            NewSubscription(Channel.EMAIL, "binh@example.vn", EARLIER, frequency=Frequency.DAILY, is_confirmed=True),
        )
        tell(conn, a_post())
    told = why(any_database, one.id)
    assert f"gộp chung trong thư {told.told[0].delivery.message_id}" in told.words
    assert "chờ bản tổng hợp" in why(any_database, digest.id).words
    later = NOW + timedelta(days=1)
    assert gather_digests(any_database, {Frequency.DAILY: later}, later.date(), later) == 1
    assert "chờ bản tổng hợp" not in why(any_database, digest.id).words


@pytest.mark.parametrize(
    ("status", "said"),
    [(SubscriptionStatus.PAUSED, "đang tạm dừng: lý do"), (SubscriptionStatus.REMOVED, "đã được gỡ bỏ: lý do"),
     (SubscriptionStatus.DISABLED, "đầu nhận hỏng: lý do"), (SubscriptionStatus.SUSPENDED, "thư bị trả lại: lý do")],
)  # fmt: skip
def test_the_state_of_the_subscription_is_told(any_database: Database, status: SubscriptionStatus, said: str) -> None:
    with any_database.writing() as conn:
        one = hook(conn, "http://a.example/1", filters=Filters(categories=("meetings",)))
        set_status(conn, one.id, status, at=NOW, reason="lý do")
        tell(conn, a_post())
    words = why(any_database, one.id).words
    assert words[0] == "không khớp bộ lọc: chuyên mục: tin không có meetings"
    assert said in words[1]


def test_what_was_otherwise_when_the_post_came_is_told(any_database: Database) -> None:
    with any_database.writing() as conn:
        moved = hook(conn, "http://a.example/1", filters=Filters(categories=("meetings",)))
        asked = hook(conn, "http://a.example/2", is_confirmed=False)
        tell(conn, a_post())
        set_filters(conn, moved.id, Filters(categories=("directives",)), NOW + timedelta(days=1))
        assert "chưa xác nhận" in explain(conn, a_post(), asked.id).words[0]
        set_status(conn, asked.id, SubscriptionStatus.ACTIVE, at=NOW + timedelta(days=1))
        late = hook(conn, "http://a.example/3", at=NOW + timedelta(days=1))
    assert why(any_database, moved.id).words == ("khi tin được phát hiện, bộ lọc của đăng ký là bộ lọc khác",)
    assert why(any_database, asked.id).words == ("đăng ký được xác nhận sau khi tin được phát hiện",)
    assert why(any_database, late.id).words == ("đăng ký được tạo sau khi tin được phát hiện",)


def test_what_retention_forgot_was_owed_all_the_same(any_database: Database) -> None:
    with any_database.writing() as conn:
        one = hook(conn, "http://a.example/1")
        tell(conn, a_post())
    try_once(any_database, State.SENT, "đã nhận (204)")
    forget_done(any_database, NOW + timedelta(days=100))
    found = why(any_database, one.id)
    assert found.was_owed
    assert "từ lâu" in found.words[0]


def test_a_subscription_that_there_is_not_is_named(any_database: Database) -> None:
    with pytest.raises(NotFound, match="'x'"):
        why(any_database, "x")
