"""The operator's pages: who gets in, what a signed-in operator may do, and that a forged form does nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from service.storage import tokens
from tests.fakes import FakeClock
from tests.fakes_web import Web, make_web, store_post

PAGES = ("/admin/", "/admin/posts", "/admin/units", "/admin/subscriptions", "/admin/deliveries")


@pytest.fixture
def web(sqlite_url: str, clock: FakeClock) -> Iterator[Web]:
    made = make_web(sqlite_url, clock)
    yield made
    made.loa.close()


def _csrf(web: Web, path: str) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', web.client.get(path).get_data(as_text=True))
    assert found is not None
    return found.group(1)


def _sign_in(web: Web, token: str) -> int:
    form = {"csrf": _csrf(web, "/admin/sign-in"), "token": token}
    return web.client.post("/admin/sign-in", data=form).status_code


def test_every_page_asks_a_stranger_to_sign_in(web: Web) -> None:
    for page in PAGES:
        response = web.client.get(page)
        assert (response.status_code, response.location) == (302, "/admin/sign-in")


def test_only_an_operators_token_signs_in(web: Web) -> None:
    unit = web.unit["Authorization"].removeprefix("Bearer ")
    assert _sign_in(web, "wrong") == _sign_in(web, unit) == 401
    assert _sign_in(web, web.operator_token) == 303
    for page in PAGES:
        assert web.client.get(page).status_code == 200
        assert web.client.get(f"{page}?lang=en").status_code == 200


def test_the_session_cookie_is_out_of_reach_of_scripts_other_sites_and_plain_http(web: Web) -> None:
    form = {"csrf": _csrf(web, "/admin/sign-in"), "token": web.operator_token}
    cookie = web.client.post("/admin/sign-in", data=form, base_url="https://localhost").headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie and "Secure" in cookie
    assert web.operator_token not in cookie


def test_D11_a_revoked_token_ends_its_sessions_at_once(web: Web, clock: FakeClock) -> None:
    _sign_in(web, web.operator_token)
    with web.loa.database.writing() as conn:
        for token in tokens.list_tokens(conn):
            tokens.revoke_token(conn, token.id, clock())
    assert web.client.get("/admin/").status_code == 302


def test_a_form_without_the_sessions_own_csrf_token_changes_nothing(web: Web) -> None:
    _sign_in(web, web.operator_token)
    for csrf in ("", "forged"):
        assert web.client.post("/admin/units", data={"name": "Xã mới", "csrf": csrf}).status_code == 403
    assert "Xã mới" not in web.client.get("/admin/units").get_data(as_text=True)
    assert (
        web.client.post("/admin/units", data={"name": "Xã mới", "csrf": _csrf(web, "/admin/units")}).status_code
        == 303
    )
    assert "Xã mới" in web.client.get("/admin/units").get_data(as_text=True)


def test_a_subscription_is_paused_and_removed_by_buttons(web: Web) -> None:
    body = {"channel": "webhook", "target": "https://hooks.example/x", "confirmed": True}
    added = web.client.post("/api/v1/subscriptions", json=body, headers=web.operator).json["id"]
    _sign_in(web, web.operator_token)
    for move, words in (("pause", "tạm dừng"), ("resume", "đang hoạt động")):
        form = {"csrf": _csrf(web, "/admin/subscriptions")}
        assert web.client.post(f"/admin/subscriptions/{added}/{move}", data=form).status_code == 303
        assert words in web.client.get("/admin/subscriptions").get_data(as_text=True)


def test_the_receipt_board_shows_who_has_acknowledged(web: Web) -> None:
    post = store_post(web.loa, 1)
    web.client.post("/api/v1/receipts", json={"post": post.id, "note": "đã rõ"}, headers=web.unit)
    _sign_in(web, web.operator_token)
    page = web.client.get(f"/admin/receipts/{post.id}").get_data(as_text=True)
    assert "đã rõ" in page
    assert "1/" in page
