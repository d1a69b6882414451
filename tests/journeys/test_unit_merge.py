"""U2: a unit that became part of another: what it has follows, nothing is told twice, and its past
stands under its own name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import text

from service.alerts.links import Purpose
from service.alerts.match import join_filters
from service.services.loss_acts import tell_losses
from service.services.merge_acts import merge
from service.services.reminders import remind
from service.services.unit_acts import remove
from service.storage.queue import claim_due
from service.storage.receipts import Receipt, is_owed, list_receipts, write_acknowledgement
from service.storage.subscriptions import NewSubscription, add_subscription, get_subscription
from service.storage.tokens import create_token, select_token
from service.storage.units import add_unit, get_unit
from service.text import LOCAL as ZONE
from service.types import (
    EMAIL,
    WEBHOOK,
    ChangeType,
    Channel,
    Filters,
    Frequency,
    Post,
    SubscriptionStatus,
    Unit,
)
from service.words import say
from tests.fakes_doors import CONFIG, Api, Command, Desk, House, opened_house
from tests.fakes_ledger_mail import tell
from tests.fakes_web import store_post

OPERATOR = "truc@huyen.example"
MAILED = CONFIG + f'email = "{OPERATOR}"\n'
OLD, NEW = "UBND xã Quảng Hải", "UBND xã Quảng Hùng"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with opened_house(tmp_path, MAILED) as opened:
        yield opened


def unit(house: House, name: str, *contacts: str) -> Unit:
    with house.loa.database.writing() as conn:
        return add_unit(conn, name=name, at=house.loa.clock(), contacts=contacts)


def two(house: House) -> tuple[Unit, Unit]:
    return unit(house, OLD, "hai@xa.example", "chung@xa.example"), unit(
        house, NEW, "hung@xa.example", "CHUNG@xa.example"
    )


def subscribe(house: House, whose: Unit, channel: Channel, target: str, **more: Any) -> str:
    is_hook = channel == WEBHOOK
    secret = house.loa.secret_box.encrypt("whsec_" + "A" * 32) if is_hook else None
    new = NewSubscription(
        channel, target, house.loa.clock(), language="vi", unit_id=whose.id, secret=secret,
        **{"is_confirmed": True, **more},
    )  # fmt: skip
    with house.loa.database.writing() as conn:
        return add_subscription(conn, new).id


def publish(house: House) -> Post:
    post = store_post(house.loa, 1)
    with house.loa.database.writing() as conn:
        tell(conn, post, house.loa.clock())
    return post


def merged(house: House, one: str = OLD, into: str = NEW) -> None:
    with house.loa.database.writing() as conn:
        merge(conn, house.loa, one, into)


def took(house: House, whose: Unit, post: Post, by: str = "") -> None:
    with house.loa.database.writing() as conn:
        write_acknowledgement(
            conn, post_id=post.id, revision=1, unit_id=whose.id, at=house.loa.clock(), by=by,
            note="", via="link",
        )  # fmt: skip


def board(house: House) -> dict[str, Receipt]:
    with house.loa.database.reading() as conn:
        post_id = conn.execute(text("SELECT id FROM post")).scalar_one()
        return {line.unit_name: line for line in list_receipts(conn, post_id)}


def status(house: House, key: str) -> str:
    with house.loa.database.reading() as conn:
        return get_subscription(conn, key).status.value


def letters(house: House, like: str) -> list[dict[str, Any]]:
    with house.loa.database.reading() as conn:
        query = text("SELECT body FROM message WHERE group_key LIKE :like ORDER BY id")
        return [orjson.loads(one) for one in conn.execute(query, {"like": like}).scalars()]


# --- every door ---------------------------------------------------------------------------------


def by_command(house: House, one: str, into: str) -> str:
    return Command(house).run("unit", "merge", one, into)


def by_api(house: House, one: str, into: str) -> str:
    path, head = f"/api/v1/units/{one}/merge", Api(house).head
    answer = house.client.post(path, json={"into": into}, headers=head)
    return "done" if answer.status_code == 200 else "refused"


def by_desk(house: House, one: str, into: str) -> str:
    return Desk(house).post(f"units/{one}/merge", into=into)


DOORS = {"command": by_command, "api": by_api, "desk": by_desk}


def test_U2_a_merge_ends_alike_by_every_door(house: House) -> None:
    ends = {}
    for name, door in DOORS.items():
        old, new = unit(house, f"A {name}", "a@xa.example"), unit(house, f"B {name}")
        key = subscribe(house, old, EMAIL, f"{name}@xa.example")
        refused = [door(house, old.id, old.id), door(house, old.id, "nobody"), door(house, "x", "")]
        assert refused == ["refused"] * 3, name
        verdict, again = door(house, old.id, new.id), door(house, old.id, new.id)
        with house.loa.database.reading() as conn:
            kept = get_unit(conn, new.id).contacts, get_subscription(conn, key).unit_id == new.id
        told = [
            (one["address"], *one["paragraphs"][-1:])
            for one in letters(house, f"%merged:{old.id}%")
        ]
        ends[name] = (verdict, again, kept, [address for address, _ in told])
    assert set(map(repr, ends.values())) == {
        repr(("done", "refused", (("a@xa.example",), True), ["a@xa.example"]))
    }


def test_U2_the_desk_asks_before_it_merges_and_says_what_follows(house: House) -> None:
    old, _ = two(house)
    subscribe(house, old, EMAIL, "hai@xa.example")
    Desk(house).post("nothing")
    page = house.client.get(f"/admin/units/{old.id}/merge").get_data(as_text=True)
    assert OLD in page and NEW in page and "hai@xa.example" in page
    assert "/merge" in house.client.get("/admin/units").get_data(as_text=True)


# --- what follows -------------------------------------------------------------------------------


def test_U2_subscriptions_contacts_tokens_and_what_is_open_follow(house: House) -> None:
    old, new = two(house)
    key = subscribe(house, old, EMAIL, "hai@xa.example")
    with house.loa.database.writing() as conn:
        words, _ = create_token(conn, name="hệ thống", unit_id=old.id, at=house.loa.clock())
    post = publish(house)
    assert board(house)[OLD].state.value == "owed"
    merged(house)
    line = board(house)[NEW]
    assert (line.state.value, line.has_channel) == ("owed", True) and OLD not in board(house)
    assert line.contacts == ("hung@xa.example", "CHUNG@xa.example", "hai@xa.example")
    with house.loa.database.reading() as conn:
        assert get_subscription(conn, key).unit_id == new.id and is_owed(conn, post.id, new.id)
        token = select_token(conn, words, house.loa.clock())
        assert token is not None and token.unit_id == new.id
    path = f"/receipts/{house.loa.links.token(Purpose.RECEIPT, post.id, '1', old.id)}"
    assert NEW in house.client.get(path).get_data(as_text=True)
    assert house.client.post(path, data={"by": "Lan"}).status_code == 200
    assert board(house)[NEW].state.value == "acknowledged"


def test_U2_what_was_acknowledged_stands_under_its_own_name_marked(house: House) -> None:
    old, new = two(house)
    subscribe(house, old, EMAIL, "hai@xa.example")
    post = publish(house)
    took(house, old, post, by="Lan")
    merged(house)
    lines = board(house)
    assert (lines[OLD].is_removed, lines[OLD].merged_into, lines[OLD].by) == (True, NEW, "Lan")
    assert (lines[NEW].state.value, lines[NEW].by) == ("acknowledged", f"Lan ({OLD})")
    csv = house.terminal.run("receipt", "list", post.id).stdout
    assert f"merged into {NEW}" in csv
    Desk(house).post("nothing")
    for path in ("", ".csv", "/proof"):
        answer = house.client.get(f"/admin/receipts/{post.id}{path}")
        page = re.sub("<[^>]*>", "", answer.get_data(as_text=True))
        assert f"nhập vào {NEW}" in page, path
    merged(house, NEW, "UBND xã Quảng Ninh")
    assert board(house)[NEW].merged_into == "UBND xã Quảng Ninh"
    path = f"/receipts/{house.loa.links.token(Purpose.RECEIPT, post.id, '1', old.id)}"
    assert "UBND xã Quảng Ninh" in house.client.get(path).get_data(as_text=True)
    assert new.id != old.id


ORDERS = [("a", "b"), ("b", "a")]


@pytest.mark.parametrize("order", ORDERS)
def test_U2_a_successor_owes_while_any_unit_it_is_made_of_did_not_acknowledge(
    house: House, order: tuple[str, str]
) -> None:
    new = unit(house, NEW)
    units = {name: unit(house, name) for name in "ab"}
    for name, one in units.items():
        subscribe(house, one, EMAIL, f"{name}@xa.example")
    post = publish(house)
    took(house, units["a"], post)
    for name in order:
        merged(house, name)
    assert board(house)[NEW].state.value == "owed"
    took(house, new, post)
    assert board(house)[NEW].via == "link"


def test_U2_a_successor_that_was_owed_it_itself_is_still_asked(house: House) -> None:
    old, new = two(house)
    subscribe(house, old, EMAIL, "hai@xa.example")
    subscribe(house, new, EMAIL, "hung@xa.example")
    post = publish(house)
    took(house, old, post)
    merged(house)
    assert board(house)[NEW].state.value == "owed"


def a_morning_later(now: datetime) -> datetime:
    """Ten o'clock of a working day that is a week away or more, when offices are reminded."""
    days = (now.astimezone(ZONE) + timedelta(days=n) for n in range(8, 11))
    return next(day.replace(hour=10) for day in days if day.weekday() < 5)


@pytest.mark.parametrize("act", [merge, None])
def test_U2_a_unit_that_is_gone_is_reminded_of_nothing(house: House, act: Any) -> None:
    clock = house.loa.clock
    old, _ = two(house)
    subscribe(house, old, EMAIL, "hai@xa.example")
    post = publish(house)
    took(house, old, post)
    with house.loa.database.writing() as conn:
        conn.execute(text("UPDATE post SET revision = 2"))
        tell(conn, replace(post, revision=2), clock(), ChangeType.UPDATED)
        if act is None:
            remove(conn, house.loa, old.id)
        else:
            merge(conn, house.loa, old.id, NEW)
    house.loa.clock = lambda: a_morning_later(clock())
    remind(house.loa.database, house.loa)
    asked = [one["address"] for one in letters(house, "letter:remind%")]
    assert asked == ([] if act is None else ["hung@xa.example"])


# --- nothing twice ------------------------------------------------------------------------------

BOTH = {"webhook": (WEBHOOK, "https://mot.example/loa"), "email": (EMAIL, "mot@xa.example")}


def claimed(house: House, channel: Channel) -> int:
    with house.loa.database.writing() as conn:
        return len(
            claim_due(conn, channel=channel, now=house.loa.clock(), limit=50, lease_s=30,)
        )  # fmt: skip


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize("when", ["before", "after"])
def test_U2_what_both_heard_by_one_channel_is_sent_once(house: House, kind: str, when: str) -> None:
    old, new = two(house)
    channel, target = BOTH[kind]
    own = subscribe(house, old, channel, target)
    other = subscribe(house, new, channel, target)
    if when == "before":
        publish(house)
    merged(house)
    if when == "after":
        publish(house)
    assert (status(house, own), status(house, other)) == ("removed", "active")
    with house.loa.database.reading() as conn:
        due = conn.execute(
            text("SELECT count(*) FROM message WHERE state = 'due' AND channel = :c"
                 " AND group_key NOT LIKE 'letter:%'"), {"c": channel}
        ).scalar_one()  # fmt: skip
    assert due == 1 and claimed(house, channel) >= 1
    tell_losses(house.loa.database, house.loa)
    assert letters(house, "letter:loss:%") == []
    said = [say(one, "vi") for one in letters(house, "%merged:%")[0]["paragraphs"]]
    assert any(target in one and "mỗi tin gửi một lần" in one for one in said)


def test_U2_what_only_one_of_two_was_owed_is_still_sent(house: House) -> None:
    old, new = two(house)
    own = subscribe(house, old, WEBHOOK, "https://mot.example/loa")
    post = publish(house)
    other = subscribe(house, new, WEBHOOK, "https://mot.example/loa")
    merged(house)
    assert claimed(house, WEBHOOK) == 1
    with house.loa.database.writing() as conn:
        held = conn.execute(text("SELECT subscription_id, state FROM delivery")).all()
        assert [tuple(row) for row in held] == [(other, "due")]
        conn.execute(text("UPDATE post SET revision = 2"))
        tell(conn, replace(post, revision=2), house.loa.clock(), ChangeType.UPDATED)
        told = conn.execute(text("SELECT DISTINCT subscription_id FROM delivery")).scalars().all()
    assert told == [other] and status(house, own) == "removed"


def test_U2_of_two_the_one_that_works_is_kept_and_asks_for_what_both_did(house: House) -> None:
    old, new = two(house)
    directives, meetings = Filters(categories=("directives",)), Filters(categories=("meetings",))
    own = subscribe(house, old, EMAIL, "mot@xa.example", filters=directives)
    other = subscribe(
        house, new, EMAIL, "mot@xa.example", filters=meetings, is_confirmed=False,
        frequency=Frequency.WEEKLY,
    )  # fmt: skip
    third = subscribe(house, old, EMAIL, "mot@xa.example", frequency=Frequency.DAILY)
    merged(house)
    assert [status(house, key) for key in (own, other, third)] == ["active", "removed", "removed"]
    with house.loa.database.reading() as conn:
        kept = get_subscription(conn, own)
    assert (kept.filters, kept.frequency, kept.unit_id) == (Filters(), Frequency.IMMEDIATE, new.id)
    assert kept.status is SubscriptionStatus.ACTIVE


def test_U2_digests_of_two_frequencies_are_the_more_frequent(house: House) -> None:
    old, new = two(house)
    subscribe(house, old, EMAIL, "mot@xa.example", frequency=Frequency.DAILY)
    other = subscribe(house, new, EMAIL, "mot@xa.example", frequency=Frequency.WEEKLY)
    merged(house)
    with house.loa.database.reading() as conn:
        assert get_subscription(conn, other).frequency is Frequency.DAILY


def test_U2_joined_filters_want_what_either_wants() -> None:
    one = Filters(categories=("directives",), places=("a-1",))
    other = Filters(categories=("meetings", "directives"), places=("b-2",), keywords=("bão",))
    assert join_filters(one, other) == Filters(
        categories=("directives", "meetings"), places=("a-1", "b-2")
    )


# --- who is told --------------------------------------------------------------------------------


def test_U2_the_contacts_of_both_are_told_once_and_the_operator_has_nothing_to_do(
    house: House,
) -> None:
    old, new = two(house)
    subscribe(house, old, EMAIL, "hai@xa.example")
    publish(house)
    merged(house)
    told = letters(house, "%merged:%")
    assert [one["address"] for one in told] == [
        "hung@xa.example", "CHUNG@xa.example", "hai@xa.example",
    ]  # fmt: skip
    for language in ("vi", "en"):
        words = "\n".join(
            say(one, language) for one in [told[0]["subject"], *told[0]["paragraphs"]]
        )
        assert OLD in words and NEW in words and "hai@xa.example" in words and "merge." not in words
    assert old.id != new.id


def test_U2_a_successor_without_channel_or_contact_is_said_to_be_so(tmp_path: Path) -> None:
    with opened_house(tmp_path, MAILED) as house:
        unit(house, OLD), unit(house, NEW)
        merged(house)
        (letter,) = letters(house, "%merged:%")
        assert letter["address"] == OPERATOR
        codes = letter["paragraphs"]
        said = [say(one, "vi") for one in codes]
        assert any("chưa có kênh" in one for one in said)
        assert any("chưa có người liên hệ" in one for one in said)


def test_U2_without_a_relay_the_merge_is_done_and_nobody_is_written_to(tmp_path: Path) -> None:
    with opened_house(tmp_path, CONFIG.replace("smtp://127.0.0.1:9", "")) as house:
        two(house)
        merged(house)
        assert letters(house, "%merged:%") == []
        found = house.terminal.json("unit", "show", NEW)
        assert len(found["contacts"]) == 3


def test_U2_the_command_says_what_became_of_what(house: House) -> None:
    old, new = two(house)
    moved = subscribe(house, old, EMAIL, "hai@xa.example")
    joined = subscribe(house, old, EMAIL, "mot@xa.example")
    subscribe(house, new, EMAIL, "mot@xa.example")
    said = house.terminal.json("unit", "merge", OLD, NEW)
    assert (said["id"], said["merged"]) == (new.id, old.id)
    assert (said["moved"], said["joined"]) == ([moved], [joined])
    other = unit(house, "UBND xã C")
    plain = house.terminal.run("unit", "merge", other.id, NEW).stdout
    assert "UBND xã C is part of UBND xã Quảng Hùng now" in plain
