from __future__ import annotations

import threading

from service.errors import StorageError
from service.schedule import Job, run_worker
from tests.patience import PATIENCE_S


def test_a_worker_runs_its_jobs_at_once_and_ends_when_told() -> None:
    stop, ran = threading.Event(), threading.Event()
    jobs = [Job("work", 3600, ran.set)]
    worker = threading.Thread(target=run_worker, args=(stop, jobs))
    worker.start()
    assert ran.wait(5)
    stop.set()
    worker.join(5)
    assert not worker.is_alive()


def test_M4_work_that_hangs_does_not_keep_a_worker_from_ending() -> None:
    stop, started, free = threading.Event(), threading.Event(), threading.Event()

    def hang() -> None:
        started.set()
        free.wait(2 * PATIENCE_S)

    worker = threading.Thread(
        target=run_worker, args=(stop, [Job("hang", 3600, hang)]), kwargs={"end_s": 0.1}
    )
    worker.start()
    try:
        assert started.wait(PATIENCE_S)
    finally:
        stop.set()
        worker.join(PATIENCE_S)
    assert not worker.is_alive() and not free.is_set()
    free.set()


def test_a_job_that_fails_is_woken_again() -> None:
    stop, again = threading.Event(), threading.Event()
    count = 0

    def fail() -> None:
        nonlocal count
        count += 1
        if count == 2:
            again.set()
        raise StorageError("cannot use the database: it is locked")

    worker = threading.Thread(target=run_worker, args=(stop, [Job("fail", 0.05, fail)]))
    worker.start()
    assert again.wait(5)
    stop.set()
    worker.join(5)
