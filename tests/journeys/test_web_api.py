"""The API as a program meets it: who may do what, what is refused by name, and what is done only
once."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.alerts.links import Purpose
from service.storage import tokens
from tests.fakes import FakeClock
from tests.fakes_web import MANAGED_AT, Web, make_web, owe, store_post

HOOK = {"channel": "webhook", "target": "https://hooks.example/loa"}


@pytest.fixture
def web(sqlite_url: str, clock: FakeClock) -> Iterator[Web]:
    made = make_web(sqlite_url, clock)
    yield made
    made.loa.close()


def test_posts_are_paged_by_cursor_without_gap_or_repeat(web: Web) -> None:
    stored = [store_post(web.loa, n).id for n in range(5)]
    seen, address = [], "/api/v1/posts?limit=2"
    while address:
        page = web.client.get(address, headers=web.unit).json
        seen += [item["id"] for item in page["items"]]
        address = page["next"] and f"/api/v1/posts?limit=2&cursor={page['next']}"
    assert seen == stored[::-1]


def test_a_post_is_shown_with_text_document_and_reasons(web: Web) -> None:
    post = store_post(web.loa, 1, html="<p>x</p>")
    shown = web.client.get(f"/api/v1/posts/{post.id}", headers=web.operator).json
    assert shown["document"]["number"] == "06/CT-UBND"
    assert shown["html"] == "<p>x</p>"
    assert shown["published_at"] == "2024-01-28T03:16:00Z"
    assert shown["archive_url"] == f"https://loa.example/posts/{post.id}"


def test_D11_a_missing_forged_truncated_or_revoked_token_is_401(web: Web, clock: FakeClock) -> None:
    good = web.operator["Authorization"]
    link = web.loa.links.token(Purpose.MANAGE, "someone", MANAGED_AT)
    for value in (
        "",
        "Bearer",
        "Basic abc",
        good[:-1],
        good + "x",
        "Bearer " + "é" * 9,
        f"Bearer {link}",
    ):
        response = web.client.get(
            "/api/v1/posts", headers={"Authorization": value.encode("utf-8").decode("latin-1")}
        )
        assert response.status_code == 401, value
        assert response.headers["WWW-Authenticate"].startswith("Bearer")
        assert response.content_type == "application/problem+json"
    with web.loa.database.writing() as conn:
        mine = next(token for token in tokens.list_tokens(conn) if token.name == "huyện")
        tokens.revoke_token(conn, mine.id, clock())
    assert web.client.get("/api/v1/posts", headers=web.operator).status_code == 401


def test_D11_a_unit_meets_another_units_things_as_if_they_were_not_there(web: Web) -> None:
    body = {**HOOK, "unit": web.other_unit_id, "confirmed": True}
    other = web.client.post("/api/v1/subscriptions", json=body, headers=web.operator).json["id"]
    for method, path in (
        ("GET", f"/api/v1/subscriptions/{other}"),
        ("PATCH", f"/api/v1/subscriptions/{other}"),
        ("DELETE", f"/api/v1/subscriptions/{other}"),
        ("POST", f"/api/v1/subscriptions/{other}/pause"),
        ("POST", f"/api/v1/subscriptions/{other}/rotate"),
        ("POST", f"/api/v1/subscriptions/{other}/replay"),
        ("GET", f"/api/v1/units/{web.other_unit_id}"),
        ("GET", f"/api/v1/deliveries?subscription={other}"),
    ):
        body = {} if method in ("POST", "PATCH") else None
        assert (
            web.client.open(path, method=method, json=body, headers=web.unit).status_code == 404
        ), path
    assert web.client.get("/api/v1/subscriptions", headers=web.unit).json["items"] == []
    assert [u["id"] for u in web.client.get("/api/v1/units", headers=web.unit).json["items"]] == [
        web.unit_id
    ]


def test_D11_a_role_may_do_only_what_is_its_own(web: Web) -> None:
    assert web.client.post("/api/v1/units", json={"name": "x"}, headers=web.unit).status_code == 403
    assert (
        web.client.post("/api/v1/receipts", json={"post": "x"}, headers=web.operator).status_code
        == 403
    )
    vouched = web.client.post(
        "/api/v1/subscriptions", json={**HOOK, "confirmed": True}, headers=web.unit
    )
    assert (vouched.status_code, vouched.json["field"]) == (422, "confirmed")


def test_a_subscription_is_added_edited_paused_resumed_rotated_and_removed(web: Web) -> None:
    added = web.client.post(
        "/api/v1/subscriptions", json={**HOOK, "confirmed": True}, headers=web.operator
    )
    assert added.status_code == 201
    assert added.json["secret"].startswith("whsec_")
    address = f"/api/v1/subscriptions/{added.json['id']}"
    assert "secret" not in web.client.get(address, headers=web.operator).json
    edited = web.client.patch(
        address, json={"filters": {"categories": ["meetings"]}}, headers=web.operator
    )
    assert edited.json["filters"]["categories"] == ["meetings"]
    for move, status in (("pause", "paused"), ("resume", "active")):
        assert web.client.post(f"{address}/{move}", headers=web.operator).json["status"] == status
    rotated = web.client.post(f"{address}/rotate", headers=web.operator).json["secret"]
    assert rotated.startswith("whsec_") and rotated != added.json["secret"]
    again = web.client.post(f"{address}/rotate", headers=web.operator)
    assert again.status_code == 409 and "still signs until" in again.json["detail"]
    assert web.client.delete(address, headers=web.operator).status_code == 204
    assert web.client.get(address, headers=web.operator).json["status"] == "removed"
    assert web.client.post(f"{address}/resume", headers=web.operator).status_code == 409


@pytest.mark.traced
def test_D14_a_webhook_is_moved_and_named_over_the_api_and_asked_before_it_gets_anything(
    web: Web,
) -> None:
    made = web.client.post(
        "/api/v1/subscriptions", json={**HOOK, "confirmed": True}, headers=web.operator
    ).json
    address = f"/api/v1/subscriptions/{made['id']}"
    moved = web.client.patch(
        address, json={"target": "https://other.example/", "name": "mới"}, headers=web.unit
    )
    assert moved.status_code == 404
    moved = web.client.patch(
        address, json={"target": "https://other.example/", "name": "mới"}, headers=web.operator
    )
    assert (moved.json["status"], moved.json["target"], moved.json["name"]) == (
        "pending", "https://other.example/", "mới"
    )  # fmt: skip
    vouched = {"target": "https://third.example/", "confirmed": True}
    assert web.client.patch(address, json=vouched, headers=web.operator).json["status"] == "active"
    refused = web.client.patch(address, json={"target": "http://127.0.0.1/"}, headers=web.operator)
    assert (refused.status_code, refused.json["field"]) == (422, "target")
    own = {**HOOK, "unit": web.unit_id}
    mine = web.client.post("/api/v1/subscriptions", json=own, headers=web.unit).json["id"]
    refused = web.client.patch(f"/api/v1/subscriptions/{mine}", json=vouched, headers=web.unit)
    assert (refused.status_code, refused.json["field"]) == (422, "confirmed")


def test_a_name_in_a_filter_that_does_not_exist_is_404(web: Web) -> None:
    for path in ("subscriptions?unit=zz", "deliveries?subscription=zz", "deliveries?post=zz"):
        assert web.client.get(f"/api/v1/{path}", headers=web.operator).status_code == 404, path
    found = web.client.get(f"/api/v1/subscriptions?unit={web.unit_id}", headers=web.operator)
    assert (found.status_code, found.json["items"]) == (200, [])


def test_a_text_that_is_too_long_is_told_in_characters(web: Web) -> None:
    answer = web.client.get(f"/api/v1/posts?q={'a' * 999}", headers=web.operator)
    assert answer.json["detail"] == "q: is 999 characters long, at most 200 are allowed"


def test_a_unit_that_is_owed_nothing_has_nothing_to_acknowledge(web: Web) -> None:
    post = store_post(web.loa, 1)
    refused = web.client.post("/api/v1/receipts", json={"post": post.id}, headers=web.unit)
    assert refused.status_code == 409 and "nothing of it is owed" in refused.json["detail"]


def test_a_unit_acknowledges_a_post_once_and_the_board_shows_it(web: Web) -> None:
    post = store_post(web.loa, 1)
    owe(web, post)
    first = web.client.post(
        "/api/v1/receipts", json={"post": post.id, "note": "đã rõ"}, headers=web.unit
    )
    again = web.client.post("/api/v1/receipts", json={"post": post.id}, headers=web.unit)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json == again.json
    board = web.client.get(f"/api/v1/receipts?post={post.id}", headers=web.operator).json["items"]
    assert {line["unit"]["id"]: bool(line["acknowledged_at"]) for line in board}[web.unit_id]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 422), (b"{", 400), (b"[]", 400), (b'"x"', 400), (b"[" * 5000, 400),
        (b'{"a":' * 50 + b"1" + b"}" * 50, 400),
        (b"\xff\xfe", 400), (b" " * (10 << 20), 413), (b'{"channel": "' + b"x" * 70_000 + b'"}',
        413),
    ],
)  # fmt: skip
def test_D12_a_body_that_is_no_proper_json_is_a_problem_and_never_a_500(
    web: Web, body: bytes, status: int
) -> None:
    response = web.client.post(
        "/api/v1/subscriptions", data=body, content_type="application/json", headers=web.operator
    )
    assert response.status_code == status
    assert response.content_type == "application/problem+json"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"chanel": 1}, "chanel"), ({"channel": "fax"}, "channel"), ({"target": 7}, "target"),
        ({"target": "ftp://x"}, "url"), ({"target": "https://127.0.0.1/"}, "url"),
        ({"name": "a\r\nb"}, "name"),
        ({"name": "a\0b"}, "name"), ({"filters": {"categories": ["nothing"]}},
        "filters.categories"),
        ({"filters": {"places": ["nowhere"]}}, "filters.places"),
        ({"filters": {"other": []}}, "filters.other"),
        ({"filters": {"keywords": "x"}}, "filters.keywords"),
        ({"headers": {"X-A": "b\r\nHost: c"}}, "headers"),
        ({"headers": {"Host": "c"}}, "headers"), ({"headers": {"webhook-id": "c"}}, "headers"),
        ({"headers": {"X\r\nY": "c"}}, "headers"), ({"confirmed": "yes"}, "confirmed"),
        ({"confirmed": 1}, "confirmed"),
        ({"min_interval_s": False}, "min_interval_s"), ({"min_interval_s": "5"}, "min_interval_s"),
    ],
)  # fmt: skip
def test_D12_a_field_that_cannot_be_used_is_named(
    web: Web, change: dict[str, object], field: str
) -> None:
    response = web.client.post(
        "/api/v1/subscriptions", json={**HOOK, **change}, headers=web.operator
    )
    assert response.status_code == 422
    assert response.json["field"] in (field, "target")
    assert web.client.get("/api/v1/subscriptions", headers=web.operator).json["items"] == []


def test_D12_a_repeated_idempotency_key_gives_the_same_answer_and_one_row(web: Web) -> None:
    headers = {**web.operator, "Idempotency-Key": "k-1"}
    first = web.client.post("/api/v1/subscriptions", json=HOOK, headers=headers)
    again = web.client.post("/api/v1/subscriptions", json=HOOK, headers=headers)
    assert (first.status_code, again.status_code, first.json) == (201, 201, again.json)
    assert again.headers["Idempotent-Replayed"] == "true"
    other = web.client.post("/api/v1/subscriptions", json={**HOOK, "name": "x"}, headers=headers)
    assert (other.status_code, other.json["field"]) == (422, "Idempotency-Key")
    assert len(web.client.get("/api/v1/subscriptions", headers=web.operator).json["items"]) == 1


def test_D12_two_sides_with_one_key_at_once_make_one_row(web: Web) -> None:
    headers = {**web.operator, "Idempotency-Key": "k-2"}

    def post(_: int) -> dict[str, object]:
        answer = web.app.test_client().post("/api/v1/subscriptions", json=HOOK, headers=headers)
        return dict(answer.json)

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(post, range(6)))
    assert all(answer == answers[0] for answer in answers)
    assert len(web.client.get("/api/v1/subscriptions", headers=web.operator).json["items"]) == 1


def test_D12_a_refused_request_keeps_no_key(web: Web) -> None:
    headers = {**web.operator, "Idempotency-Key": "k-3"}
    assert web.client.post("/api/v1/units", json={}, headers=headers).status_code == 422
    assert web.client.post("/api/v1/units", json={"name": "Xã"}, headers=headers).status_code == 201


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=x", "limit=1&limit=2", "colour=red", "cursor=zz", "q=%00", "q=" + "a" * 999],
)
def test_D12_a_parameter_that_cannot_be_used_is_named(web: Web, query: str) -> None:
    response = web.client.get(f"/api/v1/posts?{query}", headers=web.operator)
    assert response.status_code == 400
    assert response.json["field"] == query.partition("=")[0]


def test_the_description_knows_every_route_of_the_api_and_no_other(web: Web) -> None:
    document = web.client.get("/api/openapi.json").json
    assert document["openapi"].startswith("3.1")
    described = {
        (m.upper(), op["operationId"])
        for ops in document["paths"].values()
        for m, op in ops.items()
    }
    real = {
        (method, rule.endpoint.removeprefix("api."))
        for rule in web.app.url_map.iter_rules()
        for method in rule.methods or ()
        if rule.rule.startswith("/api/v1/") and method not in ("HEAD", "OPTIONS")
    }
    assert described == real | {("GET", "show_status")}


_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
_fields = st.sampled_from(
    [
        "channel",
        "target",
        "filters",
        "frequency",
        "unit",
        "name",
        "confirmed",
        "headers",
        "post",
        "note",
        "since",
    ]
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(body=st.dictionaries(_fields, _json, max_size=5), hook=st.booleans())
def test_D12_whatever_a_body_holds_it_is_never_a_500(
    web: Web, body: dict[str, object], hook: bool
) -> None:
    whole = {**HOOK, **body} if hook else body
    for path in ("subscriptions", "units", "subscriptions/x/replay", "deliveries/x/replay"):
        response = web.client.post(f"/api/v1/{path}", json=whole, headers=web.operator)
        assert response.status_code < 500, (path, whole)
    assert web.client.post("/api/v1/receipts", json=whole, headers=web.unit).status_code < 500


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(text=st.text(max_size=40))
def test_D12_whatever_an_address_holds_it_is_never_a_500(web: Web, text: str) -> None:
    sent = text.encode("utf-8", "replace").decode()
    for path in ("posts", "subscriptions", "deliveries", "receipts"):
        for name in ("q", "cursor", "post", "since", "state", "category"):
            answer = web.client.get(
                f"/api/v1/{path}", query_string={name: sent}, headers=web.operator
            )
            assert answer.status_code < 500, (path, name, text)
    for path in ("/", "/admin/deliveries"):
        assert web.client.get(path, query_string={"q": sent, "before": sent}).status_code < 500
