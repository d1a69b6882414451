"""Matching, retrying, signing, judging and writing: what alerts decide without a database."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from service.alerts.links import Links
from service.alerts.match import as_it_is, matches, name_rule, why_not
from service.alerts.message import (
    build_handshake,
    build_payload,
    build_test,
    owes_receipt,
    with_receipt_url,
    with_type,
)
from service.alerts.retry import next_attempt
from service.alerts.signing import SecretBox, new_secret, sign
from service.alerts.verdict import judge_answer
from service.errors import ConfigurationError
from service.types import (
    AttachmentLink,
    ChangeType,
    Deadline,
    Document,
    Filters,
    Mention,
    Relation,
    Understanding,
)
from service.words import coded, say
from tests.fakes_ledger import NOW, a_post

LINKS = Links("key", "https://loa.example")


@pytest.mark.parametrize(
    ("filters", "is_wanted"),
    [
        (Filters(), True),
        (Filters(categories=("meetings", "directives")), True),
        (Filters(categories=("meetings",)), False),
        (Filters(categories=("directives",), portals=("other",)), False),
        (Filters(keywords=("BÃO",)), True),
        (Filters(keywords=("bao",)), False),
        (Filters(keywords=("chống   bão",)), True),
        (Filters(keywords=("hống bão",)), False),
        (Filters(keywords=("  ",)), False),
        (Filters(places=("x-1",)), False),
    ],
)
def test_values_are_alternatives_fields_add_up_and_keywords_are_whole_words(
    filters: Filters, is_wanted: bool
) -> None:
    assert (matches(filters, a_post()) is not None) is is_wanted
    assert (why_not(filters, a_post()) == "") is is_wanted


CALLED = {("category", "a"): "Chỉ đạo", ("portal", "qx"): "UBND huyện", ("place", "x-1"): "Xã Một"}


def called(field: str, value: str) -> str:
    return CALLED.get((field, value), value)


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({}, "không đặt bộ lọc: nhận mọi tin"),
        ({"category": ["a", "b"]}, "chuyên mục Chỉ đạo, b"),
        (
            {"category": ["a"], "portal": ["qx"], "place": ["x-1", "Xã Hai"]},
            "chuyên mục Chỉ đạo; cổng UBND huyện; địa bàn Xã Một, Xã Hai",
        ),
        ({"portal": ["qx"], "keyword": ["cổng qx; a"]}, "cổng UBND huyện; từ khóa “cổng qx; a”"),
    ],
)
def test_a_rule_is_said_with_the_names_of_things_and_keywords_as_they_are(
    facts: dict[str, list[str]], said: str
) -> None:
    rule = coded("match", **facts)
    assert say(name_rule(rule, called), "vi") == said
    assert name_rule(rule, as_it_is) == rule
    assert name_rule("other", called) == "other", "what an older Loa wrote in words stays as it is"


@given(st.integers(0, 12), st.one_of(st.none(), st.floats(-10, 1e12)), st.floats(0, 0.999))
def test_a_wait_is_within_its_schedule_and_twice_that(
    attempts: int, asked: float | None, random: float
) -> None:
    schedule = (0, 5, 300, 1800)
    wait = next_attempt(schedule, attempts, asked, random)
    if attempts >= len(schedule):
        assert wait is None
    else:
        assert wait is not None
        most = 2 if asked is not None and asked > 0 else 1.2
        assert (
            schedule[attempts] * 0.8 - 1e-6
            <= wait.total_seconds()
            <= schedule[attempts] * most + 1e-6
        )


def test_a_signature_is_verified_by_the_foreign_library_and_every_mutation_refused() -> None:
    secret, body, now = new_secret(), b'{"a":1}', int(datetime.now(UTC).timestamp())
    headers = {
        "webhook-id": "m",
        "webhook-timestamp": str(now),
        "webhook-signature": sign(secret, "m", now, body),
    }
    Webhook(secret).verify(body, headers)
    mutated = [
        (body + b" ", headers),
        (body, {**headers, "webhook-id": "n"}),
        (body, {**headers, "webhook-timestamp": str(now + 1)}),
        (body, {**headers, "webhook-signature": "v1,AAAA"}),
    ]
    for changed, said in mutated:
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(changed, said)


def test_a_secret_is_unreadable_at_rest_and_opens_with_its_own_key_only() -> None:
    secret = new_secret()
    sealed = SecretBox("one").encrypt(secret)
    assert secret.encode() not in sealed
    assert SecretBox("one").decrypt(sealed) == secret
    assert SecretBox("one").is_ours(sealed)
    for damaged in (sealed[:5], b"", b"?", sealed + b"x"):
        assert not SecretBox("one").is_ours(damaged)
    assert not SecretBox("two").is_ours(sealed)
    with pytest.raises(ConfigurationError):
        SecretBox("two").decrypt(sealed)


def test_a_payload_says_all_that_is_known_of_a_post() -> None:
    known = Understanding(
        ("meetings",),
        document=Document(
            "cong-van", "12/UBND-VP", date(2024, 1, 25), "UBND huyện", Relation.RELAYS
        ),
        mentions=(Mention("chi-thi", "06/CT-TTg", None, None),),
        deadlines=(Deadline(date(2024, 2, 1), "trước ngày 01/02/2024"),),
        begins_at=NOW,
        venue="Hội trường",
    )
    link = AttachmentLink("https://portal.example/a.pdf", "a.pdf", "application/pdf", 9, "ab")
    post = replace(a_post(), understanding=known, attachments=(link,))
    said = orjson.loads(build_payload(ChangeType.PUBLISHED, NOW, post, LINKS))["data"]
    assert said["document"] == {
        "kind": "cong-van", "number": "12/UBND-VP", "issued_on": "2024-01-25",
        "issuer": "UBND huyện",
        "relation": "relays",
    }  # fmt: skip
    assert said["mentions"] == [
        {"kind": "chi-thi", "number": "06/CT-TTg", "issued_on": None, "issuer": None}
    ]
    (deadline,) = said["deadlines"]
    assert (deadline["on"], deadline["text"]) == ("2024-02-01", "trước ngày 01/02/2024")
    assert set(deadline) == {
        "on", "at", "text", "owner", "owner_words", "task", "recurs", "is_unsure",
        "source",
    }  # fmt: skip
    assert (said["begins_at"], said["venue"]) == ("2026-11-23T03:00:00Z", "Hội trường")
    assert said["attachments"] == [
        {
            "url": link.url, "name": "a.pdf", "archive_url": None,
            "media_type": "application/pdf", "bytes": 9, "sha256": "ab",
        }
    ]  # fmt: skip


def test_a_receipt_is_owed_for_the_primary_category() -> None:
    assert owes_receipt(("directives", "meetings"), ("directives",))
    assert not owes_receipt(("meetings", "directives"), ("directives",))
    assert not owes_receipt((), ("directives",))


def test_messages_about_a_subscription_say_which() -> None:
    asked = orjson.loads(build_handshake(NOW, "s1", "challenge", "https://loa.example/confirm/x"))
    assert asked == {
        "type": "subscription.confirm",
        "timestamp": "2026-11-23T03:00:00Z",
        "data": {
            "subscription_id": "s1",
            "challenge": "challenge",
            "confirm_url": "https://loa.example/confirm/x",
        },
    }
    assert orjson.loads(build_test(NOW, "s1"))["type"] == "subscription.test"


def test_a_payload_is_the_same_to_the_byte_and_takes_a_receipt_url_as_its_last_key() -> None:
    payload = build_payload(ChangeType.PUBLISHED, NOW, a_post(), LINKS)
    assert payload == build_payload(ChangeType.PUBLISHED, NOW, a_post(), LINKS)
    assert with_receipt_url(payload, None) == payload.encode()
    said = orjson.loads(with_receipt_url(payload, "https://loa.example/receipts/x"))
    assert list(said["data"])[-1] == "receipt_url"
    assert said["data"]["receipt_url"] == "https://loa.example/receipts/x"
    assert orjson.loads(with_type(payload, ChangeType.UPDATED)) == {
        **orjson.loads(payload),
        "type": "post.updated",
    }


@pytest.mark.parametrize(
    ("status", "error", "is_accepted", "is_final"),
    [
        (204, 0, True, False), (200, 63, True, False), (200, 28, True, False),
        (100, 28, False, False),
        (0, 7, False, False), (0, 6, False, False), (0, 60, False, False), (302, 0, False, False),
        (410, 0, False, True), (422, 0, False, True), (500, 0, False, False),
        (429, 0, False, False),
        (0, 1, False, False), (200, 100, True, False), (503, 100, False, False),
        (101, 0, False, False),
    ],
)  # fmt: skip
def test_a_2xx_status_line_is_success_whatever_becomes_of_the_body(
    status: int, error: int, is_accepted: bool, is_final: bool
) -> None:
    verdict = judge_answer(status, error)
    assert (verdict.is_accepted, verdict.is_final) == (is_accepted, is_final)


def test_a_guards_refusal_is_final_and_tells_nothing_of_ports() -> None:
    assert judge_answer(0, 7, is_guarded=True).is_final
