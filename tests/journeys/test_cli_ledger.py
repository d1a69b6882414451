"""The ledger by command: what was sent and why, again on request, stopped and let go."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook

from service.demo.sample import DIRECTIVES
from service.demo.sample_portal import SamplePortal
from tests.fakes_receiver import FakeReceiver, status
from tests.journeys.cli import Terminal

UNIT = "UBND xã Quảng Ninh"


@pytest.fixture
def receiver() -> Iterator[FakeReceiver]:
    with FakeReceiver({"/broken": status(400)}) as made:
        yield made


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    portal = SamplePortal()
    portal.start()
    made = Terminal(tmp_path)
    made.configure(
        "[polling]\nmin_delay_per_host_s = 0.0\nalert_on_first_poll = true\nmax_alert_age_days = "
        "9000\n"
        "[webhooks]\nallow_private_networks = true\nretry_schedule_s = [0]\n"
    )
    (tmp_path / "portals" / "mau.toml").write_text(
        f'id = "mau"\nname = "Cổng mẫu"\nbase_url = "{portal.base_url}"\nkind = "td-portal"\n'
        f'[[listings]]\nurl = "{DIRECTIVES}"\n',
        encoding="utf-8",
    )
    yield made
    portal.stop()


def subscribe(terminal: Terminal, url: str, *options: str) -> str:
    return str(terminal.json("subscription", "add", "webhook", url, "--confirmed", *options)["id"])


def only(rows: list[Any]) -> Any:
    (row,) = rows
    return row


def test_a_delivery_is_shown_with_its_attempts_and_replayed_under_the_same_id(
    terminal: Terminal, receiver: FakeReceiver
) -> None:
    hook = subscribe(terminal, receiver.url("/hook"), "--keyword", "tham mưu")
    terminal.run("poll")
    assert terminal.json("deliver")["sent"] == 1
    delivery = only(terminal.json("delivery", "list", "--subscription", hook))
    assert delivery["state"] == "sent"
    shown = terminal.json("delivery", "show", delivery["id"])
    assert [attempt["status"] for attempt in shown["attempts"]] == [204]
    text = terminal.run("delivery", "show", delivery["id"]).stdout
    assert "post.published of post" in text and "204" in text
    assert terminal.json("delivery", "replay", delivery["id"]) == {"replayed": 1}
    assert terminal.run("deliver").stdout.startswith("1 sent")
    ids = {one.headers["webhook-id"] for one in receiver.received}
    assert (len(receiver.received), ids) == (2, {delivery["message_id"]})
    assert "messages are due now" in terminal.run("delivery", "replay", "--since", "1h").stdout


def test_what_failed_is_listed_and_all_of_it_replayed(
    terminal: Terminal, receiver: FakeReceiver
) -> None:
    subscribe(terminal, receiver.url("/broken"), "--keyword", "tham mưu")
    terminal.run("poll")
    assert "loa delivery list" in terminal.run("deliver", code=1).stderr
    failed = only(terminal.json("delivery", "list", "--state", "failed"))
    assert "400" in terminal.run("delivery", "show", failed["id"]).stdout
    receiver.answers.clear()
    assert terminal.json("delivery", "replay", "--failed")["replayed"] == 1
    assert terminal.json("deliver")["sent"] == 1


@pytest.mark.parametrize("named", ["delivery", "subscription", "failed", "since"])
def test_what_waits_for_its_next_attempt_is_sent_now_on_request(
    terminal: Terminal, receiver: FakeReceiver, named: str
) -> None:
    terminal.environ["LOA_WEBHOOKS__RETRY_SCHEDULE_S"] = "[0, 3600]"
    hook = subscribe(terminal, receiver.url("/broken"), "--keyword", "tham mưu")
    terminal.run("poll")
    assert "--state due" in terminal.run("deliver", code=1).stderr
    receiver.answers.clear()
    assert terminal.json("deliver")["sent"] == 0, "it waits"
    waiting = only(terminal.json("delivery", "list", "--state", "due"))["id"]
    asked = {
        "delivery": [waiting],
        "subscription": ["--subscription", hook],
        "failed": ["--failed"],
        "since": ["--since", "1h"],
    }
    assert terminal.json("delivery", "replay", *asked[named]) == {"replayed": 1}
    again = terminal.run("delivery", "replay", waiting)
    assert "0 messages" in again.stdout and "due already" in again.stderr
    assert terminal.json("deliver")["sent"] == 1
    assert terminal.json("delivery", "show", waiting)["state"] == "sent"


def test_what_is_removed_is_not_replayed_and_nobody_is_told_to_resume_it(
    terminal: Terminal, receiver: FakeReceiver
) -> None:
    hook = subscribe(terminal, receiver.url("/hook"))
    terminal.run("subscription", "remove", hook)
    said = terminal.refused("delivery", "replay", "--subscription", hook)
    assert "gets nothing more" in said and "resume" not in said


def test_a_name_that_is_mistyped_is_not_nothing_owed(terminal: Terminal) -> None:
    assert "no subscription 'typo'" in terminal.refused(
        "delivery", "list", "--subscription", "typo"
    )
    assert "no post 'typo'" in terminal.refused("delivery", "list", "--post", "typo")


def signed_by(headers: Mapping[str, str]) -> list[str]:
    return [one.partition(",")[0] for one in headers["webhook-signature"].split()]


def test_a_second_rotation_within_a_day_is_refused_until_it_is_forced(
    terminal: Terminal, receiver: FakeReceiver
) -> None:
    hook = subscribe(terminal, receiver.url("/hook"))
    second = terminal.json("subscription", "rotate", hook)["secret"]
    assert "still signs until" in terminal.refused("subscription", "rotate", hook)
    third = terminal.json("subscription", "rotate", hook, "--force")["secret"]
    terminal.run("subscription", "test", hook)
    terminal.run("deliver")
    sent = only(receiver.received)
    for secret in (second, third):
        Webhook(secret).verify(sent.body, sent.headers)
    assert signed_by(sent.headers) == ["v1", "v1", "v1a"]


def test_why_tells_what_matched_or_what_was_missing(
    terminal: Terminal, receiver: FakeReceiver
) -> None:
    owed = subscribe(terminal, receiver.url("/a"), "--category", "directives")
    other = subscribe(terminal, receiver.url("/b"), "--keyword", "không-có-chữ-này")
    terminal.run("poll")
    post = terminal.json("post", "list", "--category", "directives")["posts"][0]["id"]
    assert terminal.json("why", post, owed)["was_owed"] is True
    answer = terminal.json("why", post, other)
    assert (answer["was_owed"], bool(answer["words"])) == (False, True)
    assert "\nit is told of this post" in "\n" + terminal.run("why", post, owed).stdout
    said = terminal.run("why", post, other).stdout
    assert "it is not told of this post" in said and "không-có-chữ-này" in said


def test_while_the_switch_is_off_nothing_is_sent_and_nothing_lost(
    terminal: Terminal, receiver: FakeReceiver
) -> None:
    subscribe(terminal, receiver.url("/hook"), "--keyword", "tham mưu")
    assert "loa delivery resume" in terminal.run("delivery", "pause").stdout
    terminal.run("poll")
    stopped = terminal.run("deliver", "--json")
    assert json.loads(stopped.stdout)["sent"] == 0
    assert "nothing is sent until `loa delivery resume`" in stopped.stderr
    (switch,) = [
        one for one in terminal.json("check", "--offline")["checks"] if one["what"] == "delivery"
    ]
    assert (switch["verdict"], switch["remedy"]) == ("warning", "loa delivery resume")
    assert "goes on" in terminal.run("delivery", "resume").stdout
    assert terminal.json("deliver")["sent"] == 1


def test_a_webhook_is_asked_first_and_confirms_itself_by_its_answer(
    terminal: Terminal, receiver: FakeReceiver
) -> None:
    def echo(handler: Any) -> None:
        status(200, receiver.received[-1].body)(handler)

    receiver.answers["/hook"] = echo
    added = terminal.run(
        "subscription", "add", "webhook", receiver.url("/hook"), "--keyword", "tham mưu"
    )
    assert "whsec_" in added.stdout and "shown once" in added.stdout
    assert "gets nothing until it is confirmed" in added.stderr
    hook = only(terminal.json("subscription", "list"))
    assert hook["status"] == "pending"
    terminal.run("deliver")
    assert b"subscription.confirm" in receiver.received[0].body
    assert terminal.json("subscription", "show", hook["id"])["status"] == "active"
    terminal.run("poll")
    terminal.run("deliver")
    assert [b"post.published" in one.body for one in receiver.received] == [False, True]


def test_a_test_delivery_arrives_and_old_and_new_secrets_sign(
    terminal: Terminal, receiver: FakeReceiver
) -> None:
    hook = subscribe(terminal, receiver.url("/hook"))
    assert "goes out with" in terminal.run("subscription", "test", hook).stderr
    terminal.run("deliver")
    assert b"subscription.test" in receiver.received[0].body
    rotated = terminal.run("subscription", "rotate", hook).stdout
    assert rotated.startswith("whsec_") and "shown once" in rotated
    terminal.run("subscription", "test", hook)
    terminal.run("deliver")
    signed = [signed_by(one.headers) for one in receiver.received]
    assert signed == [["v1", "v1a"], ["v1", "v1", "v1a"]]


def test_units_tokens_and_edits_say_what_they_did(terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "units.csv"
    file.write_text(f"name,place,contacts\n{UNIT},quang-ninh-16540,vanthu@xa.example\n", "utf-8")
    assert terminal.run("unit", "import", str(file)).stdout == "1 added, 0 updated, 0 unchanged\n"
    made = terminal.run("token", "create", "--name", "văn thư", "--role", "unit", "--unit", UNIT)
    assert made.stdout.startswith("loa_") and "shown once" in made.stderr
    listed = terminal.run("token", "list").stdout
    assert "văn thư" in listed and made.stdout.strip() not in listed
    token = only(terminal.json("token", "list"))
    assert terminal.run("token", "revoke", token["id"]).stdout == f"revoked {token['id']}\n"
    assert terminal.json("token", "revoke", token["id"]) == {"id": token["id"], "status": "revoked"}
    assert "revoked" in terminal.run("token", "list").stdout
    hook = subscribe(terminal, "https://office.example/loa", "--unit", UNIT)
    edited = terminal.run(
        "subscription", "edit", hook, "--category", "directives", "--keyword", "rét"
    ).stdout
    assert edited == f"{hook} wants category directives; keyword rét, immediate\n"
    assert (
        terminal.json("subscription", "edit", hook, "--name", "máy chủ mới")["name"]
        == "máy chủ mới"
    )
    pending = terminal.json("subscription", "add", "webhook", "https://office.example/2")["id"]
    assert terminal.run("subscription", "confirm", pending).stdout == f"{pending} is active\n"


@pytest.mark.traced
@pytest.mark.parametrize("is_polled", [False, True])
def test_every_kind_of_mail_is_written_to_be_read_with_the_newest_post_where_there_is_one(
    terminal: Terminal, tmp_path: Path, is_polled: bool
) -> None:
    title = ""
    if is_polled:
        terminal.run("poll")
        title = terminal.json("post", "list")["posts"][0]["title"]
    folder = tmp_path / "mails"
    names = terminal.json("mail", "gallery", str(folder))["mails"]
    listed = (folder / "index.html").read_text("utf-8")
    assert names and all(f'href="{name}.html"' in listed for name in names)
    assert {name[:3] for name in names} == {"vi-", "en-"}
    texts = [(folder / f"{name}.txt").read_text("utf-8") for name in names]
    assert all(texts) and (title in "".join(texts))
    assert f"{len(names)} mails" in terminal.run("mail", "gallery", str(folder)).stdout
