"""F2: acknowledging, sending again, forgetting, explaining and letting go end alike by every door
that has them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from service.alerts.links import Purpose
from service.alerts.message import build_payload
from service.errors import Conflict, InvalidInput, NotFound
from service.services import receipt_acts as receipts
from service.services import silences
from service.services import token_acts as tokens
from service.services.context import OPERATOR
from service.services.optin import (
    ShownConsent,
    answer_question,
    persons_own,
    read_question,
    unsubscribe,
)
from service.services.publish import write_change
from service.services.receipt_acts import MAX_NOTE
from service.storage.tokens import Role
from service.types import EMAIL, WEBHOOK, ChangeType, Filters, Post, SubscriptionStatus
from tests.fakes_doors import Api, Command, Desk, House, Page, opened_house
from tests.fakes_web import MANAGED_AT, store_post

WEBHOOK, EMAIL = WEBHOOK, EMAIL
ACTIVE, PENDING = SubscriptionStatus.ACTIVE, SubscriptionStatus.PENDING


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with opened_house(tmp_path) as opened:
        yield opened


def publish(house: House, number: int, *, silenced: str | None = None) -> Post:
    post, now = store_post(house.loa, number), house.loa.clock()
    payload = build_payload(ChangeType.PUBLISHED, now, post, house.loa.links)
    with house.loa.database.writing() as conn:
        write_change(
            conn, post=post, type=ChangeType.PUBLISHED, at=now, payload=payload, silenced=silenced
        )
    return post


def rows(house: House, query: str, **values: Any) -> list[tuple[Any, ...]]:
    with house.loa.database.reading() as conn:
        return [tuple(row) for row in conn.execute(text(query), values)]


NOTES = {
    "none": ("", ""),
    "lines": ("Chị\u00a0Lan", "đã nhận\r\n\r\n\r\n\r\n  sẽ báo cáo\u202e"),
    "the longest": ("x" * 10, "n" * MAX_NOTE),
    "too long": ("x", "n" * (MAX_NOTE + 1)),
}


@pytest.mark.parametrize("case", NOTES)
def test_F2_an_acknowledgement_keeps_the_same_by_link_and_by_the_api(
    house: House, case: str
) -> None:
    by, note = NOTES[case]
    house.subject(EMAIL, ACTIVE, unit_id=house.unit_id)
    ends = []
    for number, door in enumerate(("link", "api")):
        post = publish(house, number)
        if door == "link":
            path = (
                f"/receipts/{house.loa.links.token(Purpose.RECEIPT, post.id, '1', house.unit_id)}"
            )
            code = house.client.post(path, data={"by": by, "note": note}).status_code
        else:
            body = {"post": post.id, "note": note}
            code = house.client.post(
                "/api/v1/receipts", json=body, headers=Api(house, is_unit=True).head
            ).status_code
        kept = rows(house, "SELECT note FROM receipt WHERE post_id = :post", post=post.id)
        ends.append(("done" if code < 400 else "refused", kept))
    assert ends[0] == ends[1]
    assert ends[0][0] == ("refused" if case in ("lines", "too long") else "done")


def test_F2_only_a_unit_acknowledges_what_is_owed_to_it_and_once(house: House) -> None:
    post = publish(house, 1)
    body, head = {"post": post.id}, Api(house, is_unit=True).head
    assert house.client.post("/api/v1/receipts", json=body, headers=head).status_code == 409
    house.subject(EMAIL, ACTIVE, unit_id=house.unit_id)
    post = publish(house, 2)
    codes = [
        house.client.post("/api/v1/receipts", json={"post": post.id}, headers=head).status_code
        for _ in range(2)
    ]
    assert codes == [201, 200]
    with house.loa.database.writing() as conn:
        with pytest.raises(Conflict, match="only a unit"):
            receipts.acknowledge(conn, house.loa, post.id, "", OPERATOR, "huyện")
        with pytest.raises(NotFound):
            receipts.read_receipt_link(
                house.loa, house.loa.links.token(Purpose.RECEIPT, post.id, "x", house.unit_id)
            )
        link = house.loa.links.token(Purpose.RECEIPT, post.id, "1", house.unit_id)
        with pytest.raises(InvalidInput, match="by"):
            receipts.acknowledge_by_link(conn, house.loa, link, "x" * 201, "")


FAILED = "UPDATE message SET state = 'failed'; UPDATE delivery SET state = 'failed'"


@pytest.mark.parametrize("status", ["active", "paused", "removed"])
def test_F2_sending_again_ends_alike_by_every_door(house: House, status: str) -> None:
    subject = house.subject(WEBHOOK, ACTIVE)
    publish(house, 1)
    ((delivery,),) = rows(house, "SELECT id FROM delivery")
    doors: dict[str, Callable[[], str]] = {
        "command": lambda: Command(house).run("delivery", "replay", delivery),
        "command, all of it": lambda: Command(house).run(
            "delivery", "replay", "--subscription", subject.id
        ),
        "api": lambda: _post(house, f"deliveries/{delivery}/replay"),
        "api, all of it": lambda: _post(house, f"subscriptions/{subject.id}/replay"),
        "desk": lambda: Desk(house).post(f"deliveries/{delivery}/replay"),
    }
    if status != "active":
        Command(house).act(subject, {"paused": "pause", "removed": "remove"}[status])
    ends = {}
    for name, replay in doors.items():
        with house.loa.database.writing() as conn:
            for statement in FAILED.split(";"):
                conn.execute(text(statement))
        ends[name] = (
            replay(),
            rows(house, "SELECT state FROM message"),
            rows(house, "SELECT state FROM delivery"),
        )
    assert len(set(map(repr, ends.values()))) == 1, ends
    assert ends["desk"][0] == ("done" if status == "active" else "refused")


def _post(house: House, path: str) -> str:
    answer = house.client.post(f"/api/v1/{path}", json={}, headers=Api(house).head)
    return "done" if answer.status_code < 400 else "refused"


def test_F2_the_stop_switch_is_one_by_command_and_desk(house: House) -> None:
    query = "SELECT count(*) FROM meta WHERE key = 'delivery_paused'"
    for off, on in (
        (
            lambda: Command(house).run("delivery", "pause"),
            lambda: Desk(house).post("deliveries/resume"),
        ),
        (
            lambda: Desk(house).post("deliveries/pause"),
            lambda: Command(house).run("delivery", "resume"),
        ),
    ):
        assert off() == "done" and rows(house, query) == [(1,)]
        assert on() == "done" and rows(house, query) == [(0,)]


def test_F2_all_that_failed_goes_again_by_command_and_desk(house: House) -> None:
    house.subject(WEBHOOK, ACTIVE)
    publish(house, 1)
    for replay in (
        lambda: Command(house).run("delivery", "replay", "--failed"),
        lambda: Desk(house).post("deliveries/replay-failed"),
    ):
        with house.loa.database.writing() as conn:
            for statement in FAILED.split(";"):
                conn.execute(text(statement))
        assert replay() == "done" and rows(house, "SELECT state FROM message") == [("due",)]
    assert Command(house).run("delivery", "replay") == "refused"


def test_F2_a_person_is_forgotten_alike_by_command_and_page(house: House) -> None:
    ends = {}
    for name, forget in (
        ("command", lambda address, _: Command(house).run("erase", address.upper())),
        ("page", lambda _, subject: Page(house).act(subject, "erase")),
    ):
        subject = house.subject(EMAIL, ACTIVE, name="Lan")
        address = f"s{subject.number}@xa.example"
        ends[name] = (
            forget(address, subject),
            rows(
                house,
                "SELECT status, status_reason, name FROM subscription WHERE id = :id",
                id=subject.id,
            ),
        )
        assert address not in str(rows(house, "SELECT * FROM subscription"))
    assert ends["command"] == ends["page"]
    assert Command(house).run("erase", "nobody@xa.example") == "done"
    assert Command(house).run("erase", "nobody") == "refused"


def test_F2_why_is_answered_alike_by_every_door(house: House) -> None:
    subject, post = house.subject(WEBHOOK, ACTIVE), publish(house, 1)
    by_command = house.terminal.json("why", post.id, subject.id)
    path = f"/api/v1/why?post={post.id}&subscription={subject.id}"
    english = house.client.get(path, headers={**Api(house).head, "Accept-Language": "en"}).json
    assert english["codes"] == by_command["codes"] and english["words"] == by_command["words"]
    by_api = house.client.get(path, headers=Api(house).head).json
    assert by_api["codes"] == english["codes"]
    Desk(house).post("units", name="x")
    ((delivery,),) = rows(house, "SELECT id FROM delivery")
    page = house.client.get(f"/admin/deliveries/{delivery}").get_data(as_text=True)
    assert all(line.split(":")[0] in page for line in by_api["words"])
    assert house.client.get(path, headers=Api(house, is_unit=True).head).status_code == 404
    assert (
        house.client.get(path.replace(post.id, "typo"), headers=Api(house).head).status_code == 404
    )


def test_why_names_things_as_people_do_and_keeps_what_it_does_not_know(house: House) -> None:
    wanted = Filters(
        categories=("meetings",), places=("quang-ninh-16540", "gone-1"), keywords=("lũ",)
    )
    subject, post = house.subject(WEBHOOK, ACTIVE, filters=wanted), publish(house, 1)
    (said,) = [
        line
        for line in house.terminal.json("why", post.id, subject.id)["words"]
        if "Quảng Ninh" in line
    ]
    assert "gone-1" in said and "meetings" not in said and "quang-ninh-16540" not in said


def test_F2_a_flood_is_let_go_alike_by_command_and_desk(house: House) -> None:
    release: tuple[Callable[[str], str], ...] = (
        lambda portal: Command(house).run("portal", "release", portal),
        lambda portal: Desk(house).post(f"portals/{portal}/release"),
    )
    for number, let_go in enumerate(release):
        publish(house, number, silenced="flood")
        assert let_go("quangxuong") == "done"
        assert rows(house, "SELECT count(*) FROM change WHERE silenced = 'flood'") == [(0,)]
        assert let_go("nope") == "refused"
    with house.loa.database.writing() as conn, pytest.raises(NotFound):
        silences.release_portal(conn, house.loa, "nope")


def test_a_portal_that_is_configured_no_more_is_let_go_while_it_holds_something(
    house: House,
) -> None:
    publish(house, 1, silenced="flood")
    with house.loa.database.writing() as conn:
        conn.execute(text("UPDATE post SET portal_id = 'gone'"))
        assert silences.release_portal(conn, house.loa, "gone") == 1
        with pytest.raises(NotFound):
            silences.release_portal(conn, house.loa, "gone")


@pytest.mark.parametrize(
    ("role", "unit", "name"),
    [(Role.OPERATOR, "UBND xã Quảng Ninh", "x"), (Role.UNIT, None, "x"),
     (Role.VIEWER, "UBND xã Quảng Ninh", "x"), (Role.OPERATOR, None, "a\u202eb"),
     (Role.OPERATOR, None, "x" * 201)],
)  # fmt: skip
def test_only_a_units_token_has_a_unit_and_a_name_is_one_line(
    house: House, role: Role, unit: str | None, name: str
) -> None:
    with house.loa.database.writing() as conn, pytest.raises(InvalidInput):
        tokens.create(conn, house.loa, name=name, role=role, unit=unit)


def test_a_token_is_made_and_ends_by_command(house: House) -> None:
    made = house.terminal.json(
        "token", "create", "--name", "văn thư", "--role", "unit", "--unit", "UBND xã Quảng Ninh"
    )
    head = {"Authorization": f"Bearer {made['token']}"}
    assert house.client.get("/api/v1/units", headers=head).status_code == 200
    house.terminal.run("token", "revoke", made["id"])
    assert house.client.get("/api/v1/units", headers=head).status_code == 401


def test_F2_an_endpoints_link_confirms_the_address_that_was_asked_and_no_other(
    house: House,
) -> None:
    from service.storage.handshakes import address_mark

    subject = house.subject(WEBHOOK, PENDING)
    mark = address_mark(f"https://s{subject.number}.example/loa")
    token = house.loa.links.token(Purpose.CONFIRM, subject.id, mark)
    assert Api(house).edit(subject, target="https://moved.example/") == "done"
    assert house.client.post(f"/confirm/{token}").status_code == 403
    assert house.snapshot(subject)["status"] == "pending"
    assert Api(house).edit(subject, target=f"https://s{subject.number}.example/loa") == "done"
    assert house.client.post(f"/confirm/{token}").status_code == 200
    with house.loa.database.writing() as conn:
        assert (
            answer_question(conn, house.loa, token, ShownConsent("/confirm", "vi"))[0].status
            is ACTIVE
        )
        assert read_question(conn, house.loa, token)[1] is None


def test_a_link_to_manage_is_a_persons_and_one_that_is_gone_is_unsubscribed_twice(
    house: House,
) -> None:
    subject = house.subject(WEBHOOK, ACTIVE)
    token = house.loa.links.token(Purpose.MANAGE, subject.id, MANAGED_AT)
    with house.loa.database.writing() as conn:
        with pytest.raises(NotFound):
            persons_own(conn, house.loa, token)
        assert unsubscribe(conn, house.loa, ["gone", subject.id, subject.id], OPERATOR) == 1


def test_F2_a_unit_adds_to_itself_only_and_vouches_for_nothing(house: House) -> None:
    own = Api(house, is_unit=True)
    other = rows(house, "SELECT count(*) FROM subscription")
    assert own.add("webhook", "https://a.example/", unit="another") == "refused"
    assert own.add("webhook", "https://a.example/", confirmed=True) == "refused"
    assert rows(house, "SELECT count(*) FROM subscription") == other
    assert own.add("webhook", "https://a.example/") == "done"
    assert rows(house, "SELECT unit_id, status FROM subscription") == [(house.unit_id, "pending")]


def test_a_second_wish_of_a_person_waits_beside_the_one_that_is_active(house: House) -> None:
    subject = house.subject(EMAIL, ACTIVE)
    address = f"s{subject.number}@xa.example"
    for _ in range(2):
        assert Page(house).add(address, categories=["meetings"]) == "done"
    assert rows(house, "SELECT status FROM subscription ORDER BY id") == [("active",), ("pending",)]


def test_F2_without_a_relay_no_door_takes_an_address(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with opened_house(tmp_path_factory.mktemp("mute"), config="") as house:
        ends = [door.add("email", "lan@xa.example") for door in (Command(house), Api(house))]
        assert [*ends, Page(house).add("lan@xa.example")] == ["refused"] * 3
        page = house.client.post("/subscribe", data={"address": "lan@xa.example"}).get_data(
            as_text=True
        )
        assert "chưa gửi được thư điện tử" in page
