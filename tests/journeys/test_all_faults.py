"""Whoever sends several things that cannot be is told of all of them at once, by every door: a
program by field, code and what is allowed, a person at the fields of the form, a command by lines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from service.web.api.request_body import MAX_FAULTS
from tests.fakes import FakeClock
from tests.fakes_desk import desk_post, sign_in
from tests.fakes_web import Web, make_web
from tests.journeys.cli import Terminal

HOOK = "https://xa.example/loa"


@pytest.fixture
def web(sqlite_url: str, clock: FakeClock) -> Iterator[Web]:
    made = make_web(sqlite_url, clock)
    yield made
    made.loa.close()


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    made = Terminal(tmp_path)
    made.configure('[email]\nsmtp_url = "smtp://127.0.0.1:9"\n')
    return made


BODIES: list[tuple[str, str, dict[str, Any], list[tuple[str, str]]]] = [
    (
        "post", "units", {"name": "", "place": 5, "colour": "red"},
        [("name", "bad.least_chars"), ("place", "bad.type_string"), ("colour", "bad.unknown_field")],
    ),
    (
        "post", "units", {"name": " ", "place": "atlantis", "contacts": ["nobody"]},
        [("name", "bad.empty"), ("place", "bad.place"), ("contacts", "bad.address")],
    ),
    (
        "patch", "units/UNIT", {"name": " ", "place": "atlantis", "remove_contacts": ["a@b.example"]},
        [("name", "bad.empty"), ("place", "bad.place"), ("contacts", "bad.no_contact")],
    ),
    (
        "post", "subscriptions",
        {"channel": "webhook", "target": 5, "filters": {"colour": []}, "frequency": "hourly"},
        [("target", "bad.type_string"), ("filters.colour", "bad.unknown_field"),
         ("frequency", "bad.among")],
    ),
    (
        "post", "subscriptions",
        {
            "channel": "webhook", "target": "ftp://x", "frequency": "daily",
            "headers": {"Host": "a"},
            "filters": {"categories": ["sport", "war"], "places": ["atlantis", "mu"],
                        "keywords": ["…"], "portals": ["none"], "urgencies": ["soon"],
                        "kinds": ["poem"]},
        },
        [("filters.categories", "bad.category"), ("filters.categories", "bad.category"),
         ("filters.portals", "bad.portal"), ("filters.places", "bad.place"),
         ("filters.places", "bad.place"), ("filters.keywords", "bad.empty"),
         ("filters.urgencies", "bad.value"), ("filters.kinds", "bad.value"),
         ("frequency", "bad.always_immediate"), ("target", "bad.url_scheme"),
         ("headers", "bad.headers_own")],
    ),
    (
        "patch", "subscriptions/HOOK",
        {"frequency": "weekly", "headers": {"a b": "c"}, "target": "ftp://x", "name": "a\u202eb",
         "filters": {"kinds": ["poem"]}},
        [("name", "bad.no_controls")],
    ),
    (
        "patch", "subscriptions/HOOK",
        {"frequency": "weekly", "headers": {"a b": "c"}, "target": "ftp://x",
         "filters": {"kinds": ["poem"]}},
        [("filters.kinds", "bad.value"), ("frequency", "bad.always_immediate"),
         ("target", "bad.url_scheme"), ("headers", "bad.headers_name")],
    ),
    (
        "post", "tokens", {"role": "viewer", "unit": "x", "scopes": ["operate"], "ends_on": "2001-01-01"},
        [("unit", "bad.unit_and_role"), ("scope", "bad.beyond_role"), ("ends_on", "bad.token_day")],
    ),
    (
        "post", "receipts/remind", {"posts": [], "units": "x"},
        [("posts", "bad.few_of"), ("units", "bad.type_array")],
    ),
]  # fmt: skip
QUERIES = [
    ("portals?=1&=2", [("", "bad.repeated"), ("", "bad.unknown_field")]),
    (
        "posts?limit=0&colour=red&kind=a&kind=b&q=x&q=y",
        [("q", "bad.repeated"), ("limit", "bad.least"), ("colour", "bad.unknown_field")],
    ),
    (
        "posts?kind=poem&urgency=hoa-toc&number=a%E2%80%AEb",
        [("number", "bad.no_controls")],
    ),
    (
        "posts?kind=poem&deadline_from=soon&deadline_to=2026-01-01&day_from=2026-01-02&day_to=2026-01-01",
        [("kind", "bad.value"), ("deadline_from", "bad.no_day"), ("day_to", "bad.day_before")],
    ),
    (
        "subscriptions?status=lost&channel=fax&limit=many",
        [("limit", "bad.type_number"), ("channel", "bad.among"), ("status", "bad.among")],
    ),
]


def ask(web: Web, method: str, path: str, **more: Any) -> dict[str, Any]:
    answer = web.client.open(f"/api/v1/{path}", method=method, headers=web.operator, **more)
    assert answer.content_type == "application/problem+json", answer.text
    document: dict[str, Any] = answer.get_json()
    first = document["errors"][0]
    assert document["code"] == first["code"] and document["field"] == first["field"]
    assert document.get("allowed") == first.get("allowed")
    for one in document["errors"]:
        assert set(one) <= {"field", "code", "detail", "allowed"} and one["detail"]
        assert f"{one['field']}: {one['detail']}" in document["detail"]
    return document


def told(document: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one["field"], one["code"]) for one in document["errors"]]


@pytest.mark.parametrize(("method", "path", "body", "wanted"), BODIES)
def test_a_body_is_told_everything_that_is_wrong_with_it(
    web: Web, method: str, path: str, body: dict[str, Any], wanted: list[tuple[str, str]]
) -> None:
    hook = {"channel": "webhook", "target": HOOK, "confirmed": True}
    key = web.client.post("/api/v1/subscriptions", json=hook, headers=web.operator).get_json()["id"]
    path = path.replace("UNIT", web.unit_id).replace("HOOK", key)
    document = ask(web, method, path, json=body)
    assert sorted(told(document)) == sorted(wanted)
    kept = web.client.get(f"/api/v1/subscriptions/{key}", headers=web.operator).get_json()
    assert (kept["target"], kept["name"], kept["filters"]["kinds"]) == (HOOK, "", [])


@pytest.mark.parametrize(("path", "wanted"), QUERIES)
def test_a_query_is_told_everything_that_is_wrong_with_it(
    web: Web, path: str, wanted: list[tuple[str, str]]
) -> None:
    assert told(ask(web, "get", path)) == wanted


def test_what_is_allowed_is_named_where_it_can_be_counted(web: Web) -> None:
    body = {"channel": "webhook", "filters": {"colour": []}, "frequency": "hourly", "size": 3}
    errors = {one["field"]: one for one in ask(web, "post", "subscriptions", json=body)["errors"]}
    assert "urgencies" in errors["filters.colour"]["allowed"]
    assert "cloudevents" in errors["size"]["allowed"]
    assert "weekly" in errors["frequency"]["allowed"]
    hook = {"channel": "webhook", "target": HOOK, "confirmed": True}
    key = web.client.post("/api/v1/subscriptions", json=hook, headers=web.operator).get_json()["id"]
    (nothing,) = ask(web, "post", f"subscriptions/{key}/pause", json={"a": 1})["errors"]
    assert nothing["allowed"] == "none"
    many = {"listings": [{"url": "/", "colour": 1}], "id": "x", "name": "x", "base_url": "x"}
    (inner, *_) = ask(web, "post", "portals", json=many)["errors"]
    assert (inner["field"], inner["allowed"]) == ("listings.0.colour", "url, category"), inner


def test_a_body_of_nothing_but_faults_is_told_of_no_more_than_a_page_of_them(web: Web) -> None:
    body = {"name": "x", **{f"a{n}": n for n in range(500)}}
    assert len(ask(web, "post", "units", json=body)["errors"]) == MAX_FAULTS
    many = {
        "channel": "webhook",
        "target": HOOK,
        "filters": {"places": [f"x{n}" for n in range(99)]},
    }
    assert len(ask(web, "post", "subscriptions", json=many)["errors"]) == 10


def test_a_mistyped_parameter_of_a_feed_is_told_with_the_others(web: Web) -> None:
    answer = web.client.get(
        "/feeds/all.atom?catgory=x&plcae=y&utm_source=z", headers={"Accept": "application/json"}
    )
    assert [one["field"] for one in answer.get_json()["errors"]] == ["catgory", "plcae"]


def faults_of(page: str) -> dict[str, str]:
    """What stands at each field of a form."""
    found = re.findall(r'<span class="fault" id="([\w.-]+)-fault">(.*?)</span>(?=<|\n)', page, re.S)
    return {field: re.sub(r"<[^>]+>", " ", text) for field, text in found}


def test_every_fault_of_a_form_of_the_desk_stands_at_its_field(web: Web) -> None:
    sign_in(web)
    unit = desk_post(web, "/admin/units", name=" ", place="atlantis", contacts="nobody")
    assert (unit.status_code, set(faults_of(unit.text))) == (422, {"name", "place", "contacts"})
    edited = desk_post(web, f"/admin/units/{web.unit_id}", name=" ", place="atlantis", contacts="x")
    assert set(faults_of(edited.text)) == {"name", "place", "contacts"}
    wanted = {"channel": "webhook", "target": "ftp://x", "name": "x" * 300, "place": "atlantis",
              "keyword": "…", "frequency": "hourly"}  # fmt: skip
    added = desk_post(web, f"/admin/units/{web.unit_id}/subscribe", **wanted)
    fields = {"target", "name", "place", "keyword", "frequency"}
    assert (added.status_code, set(faults_of(added.text))) == (422, fields)
    assert all(f'href="#{field}"' in added.text for field in fields)
    hook = {"channel": "webhook", "target": HOOK, "confirmed": True, "unit": web.unit_id}
    key = web.client.post("/api/v1/subscriptions", json=hook, headers=web.operator).get_json()["id"]
    changed = desk_post(web, f"/admin/subscriptions/{key}", **wanted)
    assert set(faults_of(changed.text)) == fields
    token = desk_post(web, "/admin/tokens/", name="x" * 300, role="king", ends_on="soon")
    assert set(faults_of(token.text)) == {"role", "ends_on"}
    token = desk_post(web, "/admin/tokens/", name="x" * 300, role="unit", ends_on="2001-01-01")
    assert set(faults_of(token.text)) == {"name", "unit", "ends_on"}
    post = desk_post(web, "/admin/posts/new", title=" ", text="a\x00b", category="war")
    assert (post.status_code, set(faults_of(post.text))) == (422, {"title", "text", "category"})


def test_every_fault_of_a_public_form_stands_at_its_field(web: Web) -> None:
    typed = {"address": "nobody", "place": "atlantis\nmu", "keyword": "…", "frequency": "hourly"}
    page = web.client.post("/subscribe", data=typed)
    faults = faults_of(page.text)
    assert (page.status_code, set(faults)) == (422, {"address", "place", "keyword", "frequency"})
    assert "atlantis" in faults["place"] and "mu" in faults["place"]
    found = web.client.get("/?kind=poem&deadline_from=soon&place=atlantis&q=x")
    assert (found.status_code, set(faults_of(found.text))) == (
        400, {"kind", "deadline_from", "place"},
    )  # fmt: skip
    program = web.client.post("/subscribe", data=typed, headers={"Accept": "application/json"})
    assert [one["field"] for one in program.get_json()["errors"]] == [
        "address", "place", "place", "keyword", "frequency",
    ]  # fmt: skip


def test_a_hub_is_told_all_that_it_is_asked_wrongly(web: Web) -> None:
    form = {"hub.mode": "dance", "hub.topic": "x", "hub.callback": "ftp://x",
            "hub.lease_seconds": "long", "hub.secret": "x" * 200}  # fmt: skip
    said = web.client.post("/hub", data=form)
    assert said.status_code == 400
    assert [name for name in form if name not in said.text] == []


def test_a_command_says_every_fault_on_a_line_of_its_own(terminal: Terminal) -> None:
    def lines(*words: str) -> list[str]:
        said = terminal.refused(*words).splitlines()
        return [line for line in said if line.startswith(("loa: ", "Error: "))]

    unit = lines("unit", "add", "--name", " ", "--place", "atlantis", "--contact", "nobody")
    assert [line.split(":")[1].strip() for line in unit] == ["name", "place", "contacts"]
    hook = lines(
        "subscription", "add", "webhook", "ftp://x", "--category", "war", "--place", "atlantis",
        "--header", "no-colon", "--name", "x" * 300,
    )  # fmt: skip
    assert [line.split(":")[1].strip() for line in hook] == [
        "category", "place", "--header", "url", "name",
    ]  # fmt: skip
    token = lines("token", "create", "--role", "king", "--scope", "all", "--unit")
    assert len(token) == 1 and "requires an argument" in token[0]
    token = lines("token", "create", "--role", "king", "--scope", "all", "--name", "x")
    assert ["--role" in token[0], "--scope" in token[1], len(token)] == [True, True, 2]
    missing = lines("unit", "merge")
    assert ["'UNIT'" in missing[0], "'INTO'" in missing[1]] == [True, True]


def test_a_table_says_every_fault_of_a_line(terminal: Terminal) -> None:
    table = terminal.folder / "list.csv"
    heading = "unit,place,contacts,channel,target,category,frequency,confirmed\n"
    table.write_text(
        f"{heading}X,atlantis,nobody,fax,x,war,hourly,maybe\nY,,,,,war,,\n,,,webhook,ftp://x,war,,\n"
    )
    said = terminal.refused("subscription", "import", str(table))
    columns = re.findall(r"dòng (\d), cột (\w+):", said)
    assert columns == [
        ("2", "place"), ("2", "contacts"), ("2", "channel"), ("2", "category"), ("2", "frequency"),
        ("2", "confirmed"), ("3", "channel"), ("3", "target"), ("3", "category"),
        ("4", "category"), ("4", "target"),
    ]  # fmt: skip


def test_a_person_who_changes_what_he_gets_is_told_every_fault(web: Web) -> None:
    mail = {"channel": "email", "target": "a@b.example", "confirmed": True}
    key = web.client.post("/api/v1/subscriptions", json=mail, headers=web.operator).get_json()["id"]
    page = web.client.post(
        urlsplit(web.loa.links.manage_url(key, web.loa.clock())).path,
        data={"action": "edit", "id": key, "place": "atlantis", "keyword": "…", "frequency": "x"},
    )
    assert (page.status_code, set(faults_of(page.text))) == (422, {"place", "keyword", "frequency"})
