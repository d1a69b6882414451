"""What a long command says of itself, on a terminal of its own."""

from __future__ import annotations

import fcntl
import io
import os
import pty
import struct
import sys
import termios
import time
from collections.abc import Iterator
from typing import TextIO

import click
import pytest

from service.cli import progress as progress_module
from service.cli.progress import Progress, stopped_at
from tests.patience import eventually


class Screen:
    """A terminal so many columns wide, and what is written to it."""

    def __init__(self, columns: int) -> None:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        os.set_blocking(self._master, False)
        self.stream = os.fdopen(slave, "w")
        self._seen = b""

    def text(self) -> str:
        try:
            while part := os.read(self._master, 65_536):
                self._seen += part
        except BlockingIOError:
            return self._seen.decode()
        return self._seen.decode()

    def lines(self) -> list[str]:
        """Each as it stood before the next one was written over it."""
        return [one for one in self.text().replace("\x1b[K", "").split("\r") if one.strip()]

    def close(self) -> None:
        self.stream.close()
        os.close(self._master)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress_module, "QUIET_S", 0.05)
    monkeypatch.setattr(progress_module, "_EVERY_S", 0.01)
    monkeypatch.setattr(progress_module, "_EVERY_DUMB_S", 0.01)
    monkeypatch.setenv("TERM", "xterm")


@pytest.fixture
def screen() -> Iterator[Screen]:
    made = Screen(40)
    yield made
    made.close()


def look(monkeypatch: pytest.MonkeyPatch, stream: TextIO) -> None:
    """From within the test: what captures the output of tests sets it anew for each part of one."""
    monkeypatch.setattr(sys, "stderr", stream)


@pytest.fixture
def context() -> Iterator[click.Context]:
    with click.Context(click.Command("x")) as made:
        yield made


def test_a_line_says_how_much_of_how_much_and_is_gone_at_the_end(
    quick: None, screen: Screen, context: click.Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    look(monkeypatch, screen.stream)
    with Progress("read", "portals", 12, lambda: "https://a.example/\x1b[31m" + "x" * 99) as one:
        one.step()
        eventually(lambda: bool(screen.lines()))
        one.step(2)
        eventually(lambda: "read 3 of 12 portals" in screen.text())
    assert all(len(line) < 40 for line in screen.lines())
    assert "\x1b[31m" not in screen.text()
    assert screen.text().endswith("\r\x1b[K")
    assert stopped_at(context) == ""


def test_what_ends_at_once_says_nothing(
    screen: Screen, context: click.Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    look(monkeypatch, screen.stream)
    with Progress("read", "portals") as one:
        assert list(one.over(["a", "b"])) == ["a", "b"]
    assert (screen.text(), one.counted) == ("", "2 portals")


def test_a_terminal_that_takes_no_line_back_gets_lines(
    quick: None, screen: Screen, context: click.Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    look(monkeypatch, screen.stream)
    monkeypatch.setenv("TERM", "dumb")
    with Progress("measuring fanout:"):
        eventually(lambda: screen.text().count("\n") > 1)
    assert "\x1b" not in screen.text()
    assert screen.text().startswith("measuring fanout: 0 s")


def test_a_pipe_sees_nothing(
    quick: None, context: click.Context, capfd: pytest.CaptureFixture[str]
) -> None:
    with Progress("read", "portals"):
        time.sleep(0.1)
    assert capfd.readouterr() == ("", "")


def test_a_terminal_without_a_width_or_that_is_gone_ends_nothing(
    quick: None, context: click.Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Odd(io.StringIO):
        is_gone = False

        def isatty(self) -> bool:
            return True

        def write(self, text: str) -> int:
            if self.is_gone:
                raise OSError(5, "Input/output error")
            return super().write(text)

    odd = Odd()
    look(monkeypatch, odd)
    with Progress("read", "portals"):
        eventually(lambda: "read 0 portals" in odd.getvalue())
        odd.is_gone = True
        time.sleep(0.05)


def test_whoever_ends_a_command_is_told_how_far_it_had_come(context: click.Context) -> None:
    with pytest.raises(KeyboardInterrupt), Progress("written", "lines", 9) as one:
        one.step(4)
        raise KeyboardInterrupt
    assert stopped_at(context) == " after 4 of 9 lines"
    with pytest.raises(KeyboardInterrupt), Progress("checking:"):
        raise KeyboardInterrupt
    assert stopped_at(context) == ""
