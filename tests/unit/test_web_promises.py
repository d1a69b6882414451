"""S5: what the server promised is heard of once, also where it kept the promise while it was told
whom to call."""

from __future__ import annotations

from asyncio import CancelledError, InvalidStateError
from collections.abc import Callable
from typing import Any

import pytest

from service.web.server.exchange import when_done


class Promise:
    """Kept `before`, `while` or `after` its callback is added; `while` calls nobody, as the server
    does."""

    def __init__(self, kept: str, *, is_cancelled: bool = False) -> None:
        self._kept, self._is_cancelled = kept, is_cancelled
        self._act: Callable[[Any], object] | None = None

    def add_done_callback(self, act: Callable[[Any], object]) -> None:
        self._act = act
        if self._kept == "before":
            act(self)

    def keep(self) -> None:
        assert self._act is not None
        self._kept = "before"
        self._act(self)

    def result(self) -> str:
        if self._kept == "after":
            raise InvalidStateError
        if self._is_cancelled:
            raise CancelledError
        return "kept"

    def cancelled(self) -> bool:
        return self._is_cancelled

    def cancel(self) -> bool:
        return False


@pytest.mark.parametrize("is_cancelled", [False, True])
@pytest.mark.parametrize("kept", ["before", "while"])
def test_S5_a_promise_that_is_kept_is_heard_of_once(kept: str, is_cancelled: bool) -> None:
    heard: list[Any] = []
    promise = Promise(kept, is_cancelled=is_cancelled)
    when_done(promise, heard.append)
    assert heard == [promise]
    promise.keep()
    assert heard == [promise]


def test_S5_a_promise_is_waited_for() -> None:
    heard: list[Any] = []
    promise = Promise("after")
    when_done(promise, heard.append)
    assert heard == []
    promise.keep()
    assert heard == [promise]
