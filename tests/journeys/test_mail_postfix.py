"""Mails through Postfix and to its own server for tests: pipelining, refusals and bounces as a
relay makes them."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from service.alerts.bounce import read
from service.alerts.links import Links
from service.delivery.email import EmailChannel, Round
from service.delivery.mailroom import Ready
from service.services.bounce_acts import apply_bounce
from service.settings import Settings
from service.storage.engine import Database
from service.storage.queue import ClaimedMessage
from service.types import Result, State
from tests.fakes import FakeClock
from tests.fakes_email import SECRET_KEY, drain, make_channel, publish, states
from tests.fakes_mail import FakeRelay, Received, running_relay
from tests.fakes_postfix import WHY_NOT, running_postfix
from tests.mail_table import bodies, build, parse
from tests.patience import free_port

SINK = shutil.which("smtp-sink", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
IS_CI = "CI" in os.environ  # where nothing is skipped
needs_sink = pytest.mark.skipif(
    SINK is None and not IS_CI, reason="Postfix's smtp-sink is not installed"
)
MAILS = 100


@contextmanager
def running_sink(folder: Path, *options: str) -> Iterator[int]:
    folder.chmod(0o777)
    port = free_port()
    account = ["-u", "nobody"] if os.geteuid() == 0 else []
    process = subprocess.Popen(
        [str(SINK), *account, *options, f"127.0.0.1:{port}", "50"], cwd=folder
    )
    try:
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.01)
        yield port
    finally:
        process.terminate()
        process.wait(10)


def send(port: int) -> tuple[list[Result], str]:
    """What became of the mails, and why the relay is down if it is."""
    settings = Settings.model_validate(
        {"email": {"smtp_url": f"smtp://127.0.0.1:{port}", "rate_per_s": 1e6}}
    )
    channel = EmailChannel(
        settings, Links("k", "https://loa.example"), "k", lambda: datetime.now(UTC), {}
    )
    results: list[Result] = []
    work = Round.build(
        [
            (
                ClaimedMessage(str(n), "smtp", 1, 1),
                Ready(str(n), f"loa+{n}@mail.example", f"r{n}@xa.example", build()),
            )
            for n in range(MAILS)
        ],
        results.extend,
    )
    channel.send_ready(work)
    channel.close()
    assert len(results) + len(work.waiting) == MAILS
    return results, work.down


@needs_sink
@pytest.mark.parametrize("options", [(), ("-p",)], ids=["pipelining", "step by step"])
def test_every_mail_reaches_a_relay_whole_and_once(
    tmp_path: Path, options: tuple[str, ...]
) -> None:
    with running_sink(tmp_path, *options, "-d", "%M.") as port:
        assert [one.state for one in send(port)[0]] == [State.SENT] * MAILS
    mails = [parse(path.read_bytes()) for path in tmp_path.iterdir()]
    assert {mail["X-Rcpt-Args"] for mail in mails} == {f"<r{n}@xa.example>" for n in range(MAILS)}
    assert len(mails) == MAILS
    assert {tuple(bodies(mail)) for mail in mails} == {
        tuple(bodies(parse(build().replace(b"\r\n", b"\n"))))
    }


REFUSALS = {
    "rcpt for good": (("-f", "rcpt"), State.FAILED, 500),
    "rcpt for now": (("-r", "rcpt"), State.DUE, 450),
    "data for good": (("-f", "data"), State.FAILED, 500),
    "the mail for good": (("-f", "."), State.FAILED, 500),
    "the mail for now": (("-r", "."), State.DUE, 450),
    "no answer after the mail": (("-q", "."), State.DUE, None),
}


@needs_sink
@pytest.mark.parametrize("name", REFUSALS)
def test_D6_a_relay_is_believed_for_each_mail(tmp_path: Path, name: str) -> None:
    options, state, status = REFUSALS[name]
    with running_sink(tmp_path, *options) as port:
        results, down = send(port)
    assert [(one.state, one.status) for one in results] == [(state, status)] * MAILS and not down


@needs_sink
@pytest.mark.parametrize(
    "options", [("-Q", "rcpt"), ("-q", "mail"), ("-f", "mail"), ("-Q", "connect")]
)
def test_D6_a_relay_that_is_down_costs_no_mail_an_attempt(
    tmp_path: Path, options: tuple[str, ...]
) -> None:
    with running_sink(tmp_path, *options) as port:
        results, down = send(port)
    assert results == [] and down


@pytest.mark.skipif(bool(WHY_NOT) and not IS_CI, reason=WHY_NOT)
def test_D7_what_a_real_relay_refuses_at_once_or_sends_back_suspends_and_nothing_else(
    database: Database, clock: FakeClock
) -> None:
    known, refused_later, unknown = (f"{name}@xa.example" for name in ("lan", "minh", "khong-co"))
    publish(database, clock, known, refused_later, unknown)
    next_hop = FakeRelay(at_rcpt={refused_later: "550 5.1.1 no such user"}.get)
    with running_relay(next_hop), running_postfix(next_hop.port, [known, refused_later]) as port:
        channel = make_channel(clock, f"smtp://127.0.0.1:{port}", timeout_s=10)
        drain(database, channel, clock)
        channel.close()
        assert states(database) == {known: "sent", refused_later: "sent", unknown: "failed"}
        returned = wait_for_bounce(next_hop)
    verdict = read(f"X-Original-To: {returned.recipient}\n".encode() + returned.mail, SECRET_KEY)
    with database.writing() as conn:
        assert apply_bounce(conn, verdict, clock()) == 1
        rows = conn.execute(text("SELECT target, status FROM subscription")).all()
    assert {row.target: row.status for row in rows} == {
        known: "active", refused_later: "suspended", unknown: "suspended",
    }  # fmt: skip
    assert [one.recipient for one in next_hop.received if one is not returned] == [known]


def wait_for_bounce(relay: FakeRelay) -> Received:
    for _ in range(300):
        found = [one for one in relay.received if one.recipient.startswith("loa+b-")]
        if found and len(relay.received) > 1:
            return found[0]
        time.sleep(0.1)
    raise TimeoutError(f"no bounce came; {relay.recipients}")
