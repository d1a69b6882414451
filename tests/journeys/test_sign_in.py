"""Signing in to the desk: by a link that is mailed to whom the configuration names, and by the name
that a trusted proxy says; nobody else, by neither."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from service.alerts.links import Purpose
from service.services.sign_in import SIGN_IN_FOR
from service.settings import OperatorSettings
from service.storage.sessions import LASTS
from tests.fakes import FakeClock
from tests.fakes_web import Web, make_web

LAN, LOOKS = "lan@huyen.example", "lanhdao@huyen.example"
PEOPLE = {"people": [LAN, "truc"], "viewers": [LOOKS]}
PROXY = {"trusted_proxies": 1, "auth_header": "X-Remote-User"}


@pytest.fixture
def web(sqlite_url: str, clock: FakeClock) -> Iterator[Web]:
    made = make_web(sqlite_url, clock, operator=PEOPLE)
    yield made
    made.loa.close()


def post(client: FlaskClient, path: str, **form: str) -> TestResponse:
    said = client.get("/admin/sign-in").get_data(as_text=True)
    csrf = re.findall(r'name="csrf" value="([^"]+)"', said)[0]
    return client.post(path, data={"csrf": csrf, **form})


def letters(web: Web) -> list[dict[str, Any]]:
    query = "SELECT body FROM message WHERE group_key LIKE 'letter:sign-in:%' ORDER BY id"
    with web.loa.database.reading() as conn:
        return [orjson.loads(body) for body in conn.execute(text(query)).scalars()]


def mailed(web: Web, address: str = LAN) -> str:
    """The path of the link that an address is mailed."""
    assert post(web.client, "/admin/sign-in/mail", address=address).status_code == 200
    subject = letters(web)[-1]["button"][1]
    return f"/admin/sign-in/{web.loa.links.token(Purpose.SIGN_IN, *subject)}"


def test_who_is_named_signs_in_by_a_link_once(web: Web, clock: FakeClock) -> None:
    path = mailed(web)
    assert LAN not in str(letters(web)[-1]["button"])
    browser = web.app.test_client()
    assert LAN in browser.get(path).get_data(as_text=True)
    assert "you stay signed in" in browser.get(f"{path}?lang=en").get_data(as_text=True).lower()
    assert browser.get("/admin/").status_code == 302, "a GET signs nobody in"
    assert browser.post(path).status_code == 403, "nor a form that another site sends"
    assert post(browser, path).location == "/admin/"
    assert browser.get("/admin/units").status_code == 200
    assert post(browser, "/admin/sign-in", token="x").status_code == 401
    assert post(web.app.test_client(), path).status_code == 404, "once"
    with web.loa.database.reading() as conn:
        acts = conn.execute(text("SELECT act FROM audit ORDER BY id")).scalars().all()
    assert acts == ["act.sign_in_ask", "act.sign_in"]
    clock.advance(LASTS.total_seconds() + 1)
    assert browser.get("/admin/").status_code == 302, "the session ends"
    assert post(browser, mailed(web)).status_code == 303
    query = "SELECT count(*) FROM meta WHERE key LIKE 'session:%' OR key LIKE 'used-link:%'"
    with web.loa.database.reading() as conn:
        assert conn.execute(text(query)).scalar_one() == 2, "what is over is forgotten"


def test_a_link_is_good_for_half_an_hour(web: Web, clock: FakeClock) -> None:
    path = mailed(web)
    clock.advance(SIGN_IN_FOR.total_seconds() + 1)
    assert web.client.get(path).status_code == 404
    assert post(web.client, path).status_code == 404
    assert post(web.client, mailed(web)).status_code == 303


def test_what_a_signed_in_person_does_is_theirs_and_a_viewer_only_looks(web: Web) -> None:
    lan, looks = web.app.test_client(), web.app.test_client()
    assert post(lan, mailed(web)).status_code == 303
    assert post(looks, mailed(web, LOOKS.upper())).status_code == 303
    said = looks.get("/admin/units").get_data(as_text=True)
    csrf = re.findall(r'name="csrf" value="([^"]+)"', said)[0]
    form = {"csrf": csrf, "name": "UBND xã Mới"}
    assert looks.post("/admin/units", data=form).status_code == 403
    csrf = re.findall(r'value="([^"]+)"', lan.get("/admin/units").get_data(as_text=True))[0]
    assert lan.post("/admin/units", data={**form, "csrf": csrf}).status_code == 303
    with web.loa.database.reading() as conn:
        query = "SELECT who, door FROM audit WHERE act = 'act.unit_add'"
        assert [tuple(row) for row in conn.execute(text(query))] == [(LAN, "desk")]
    assert lan.post("/admin/sign-out", data={"csrf": csrf}).status_code == 303
    assert lan.get("/admin/").status_code == 302


def test_nobody_learns_who_is_named_and_nobody_else_is_mailed(web: Web) -> None:
    answers = {
        re.sub(r'value="[^"]+"', "", post(web.client, "/admin/sign-in/mail", address=address)
               .get_data(as_text=True))
        for address in (LAN, LAN, "nobody@huyen.example")
    }  # fmt: skip
    assert len(answers) == 1 and [one["address"] for one in letters(web)] == [LAN]
    answer = post(web.client, "/admin/sign-in/mail", address="lan@")
    said = answer.get_data(as_text=True)
    assert answer.status_code == 422 and 'value="lan@"' in said and 'id="address-fault"' in said
    assert web.client.post("/admin/sign-in/mail", data={"address": LAN}).status_code == 403


def test_whoever_is_named_no_more_is_signed_out(web: Web, clock: FakeClock) -> None:
    path = mailed(web)
    assert post(web.client, path).status_code == 303
    later = mailed(web, LOOKS)
    settings = web.loa.settings.model_copy(update={"operator": OperatorSettings()})
    web.loa.settings = settings
    assert web.client.get("/admin/").status_code == 302
    assert web.client.get(later).status_code == 404
    page = web.app.test_client().get("/admin/sign-in").get_data(as_text=True)
    assert "/admin/sign-in/mail" not in page, "nobody can be mailed"


def proxied(web: Web, name: str, path: str = "/admin/units", **more: str) -> TestResponse:
    headers = {"X-Forwarded-For": "203.0.113.9", "X-Remote-User": name, **more}
    return web.app.test_client().get(path, headers=headers)


@pytest.fixture
def behind(sqlite_url: str, clock: FakeClock) -> Iterator[Web]:
    made = make_web(sqlite_url, clock, operator=PEOPLE, server=PROXY)
    yield made
    made.loa.close()


def test_whom_a_trusted_proxy_names_is_signed_in(behind: Web) -> None:
    for name, opens in ((LAN, True), ("truc", True), ("TRUC ", True), (LOOKS, True), ("x", False),
                        ("", False), (f"{LAN},x", False), ("a\x01", False)):  # fmt: skip
        assert (proxied(behind, name).status_code == 200) is opens, name
    said = proxied(behind, "truc").get_data(as_text=True)
    assert "/admin/sign-out" not in said and "Thêm đơn vị" in said
    assert "Thêm đơn vị" not in proxied(behind, LOOKS).get_data(as_text=True)
    assert proxied(behind, "truc", "/admin/sign-in").location == "/admin/"
    browser, headers = behind.app.test_client(), {
        "X-Forwarded-For": "203.0.113.9", "X-Remote-User": "truc",
    }  # fmt: skip
    csrf = re.findall(
        r'name="csrf" value="([^"]+)"',
        browser.get("/admin/units", headers=headers).get_data(as_text=True),
    )[0]
    form = {"csrf": csrf, "name": "UBND xã Mới"}
    assert browser.post("/admin/units", data=form, headers=headers).status_code == 303
    assert browser.post("/admin/units", data={"name": "x"}, headers=headers).status_code == 403
    with behind.loa.database.reading() as conn:
        query = "SELECT who, source FROM audit WHERE act = 'act.unit_add'"
        assert tuple(conn.execute(text(query)).one()) == ("truc", "203.0.113.9")


def test_nobody_but_a_proxy_next_door_is_believed(behind: Web) -> None:
    get, header = behind.app.test_client().get, {"X-Remote-User": "truc"}
    assert get("/admin/", headers=header).status_code == 302, "it passed no proxy"
    forwarded = {**header, "X-Forwarded-For": "198.51.100.7"}
    for peer, opens in (("127.0.0.1", True), ("10.0.0.3", True), ("9.9.9.9", False)):
        answer = get("/admin/", headers=forwarded, environ_base={"REMOTE_ADDR": peer})
        assert (answer.status_code == 200) is opens, peer


def test_without_the_setting_no_header_signs_anybody_in(web: Web) -> None:
    assert proxied(web, "truc").status_code == 302


def test_with_nobody_named_everybody_whom_the_proxy_names_is_an_operator(
    sqlite_url: str, clock: FakeClock
) -> None:
    web = make_web(sqlite_url, clock, server=PROXY)
    try:
        name = "Trúc".encode().decode("latin-1")
        assert "Thêm đơn vị" in proxied(web, name).get_data(as_text=True)
        assert proxied(web, "").status_code == 302
    finally:
        web.loa.close()
