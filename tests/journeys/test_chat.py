"""Chat services by Apprise: sent to for real over loopback, refused and repeated as a webhook is, and
nowhere is what an address holds to be read."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from service.alerts.keys import Keys
from service.alerts.signing import SecretBox
from service.bootstrap import Loa
from service.channels import CHANNELS, CHAT
from service.errors import InvalidInput
from service.services import subscription_acts as acts
from service.services.context import OPERATOR, Actor, ActorKind
from service.services.subscription_acts import find_same
from service.services.subscription_checks import SubscriptionRequest
from service.storage.reseal import reseal
from tests.fakes import FakeClock
from tests.fakes_pull import publish, rows
from tests.fakes_receiver import FakeReceiver, hang, raw, status
from tests.fakes_web import make_loa
from tests.journeys.cli import Terminal

SECRET = "s3cr3t-T0ken"


@pytest.fixture(params=["sqlite", "postgresql"])
def loa(request: pytest.FixtureRequest, clock: FakeClock) -> Iterator[Loa]:
    url = request.getfixturevalue(f"{request.param}_url")
    webhooks = {"allow_private_networks": True, "timeout_s": 2}
    made = make_loa(url, clock, webhooks=webhooks)
    yield made
    made.close()


def add(loa: Loa, target: str) -> str:
    with loa.database.writing() as conn:
        request = SubscriptionRequest(CHAT, target, is_confirmed=True)
        return acts.add(conn, loa, request, OPERATOR).subscription.id


def test_each_answer_of_a_service_comes_to_what_a_webhooks_does(loa: Loa, clock: FakeClock) -> None:
    with FakeReceiver() as service:
        port = service.server.server_address[1]
        service.answers = {
            "/": status(200, b'{"id": "1"}'),
            "/busy": status(503, retry_after="120"),
            "/moved": status(302, location="/ok"),
            "/gone": status(410),
            "/hang": hang(20),
            "/endless": raw(b"HTTP/1.1 200 OK\r\n\r\n", *[b"x" * 65_536] * 40),
        }
        at = f"127.0.0.1:{port}"
        ids = {
            name: add(loa, f"json://{at}/{name}?+Authorization={SECRET}")
            for name in ("ok", "busy", "moved", "gone", "hang", "endless")
        }
        ids["ntfy"] = add(loa, f"ntfy://me:{SECRET}@{at}/topic")
        ids["deaf"] = add(loa, "json://127.0.0.1:1024/x")
        ids["wrong"] = add(loa, f"tgram://{SECRET}")
        clock.advance(60)
        publish(loa, "post-1")
        counts = loa.deliverer.deliver_due().as_dict()
    said = dict(
        rows(
            loa,
            "SELECT m.subscription_id, a.detail FROM attempt a JOIN message m ON m.id = a.message_id",
        )
    )
    sent = rows(loa, "SELECT subscription_id FROM message WHERE state = 'sent'")
    assert {key for (key,) in sent} == {ids[name] for name in ("ok", "ntfy", "endless")}
    assert {name: said[key].partition(" ")[0] for name, key in ids.items() if key in said} == {
        "busy": "webhook.answered",
        "moved": "webhook.redirected",
        "gone": "webhook.gone",
        "hang": "webhook.timed_out",
        "deaf": "webhook.unconnected",
        "wrong": "chat.unreadable",
    }
    assert counts == {"sent": 3, "failed": 2, "retry": 4, "suspended": 0, "skipped": 0}
    assert service.count("/ok") == service.count("/busy") == 1  # a retry is the ledger's
    took = {one.path: one for one in service.received}
    told = json.loads(took["/ok"].body)
    assert took["/ok"].headers["authorization"] == SECRET
    assert "https://loa.example/posts/" in told["message"]
    assert json.loads(took["/"].body)["topic"] == "topic"
    assert took["/"].headers["authorization"].startswith("Basic ")
    shown = repr(
        [
            *rows(loa, "SELECT * FROM subscription"),
            *rows(loa, "SELECT * FROM message"),
            *rows(loa, "SELECT * FROM attempt"),
            *rows(loa, "SELECT * FROM endpoint"),
            *rows(loa, "SELECT * FROM audit"),
        ]
    )
    assert SECRET not in shown
    assert "json://127.0.0.1" in shown


def test_one_target_is_found_again_by_its_mark_under_each_key_and_a_unit_adds_none(
    loa: Loa,
) -> None:
    target = f"tgram://123456789:{SECRET}/-100200"
    key, other = add(loa, target), add(loa, f"tgram://123456789:{SECRET}/-100201")
    with loa.database.reading() as conn:
        assert [one.id for one in find_same(conn, loa, CHAT, target)] == [key]
        shown = {one.target for one in find_same(conn, loa, CHAT, target)}
        shown |= {one.target for one in find_same(conn, loa, CHAT, target[:-1] + "1")}
    assert len(shown) == 2  # two groups of one service are told apart
    assert all(one.startswith("tgram://••••••") and SECRET not in one for one in shown)
    box = SecretBox(lambda: Keys("n" * 40, ended=("k" * 40,)))
    assert reseal(loa.database, box).done == 2
    marks = dict(rows(loa, "SELECT id, target_key FROM subscription"))
    assert (marks[key], marks[other]) == (box.mark(target), box.mark(target[:-1] + "1"))
    with loa.database.writing() as conn:
        unit = Actor(ActorKind.UNIT, unit_id="u1")
        with pytest.raises(InvalidInput, match="only an operator"):
            acts.add(conn, loa, SubscriptionRequest(CHAT, target), unit)


def test_without_the_extra_it_is_named(loa: Loa, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(
        CHANNELS, CHAT, replace(CHANNELS[CHAT], extra=("chat", "apprise_is_not_here"))
    )  # type: ignore[arg-type] # a Mapping for others
    with pytest.raises(InvalidInput, match=r"loa\[chat\]"):
        add(loa, f"tgram://123456789:{SECRET}/-100200")


def test_a_program_that_ends_before_it_reads_costs_a_retry_and_stops_nothing(
    loa: Loa, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(3):
        add(loa, f"json://127.0.0.1:1024/{n}")
    clock.advance(60)
    publish(loa, "post-1")
    with monkeypatch.context() as patched:
        patched.setattr(sys, "executable", shutil.which("false"))
        assert loa.deliverer.deliver_due().as_dict()["retry"] == 3
    assert {detail for (detail,) in rows(loa, "SELECT detail FROM message")} == {"chat.fell"}
    clock.advance(3600)
    assert loa.deliverer.deliver_due().as_dict()["retry"] == 3  # and nothing hung on it


def test_the_program_dials_no_private_address_that_a_name_turned_into() -> None:
    with FakeReceiver() as service:
        port = service.server.server_address[1]
        calls = [
            {
                "id": "1",
                "scheme": "json",
                "url": f"json://localhost:{port}/x",
                "title": "t",
                "body": "b",
            }
        ]
        asked = {
            "name": "Loa", "public_url": "https://loa.example", "timeout_s": 5,
            "allow_private_networks": False, "calls": calls,
        }  # fmt: skip
        done = subprocess.run(
            [sys.executable, "-m", "service.delivery.chat_process"],
            input=json.dumps(asked).encode(), capture_output=True, check=True, timeout=60,
        )  # fmt: skip
    ready, answer = (json.loads(line) for line in done.stdout.splitlines())
    assert ready == {"ready": True}
    assert (answer["is_sent"], answer["is_guarded"], answer["is_read"]) == (False, True, True)
    assert service.received == []


def test_the_command_line_shows_an_address_nowhere_and_takes_it_from_standard_input(
    tmp_path: Path,
) -> None:
    terminal = Terminal(tmp_path)
    target = f"tgram://123456789:{SECRET}/-100200"
    added = terminal.run(
        "subscription", "add", "chat", "-", "--confirmed", "--json", stdin=f"{target}\n"
    )
    file = tmp_path / "all.csv"
    file.write_text(f"channel,target,confirmed\nchat,{target},yes\n", encoding="utf-8")
    said = [
        added.output,
        terminal.run("subscription", "list").output,
        terminal.run("subscription", "show", json.loads(added.stdout)["id"]).output,
        terminal.run("subscription", "import", str(file)).output,
        terminal.run("subscription", "import", str(file), "--json").output,
        terminal.run("subscription", "test", json.loads(added.stdout)["id"]).output,
        terminal.run("subscription", "rotate", json.loads(added.stdout)["id"], code=None).output,
    ]
    assert SECRET not in "".join(said)
    assert json.loads(added.stdout)["target"].startswith("tgram://••••••")
    assert len(terminal.json("subscription", "list")) == 1  # the import found it again
    assert SECRET.encode() not in terminal.database.read_bytes()
    assert "no address of a chat service" in terminal.refused("subscription", "add", "chat", SECRET)
