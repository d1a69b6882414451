"""Yesterday's database put back, through the command line: nothing is sent twice until somebody
says so."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Thread

import pytest
from sqlalchemy import text

from service.bootstrap import open_loa
from service.demo.sample import DIRECTIVES, live_post
from service.demo.sample_portal import SamplePortal
from service.storage.queue import RESTORED
from tests.fakes import FakeClock
from tests.fakes_receiver import FakeReceiver
from tests.fakes_web import make_web
from tests.journeys.cli import Terminal


@pytest.fixture
def receiver() -> Iterator[FakeReceiver]:
    with FakeReceiver() as made:
        yield made


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    made = Terminal(tmp_path)
    made.configure("[webhooks]\nallow_private_networks = true\n")
    return made


def put_back(terminal: Terminal, copy: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        terminal.database.with_name(terminal.database.name + suffix).unlink(missing_ok=True)
    shutil.copy(copy, terminal.database)


def queue(terminal: Terminal, subscription_id: str) -> str:
    return str(terminal.json("subscription", "test", subscription_id)["message"])


def test_D15_nothing_is_sent_twice_after_a_restore_until_it_is_released(
    terminal: Terminal, receiver: FakeReceiver, tmp_path: Path
) -> None:
    copy = tmp_path / "backup.db"
    added = terminal.json("subscription", "add", "webhook", receiver.url(), "--confirmed")
    assert terminal.json("deliver")["sent"] == 0
    queue(terminal, added["id"])
    terminal.run("backup", str(copy))
    assert terminal.json("deliver")["sent"] == 1
    put_back(terminal, copy)

    said = terminal.run("deliver", code=1).stderr
    assert "restored from a backup" in said
    assert "loa delivery release" in said
    assert terminal.json("deliver", code=1)["sent"] == 0
    assert len(receiver.received) == 1
    checks = terminal.json("check", "--offline", code=1)["checks"]
    (fence,) = [one for one in checks if one["what"] == "restore fence"]
    assert (fence["verdict"], fence["remedy"]) == (
        "bad",
        "loa delivery release --since WHEN, or --discard",
    )

    assert "--discard" in terminal.refused("delivery", "release")
    assert terminal.json("delivery", "release", "--discard") == {
        "was_restored": True,
        "discarded": 1,
    }
    assert terminal.json("deliver")["sent"] == 0
    queue(terminal, added["id"])
    assert terminal.json("deliver")["sent"] == 1
    assert len(receiver.received) == 2


def test_D15_a_backup_put_in_a_new_place_sends_nothing_until_it_is_released(
    terminal: Terminal, receiver: FakeReceiver, tmp_path: Path
) -> None:
    added = terminal.json("subscription", "add", "webhook", receiver.url(), "--confirmed")
    terminal.json("deliver")
    queue(terminal, added["id"])
    terminal.run("backup", str(tmp_path / "elsewhere.db"))
    terminal.environ["LOA_DATABASE__URL"] = f"sqlite:///{tmp_path / 'elsewhere.db'}"
    assert "restored from a backup" in terminal.run("deliver", code=1).stderr
    assert terminal.json("delivery", "release", "--since", "1h") == {
        "was_restored": True,
        "discarded": 0,
    }
    assert terminal.json("deliver")["sent"] == 1


@pytest.fixture
def portal(terminal: Terminal) -> Iterator[SamplePortal]:
    made = SamplePortal()
    made.start()
    terminal.configure(
        "[webhooks]\nallow_private_networks = true\n[polling]\nmin_delay_per_host_s = 0.0\n"
    )
    (terminal.folder / "portals" / "mau.toml").write_text(
        f'id = "mau"\nname = "Cổng mẫu"\nbase_url = "{made.base_url}"\nkind = "td-portal"\n'
        f'[[listings]]\nurl = "{DIRECTIVES}"\n',
        encoding="utf-8",
    )
    yield made
    made.stop()


def publish(terminal: Terminal, portal: SamplePortal, hours_ago: int) -> str:
    """A post of that time, found by a poll; its title."""
    post = live_post(datetime.now(UTC) - timedelta(hours=hours_ago))
    portal.publish(post)
    terminal.json("poll")
    return post.title


def told(receiver: FakeReceiver) -> list[str]:
    return [json.loads(one.body)["data"]["title"] for one in receiver.received]


@pytest.mark.parametrize("is_polled_first", [False, True])
def test_D15_what_the_lost_database_had_told_is_not_told_again_whether_it_is_found_before_or_after_the_release(
    terminal: Terminal,
    receiver: FakeReceiver,
    portal: SamplePortal,
    tmp_path: Path,
    is_polled_first: bool,
) -> None:
    hook = terminal.json("subscription", "add", "webhook", receiver.url(), "--confirmed")["id"]
    terminal.json("poll")
    terminal.json("deliver")
    terminal.run("backup", str(tmp_path / "backup.db"))
    before = publish(terminal, portal, hours_ago=3)
    assert terminal.json("deliver")["sent"] == 1

    put_back(terminal, tmp_path / "backup.db")
    if is_polled_first:
        terminal.json("poll")
    since = (datetime.now(UTC) - timedelta(hours=2)).isoformat()
    assert terminal.json("delivery", "release", "--since", since)["was_restored"] is True
    after = publish(terminal, portal, hours_ago=1)
    assert terminal.json("deliver")["sent"] == 1
    assert told(receiver) == [before, after]
    again = terminal.json("post", "list", "--search", before)["posts"]
    assert [post["title"] for post in again] == [before]
    assert terminal.json("why", again[0]["id"], hook)["was_owed"] is True

    backdated = publish(terminal, portal, hours_ago=4)
    assert terminal.json("deliver")["sent"] == 1, (
        "the listing was read since: what is new now is new"
    )
    assert told(receiver)[-1] == backdated


@pytest.mark.traced
def test_D15_after_a_release_that_discards_the_next_poll_tells_nothing_that_is_older(
    terminal: Terminal, receiver: FakeReceiver, portal: SamplePortal, tmp_path: Path
) -> None:
    terminal.json("subscription", "add", "webhook", receiver.url(), "--confirmed")
    terminal.json("poll")
    terminal.json("deliver")
    terminal.run("backup", str(tmp_path / "backup.db"))
    publish(terminal, portal, hours_ago=3)
    terminal.json("deliver")
    put_back(terminal, tmp_path / "backup.db")
    assert terminal.json("delivery", "release", "--discard") == {
        "was_restored": True,
        "discarded": 0,
    }
    terminal.json("poll")
    assert terminal.json("deliver")["sent"] == 0
    publish(terminal, portal, hours_ago=1)
    assert terminal.json("deliver")["sent"] == 1


def test_what_a_restored_database_may_send_is_said_in_one_way_or_the_other(
    terminal: Terminal,
) -> None:
    assert "either --since WHEN, or --discard" in terminal.refused("delivery", "release")
    assert "both were said" in terminal.refused("delivery", "release", "--discard", "--since", "1h")


def test_while_a_restored_database_waits_whoever_queues_is_told_so(
    terminal: Terminal, receiver: FakeReceiver, tmp_path: Path
) -> None:
    added = terminal.json("subscription", "add", "webhook", receiver.url(), "--confirmed")
    terminal.json("deliver")
    terminal.run("backup", str(tmp_path / "backup.db"))
    queue(terminal, added["id"])
    terminal.json("deliver")
    put_back(terminal, tmp_path / "backup.db")
    terminal.json("deliver", code=1)
    assert "loa delivery release" in terminal.run("subscription", "test", added["id"]).stderr


def test_readyz_says_that_a_restored_database_sends_nothing(
    sqlite_url: str, clock: FakeClock
) -> None:
    web = make_web(sqlite_url, clock)
    with web.loa.database.writing() as conn:
        conn.execute(text("INSERT INTO meta(key, value) VALUES (:key, '1')"), {"key": RESTORED})
    answer = web.client.get("/readyz")
    assert answer.status_code == 503
    assert any("loa delivery release" in reason for reason in answer.json["reasons"])
    web.loa.close()


def test_D15_a_worker_that_starts_on_a_restored_database_sends_nothing(
    terminal: Terminal, receiver: FakeReceiver, tmp_path: Path
) -> None:
    added = terminal.json("subscription", "add", "webhook", receiver.url(), "--confirmed")
    queue(terminal, added["id"])
    terminal.run("backup", str(tmp_path / "backup.db"))
    assert terminal.json("deliver")["sent"] == 1
    put_back(terminal, tmp_path / "backup.db")
    loa = open_loa(terminal.config, {})
    stop = Event()
    worker = Thread(target=loa.work, args=(stop,))
    worker.start()
    time.sleep(2.5)  # longer than a worker takes to look for what is due
    stop.set()
    worker.join(15)
    loa.close()
    assert len(receiver.received) == 1


def test_stopping_and_starting_again_is_no_restore(
    terminal: Terminal, receiver: FakeReceiver
) -> None:
    added = terminal.json("subscription", "add", "webhook", receiver.url(), "--confirmed")
    for _ in range(3):
        queue(terminal, added["id"])
        assert terminal.json("deliver")["sent"] == 1
