"""U6: nothing by mistake. What stops something asks first and says for whom; a notice says what was
done and undoes it; a form that is refused comes back filled, with the fault at its field."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import text

from service.alerts.links import Purpose
from service.storage.subscriptions import set_status
from service.types import SubscriptionStatus
from tests.fakes import FakeClock
from tests.fakes_desk import desk_post, sign_in
from tests.fakes_web import MANAGED_AT, Web, make_web, owe, store_post

DAY = 86_400


@pytest.fixture
def web(sqlite_url: str, clock: FakeClock) -> Iterator[Web]:
    made = make_web(sqlite_url, clock)
    owe(made, store_post(made.loa, 1, title="Chỉ thị về bão"))
    sign_in(made)
    yield made
    made.loa.close()


def _rows(web: Web, query: str) -> list[tuple[Any, ...]]:
    with web.loa.database.reading() as conn:
        return [tuple(row) for row in conn.execute(text(query))]


def _key(web: Web) -> str:
    return str(_rows(web, "SELECT id FROM subscription")[0][0])


def _kept(web: Web) -> list[tuple[Any, ...]]:
    found = []
    for query in (
        "SELECT id, name, removed_at FROM unit ORDER BY id",
        "SELECT id, status, secret FROM subscription ORDER BY id",
        "SELECT id, state, done_at FROM delivery ORDER BY id",
        "SELECT id, state, done_at FROM message ORDER BY id",
        "SELECT id, silenced FROM change ORDER BY id",
    ):
        found += _rows(web, query)
    return found


def test_U6_every_act_that_stops_something_asks_first_and_says_what_and_for_whom(
    web: Web,
) -> None:
    key = _key(web)
    with web.loa.database.writing() as conn:
        conn.exec_driver_sql("UPDATE message SET state = 'failed'")
        conn.exec_driver_sql("UPDATE delivery SET state = 'failed'")
    acts = {
        f"units/{web.unit_id}/remove": ("UBND xã Quảng Ninh", "https://unit.example/loa", "7 ngày"),
        f"subscriptions/{key}/remove": ("https://unit.example/loa", "không còn kênh nhận tin nào"),
        f"subscriptions/{key}/rotate": ("UBND xã Quảng Ninh", "24 giờ"),
        "portals/quangxuong/release": ("UBND huyện Quảng Xương", "không thu hồi được"),
        "portals/quangxuong/discard": ("UBND huyện Quảng Xương", "Không ai được báo"),
        "deliveries/replay-failed": ("Gửi lại 1 thông báo", "https://unit.example/loa (1)"),
    }
    before = _kept(web)
    for path, said in acts.items():
        answer = desk_post(web, f"/admin/{path}")
        page = answer.get_data(as_text=True)
        assert answer.status_code == 200, path
        assert [one for one in said if one not in page] == [], path
        assert 'name="sure" value="1"' in page and "không thay đổi gì" in page
        english = web.client.post(
            f"/admin/{path}?lang=en",
            data={"csrf": re.findall(r'name="csrf" value="([^"]+)"', page)[0]},
        )
        assert "change nothing" in english.get_data(as_text=True)
        web.client.get("/admin/?lang=vi")
    assert _kept(web) == before


def _is_told(web: Web, path: str, *said: str, **form: str) -> str:
    """What an act answers with is shown once, on the next page."""
    answer = desk_post(web, f"/admin/{path}", **form)
    assert answer.status_code == 303, path
    page = web.client.get(answer.location).get_data(as_text=True)
    assert [one for one in said if one not in page] == [], path
    assert said[0] not in web.client.get("/admin/").get_data(as_text=True), "once"
    return page


def test_U6_a_notice_says_what_was_done(web: Web) -> None:
    key, post = _key(web), _rows(web, "SELECT id FROM post")[0][0]
    delivery = _rows(web, "SELECT id FROM delivery")[0][0]
    target = "https://unit.example/loa"
    _is_told(web, f"subscriptions/{key}/pause", f"Đã tạm dừng gửi đến {target}")
    _is_told(web, f"subscriptions/{key}/resume", f"Đã gửi tiếp đến {target}")
    _is_told(web, f"subscriptions/{key}/confirm", "Đã xác nhận thay")
    _is_told(web, f"subscriptions/{key}/test", "Đang gửi tin thử")
    _is_told(web, f"deliveries/{delivery}/replay", "Số thông báo được gửi lại")
    _is_told(web, "deliveries/pause", "Đã tạm dừng mọi việc gửi")
    _is_told(web, "deliveries/resume", "Việc gửi đã tiếp tục")
    _is_told(web, "units", "Đã thêm UBND xã Mới", name="UBND xã Mới")
    _is_told(web, f"posts/{post}/urgency", "Đã lưu độ khẩn", urgency="khan")
    _is_told(web, f"posts/{post}/categories", "Đã lưu chuyên mục", primary="news")
    _is_told(web, "portals/quangxuong/backfill", "đọc lại", since="2026-11-20")
    with web.loa.database.writing() as conn:
        conn.exec_driver_sql("UPDATE change SET silenced = 'flood'")
    _is_told(web, "portals/quangxuong/release", "Số tin được cho gửi", sure="1")
    _is_told(web, "portals/quangxuong/discard", "Số tin được bỏ qua: 0", sure="1")
    merged = f"units/{web.unit_id}/merge"
    _is_told(web, merged, "đã nhập vào UBND xã Quảng Bình", into=web.other_unit_id)


@pytest.mark.parametrize("before", ["active", "paused", "suspended", "disabled", "pending"])
def test_U6_removing_a_subscription_is_undone_by_the_notice(web: Web, before: str) -> None:
    key = _key(web)
    if before == "pending":
        with web.loa.database.writing() as conn:
            conn.exec_driver_sql("UPDATE subscription SET status = 'pending', confirmed_at = NULL")
    elif before != "active":
        with web.loa.database.writing() as conn:
            set_status(conn, key, SubscriptionStatus(before), at=web.loa.clock(), reason="by.api")
    state = {"active": "due", "paused": "held", "pending": "held"}.get(before, "suspended")
    path = f"subscriptions/{key}/remove"
    page = _is_told(web, path, "Đã gỡ bỏ đăng ký đến", f"/admin/subscriptions/{key}/restore",
                    sure="1")  # fmt: skip
    assert _rows(web, "SELECT state FROM delivery") == [("skipped",)]
    assert "Đã gỡ bỏ trong bảy ngày qua" in page
    _is_told(web, f"subscriptions/{key}/restore", "đã trở lại như trước")
    assert _rows(web, "SELECT status, removed_from FROM subscription") == [(before, None)]
    assert _rows(web, "SELECT state, done_at FROM delivery") == [(state, None)]
    carried = "SELECT state FROM message WHERE id IN (SELECT message_id FROM delivery)"
    assert _rows(web, carried) == [(state,)]


def test_U6_removing_a_unit_is_undone_with_its_subscriptions_but_not_those_gone_before(
    web: Web,
) -> None:
    key = _key(web)
    mail = {"channel": "email", "target": "b@xa.example", "confirmed": True, "unit": web.unit_id}
    gone = web.client.post("/api/v1/subscriptions", json=mail, headers=web.operator).get_json()[
        "id"
    ]
    web.client.delete(f"/api/v1/subscriptions/{gone}", headers=web.operator)
    _is_told(web, f"units/{web.unit_id}/remove", "Đã gỡ bỏ UBND xã Quảng Ninh",
             f"/admin/units/{web.unit_id}/restore", sure="1")  # fmt: skip
    again = desk_post(web, f"/admin/subscriptions/{key}/restore")
    assert again.status_code == 409 and "hãy khôi phục đơn vị" in again.get_data(as_text=True)
    _is_told(web, f"units/{web.unit_id}/restore", "UBND xã Quảng Ninh đã trở lại")
    assert dict(_rows(web, "SELECT id, status FROM subscription")) == {
        key: "active", gone: "removed",
    }  # fmt: skip
    assert _rows(web, "SELECT state FROM delivery WHERE done_at IS NULL") == [("due",)]


def test_U6_what_cannot_be_undone_any_more_says_why(web: Web, clock: FakeClock) -> None:
    key = _key(web)

    def refused(path: str) -> str:
        sign_in(web)
        answer = desk_post(web, f"/admin/{path}/restore")
        assert answer.status_code == 409
        return answer.get_data(as_text=True)

    assert "chưa bị gỡ bỏ" in refused(f"subscriptions/{key}")
    assert desk_post(web, "/admin/subscriptions/none/restore").status_code == 404
    assert desk_post(web, f"/admin/units/{web.unit_id}/restore").status_code == 404
    desk_post(web, f"/admin/units/{web.unit_id}/remove", sure="1")
    desk_post(web, "/admin/units", name="UBND xã Quảng Ninh")
    assert "UBND xã Quảng Ninh" in refused(f"units/{web.unit_id}"), "its name is another's"
    clock.advance(7 * DAY + 1)
    assert "quá 7 ngày" in refused(f"units/{web.unit_id}")
    page = web.client.get("/admin/units").get_data(as_text=True)
    assert f"units/{web.unit_id}/restore" not in page


def test_U6_one_that_became_part_of_another_or_whose_owner_left_stays_gone(
    web: Web, clock: FakeClock
) -> None:
    desk_post(web, f"/admin/units/{web.unit_id}/merge", into=web.other_unit_id)
    answer = desk_post(web, f"/admin/units/{web.unit_id}/restore")
    assert answer.status_code == 409 and "đã nhập vào" in answer.get_data(as_text=True)
    mail = {"channel": "email", "target": "b@xa.example", "confirmed": True}
    key = web.client.post("/api/v1/subscriptions", json=mail, headers=web.operator).get_json()["id"]
    path = f"/manage/{web.loa.links.token(Purpose.MANAGE, key, MANAGED_AT)}"
    web.client.post(path, data={"id": key, "action": "remove"})
    answer = desk_post(web, f"/admin/subscriptions/{key}/restore")
    assert answer.status_code == 409 and "chính chủ đã hủy" in answer.get_data(as_text=True)
    web.client.post(path, data={"action": "erase", "sure": "1"})
    answer = desk_post(web, f"/admin/subscriptions/{key}/restore")
    assert answer.status_code == 409 and "đã bị xóa" in answer.get_data(as_text=True)
    other = {**mail, "target": "c@xa.example"}
    key = web.client.post("/api/v1/subscriptions", json=other, headers=web.operator).get_json()[
        "id"
    ]
    desk_post(web, f"/admin/subscriptions/{key}/remove", sure="1")
    clock.advance(7 * DAY + 1)
    sign_in(web)
    answer = desk_post(web, f"/admin/subscriptions/{key}/restore")
    assert answer.status_code == 409 and "quá 7 ngày" in answer.get_data(as_text=True)


def test_U6_a_unit_that_is_refused_comes_back_filled_with_the_fault_at_its_field(web: Web) -> None:
    good = {"name": "UBND xã Mới", "place": "", "contacts": "a@xa.example"}
    for name, wrong, code in (
        ("name", " ", 422), ("name", "UBND xã Quảng Bình", 409), ("place", "atlantis-1", 422),
        ("contacts", "a@xa.example, nobody", 422),
    ):  # fmt: skip
        form = {**good, name: wrong}
        answer = desk_post(web, "/admin/units", **form)
        page = answer.get_data(as_text=True)
        assert answer.status_code == code and f'id="{name}-fault"' in page, name
        assert page.count('class="fault"') == page.count("aria-invalid") == 1
        for field, value in form.items():
            assert re.search(rf'name="{field}"[^>]* value="{re.escape(value)}"', page), field
    assert desk_post(web, "/admin/units", **good).status_code == 303


def test_U6_the_form_for_everybody_comes_back_filled(web: Web) -> None:
    form = {"address": "lan@", "category": ["meetings"], "keyword": "bão, lũ", "frequency": "daily"}
    answer = web.client.post("/subscribe", data=form)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422 and 'id="address-fault"' in page
    assert 'value="lan@"' in page and 'value="bão, lũ"' in page
    assert re.search(r'value="meetings" checked', page)
    assert re.search(r'value="daily" selected', page)
    long = {**form, "address": "lan@xa.example", "keyword": "x" * 900}
    page = web.client.post("/subscribe", data=long).get_data(as_text=True)
    assert 'id="keyword-fault"' in page and "x" * 900 in page and 'value="lan@xa.example"' in page
    for program in ("application/json",):
        answer = web.client.post("/subscribe", data=form, headers={"Accept": program})
        assert answer.get_json()["field"] == "address"


def test_U6_a_person_s_own_form_comes_back_filled_and_the_others_as_they_were(web: Web) -> None:
    keys = []
    for categories in (["directives"], ["news"]):
        mail = {"channel": "email", "target": "lan@xa.example", "confirmed": True}
        body = {**mail, "filters": {"categories": categories}}
        made = web.client.post("/api/v1/subscriptions", json=body, headers=web.operator)
        keys.append(made.get_json()["id"])
    path = f"/manage/{web.loa.links.token(Purpose.MANAGE, keys[0], MANAGED_AT)}"
    form = {"id": keys[0], "action": "edit", "category": "meetings", "keyword": "y" * 900}
    answer = web.client.post(path, data=form)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422 and page.count('class="fault"') == 1
    assert "y" * 900 in page and 'value="meetings" checked' in page
    assert 'value="news" checked' in page and 'value="directives" checked' not in page
    program = web.client.post(path, data=form, headers={"Accept": "application/json"})
    assert program.get_json()["field"] == "keyword"
    fixed = web.client.post(path, data={**form, "keyword": "bão"})
    assert fixed.status_code == 200 and "Đã lưu" in fixed.get_data(as_text=True)
