"""D19: polling and delivering from cron, with no worker anywhere, do what a worker's round does."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from service.errors import StorageError
from service.round import round_jobs, worker_jobs
from service.schedule import Job, run_once
from service.storage.down_channels import load_down
from service.storage.engine import Database
from service.types import State
from tests.fakes import FakeClock
from tests.fakes_ledger import NOW, a_post, deliverer, hook, tell
from tests.fakes_receiver import FakeReceiver, hang, status
from tests.fakes_web import make_loa
from tests.journeys.cli import Terminal


def test_D19_a_round_has_every_job_of_the_worker_but_what_only_a_process_that_stays_does(
    database: Database, sqlite_url: str, clock: FakeClock
) -> None:
    loa = make_loa(sqlite_url, clock)
    of_worker = [job.name for job in worker_jobs(loa, lambda: False)]
    of_round = [job.name for job in round_jobs(loa)]
    assert set(of_worker) - set(of_round) == {
        "poll", "backfill", "pages", "looks", "portal files", "fence", "clock", "diary",
    }  # fmt: skip
    assert len(set(of_worker)) == len(of_worker)
    loa.close()


def test_D19_a_part_of_a_round_that_fails_stops_no_other() -> None:
    ran = []

    def broken() -> None:
        raise StorageError("cannot use the database: it is locked")

    def bug() -> None:
        raise RuntimeError

    jobs = [Job("a", 1, broken), Job("b", 1, bug), Job("c", 1, lambda: ran.append("c"))]
    assert run_once(jobs) == ("a", "b")
    assert ran == ["c"]


def test_D19_what_comes_due_while_delivering_is_left_for_the_next_time(
    any_database: Database, clock: FakeClock
) -> None:
    """While an endpoint hangs, the second attempt of another would come due, again and again."""
    with FakeReceiver(hang(3.0)) as hanging, FakeReceiver(status(500)) as failing:
        with any_database.writing() as conn:
            hook(conn, hanging.url())
            hook(conn, failing.url())
            tell(conn, a_post())
        times = iter(range(100_000))
        ours = deliverer(any_database, lambda: NOW + timedelta(seconds=next(times)), timeout_s=1.0)
        counts = ours.deliver_due()
        assert counts.retry == 2
        assert len(failing.received) == 1
    with any_database.reading() as conn:
        rows = conn.execute(text("SELECT state, attempts FROM message")).all()
    assert {(State(row.state), row.attempts) for row in rows} == {(State.DUE, 1)}


@pytest.mark.parametrize("command", ["poll", "deliver"])
def test_D19_either_command_tells_the_operator_and_writes_what_is_due(
    tmp_path: Path, command: str
) -> None:
    terminal = Terminal(tmp_path)
    terminal.configure(
        '[operator]\nemail = "huyen@example.vn"\n'
        '[email]\nsmtp_url = "smtp://127.0.0.1:1"\nfrom = "loa@example.vn"\n'
        "[polling]\nmin_delay_per_host_s = 0\n"
    )
    (terminal.folder / "portals" / "x.toml").write_text(
        'id = "x"\nname = "X"\nbase_url = "http://127.0.0.1:1"\n[[listings]]\nurl = "/"\n',
        encoding="utf-8",
    )
    for _ in range(2):
        terminal.run("poll", code=1)
    terminal.run(command, code=1)
    with closing(sqlite3.connect(terminal.database)) as conn:
        keys = [row[0] for row in conn.execute("SELECT group_key FROM message")]
    assert len([key for key in keys if key.startswith("letter:operator:portal:x:")]) == 1


def test_D19_delivering_by_hand_says_which_channels_cannot_be_opened(
    sqlite_url: str, clock: FakeClock
) -> None:
    loa = make_loa(sqlite_url, clock)
    loa.ready_to_send()
    with loa.database.reading() as conn:
        assert load_down(conn) == dict(loa.senders.down)
    loa.close()
