"""From version 0002 to 0003: what was stored as a sentence is a code, nothing is lost, what waits
goes on."""

from __future__ import annotations

from datetime import timedelta

import orjson
import pytest
from sqlalchemy import text

from service.storage.bounces import load_suspended
from service.storage.engine import open_database
from service.storage.migrations.sentences_0002 import to_code, to_match
from service.storage.owners import TroubleNotifier, tell_troubles
from service.storage.schema import to_micros
from service.words import OTHER, code_of, parse_coded, say
from tests.fakes_ledger import NOW
from tests.fakes_versions import make_version

AT = to_micros(NOW)

SENTENCES = [
    ("đăng ký đang tạm dừng", "subscription.paused", {}),
    ("đăng ký không có khoá để ký", "subscription.keyless", {}),
    ("không mở được khoá ký bằng service.secret_key hiện tại", "own.unsignable", {}),
    ("admin: văn thư", "by.operator", {"name": "văn thư"}),
    ("API: hệ thống của xã", "by.api", {"name": "hệ thống của xã"}),
    ("thư bị hoãn nhiều ngày liền", "bounced.soft", {}),
    ("đầu nhận trả lời 410: không còn nhận nữa", "endpoint.gone", {}),
    ("đã nhận (204)", "webhook.accepted", {"status": 204}),
    ("đã nhận (200), phần còn lại của trả lời bị bỏ qua", "webhook.accepted_cut", {"status": 200}),
    ("trả lời 503", "webhook.answered", {"status": 503}),
    ("trả lời 302 (chuyển hướng): không bao giờ đi theo", "webhook.redirected", {"status": 302}),
    ("trả lời 413: quá lớn", "webhook.too_big", {"status": 413}),
    ("trả lời 410: không còn nhận nữa", "webhook.gone", {}),
    ("không gửi được: address is no address", "message.unwritable",
    {"field": "address", "problem": "is no address"}),
    ("handed back: not begun", "message.not_begun", {}),
    ("250 2.0.0 Ok: queued as 4F1", "relay.answered", {"said": "250 2.0.0 Ok: queued as 4F1"}),
    ("the mail relay closes: 421 busy", "relay.closes", {"said": "421 busy"}),
    ("cannot connect to the mail relay: refused", "relay.unconnected", {"said": "refused"}),
    (
        "451 later; tried 9 times",
        "relay.gave_up",
        {"reason": 'relay.answered {"said":"451 later"}', "n": 9},
    ),
    ("the mail relay broke off: it did not answer in time", "relay.broke_off",
    {"reason": "relay.silent"}),
    ("failed 5.1.1", "bounce.reported", {"said": "failed 5.1.1"}),
    ("thư trả lời tự động", "bounce.automatic", {}),
    ("cannot fetch 'https://a.example/x': the host answers 503", "fetch.answered",
     {"url": "https://a.example/x", "status": 503}),
    ("cannot fetch 'https://a.example/x': no whole answer in 2.5 s", "fetch.late",
     {"url": "https://a.example/x", "timeout_s": 2.5}),
    ("cannot fetch 'https://a.example/x': [Errno 111] Connection refused", "fetch.failed",
     {"url": "https://a.example/x", "said": "[Errno 111] Connection refused"}),
    ("cannot fetch 'https://a.example/x': the certificate of 'a.example' has expired on " "2026-01-02", "fetch.tls",
     {"url": "https://a.example/x",
     "reason": 'tls.expired_on {"host":"a.example","on":"2026-01-02"}'}),
    ("cannot fetch \"https://a.example/it's\": larger than 20 bytes", "fetch.too_big",
     {"url": "https://a.example/it's", "cap": 20}),
    ("cannot fetch 'https://a.example/x': it redirects to 'https://b.example/', which is " "another host",
     "fetch.redirected",
     {"url": "https://a.example/x", "target": "https://b.example/",
     "reason": "redirect.another_host"}),
    ("cannot read 'https://a.example/x' of portal 'qx': it took longer than 30 s", "read.ended",
     {"url": "https://a.example/x", "portal": "qx", "reason": 'reader.late {"wall_s":30.0}'}),
    ("cannot read 'https://a.example/x': it is put aside until 10:15 ngày 23/11/2026, for it " "stopped Loa 2 times, "
     "lately at 09:15 ngày 23/11/2026", "read.aside",
     {"url": "https://a.example/x", "until_at": "2026-11-23T10:15:00+07:00", "times": 2,
      "last_at": "2026-11-23T09:15:00+07:00"}),
    ("moved permanently to 'https://a.example/new'", "fetch.moved",
    {"target": "https://a.example/new"}),
    ("answers 429", "robots.answered", {"status": 429}),
    ("a page came instead of the file", "file.is_page", {}),
    ("lý do của riêng ai đó", OTHER, {"words": "lý do của riêng ai đó"}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("sentence", "code", "facts"), SENTENCES, ids=[f"{n}" for n in range(len(SENTENCES))]
)
def test_a_sentence_of_version_0002_becomes_a_code_that_says_the_same(
    sentence: str, code: str, facts: dict[str, object]
) -> None:
    stored = to_code(sentence)
    assert parse_coded(stored) == (code, facts)
    said = {say(stored, language).replace("khóa", "khoá") for language in ("vi", "en")}
    assert sentence in said or code in ("by.operator", "by.api", "message.not_begun", "read.aside")


@pytest.mark.parametrize(
    ("rule", "stored"),
    [
        ("không đặt bộ lọc: nhận mọi tin", "match"),
        ("chuyên mục a, b", 'match {"category":["a","b"]}'),
        (
            "chuyên mục a; cổng qx; địa bàn Xã Hai; từ khoá “cổng qx; a”, “lũ”",
            'match {"category":["a"],"portal":["qx"],"place":["Xã Hai"],"keyword":["cổng qx; '
            'a","lũ"]}',
        ),
        ("từ khoá “bão”", 'match {"keyword":["bão"]}'),
        ("một câu khác", 'other {"words":"một câu khác"}'),
    ],
)
def test_what_a_change_matched_becomes_its_filters(rule: str, stored: str) -> None:
    assert to_match(rule) == stored


MESSAGES = 2_500
"""More than are rewritten at a time."""
LETTER = {
    "address": "lan@xa.example", "language": "vi", "subject": "Nhắc: “Công văn 12”",
    "text": "Một.\nHai.",
    "button": ["receipt", ["p", "1", "u"], "Xác nhận đã nhận"],
    "links": [["https://loa.example/posts/p", "Đọc tin"]],
    "sections": [{"text": "Công văn 12", "button": ["receipt", ["p", "1", "u"], "Xác nhận"],
    "links": []}],
    "subscription": None,
}  # fmt: skip


def _rows() -> list[tuple[str, dict[str, object]]]:
    subscription = (
        "INSERT INTO subscription(id, channel, target, target_key, name, endpoint_key, filter_id, "
        "frequency,"
        " language, headers, status, status_reason, status_at, created_at) VALUES (:id, :channel, "
        ":target, :target,"
        " '', :endpoint, 'f', 'immediate', 'vi', '{}', :status, :why, :at, :at)"
    )
    message = (
        "INSERT INTO message(id, channel, endpoint_key, group_key, state, due_at, created_at, "
        "detail, body)"
        " VALUES (:id, 'email', 'smtp', :group, :state, 1, 1, :detail, :body)"
    )
    return [
        ("INSERT INTO filter(id, definition, created_at) VALUES ('f', '{}', 1)", {}),
        ("INSERT INTO lane(key, channel, is_slow, in_flight, cap) VALUES ('h', 'webhook', 0, " "0, 16)", {}),
        (
            "INSERT INTO endpoint(key, host_key, lane_key, channel, in_flight, cap, status)"
            " VALUES ('https://h.example:443/e', 'h', 'h', 'webhook', 0, 2, 'disabled')",
            {},
        ),
        (subscription, {"id": "s1", "channel": "email", "target": "lan@xa.example",
        "endpoint": "smtp",
                        "status": "suspended", "why": "thư bị trả lại: địa chỉ không nhận được",
                        "at": AT}),
        (subscription, {"id": "s2", "channel": "email", "target": "hai@xa.example",
        "endpoint": "smtp",
                        "status": "suspended", "why": "người nhận báo thư rác", "at": AT}),
        (subscription, {"id": "s3", "channel": "webhook", "target": "https://h.example/e",
                        "endpoint": "https://h.example:443/e", "status": "disabled",
                        "why": "đầu nhận trả lời 410: không còn nhận nữa", "at": AT}),
        (message, {"id": "letter", "group": "letter:remind:p", "state": "due", "detail": None,
                   "body": orjson.dumps(LETTER).decode()}),
        ("INSERT INTO attempt(message_id, number, started_at, took_ms, state, status, detail)"
         " VALUES ('m1', 1, 1, 5, 'due', 503, 'trả lời 503'), ('m1', 2, 2, 5, 'due', NULL, 'ai mà " "biết')", {}),
        ("INSERT INTO bounce(message_id, kind, at, detail) VALUES ('m1', 'soft', 1, 'thư bị " "hoãn')", {}),
        ("INSERT INTO host(name, next_request_at, robots_error) VALUES ('https://a.example', " "1, 'answers 503')", {}),
        *((message, {"id": f"m{n:05}", "group": f"mail:{n}", "state": "sent",
        "detail": f"250 queued as {n}",
                     "body": None}) for n in range(MESSAGES)),
    ]  # fmt: skip


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_what_is_stored_is_coded_and_what_waits_goes_on(
    kind: str, request: pytest.FixtureRequest
) -> None:
    url = request.getfixturevalue(f"{kind}_url")
    make_version(url, "0002", _rows())
    database = open_database(url)
    with database.reading() as conn:
        details = conn.execute(
            text("SELECT detail FROM message WHERE group_key LIKE 'mail:%' ORDER BY id")
        ).scalars()
        assert list(details) == [
            f'relay.answered {{"said":"250 queued as {n}"}}' for n in range(MESSAGES)
        ]
        attempts = list(conn.execute(text("SELECT detail FROM attempt ORDER BY number")).scalars())
        assert attempts == ['webhook.answered {"status":503}', 'other {"words":"ai mà biết"}']
        assert conn.execute(text("SELECT detail FROM bounce")).scalar_one() == "bounce.deferred"
        assert (
            code_of(conn.execute(text("SELECT robots_error FROM host")).scalar_one())
            == "robots.answered"
        )
        assert [one.address for one in load_suspended(conn)] == ["lan@xa.example"], (
            "not who complained"
        )
        letter = orjson.loads(
            conn.execute(text("SELECT body FROM message WHERE id = 'letter'")).scalar_one()
        )
    assert say(letter["subject"], "vi") == LETTER["subject"]
    assert [say(one, "vi") for one in letter["paragraphs"]] == [LETTER["text"]]
    assert say(letter["button"][2], "en") == "Xác nhận đã nhận", (
        "it was worded for its reader already"
    )
    assert [say(label, "vi") for _, label in letter["links"]] == ["Đọc tin"]
    assert (
        "text" not in letter and say(letter["sections"][0]["paragraphs"][0], "vi") == "Công văn 12"
    )
    told = tell_troubles(
        database,
        TroubleNotifier("op@loa.example", "vi", timedelta(days=5)),
        NOW + timedelta(hours=1),
    )
    assert told == 1, "the endpoint that is gone is known as gone"
    with database.reading() as conn:
        query = text("SELECT body FROM message WHERE group_key LIKE 'letter:endpoint:%'")
        assert "endpoint.letter_gone" in conn.execute(query).scalar_one()
    database.close()
