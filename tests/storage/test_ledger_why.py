"""Why a subscription did or did not get a post, in words, from one place. The same on both
databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from service.alerts.owing import UNDER, UNSIGNABLE
from service.errors import NotFound
from service.storage.deliveries import switch_sending_off
from service.storage.digests import gather_digests
from service.storage.engine import Database
from service.storage.explanation import Explanation, ExplanationCode, explain_delivery
from service.storage.queue import RESTORED, claim_due, record_results
from service.storage.retention import forget_done
from service.storage.subscriptions import NewSubscription, add_subscription, set_filters, set_status
from service.types import (
    EMAIL,
    WEBHOOK,
    ChangeType,
    Filters,
    Frequency,
    Result,
    State,
    SubscriptionStatus,
    Understanding,
)
from service.words import say
from tests.fakes_ledger import EARLIER, NOW, a_post, hook, mail, tell


def why(database: Database, subscription_id: str) -> Explanation:
    with database.reading() as conn:
        return explain_delivery(conn, a_post(), subscription_id)


def try_once(database: Database, state: State, detail: str, *, status: int = 200) -> None:
    with database.writing() as conn:
        (one,) = claim_due(conn, channel=WEBHOOK, now=NOW, limit=1, lease_s=30)
        due_at = NOW + timedelta(seconds=5) if state is State.DUE else None
        result = Result(one.message_id, one.lease_token, state, status, detail, NOW, 0.12, due_at)
        record_results(conn, [result], NOW)


def test_every_attempt_is_told_and_when_the_next_one_is(any_database: Database) -> None:
    with any_database.writing() as conn:
        one = hook(
            conn,
            "http://a.example/1",
            filters=Filters(categories=("directives",), keywords=("bão",)),
        )
        tell(conn, a_post())
    first = why(any_database, one.id)
    assert first.words("vi") == (
        "tin mới (post.published): khớp chuyên mục directives; từ khóa “bão”",
        "đang chờ gửi",
        "lần gửi đầu tiên: từ 10:00:00 ngày 23/11/2026",
    )
    assert first.codes == (
        ExplanationCode.MATCHED,
        ExplanationCode.DUE,
        ExplanationCode.NEXT_ATTEMPT,
    )
    try_once(any_database, State.DUE, "trả lời 503", status=503)
    said = why(any_database, one.id)
    assert said.was_owed
    assert said.words("vi")[1:] == (
        "đang chờ gửi",
        "lần 1, lúc 10:00:00 ngày 23/11/2026: trả lời 503 (120 ms)",
        "lần gửi tiếp theo: từ 10:00:05 ngày 23/11/2026",
    )
    assert said.codes[1:] == (
        ExplanationCode.DUE,
        ExplanationCode.ATTEMPT,
        ExplanationCode.NEXT_ATTEMPT,
    )


def test_what_was_sent_and_its_later_changes_are_told_in_order(any_database: Database) -> None:
    with any_database.writing() as conn:
        one = hook(conn, "http://a.example/1")
        tell(conn, a_post())
    try_once(any_database, State.SENT, "đã nhận (204)")
    with any_database.writing() as conn:
        tell(conn, a_post(revision=2), ChangeType.UPDATED)
    words = why(any_database, one.id).words("vi")
    assert words[0] == "tin mới (post.published): khớp không đặt bộ lọc: nhận mọi tin"
    assert words[1] == "đã gửi, đầu nhận đã nhận"
    assert words[3] == "tin được sửa (post.updated): vì đã được báo tin này trước đó"


@pytest.mark.parametrize(
    ("stop", "said"),
    [(lambda conn: switch_sending_off(conn, NOW), "quản trị viên đã tạm dừng"),
     (lambda conn: conn.execute(text("INSERT INTO meta(key, value) VALUES (:k, '1')"),
     {"k": RESTORED}),
      "khôi phục từ bản sao lưu"),
     (lambda conn: conn.execute(text("UPDATE endpoint SET status = 'disabled'")),
     "đầu nhận đang bị ngừng")],
    ids=["paused", "restored", "disabled"],
)  # fmt: skip
def test_what_stands_in_the_way_is_told(any_database: Database, stop: object, said: str) -> None:
    with any_database.writing() as conn:
        one = hook(conn, "http://a.example/1")
        tell(conn, a_post())
        stop(conn)  # type: ignore[operator] # parametrised
    assert any(said in line for line in why(any_database, one.id).words("vi"))


@pytest.mark.parametrize(
    ("silenced", "said"),
    [("baseline", "đã có sẵn"), ("too_old", "cũ hơn"), ("flood", "quản trị viên cho phép")],
)
def test_a_silence_is_told(any_database: Database, silenced: str, said: str) -> None:
    with any_database.writing() as conn:
        one = hook(conn, "http://a.example/1")
        tell(conn, a_post(), silenced=silenced)
    found = why(any_database, one.id)
    assert not found.was_owed
    assert said in found.words("vi")[0]
    assert found.codes == (ExplanationCode(silenced),)


def test_a_mail_that_carries_several_is_named_and_a_digest_that_waits(
    any_database: Database,
) -> None:
    with any_database.writing() as conn:
        one = mail(conn, "an@example.vn")
        mail(conn, "an@example.vn", filters=Filters(keywords=("bão",)))
        digest = add_subscription(
            conn,
            NewSubscription(
                EMAIL,
                "binh@example.vn",
                EARLIER,
                language="vi",
                frequency=Frequency.DAILY,
                is_confirmed=True,
            ),
        )
        tell(conn, a_post())
    told = why(any_database, one.id)
    message_id = told.told[0].delivery.message_id
    assert f"gộp chung trong thư {message_id} với 1 đăng ký khác cùng địa chỉ" in told.words("vi")
    assert told.codes[:2] == (ExplanationCode.MATCHED, ExplanationCode.MERGED)
    assert "chờ bản tổng hợp" in why(any_database, digest.id).words("vi")
    later = NOW + timedelta(days=1)
    assert gather_digests(any_database, {Frequency.DAILY: later}, later.date(), later) == 1
    gathered = why(any_database, digest.id)
    message_id = gathered.told[0].delivery.message_id
    assert f"nằm trong bản tổng hợp hằng ngày, thư {message_id}, có 1 mục" in gathered.words("vi")


WAITS = [SubscriptionStatus.PAUSED, SubscriptionStatus.DISABLED, SubscriptionStatus.SUSPENDED]


@pytest.mark.parametrize("status", [*WAITS, SubscriptionStatus.REMOVED])
def test_the_state_of_the_subscription_is_told_beside_the_filter_that_missed(
    any_database: Database, status: SubscriptionStatus
) -> None:
    with any_database.writing() as conn:
        one = hook(conn, "http://a.example/1", filters=Filters(categories=("meetings",)))
        set_status(conn, one.id, status, at=NOW, reason="lý do")
        tell(conn, a_post())
    found = why(any_database, one.id)
    assert found.words("vi") == (
        "không khớp bộ lọc: chuyên mục: tin không có meetings",
        f"{say(UNDER[status][1], 'vi')}: lý do",
    )  # fmt: skip
    is_why = status is SubscriptionStatus.REMOVED
    assert found.codes == (
        ExplanationCode.FILTERS,
        ExplanationCode.REMOVED if is_why else ExplanationCode.STATUS,
    )


@pytest.mark.parametrize("status", WAITS)
def test_under_a_state_that_waits_a_post_is_owed_and_a_late_subscription_is_late_all_the_same(
    any_database: Database, status: SubscriptionStatus
) -> None:
    with any_database.writing() as conn:
        one = hook(conn, "http://a.example/1")
        set_status(conn, one.id, status, at=NOW, reason="lý do")
        tell(conn, a_post())
        late = hook(conn, "http://a.example/2", at=NOW + timedelta(days=1))
        set_status(conn, late.id, status, at=NOW, reason="lý do")
    owed = why(any_database, one.id)
    assert (owed.was_owed, owed.codes) == (
        True,
        (ExplanationCode.MATCHED, ExplanationCode(UNDER[status][0])),
    )
    assert owed.words("vi")[1].endswith(": lý do")
    missed = why(any_database, late.id)
    assert (missed.was_owed, missed.codes) == (
        False,
        (ExplanationCode.SUBSCRIBED_LATER, ExplanationCode.STATUS),
    )


def test_things_are_called_by_their_names(any_database: Database) -> None:
    called = {
        ("category", "directives"): "Chỉ đạo điều hành", ("category", "meetings"): "Họp - hội nghị",
        ("portal", "quangxuong"): "UBND huyện Quảng Xương",
        ("place", "quang-ninh-16540"): "Xã Quảng Ninh",
    }  # fmt: skip
    post = replace(
        a_post(), understanding=Understanding(("directives",), concerns=("quang-ninh-16540",))
    )
    place, portal = ("quang-ninh-16540",), ("quangxuong",)
    with any_database.writing() as conn:
        yes = hook(
            conn,
            "http://a.example/1",
            filters=Filters(("directives",), portal, place, ("bão; số 5",)),
        )
        no = hook(conn, "http://a.example/2", filters=Filters(("meetings",), (), place, ("lũ",)))
        tell(conn, replace(post, text="Bão, số 5"))

        def namer(field: str, value: str) -> str:
            return called.get((field, value), value)

        assert explain_delivery(conn, post, yes.id, namer).words("vi")[0] == (
            "tin mới (post.published): khớp chuyên mục Chỉ đạo điều hành; cổng UBND huyện Quảng "
            "Xương;"
            " địa bàn Xã Quảng Ninh; từ khóa “bão; số 5”"
        )
        assert explain_delivery(conn, post, no.id, namer).words("vi") == (
            "không khớp bộ lọc: chuyên mục: tin không có Họp - hội nghị; từ khóa: tin không có lũ",
        )


def test_a_fault_of_our_own_is_told_as_ours(any_database: Database) -> None:
    with any_database.writing() as conn:
        one = hook(conn, "http://a.example/1")
        tell(conn, a_post())
        (claimed,) = claim_due(conn, channel=WEBHOOK, now=NOW, limit=1, lease_s=30)
        due_at = NOW + timedelta(minutes=15)
        waits = Result(
            claimed.message_id, claimed.lease_token, State.DUE, None, UNSIGNABLE, NOW, 0.0, due_at
        )
        record_results(conn, [waits], NOW)
    found = why(any_database, one.id)
    assert found.codes == (
        ExplanationCode.MATCHED,
        ExplanationCode.DUE,
        ExplanationCode.OWN_FAULT,
        ExplanationCode.NEXT_ATTEMPT,
    )
    assert found.words("vi")[2:] == (
        say(UNSIGNABLE, "vi"),
        "lần gửi đầu tiên: từ 10:15:00 ngày 23/11/2026",
    )


def test_what_was_otherwise_when_the_post_came_is_told(any_database: Database) -> None:
    with any_database.writing() as conn:
        moved = hook(conn, "http://a.example/1", filters=Filters(categories=("meetings",)))
        asked = hook(conn, "http://a.example/2", is_confirmed=False)
        tell(conn, a_post())
        set_filters(conn, moved.id, Filters(categories=("directives",)), NOW + timedelta(days=1))
        assert explain_delivery(conn, a_post(), asked.id).codes == (ExplanationCode.NOT_CONFIRMED,)
        set_status(conn, asked.id, SubscriptionStatus.ACTIVE, at=NOW + timedelta(days=1))
        late = hook(conn, "http://a.example/3", at=NOW + timedelta(days=1))
    assert why(any_database, moved.id).words("vi") == (
        "khi tin được phát hiện, bộ lọc của đăng ký là bộ lọc khác",
    )
    assert why(any_database, asked.id).words("vi") == (
        "đăng ký được xác nhận sau khi tin được phát hiện",
    )
    assert why(any_database, late.id).words("vi") == (
        "đăng ký được tạo sau khi tin được phát hiện",
    )


def test_what_retention_forgot_was_owed_all_the_same(any_database: Database) -> None:
    with any_database.writing() as conn:
        one = hook(conn, "http://a.example/1")
        tell(conn, a_post())
    try_once(any_database, State.SENT, "đã nhận (204)")
    forget_done(any_database, NOW + timedelta(days=100))
    found = why(any_database, one.id)
    assert found.was_owed
    assert "từ lâu" in found.words("vi")[0]


def test_a_subscription_that_there_is_not_is_named(any_database: Database) -> None:
    with pytest.raises(NotFound, match="'x'"):
        why(any_database, "x")


def test_a_post_found_again_after_a_restore_says_why_nobody_is_told(any_database: Database) -> None:
    with any_database.writing() as conn:
        one = hook(conn, "http://a.example/1")
        tell(conn, a_post(), silenced="restored")
    said = why(any_database, one.id)
    assert ExplanationCode.RESTORED in said.codes
    assert any("khôi phục" in line for line in said.words("vi"))
