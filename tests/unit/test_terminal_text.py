"""No text of anybody steers a terminal, ends a line of the log, or turns round what stands there: by
a table, facts, JSON, a warning, a failure, and the log in both its forms."""

from __future__ import annotations

import io
import json
import logging
import sys
from collections.abc import Callable

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.cli.common import echo_facts, echo_json, echo_table, fail, warn
from service.logs import Log, configure

ESCAPES = (
    "\x1b[2J", "\x1b]0;title\x07", "\x9b31m", "\x1b[8m", "\r", "\n", "\n{\"level\":\"info\"}", "\x08",
    "\x7f", "\x00", "\u202e", "\u2066", "\u200f", "\u2028", "\u0085", "\x0b", "\x0c", "\t",
)  # fmt: skip
FOREIGN = st.lists(
    st.one_of(st.sampled_from(ESCAPES), st.text(max_size=5)), min_size=1, max_size=5
).map("".join)


class _Screen(io.TextIOWrapper):
    def __init__(self, is_terminal: bool) -> None:
        super().__init__(io.BytesIO(), "utf-8", "surrogatepass", newline="")
        self._is_terminal = is_terminal

    def isatty(self) -> bool:
        return self._is_terminal

    def said(self) -> str:
        self.flush()
        self.seek(0)
        return self.read()


def _shown(act: Callable[[], object], *, is_terminal: bool) -> str:
    """What an act says on both outputs."""
    root = logging.getLogger()
    before = root.handlers[:], root.level
    screen = _Screen(is_terminal)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdout", screen)
        patch.setattr(sys, "stderr", screen)
        configure(is_verbose=True)
        try:
            act()
        finally:
            root.handlers[:], root.level = before
    return screen.said()


def _fail(text: str) -> None:
    with pytest.raises(click.exceptions.Exit):
        fail(text)


def _log_exception(text: str) -> None:
    try:
        raise RuntimeError(text)
    except RuntimeError:
        Log("x").exception(text, url=text)


DOORS: dict[str, Callable[[str], object]] = {
    "a table": lambda text: echo_table(["title", "name"], [(text, 1), (2, text)]),
    "facts": lambda text: echo_facts({"title": text, "names": [text, text]}),
    "JSON": lambda text: echo_json({"title": text, text: [text]}),
    "a warning": warn,
    "a failure": _fail,
    "the log": lambda text: Log("x").warning("polled %", portal=text, title=text),
    "the log's event": lambda text: Log("x").error(text),
    "another's log": lambda text: logging.getLogger("y").warning("said %s", text),
    "the log of an exception": _log_exception,
}
MAY_STAND = {"a table": "\t\n", "JSON": "\n"}


@pytest.mark.parametrize("is_terminal", [True, False])
@pytest.mark.parametrize("door", DOORS)
@given(text=FOREIGN)
def test_S12_no_text_steers_a_terminal(door: str, is_terminal: bool, text: str) -> None:
    said = _shown(lambda: DOORS[door](text), is_terminal=is_terminal)
    if is_terminal and door == "a table":
        said = said.replace("\x1b[1m", "").replace("\x1b[0m", "")  # our own heads
    left = {char for char in said if not char.isprintable()} - set(MAY_STAND.get(door, "\n"))
    assert not left, (ascii(text), ascii(said))


@pytest.mark.parametrize("door", [door for door in DOORS if "log" in door])
@given(text=FOREIGN)
def test_S12_a_line_of_the_log_is_one_whatever_stands_in_it(door: str, text: str) -> None:
    said = _shown(lambda: DOORS[door](text), is_terminal=False)
    (line,) = said.removesuffix("\n").split("\n")
    assert json.loads(line)["level"] in ("warning", "error")


@given(text=FOREIGN)
def test_S12_what_json_says_is_still_what_it_was(text: str) -> None:
    said = _shown(lambda: echo_json({"title": text}), is_terminal=True)
    assert json.loads(said)["title"] == text
