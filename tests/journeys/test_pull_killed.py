"""The client and the service killed at random instants while one asks and acknowledges: nothing
is skipped, nothing lost, and what comes again has the same id and the same bytes."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from sqlalchemy import text

from service.bootstrap import Loa, open_loa
from tests.fakes_pull import publish
from tests.journeys.test_serve_processes import ServedFeed
from tests.patience import eventually

FOR_S = 8.0
SHORT = """[webhooks]
timeout_s = 0.5
lease_s = 1.0
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def served(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[ServedFeed]:
    if request.param == "postgresql":
        url = request.getfixturevalue("postgresql_url")
        monkeypatch.setenv("LOA_DATABASE__URL", json.dumps(url))
        monkeypatch.setenv("LOA_SERVICE__SECRET_KEY", json.dumps("k" * 40))
    running = ServedFeed(tmp_path, SHORT)
    yield running
    running.end()


@pytest.fixture
def beside(served: ServedFeed) -> Iterator[Loa]:
    environ = {key: value for key, value in os.environ.items() if key.startswith("LOA_")}
    loa = open_loa(served.terminal.config, environ)
    yield loa
    loa.close()


class Clerk:
    """The client, which writes what it takes into a log: a line for each, its id and its hash."""

    def __init__(self, served: ServedFeed, folder: Path) -> None:
        self.log = folder / "taken.log"
        added = folder / "office.json"
        said = served.terminal.run("subscription", "add", "pull", "--json").stdout
        added.write_text(said)
        script = folder / "take.sh"
        script.write_text(f'echo "$WEBHOOK_ID $(sha256sum)" >> {self.log}\n')
        self._command = [
            sys.executable, "-m", "service", "pull", "--url", f"http://127.0.0.1:{served.port}",
            "--token-file", str(added), "--exec", f"sh {script}",
        ]  # fmt: skip
        self.process = self.start()

    def start(self, *more: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [*self._command, *more], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def taken(self) -> dict[str, set[str]]:
        """By id, the hashes of its bodies."""
        found: dict[str, set[str]] = defaultdict(set)
        for line in self.log.read_text().splitlines() if self.log.exists() else ():
            id_, hash_, *_ = line.split()
            found[id_].add(hash_)
        return found


@pytest.mark.timeout(180)
def test_D1_client_and_service_killed_at_random_skip_nothing_and_lose_nothing(
    served: ServedFeed, beside: Loa, tmp_path: Path
) -> None:
    clerk = Clerk(served, tmp_path)
    luck, n = random.Random(16), 0
    killed: Counter[str] = Counter()
    ends_at = time.monotonic() + FOR_S
    next_kill = time.monotonic() + 1.5
    while time.monotonic() < ends_at or killed.total() < 6:
        publish(beside, f"post-{n}")
        n += 1
        time.sleep(0.02)
        if time.monotonic() >= next_kill:
            # a web child that dies twice within seconds ends the whole service: so that is killed
            victim = ("web", "clerk", "worker", "clerk", "service", "clerk")[killed.total() % 6]
            killed[victim] += 1
            if victim == "clerk":
                clerk.kill()
                clerk.process = clerk.start()
            elif victim == "service":
                served.process.kill()
                served.process.wait()
                served.process = served.start()
            else:
                with suppress(psutil.NoSuchProcess, KeyError):
                    served.children()[victim].kill()
            next_kill = time.monotonic() + luck.uniform(0.3, 1.2)
    clerk.kill()
    eventually(served.is_up)

    def is_whole() -> bool:
        clerk.start("--once").wait()
        with beside.database.reading() as conn:
            owed = text("SELECT count(*) FROM delivery WHERE state <> 'sent'")
            return bool(conn.execute(owed).scalar_one() == 0)

    until = time.monotonic() + 60
    while not is_whole():
        assert time.monotonic() < until
    taken = clerk.taken()
    with beside.database.reading() as conn:
        owed = set(conn.execute(text("SELECT message_id FROM delivery")).scalars())
    assert len(owed) == n
    # at times that no one chose, and each of them while something was on its way
    assert killed["clerk"] >= 2 and killed["web"] and killed["worker"] and killed["service"]
    assert set(taken) == owed
    assert all(len(bodies) == 1 for bodies in taken.values())
