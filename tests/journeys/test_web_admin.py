"""The operator's pages: who gets in, what a signed-in operator may do, and that a forged form does
nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from werkzeug.test import TestResponse

from service.storage import tokens
from service.values import rfc3339
from service.web.admin.sign_in_page import SIGN_INS
from tests.fakes import FakeClock
from tests.fakes_web import Web, make_web, owe, store_post

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
    cookie = web.client.post("/admin/sign-in", data=form, base_url="https://localhost").headers[
        "Set-Cookie"
    ]
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
        assert (
            web.client.post("/admin/units", data={"name": "Xã mới", "csrf": csrf}).status_code
            == 403
        )
    assert "Xã mới" not in web.client.get("/admin/units").get_data(as_text=True)
    assert (
        web.client.post(
            "/admin/units", data={"name": "Xã mới", "csrf": _csrf(web, "/admin/units")}
        ).status_code
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
    owe(web, post)
    web.client.post("/api/v1/receipts", json={"post": post.id, "note": "đã rõ"}, headers=web.unit)
    _sign_in(web, web.operator_token)
    page = web.client.get(f"/admin/receipts/{post.id}").get_data(as_text=True)
    assert "đã rõ" in page
    assert "1/" in page


def _post(web: Web, path: str, **form: str | list[str]) -> TestResponse:
    return web.client.post(path, data={"csrf": _csrf(web, "/admin/units"), "sure": "1", **form})


def _owed(web: Web) -> str:
    """A webhook, and a post that is owed to it: the delivery."""
    body = {"channel": "webhook", "target": "https://hooks.example/x", "confirmed": True}
    web.client.post("/api/v1/subscriptions", json=body, headers=web.operator)
    post = store_post(web.loa, 1, title="Chỉ thị về giao thông")
    _sign_in(web, web.operator_token)
    assert _post(web, f"/admin/posts/{post.id}/categories", primary="meetings").status_code == 303
    return str(web.client.get("/api/v1/deliveries", headers=web.operator).json["items"][0]["id"])


def test_an_operator_recategorises_a_post_and_it_sticks(web: Web) -> None:
    _owed(web)
    post = web.client.get("/api/v1/posts", headers=web.operator).json["items"][0]
    assert post["categories"] == ["meetings"]
    page = web.client.get(f"/admin/posts/{post['id']}").get_data(as_text=True)
    assert "Do quản trị viên chọn" in page
    _post(web, f"/admin/posts/{post['id']}/categories", primary="directives", category=["events"])
    post = web.client.get("/api/v1/posts", headers=web.operator).json["items"][0]
    assert post["categories"] == ["directives", "events"]
    assert _post(web, f"/admin/posts/{post['id']}/categories", primary="nothing").status_code == 422


def test_U4_urgency_is_decided_alike_at_the_desk_and_by_the_api_and_sticks(web: Web) -> None:
    post = store_post(web.loa, 1, title="Công điện về bão")
    where = f"/api/v1/posts/{post.id}"
    answer = web.client.post(
        f"{where}/urgency", json={"urgency": "hoa-toc"}, headers=web.operator
    ).json
    assert (answer["urgency"], answer["urgency_why"]["rule"]) == ("hoa-toc", "operator")
    refused = web.client.post(f"{where}/urgency", json={"urgency": "x"}, headers=web.operator)
    assert refused.status_code == 422
    _sign_in(web, web.operator_token)
    assert "Do quản trị viên chọn" in web.client.get(f"/admin/posts/{post.id}").get_data(True)
    assert _post(web, f"/admin/posts/{post.id}/urgency", urgency="khan").status_code == 303
    assert web.client.get(where, headers=web.operator).json["urgency"] == "khan"
    assert _post(web, f"/admin/posts/{post.id}/urgency", urgency="x").status_code == 422
    _post(web, f"/admin/posts/{post.id}/categories", primary="meetings")
    assert web.client.get(where, headers=web.operator).json["urgency"] == "khan", "it sticks"


def test_a_delivery_says_why_and_what_failed_is_sent_again_by_one_button(web: Web) -> None:
    delivery = _owed(web)
    page = web.client.get(f"/admin/deliveries/{delivery}").get_data(as_text=True)
    assert "hooks.example" in page and "đang chờ gửi" in page
    with web.loa.database.writing() as conn:
        conn.exec_driver_sql("UPDATE message SET due_at = due_at + 3600000000")
    assert "Gửi ngay" in web.client.get(f"/admin/deliveries/{delivery}").get_data(as_text=True)
    _post(web, f"/admin/deliveries/{delivery}/replay")
    told = web.client.get(f"/api/v1/deliveries/{delivery}", headers=web.operator).json
    assert told["next_attempt_at"] == rfc3339(web.loa.clock())
    with web.loa.database.writing() as conn:
        conn.exec_driver_sql("UPDATE delivery SET state = 'failed'")
        conn.exec_driver_sql("UPDATE message SET state = 'failed'")
    assert "Chỉ thị về giao thông" in web.client.get("/admin/deliveries?state=failed").get_data(
        as_text=True
    )
    assert _post(web, "/admin/deliveries/replay-failed").status_code == 303
    assert "Không có gì ở đây" in web.client.get("/admin/deliveries?state=failed").get_data(
        as_text=True
    )


def test_delivery_is_paused_and_goes_on_by_a_switch(web: Web) -> None:
    _sign_in(web, web.operator_token)
    _post(web, "/admin/deliveries/pause")
    assert "Việc gửi đang tạm dừng" in web.client.get("/admin/").get_data(as_text=True)
    _post(web, "/admin/deliveries/resume")
    assert "Việc gửi đang tạm dừng" not in web.client.get("/admin/").get_data(as_text=True)


def test_a_flood_is_shown_and_released_by_a_button(web: Web) -> None:
    _owed(web)
    with web.loa.database.writing() as conn:
        conn.exec_driver_sql("UPDATE change SET silenced = 'flood'")
    assert "1 tin mới xuất hiện cùng lúc" in web.client.get("/admin/").get_data(as_text=True)
    _post(web, "/admin/portals/quangxuong/release")
    assert "xuất hiện cùng lúc" not in web.client.get("/admin/").get_data(as_text=True)


def test_a_secret_is_rotated_and_shown_once_and_a_test_is_sent(web: Web) -> None:
    _owed(web)
    key = web.client.get("/api/v1/subscriptions", headers=web.operator).json["items"][0]["id"]
    shown = _post(web, f"/admin/subscriptions/{key}/rotate")
    assert "whsec_" in shown.get_data(as_text=True)
    assert shown.headers["Cache-Control"] == "no-store"
    assert "whsec_" not in web.client.get("/admin/subscriptions").get_data(as_text=True)
    assert _post(web, f"/admin/subscriptions/{key}/test").status_code == 303


def test_the_receipt_board_is_a_spreadsheet_in_which_nothing_is_a_formula(web: Web) -> None:
    post = store_post(web.loa, 1)
    owe(web, post)
    web.client.post("/api/v1/receipts", json={"post": post.id, "note": "=1+1"}, headers=web.unit)
    _sign_in(web, web.operator_token)
    assert f"/admin/receipts/{post.id}.csv" in web.client.get(
        f"/admin/receipts/{post.id}"
    ).get_data(as_text=True)
    answer = web.client.get(f"/admin/receipts/{post.id}.csv")
    assert answer.content_type == "text/csv; charset=utf-8"
    lines = answer.data.decode("utf-8-sig").splitlines()
    assert lines[0].startswith("Đơn vị,Tình trạng")
    assert any("UBND xã Quảng Ninh,đã xác nhận" in line and "'=1+1" in line for line in lines)


def test_an_office_is_removed_and_a_contact_that_is_no_address_is_refused(web: Web) -> None:
    _sign_in(web, web.operator_token)
    assert _post(web, "/admin/units", name="A", contacts="nobody").status_code == 422
    assert _post(web, f"/admin/units/{web.other_unit_id}/remove").status_code == 303
    page = web.client.get("/admin/units").get_data(as_text=True)
    assert f'id="unit-{web.other_unit_id}"' not in page


def test_signing_in_is_tried_so_often_and_no_more(web: Web) -> None:
    answers = {_sign_in(web, "wrong") for _ in range(SIGN_INS)}
    assert answers == {401}
    assert _sign_in(web, "wrong") == 429
