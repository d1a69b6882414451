"""Every refusal of the API has one shape, whoever refuses: the routes, the schemas, the server in
front. It says what was wrong as a code and in the language that was asked for, and where and what is
allowed where that is known."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from werkzeug.test import TestResponse

from service.services.token_acts import create
from service.storage.tokens import Role, Scope
from service.web.api.api_post_acts import MAX_POST_BYTES
from service.web.api.request_body import MAX_BYTES
from service.web.api.route_shape import Route
from service.web.api.route_table import ROUTES
from service.web.auth import WRITES_PER_MINUTE
from service.web.server.exchange import plain_answer
from tests.fakes import FakeClock
from tests.fakes_web import Web, make_web

NEVER = "00000000-0000-7000-8000-000000000000"
RATE = {"RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"}
KEYS = {"type", "title", "status", "code", "detail"}
WRITES = [route for route in ROUTES if route.method in ("post", "patch")]
BY_NAME = [route.endpoint for route in ROUTES]


@pytest.fixture
def web(sqlite_url: str, clock: FakeClock) -> Iterator[Web]:
    made = make_web(sqlite_url, clock)
    yield made
    made.loa.close()


def ask(web: Web, route: Route, headers: dict[str, str], **more: Any) -> TestResponse:
    path = "/api/v1" + route.path.format(id=NEVER, decision=NEVER)
    return web.client.open(path, method=more.pop("method", route.method), headers=headers, **more)


def check(answer: TestResponse, status: int) -> dict[str, Any]:
    """Its document, which has the shape of all."""
    assert answer.status_code == status, answer.text
    assert answer.content_type == "application/problem+json"
    document: dict[str, Any] = orjson.loads(answer.data)
    assert set(document) >= KEYS, document
    assert set(document) <= KEYS | {"field", "allowed", "errors"}, document
    assert document["status"] == status
    assert re.fullmatch(r"[a-z]+\.[a-z0-9_]+", document["code"]), document
    assert document["detail"] and "Traceback" not in answer.text
    return document


@pytest.mark.parametrize("route", ROUTES, ids=BY_NAME)
@pytest.mark.parametrize("language", ["vi", "en"])
def test_each_route_refuses_strangers_wrong_methods_and_unknown_words(
    web: Web, route: Route, language: str
) -> None:
    says = {"Accept-Language": language}
    stranger = check(ask(web, route, says), 401)
    assert stranger["code"] in ("refused.token", "refused.stream_token")
    assert bool(re.search("[à-ỹ]", stranger["detail"])) == (language == "vi")
    wrong = ask(web, route, {**web.operator, **says}, method="PUT")
    other = check(wrong, 405)
    assert other["code"] == "problem.405"
    assert route.method.upper() in other["allowed"] and wrong.headers["Allow"]
    bearer = web.unit if route.endpoint in OF_UNITS else web.operator
    if route.method == "get" and route.asks is not None:
        query = check(ask(web, route, {**bearer, **says}, query_string={"colour": "red"}), 400)
        known = (("colour", "bad.unknown_field"), (query["field"], "bad.missing"))
        assert (query["field"], query["code"]) in known
        assert query["errors"][0]["field"] == query["field"]


OF_UNITS = {"add_receipt", "ask_stream", "acknowledge_stream", "show_statement"}


@pytest.mark.parametrize("route", WRITES, ids=[route.endpoint for route in WRITES])
def test_each_body_that_cannot_be_read_is_refused_alike(web: Web, route: Route) -> None:
    bearer = web.unit if route.endpoint in OF_UNITS else web.operator
    media = check(ask(web, route, bearer, data={"a": "b"}), 415)
    assert (media["code"], media["allowed"]) == ("refused.media_type", "application/json")
    most = MAX_POST_BYTES if route.endpoint == "add_post" else MAX_BYTES
    for body, status, code in (
        (b'{"a": ', 400, "refused.body_json"),
        (b"[]", 400, "refused.body_object"),
        (b'{"a":' * 20 + b"1" + b"}" * 20, 400, "refused.body_deep"),
        (b'{"a": "' + b"x" * most + b'"}', 413, "refused.body_big"),
        (b'{"colour": "red"}', 422, "bad.unknown_field"),
    ):
        answer = ask(web, route, bearer, data=body, content_type="application/json")
        said = check(answer, status)
        known = {code, "bad.missing"} if status == 422 else {code}
        assert said["code"] in known, (route.endpoint, said)
        assert set(answer.headers.keys()) >= RATE


@pytest.mark.parametrize("route", ROUTES, ids=BY_NAME)
def test_each_route_that_a_token_may_not_ask_says_so_with_what_is_left(
    web: Web, route: Route
) -> None:
    with web.loa.database.writing() as conn:
        words, _ = create(conn, web.loa, name="x", role=Role.VIEWER, unit=None)
    viewer = {"Authorization": f"Bearer {words}"}
    answer = ask(web, route, viewer, json=None if route.method in ("get", "delete") else {})
    if route.method != "get" or route.endpoint in OF_UNITS:
        check(answer, 403)
    assert set(answer.headers.keys()) >= RATE


def test_what_is_not_there_and_what_is_too_often_have_the_shape_too(web: Web) -> None:
    assert check(web.client.get("/api/v1/nothing"), 404)["code"] == "problem.404"
    assert (
        check(web.client.get(f"/api/v1/units/{NEVER}", headers=web.operator), 404)["code"]
        == "missing.unit"
    )
    hook = {"channel": "webhook", "target": "https://a.example/", "confirmed": True}
    key = web.client.post("/api/v1/subscriptions", json=hook, headers=web.operator).json["id"]
    web.client.delete(f"/api/v1/subscriptions/{key}", headers=web.operator)
    resumed = web.client.post(f"/api/v1/subscriptions/{key}/resume", json={}, headers=web.operator)
    assert check(resumed, 409)["code"].startswith("conflict.")
    for _ in range(WRITES_PER_MINUTE):
        answer = web.client.post("/api/v1/units", json={}, headers=web.operator)
    many = check(answer, 429)
    assert many["code"] == "refused.many_writes"
    assert answer.headers["Retry-After"] == answer.headers["RateLimit-Reset"]


def test_a_scope_that_is_missing_is_named(web: Web) -> None:
    with web.loa.database.writing() as conn:
        words, _ = create(
            conn, web.loa, name="x", role=Role.OPERATOR, unit=None, scopes=[Scope.READ]
        )
    bearer = {"Authorization": f"Bearer {words}"}
    said = check(web.client.post("/api/v1/units", json={"name": "x"}, headers=bearer), 403)
    assert said["code"] == "refused.scope" and "operate" in said["detail"]


@pytest.mark.parametrize("status", [400, 408, 414, 429, 431, 500, 503])
@pytest.mark.parametrize(
    ("environ", "is_program"),
    [
        ({"PATH_INFO": "/api/v1/posts"}, True),
        ({"PATH_INFO": "/loa/api/v1/posts", "HTTP_ACCEPT": "text/html"}, True),
        ({"PATH_INFO": "/status", "HTTP_ACCEPT": "Application/JSON;q=1, */*"}, True),
        ({"PATH_INFO": "/", "HTTP_ACCEPT": "text/html,application/json"}, False),
        ({}, False),
    ],
)
@pytest.mark.parametrize("language", ["vi-VN,vi;q=0.9", "en", "fr", ""])
def test_the_server_in_front_refuses_as_the_api_does(
    status: int, environ: dict[str, str], is_program: bool, language: str
) -> None:
    asked = {**environ, "HTTP_ACCEPT_LANGUAGE": language}
    code, headers, body = plain_answer(asked, status, ("Retry-After", "5"))
    assert code == status and ("Retry-After", "5") in headers
    assert ("Content-Length", str(len(body))) in headers
    if not is_program:
        assert body.startswith(str(status).encode())
        return
    document = orjson.loads(body)
    assert set(document) == KEYS
    assert (document["status"], document["code"]) == (status, f"problem.{status}")
    assert bool(re.search("[à-ỹ]", document["detail"])) == language.startswith("vi")
