"""How long a look into the database may take, for whoever works for somebody that cannot be
trusted.

Says it for everything that its thread reads in the meantime. SQLite asks again and again whether to
go on, PostgreSQL is told its time before it begins.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

_LOOK_EVERY = 20_000
"""Steps of SQLite's machine between two looks at the clock: about a millisecond."""


@dataclass(frozen=True, slots=True)
class _QueryLimit:
    until: float
    is_unwanted: Callable[[], bool]

    def is_over(self) -> bool:
        return time.monotonic() > self.until or self.is_unwanted()


_limit: ContextVar[_QueryLimit | None] = ContextVar("loa_patience", default=None)


@contextmanager
def impatient(within_s: float, is_unwanted: Callable[[], bool] = lambda: False) -> Iterator[None]:
    """What this thread reads until then ends after `within_s` seconds in all, or when nobody wants
    it any more: with an OverdueError."""
    token = _limit.set(_QueryLimit(time.monotonic() + within_s, is_unwanted))
    try:
        yield
    finally:
        _limit.reset(token)


def is_limited() -> bool:
    return _limit.get() is not None


@contextmanager
def keep_patience(connection: Connection) -> Iterator[None]:
    """Holds a connection to what its thread is limited to."""
    limit = _limit.get()
    if limit is None:
        yield
    elif connection.dialect.name == "sqlite":
        driver: Any = connection.connection.driver_connection
        driver.set_progress_handler(limit.is_over, _LOOK_EVERY)
        try:
            yield
        finally:
            driver.set_progress_handler(None, 0)
    else:
        left_ms = max(1, round((limit.until - time.monotonic()) * 1000))
        connection.exec_driver_sql(f"SET LOCAL statement_timeout = {left_ms}")
        yield
