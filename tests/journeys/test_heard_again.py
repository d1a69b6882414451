"""U1: who was told that a unit hears no more by an address is told once when it does again, whichever
way that came: a brake, an owner who confirms, an operator who undoes, a contact whose mailbox was
mended."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson
import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from service.alerts.bounce import Bounce
from service.alerts.links import Purpose
from service.alerts.refusal import Kind
from service.alerts.suspension import PROVED_AFTER
from service.bootstrap import Loa
from service.channels import PULL
from service.services import subscription_acts as acts
from service.services import unit_acts
from service.services.bounce_acts import apply_bounce
from service.services.context import OPERATOR as BY_COMMAND
from service.services.context import Actor, ActorKind
from service.services.hearing_again import tell_living_contacts, tell_returns
from service.services.loss_acts import tell_losses
from service.services.optin import ShownConsent, answer_question
from service.services.subscription_checks import SubscriptionChanges, SubscriptionRequest
from service.services.undo_acts import restore_subscription
from service.storage.handshakes import confirm_endpoint
from service.storage.mails import queue_letter
from service.storage.suspension_breaker import FEW
from service.storage.units import add_unit
from service.types import EMAIL, WEBHOOK, Channel
from service.web.app import create_app
from service.words import code_of, coded
from tests.fakes import FakeClock
from tests.fakes_mail import letter_text
from tests.fakes_web import make_loa

OPERATOR = "truc@huyen.example"
OWN, SECOND, THIRD = "vanthu@xa.example", "chutich@xa.example", "pct@xa.example"
EVERYBODY = {OPERATOR, OWN, SECOND, THIRD}
BY_API = Actor(ActorKind.OPERATOR, coded("by.api", name="máy của huyện"))
SHOWN = ShownConsent("/confirm", "vi")


@dataclass(frozen=True)
class House:
    loa: Loa
    clock: FakeClock
    client: FlaskClient
    unit_id: str


@pytest.fixture(params=["sqlite", "postgresql"])
def house(request: pytest.FixtureRequest, clock: FakeClock) -> Iterator[House]:
    url = request.getfixturevalue(f"{request.param}_url")
    loa = make_loa(url, clock, operator={"email": OPERATOR})
    with loa.database.writing() as conn:
        unit = add_unit(conn, name="UBND xã A", at=clock(), contacts=(OWN, SECOND, THIRD))
    yield House(loa, clock, create_app(loa).test_client(), unit.id)
    loa.close()


def subscribe(house: House, channel: Channel = EMAIL, target: str = OWN) -> str:
    wanted = SubscriptionRequest(channel, target, unit=house.unit_id, is_confirmed=channel != PULL)
    with house.loa.database.writing() as conn:
        return acts.add(conn, house.loa, wanted, BY_COMMAND).subscription.id


def look(house: House) -> None:
    """What the round looks for, twice: the second time there is nothing new."""
    for tell in (tell_losses, tell_returns, tell_living_contacts):
        tell(house.loa.database, house.loa)
        assert tell(house.loa.database, house.loa) == 0


def letters(house: House, kind: str) -> list[dict[str, Any]]:
    look(house)
    with house.loa.database.reading() as conn:
        query = text("SELECT body FROM message WHERE group_key LIKE :key ORDER BY id")
        return [
            orjson.loads(one) for one in conn.execute(query, {"key": f"letter:{kind}:%"}).scalars()
        ]


def again(house: House) -> dict[str, dict[str, Any]]:
    """By address; nobody has two."""
    found = letters(house, "again")
    by_address = {one["address"]: one for one in found}
    assert len(by_address) == len(found)
    for one in found:
        assert not re.search(r"[{}]|loss\.", letter_text(one) + letter_text(one, "en"))
    return by_address


def handed_over(house: House, address: str, key: str) -> str:
    """A letter that the relay has taken; returns its id."""
    with house.loa.database.writing() as conn:
        message = queue_letter(
            conn, key=f"x:{key}:{address}", address=address, subject="late.subject",
            paragraphs=[], now=house.clock(), language="vi",
        )  # fmt: skip
        given = "UPDATE message SET state = 'sent', done_at = due_at WHERE id = :id"
        conn.execute(text(given), {"id": message})
    assert message is not None
    return message


def returned(house: House, address: str, kind: Kind = Kind.HARD, key: str = "back") -> None:
    """A letter was handed over, and comes back."""
    message = handed_over(house, address, key)
    with house.loa.database.writing() as conn:
        apply_bounce(conn, Bounce(kind, message, "x"), house.clock())


def test_U1_addresses_that_the_brake_reopens_are_told_once_each_to_whoever_heard_of_it(
    house: House,
) -> None:
    targets = [f"n{n}@xa.example" for n in range(FEW + 2)]
    for target in targets:
        subscribe(house, EMAIL, target)
    for target in targets[:2]:
        returned(house, target)
    assert len(letters(house, "loss")) == 8 and again(house) == {}
    for target in targets[2:]:
        returned(house, target)
    found = letters(house, "again")
    assert sorted(one["address"] for one in found) == sorted([*EVERYBODY] * 2)
    for one in found:
        said = letter_text(one)
        assert "lại nhận tin qua n" in said and "vì máy chủ thư của Loa" in said
        assert "about Loa's own mail server" in letter_text(one, "en")
    assert {one["subject"] for one in found if targets[3] in one["subject"]} == set()


def test_U1_contacts_whose_mail_came_back_in_a_wave_that_was_about_us_are_told_to_be_well(
    house: House,
) -> None:
    returned(house, SECOND)
    assert {one["address"] for one in letters(house, "loss")} == {OPERATOR, OWN, THIRD}
    for n in range(FEW):
        returned(house, f"n{n}@xa.example")
    told = again(house)
    assert set(told) == {OPERATOR, OWN, THIRD}
    assert "vì máy chủ thư của Loa" in letter_text(told[OWN]) and SECOND in letter_text(told[OWN])
    house.clock.advance(86_400)
    assert len(again(house)) == len(letters(house, "loss")) == 3


def test_U1_a_contact_that_takes_mail_again_is_told_and_so_is_its_next_loss(house: House) -> None:
    returned(house, SECOND)
    assert len(letters(house, "loss")) == 3
    house.clock.advance(3600)
    handed_over(house, SECOND, "first")
    house.clock.advance(PROVED_AFTER.total_seconds() - 1)
    assert again(house) == {}
    house.clock.advance(1)
    told = again(house)
    assert set(told) == {OPERATOR, OWN, THIRD}
    assert "không bị trả lại" in letter_text(told[OPERATOR])
    house.clock.advance(60)
    returned(house, SECOND, key="second")
    assert len(letters(house, "loss")) == 6, "of the same month, and news"
    with house.loa.database.reading() as conn:
        kept = conn.execute(text("SELECT key || value FROM meta")).scalars()
        assert not any("xa.example" in one for one in kept), "no address outlives its erasure here"


def test_nothing_proves_that_whoever_complained_reads_what_comes(house: House) -> None:
    returned(house, SECOND, Kind.COMPLAINT)
    assert len(letters(house, "loss")) == 3
    handed_over(house, SECOND, "first")
    house.clock.advance(2 * PROVED_AFTER.total_seconds())
    assert again(house) == {}


def test_a_contact_that_was_taken_off_is_forgotten(house: House) -> None:
    returned(house, SECOND)
    look(house)
    with house.loa.database.writing() as conn:
        changes = unit_acts.UnitChanges(remove_contacts=[SECOND])
        unit_acts.edit(conn, house.loa, house.unit_id, changes, BY_COMMAND)
    assert again(house) == {}
    with house.loa.database.reading() as conn:
        assert conn.execute(text("SELECT 1 FROM meta WHERE key LIKE 'dead:%'")).first() is None


def test_U1_what_a_contact_asked_back_by_a_link_is_told_when_its_owner_confirms(
    house: House,
) -> None:
    key = subscribe(house)
    with house.loa.database.writing() as conn:
        conn.execute(text("UPDATE subscription SET language = 'en'"))
        acts.remove(conn, house.loa, key, BY_API)
    (letter,) = [one for one in letters(house, "loss") if one["address"] == SECOND]
    purpose, about, _ = letter["button"]
    path = f"/restore/{house.loa.links.token(Purpose(purpose), *about)}"
    assert house.client.post(path).status_code == 200
    assert again(house) == {}, "nobody has confirmed it yet"
    with house.loa.database.writing() as conn:
        row = conn.execute(text("SELECT id, language FROM subscription WHERE id <> :k"), {"k": key})
        ((new, language),) = row.all()
        made_at = str(int(house.clock().timestamp() * 1e6))
        answer_question(
            conn, house.loa, house.loa.links.token(Purpose.CONFIRM, new, made_at), SHOWN
        )
    assert language == "en"
    told = again(house)
    assert set(told) == EVERYBODY
    assert all(code_of(one["paragraphs"][0]) == "loss.again_anew" for one in told.values())
    assert "nơi nhận đã xác nhận" in letter_text(told[SECOND])
    house.clock.advance(91 * 86_400)
    assert again(house) == told
    with house.loa.database.reading() as conn:
        assert conn.execute(text("SELECT 1 FROM meta WHERE key LIKE 'lost:%'")).first() is None


def test_U1_a_removal_that_the_operator_undoes_is_told_to_those_who_heard_of_it(
    house: House,
) -> None:
    key = subscribe(house)
    with house.loa.database.writing() as conn:
        acts.remove(conn, house.loa, key, BY_COMMAND)
    look(house)
    with house.loa.database.writing() as conn:
        restore_subscription(conn, house.loa, key, BY_COMMAND)
    told = again(house)
    assert set(told) == {OWN, SECOND, THIRD}, "the operator did it"
    assert "không được gửi bù" in letter_text(told[OWN])


def test_U1_a_webhook_that_moved_is_told_when_its_new_address_has_confirmed(house: House) -> None:
    key = subscribe(house, WEBHOOK, "https://cu.example/loa")
    url = "https://moi.example/loa"
    with house.loa.database.writing() as conn:
        acts.edit(conn, house.loa, key, SubscriptionChanges(target=url), BY_API)
    assert len(letters(house, "loss")) == 4 and again(house) == {}
    house.clock.advance(60)
    with house.loa.database.writing() as conn:
        assert confirm_endpoint(conn, key, house.clock(), url)
    told = again(house)
    assert set(told) == EVERYBODY and url in letter_text(told[OWN])
    assert "gửi bù" not in letter_text(told[OWN]), "what waited is sent"


def test_a_move_for_which_the_operator_vouches_is_no_loss(house: House) -> None:
    key = subscribe(house, WEBHOOK, "https://cu.example/loa")
    changes = SubscriptionChanges(target="https://moi.example/loa", is_confirmed=True)
    with house.loa.database.writing() as conn:
        acts.edit(conn, house.loa, key, changes, BY_API)
    assert letters(house, "loss") == [] and again(house) == {}


def test_U1_a_pull_client_that_is_given_another_stream_is_told(house: House) -> None:
    key = subscribe(house, PULL, "")
    with house.loa.database.writing() as conn:
        acts.remove(conn, house.loa, key, BY_API)
    assert len(letters(house, "loss")) == 4
    house.clock.advance(60)
    subscribe(house, PULL, "")
    told = again(house)
    assert set(told) == EVERYBODY
    assert "đăng ký mới thay thế" in letter_text(told[OWN])


def test_U1_what_an_operator_adds_again_is_told_to_the_contacts_alone(house: House) -> None:
    key = subscribe(house)
    with house.loa.database.writing() as conn:
        acts.remove(conn, house.loa, key, BY_API)
    look(house)
    house.clock.advance(60)
    subscribe(house)
    told = again(house)
    assert set(told) == {OWN, SECOND, THIRD}
    assert "quản trị viên đã thêm lại" in letter_text(told[OWN])
