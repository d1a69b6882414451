"""What one stranger, or one unit, may do to Loa and through it: counted by network, ended here,
capped (S7)."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from service.storage.posts import Draft, insert_post
from service.storage.sessions import LASTS
from service.storage.subscriptions import MAX_OF_A_UNIT
from service.storage.tokens import create_token
from service.storage.units import add_unit
from service.types import AttachmentLink, PortalName, Understanding
from service.web.admin.sign_in_page import SIGN_INS
from service.web.api.api_subscriptions import QUESTIONS_OF_A_UNIT, QUESTIONS_TO_A_HOST
from service.web.pages.subscribe import PER_HOUR
from tests.fakes import FakeClock
from tests.fakes_web import Web, make_web


@pytest.fixture(params=["sqlite", "postgresql"])
def web(request: pytest.FixtureRequest, clock: FakeClock) -> Iterator[Web]:
    made = make_web(request.getfixturevalue(f"{request.param}_url"), clock)
    yield made
    made.loa.close()


def csrf(client: FlaskClient, path: str = "/admin/sign-in") -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', client.get(path).get_data(as_text=True))
    assert found is not None
    return found.group(1)


def sign_in(client: FlaskClient, token: str, address: str = "192.0.2.1") -> int:
    form = {"csrf": csrf(client), "token": token}
    return client.post(
        "/admin/sign-in", data=form, environ_base={"REMOTE_ADDR": address}
    ).status_code


NETWORKS = [
    ("2001:db8:1:2::{:x}", "2001:db8:1:3::1"),
    ("2001:db8:1:2:{:x}::1", "2001:db8:1:1:ffff::1"),
    ("::ffff:192.0.2.9", "::ffff:192.0.2.10"),
    ("192.0.2.9", "192.0.2.10"),
]


@pytest.mark.parametrize(("mine", "other"), NETWORKS)
def test_S7_sign_ins_are_counted_by_network(web: Web, mine: str, other: str) -> None:
    answers = [sign_in(web.client, "wrong", mine.format(n + 1)) for n in range(SIGN_INS + 5)]
    assert answers == [401] * SIGN_INS + [429] * 5
    assert sign_in(web.client, "wrong", other) == 401


def test_S7_an_address_of_ipv4_is_counted_as_one_however_it_is_written(web: Web) -> None:
    answers = [
        sign_in(web.client, "wrong", ("192.0.2.9", "::ffff:192.0.2.9")[n % 2])
        for n in range(SIGN_INS + 1)
    ]
    assert answers[-1] == 429


@pytest.mark.parametrize(("mine", "other"), NETWORKS[:3])
def test_S7_sign_ups_are_counted_by_network(web: Web, mine: str, other: str) -> None:
    def sign_up(number: int, address: str) -> int:
        form = {"address": f"a{number}@xa.example", "category": "directives"}
        return web.client.post(
            "/subscribe", data=form, environ_base={"REMOTE_ADDR": address}
        ).status_code

    answers = [sign_up(n, mine.format(n + 1)) for n in range(PER_HOUR + 1)]
    assert answers == [200] * PER_HOUR + [429]
    assert sign_up(99, other) == 200


@pytest.mark.parametrize("path", ["/subscribe", "/unit/"])
def test_S7_a_form_that_was_sent_too_often_says_until_when_and_keeps_what_was_typed(
    web: Web, path: str
) -> None:
    typed = {"address": "vanthu@xa.example", "category": "directives", "keyword": "phòng chống bão"}
    for _ in range(PER_HOUR):
        assert web.client.post(path, data=typed).status_code == 200
    answer = web.client.post(path, data=typed)
    assert answer.status_code == 429 and 3590 <= int(answer.headers["Retry-After"]) <= 3600
    assert 'value="vanthu@xa.example"' in answer.text and 'role="alert"' in answer.text
    assert ("phòng chống bão" in answer.text) == (path == "/subscribe")
    assert "11:00" in answer.text  # it is 10:00 in Hanoi
    program = web.client.post(path, data=typed, headers={"Accept": "application/json"})
    assert (program.status_code, program.get_json()["status"]) == (429, 429)


def copy_of(client: FlaskClient, web: Web) -> FlaskClient:
    """Another browser with the same cookie."""
    cookie = client.get_cookie("loa_session")
    assert cookie is not None
    other = web.app.test_client()
    other.set_cookie("loa_session", cookie.value)
    return other


def test_S7_a_cookie_is_dead_after_signing_out(web: Web) -> None:
    assert sign_in(web.client, web.operator_token) == 303
    thief, elsewhere = copy_of(web.client, web), web.app.test_client()
    assert sign_in(elsewhere, web.operator_token) == 303
    assert thief.get("/admin/").status_code == 200
    form = {"csrf": csrf(web.client, "/admin/units")}
    assert web.client.post("/admin/sign-out", data=form).status_code == 303
    for browser in (web.client, thief):
        assert (browser.get("/admin/").status_code, browser.get("/admin/").location) == (
            302,
            "/admin/sign-in",
        )
    assert thief.post("/admin/units", data={**form, "name": "Xã của kẻ trộm"}).status_code in (
        302,
        403,
    )
    assert elsewhere.get("/admin/").status_code == 200


def test_S7_a_session_ends_with_its_time_whatever_its_cookie_says(
    web: Web, clock: FakeClock
) -> None:
    sign_in(web.client, web.operator_token)
    clock.advance(LASTS.total_seconds() - 1)
    assert web.client.get("/admin/").status_code == 200
    clock.advance(1)
    assert web.client.get("/admin/").status_code == 302


def test_S7_a_session_that_was_never_begun_is_none(web: Web) -> None:
    with web.client.session_transaction() as session:
        session["session"] = "forged"
    assert web.client.get("/admin/").status_code == 302


def add(web: Web, target: str, headers: dict[str, str]) -> int:
    body = {"channel": "webhook", "target": target}
    return web.client.post("/api/v1/subscriptions", json=body, headers=headers).status_code


def test_S7_one_units_token_makes_so_many_endpoints_and_no_more(web: Web) -> None:
    answers = [add(web, f"https://unit{n}.example/loa", web.unit) for n in range(MAX_OF_A_UNIT + 5)]
    assert answers == [201] * MAX_OF_A_UNIT + [409] * 5
    key = web.client.get("/api/v1/subscriptions", headers=web.unit).get_json()["items"][0]["id"]
    assert web.client.delete(f"/api/v1/subscriptions/{key}", headers=web.unit).status_code == 204
    assert add(web, "https://another.example/loa", web.unit) == 201
    assert add(web, "https://operator.example/loa", web.operator) == 201


def test_S7_one_unit_has_so_many_addresses_asked_in_an_hour(web: Web) -> None:
    assert add(web, "https://first.example/loa", web.unit) == 201
    key = web.client.get("/api/v1/subscriptions", headers=web.unit).get_json()["items"][0]["id"]
    moves = [
        web.client.patch(
            f"/api/v1/subscriptions/{key}",
            json={"target": f"https://moved{n}.example/loa"},
            headers=web.unit,
        ).status_code
        for n in range(QUESTIONS_OF_A_UNIT)
    ]
    assert moves == [200] * (QUESTIONS_OF_A_UNIT - 1) + [429]


def test_S7_one_host_is_asked_so_often_in_an_hour_by_all_units_together(
    web: Web, clock: FakeClock
) -> None:
    answers = []
    for unit in range(5):
        with web.loa.database.writing() as conn:
            made = add_unit(conn, name=f"UBND xã {unit}", at=clock())
            token, _ = create_token(conn, name="văn thư", unit_id=made.id, at=clock())
        head = {"Authorization": f"Bearer {token}"}
        answers += [
            add(web, f"https://Gateway.Example:{8443 + n}/{unit}/{n}", head) for n in range(15)
        ]
    assert answers == [201] * QUESTIONS_TO_A_HOST + [429] * (75 - QUESTIONS_TO_A_HOST)
    assert add(web, "https://gateway.example/operator", web.operator) == 201


def test_S9_the_api_lists_a_hundred_files_of_a_post_and_shows_all_of_one(web: Web) -> None:
    files = tuple(
        AttachmentLink(f"https://h.example/{n}.pdf", f"tệp {n}", "application/pdf")
        for n in range(150)
    )
    at = web.loa.clock()
    draft = Draft(
        PortalName("p", "Cổng"),
        "k",
        "https://h.example/1",
        "Tin",
        "",
        "",
        Understanding(("news",)),
        files,
        "print",
        at,
        at,
    )
    with web.loa.database.writing() as conn:
        insert_post(conn, draft)
    (listed,) = web.client.get("/api/v1/posts", headers=web.unit).get_json()["items"]
    assert (len(listed["attachments"]), listed["cut"]) == (100, {"attachments": 50})
    whole = web.client.get(f"/api/v1/posts/{listed['id']}", headers=web.unit).get_json()
    assert (len(whole["attachments"]), whole["cut"]) == (150, {})
    page = web.client.get(f"/posts/{listed['id']}?lang=en").get_data(as_text=True)
    assert "And 50 other files" in page
    assert all(f'href="https://h.example/{n}.pdf"' in page for n in range(150))
