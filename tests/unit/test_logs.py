"""What a service says on stderr: one JSON object a line where nobody sits at a terminal."""

from __future__ import annotations

import io
import json
import logging
import sys
from collections.abc import Iterator

import pytest

from service.logs import Log, configure


class Screen(io.StringIO):
    """A stderr that a person looks at, or not."""

    def __init__(self, is_terminal: bool) -> None:
        super().__init__()
        self._is_terminal = is_terminal

    def isatty(self) -> bool:
        return self._is_terminal


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def said(
    monkeypatch: pytest.MonkeyPatch, *, is_terminal: bool = False, is_verbose: bool = True
) -> Screen:
    screen = Screen(is_terminal)
    monkeypatch.setattr(sys, "stderr", screen)
    configure(is_verbose=is_verbose)
    return screen


def test_a_line_is_a_json_object_with_what_happened_when_and_the_facts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    screen = said(monkeypatch)
    Log("x").info("polled", portal="Quảng Xương", new=3)
    logging.getLogger("y").warning("cannot %s", "do it")
    first, second = (json.loads(line) for line in screen.getvalue().splitlines())
    assert first["timestamp"].endswith("Z")
    assert {**first, "timestamp": ""} == {
        "portal": "Quảng Xương",
        "new": 3,
        "event": "polled",
        "level": "info",
        "timestamp": "",
    }
    assert (second["event"], second["level"]) == ("cannot do it", "warning")


@pytest.mark.parametrize("is_terminal", [True, False])
def test_an_exception_is_told_whole(monkeypatch: pytest.MonkeyPatch, is_terminal: bool) -> None:
    screen = said(monkeypatch, is_terminal=is_terminal)
    try:
        raise RuntimeError("a fault")
    except RuntimeError:
        Log("x").exception("a job failed", job="poll")
    assert "Traceback" in screen.getvalue() and "a fault" in screen.getvalue()
    assert ("job=poll" if is_terminal else '"job":"poll"') in screen.getvalue()


def test_a_command_tells_no_more_than_warnings_and_configuring_twice_says_nothing_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    screen = said(monkeypatch, is_verbose=False)
    configure(is_verbose=False)
    Log("x").info("polled")
    Log("x").error("cannot poll")
    assert len(screen.getvalue().splitlines()) == 1
