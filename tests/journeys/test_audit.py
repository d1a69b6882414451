"""Who did what: every act at every door leaves exactly one row, that says who, where from and what
changed, without secrets and with addresses masked; what is refused leaves none."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from service.alerts.links import Purpose
from service.services.audit_acts import acting
from service.storage.audit import AuditEntry, forget_audit, list_audit
from service.types import EMAIL, WEBHOOK, Channel, SubscriptionStatus
from tests.fakes_doors import Api, Command, Desk, House, Page, opened_house
from tests.fakes_web import MANAGED_AT, store_post
from tests.journeys.test_every_door import doors_of, expected

STATES = (SubscriptionStatus.ACTIVE, SubscriptionStatus.PENDING, SubscriptionStatus.REMOVED)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with opened_house(tmp_path_factory.mktemp("house")) as opened:
        yield opened


def _rows(house: House) -> list[AuditEntry]:
    with house.loa.database.reading() as conn:
        return list_audit(conn)


def _new(house: House, before: list[AuditEntry]) -> list[AuditEntry]:
    known = {one.id for one in before}
    return [one for one in _rows(house) if one.id not in known]


@pytest.mark.parametrize("status", STATES)
@pytest.mark.parametrize("channel", [WEBHOOK, EMAIL])
@pytest.mark.parametrize("act", ["pause", "resume", "confirm", "remove", "rotate", "test"])
def test_every_act_on_a_subscription_leaves_one_row_by_every_door(
    house: House, act: str, channel: Channel, status: SubscriptionStatus
) -> None:
    for name, door in doors_of(house, channel, act).items():
        subject = house.subject(channel, status)
        before = _rows(house)
        door.act(subject, act)
        found = _new(house, before)
        if expected(act, channel, status) == "refused":
            assert found == [], name
            continue
        assert [(one.door, one.act, one.subject_id) for one in found] == [
            (name, f"act.subscription_{act}", subject.id)
        ]
        assert found[0].who == {"api": "huyện", "desk": "huyện", "page": ""}.get(name, found[0].who)
        assert bool(found[0].who) == (name != "page")
        assert found[0].source == ("" if name == "command" else "127.0.0.1")


def test_adding_and_editing_leave_one_row_each_by_every_door(house: House) -> None:
    doors: dict[str, Any] = {"command": Command(house), "api": Api(house), "desk": Desk(house)}
    for name, door in doors.items():
        before = _rows(house)
        assert door.add_unit(f"UBND {name}", "", ["lan@xa.example"]) == "done"
        found = _new(house, before)
        assert [(one.door, one.act) for one in found] == [(name, "act.unit_add")]
        assert found[0].subject == f"UBND {name}" and found[0].before is None
        assert found[0].after is not None and found[0].after["contacts"] == ["l…@xa.example"]
        before = _rows(house)
        assert door.edit_unit(found[0].subject_id, name=f"UBND {name} mới") == "done"
        found = _new(house, before)
        assert [(one.act, one.before, one.after) for one in found] == [
            ("act.unit_edit", {"name": f"UBND {name}"}, {"name": f"UBND {name} mới"})
        ]
        if name == "desk":
            continue
        before = _rows(house)
        assert door.add("email", f"{name}@xa.example", confirmed=True) == "done"
        (row,) = _new(house, before)
        assert (row.act, row.subject) == ("act.subscription_add", f"{name[0]}…@xa.example")
        before, subject = _rows(house), house.subject(WEBHOOK, SubscriptionStatus.ACTIVE)
        assert door.edit(subject, name="mới", headers={"X-Key": "s3cret"}) == "done"
        (row,) = _new(house, before)
        assert (row.act, row.after) == (
            "act.subscription_edit", {"name": "mới", "headers": ["X-Key"]},
        )  # fmt: skip


def test_what_a_person_does_by_a_link_leaves_one_row(house: House) -> None:
    subject = house.subject(EMAIL, SubscriptionStatus.ACTIVE)
    links = house.loa.links
    before = _rows(house)
    house.client.post(f"/unsubscribe/{links.token(Purpose.UNSUBSCRIBE, subject.id)}")
    (row,) = _new(house, before)
    assert (row.door, row.who, row.act, row.subject_id) == (
        "page", "", "act.unsubscribe", subject.id,
    )  # fmt: skip
    before = _rows(house)
    assert Page(house).add("moi@xa.example") == "done"
    assert [one.act for one in _new(house, before)] == ["act.subscription_request"]
    before = _rows(house)
    path = f"/manage/{links.token(Purpose.MANAGE, subject.id, MANAGED_AT)}"
    house.client.post(path, data={"action": "erase", "sure": "1"})
    (row,) = _new(house, before)
    assert (row.act, row.subject, row.before) == ("act.erase_ask", "", None)


def test_acts_on_posts_portals_tokens_and_delivery_leave_one_row_each(house: House) -> None:
    post, api, desk = store_post(house.loa, 1), Api(house), Desk(house)
    head = api.head

    def ask(path: str, **body: Any) -> None:
        house.client.post(f"/api/v1/{path}", json=body, headers=head)

    acts: dict[str, Any] = {
        "act.post_urgency": lambda: ask(f"posts/{post.id}/urgency", urgency="khan"),
        "act.post_categories": lambda: desk.post(f"posts/{post.id}/categories", primary="news"),
        "act.portal_release": lambda: ask("portals/quangxuong/release"),
        "act.portal_discard": lambda: desk.post("portals/quangxuong/discard"),
        "act.backfill": lambda: ask("portals/quangxuong/backfill", since="2026-11-20"),
        "act.deliveries_pause": lambda: desk.post("deliveries/pause"),
        "act.deliveries_resume": lambda: Command(house).run("delivery", "resume"),
        "act.deliveries_replay": lambda: desk.post("deliveries/replay-failed"),
        "act.token_create": lambda: Command(house).run("token", "create", "--role", "viewer"),
    }
    for act, do in acts.items():
        before = _rows(house)
        do()
        assert [one.act for one in _new(house, before)] == [act]
    (row,) = [one for one in _rows(house) if one.act == "act.post_categories"]
    assert row.before == {"categories": ["directives"]} and row.after == {"categories": ["news"]}


def test_no_secret_and_no_whole_address_stands_in_the_log(house: House) -> None:
    target = "https://unit.example/hooks/s3cr3t-path?key=1"
    assert Api(house).add("webhook", target, headers={"X-Key": "s3cret"}) == "done"
    assert Api(house).add("email", "le.thi.lan@xa.example") == "done"
    with house.loa.database.reading() as conn:
        kept = repr(conn.execute(text("SELECT * FROM audit")).all())
    for secret in ("whsec_", "s3cret", "s3cr3t", "loa_", "le.thi.lan"):
        assert secret not in kept, secret


def test_outside_of_any_door_it_is_the_service_itself(house: House) -> None:
    acting(None)
    from service.services.delivery_acts import resume_all

    before = _rows(house)
    with house.loa.database.writing() as conn:
        resume_all(conn, house.loa)
    assert [(one.door, one.who, one.source) for one in _new(house, before)] == [("job", "", "")]


def test_the_log_is_searched_shown_exported_and_asked_for(tmp_path: Path) -> None:
    with opened_house(tmp_path) as house:
        desk, api = Desk(house), Api(house)
        desk.add_unit("=cmd()", "", [])
        for n in range(60):
            api.add_unit(f"UBND xã {n}", "", [])
        page = house.client.get("/admin/audit/").get_data(as_text=True)
        assert page.count('<tr><th scope="row"') == 50 and "Cũ hơn" in page
        older = page[page.index("before=") :].split('"')[0].removeprefix("before=")
        last = house.client.get(f"/admin/audit/?before={older}").get_data(as_text=True)
        assert "=cmd()" in last and "Cũ hơn" not in last
        found = house.client.get("/admin/audit/?q=CMD&door=desk").get_data(as_text=True)
        assert found.count('<tr><th scope="row"') == 1 and "thêm đơn vị" in found
        english = house.client.get("/admin/audit/?lang=en&act=act.unit_merge")
        assert "Nothing was done" in english.get_data(as_text=True)
        assert house.client.get("/admin/audit/?door=nowhere").status_code == 400
        assert house.client.get("/admin/audit/?act=act.none").status_code == 400
        file = house.client.get("/admin/audit.csv?lang=vi")
        assert file.content_type == "text/csv; charset=utf-8"
        lines = file.data.decode("utf-8-sig").splitlines()
        assert len(lines) == 62 and "'=cmd()" in lines[-1]
        got = house.client.get("/api/v1/audit?limit=2&door=api", headers=api.head).get_json()
        assert [one["act"] for one in got["items"]] == ["act.unit_add"] * 2
        assert got["items"][0]["who"] == "huyện" and got["next"]
        following = f"/api/v1/audit?limit=2&cursor={got['next']}"
        more = house.client.get(following, headers=api.head).get_json()
        assert more["items"][0]["id"] < got["items"][1]["id"]
        with house.loa.database.writing() as conn:
            assert forget_audit(conn, house.loa.clock() + timedelta(days=1)) == 61
