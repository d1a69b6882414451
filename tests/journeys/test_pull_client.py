"""`loa pull`, the client of an office: it hands on what is verified, and acknowledges only then."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import text
from standardwebhooks import Webhook

from service.alerts.signing import new_secret
from service.bootstrap import Loa, open_loa
from tests.fakes_pull import publish
from tests.journeys.test_serve_processes import ServedFeed
from tests.patience import eventually


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedFeed]:
    running = ServedFeed(tmp_path_factory.mktemp("served"))
    yield running
    running.end()


@pytest.fixture
def beside(served: ServedFeed) -> Iterator[Loa]:
    loa = open_loa(served.terminal.config, {})
    yield loa
    loa.close()


@pytest.fixture
def token_file(served: ServedFeed, tmp_path: Path) -> Path:
    added = served.terminal.json("subscription", "add", "pull", "--name", "xã A")
    path = tmp_path / "office.json"
    path.write_text(json.dumps(added))
    return path


def command(served: ServedFeed, token_file: Path, *arguments: str) -> list[str]:
    url = f"http://127.0.0.1:{served.port}"
    return [
        sys.executable, "-m", "service", "pull", "--url", url, "--token-file", str(token_file),
        *arguments,
    ]  # fmt: skip


def pull(served: ServedFeed, token_file: Path, *arguments: str, code: int = 0) -> Any:
    done = subprocess.run(
        command(served, token_file, *arguments, "--json"),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return json.loads(done.stdout) if done.stdout else done.stderr


def tell(loa: Loa, name: str, n: int) -> None:
    for number in range(n):
        publish(loa, f"{name}-{number}")


def owed(loa: Loa, token_file: Path) -> int:
    key = json.loads(token_file.read_text())["id"]
    with loa.database.reading() as conn:
        query = "SELECT count(*) FROM delivery WHERE subscription_id = :id AND state <> 'sent'"
        return int(conn.execute(text(query), {"id": key}).scalar_one())


def test_files_are_written_whole_and_acknowledged_and_a_loss_is_made_good_by_one_statement(
    served: ServedFeed, beside: Loa, token_file: Path, tmp_path: Path
) -> None:
    inbox = tmp_path / "inbox"
    tell(beside, "dir", 40)
    said = pull(served, token_file, "--dir", str(inbox), "--once")
    assert said == {"taken": 40, "repeated": 0, "refused": 0, "failed": 0, "unanswered": 0}
    assert owed(beside, token_file) == 0
    files = sorted(inbox.iterdir())
    kept = {one.name: one.read_bytes() for one in files}
    assert len(kept) == 40 and all(name.endswith(".json") for name in kept)
    for lost in files[::20]:  # 5 %
        lost.unlink()
    day = beside.clock().astimezone(beside.settings.service.locale.zone).date().isoformat()
    said = pull(served, token_file, "--dir", str(inbox), "--statement", day)
    assert said == {
        "day": day, "owed": 40, "missing": 2, "fetched": 2, "gone": [], "whole": True,
    }  # fmt: skip
    assert {one.name: one.read_bytes() for one in inbox.iterdir()} == kept


class Program:
    """A local program of an office, which verifies with the foreign library and may be ill."""

    def __init__(self, secret: str) -> None:
        self.secret, self.status, self.seen = secret, 204, list[str]()
        program = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                Webhook(program.secret).verify(body, dict(self.headers))
                program.seen.append(self.headers["webhook-id"])
                self.send_response(program.status)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Nobody reads it."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/"
        Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def program(token_file: Path) -> Iterator[Program]:
    made = Program(json.loads(token_file.read_text())["secret"])
    yield made
    made.close()


def test_what_a_local_program_does_not_take_is_not_acknowledged_and_comes_again(
    served: ServedFeed, beside: Loa, token_file: Path, program: Program
) -> None:
    tell(beside, "post", 3)
    program.status = 500
    said = pull(served, token_file, "--post", program.url, "--once", code=1)
    assert (said["taken"], said["failed"]) == (0, 3)
    assert owed(beside, token_file) == 3
    with beside.database.writing() as conn:  # the lease ends
        conn.execute(text("UPDATE lease SET until = 0"))
    program.status = 204
    eventually(lambda: _is_free(beside))
    said = pull(served, token_file, "--post", program.url, "--once")
    assert said["taken"] == 3 and owed(beside, token_file) == 0
    assert sorted(program.seen[:3]) == sorted(program.seen[3:])


def _is_free(loa: Loa) -> bool:
    with loa.database.reading() as conn:
        return conn.execute(text("SELECT count(*) FROM lease")).scalar_one() == 0


def test_it_runs_until_sigterm_and_ends_at_once_with_0_while_it_waits(
    served: ServedFeed, beside: Loa, token_file: Path, tmp_path: Path
) -> None:
    inbox = tmp_path / "inbox"
    running = subprocess.Popen(
        command(served, token_file, "--dir", str(inbox)), stdout=subprocess.PIPE, text=True
    )
    tell(beside, "running", 1)
    eventually(lambda: inbox.is_dir() and len(list(inbox.glob("*.json"))) == 1)
    eventually(lambda: owed(beside, token_file) == 0)
    os.kill(running.pid, signal.SIGTERM)
    out, _ = running.communicate(timeout=10)
    assert running.returncode == 0 and out.startswith("1 taken")


def test_a_command_gets_the_body_and_the_headers(
    served: ServedFeed, beside: Loa, token_file: Path, tmp_path: Path
) -> None:
    tell(beside, "exec", 1)
    script = tmp_path / "take.py"
    script.write_text(
        "import os, sys, json\n"
        f"open({str(tmp_path / 'out')!r}, 'w').write(os.environ['WEBHOOK_ID'] + ' ' +"
        " json.load(sys.stdin)['type'])\n"
    )
    pull(served, token_file, "--exec", f"{sys.executable} {script}", "--once")
    assert (tmp_path / "out").read_text().endswith(" post.published")
    tell(beside, "exec-again", 1)
    assert pull(served, token_file, "--exec", "false", "--once", code=1)["failed"] == 1


def test_what_another_has_signed_is_refused_and_stays_owed(
    served: ServedFeed, beside: Loa, token_file: Path, tmp_path: Path
) -> None:
    tell(beside, "forged", 1)
    said = json.loads(token_file.read_text())
    token_file.write_text(json.dumps({**said, "secret": new_secret()}))
    inbox = tmp_path / "inbox"
    assert pull(served, token_file, "--dir", str(inbox), "--once", code=1)["refused"] == 1
    assert list(inbox.iterdir()) == []
    token_file.write_text(json.dumps(said))
    assert owed(beside, token_file) == 1


def test_without_a_secret_it_verifies_by_the_public_key(
    served: ServedFeed, beside: Loa, token_file: Path, tmp_path: Path
) -> None:
    token_file_ = tmp_path / "token"
    token_file_.write_text(json.loads(token_file.read_text())["token"] + "\n")
    tell(beside, "public", 2)
    assert pull(served, token_file_, "--dir", str(tmp_path / "in"), "--once")["taken"] == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--once"], "one of the three"),
        (["--dir", "x", "--post", "http://127.0.0.1/"], "one of the three"),
        (["--post", "ftp://x"], "no web address"),
        (["--exec", "'"], "cannot be read"),
        (["--url", "http://loa.example", "--dir", "x"], "plain http"),
        (["--url", "loa.example", "--dir", "x"], "no address of a Loa"),
    ],
)
def test_what_cannot_be_used_is_named_with_exit_2(
    served: ServedFeed, token_file: Path, tmp_path: Path, arguments: list[str], said: str
) -> None:
    done = subprocess.run(
        command(served, token_file, *arguments), capture_output=True, text=True, cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )  # fmt: skip
    assert (done.returncode, said in done.stderr) == (2, True), done.stderr


def test_a_token_that_is_none_ends_it_with_2_and_a_loa_that_is_away_with_1(
    served: ServedFeed, tmp_path: Path
) -> None:
    token_file = tmp_path / "token"
    token_file.write_text("loa_pull_no\nwhsec_eA==\n")
    folder = ("--dir", str(tmp_path / "in"), "--once")
    assert "401" in pull(served, token_file, *folder, code=2)
    away = pull(served, token_file, "--url", "http://127.0.0.1:9", *folder, code=1)
    assert away["unanswered"] == 1
    token_file.write_text("nothing")
    assert "0 tokens" in pull(served, token_file, *folder, code=2)
