"""A subscription is added on its unit's page, and has one of its own: its secret is shown once,
what it was asked and answered is there, and a place is found by its name, old ones too."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from sqlalchemy import text

from service.storage.subscriptions import list_subscriptions
from tests.fakes import FakeClock
from tests.fakes_desk import desk_post, sign_in
from tests.fakes_web import Web, make_web, owe, store_post

HOOK = "https://xa.example/loa"


@pytest.fixture
def web(sqlite_url: str, clock: FakeClock) -> Iterator[Web]:
    made = make_web(sqlite_url, clock)
    sign_in(made)
    yield made
    made.loa.close()


def _add(web: Web, status: int = 200, **form: str | list[str]) -> str:
    answer = desk_post(web, f"/admin/units/{web.unit_id}/subscribe", **form)
    assert answer.status_code == status, answer.get_data(as_text=True)
    return answer.get_data(as_text=True)


def _key(web: Web) -> str:
    with web.loa.database.reading() as conn:
        return list_subscriptions(conn, unit_id=web.unit_id)[-1].id


def _page(web: Web, key: str) -> str:
    return web.client.get(f"/admin/subscriptions/{key}").get_data(as_text=True)


def test_a_webhook_is_added_asked_and_shown_with_its_answer_and_its_secret_once(web: Web) -> None:
    assert "Thêm đăng ký cho" in web.client.get(f"/admin/units/{web.unit_id}/subscribe").text
    page = _add(web, channel="webhook", target=HOOK, category="directives", name="văn thư")
    (secret,) = re.findall(r"whsec_[\w+/=]+", page)
    assert "/help/webhooks" in page and "Loa đang hỏi nơi nhận" in page
    key = _key(web)
    page = _page(web, key)
    assert secret not in page and "Chưa có câu trả lời" in page and "Hỏi lại" in page
    assert "subscription.confirm" in page and "&#34;challenge&#34;: &#34;…&#34;" in page
    assert "/confirm/" not in page
    with web.loa.database.writing() as conn:
        conn.execute(
            text(
                "INSERT INTO attempt(message_id, number, started_at, took_ms, state, status,"
                " detail) SELECT id, 1, created_at, 7, 'failed', 500, 'bad.empty' FROM message"
            )
        )
        conn.execute(text("UPDATE message SET state = 'failed'"))
    page = _page(web, key)
    assert "<strong>500</strong>" in page and "còn trống" in page
    again = desk_post(web, f"/admin/subscriptions/{key}/ask")
    assert again.location.endswith(f"/admin/subscriptions/{key}#answers")
    assert _page(web, key).count("subscription.confirm") == 2
    desk_post(web, f"/admin/subscriptions/{key}/confirm")
    assert desk_post(web, f"/admin/subscriptions/{key}/ask").status_code == 409
    tested = desk_post(web, f"/admin/subscriptions/{key}/test")
    assert tested.location.endswith("#answers")
    assert "subscription.test" in _page(web, key)
    desk_post(web, f"/admin/subscriptions/{key}/remove", sure="1")
    assert 'id="edit"' not in _page(web, key)


def test_a_place_is_found_by_its_name_and_what_may_be_meant_is_said(web: Web) -> None:
    form = {"channel": "webhook", "target": HOOK}
    page = _add(web, 422, **form, place="xã Không Có")
    assert 'id="place-fault"' in page and f'value="{HOOK}"' in page
    known = next(unit for unit in web.loa.gazetteer.places)
    _add(web, **form, place=known.id)
    page = _page(web, _key(web))
    assert known.name in page and f"({known.id})" in page


@pytest.mark.parametrize(
    ("form", "field", "status"),
    [
        ({"channel": "none"}, "channel", 422),
        ({"channel": "webhook"}, "target", 422),
        ({"channel": "webhook", "target": "ftp://x"}, "target", 422),
        ({"channel": "email", "target": "nobody"}, "target", 422),
        ({"channel": "webhook", "target": HOOK, "frequency": "daily"}, "frequency", 422),
    ],
)
def test_what_cannot_be_is_said_at_its_field(
    web: Web, form: dict[str, str], field: str, status: int
) -> None:
    assert f'id="{field}-fault"' in _add(web, status, **form)


def test_what_is_pulled_has_a_token_and_a_mail_neither(web: Web) -> None:
    page = _add(web, channel="pull", target="ignored")
    assert re.search(r"loa_pull_[\w-]+", page) and "whsec_" in page
    assert "loa_pull_" not in _page(web, _key(web))
    page = _add(web, channel="email", target="a@xa.example", confirmed="1", frequency="daily")
    assert "whsec_" not in page and "Đã thêm đăng ký" in page
    key = _key(web)
    edited = desk_post(web, f"/admin/subscriptions/{key}", frequency="weekly", keyword="bão, lũ")
    assert edited.status_code == 303
    assert "“bão”, “lũ”" in _page(web, key)
    refused = desk_post(web, f"/admin/subscriptions/{key}", frequency="never")
    assert refused.status_code == 422 and "frequency-fault" in refused.get_data(as_text=True)


def test_an_endpoint_moves_only_where_its_address_is_another(web: Web) -> None:
    owe(web, store_post(web.loa, 1))
    key = _key(web)
    where = f"/admin/subscriptions/{key}"
    desk_post(web, where, target="https://unit.example/loa", name="mới", category="directives")
    page = _page(web, key)
    assert "Gửi thử" in page and "mới" in page and "subscription.confirm" not in page
    desk_post(web, where, target="https://other.example/loa")
    page = _page(web, key)
    assert "Hỏi lại" in page and "subscription.confirm" in page
    assert web.client.get("/admin/subscriptions/none").status_code == 404


def test_units_are_searched_without_marks_and_cut_by_pages(web: Web, clock: FakeClock) -> None:
    page = web.client.get("/admin/units?q=quang+binh").get_data(as_text=True)
    assert "UBND xã Quảng Bình" in page and "UBND xã Quảng Ninh" not in page
    with web.loa.database.writing() as conn:
        conn.execute(
            text(
                "WITH RECURSIVE r(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM r WHERE i < 119)"
                " INSERT INTO unit(id, name, contacts, created_at)"
                " SELECT 'u' || i, 'Xã ' || i, '[]', 0 FROM r"
            )
        )
    first = web.client.get("/admin/units?q=xa").get_data(as_text=True)
    assert first.count('id="unit-') == 50 and "?page=1&amp;q=xa" in first
    assert web.client.get("/admin/units?page=2").get_data(as_text=True).count('id="unit-') == 22
    merge = web.client.get(f"/admin/units/{web.unit_id}/merge").get_data(as_text=True)
    assert '<input id="into"' in merge
    done = desk_post(web, f"/admin/units/{web.unit_id}/merge", into="UBND xã Quảng Bình")
    assert done.status_code == 303


def test_units_that_are_ticked_are_reminded_and_none_where_none_is(web: Web) -> None:
    post = store_post(web.loa, 1)
    owe(web, post)
    page = web.client.get(f"/admin/receipts/{post.id}").get_data(as_text=True)
    assert f'name="unit" value="{web.unit_id}"' in page and "đơn vị đã chọn" in page
    asked = []
    for form in ({"chosen": "1"}, {"chosen": "1", "unit": web.unit_id}, {"only": web.unit_id}):
        answer = desk_post(web, "/admin/receipts/remind", post=post.id, **form)
        shown = web.client.get(answer.location).get_data(as_text=True)
        asked.append(re.findall(r"Số đơn vị được nhắc: (\d)\. Vừa[^:]*: (\d)", shown)[0])
    assert asked == [("0", "0"), ("1", "0"), ("0", "1")]
