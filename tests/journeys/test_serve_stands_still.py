"""What stands still is seen, ended and begun again, and what did it is named; no child outlives its
parent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from service.heartbeat import PROCESS, Pulse
from service.supervisor import ThreadSample, burners, guilty
from tests.patience import eventually

FOLDER = Path(__file__).parents[2]

SCRIPT = """
import re, sys, threading, time
from pathlib import Path
from service.supervisor import Worker, supervise

how, folder = sys.argv[1], Path(sys.argv[2])

def run(stop, pulse, hung):
    with (folder / "starts").open("a") as told:
        told.write("".join(f"hung:{one.loop}:{one.doing}:{one.is_sure}\\n" for one in hung) + "start\\n")
    if hung:
        stop.wait()
        return
    pulse.beat("poll innocent", 300, "http://innocent.example/")
    threading.Thread(target=stop.wait, daemon=True).start()

    def work():
        pulse.beat("poll guilty", 3, "http://guilty.example/page")
        (folder / "stuck").write_text("")
        if how == "holds the interpreter":
            re.match(r"(a+)+$", "a" * 60 + "b")
        elif how == "waits for ever":
            threading.Event().wait()
        stop.wait()

    threading.Thread(target=work, daemon=True).start()
    stop.wait()

sys.exit(supervise(Worker(run), lambda: True))
"""


class Supervised:
    def __init__(self, how: str, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "log"
        with self.log.open("wb") as stream:
            command = [sys.executable, "-c", SCRIPT, how, str(folder)]
            self.process = subprocess.Popen(command, cwd=FOLDER, stderr=stream)
        eventually((folder / "stuck").exists)

    def child(self) -> psutil.Process:
        return psutil.Process(self.process.pid).children()[0]

    def starts(self) -> list[str]:
        return (self.folder / "starts").read_text().splitlines()

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(20)


@pytest.fixture
def supervise(tmp_path: Path) -> Iterator[Callable[[str], Supervised]]:
    running: list[Supervised] = []

    def start(how: str) -> Supervised:
        running.append(Supervised(how, tmp_path))
        return running[-1]

    yield start
    for one in running:
        one.end()


@pytest.mark.parametrize("how", ["holds the interpreter", "waits for ever"])
def test_S3_a_worker_that_hangs_is_ended_and_begun_again_and_the_page_that_did_it_is_named(
    supervise: Callable[[str], Supervised], how: str
) -> None:
    supervised = supervise(how)
    eventually(lambda: supervised.starts().count("start") == 2)
    assert supervised.starts() == [
        "start",
        "hung:poll guilty:http://guilty.example/page:True",
        "start",
    ]
    said = supervised.log.read_text()
    assert "stands still and is ended" in said
    assert "it worked on http://guilty.example/page" in said
    assert "most recent call first" in said  # its stacks, which need no interpreter


def test_S3_who_gets_no_processor_for_a_while_is_found_nevertheless() -> None:
    pulse, over = Pulse(), threading.Event()

    def wait() -> None:
        pulse.beat("poll innocent", 300, "http://innocent.example/")
        over.wait()

    def burn() -> None:
        pulse.beat("poll guilty", 300, "http://guilty.example/page")
        over.wait(0.7)  # a busy machine gives it nothing for so long
        while not over.is_set():
            pass

    threads = [threading.Thread(target=work) for work in (wait, burn)]
    for thread in threads:
        thread.start()
    pulse.beat(PROCESS)
    eventually(lambda: len(pulse.beats()) == 3)
    try:
        found = guilty(os.getpid(), pulse, [one for one in pulse.beats() if one.name == PROCESS])
    finally:
        over.set()
        for thread in threads:
            thread.join()
    assert [(one.loop, one.is_sure) for one in found] == [("poll guilty", True)]


WAITS = (ThreadSample(7, is_runnable=False), ThreadSample(7, is_runnable=False))
WAKES = (ThreadSample(7, is_runnable=False), ThreadSample(8, is_runnable=True))
STARVES = (ThreadSample(40, is_runnable=True), ThreadSample(40, is_runnable=True))
BURNS = (ThreadSample(40, is_runnable=True), ThreadSample(46, is_runnable=True))


@pytest.mark.parametrize(
    ("threads", "burning"),
    [
        ((WAITS, BURNS), [False, True]),
        ((WAKES, BURNS), [False, True]),  # a tick while another has six
        ((WAITS, STARVES), [False, True]),
        ((BURNS, BURNS), [True, True]),
        ((WAITS, WAITS), [False, False]),
        ((), []),
    ],
)
def test_S3_who_wakes_for_a_moment_is_not_blamed_and_who_waits_for_a_turn_is(
    threads: Sequence[Sequence[ThreadSample]], burning: list[bool]
) -> None:
    assert burners(threads) == burning


def test_S3_a_worker_that_somebody_stopped_is_begun_again_and_no_page_is_blamed(
    supervise: Callable[[str], Supervised],
) -> None:
    supervised = supervise("only waits")
    stopped = supervised.child()
    stopped.send_signal(signal.SIGSTOP)
    eventually(lambda: not stopped.is_running())
    eventually(lambda: supervised.starts().count("start") == 2)
    assert not [line for line in supervised.starts() if line.endswith(":True")]


@pytest.mark.parametrize("how", ["holds the interpreter", "waits for ever"])
def test_S3_no_child_outlives_its_killed_parent_by_more_than_two_seconds_not_even_a_stuck_one(
    supervise: Callable[[str], Supervised], how: str
) -> None:
    supervised = supervise(how)
    child = supervised.child()
    supervised.process.kill()
    supervised.process.wait()
    eventually(
        lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE, within_s=2.0
    )


def test_S3_a_supervisor_that_was_itself_stopped_blames_nobody(
    supervise: Callable[[str], Supervised],
) -> None:
    supervised = supervise("only waits")
    child = supervised.child()
    for process in (supervised.process.pid, child.pid):
        os.kill(process, signal.SIGSTOP)
    with suppress(subprocess.TimeoutExpired):
        supervised.process.wait(16)  # longer than a child may stand still
    for process in (child.pid, supervised.process.pid):
        os.kill(process, signal.SIGCONT)
    with suppress(subprocess.TimeoutExpired):
        supervised.process.wait(3)
    assert child.is_running()
    assert supervised.starts() == ["start"]
