"""The API keeps to its own description: every answer fits the schema that `/api/openapi.json` gives
for it."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from flask import Response
from pydantic import TypeAdapter

from service.alerts.links import Purpose
from service.alerts.message import build_payload
from service.services.publish import write_change
from service.storage.listings import know_listings
from service.types import ChangeType
from service.web.api.route_table import ROUTES
from service.web.api.schemas import ANSWERS
from service.web.auth import WRITES_PER_MINUTE
from tests.api_examples import FILE as EXAMPLES_FILE
from tests.api_examples import Examples, check_examples, keep_example
from tests.fakes import FakeClock
from tests.fakes_receiver import FakeReceiver, status
from tests.fakes_web import LISTING, Web, make_web, store_post

DATA = Path(__file__).resolve().parent.parent / "data"
HOOK = {"channel": "webhook", "target": "https://hooks.example/loa", "confirmed": True}


@pytest.fixture
def web(sqlite_url: str, clock: FakeClock) -> Iterator[Web]:
    made = make_web(sqlite_url, clock, webhooks={"allow_private_networks": True})
    yield made
    made.loa.close()


def _recategorised(web: Web, subscription: str) -> tuple[str, str]:
    """A post that was told of after the subscription was made: (post, delivery)."""
    from service.services.overruling_acts import decide_categories

    post = store_post(web.loa, 1)
    with web.loa.database.writing() as conn:
        decide_categories(conn, web.loa, post.id, ("meetings",))
    (delivery,) = web.client.get(
        f"/api/v1/deliveries?subscription={subscription}", headers=web.operator
    ).json["items"]
    return post.id, delivery["id"]


def _silent(web: Web, code: str) -> str:
    """A post that was told to nobody."""
    post, now = store_post(web.loa, len(code) + 100), web.loa.clock()
    payload = build_payload(ChangeType.PUBLISHED, now, post, web.loa.links)
    with web.loa.database.writing() as conn:
        write_change(
            conn, post=post, type=ChangeType.PUBLISHED, at=now, payload=payload, silenced=code
        )
    return post.id


def _owe_more(web: Web) -> None:
    post, now = store_post(web.loa, 300), web.loa.clock()
    payload = build_payload(ChangeType.PUBLISHED, now, post, web.loa.links)
    with web.loa.database.writing() as conn:
        write_change(conn, post=post, type=ChangeType.PUBLISHED, at=now, payload=payload)


OF_PORTAL_FILES = {
    "add_portal", "check_portal", "poll_portal", "probe_portal", "remove_portal", "show_probe",
}  # fmt: skip
"""These need a folder of portal files and a portal: `test_desk_portals` asks them, and what they
answer there is held against their schemas as every test's answers are (`answer_schemas`)."""


def test_every_answer_fits_the_schema_of_its_route(web: Web, clock: FakeClock) -> None:
    with web.loa.database.writing() as conn:
        know_listings(conn, [("quangxuong", LISTING)], clock())
    seen: set[str] = set()
    kept: Examples = {"show_status": {"gives": web.client.get("/status.json").json}}

    def ask(
        endpoint: str, *, headers: dict[str, str] = web.operator, body: Any = None, **names: str
    ) -> Any:
        route = next(route for route in ROUTES if route.endpoint == endpoint)
        query = {key: value for key, value in names.items() if f"{{{key}}}" not in route.path}
        path = "/api/v1" + route.path.format(**names)
        response = web.client.open(
            path, method=route.method, headers=headers, json=body, query_string=query
        )
        assert response.status_code == route.status, (endpoint, response.json)
        seen.add(endpoint)
        keep_example(kept, endpoint, body, response.json if route.gives else None)
        if route.gives is None:
            assert response.data == b""
            return None
        model = TypeAdapter(ANSWERS[route.gives])
        for item in response.json["items"] if route.is_list else [response.json]:
            model.validate_json(_dumps(item), strict=True)
        return response.json

    hook = ask("add_subscription", body={**HOOK, "unit": web.unit_id})["id"]
    post, delivery = _recategorised(web, hook)
    for name, code in (("release_post", "too_old"), ("discard_post", "flood")):
        ask(name, id=_silent(web, code))
    _silent(web, "baseline")
    assert ask("list_silences", code="baseline")["items"]
    assert ask("list_audit", door="api")["items"]
    for name in ("release_portal", "discard_portal"):
        ask(name, id="quangxuong")
    for name in (
        "show_subscription",
        "pause_subscription",
        "resume_subscription",
        "rotate_subscription",
    ):
        ask(name, id=hook)
    for name in ("check_subscription", "replay_subscription"):
        ask(name, id=hook)
    ask("edit_subscription", id=hook, body={"filters": {"keywords": ["rét"]}})
    ask("show_delivery", id=delivery)
    ask("replay_delivery", id=delivery)
    assert ask("explain", post=post, subscription=hook)["was_owed"] is True
    named = ask("explain", post="Chỉ thị 1", subscription="UBND xã Quảng Ninh")
    assert (named["post"], named["was_owed"]) == (post, True)
    ask("add_receipt", headers=web.unit, body={"post": post})
    ask("list_receipts", post=post)
    ask("show_post", id=post)
    ask("decide_urgency", id=post, body={"urgency": "khan"})
    _decide(ask, post, store_post(web.loa, 2).id)
    ask("show_portal", id="quangxuong")
    asked = ask("backfill_portal", id="quangxuong", body={"since": "2026-11-20"})
    assert (asked["state"], asked["listings"]) == ("waiting", [])
    assert ask("show_portal", id="quangxuong")["backfill"] == asked
    unit = ask("add_unit", body={"name": "Xã mới"})["id"]
    ask("show_unit", id=unit)
    assert ask("edit_unit", id=unit, body={"contacts": ["a@xa.example"]})["contacts"]
    assert ask("link_unit", id=unit, body={})["id"] == unit
    for name in (
        "list_posts",
        "list_portals",
        "list_units",
        "list_subscriptions",
        "list_deliveries",
    ):
        assert ask(name)["items"]
    ask("recategorise_post", id=post, body={"categories": ["directives"]})
    ask("remind_units", body={"posts": [post]})
    ask("succeed_units", body={})
    gone = ask("add_unit", body={"name": "Xã tạm"})["id"]
    ask("remove_unit", id=gone)
    ask("restore_unit", id=gone)
    ask("merge_unit", id=ask("add_unit", body={"name": "Xã cũ"})["id"], body={"into": unit})
    ask("add_subscription", body={"channel": "pull", "unit": web.unit_id})
    _owe_more(web)
    (found,) = ask("ask_stream", headers=web.unit)["messages"]
    ask("acknowledge_stream", headers=web.unit, body={"ids": [found["webhook-id"]]})
    assert ask("show_statement", headers=web.unit, day=f"{clock():%Y-%m-%d}")["ids"] == [
        found["webhook-id"]
    ]
    token = ask("create_token", body={"role": "unit", "unit": web.unit_id, "scopes": ["read"]})
    assert ask("list_tokens")["items"][-1]["id"] == token["id"]
    ask("revoke_token", id=token["id"])
    ask("remove_unit", id=unit)
    ask("remove_subscription", id=hook)
    ask("restore_subscription", id=hook)
    assert seen == {route.endpoint for route in ROUTES} - OF_PORTAL_FILES
    check_examples(kept)


def _decide(ask: Callable[..., Any], post: str, twin: str) -> None:
    """All that an operator may decide of a post, and a post by hand."""
    task = {"task": "báo cáo kết quả", "day": "2026-12-05", "hour": "17:00", "owner": "communes"}
    made = ask("decide_task", id=post, body=task)["decisions"][0]["id"]
    other = {"other": twin}
    ask("decide_document", id=post, body={**other, "same": True})
    shown = ask("decide_relation", id=post, body={**other, "relation": "amends"})
    assert [one["kind"] for one in shown["readings"]] == ["task", "relation", "same"]
    assert [one["kind"] for one in shown["decisions"]] == ["relation", "same", "task"]
    assert not ask("undo_decision", id=post, decision=made)["deadlines"]
    file = {"name": "cong-dien 12.pdf", "content": b64encode(b"%PDF-1.4\nscan").decode()}
    typed = {"title": "Công điện 12/CĐ-UBND về ứng phó bão số 5", "text": "Yêu cầu trực 24/24."}
    by_hand = ask("add_post", body={**typed, "files": [file]})
    assert by_hand["portal"]["id"] == "by-hand" and by_hand["attachments"][0]["archive_url"]
    assert ask("withdraw_post", id=by_hand["id"], body={})["withdrawn_at"]


def _dumps(value: object) -> bytes:
    import orjson

    return orjson.dumps(value)


def test_lists_of_units_and_receipts_are_paged_without_gap_or_repeat(web: Web) -> None:
    post = store_post(web.loa, 1)
    for n in range(5):
        web.client.post("/api/v1/units", json={"name": f"Xã {n}"}, headers=web.operator)
    for path, name in (("units?", "name"), (f"receipts?post={post.id}&", "unit")):
        seen, address = [], f"/api/v1/{path}limit=3"
        while address:
            page = web.client.get(address, headers=web.operator).json
            assert len(page["items"]) <= 3
            seen += [str(item[name]) for item in page["items"]]
            address = page["next"] and f"/api/v1/{path}limit=3&cursor={page['next']}"
        assert len(seen) == len(set(seen)) == 7
    refused = web.client.get("/api/v1/units?cursor=%C3%A9", headers=web.operator)
    assert (refused.status_code, refused.json["field"]) == (400, "cursor")


def test_a_webhook_is_asked_before_anything_real_is_sent_to_it(web: Web) -> None:
    def echo(handler: Any) -> None:
        body = next(one.body for one in reversed(receiver.received) if one.path == "/hook")
        status(200, body)(handler)

    with FakeReceiver({"/hook": echo, "/mute": status(200)}) as receiver:
        ids = {}
        for path in ("/hook", "/mute"):
            body = {"channel": "webhook", "target": receiver.url(path)}
            added = web.client.post("/api/v1/subscriptions", json=body, headers=web.operator)
            assert (added.status_code, added.json["status"]) == (201, "pending")
            ids[path] = added.json["id"]
        web.loa.deliverer.deliver_due()
        asked = {one.path: one.body for one in receiver.received}
    assert (
        b'"subscription.confirm"' in asked["/hook"] and b'"subscription.confirm"' in asked["/mute"]
    )

    def status_of(path: str) -> str:
        return str(
            web.client.get(f"/api/v1/subscriptions/{ids[path]}", headers=web.operator).json[
                "status"
            ]
        )

    assert (status_of("/hook"), status_of("/mute")) == ("active", "pending")
    button = json.loads(asked["/mute"])["data"]["confirm_url"].removeprefix("https://loa.example")
    without_address = "/confirm/" + web.loa.links.token(Purpose.CONFIRM, ids["/mute"])
    assert web.client.post(without_address).status_code == 403
    web.client.get(button)
    assert status_of("/mute") == "pending"
    web.client.post(button)
    assert status_of("/mute") == "active"


def test_D10_an_address_added_by_a_program_is_asked_by_one_mail_a_day(web: Web) -> None:
    body = {"channel": "email", "target": "a@xa.example"}
    for frequency in ("immediate", "daily", "weekly"):
        added = web.client.post(
            "/api/v1/subscriptions", json={**body, "frequency": frequency}, headers=web.unit
        )
        assert (added.status_code, added.json["status"]) == (201, "pending")
    with web.loa.database.reading() as conn:
        letters = (
            conn.exec_driver_sql("SELECT body FROM message WHERE channel = 'email'").scalars().all()
        )
    assert len(letters) == 1
    assert "mọi tin" in letters[0]


def test_D10_one_token_changes_so_much_in_a_minute_and_no_more(web: Web) -> None:
    answers = [
        web.client.post("/api/v1/units", json={}, headers=web.operator).status_code
        for _ in range(WRITES_PER_MINUTE + 1)
    ]
    assert set(answers[:-1]) == {422}
    refused = web.client.post("/api/v1/units", json={}, headers=web.operator)
    said = {name: int(refused.headers[f"RateLimit-{name}"]) for name in ("Limit", "Remaining")}
    assert (refused.status_code, said) == (429, {"Limit": WRITES_PER_MINUTE, "Remaining": 0})
    assert 0 < int(refused.headers["Retry-After"]) == int(refused.headers["RateLimit-Reset"]) <= 60
    assert refused.content_type == "application/problem+json"
    looked = web.client.get("/api/v1/units", headers=web.operator)
    assert (looked.status_code, looked.headers["RateLimit-Remaining"]) == (200, "0")
    other = web.client.post("/api/v1/receipts", json={}, headers=web.unit)
    assert other.status_code == 422
    assert other.headers["RateLimit-Remaining"] == str(WRITES_PER_MINUTE - 1)


def test_why_answers_only_who_may_see_the_subscription(web: Web) -> None:
    post = store_post(web.loa, 1)
    hook = web.client.post("/api/v1/subscriptions", json=HOOK, headers=web.operator).json["id"]
    path = f"/api/v1/why?post={post.id}&subscription={hook}"
    answer = web.client.get(path, headers=web.operator).json
    assert answer["was_owed"] is False and answer["words"]
    assert web.client.get(path, headers=web.unit).status_code == 404
    assert (
        web.client.get(f"/api/v1/why?post={post.id}", headers=web.operator).json["field"]
        == "subscription"
    )


def test_a_test_of_a_pending_webhook_asks_it_again(web: Web) -> None:
    pending = web.client.post(
        "/api/v1/subscriptions", json={**HOOK, "confirmed": False}, headers=web.unit
    ).json["id"]
    asked = web.client.post(f"/api/v1/subscriptions/{pending}/test", headers=web.unit)
    assert (asked.status_code, asked.json["id"]) == (202, pending)


def test_what_a_channel_has_no_use_for_is_refused_and_not_silently_dropped(web: Web) -> None:
    hook = web.client.post("/api/v1/subscriptions", json=HOOK, headers=web.operator).json["id"]
    daily = web.client.patch(
        f"/api/v1/subscriptions/{hook}", json={"frequency": "daily"}, headers=web.operator
    )
    assert (daily.status_code, daily.json["field"]) == (422, "frequency")
    mail = {"channel": "email", "target": "a@xa.example", "headers": {"X-A": "b"}}
    refused = web.client.post("/api/v1/subscriptions", json=mail, headers=web.operator)
    assert (refused.status_code, refused.json["field"]) == (422, "headers")


def test_a_key_that_was_answered_once_is_answered_for_ever(web: Web) -> None:
    """`tests/data/answer_keys.json`: by schema, the keys of before; there may be more."""
    known = json.loads((DATA / "answer_keys.json").read_text("utf-8"))
    schemas_now = web.client.get("/api/openapi.json").json["components"]["schemas"]
    gone = {
        name: lost
        for name, keys in known.items()
        if (lost := [key for key in keys if key not in schemas_now[name]["properties"]])
    }
    assert gone == {}


def test_an_answer_with_another_key_or_without_one_is_found(
    web: Web, answer_faults: list[str]
) -> None:
    shown = web.client.get("/api/v1/units", headers=web.operator)
    with web.app.test_request_context("/api/v1/units"):
        for change in ({"secret": "x"}, {"contacts": None}, {"created_at": 5}):
            item = {**shown.json["items"][0], **change}
            body = json.dumps({"items": [item], "next": None})
            web.app.finalize_request(Response(body, content_type="application/json"))
    assert len(answer_faults) == 3
    answer_faults.clear()


def test_every_body_and_every_answer_has_an_example_that_fits_its_schema(web: Web) -> None:
    document = web.client.get("/api/openapi.json").json
    components, seen = {"components": document["components"]}, 0
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            bodies = [one for code, one in operation["responses"].items() if code.startswith("2")]
            bodies.append(operation.get("requestBody", {}))
            for media in [one["content"]["application/json"] for one in bodies if "content" in one]:
                schema = jsonschema_rs.Draft202012Validator({**media["schema"], **components})
                assert not [e.message for e in schema.iter_errors(media["example"])], (method, path)
                seen += 1
    assert seen > len(ROUTES)


def test_no_example_opens_anything() -> None:
    text = EXAMPLES_FILE.read_text("utf-8")
    assert not re.findall(r"loa_(?:pull_)?[\w-]{20,}|/receipts/[\w.-]{20,}|v1a?,[\w+/=]{20,}", text)
    assert set(re.findall(r"whsec_[\w+/=]*", text)) == {"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}
