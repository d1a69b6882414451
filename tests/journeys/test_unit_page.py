"""A unit's own page (`/unit/<token>`): by a mailed link that ends or the unit's token; what it is
owed, what it was sent, its channels, its receipts; nobody else's, and nothing by a GET."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import text

from service.alerts.links import Purpose
from service.alerts.message import build_payload
from service.services import unit_link
from service.services.context import OPERATOR
from service.services.loss_acts import tell_losses
from service.services.merge_acts import merge
from service.services.publish import write_change
from service.services.unit_acts import UnitChanges, edit, remove
from service.storage.schema import to_micros
from service.storage.subscriptions import set_status
from service.types import ChangeType, SubscriptionStatus
from tests.fakes import FakeClock
from tests.fakes_desk import desk_post, sign_in
from tests.fakes_web import Web, make_web, owe, store_post
from tests.journeys.cli import Terminal

CONTACT, SECOND = "vanthu@xa.example", "chutich@xa.example"
DAY = 86_400


@pytest.fixture
def web(sqlite_url: str, clock: FakeClock) -> Iterator[Web]:
    made = make_web(sqlite_url, clock, operator={"email": "truc@huyen.example"})
    with made.loa.database.writing() as conn:
        changes = UnitChanges(contacts=(CONTACT, SECOND), place="quang-ninh-16540")
        edit(conn, made.loa, made.unit_id, changes, OPERATOR)
    owe(made, store_post(made.loa, 1, title="Chỉ thị về bão"))
    yield made
    made.loa.close()


def link(web: Web, contact: str = CONTACT, unit_id: str = "") -> str:
    made_at = str(to_micros(web.loa.clock()))
    right = unit_link.contact_mark(contact)
    return web.loa.links.token(Purpose.UNIT, unit_id or web.unit_id, made_at, right)


def rows(web: Web, query: str) -> list[tuple[Any, ...]]:
    with web.loa.database.reading() as conn:
        return [tuple(row) for row in conn.execute(text(query))]


def letters(web: Web) -> list[dict[str, Any]]:
    found = rows(web, "SELECT body FROM message WHERE group_key LIKE 'letter:unit:%' ORDER BY id")
    return [orjson.loads(body) for (body,) in found]


def page(web: Web, token: str, **form: str) -> str:
    path = f"/unit/{token}"
    answer = web.client.post(path, data=form) if form else web.client.get(path)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return answer.get_data(as_text=True)


def subscription(web: Web) -> str:
    return str(rows(web, "SELECT id FROM subscription")[0][0])


def test_the_page_shows_what_is_the_units_own_and_a_get_changes_nothing(web: Web) -> None:
    before = rows(web, "SELECT count(*) FROM receipt") + rows(web, "SELECT count(*) FROM message")
    token = link(web)
    for said in (page(web, token), page(web, f"{token}?lang=en")):
        for part in ("UBND xã Quảng Ninh", "Chỉ thị về bão", "https://unit.example/loa", CONTACT,
                     "webcal://loa.example/feeds/places/quang-ninh-16540.ics", "truc@huyen.example",
                     f"/unit/{token}/receipts.csv"):  # fmt: skip
            assert part in said
    assert "Yet to acknowledge" in page(web, f"{token}?lang=en")
    after = rows(web, "SELECT count(*) FROM receipt") + rows(web, "SELECT count(*) FROM message")
    assert after == before
    answer = web.client.get(f"/unit/{token}")
    assert answer.headers["X-Robots-Tag"] == "noindex"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_unit_without_a_place_gets_all_deadlines_in_its_calendar(web: Web) -> None:
    with web.loa.database.writing() as conn:
        changes = UnitChanges(contacts=(CONTACT,))
        edit(conn, web.loa, web.other_unit_id, changes, OPERATOR)
    said = page(web, link(web, unit_id=web.other_unit_id))
    assert "webcal://loa.example/feeds/deadlines.ics" in said
    assert "không có kênh nhận tin nào" in said and "Chỉ thị về bão" not in said


def test_it_acknowledges_with_a_name_and_a_note_and_the_year_is_a_file(
    web: Web, clock: FakeClock
) -> None:
    token, post = link(web), rows(web, "SELECT id FROM post")[0][0]
    form = {"action": "acknowledge", "post": post, "revision": "1"}
    said = page(web, token, **form, by="Nguyễn Lan", note="=1+1 đã chuyển")
    assert "Đã xác nhận “Chỉ thị về bão”" in said and "Nguyễn Lan" in said
    kept = rows(web, 'SELECT "by", note, via, unit_id FROM receipt')
    assert kept == [("Nguyễn Lan", "=1+1 đã chuyển", "page", web.unit_id)]
    assert rows(web, "SELECT door, who FROM audit WHERE act = 'act.receipt'") == [
        ("page", "UBND xã Quảng Ninh")
    ]
    file = web.client.get(f"/unit/{token}/receipts.csv")
    lines = file.get_data(as_text=True).splitlines()
    assert file.mimetype == "text/csv" and file.headers["X-Robots-Tag"] == "noindex"
    assert lines[0].startswith("\ufeffVăn bản,Bản") and "Chỉ thị về bão,1," in lines[1]
    assert "'=1+1 đã chuyển" in lines[1]
    year = clock().year
    for asked, n in ((year, 2), (year - 1, 1), (year + 1, 1)):
        other = web.client.get(f"/unit/{token}/receipts.csv?year={asked}&lang=en")
        assert len(other.get_data(as_text=True).splitlines()) == n, asked
    for wrong in ("26", "abcd", "0001", "²025"):
        assert web.client.get(f"/unit/{token}/receipts.csv?year={wrong}").status_code == 400


def test_what_cannot_be_acknowledged_comes_back_filled(web: Web) -> None:
    token, post = link(web), rows(web, "SELECT id FROM post")[0][0]
    path, form = f"/unit/{token}", {"action": "acknowledge", "post": post, "revision": "1"}
    answer = web.client.post(path, data={**form, "by": "Lan", "note": "x" * 1001})
    said = answer.get_data(as_text=True)
    assert answer.status_code == 422 and 'value="Lan"' in said and "x" * 1001 in said
    program = web.client.post(
        path, data={**form, "note": "x" * 1001}, headers={"Accept": "application/json"}
    )
    assert program.get_json()["field"] == "note"
    assert web.client.post(path, data={**form, "revision": "x"}).status_code == 422
    assert web.client.post(path, data={**form, "revision": "9"}).status_code == 404
    assert web.client.post(path, data={"action": "erase"}).status_code == 422
    other = store_post(web.loa, 2)
    answer = web.client.post(path, data={**form, "post": other.id})
    assert answer.status_code == 409
    assert rows(web, "SELECT * FROM receipt") == []


def test_U1_a_pause_asks_first_for_the_unit_and_its_others_are_told(web: Web) -> None:
    token, key = link(web), subscription(web)
    said = page(web, token, action="pause", id=key)
    assert "Tạm dừng gửi đến https://unit.example/loa?" in said and "được báo ngay" in said
    assert "UBND xã Quảng Ninh" in said
    assert rows(web, "SELECT status FROM subscription") == [("active",)]
    assert "Đã tạm dừng" in page(web, token, action="pause", id=key, sure="1")
    assert rows(web, "SELECT status, status_reason FROM subscription") == [
        ("paused", "by.unit_page")
    ]
    assert tell_losses(web.loa.database, web.loa) == 3, "two contacts and the operator"
    assert "Đã gửi tiếp" in page(web, token, action="resume", id=key)
    assert rows(web, "SELECT status FROM subscription") == [("active",)]


def test_it_tests_and_rotates_and_the_secret_is_shown_once(web: Web) -> None:
    token, key = link(web), subscription(web)
    assert "Đang gửi tin thử" in page(web, token, action="test", id=key)
    assert "24 giờ" in page(web, token, action="rotate", id=key)
    said = page(web, token, action="rotate", id=key, sure="1")
    secret = re.search(r"whsec_[\w+/=]+", said)
    assert secret and secret[0] not in page(web, token)
    again = web.client.post(f"/unit/{token}", data={"action": "rotate", "id": key, "sure": "1"})
    assert again.status_code == 409 and 'role="alert"' in again.get_data(as_text=True)


def test_an_office_that_asks_gets_its_new_token_with_the_secret(web: Web) -> None:
    body = {"channel": "pull", "unit": web.unit_id, "name": "máy ở xã"}
    made = web.client.post("/api/v1/subscriptions", json=body, headers=web.operator).get_json()
    token = link(web)
    assert "máy ở xã" in page(web, token, action="pause", id=made["id"])
    said = page(web, token, action="rotate", id=made["id"], sure="1")
    assert 'id="token"' in said and "whsec_" in said


def test_a_channel_offers_what_may_be_done_to_it(web: Web) -> None:
    key = subscription(web)
    for status, offered in (
        ("active", {"test", "rotate", "pause"}), ("paused", {"rotate", "resume"}),
        ("disabled", {"rotate", "resume"}), ("suspended", {"rotate"}),
    ):  # fmt: skip
        with web.loa.database.writing() as conn:
            set_status(conn, key, SubscriptionStatus(status), at=web.loa.clock(), reason="by.api")
        found = re.findall(r'name="action" value="(\w+)"', page(web, link(web)))
        assert set(found) - {"acknowledge"} == offered, status


def test_mail_can_be_paused_and_has_no_secret(web: Web) -> None:
    mail = {"channel": "email", "target": CONTACT, "confirmed": True, "unit": web.other_unit_id}
    web.client.post("/api/v1/subscriptions", json=mail, headers=web.operator)
    with web.loa.database.writing() as conn:
        edit(conn, web.loa, web.other_unit_id, UnitChanges(contacts=(CONTACT,)), OPERATOR)
    said = page(web, link(web, unit_id=web.other_unit_id))
    assert re.findall(r'name="action" value="(\w+)"', said) == ["pause"]


def test_another_units_channel_is_not_there(web: Web) -> None:
    with web.loa.database.writing() as conn:
        edit(conn, web.loa, web.other_unit_id, UnitChanges(contacts=(CONTACT,)), OPERATOR)
    token, key = link(web, unit_id=web.other_unit_id), subscription(web)
    for action in ("pause", "resume", "test", "rotate"):
        form = {"action": action, "id": key, "sure": "1"}
        assert web.client.post(f"/unit/{token}", data=form).status_code == 404
    post = rows(web, "SELECT id FROM post")[0][0]
    form = {"action": "acknowledge", "post": post, "revision": "1"}
    assert web.client.post(f"/unit/{token}", data=form).status_code == 409
    assert "https://unit.example/loa" not in page(web, token)


def test_a_link_ends_with_its_time_its_contact_its_unit(web: Web, clock: FakeClock) -> None:
    token, second = link(web), link(web, SECOND)
    with web.loa.database.writing() as conn:
        edit(conn, web.loa, web.unit_id, UnitChanges(remove_contacts=(SECOND,)), OPERATOR)
    for path in (f"/unit/{second}", f"/unit/{second}/receipts.csv"):
        assert web.client.get(path).status_code == 404
    clock.advance(unit_link.UNIT_FOR.total_seconds() - 1)
    assert "Chờ đơn vị xác nhận" in page(web, token)
    clock.advance(2)
    assert "hết hạn" in page(web, token)
    assert web.client.get(f"/unit/{token}/receipts.csv").status_code == 404
    post = rows(web, "SELECT id FROM post")[0][0]
    for _ in range(2):
        form = {"action": "acknowledge", "post": post, "revision": "1"}
        assert "đã được gửi đến những người liên hệ" in page(web, token, **form)
    assert rows(web, "SELECT * FROM receipt") == []
    assert [one["address"] for one in letters(web)] == [CONTACT]
    fresh = link(web)
    with web.loa.database.writing() as conn:
        remove(conn, web.loa, web.unit_id)
    assert web.client.get(f"/unit/{fresh}").status_code == 404


def test_U2_the_link_of_a_merged_unit_opens_its_successors_page(web: Web) -> None:
    token = link(web)
    with web.loa.database.writing() as conn:
        merge(conn, web.loa, web.unit_id, web.other_unit_id)
    assert "UBND xã Quảng Bình" in page(web, token)


def test_the_units_own_token_opens_it_and_stands_in_no_address(web: Web, clock: FakeClock) -> None:
    words = web.unit["Authorization"].removeprefix("Bearer ")
    for answer in (
        web.client.get(f"/unit/{words}"), web.client.post("/unit/", data={"token": f" {words} "}),
    ):  # fmt: skip
        assert answer.status_code in (302, 303) and words not in answer.location
        assert answer.headers["X-Robots-Tag"] == "noindex"
        assert "Chỉ thị về bão" in web.client.get(answer.location).get_data(as_text=True)
    key = subscription(web)
    assert "Đang gửi tin thử" in page(web, words, action="test", id=key)
    for wrong in (web.operator_token, words[:-1], "loa_x", ""):
        assert web.client.get(f"/unit/{wrong or 'x'}").status_code == 404
        refused = web.client.post("/unit/", data={"token": wrong})
        assert refused.status_code == 404 and 'id="token-fault"' in refused.get_data(as_text=True)
    program = web.client.post("/unit/", data={"token": "x"}, headers={"Accept": "application/json"})
    assert program.status_code == 404
    clock.advance(unit_link.TOKEN_FOR.total_seconds() + 1)
    assert "hết hạn" in web.client.get(answer.location).get_data(as_text=True)
    fresh = web.client.get(f"/unit/{words}").location
    with web.loa.database.writing() as conn:
        conn.exec_driver_sql("UPDATE api_token SET revoked_at = 1 WHERE unit_id IS NOT NULL")
    assert web.client.get(fresh).status_code == 404


def test_a_contact_asks_for_the_link_and_nobody_learns_who_is_one(web: Web) -> None:
    assert "Gửi liên kết mới qua thư" in web.client.get("/unit/").get_data(as_text=True)
    answers = [
        web.client.post("/unit/", data={"address": address})
        for address in (CONTACT, CONTACT.upper(), "nobody@xa.example")
    ]
    assert len({one.get_data() for one in answers}) == 1
    (letter,) = letters(web)
    assert letter["address"] == CONTACT and letter["button"][0] == "unit"
    token = web.loa.links.token(Purpose.UNIT, *letter["button"][1])
    assert CONTACT not in str(letter["button"]) and "Chỉ thị về bão" in page(web, token)
    assert "unit" in rows(web, "SELECT act FROM audit ORDER BY id DESC LIMIT 1")[0][0]


def test_the_operator_mails_it_by_each_door(web: Web, clock: FakeClock, tmp_path: Path) -> None:
    api = f"/api/v1/units/{web.unit_id}/link"
    answer = web.client.post(api, json={}, headers=web.operator)
    assert answer.status_code == 202 and answer.get_json()["id"] == web.unit_id
    assert [one["address"] for one in letters(web)] == [CONTACT, SECOND]
    clock.advance(1)
    sign_in(web)
    answer = desk_post(web, f"/admin/units/{web.unit_id}/link")
    said = web.client.get(answer.location).get_data(as_text=True)
    assert "cho 2 người liên hệ" in said and len(letters(web)) == 4
    assert rows(web, "SELECT door FROM audit WHERE act = 'act.unit_link' ORDER BY id") == [
        ("api",), ("desk",),
    ]  # fmt: skip
    assert desk_post(web, f"/admin/units/{web.other_unit_id}/link").status_code == 409
    terminal = Terminal(tmp_path)
    terminal.run("unit", "add", "--name", "UBND xã A", "--contact", CONTACT)
    assert "smtp_url" in terminal.refused("unit", "link", "UBND xã A")
    terminal.configure('[email]\nsmtp_url = "smtp://127.0.0.1:9"\n')
    assert terminal.json("unit", "link", "UBND xã A")["mailed"] == [CONTACT]
    assert CONTACT in terminal.run("unit", "link", "UBND xã A").stdout


def test_asking_is_limited_and_comes_back_filled(web: Web) -> None:
    answer = web.client.post("/unit/", data={"address": "lan@"})
    said = answer.get_data(as_text=True)
    assert answer.status_code == 422 and 'id="address-fault"' in said and 'value="lan@"' in said
    program = web.client.post(
        "/unit/", data={"address": ""}, headers={"Accept": "application/json"}
    )
    assert program.get_json()["field"] == "address"
    codes = [web.client.post("/unit/", data={"address": "lan@"}).status_code for _ in range(9)]
    assert codes == [422] * 8 + [429]


def test_without_a_relay_no_link_is_mailed(sqlite_url: str, clock: FakeClock) -> None:
    web = make_web(sqlite_url, clock, email={"smtp_url": "", "from": "Loa <loa@loa.example>"})
    try:
        assert "chưa gửi được" in web.client.get("/unit/").get_data(as_text=True)
        assert web.client.post("/unit/", data={"address": CONTACT}).status_code == 422
    finally:
        web.loa.close()


def test_what_was_sent_is_paged(web: Web) -> None:
    for n in range(2, 54):
        store = store_post(web.loa, n)
        now = web.loa.clock()
        payload = build_payload(ChangeType.PUBLISHED, now, store, web.loa.links)
        with web.loa.database.writing() as conn:
            write_change(conn, post=store, type=ChangeType.PUBLISHED, at=now, payload=payload)
    said = page(web, link(web))
    older = re.search(r'href="\?before=([^#"]+)#sent"', said)
    assert older is not None
    rest = page(web, f"{link(web)}?before={older[1]}")
    assert rest.count('data-label="Gửi tới"') == 3 and "#sent" not in rest
    assert timedelta(days=90) == unit_link.UNIT_FOR
