"""U1: a channel of a unit that stops by itself (a client that asks no more, an endpoint or a chat
group that accepts nothing, a relay that is away) is told once, with what is left and a way back, and
told once when it is back. Real servers, and a clock that is moved."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from service.bootstrap import Loa
from service.channels import CHAT, PULL
from service.delivery.email import EmailChannel
from service.services import subscription_acts as acts
from service.services.alarm_acts import tell_alarms
from service.services.context import OPERATOR
from service.services.subscription_acts import AddResult
from service.services.subscription_checks import SubscriptionRequest
from service.services.unit_acts import UnitFacts, deaf_units
from service.services.unit_acts import add as add_unit
from service.storage.losses import active_targets
from service.storage.pull_streams import UNASKED_AFTER
from service.storage.subscriptions import set_status
from service.types import EMAIL, WEBHOOK, Channel, SubscriptionStatus
from service.web.app import create_app
from service.words import say
from tests.fakes import FakeClock
from tests.fakes_email import drain
from tests.fakes_hanging_relay import POINTS, hanging_relay
from tests.fakes_mail import FakeRelay, running_relay
from tests.fakes_pull import Office, publish, rows
from tests.fakes_receiver import FakeReceiver, status
from tests.fakes_web import make_loa

OPERATOR_AT, FIRST, SECOND = "truc@huyen.example", "vanthu@xa.example", "chutich@xa.example"
TOLD = {OPERATOR_AT, FIRST, SECOND}
HALF_A_DAY, A_DAY = 12 * 3600, 24 * 3600


@pytest.fixture(params=["sqlite", "postgresql"])
def loa(request: pytest.FixtureRequest, clock: FakeClock) -> Iterator[Loa]:
    url = request.getfixturevalue(f"{request.param}_url")
    webhooks: dict[str, object] = {"allow_private_networks": True, "timeout_s": 2}
    with running_relay() as relay:
        email: dict[str, object] = {"smtp_url": relay.url, "from": "Loa <loa@loa.example>"}
        made = make_loa(url, clock, webhooks=webhooks, operator={"email": OPERATOR_AT}, email=email)
        made.ready_to_send()
        with made.database.writing() as conn:
            add_unit(conn, made, UnitFacts("xã A", None, (FIRST, SECOND)))
        yield made
        made.close()


def add(loa: Loa, channel: Channel, target: str, **more: Any) -> AddResult:
    with loa.database.writing() as conn:
        request = SubscriptionRequest(
            channel, target, unit="xã A", is_confirmed=channel != PULL, **more
        )
        return acts.add(conn, loa, request, OPERATOR)


class Letters:
    """The letters of troubles, each seen once."""

    def __init__(self, loa: Loa) -> None:
        self._loa = loa
        self._seen: set[str] = set()

    def new(self, language: str = "vi") -> dict[str, str]:
        """What was said since the last look, by address, after a round."""
        for _ in range(2):  # what is found in one round is told in the next
            self._loa.deliverer.deliver_due()
        query = "SELECT group_key, body FROM message WHERE group_key LIKE 'letter:endpoint:%'"
        found = {key: json.loads(body) for key, body in rows(self._loa, query)}
        new = {key: body for key, body in found.items() if key not in self._seen}
        self._seen |= new.keys()
        said = {
            one["address"]: "\n".join(
                say(words, language) for words in (one["subject"], *one["paragraphs"])
            )
            for one in new.values()
        }
        assert len(said) == len(new)  # nobody twice
        return said


def deaf(loa: Loa) -> list[str]:
    with loa.database.reading() as conn:
        return [one.name for one in deaf_units(conn, loa)]


def test_U1_a_client_that_asks_no_more_is_told_once_and_once_when_it_asks_again(
    loa: Loa, clock: FakeClock
) -> None:
    client, letters = create_app(loa).test_client(), Letters(loa)
    added = add(loa, PULL, "", name="máy chủ văn thư")
    office = Office(client, str(added.token))
    office.ask()
    assert letters.new() == {} and deaf(loa) == []
    clock.advance(UNASKED_AFTER.total_seconds() + 60)
    told = letters.new()
    assert told.keys() == TOLD and deaf(loa) == ["xã A"]
    for said in told.values():
        assert "pull (máy chủ văn thư), xã A" in said
        assert "không còn kênh nào khác" in said  # nothing is left
        assert "pull:" not in said and "{" not in said
    assert f"`loa subscription rotate {added.subscription.id}`" in told[OPERATOR_AT]
    assert OPERATOR_AT in told[FIRST] and "loa pull" in told[FIRST]
    for _ in range(10):  # for ten days nobody is told again
        clock.advance(A_DAY)
        assert letters.new() == {}
    del loa.__dict__["handing"]  # ten minutes have passed, by a clock that is not the test's
    office.ask()
    back = letters.new("en")
    assert back.keys() == TOLD and deaf(loa) == []
    assert all("is asked for again" in one for one in back.values())
    assert all("xã A hears by: pull (máy chủ văn thư)" in one for one in back.values())
    assert letters.new() == {}
    clock.advance(UNASKED_AFTER.total_seconds() + 60)
    assert letters.new().keys() == TOLD  # another silence is another letter


def test_U1_a_client_that_asks_with_another_channel_left_is_told_what_it_is(
    loa: Loa, clock: FakeClock
) -> None:
    letters = Letters(loa)
    add(loa, EMAIL, FIRST)
    add(loa, PULL, "")
    clock.advance(UNASKED_AFTER.total_seconds() + 60)
    told = letters.new("en")  # it never asked at all
    assert told.keys() == TOLD and deaf(loa) == []
    assert all(f"xã A still hears by: {FIRST}." in one for one in told.values())


def test_U1_what_waits_for_a_client_to_ask_is_no_message_that_is_late(
    loa: Loa, clock: FakeClock
) -> None:
    add(loa, PULL, "")
    publish(loa, "post-1")
    loa.deliverer.deliver_due()
    for _ in range(4):
        clock.advance(3600)
        assert tell_alarms(loa.database, loa) == ()
    assert "loa_oldest_due_seconds 0.0" in create_app(loa).test_client().get("/metrics").text


@pytest.mark.parametrize("channel", [WEBHOOK, CHAT])
@pytest.mark.parametrize("left", [True, False])
def test_U1_an_endpoint_that_accepts_nothing_is_told_with_what_is_left_and_when_it_is_back(
    loa: Loa, clock: FakeClock, channel: Channel, left: bool
) -> None:
    letters = Letters(loa)
    with FakeReceiver() as service:
        port = service.server.server_address[1]
        at = f"127.0.0.1:{port}"
        target = f"http://{at}/loa" if channel == WEBHOOK else f"json://{at}/loa"
        key = add(loa, channel, target).subscription.id
        if left:
            add(loa, EMAIL, SECOND)
        service.answers = {"/loa": status(503)}
        for number in range(3):
            publish(loa, f"post-{number}")
        seen: list[dict[str, str]] = []
        for _ in range(7):  # each look sends, and each sending to chat starts a program
            clock.advance(A_DAY)
            told = letters.new()
            seen += [told] if told else []
        warned, disabled = seen  # each once
        assert warned.keys() == disabled.keys() == TOLD
        for said in (*warned.values(), *disabled.values()):
            assert (f"còn nhận tin qua: {SECOND}" in said) is left
            assert ("không còn kênh nào khác" in said) is not left
            assert ("2xx" in said or "đầu nhận" in said.lower()) if channel == WEBHOOK else True
            assert "nhóm chat" in said or channel == WEBHOOK
            assert (at in said) and "{" not in said
        assert f"`loa subscription resume {key}`" in disabled[OPERATOR_AT]
        assert f"`loa subscription test {key}`" in warned[OPERATOR_AT]
        assert deaf(loa) == ([] if left else ["xã A"])
        service.answers = {}
        for _ in range(3):
            clock.advance(HALF_A_DAY)
            loa.deliverer.deliver_due()
        back = letters.new("en")
        assert back.keys() == TOLD and deaf(loa) == []
        assert all("accepts again" in one for one in back.values())
        assert letters.new() == {}
        assert (
            rows(loa, "SELECT DISTINCT state FROM message WHERE change_id IS NOT NULL")
            == [("sent",)]
            or left
        )


def test_U1_what_the_operator_opens_again_is_told_back_once_it_accepts(
    loa: Loa, clock: FakeClock
) -> None:
    letters = Letters(loa)
    with FakeReceiver({"/loa": status(410)}) as service:
        key = add(loa, WEBHOOK, service.url("/loa")).subscription.id
        publish(loa, "post-1")
        clock.advance(60)
        loa.deliverer.deliver_due()
        told = letters.new()
        assert told.keys() == TOLD
        command = re.search(r"`loa (subscription resume [^`]+)`", told[OPERATOR_AT])
        assert command is not None and command[1].endswith(key)
        clock.advance(60)
        with loa.database.writing() as conn:
            acts.resume(conn, loa, key, OPERATOR)
        assert letters.new() != {}  # it still answers 410
        service.answers = {}
        with loa.database.writing() as conn:
            acts.resume(conn, loa, key, OPERATOR)
        clock.advance(60)
        loa.deliverer.deliver_due()
        back = letters.new()
        assert back.keys() == TOLD and "Đã gửi lại được" in back[FIRST]
        assert letters.new() == {}


def test_of_an_endpoint_that_nobody_is_behind_any_more_nobody_is_told(
    loa: Loa, clock: FakeClock
) -> None:
    letters = Letters(loa)
    key = add(loa, PULL, "").subscription.id
    clock.advance(UNASKED_AFTER.total_seconds() + 60)
    assert letters.new().keys() == TOLD
    with loa.database.writing() as conn:
        set_status(conn, key, SubscriptionStatus.REMOVED, at=clock())
    assert letters.new() == {}
    assert rows(loa, "SELECT key FROM meta WHERE key LIKE 'trouble:%'") == []


def warnings(client: FlaskClient, clock: FakeClock) -> str:
    clock.advance(60)  # what was looked for is kept for a while
    return "\n".join(client.get("/readyz").get_json()["warnings"])


def test_D18_while_the_relay_is_away_for_long_who_hears_by_mail_alone_hears_by_nothing(
    clock: FakeClock, tmp_path: Path
) -> None:
    relay = FakeRelay()
    with running_relay(relay):
        pass  # its port is free now, and nobody answers there
    url = f"sqlite:///{tmp_path}/loa.db"
    loa = make_loa(url, clock, email={"smtp_url": relay.url, "from": "Loa <loa@loa.example>"})
    loa.ready_to_send()
    with loa.database.writing() as conn:
        unit = add_unit(conn, loa, UnitFacts("xã A", None, (FIRST, SECOND)))
    client = create_app(loa).test_client()
    add(loa, EMAIL, FIRST)
    publish(loa, "post-1")
    loa.deliverer.deliver_due()
    clock.advance(1800)
    loa.deliverer.deliver_due()
    assert deaf(loa) == [] and "mail:" not in warnings(client, clock)  # not for long yet
    clock.advance(3600)
    loa.deliverer.deliver_due()
    assert deaf(loa) == ["xã A"]
    found = warnings(client, clock)
    assert "mail: 1 subscriptions by mail wait: the mail relay takes no mail since" in found
    assert "hear by no channel: xã A" in found
    with loa.database.reading() as conn:
        assert active_targets(conn, unit.id, has_mail=False) == []
    with running_relay(relay, port=relay.port):
        clock.advance(3600)
        loa.deliverer.deliver_due()
    assert relay.recipients == [FIRST]
    assert deaf(loa) == [] and "mail:" not in warnings(client, clock)
    loa.close()


@pytest.mark.parametrize("point", POINTS)
def test_D18_a_relay_that_hangs_at_each_mail_is_away_as_soon_as_one_that_refuses(
    clock: FakeClock, sqlite_url: str, point: str
) -> None:
    webhooks: dict[str, object] = {"lease_s": 2.6, "timeout_s": 2}
    with hanging_relay(point) as url:
        email: dict[str, object] = {"smtp_url": url, "from": "Loa <loa@loa.example>"}
        loa = make_loa(sqlite_url, clock, email=email, webhooks=webhooks)
        with loa.database.writing() as conn:
            add_unit(conn, loa, UnitFacts("xã A", None, (FIRST, SECOND)))
        client = create_app(loa).test_client()
        add(loa, EMAIL, FIRST)
        publish(loa, "post-1")
        settings = loa.settings
        channel = EmailChannel(settings, loa.links, loa.keyring, clock, {}, timeout_s=0.3)
        drain(loa.database, channel, clock)
        clock.advance(1800)
        drain(loa.database, channel, clock)
        assert deaf(loa) == [] and "mail:" not in warnings(client, clock)  # not for long yet
        clock.advance(1800)
        assert deaf(loa) == ["xã A"]
        found = warnings(client, clock)
        assert "mail: 1 subscriptions by mail wait: the mail relay takes no mail since" in found
        assert 'loa_alarms{kind="no_mail"} 1.0' in client.get("/metrics").text
        channel.close()
    with running_relay() as relay:
        channel = EmailChannel(
            settings.model_copy(update={"email": settings.email.model_copy(update={"smtp_url": relay.url})}),
            loa.links, loa.keyring, clock, {}, timeout_s=2,
        )  # fmt: skip
        clock.advance(3600)
        drain(loa.database, channel, clock)
        channel.close()
    assert relay.recipients == [FIRST]
    assert deaf(loa) == [] and "mail:" not in warnings(client, clock)
    loa.close()
