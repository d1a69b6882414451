"""Trades with the ledger, one at a time: results for messages, in one transaction that runs here or
beside.

Beside, on PostgreSQL: most of a trade is waiting for the server, and meanwhile what is in the air
goes on. Here, on SQLite: its driver gives the interpreter away at every row, and two threads would
spend their time handing it over.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Generic, TypeVar

T = TypeVar("T")


class LedgerExchange(Generic[T]):
    """`ended` is called, from whatever thread, when a trade that ran beside has ended."""

    def __init__(self, *, is_beside: bool, ended: Callable[[], None]) -> None:
        self._beside = ThreadPoolExecutor(1, "trade") if is_beside else None
        self._ended = ended
        self._running: Future[T] | None = None

    @property
    def is_running(self) -> bool:
        """Whether a trade was begun whose outcome nobody has taken."""
        return self._running is not None

    def begin(self, trade: Callable[[], T]) -> None:
        """Begins one; the last one's outcome must have been taken."""
        if self._beside is None:
            self._running = _done(trade)
        else:
            self._running = self._beside.submit(trade)
            self._running.add_done_callback(lambda _future: self._ended())

    def take(self) -> T | None:
        """What the trade gave, once; None while it runs, or when there is none. Raises what the
        trade raised."""
        running = self._running
        if running is None or not running.done():
            return None
        self._running = None
        return running.result()

    def wait(self) -> None:
        """Until the trade has ended."""
        if self._running is not None:
            wait([self._running])

    def close(self) -> None:
        if self._beside is not None:
            self._beside.shutdown()


def _done(trade: Callable[[], T]) -> Future[T]:
    future: Future[T] = Future()
    try:
        future.set_result(trade())
    except Exception as error:  # raised again by whoever takes the outcome
        future.set_exception(error)
    return future
