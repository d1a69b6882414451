"""A run to 200 recipients that is killed in the middle, again and again (D1, D6)."""

from __future__ import annotations

import email
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from sqlalchemy import text

from service.storage.engine import open_database
from tests.fakes import FakeClock
from tests.fakes_ledger_mail import make_post, subscribe, tell
from tests.fakes_mail import FakeRelay, running_relay

PEOPLE = 200
IN_FLIGHT = 8

SENDER = """
import sys, threading
from datetime import UTC, datetime
from service.alerts.links import Links
from service.delivery.email import EmailChannel
from service.settings import Settings
from service.storage.engine import open_database
from service.storage.queue import claim_due, free_all_leases, record_results
from service.types import EMAIL
from service.types import Channel
database, clock = open_database(sys.argv[1]), lambda: datetime.now(UTC)
settings = Settings.model_validate({"email": {"smtp_url": sys.argv[2], "rate_per_s": 400}})
channel = EmailChannel(settings, Links("key", "https://loa.example"), "key", clock, {})
def record(results):
    with database.writing() as conn:
        record_results(conn, results, clock())
with database.writing() as conn:
    free_all_leases(conn)
while True:
    with database.writing() as conn:
        claimed = claim_due(conn, channel=EMAIL, now=clock(), limit=8, lease_s=30)
    if not claimed:
        break
    channel.send(database, claimed, record, threading.Event())
"""


def test_D6_killed_in_a_run_to_200_nobody_is_missed_and_repeats_keep_their_message_id(
    tmp_path: Path,
) -> None:
    url, clock = f"sqlite:///{tmp_path}/loa.db", FakeClock()
    database = open_database(url)
    with database.writing() as conn:
        for n in range(PEOPLE):
            subscribe(conn, f"r{n:03}@xa.example", clock())
        tell(conn, make_post(conn, clock()), clock())
    _spread(url)
    with running_relay() as relay:
        kills = sum(_run_until(relay, url, at) for at in (40, 90, 140))
        assert _run_until(relay, url, None) == 0
    database.close()
    copies = Counter(one.recipient for one in relay.received)
    assert kills == 3 and len(copies) == PEOPLE
    assert sum(copies.values()) - PEOPLE <= kills * IN_FLIGHT
    ids = {
        (one.recipient, email.message_from_bytes(one.mail)["Message-ID"]) for one in relay.received
    }
    assert len(ids) == PEOPLE


def _spread(url: str) -> None:
    """The fan-out's rest, as the worker does it."""
    from service.storage.queue import continue_fanouts

    database = open_database(url)
    continue_fanouts(database, FakeClock()())
    with database.reading() as conn:
        assert conn.execute(text("SELECT count(*) FROM message")).scalar_one() == PEOPLE
    database.close()


def _run_until(relay: FakeRelay, url: str, received: int | None) -> int:
    """Runs the sender; kills it once the relay has so many mails. Gives 1 when it was killed."""
    with subprocess.Popen([sys.executable, "-c", SENDER, url, relay.url]) as process:
        while received is not None and len(relay.received) < received and process.poll() is None:
            time.sleep(0.002)
        if received is not None and process.poll() is None:
            process.send_signal(signal.SIGKILL)
        return int(process.wait(60) == -signal.SIGKILL)
