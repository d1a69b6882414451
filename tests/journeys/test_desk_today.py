"""The desk opens with today's work: late first, each line one link from where it is done; and says
so where there is nothing to do."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from service.services.loss_acts import ask_erasure
from service.storage.subscriptions import set_status
from service.storage.units import get_unit, remove_unit, set_contacts
from service.types import SubscriptionStatus
from tests.fakes import FakeClock
from tests.fakes_desk import desk_post, sign_in
from tests.fakes_web import Web, make_web, owe, store_post

NOTHING = "Không có việc gì phải làm"


@pytest.fixture
def web(sqlite_url: str, clock: FakeClock) -> Iterator[Web]:
    made = make_web(sqlite_url, clock, operator={"email": "van-hanh@huyen.example"})
    sign_in(made)
    yield made
    made.loa.close()


def _today(web: Web, language: str = "vi") -> str:
    return web.client.get(f"/admin/?lang={language}").get_data(as_text=True)


def _all_hear(web: Web) -> None:
    """Both units have a channel: a webhook, a mail address."""
    owe(web, store_post(web.loa, 1))
    mail = {"channel": "email", "target": "b@xa.example", "confirmed": True}
    body = {**mail, "unit": web.other_unit_id}
    assert web.client.post("/api/v1/subscriptions", json=body, headers=web.operator).status_code
    web.client.post(
        "/api/v1/receipts", json={"post": _only_post(web), "note": ""}, headers=web.unit
    )


def _only_post(web: Web) -> str:
    found = web.client.get("/api/v1/posts", headers=web.operator).get_json()["items"]
    return str(found[0]["id"])


def test_where_nothing_is_to_do_the_page_says_so_in_both_languages(web: Web) -> None:
    _all_hear(web)
    assert NOTHING in _today(web)
    assert "There is nothing to do" in _today(web, "en")


def test_late_units_come_first_and_say_since_when(web: Web, clock: FakeClock) -> None:
    old, new = store_post(web.loa, 1, title="Chỉ thị cũ"), store_post(web.loa, 2, title="Mới")
    owe(web, old)
    clock.advance(9 * 86_400)
    sign_in(web)
    owe(web, new)
    page = _today(web)
    assert page.index("Chỉ thị cũ") < page.index(">Mới<")
    assert re.search(r"trễ (\d+ ngày|\d+ giờ)", page)
    assert f'href="/admin/receipts/{old.id}"' in page
    assert "1 đơn vị trễ: UBND xã Quảng Ninh" in page and NOTHING not in page
    web.client.post("/api/v1/receipts", json={"post": old.id, "note": ""}, headers=web.unit)
    assert "Chỉ thị cũ" not in _today(web)


def test_U1_a_unit_without_a_channel_and_an_address_that_bounces_are_work(web: Web) -> None:
    _all_hear(web)
    items = web.client.get("/api/v1/subscriptions", headers=web.operator).get_json()["items"]
    key = next(one["id"] for one in items if one["channel"] == "email")
    with web.loa.database.writing() as conn:
        set_status(
            conn, key, SubscriptionStatus.SUSPENDED, at=web.loa.clock(), reason="bounce.hard"
        )
    page = _today(web)
    assert "Đơn vị không có kênh nhận tin nào" in page and "b@xa.example" in page
    assert f"/admin/subscriptions/{key}/resume" in page
    desk_post(web, f"/admin/subscriptions/{key}/resume")
    assert NOTHING in _today(web)


def test_a_webhook_that_fails_and_messages_that_failed_are_work(web: Web) -> None:
    _all_hear(web)
    with web.loa.database.writing() as conn:
        conn.exec_driver_sql("UPDATE endpoint SET failing_since = 1, failures = 7")
        conn.exec_driver_sql("UPDATE message SET state = 'failed'")
    page = _today(web)
    assert "7 lần hỏng" in page and "/admin/deliveries?state=failed" in page


def test_an_ill_portal_is_work_and_its_line_leads_to_it(web: Web) -> None:
    _all_hear(web)
    page = web.client.get("/admin/portals/").get_data(as_text=True)
    assert 'id="portal-quangxuong"' in page
    with web.loa.database.writing() as conn:
        conn.exec_driver_sql(
            "INSERT INTO listing(portal_id, url, last_outcome, failing_since, failures,"
            " next_poll_at) SELECT 'quangxuong', :url, 'network', 1, 3, 1",
            {"url": web.loa.settings.portals[0].listings[0].url},
        )
    page = _today(web)
    assert "Cổng không đọc được" in page and "/admin/portals/quangxuong" in page


def test_a_wish_to_be_forgotten_is_work_until_the_address_is_no_contact_more(web: Web) -> None:
    _all_hear(web)
    with web.loa.database.writing() as conn:
        set_contacts(conn, web.unit_id, ("lan@xa.example", "ba@xa.example"))
        unit = get_unit(conn, web.unit_id)
        ask_erasure(conn, web.loa, unit, "lan@xa.example")
    page = _today(web)
    assert page.count("xin xóa địa chỉ") == 1 and "loa erase lan@xa.example" in page
    with web.loa.database.writing() as conn:
        set_contacts(conn, web.unit_id, ("ba@xa.example",))
    assert NOTHING in _today(web)
    with web.loa.database.writing() as conn:
        set_contacts(conn, web.unit_id, ("lan@xa.example",))
        remove_unit(conn, web.unit_id, web.loa.clock())
    assert "xin xóa địa chỉ" not in _today(web)


def test_portals_are_cut_into_pages(web: Web) -> None:
    assert "Chưa có cổng nào" in web.client.get("/admin/portals/?after=z").get_data(as_text=True)


def test_U4_what_is_urgent_is_late_after_minutes(web: Web, clock: FakeClock) -> None:
    owe(web, store_post(web.loa, 1, title="Công điện hỏa tốc"))
    with web.loa.database.writing() as conn:
        conn.exec_driver_sql("UPDATE change SET urgent = 'hoa-toc'")
    assert "còn 15 phút" in _today(web)
    clock.advance(20 * 60)
    assert "trễ 5 phút" in _today(web)


def test_where_no_receipts_are_asked_for_nobody_is_late(sqlite_url: str, clock: FakeClock) -> None:
    web = make_web(sqlite_url, clock, receipts={"categories": []})
    owe(web, store_post(web.loa, 1))
    sign_in(web)
    assert NOTHING in _today(web)
    web.loa.close()
