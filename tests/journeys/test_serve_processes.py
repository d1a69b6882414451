"""`loa serve` is three processes, and any of them may be killed at any time."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import psutil
import pytest

from tests.journeys.cli import Terminal
from tests.journeys.test_cli_serve import page
from tests.patience import eventually, free_port


class ServedFeed:
    """A running `loa serve`. `more`: what else is configured; PORT stands for its port."""

    def __init__(self, folder: Path, more: str = "") -> None:
        self.port = free_port()
        self.terminal = Terminal(folder)
        more = more.replace("PORT", str(self.port))
        self.terminal.configure(f"[server]\nport = {self.port}\n{more}\n")
        self.log = folder / "serve.log"
        self.process = self.start()
        try:
            eventually(self.is_up)
        except BaseException as error:  # nobody else could end it
            self.end()
            error.add_note(self.log.read_text())
            raise

    def start(self) -> subprocess.Popen[bytes]:
        environ = {**os.environ, "LOA_CONFIG": str(self.terminal.config)}
        command = [sys.executable, "-m", "service", "serve"]
        with self.log.open("ab") as stream:
            return subprocess.Popen(command, stderr=stream, env=environ, start_new_session=True)

    def is_up(self) -> bool:
        return "ok" in page(self.port, "/healthz")

    def children(self) -> dict[str, psutil.Process]:
        """`worker` and `web`: the web child is the one that listens."""
        found = {}
        for child in psutil.Process(self.process.pid).children():
            with suppress(psutil.NoSuchProcess):
                listens = any(c.status == psutil.CONN_LISTEN for c in child.net_connections("tcp"))
                found["web" if listens else "worker"] = child
        return found

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(15)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[ServedFeed]:
    running = ServedFeed(tmp_path)
    yield running
    running.end()


def test_M4_sigterm_under_load_ends_within_ten_seconds_with_0(served: ServedFeed) -> None:
    url = f"http://127.0.0.1:{served.port}/"
    script = f"import urllib.request as u\nwhile True: u.urlopen({url!r}, timeout=5).read()"
    clients = [
        subprocess.Popen([sys.executable, "-c", script], stderr=subprocess.DEVNULL)
        for _ in range(4)
    ]
    time.sleep(0.5)
    started = time.monotonic()
    served.process.send_signal(signal.SIGTERM)
    assert served.process.wait(10) == 0
    assert time.monotonic() - started < 10
    for client in clients:
        client.kill()
        client.wait()


def test_bodies_that_never_end_hold_up_no_feed_and_no_page(served: ServedFeed) -> None:
    head = b"POST /subscribe HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc"
    with ExitStack() as stack:
        for _ in range(40):
            client = stack.enter_context(socket.create_connection(("127.0.0.1", served.port)))
            client.sendall(head)
        for path in ("/feeds/all.rss", "/", "/healthz") * 3:
            assert page(served.port, path)


def test_a_killed_child_is_started_again(served: ServedFeed) -> None:
    eventually(lambda: len(served.children()) == 2)
    for name in ("worker", "web"):
        eventually(lambda: len(served.children()) == 2)
        old = served.children()[name]
        old.kill()
        eventually(lambda gone=old.pid: all(c.pid != gone for c in served.children().values()))  # type: ignore[misc]
        eventually(lambda: len(served.children()) == 2)
        eventually(served.is_up)
    served.process.send_signal(signal.SIGTERM)
    assert served.process.wait(10) == 0


def test_a_killed_parent_leaves_nothing_running(served: ServedFeed) -> None:
    children = list(served.children().values())
    served.process.kill()
    served.process.wait()
    eventually(
        lambda: not any(child.is_running() and child.status() != "zombie" for child in children)
    )
    assert not served.is_up()


def test_ctrl_c_reaches_the_whole_group_and_ends_with_0(served: ServedFeed) -> None:
    os.killpg(served.process.pid, signal.SIGINT)
    assert served.process.wait(10) == 0


def test_a_second_service_on_the_port_exits_2_and_says_why(served: ServedFeed) -> None:
    second = served.start()
    assert second.wait(15) == 2
    assert "cannot listen on" in served.log.read_text()
    assert served.is_up()


def test_a_reload_while_a_dead_worker_waits_hides_no_later_death(served: ServedFeed) -> None:
    def deaths() -> int:
        return served.log.read_text().count("the worker ended unexpectedly")

    for count in (1, 2, 3):  # each death waits longer for its successor
        eventually(lambda: len(served.children()) == 2)
        served.children()["worker"].kill()
        eventually(lambda count=count: deaths() == count)  # type: ignore[misc]
    served.process.send_signal(signal.SIGHUP)
    time.sleep(1.5)
    eventually(served.is_up)
    eventually(lambda: len(served.children()) == 2)
    served.children()["worker"].kill()
    eventually(lambda: deaths() == 4)
