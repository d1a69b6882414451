"""U1: the command of a letter is run as it is printed, and what was lost is there again, whole."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text

from service.channels import CHAT, PULL, kind_of
from service.services import subscription_acts as acts
from service.services import unit_acts
from service.services.context import OPERATOR, Actor, ActorKind
from service.services.loss_acts import tell_losses
from service.services.subscription_checks import SubscriptionChanges, SubscriptionRequest
from service.services.way_back import TO_FILL_IN, add_command
from service.storage.subscriptions import get_subscription, list_subscriptions, set_status
from service.storage.units import get_unit
from service.types import EMAIL, WEBHOOK, Channel, Filters, Frequency, SubscriptionStatus
from service.words import coded, say
from tests.fakes_doors import CONFIG, House, opened_house

MAILED = CONFIG + 'email = "truc@huyen.example"\n'
BY_UNIT = Actor(ActorKind.OPERATOR, coded("by.api", name="văn thư"))
TARGETS = {
    WEBHOOK: "https://office.example/loa?ngăn=1&b='2'",
    EMAIL: "vanthu@xa.example",
    CHAT: "ntfys://ntfy.office.example/loa",
    PULL: "",
}
WANTED = {
    "nothing": Filters(),
    "categories": Filters(categories=("directives", "meetings")),
    "portals": Filters(portals=("quangxuong",)),
    "places": Filters(places=("quang-ninh-16540", "quang-hai-16540-cu")),
    "keywords": Filters(keywords=("lũ lụt", "-5 độ", "'; rm -rf $HOME `id`", '"rét"')),
    "urgencies": Filters(urgencies=("hoa-toc", "thuong-khan")),
    "kinds": Filters(kinds=("cong-dien", "chi-thi")),
    "all": Filters(
        ("directives",), ("quangxuong",), ("quang-ninh-16540",), ("bão",), ("hoa-toc",), ("cong-van",)
    ),
}  # fmt: skip


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with opened_house(tmp_path, MAILED) as opened:
        yield opened


def add(house: House, channel: Channel, **more: Any) -> str:
    with house.loa.database.writing() as conn:
        request = SubscriptionRequest(
            channel, TARGETS[channel], unit=house.unit_id, is_confirmed=channel != PULL, **more
        )
        return acts.add(conn, house.loa, request, OPERATOR).subscription.id


ITS_OWN = {
    "id", "status", "status_at", "status_reason", "removed_from", "created_at", "confirmed_at",
    "asked_at", "secret", "old_secret", "old_secret_until", "token_hash", "old_token_hash",
}  # fmt: skip
"""Columns that no command can bring back, or that say only when and how it was made."""
ITS_PLACE = ("target", "target_key", "endpoint_key")


def columns(conn: Connection, key: str) -> dict[str, object]:
    """What is kept of a subscription but ITS_OWN, and the pace of its endpoint; of what is asked
    for, its place is its own too."""
    query = text(
        "SELECT s.*, e.min_interval_s FROM subscription s JOIN endpoint e ON e.key = s.endpoint_key"
        " WHERE s.id = :id"
    )
    row = dict(conn.execute(query, {"id": key}).mappings().one())
    row["headers"] = sorted(json.loads(row["headers"]))  # their values are sealed anew
    places = ITS_PLACE if row["channel"] == PULL else ()
    return {name: row[name] for name in row.keys() - ITS_OWN - set(places)}


def to_operator(house: House) -> dict[str, Any]:
    """The last letter to the operator."""
    tell_losses(house.loa.database, house.loa)
    query = "SELECT body FROM message WHERE body LIKE '%truc@huyen.example%' ORDER BY id DESC"
    with house.loa.database.reading() as conn:
        letter: dict[str, Any] = json.loads(conn.execute(text(query)).scalars().first() or "")
    return letter


def printed(letter: dict[str, Any]) -> str:
    """The last command that a letter names, as a person copies it."""
    said = "\n".join(say(one, "vi") for one in letter["paragraphs"])
    return "loa " + said.rpartition("`loa ")[2].rpartition("`")[0]


def run(house: House, command: str, stdin: str = "") -> None:
    house.terminal.run(*shlex.split(command)[1:], stdin=stdin)


@pytest.mark.parametrize(
    ("channel", "wanted"),
    [(EMAIL, one) for one in WANTED]
    + [
        (channel, one)
        for channel in (WEBHOOK, CHAT, PULL)
        for one in ("nothing", "keywords", "all")
    ],
)
def test_U1_what_was_removed_is_added_again_whole_by_the_command_of_the_letter(
    house: House, channel: Channel, wanted: str
) -> None:
    more: dict[str, Any] = {"name": "Văn thư -- 'một cửa'"}
    if channel == EMAIL:
        more["frequency"] = Frequency.WEEKLY
    if channel == WEBHOOK:
        more |= {"headers": {"X-Tenant": "secret"}, "is_cloudevents": True}
    if kind_of(channel).is_worded:
        more["language"] = "en"
    gone = add(house, channel, filters=WANTED[wanted], **more)
    with house.loa.database.writing() as conn:
        if channel == WEBHOOK:
            acts.edit(conn, house.loa, gone, SubscriptionChanges(min_interval_s=7), OPERATOR)
        before, kept = get_subscription(conn, gone), columns(conn, gone)
        acts.remove(conn, house.loa, gone, BY_UNIT)
    letter = to_operator(house)
    said = [say(one, "vi") for one in letter["paragraphs"]]
    assert any("giữ kín" in one for one in said) == (channel in (CHAT, WEBHOOK))
    command = printed(letter)
    if channel == WEBHOOK:  # as it stands it says what is missing, and adds nothing
        assert "X-Tenant" in house.terminal.refused(*shlex.split(command)[1:])
        command = command.replace(TO_FILL_IN, "secret")
    run(house, command, TARGETS[channel])
    with house.loa.database.reading() as conn:
        (again,) = list_subscriptions(conn, unit_id=house.unit_id, limit=10)
        assert columns(conn, again.id) == kept
    same = replace(again, id=gone, created_at=before.created_at, status=before.status)
    if channel == PULL:
        same = replace(same, target=gone)
    assert same == before
    is_asked_again = kind_of(channel).is_asked or channel == CHAT
    assert again.status == ("active" if is_asked_again else "pending")  # whose it is, is asked


@pytest.mark.parametrize("wanted", WANTED)
def test_what_asks_for_less_asks_for_the_same_again_by_the_command_of_the_letter(
    house: House, wanted: str
) -> None:
    key = add(house, EMAIL, filters=WANTED[wanted])
    less = Filters(
        ("events",), ("quangxuong",), ("quang-ninh-16540",), ("x",), ("khan",), ("quyet-dinh",)
    )
    with house.loa.database.writing() as conn:
        before = get_subscription(conn, key)
        changes = SubscriptionChanges(filters=less, frequency=Frequency.DAILY)
        acts.edit(conn, house.loa, key, changes, BY_UNIT)
    run(house, printed(to_operator(house)))
    with house.loa.database.reading() as conn:
        back = get_subscription(conn, key)
    assert back == before


def test_a_webhook_that_moved_goes_back_by_the_command_of_the_letter(house: House) -> None:
    key = add(house, WEBHOOK)
    with house.loa.database.writing() as conn:
        changes = SubscriptionChanges(target="https://elsewhere.example/in")
        acts.edit(conn, house.loa, key, changes, BY_UNIT)
    run(house, printed(to_operator(house)))
    with house.loa.database.reading() as conn:
        assert get_subscription(conn, key).target == TARGETS[WEBHOOK].replace("ă", "%C4%83")


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "UBND xã 'Quảng' mới"},
        {"place": "quang-ninh-16540"},
        {"contacts": ("c@xa.example",)},
        {"name": "Khác", "contacts": ("b@xa.example", "a@xa.example")},
    ],
)
@pytest.mark.parametrize("contacts", [(), ("a@xa.example", "b@xa.example")])
def test_a_unit_that_was_changed_is_as_before_by_the_command_of_the_letter(
    house: House, changes: dict[str, Any], contacts: tuple[str, ...]
) -> None:
    with house.loa.database.writing() as conn:
        given = json.dumps(contacts)
        conn.execute(text("UPDATE unit SET contacts = :c, place = NULL"), {"c": given})
        before = get_unit(conn, house.unit_id)
        unit_acts.edit(conn, house.loa, before.id, unit_acts.UnitChanges(**changes), BY_UNIT)
    run(house, printed(to_operator(house)))
    with house.loa.database.reading() as conn:
        assert get_unit(conn, house.unit_id) == before


def test_a_unit_that_lost_its_place_has_it_again_by_the_command_of_the_letter(
    house: House,
) -> None:
    with house.loa.database.writing() as conn:
        conn.execute(text("UPDATE unit SET place = 'quang-ninh-16540'"))
        before = get_unit(conn, house.unit_id)
        gone = unit_acts.UnitChanges(has_no_place=True)
        unit_acts.edit(conn, house.loa, before.id, gone, BY_UNIT)
    run(house, printed(to_operator(house)))
    with house.loa.database.reading() as conn:
        assert get_unit(conn, house.unit_id) == before


def test_U1_after_a_bounce_the_command_names_all_but_the_address(house: House) -> None:
    key = add(house, EMAIL, filters=WANTED["all"], frequency=Frequency.DAILY)
    with house.loa.database.writing() as conn:
        set_status(
            conn, key, SubscriptionStatus.SUSPENDED, at=house.loa.clock(), reason="bounced.hard"
        )
        whole = add_command(get_subscription(conn, key))
    said = " ".join(say(one, "vi") for one in to_operator(house)["paragraphs"])
    assert f"`{whole.replace(TARGETS[EMAIL], TO_FILL_IN)}`" in said
