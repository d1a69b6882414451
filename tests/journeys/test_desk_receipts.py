"""The board over all directives: late first, green for what is acknowledged alone, and units asked
again by one press, each once and by whose turn it is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import text

from service.storage.units import set_contacts
from tests.fakes import FakeClock
from tests.fakes_desk import desk_post, sign_in
from tests.fakes_web import Web, make_web, owe, store_post

DAY = 86_400


@pytest.fixture
def web(sqlite_url: str, clock: FakeClock) -> Iterator[Web]:
    made = make_web(sqlite_url, clock, operator={"email": "van-hanh@huyen.example"})
    yield made
    made.loa.close()


def _letters(web: Web) -> list[Any]:
    query = "SELECT group_key FROM message WHERE group_key LIKE '%remind:%' ORDER BY created_at, id"
    with web.loa.database.reading() as conn:
        return list(conn.execute(text(query)).scalars())


def _contacts(web: Web, *contacts: str) -> None:
    with web.loa.database.writing() as conn:
        set_contacts(conn, web.unit_id, contacts)


def test_the_board_has_late_ones_first_and_green_for_the_acknowledged_alone(
    web: Web, clock: FakeClock
) -> None:
    old, new = store_post(web.loa, 1, title="Văn bản cũ"), store_post(web.loa, 2, title="Mới nhất")
    owe(web, old)
    clock.advance(9 * DAY)
    owe(web, new)
    sign_in(web)
    page = web.client.get("/admin/receipts/").get_data(as_text=True)
    assert page.index("Văn bản cũ") < page.index("Mới nhất")
    assert "mark good" not in page and "1 đơn vị trễ" in page
    for only, here, gone in (
        ("late", "Văn bản cũ", "Mới nhất"), ("waiting", "Mới nhất", "Văn bản cũ"),
        ("unreachable", "Không có văn bản nào", "Văn bản cũ"),
    ):  # fmt: skip
        page = web.client.get(f"/admin/receipts/?only={only}").get_data(as_text=True)
        assert here in page and gone not in page, only
    one = web.client.get(f"/admin/receipts/{old.id}").get_data(as_text=True)
    assert "mark wait" in one and "mark good" not in one and "Nhắc ngay" in one
    web.client.post("/api/v1/receipts", json={"post": old.id, "note": ""}, headers=web.unit)
    one = web.client.get(f"/admin/receipts/{old.id}").get_data(as_text=True)
    assert "mark good" in one and "Nhắc ngay" not in one
    assert "Văn bản cũ" not in web.client.get("/admin/receipts/").get_data(as_text=True)


def test_a_press_asks_the_next_contact_once_and_a_second_press_nobody(
    web: Web, clock: FakeClock
) -> None:
    post = store_post(web.loa, 1)
    owe(web, post)
    _contacts(web, "a@xa.example", "b@xa.example")
    sign_in(web)
    told = []
    for wait_s in (0, 60, 3600, 3600):
        clock.advance(wait_s)
        answer = desk_post(web, "/admin/receipts/remind", post=post.id, unit=web.unit_id)
        assert answer.location.endswith(f"/admin/receipts/{post.id}")
        page = web.client.get(answer.location).get_data(as_text=True)
        told.append(re.findall(r"Số đơn vị được nhắc: (\d)\. Vừa[^:]*: (\d)", page)[0])
    assert told == [("1", "0"), ("0", "1"), ("1", "0"), ("1", "0")]
    steps = [key.rpartition(":")[2] for key in _letters(web)]
    assert steps == ["0", "1", "2"]
    with web.loa.database.reading() as conn:
        query = "SELECT body FROM message WHERE group_key LIKE 'letter:remind:%' ORDER BY id"
        bodies = list(conn.execute(text(query)).scalars())
    asked = [re.findall(r"[ab]@xa\.example", body)[0] for body in bodies]
    assert asked == ["a@xa.example", "b@xa.example", "a@xa.example"]


def test_without_a_contact_the_webhook_is_asked_and_what_nothing_reaches_is_said(
    web: Web, clock: FakeClock
) -> None:
    post = store_post(web.loa, 1)
    owe(web, post)
    clock.advance(9 * DAY)
    sign_in(web)
    answer = desk_post(web, "/admin/receipts/remind")
    page = web.client.get(answer.location).get_data(as_text=True)
    assert "Số đơn vị được nhắc: 1" in page
    assert [key.split(":")[0] for key in _letters(web)] == ["asked"]
    with web.loa.database.writing() as conn:
        conn.exec_driver_sql("UPDATE endpoint SET status = 'disabled'")
    answer = desk_post(web, "/admin/receipts/remind", post=post.id, all="1")
    page = web.client.get(answer.location).get_data(as_text=True)
    assert "Không có kênh nào để nhắc: 1" in page and "1 đơn vị không có kênh" in page


def test_only_the_named_unit_is_asked_and_of_what_asks_for_no_receipt_nobody(web: Web) -> None:
    post = store_post(web.loa, 1)
    owe(web, post)
    sign_in(web)
    other = desk_post(web, "/admin/receipts/remind", post=post.id, unit=web.other_unit_id)
    assert "nhắc: 0" in web.client.get(other.location).get_data(as_text=True)
    assert _letters(web) == []
    news = store_post(web.loa, 2, category="news")
    assert desk_post(web, "/admin/receipts/remind", post=news.id).status_code == 404


def test_a_unit_has_a_page_with_all_that_is_its_own_and_is_edited_there(web: Web) -> None:
    post = store_post(web.loa, 1, title="Chỉ thị còn nợ")
    owe(web, post)
    sign_in(web)
    where = f"/admin/units/{web.unit_id}"
    page = web.client.get(where).get_data(as_text=True)
    assert "Chỉ thị còn nợ" in page and "https://unit.example/loa" in page
    assert "không có kênh" in web.client.get(f"/admin/units/{web.other_unit_id}").get_data(True)
    web.client.post("/api/v1/receipts", json={"post": post.id, "note": "đã rõ"}, headers=web.unit)
    page = web.client.get(where).get_data(as_text=True)
    assert "đã rõ" in page and "Chưa xác nhận (0)" in page.replace("</h2>", "")
    form = {"name": "UBND xã Quảng Bình", "place": "", "contacts": "a@xa.example"}
    answer = desk_post(web, where, **form)
    assert answer.status_code == 409 and 'id="name-fault"' in answer.get_data(as_text=True)
    bad = desk_post(web, where, **{**form, "name": "Xã mới", "contacts": "nobody"})
    assert bad.status_code == 422 and 'value="nobody"' in bad.get_data(as_text=True)
    good = desk_post(web, where, **{**form, "name": "Xã mới"})
    assert "Đã lưu Xã mới" in web.client.get(good.location).get_data(as_text=True)
    assert web.client.get("/admin/units/none").status_code == 404
