"""U1: a unit that stops hearing is never lost in silence, whichever way it stopped."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import text

from service.alerts.bounce import Bounce
from service.alerts.links import Purpose
from service.alerts.refusal import Kind
from service.errors import Conflict
from service.services import token_acts as tokens
from service.services import unit_acts as units
from service.services.address_acts import tell_unmailable
from service.services.alarm_acts import tell_alarms
from service.services.audit_acts import record
from service.services.bounce_acts import apply_bounce
from service.services.context import OPERATOR as OPERATOR_ACTOR
from service.services.context import Actor, ActorKind
from service.services.hearing_again import tell_returns
from service.services.loss_acts import tell_asks_nothing, tell_losses
from service.services.optin import erase
from service.services.subscription_acts import pause, resume
from service.storage.audit import AuditSubject
from service.storage.listings import know_listings
from service.storage.mails import queue_letter
from service.storage.subscriptions import NewSubscription, add_subscription
from service.storage.tokens import Role
from service.storage.units import set_place
from service.types import EMAIL, WEBHOOK, Filters, SubscriptionStatus
from service.web.app import create_app
from service.words import code_of, coded, say
from tests.fakes_doors import CONFIG, Api, Command, Desk, House, opened_house
from tests.fakes_ledger_mail import make_post, tell
from tests.fakes_web import MANAGED_AT, store_post

OPERATOR = "truc@huyen.example"
MAILED = CONFIG + f'email = "{OPERATOR}"\n'
BY_API = Actor(ActorKind.OPERATOR, coded("by.api", name="máy của huyện"))
OWN, SECOND, THIRD = "vanthu@xa.example", "chutich@xa.example", "pct@xa.example"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with opened_house(tmp_path, MAILED) as opened:
        with opened.loa.database.writing() as conn:
            conn.execute(
                text("UPDATE unit SET contacts = :c WHERE id = :id"),
                {"c": orjson.dumps([OWN, SECOND, THIRD]).decode(), "id": opened.unit_id},
            )
        yield opened


def subscribe(house: House, address: str = OWN, unit_id: str | None = "own") -> str:
    new = NewSubscription(
        EMAIL,
        address,
        house.loa.clock(),
        language="vi",
        unit_id=house.unit_id if unit_id == "own" else unit_id,
        is_confirmed=True,
    )
    with house.loa.database.writing() as conn:
        return add_subscription(conn, new).id


def letters(house: House) -> dict[str, dict[str, Any]]:
    """The letters of losses that wait, by address."""
    tell_losses(house.loa.database, house.loa)
    with house.loa.database.reading() as conn:
        bodies = conn.execute(
            text("SELECT body FROM message WHERE group_key LIKE 'letter:loss:%' ORDER BY id")
        ).scalars()
        return {body["address"]: body for body in map(orjson.loads, bodies)}


def said(letter: dict[str, Any], language: str = "vi") -> str:
    words = [letter["subject"], *letter["paragraphs"]]
    return "\n".join(say(one, language) for one in words)


def status(house: House, key: str) -> str:
    with house.loa.database.reading() as conn:
        query = text("SELECT status FROM subscription WHERE id = :id")
        return str(conn.execute(query, {"id": key}).scalar_one())


def manage(house: House, key: str, **form: str) -> str:
    path = f"/manage/{house.loa.links.token(Purpose.MANAGE, key, MANAGED_AT)}"
    return house.client.post(path, data={"id": key, **form}).get_data(as_text=True)


def by_one_click(house: House, key: str) -> None:
    path = f"/unsubscribe/{house.loa.links.token(Purpose.UNSUBSCRIBE, key)}"
    form = {"List-Unsubscribe": "One-Click"}
    assert house.client.post(path, data=form).status_code == 200


def by_page(house: House, key: str) -> None:
    manage(house, key, action="remove", sure="1")


def by_pause(house: House, key: str) -> None:
    manage(house, key, action="pause", sure="1")


def by_api(house: House, key: str) -> None:
    head = Api(house, is_unit=True).head
    assert house.client.delete(f"/api/v1/subscriptions/{key}", headers=head).status_code == 204


def by_bounce(kind: Kind) -> Callable[[House, str], None]:
    def bounce(house: House, key: str) -> None:
        with house.loa.database.writing() as conn:
            tell(conn, make_post(conn, house.loa.clock()), house.loa.clock())
            message = conn.execute(text("SELECT id FROM message WHERE channel = 'email'")).scalar()
            assert apply_bounce(conn, Bounce(kind, message, "x"), house.loa.clock()) == 1

    return bounce


WAYS = {
    "one click": by_one_click,
    "page": by_page,
    "pause": by_pause,
    "api": by_api,
    "dead": by_bounce(Kind.HARD),
    "complaint": by_bounce(Kind.COMPLAINT),
}


@pytest.mark.parametrize("way", WAYS)
def test_U1_whichever_way_a_unit_stops_the_operator_and_the_other_contacts_are_told_once(
    house: House, way: str
) -> None:
    key = subscribe(house)
    assert letters(house) == {}
    WAYS[way](house, key)
    told = letters(house)
    assert set(told) == {OPERATOR, SECOND, THIRD}
    for address, letter in told.items():
        for language in ("vi", "en"):
            words = said(letter, language)
            assert "UBND xã Quảng Ninh" in words and OWN in words
            assert "loss." not in words and "?" not in words
        assert code_of(letter["paragraphs"][1]) == "loss.none_left"
        assert (letter["button"] is None) == (address == OPERATOR)
    assert "loa subscription" in said(told[OPERATOR])
    with house.loa.database.reading() as conn:
        count = conn.execute(
            text("SELECT count(*) FROM message WHERE group_key LIKE 'letter:loss:%'")
        ).scalar_one()
    assert (count, tell_losses(house.loa.database, house.loa)) == (3, 0)


def test_U1_a_channel_that_is_left_is_named(house: House) -> None:
    key, _ = subscribe(house), subscribe(house, SECOND)
    by_one_click(house, key)
    left = letters(house)[OPERATOR]["paragraphs"][1]
    assert code_of(left) == "loss.left" and SECOND in left


@pytest.mark.parametrize("act", ["pause", "remove"])
def test_U1_what_the_operator_does_is_told_to_the_contacts_alone(house: House, act: str) -> None:
    key = subscribe(house)
    assert Desk(house).post(f"subscriptions/{key}/{act}") == "done"
    assert set(letters(house)) == {SECOND, THIRD}


@pytest.mark.parametrize("by", [None, "a unit", "the operator"])
def test_U1_who_was_told_that_a_channel_stopped_hears_that_it_is_resumed(
    house: House, by: str | None
) -> None:
    key = subscribe(house)
    database, ctx = house.loa.database, house.loa
    with database.writing() as conn:
        pause(conn, ctx, key, BY_API)
    if by is not None:
        letters(house)
    with database.writing() as conn:
        resume(conn, ctx, key, OPERATOR_ACTOR if by == "the operator" else BY_API)
    assert [tell_returns(database, ctx) for _ in range(2)] == [by is not None, 0]
    with database.reading() as conn:
        query = text("SELECT body FROM message WHERE group_key LIKE 'letter:%again:%'")
        told = {one["address"]: one for one in map(orjson.loads, conn.execute(query).scalars())}
    wanted = {None: set(), "a unit": {OPERATOR, OWN, SECOND, THIRD}}
    assert set(told) == wanted.get(by, {OWN, SECOND, THIRD})
    for one in told.values():
        assert "lại nhận tin qua" in said(one) and "{" not in said(one, "en")


def test_what_is_nobodys_or_was_never_confirmed_is_no_loss(house: House) -> None:
    by_one_click(house, subscribe(house, unit_id=None))
    new = NewSubscription(EMAIL, OWN, house.loa.clock(), language="vi", unit_id=house.unit_id)
    with house.loa.database.writing() as conn:
        key = add_subscription(conn, new).id
    by_one_click(house, key)
    assert letters(house) == {}


def test_U1_whoever_heard_for_a_unit_that_is_removed_hears_that_it_ends_and_begins_again(
    house: House,
) -> None:
    subscribe(house, "khac@xa.example")
    head, path = Api(house).head, f"/api/v1/units/{house.unit_id}"
    assert house.client.delete(path, headers=head).status_code == 204
    told = letters(house)
    assert set(told) == {OPERATOR, OWN, SECOND, THIRD, "khac@xa.example"}
    assert all("UBND xã Quảng Ninh đã được gỡ" in said(one) for one in told.values())
    assert all("API: huyện" in said(one) for one in told.values())
    assert "/admin/units" in said(told[OPERATOR]) and OPERATOR in said(told[OWN])
    assert Desk(house).post(f"units/{house.unit_id}/restore") == "done"
    again = letters(house)
    assert "đã được khôi phục" in said(again[SECOND]) and "khac@xa.example" in said(again[OWN])
    assert again[OPERATOR] == told[OPERATOR], "who did it at the desk"


def returned(house: House, address: str, kind: Kind = Kind.HARD) -> None:
    """A letter to an address comes back."""
    now = house.loa.clock()
    with house.loa.database.writing() as conn:
        facts = {"now": now, "language": "vi", "subject": "late.subject", "paragraphs": []}
        key = f"remind:{address}"
        message = queue_letter(conn, key=key, address=address, **facts)  # type: ignore[arg-type]
        apply_bounce(conn, Bounce(kind, message, "x"), now)


def test_U1_a_contact_whose_mail_comes_back_is_told_to_the_others_and_the_operator(
    house: House,
) -> None:
    subscribe(house)
    returned(house, SECOND.upper())
    returned(house, OWN)  # a subscription too: suspended, and told as that
    for _ in range(2):
        told = letters(house)
    assert set(told) == {OPERATOR, OWN, SECOND, THIRD}
    with house.loa.database.reading() as conn:
        query = text("SELECT body FROM message WHERE group_key LIKE 'letter:loss:%:dead:%'")
        dead = [orjson.loads(body) for body in conn.execute(query).scalars()]
    assert {one["address"] for one in dead} == {OPERATOR, OWN, THIRD}, "once each"
    (to_operator,) = [one for one in dead if one["address"] == OPERATOR]
    assert f"loa unit edit {house.unit_id} --remove-contact {SECOND}" in said(to_operator)
    assert SECOND in said(dead[0]) and "thư bị trả lại" in said(dead[0])


def test_promise_6_that_the_operators_own_mail_comes_back_is_seen_where_no_mail_is_needed(
    house: House,
) -> None:
    warned = house.client.get("/readyz").json["warnings"]
    assert not any("operator.email" in one for one in warned)
    returned(house, OPERATOR)
    client = create_app(house.loa).test_client()
    assert any("operator.email comes back" in one for one in client.get("/readyz").json["warnings"])
    assert "operator.email comes back" in house.terminal.run("check", "--offline", code=None).output
    assert 'loa_alarms{kind="no_operator"} 1.0' in client.get("/metrics").text
    assert all("operator.email" not in said(one) for one in letters(house).values())


def test_U1_many_dead_addresses_of_one_provider_at_once_are_about_us(house: House) -> None:
    edit(house, contacts=[f"c{n}@xa.example" for n in range(7)])
    before = set(letters(house))
    for n in range(7):
        returned(house, f"c{n}@xa.example")
    assert set(letters(house)) == before


def test_U1_an_address_that_no_relay_can_be_given_is_suspended_and_told(house: House) -> None:
    key = subscribe(house)
    bad = "van thu@xa..example"
    with house.loa.database.writing() as conn:
        conn.execute(text("UPDATE subscription SET target = :bad, target_key = :bad"), {"bad": bad})
        contacts = orjson.dumps([f"2 {bad}", SECOND]).decode()
        conn.execute(text("UPDATE unit SET contacts = :c"), {"c": contacts})
    assert [tell_unmailable(house.loa.database, house.loa) for _ in range(2)] == [2, 0]
    assert status(house, key) == "suspended"
    letters(house)
    with house.loa.database.reading() as conn:
        query = text("SELECT body FROM message WHERE group_key LIKE 'letter:loss:%' ORDER BY id")
        words = {(one["address"], bad in said(one)) for one in map(orjson.loads,
                 conn.execute(query).scalars())}  # fmt: skip
        assert [unit.id for unit in units.deaf_units(conn, house.loa)] == [house.unit_id]
    assert words == {(OPERATOR, True), (SECOND, True), (f"2 {bad}", True)}


def test_promise_6_what_asks_for_nothing_that_is_there_is_told_everywhere(house: House) -> None:
    loa, asks = house.loa, {
        "a lost file": Filters(portals=("mat",)), "another": Filters(portals=("mat", "quangxuong")),
        "a category": Filters(categories=("thong-bao-cu",)), "a place": Filters(places=("xa-cu-1",)),
        "known": Filters(portals=("quangxuong",), categories=("directives",)),
    }  # fmt: skip
    keys = {}
    with loa.database.writing() as conn:
        for name, filters in asks.items():
            new = NewSubscription(EMAIL, OWN, loa.clock(), language="vi", unit_id=house.unit_id,
                                  filters=filters, is_confirmed=True)  # fmt: skip
            keys[name] = add_subscription(conn, new).id
        for portal in ("cu", "quangxuong", "go"):
            know_listings(conn, [(portal, "https://x.example/")], loa.clock())
        now = int(loa.clock().timestamp() * 1e6)
        conn.execute(text("UPDATE listing SET last_polled_at = :now"), {"now": now})
        subject = AuditSubject("go", "Gỡ", {})
        record(conn, loa.clock(), "act.portal_remove", "portal", "go", subject, {})
    alarms = {one.key for one in tell_alarms(loa.database, loa)}
    assert alarms == {
        "lost_name:portals:mat", "lost_name:categories:thong-bao-cu", "lost_name:places:xa-cu-1",
        "lost_portal:cu",
    }  # fmt: skip
    assert [tell_asks_nothing(loa.database, loa) for _ in range(2)] == [9, 0]
    warned = "\n".join(house.client.get("/readyz").get_json()["warnings"])
    found = house.terminal.run("check", "--offline", code=None).output
    for shown in (warned, found):
        assert all(one in shown for one in ("'mat'", "'thong-bao-cu'", "'xa-cu-1'", "portal cu"))
        assert "portal go" not in shown and "directives" not in shown
    assert keys["another"] in found and keys["known"] not in found


def test_U1_a_unit_that_is_removed_by_command_is_told_to_its_own(house: House) -> None:
    subscribe(house)
    with house.loa.database.writing() as conn:
        units.remove(conn, house.loa, house.unit_id)
    assert set(letters(house)) == {OWN, SECOND, THIRD}


def test_U1_without_a_relay_nobody_is_written_to_and_that_is_shown(tmp_path: Path) -> None:
    with opened_house(tmp_path, CONFIG.replace("smtp://127.0.0.1:9", "")) as house:
        key = subscribe(house)
        warned = "\n".join(house.client.get("/readyz").get_json()["warnings"])
        assert "mail: 1 subscriptions by mail wait" in warned and "hear by no channel" in warned
        found = house.terminal.run("check", "--offline", code=None).output
        assert "email.smtp_url is empty" in found and "hears by no channel" in found
        post = store_post(house.loa, 1)
        assert Desk(house).post("units", name="") == "refused"  # signs in
        for path in ("", "receipts/", f"receipts/{post.id}", f"units/{house.unit_id}"):
            page = house.client.get(f"/admin/{path}").text
            assert "Thư không đến được ai" in page and "email.smtp_url còn trống" in page, path
        assert "không có kênh nhận tin" in house.client.get(f"/admin/receipts/{post.id}").text
        assert "Đơn vị không có kênh nhận tin nào hoạt động" in page
        metrics = house.client.get("/metrics").text
        assert 'loa_alarms{kind="no_mail"} 1.0' in metrics
        by_one_click(house, key)
        tell_losses(house.loa.database, house.loa)
        assert letters(house) == {}


def test_U1_a_page_asks_again_before_a_unit_asks_for_less_and_everybody_is_told(
    house: House,
) -> None:
    key = subscribe(house)
    less = {"category": "news", "frequency": "weekly"}
    page = manage(house, key, action="edit", **less)
    assert "UBND xã Quảng Ninh" in page and 'name="category" value="news"' in page
    assert letters(house) == {}
    manage(house, key, action="edit", sure="1", **less)
    told = letters(house)
    assert set(told) == {OPERATOR, OWN, SECOND, THIRD}
    for to, letter in told.items():
        words = said(letter)
        assert "UBND xã Quảng Ninh" in words and "mọi tin" in words and "Tin tức" in words
        assert "mỗi tuần" in words and "bằng liên kết trong thư" in words
        assert (f"loa subscription edit {key}" in words) is (to == OPERATOR)
        assert (letter["button"] is None) is (to == OPERATOR), "a way back"
    manage(house, key, action="edit", sure="1", frequency="daily")  # as before, and more
    assert len(letters(house)) == 4
    own = subscribe(house, "lan@xa.example", unit_id=None)
    manage(house, own, action="edit", **less)
    assert len(letters(house)) == 4, "a person's own is nobody else's"


def test_U1_a_webhook_that_moves_where_nobody_has_confirmed_yet_is_told(house: House) -> None:
    sub = house.subject(WEBHOOK, SubscriptionStatus.ACTIVE, unit_id=house.unit_id)
    body = {"target": "https://moi.example/loa"}
    for is_unit in (True, False):
        head = Api(house, is_unit=is_unit).head
        path = f"/api/v1/subscriptions/{sub.id}"
        assert house.client.patch(path, json=body, headers=head).status_code == 200
    told = letters(house)
    assert set(told) == {OPERATOR, OWN, SECOND, THIRD}
    words = said(told[SECOND])
    assert "https://moi.example/loa" in words and "văn thư" in words
    assert code_of(told[SECOND]["paragraphs"][2]) == "loss.none_left"


@pytest.mark.parametrize("act", ["pause", "remove"])
def test_U1_a_page_asks_again_and_names_the_unit_before_it_stops(house: House, act: str) -> None:
    key = subscribe(house)
    page = manage(house, key, action=act)
    assert "UBND xã Quảng Ninh" in page and status(house, key) == "active"
    manage(house, key, action=act, sure="1")
    assert status(house, key) == {"pause": "paused", "remove": "removed"}[act]
    path = f"/unsubscribe/{house.loa.links.token(Purpose.UNSUBSCRIBE, key)}"
    assert "UBND xã Quảng Ninh" in house.client.get(path).get_data(as_text=True)


def test_a_persons_own_stops_at_the_first_press(house: House) -> None:
    key = subscribe(house, "lan@xa.example", unit_id=None)
    manage(house, key, action="pause")
    assert status(house, key) == "paused"


def test_U1_an_address_of_a_unit_is_erased_by_the_operator_alone(house: House) -> None:
    key, private = subscribe(house), subscribe(house, OWN, unit_id=None)
    page = manage(house, key, action="erase", sure="1")
    assert "UBND xã Quảng Ninh" in page
    assert (status(house, key), status(house, private)) == ("active", "removed")
    told = letters(house)
    assert set(told) == {OPERATOR, SECOND, THIRD}
    assert f"loa erase {OWN}" in said(told[OPERATOR]) and OWN in said(told[SECOND])
    manage(house, key, action="erase", sure="1")
    assert len(letters(house)) == 3
    with house.loa.database.writing() as conn:
        erase(conn, house.loa, OWN)
    assert status(house, key) == "removed"
    with house.loa.database.reading() as conn:
        gone = conn.execute(
            text("SELECT count(*) FROM message WHERE group_key LIKE 'letter:loss:%:erased:%'")
        ).scalar_one()
        assert gone == 2 and OWN not in str(conn.execute(text("SELECT contacts FROM unit")).all())


def test_U1_a_contact_that_is_taken_off_and_a_token_that_is_revoked_are_told(house: House) -> None:
    loa = house.loa
    with loa.database.writing() as conn:
        facts = units.parse_unit(
            loa, name="UBND xã Quảng Ninh", place="quang-ninh-16540", contacts=(SECOND, THIRD)
        )
        assert units.put(conn, loa, facts) == "updated"
    told = letters(house)
    assert set(told) == {SECOND, THIRD} and OWN in said(told[SECOND])
    with loa.database.writing() as conn:
        _, token = tokens.create(
            conn, loa, name="văn thư", role=Role.UNIT, unit="UBND xã Quảng Ninh"
        )
        tokens.revoke(conn, loa, token.id)
        tokens.revoke(conn, loa, token.id)
    assert "văn thư" in said(letters(house)[SECOND])
    with loa.database.writing() as conn:
        _, last = tokens.create(conn, loa, name="x", role=Role.UNIT, unit=house.unit_id)
        units.remove(conn, loa, house.unit_id)
        tokens.revoke(conn, loa, last.id)


def edit(house: House, by: Actor = OPERATOR_ACTOR, **changes: Any) -> None:
    with house.loa.database.writing() as conn:
        units.edit(conn, house.loa, house.unit_id, units.UnitChanges(**changes), by)


def test_U1_whoever_stays_hears_who_came_and_went_in_one_letter_and_what_is_left(
    house: House,
) -> None:
    subscribe(house, SECOND)
    edit(house, by=BY_API, add_contacts=["moi@xa.example"], remove_contacts=[OWN])
    told = letters(house)
    assert set(told) == {SECOND, THIRD, "moi@xa.example", OPERATOR}
    for address in (SECOND, "moi@xa.example"):
        words = said(told[address])
        assert OWN in words and "moi@xa.example" in words and "máy của huyện" in words
        assert SECOND in words, "by what the unit still hears"
    assert f"loa unit edit {house.unit_id}" in said(told[OPERATOR])
    assert OWN in say(told[SECOND]["subject"], "vi")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": "UBND xã Ninh Quảng"}, ("UBND xã Quảng Ninh", "UBND xã Ninh Quảng")),
        ({"place": "quang-ninh-16540"}, ("Địa bàn", "–", "Quảng Ninh")),
        ({"contacts": [THIRD, SECOND, OWN]}, (f"{THIRD}, {SECOND}, {OWN}",)),
    ],
)
def test_U2_a_unit_that_is_renamed_or_moved_hears_it_and_the_operator_who_did_it_does_not(
    house: House, changes: dict[str, Any], words: tuple[str, ...]
) -> None:
    edit(house, **changes)
    told = letters(house)
    assert set(told) == {OWN, SECOND, THIRD}
    assert all(word in said(told[OWN]) for word in words)
    before = len(told)
    edit(house, **changes)
    assert len(letters(house)) == before, "what is so already is told to nobody"


def test_U2_a_unit_that_follows_its_commune_hears_it(house: House) -> None:
    with house.loa.database.writing() as conn:
        set_place(conn, house.unit_id, "quang-hai-16540-cu")
    for _ in range(2):
        house.terminal.run("unit", "succeed", "--district", "Quảng Xương", "--apply")
        told = letters(house)
        assert set(told) == {OWN, SECOND, THIRD}
    assert "Quảng Hải" in said(told[OWN]) and "Quảng Ninh" in said(told[OWN])


def test_U2_a_place_that_no_list_knows_any_more_is_named_by_its_id(house: House) -> None:
    with house.loa.database.writing() as conn:
        conn.execute(text("UPDATE unit SET place = 'xa-cu-1'"))
    edit(house, name="UBND xã Ninh Quảng")
    edit(house, has_no_place=True)
    with house.loa.database.reading() as conn:
        bodies = conn.execute(text("SELECT body FROM message")).scalars().all()
    assert any("xa-cu-1" in body for body in bodies)


def test_U2_a_renamed_unit_keeps_what_it_was_owed_and_a_name_that_is_taken_is_refused(
    house: House,
) -> None:
    key = subscribe(house)
    edit(house, name="UBND xã Ninh Quảng")
    with house.loa.database.writing() as conn:
        kept = conn.execute(text("SELECT unit_id FROM subscription WHERE id = :k"), {"k": key})
        assert kept.scalar_one() == house.unit_id
        facts = units.parse_unit(house.loa, name="UBND xã Quảng Ninh", place=None, contacts=())
        other = units.add(conn, house.loa, facts)
        with pytest.raises(Conflict, match="UBND xã Ninh Quảng"):
            units.edit(
                conn, house.loa, other.id, units.UnitChanges(name="UBND xã Ninh Quảng"),
                OPERATOR_ACTOR,
            )  # fmt: skip


def test_U1_a_contact_asks_the_subscription_back_and_its_address_is_asked(house: House) -> None:
    key = subscribe(house)
    by_one_click(house, key)
    purpose, subject, _ = letters(house)[SECOND]["button"]
    path = f"/{purpose}/{house.loa.links.token(Purpose(purpose), *subject)}"
    page = house.client.get(path).get_data(as_text=True)
    assert "UBND xã Quảng Ninh" in page and OWN in page
    for _ in range(2):
        assert house.client.post(path).status_code == 200
    with house.loa.database.reading() as conn:
        found = conn.execute(
            text("SELECT status, target, unit_id FROM subscription WHERE status <> 'removed'")
        ).all()
        asked = conn.execute(
            text("SELECT count(*) FROM message WHERE group_key LIKE 'letter:optin:%'")
        ).scalar_one()
    assert [tuple(row) for row in found] == [("pending", OWN, house.unit_id)] and asked == 1


def test_a_link_to_restore_ends_and_restores_nothing_that_was_erased(house: House) -> None:
    key = subscribe(house)
    links, now = house.loa.links, house.loa.clock()
    late = str(int((now - timedelta(days=31)).timestamp() * 1_000_000))
    assert (
        house.client.get(f"/restore/{links.token(Purpose.RESTORE, key, late)}").status_code == 404
    )
    private = subscribe(house, "lan@xa.example", unit_id=None)
    fresh = str(int(now.timestamp() * 1_000_000))
    path = f"/restore/{links.token(Purpose.RESTORE, private, fresh)}"
    assert house.client.post(path).status_code == 404
    with house.loa.database.writing() as conn:
        erase(conn, house.loa, OWN)
    path = f"/restore/{links.token(Purpose.RESTORE, key, fresh)}"
    assert house.client.post(path).status_code == 404


def test_U1_a_manage_link_ends_after_90_days_and_is_renewed_by_mail_once_a_day(
    house: House,
) -> None:
    key, now = subscribe(house), house.loa.clock()
    for days, is_good in ((89, True), (91, False), (None, False)):
        made = [] if days is None else [str(int((now - timedelta(days=days)).timestamp() * 1e6))]
        path = f"/manage/{house.loa.links.token(Purpose.MANAGE, key, *made)}"
        assert ("90 ngày" in house.client.get(path).get_data(as_text=True)) is not is_good
    for action in ("renew", "remove"):
        assert house.client.post(path, data={"id": key, "action": action}).status_code == 200
    assert status(house, key) == "active"
    with house.loa.database.reading() as conn:
        (body,) = conn.execute(
            text("SELECT body FROM message WHERE group_key LIKE 'letter:manage:%'")
        ).scalars()
    letter = orjson.loads(body)
    assert letter["address"] == OWN
    purpose, subject, _ = letter["button"]
    path = f"/{purpose}/{house.loa.links.token(Purpose(purpose), *subject)}"
    assert key in house.client.get(path).get_data(as_text=True)


def test_a_webhook_that_is_removed_has_no_button_and_the_command_that_adds_it(
    house: House,
) -> None:
    subject = house.subject(WEBHOOK, SubscriptionStatus.ACTIVE, unit_id=house.unit_id)
    head = Api(house, is_unit=True).head
    house.client.delete(f"/api/v1/subscriptions/{subject.id}", headers=head)
    told = letters(house)
    assert set(told) == {OPERATOR, OWN, SECOND, THIRD}
    assert told[OWN]["button"] is None and OPERATOR in said(told[OWN])
    assert "loa subscription add webhook" in said(told[OPERATOR])


def test_what_the_command_line_removes_is_the_operators_own_doing(house: House) -> None:
    key = subscribe(house)
    assert Command(house).run("subscription", "remove", key) == "done"
    assert OPERATOR not in letters(house)


def test_U1_a_unit_without_a_channel_is_seen_on_the_board_and_by_every_watch(house: House) -> None:
    key, now = subscribe(house), house.loa.clock()
    post = store_post(house.loa, 1)
    words = "hears by no channel"

    def seen() -> list[bool]:
        Desk(house).post("units", name="")
        head = {**Api(house).head, "Accept-Language": "en"}
        line = house.client.get(f"/api/v1/receipts?post={post.id}", headers=head).json["items"][0]
        board = house.client.get(f"/admin/receipts/{post.id}").get_data(as_text=True)
        ready = house.client.get("/readyz").json["warnings"]
        house.loa.clock = lambda: now + timedelta(minutes=1 + len(looks))
        return [
            not line["has_channel"],
            "không có kênh nhận tin" in board,
            any("hear by no channel: UBND xã Quảng Ninh" in one for one in ready),
            words in house.terminal.run("check", "--offline").stdout,
        ]

    looks: list[list[bool]] = []
    looks.append(seen())
    by_one_click(house, key)
    looks.append(seen())
    subscribe(house, SECOND)
    looks.append(seen())
    assert looks == [[False] * 4, [True] * 4, [False] * 4]


def test_without_an_operator_the_other_contacts_alone_hear_that_erasure_is_asked(
    tmp_path: Path,
) -> None:
    with opened_house(tmp_path) as house:
        with house.loa.database.writing() as conn:
            contacts = orjson.dumps([OWN, SECOND]).decode()
            conn.execute(text("UPDATE unit SET contacts = :c"), {"c": contacts})
        manage(house, subscribe(house), action="erase", sure="1")
        assert set(letters(house)) == {SECOND}


def test_where_no_receipts_are_asked_for_no_unit_is_called_deaf(tmp_path: Path) -> None:
    with opened_house(tmp_path, CONFIG + "[receipts]\ncategories = []\n") as house:
        warnings = house.client.get("/readyz").json["warnings"]
        assert not any("hear by no channel" in one for one in warnings)
