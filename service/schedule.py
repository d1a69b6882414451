"""The clock that wakes the work: the only user of apscheduler. What is due is in the database,
never here."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from service.errors import LoaError
from service.heartbeat import WITHIN_S, Pulse
from service.logs import Log

log = Log(__name__)

_GRACE_S = (
    3600  # a machine that slept runs each job once when it wakes, not once for each time it missed
)
_END_S = 8.0  # of the 10 s in which a worker must be gone


@dataclass(frozen=True, slots=True)
class Job:
    """Work that finds out itself what is due. It may run again at any time, and never beside
    itself."""

    name: str
    every_s: float
    run: Callable[[], object]
    within_s: float = WITHIN_S
    """How long one run may take before it stands still."""


def run_worker(
    stop: threading.Event, jobs: Sequence[Job], *, end_s: float = _END_S, pulse: Pulse | None = None
) -> None:
    """Wakes each job at once and then every `every_s`, until `stop`; returns within `end_s` of
    that.

    Work that is then still running is left to end by itself or with the process: its leases free
    what it held.
    """
    from apscheduler.schedulers.background import BackgroundScheduler  # slow: not for commands

    scheduler = BackgroundScheduler(
        timezone=UTC,
        daemon=True,
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": _GRACE_S},
    )
    running = _JobRunner(pulse or Pulse())
    for job in jobs:
        scheduler.add_job(
            running.guarded(job),
            "interval",
            seconds=job.every_s,
            id=job.name,
            next_run_time=datetime.now(UTC),
        )
    scheduler.start()
    try:
        stop.wait()
    finally:
        scheduler.pause()
        running.wait(end_s)
        scheduler.shutdown(wait=False)


def run_once(jobs: Sequence[Job]) -> tuple[str, ...]:
    """Runs each job once, whatever becomes of the others; returns the names of those that
    failed."""
    return tuple(job.name for job in jobs if not _has_run(job))


def _has_run(job: Job) -> bool:
    try:
        job.run()
    except LoaError as error:
        log.error("a job failed", job=job.name, error=str(error))
        return False
    except Exception:  # a bug in one job, logged whole: the others go on
        log.exception("a job failed by a fault of Loa's own", job=job.name)
        return False
    return True


class _JobRunner:
    """Counts what runs, and keeps a fault of one job from the others."""

    def __init__(self, pulse: Pulse) -> None:
        self._pulse = pulse
        self._changed = threading.Condition()
        self._count = 0

    def guarded(self, job: Job) -> Callable[[], None]:
        def run() -> None:
            self._pulse.beat(f"job {job.name}", job.within_s)
            with self._changed:
                self._count += 1
            try:
                _has_run(job)
            finally:
                self._pulse.beat(
                    f"job {job.name}", job.every_s + job.within_s
                )  # it must be woken again
                with self._changed:
                    self._count -= 1
                    self._changed.notify_all()

        return run

    def wait(self, seconds: float) -> bool:
        """Whether everything has ended within so many seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: self._count == 0, seconds)
