"""API tokens by API and desk: shown once, never more than their maker may, over after their last
day."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from service.services.token_acts import revoke_ended
from service.storage.audit import list_audit
from service.storage.engine import Database
from service.storage.units import add_unit
from tests.fakes import FakeClock
from tests.fakes_web import Web, make_web

TOKENS = "/api/v1/tokens"


@pytest.fixture
def web(sqlite_url: str, clock: FakeClock) -> Iterator[Web]:
    made = make_web(sqlite_url, clock, email={"smtp_url": "smtp://127.0.0.1:1"})
    yield made
    made.loa.close()


def make(web: Web, headers: dict[str, str], **body: object) -> dict[str, str]:
    """The headers of a token that was made over the API."""
    answer = web.client.post(TOKENS, json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    return {"Authorization": f"Bearer {answer.get_json()['token']}"}


def refused(web: Web, headers: dict[str, str], **body: object) -> tuple[str, str]:
    answer = web.client.post(TOKENS, json=body, headers=headers)
    assert answer.status_code == 422, answer.text
    return answer.get_json()["field"], answer.get_json()["detail"]


def test_a_token_gives_no_more_than_its_maker_has(web: Web, clock: FakeClock) -> None:
    last = (clock() + timedelta(days=30)).date().isoformat()
    after = (clock() + timedelta(days=31)).date().isoformat()
    narrow = make(web, web.operator, role="operator", scopes=["read", "operate"], ends_on=last)
    for role in ("operator", "unit"):
        unit = {"unit": web.unit_id} if role == "unit" else {}
        field, said = refused(web, narrow, role=role, scopes=["subscriptions"], **unit)
        assert (field, "subscriptions" in said) == ("scope", True)
        made = web.client.post(TOKENS, json={"role": role, **unit}, headers=narrow).get_json()
        assert (made["scopes"], made["ends_on"]) == (["read", "operate"], last)
    assert refused(web, narrow, role="viewer", ends_on=after)[0] == "ends_on"
    sooner = web.client.post(
        TOKENS, json={"role": "viewer", "ends_on": clock().date().isoformat()}, headers=narrow
    ).get_json()
    assert (sooner["scopes"], sooner["ends_on"]) == (["read"], clock().date().isoformat())
    blind = make(web, web.operator, role="operator", scopes=["operate"])
    assert refused(web, blind, role="viewer")[0] == "scope"


def test_the_words_of_a_token_are_in_the_answer_that_made_it_and_nowhere_else(web: Web) -> None:
    made = web.client.post(TOKENS, json={"role": "viewer", "name": "x"}, headers=web.operator)
    words = made.get_json()["token"]
    listed = web.client.get(TOKENS, headers=web.operator)
    assert words not in listed.text
    assert made.get_json()["id"] in listed.text
    with web.loa.database.reading() as conn:
        assert words not in repr(list_audit(conn))
    assert made.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("days", [0, 1, 400])
def test_a_token_is_good_to_the_end_of_its_last_day(web: Web, clock: FakeClock, days: int) -> None:
    zone = web.loa.settings.service.locale.zone
    last = clock().astimezone(zone).date() + timedelta(days=days)
    bearer = make(web, web.operator, role="viewer", ends_on=last.isoformat())
    while clock().astimezone(zone).date() <= last:
        assert web.client.get("/api/v1/units", headers=bearer).status_code == 200
        clock.advance(3600 if days < 2 else 86_400)
    assert web.client.get("/api/v1/units", headers=bearer).status_code == 401


def test_the_unit_of_a_token_that_ends_is_told_once(web: Web, clock: FakeClock) -> None:
    with web.loa.database.writing() as conn:
        unit = add_unit(conn, name="UBND xã Thư", at=clock(), contacts=("a@xa.example",))
    today = clock().date().isoformat()
    bearer = make(web, web.operator, role="unit", unit=unit.id, name="phần mềm", ends_on=today)
    assert revoke_ended(web.loa.database, web.loa) == 0
    clock.advance(2 * 86_400)
    assert web.client.get("/api/v1/posts", headers=bearer).status_code == 401
    assert revoke_ended(web.loa.database, web.loa) == 1
    assert revoke_ended(web.loa.database, web.loa) == 0
    assert _letters(web.loa.database).count("phần mềm") >= 1
    assert _letters(web.loa.database).count("by.token_ended") == 1


def _letters(database: Database) -> str:
    with database.reading() as conn:
        rows = conn.exec_driver_sql("SELECT body FROM message WHERE channel = 'email'").scalars()
        return "\n".join(rows)


def sign_in(web: Web, headers: dict[str, str]) -> FlaskClient:
    client = web.app.test_client()
    form = {"csrf": _csrf(client, "/admin/sign-in")}
    token = headers["Authorization"].removeprefix("Bearer ")
    assert client.post("/admin/sign-in", data={**form, "token": token}).status_code == 303
    return client


def _csrf(client: FlaskClient, path: str) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', client.get(path).text)
    assert found is not None
    return found.group(1)


def test_the_desk_shows_a_token_once_with_a_button_that_copies_it(web: Web) -> None:
    client = sign_in(web, web.operator)
    form = {"csrf": _csrf(client, "/admin/tokens/"), "role": "unit", "unit": "UBND xã Quảng Ninh",
            "name": "phần mềm", "scope": ["read"]}  # fmt: skip
    made = client.post("/admin/tokens/", data=form)
    found = re.search(r'id="token"[^>]*value="(loa_[\w-]+)"', made.text)
    assert found is not None
    assert 'data-copies="token"' in made.text
    assert "script-src 'self'" in made.headers["Content-Security-Policy"]
    assert "connect-src" not in made.headers["Content-Security-Policy"]
    bearer = {"Authorization": f"Bearer {found.group(1)}"}
    assert web.client.get("/api/v1/posts", headers=bearer).status_code == 200
    listed = client.get("/admin/tokens/")
    assert "script-src" not in listed.headers["Content-Security-Policy"]
    assert "phần mềm" in listed.text and found.group(1) not in listed.text
    (key,) = re.findall(r'id="token-([\w-]+)"><th scope="row" lang="vi">phần mềm', listed.text)
    asked = client.post(f"/admin/tokens/{key}/revoke", data={"csrf": form["csrf"]})
    assert "UBND xã Quảng Ninh" in asked.text
    assert web.client.get("/api/v1/posts", headers=bearer).status_code == 200
    client.post(f"/admin/tokens/{key}/revoke", data={"csrf": form["csrf"], "sure": "1"})
    assert web.client.get("/api/v1/posts", headers=bearer).status_code == 401
    again = client.post(f"/admin/tokens/{key}/revoke", data={"csrf": form["csrf"]})
    assert again.status_code == 404


def test_a_desk_that_was_opened_by_a_narrow_token_makes_no_wider_one(web: Web) -> None:
    narrow = make(web, web.operator, role="operator", scopes=["read", "operate"])
    client = sign_in(web, narrow)
    form = {"csrf": _csrf(client, "/admin/tokens/"), "role": "operator", "scope": "subscriptions"}
    answer = client.post("/admin/tokens/?lang=en", data=form)
    assert (answer.status_code, "beyond the token that makes it" in answer.text) == (422, True)
    for wrong in (
        {"role": "king"},
        {"scope": "all"},
        {"ends_on": "mai"},
        {"ends_on": "2001-01-01"},
    ):
        answer = client.post("/admin/tokens/?lang=en", data={**form, "scope": "read", **wrong})
        (field,) = wrong
        assert answer.status_code == 422, wrong
        assert f'id="{field}-fault"' in answer.text, wrong
