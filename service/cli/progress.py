"""What a command that takes long has done so far: one line at the foot of the terminal, from its
second second on, and what is said of it when somebody ends it.

It goes to stderr, and only where that is a terminal: a pipe, a log and cron see none of it.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import TypeVar

import click

from service.cli.common import printable_cell

Item = TypeVar("Item")

QUIET_S = 1.0
"""What ends sooner needs none."""
_EVERY_S = 0.25
_EVERY_DUMB_S = 10.0
"""Of a terminal that cannot take a line back."""
_META = "service.cli.progress"
_CLEAR = "\r\x1b[K"


class Progress:
    """`what` is done with things that are called `unit`; `total`: how many there are, where that is
    known. `doing`: what is worked on just now, asked a few times a second.

    >>> with Progress("read", "portals", 12) as progress:
    ...     progress.step()
    """

    def __init__(
        self,
        what: str,
        unit: str = "",
        total: int | None = None,
        doing: Callable[[], str] = lambda: "",
    ) -> None:
        self._what, self._unit, self._total, self._doing = what, unit, total, doing
        self._done = 0
        self._began = time.monotonic()
        self._end = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Progress:
        click.get_current_context().meta[_META] = self
        if sys.stderr.isatty():
            self._thread = threading.Thread(target=self._tell, name="progress", daemon=True)
            self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._end.set()
        if self._thread is not None:
            self._thread.join()
        if kind is None:
            click.get_current_context().meta.pop(_META, None)

    def step(self, n: int = 1) -> None:
        """So many more are done; cheap enough to be called a million times."""
        self._done += n

    def over(self, items: Iterable[Item]) -> Iterator[Item]:
        """The items, each counted when the next is asked for."""
        for item in items:
            yield item
            self._done += 1

    @property
    def counted(self) -> str:
        """As `3 of 12 portals`; empty where nothing is counted."""
        if not self._unit:
            return ""
        return f"{self._done}{f' of {self._total}' if self._total else ''} {self._unit}"

    def said(self) -> str:
        lasting = f"{time.monotonic() - self._began:.0f} s"
        done = (
            f"{self._what} {self.counted}, {lasting}" if self._unit else f"{self._what} {lasting}"
        )
        doing = printable_cell(self._doing())
        return f"{done}, {doing}" if doing else done

    def _tell(self) -> None:
        is_dumb = os.environ.get("TERM", "dumb") == "dumb"
        every_s, is_shown = _EVERY_DUMB_S if is_dumb else _EVERY_S, False
        if self._end.wait(QUIET_S):
            return
        while True:
            # the cursor waits at the start of the line: what else is said writes over it
            shown = f"{self.said()}\n" if is_dumb else f"{_CLEAR}{self._cut()}\r"
            is_shown = _wrote(shown) and not is_dumb
            if self._end.wait(every_s):
                break
        if is_shown:
            _wrote(_CLEAR)

    def _cut(self) -> str:
        try:
            width = os.get_terminal_size(sys.stderr.fileno()).columns or 80
        except OSError:
            width = 80
        return self.said()[: max(10, width - 1)]


def stopped_at(context: click.Context) -> str:
    """How far the command had come that was ended, as ` after 3 of 12 portals`."""
    progress = context.meta.get(_META)
    counted = progress.counted if isinstance(progress, Progress) else ""
    return f" after {counted}" if counted else ""


def _wrote(text: str) -> bool:
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except OSError:  # the terminal is gone, the work goes on
        return False
    return True
