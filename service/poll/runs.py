"""Portals polled side by side, each in a thread of its own: a slow one is left behind and books
itself when it ends.

The threads end with the process, whatever they wait for; what they held is freed by its lease.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Generic, TypeVar

T = TypeVar("T")


class Run(Generic[T]):
    """One portal's turn. Its outcome goes to whoever collects it, or to `book_late` when nobody
    waited so long."""

    def __init__(
        self,
        work: Callable[[], T],
        book_late: Callable[[Run[T]], None],
        places: threading.Semaphore,
    ) -> None:
        self.result: T | None = None
        self.fault: BaseException | None = None
        self._work = work
        self._book_late = book_late
        self._places = places
        self._lock = threading.Lock()
        self._is_done = False
        self._is_left = False
        self._thread = threading.Thread(target=self._run, name="poll", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        with self._places:
            try:
                self.result = self._work()
            except BaseException as fault:  # told by whoever collects it
                self.fault = fault
            with self._lock:
                self._is_done = True
                is_left = self._is_left
            if is_left:
                self._book_late(self)

    @property
    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def join(self) -> None:
        self._thread.join()

    def collect(self, timeout_s: float | None) -> bool:
        """Whether it ended in time; if not, it is left to itself."""
        self._thread.join(timeout_s)
        with self._lock:
            self._is_left = not self._is_done
            return self._is_done


class Runs(Generic[T]):
    """The turns of portals, at most one of each portal at a time and `at_once` in all."""

    def __init__(self, at_once: int) -> None:
        self._places = threading.Semaphore(at_once)
        self._running: dict[str, Run[T]] = {}
        self._lock = threading.Lock()

    def run(
        self,
        works: Mapping[str, Callable[[], T]],
        book_late: Callable[[Run[T]], None],
        patience_s: float | None,
    ) -> list[Run[T]]:
        """Those that ended within `patience_s` (None: all), in order. One that still runs is not
        begun again."""
        if patience_s is None:
            self._join(works)
        with self._lock:
            begun = {
                name: Run(work, book_late, self._places)
                for name, work in works.items()
                if name not in self._running or not self._running[name].is_alive
            }
            self._running.update(begun)
        until = None if patience_s is None else time.monotonic() + patience_s
        return [run for run in begun.values() if run.collect(_left(until))]

    def _join(self, names: Iterable[str]) -> None:
        with self._lock:
            running = [self._running[name] for name in names if name in self._running]
        for run in running:
            run.join()


def _left(until: float | None) -> float | None:
    return None if until is None else max(0.0, until - time.monotonic())
