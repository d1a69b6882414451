"""`loa serve` and `loa worker` as processes: they start, keep a good configuration, and stop."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from service.demo.sample import DIRECTIVES, live_post
from service.demo.sample_portal import SamplePortal
from tests.fakes_receiver import FakeReceiver, status
from tests.journeys.cli import Terminal
from tests.patience import PATIENCE_S, eventually, free_port


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    return Terminal(tmp_path)


@contextmanager
def running(terminal: Terminal, command: str) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """The process and its log; ended if the test did not."""
    log = terminal.folder / f"{command}.log"
    environ = {**os.environ, "LOA_CONFIG": str(terminal.config)}
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", "service", command], stderr=stream, env=environ
        )
    try:
        yield process, log
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(PATIENCE_S)


def page(port: int, path: str = "/") -> str:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return str(answer.read().decode())
    except (urllib.error.URLError, OSError):
        return ""


def test_M6_a_running_service_keeps_its_last_good_configuration(terminal: Terminal) -> None:
    port = free_port()

    def configure(title: str) -> None:
        terminal.configure(f'[server]\nport = {port}\n[service]\ntitle = "{title}"\n')

    configure("Ban tin A")
    with running(terminal, "serve") as (process, log):
        eventually(lambda: "Ban tin A" in page(port))
        terminal.config.write_text("[server]\nport = 'broken'\n", encoding="utf-8")
        process.send_signal(signal.SIGHUP)
        eventually(lambda: "last good one stays" in log.read_text())
        assert "Ban tin A" in page(port)
        configure("Ban tin B")
        process.send_signal(signal.SIGHUP)
        eventually(lambda: "Ban tin B" in page(port))
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    assert "Traceback" not in log.read_text()


def test_a_worker_reloads_and_ends_in_order(terminal: Terminal) -> None:
    with running(terminal, "worker") as (process, log):
        eventually(lambda: (terminal.folder / "loa.db.secret").exists())
        eventually(lambda: "working" in log.read_text())
        terminal.config.write_text("x = 1\n", encoding="utf-8")
        process.send_signal(signal.SIGHUP)
        eventually(lambda: "last good one stays" in log.read_text())
        terminal.configure("[polling]\ninterval_s = 60\n")
        process.send_signal(signal.SIGHUP)
        eventually(lambda: "configuration reloaded" in log.read_text())
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    assert "Traceback" not in log.read_text()


def test_a_service_tells_of_its_work_a_line_each_and_of_nobodys_address(terminal: Terminal) -> None:
    portal = SamplePortal()
    portal.start()
    terminal.configure(
        f"[server]\nport = {free_port()}\n[polling]\ninterval_s = 1\nmin_delay_per_host_s = 0.0\n"
        "[webhooks]\nallow_private_networks = true\n"
    )
    (terminal.folder / "portals" / "mau.toml").write_text(
        f'id = "mau"\nname = "Cổng mẫu"\nbase_url = "{portal.base_url}"\nkind = "td-portal"\n'
        f'[[listings]]\nurl = "{DIRECTIVES}"\n[[listings]]\nurl = "/portal/khong-co"\n',
        encoding="utf-8",
    )
    with (
        FakeReceiver({"/secret-path": status(410)}) as receiver,
        running(terminal, "serve") as (_, log),
    ):
        hook = terminal.json(
            "subscription", "add", "webhook", receiver.url("/secret-path"), "--confirmed"
        )["id"]
        eventually(lambda: '"event":"polled"' in log.read_text())
        portal.publish(live_post(datetime.now(UTC)))
        eventually(lambda: '"deliveries":1,"event":"fanned out"' in log.read_text())
        eventually(lambda: '"event":"a subscription is disabled"' in log.read_text())
        receiver.answers.clear()  # what was refused is sent again as soon as it is resumed
        terminal.run("subscription", "resume", hook)
        eventually(lambda: '"event":"a subscription is no longer disabled"' in log.read_text())
    said = log.read_text()
    portal.stop()
    assert '"event":"cannot poll"' in said and "khong-co" in said
    assert said.count('"event":"fanned out"') == 1
    assert "secret-path" not in said and "Traceback" not in said


def test_a_port_that_is_taken_exits_2_and_says_so(terminal: Terminal) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        terminal.configure(f"[server]\nport = {taken.getsockname()[1]}\n")
        with running(terminal, "web") as (process, log):
            assert process.wait(PATIENCE_S) == 2
    assert "cannot listen on" in log.read_text()


def test_a_service_refuses_a_broken_configuration_with_exit_2(terminal: Terminal) -> None:
    terminal.config.write_text("x = 1\n", encoding="utf-8")
    with running(terminal, "serve") as (process, log):
        assert process.wait(PATIENCE_S) == 2
    assert "there is no key 'x'" in log.read_text()
