"""Supervises the worker child, and judges every child by its beats: what stands still is ended and
begun again.

The judge runs in the parent, which needs nothing of the child: neither its interpreter nor its
signals. Which page did it is read from the beat of the thread that stands still; where the whole
process does, of the thread that burns the processor. Refuses to know what the children do.
"""

from __future__ import annotations

import faulthandler
import logging
import multiprocessing
import os
import resource
import signal
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from service.heartbeat import PROCESS, Beat, Pulse, beat_text, die_with_parent

log = logging.getLogger(__name__)

LOOK_EVERY_S = 1.0
PROCESS_S = 8.0
"""How much longer a process may stand still when all can see that it does."""
LOOP_S = 20.0
"""The same for one loop of a process whose others go on."""
START_S = 60.0
"""From the fork to the first beat: imports, and what is made ready before."""

STARTS = 6
STARTS_WITHIN_S = 30.0
"""A worker that dies this often within this time is not started again: the whole service ends, and
says so."""
FINAL = 78
"""The exit code (EX_CONFIG) of a worker that cannot go on however often it is started."""
STOP_WITHIN_S = 9.0
_DUMP_S = 1.0
_SAMPLE_S = 0.3
_SAMPLES = 11
_ENOUGH_TICKS = 5
"""Of the processor, usually 10 ms each: more than who only wakes for a moment uses meanwhile."""
_REMEMBERED = 50


@dataclass(frozen=True, slots=True)
class HangReport:
    """What a process worked on when it had to be ended, or died. `is_sure`: this was it, and
    nothing else."""

    loop: str
    doing: str
    at: datetime
    is_sure: bool


@dataclass(frozen=True, slots=True)
class ThreadSample:
    """A thread at one moment: the ticks of the processor that it has used, and whether it runs, or
    waits for nothing but a turn or the disk."""

    ticks: int
    is_runnable: bool


RunWorker = Callable[[threading.Event, Pulse, Sequence[HangReport]], None]


class HangDetector:
    """Says when a process has stood still for too long. Counts only the time that it watched
    itself: where the whole machine slept, or this process was stopped, nobody is guilty."""

    def __init__(self) -> None:
        self._overdue: dict[str, tuple[float, float]] = {}
        self._looked_at = time.monotonic()

    def look(self, pulse: Pulse) -> list[Beat]:
        """Loops for which the process must be ended; called every LOOK_EVERY_S."""
        now = time.monotonic()
        passed = min(now - self._looked_at, 2 * LOOK_EVERY_S)
        self._looked_at = now
        overdue = {}
        for beat in pulse.standing():
            at, stood_s = self._overdue.get(beat.name, (beat.at, 0.0))
            overdue[beat.name] = beat.at, (stood_s + passed if at == beat.at else 0.0)
        self._overdue = overdue
        late = {
            name
            for name, (_, s) in overdue.items()
            if s >= (PROCESS_S if name == PROCESS else LOOP_S)
        }
        return [beat for beat in pulse.beats() if beat.name in late]


def end_stuck(pid: int) -> None:
    """Ends a process that stands still, with what it started; its stacks are written to stderr."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGABRT)  # faulthandler writes the stacks without the interpreter
        deadline = time.monotonic() + _DUMP_S
        while _state(pid) not in ("", "Z") and time.monotonic() < deadline:
            time.sleep(0.05)
        is_leader = os.getpgid(pid) == pid
        (os.killpg if is_leader else os.kill)(pid, signal.SIGKILL)


def accuse(name: str, pid: int, pulse: Pulse, stuck: Sequence[Beat]) -> list[HangReport]:
    """Says in the log what stands still, and returns what it worked on."""
    hung = guilty(pid, pulse, stuck)
    log.error(
        "the %s stands still and is ended: %s", name, "; ".join(beat_text(beat) for beat in stuck)
    )
    for one in hung:
        log.error("it worked on %s (%s)", one.doing, one.loop)
    return hung


def guilty(pid: int, pulse: Pulse, stuck: Sequence[Beat]) -> list[HangReport]:
    """What the process works on that stands still: named by the loops, or by the thread that burns
    the processor."""
    working = [beat for beat in pulse.beats() if beat.doing]
    if all(beat.name != PROCESS for beat in stuck):
        names = {beat.name for beat in stuck}
        working = [beat for beat in working if beat.name in names]
    elif _state(pid) in ("T", "t"):
        return []  # somebody stopped it: no page did
    else:
        working = _burning(pid, working) or working
    now = datetime.now(UTC)
    return [HangReport(beat.name, beat.doing, now, len(working) == 1) for beat in working]


def _burning(pid: int, working: Sequence[Beat]) -> list[Beat]:
    """Those whose threads hold the processor: looked at until one used enough of it to tell."""
    seen: list[list[ThreadSample]] = [[] for _ in working]
    for _ in range(_SAMPLES):
        for samples, beat in zip(seen, working, strict=True):
            samples.append(_sample(pid, beat.thread))
        if any(ticks >= _ENOUGH_TICKS for ticks in map(_used, seen)):
            break
        time.sleep(_SAMPLE_S)
    return [beat for beat, is_one in zip(working, burners(seen), strict=True) if is_one]


def _used(samples: Sequence[ThreadSample]) -> int:
    return samples[-1].ticks - samples[0].ticks


def burners(threads: Sequence[Sequence[ThreadSample]]) -> list[bool]:
    """Which of the threads hold the processor, by samples of each, oldest first.

    Who waits may wake for a moment, so a tick alone tells nothing: they used at least half of what
    the busiest did. Where the machine is so busy that none got any of it, who holds the interpreter
    is nevertheless runnable in every sample, and who waits is not.
    """
    used = [_used(samples) for samples in threads]
    if any(used):
        return [2 * ticks >= max(used) for ticks in used]
    return [all(one.is_runnable for one in samples) for samples in threads]


def _stat(path: Path) -> list[str]:
    """The fields after the name, which may hold spaces; none where there is no such process or
    thread."""
    try:
        return path.read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _state(pid: int) -> str:
    return (_stat(Path(f"/proc/{pid}/stat")) or [""])[0]


def _sample(pid: int, thread: int) -> ThreadSample:
    fields = _stat(Path(f"/proc/{pid}/task/{thread}/stat"))
    if not fields:
        return ThreadSample(0, is_runnable=False)
    return ThreadSample(int(fields[11]) + int(fields[12]), is_runnable=fields[0] in "RD")


class Worker:
    """The worker child: started again when it dies or stands still, unless it does so again and
    again."""

    def __init__(self, run: RunWorker, settle: Callable[[], None] = lambda: None) -> None:
        self._run = run
        self._settle = settle
        self._process: Any = None
        self._is_stopping = threading.Event()
        self._is_restarting = threading.Event()
        self._starts: list[float] = []
        self._hung: list[HangReport] = []
        self._judge = HangDetector()
        self._is_judged = False
        self.pulse = Pulse()
        self.has_given_up = False
        self.give_up: Callable[[], None] = lambda: None

    def start(self) -> None:
        self._spawn()
        threading.Thread(target=self._watch, name="worker-watch", daemon=True).start()

    def _spawn(self) -> None:
        self._is_restarting.clear()
        self._starts.append(time.monotonic())
        self.pulse.clear()
        self.pulse.beat(PROCESS, START_S)
        self._judge = HangDetector()
        self._is_judged = False
        context = multiprocessing.get_context("fork")
        arguments = (self._run, os.getpid(), self.pulse, tuple(self._hung), self._settle)
        self._process = context.Process(target=run_child, args=arguments, name="loa-worker")
        with_signals_blocked(self._process.start)
        if self._is_stopping.is_set():
            self._process.terminate()

    def _watch(self) -> None:
        while True:
            self._process.join()
            if self._is_stopping.is_set():
                return
            if self._is_restarting.is_set():
                self._spawn()
                continue
            if self._process.exitcode == FINAL:
                self.has_given_up = True
                self.give_up()
                return
            log.error("the worker ended unexpectedly (exit code %s)", self._process.exitcode)
            self._remember_what_it_did()
            now = time.monotonic()
            self._starts = [at for at in self._starts if now - at < STARTS_WITHIN_S]
            if len(self._starts) >= STARTS:
                log.error(
                    "the worker ended %s times within %s s: giving up",
                    len(self._starts),
                    STARTS_WITHIN_S,
                )
                self.has_given_up = True
                self.give_up()
                return
            if self._is_stopping.wait(min(5.0, 0.2 * 2 ** (len(self._starts) - 1))):
                return
            self._spawn()

    def _remember_what_it_did(self) -> None:
        """Where it was killed by another, perhaps by the kernel for its memory, what it had in hand
        is suspected."""
        if self._process.exitcode < 0 and not self._is_judged:
            working = [beat for beat in self.pulse.beats() if beat.doing]
            self._hung += [
                HangReport(beat.name, beat.doing, datetime.now(UTC), is_sure=False)
                for beat in working
            ]
        del self._hung[:-_REMEMBERED]

    def judge(self) -> None:
        """Looks whether the child stands still, and ends it then; called every LOOK_EVERY_S from
        one thread."""
        try:
            self._look()
        except Exception:  # whatever it is, the next look is made
            log.exception("cannot judge the worker by its beats")

    def _look(self) -> None:
        process = self._process
        if process is None or self._is_stopping.is_set() or not process.is_alive():
            return
        stuck = self._judge.look(self.pulse)
        if stuck:
            self._is_judged = True
            self._hung += accuse("worker", process.pid, self.pulse, stuck)
            end_stuck(process.pid)  # after that, for its successor is told at once

    def restart(self) -> None:
        """Ends the child in order; another takes its place."""
        self._is_restarting.set()
        if self._process is not None and self._process.is_alive():
            self._process.terminate()

    def terminate(self) -> None:
        self._is_stopping.set()
        if self._process is not None and self._process.is_alive():
            self._process.terminate()

    def join_or_kill(self, within_s: float = STOP_WITHIN_S) -> None:
        """Waits for the end of a child that was told to stop."""
        self._is_stopping.set()
        if self._process is None:
            return
        self._process.join(within_s)
        if self._process.is_alive():
            log.warning("the worker did not stop in time and is killed; what it held is due again")
            self._process.kill()
            self._process.join()


def with_signals_blocked(start: Callable[[], None]) -> None:
    """A signal between the fork and the child's own handlers would be lost: it waits for them."""
    old = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    try:
        start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, old)


def begin_child(parent_pid: int) -> None:
    """What every child does first: it ends with its parent, and shows its stacks when it is ended
    for standing still. Ctrl-C reaches the parent alone, which passes it on once."""
    die_with_parent(parent_pid)
    os.setpgid(0, 0)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a dump of memory would hold secrets
    faulthandler.enable()


def run_child(
    run: RunWorker,
    parent_pid: int,
    pulse: Pulse,
    hung: Sequence[HangReport],
    settle: Callable[[], None],
) -> None:
    """In the worker child: until SIGTERM, or until the parent is gone."""
    begin_child(parent_pid)
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM, signal.SIGINT})
    threading.Thread(
        target=_watch_parent, args=(stop, parent_pid), name="parent-watch", daemon=True
    ).start()
    settle()
    pulse.clear()
    pulse.tick()
    run(stop, pulse, hung)


def _watch_parent(stop: threading.Event, parent_pid: int) -> None:
    """Where the kernel does not see to it."""
    while not stop.wait(0.5):
        if os.getppid() != parent_pid:
            stop.set()


def supervise(worker: Worker, reload: Callable[[], bool]) -> int:
    """A worker without a web child: until SIGTERM or SIGINT. SIGHUP asks `reload`, in this process.
    The exit code."""
    multiprocessing.set_start_method("fork", force=True)
    ending, reloading = threading.Event(), threading.Event()

    def end(*_: object) -> None:
        ending.set()

    def ask_reload(*_: object) -> None:
        reloading.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    signal.signal(signal.SIGHUP, ask_reload)
    worker.give_up = end
    worker.start()
    while not ending.wait(LOOK_EVERY_S):
        if reloading.is_set():
            reloading.clear()
            if reload():
                worker.restart()
        worker.judge()
    worker.terminate()
    worker.join_or_kill()
    return 1 if worker.has_given_up else 0
