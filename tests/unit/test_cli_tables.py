"""Tables fit the terminal, and an id is never broken."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from service.cli.common import warn
from service.cli.tables import echo_fitting
from service.words import coded, say

ID = "01a22930-92de-7406-9655-2c2b49bf64eb"
COLUMNS = ["id", "channel", "target", "status", "wants"]
ROWS = [
    [ID, "webhook", "https://office.example/a/very/long/path/of/a/webhook", "active", "everything"],
    [ID, "email", "vanthu@quangninh.example", "failed", "category directives or meetings"],
]


def shown(width: int, **options: bool) -> str:
    out = io.StringIO()
    echo_fitting(COLUMNS, ROWS, Console(file=out, width=width, **options))  # type: ignore[arg-type] # each option is a flag
    return out.getvalue()


@pytest.mark.parametrize("width", [200, 120, 80, 40, 20])
def test_an_id_stands_whole_on_a_line_whatever_the_width(width: int) -> None:
    text = shown(width)
    assert text.count(ID) == 2
    assert "".join(text.split()).count("vanthu@quangninh.example") == 1 or width >= 80
    if width > 40:
        assert all(len(line) <= width for line in text.splitlines() if "https" not in line)


def test_where_there_is_room_it_is_a_table_and_else_a_block_of_lines() -> None:
    assert "id: " not in shown(120) and "channel" in shown(120).splitlines()[0]
    assert f"id: {ID}" in shown(40) and "status: active" in shown(40)


def test_states_are_coloured_on_a_terminal_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert "\x1b[" in shown(120, force_terminal=True)
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[32m" not in shown(120, force_terminal=True)
    assert "\x1b[" not in shown(120)


def test_D8_no_control_character_of_others_gets_into_a_reason_or_to_a_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    said = '\x1b[31mEVIL\x1b]0;pwn\x07\u202e\u2028\r\n{"event": 1}\x85\x9b31m'
    stored = coded("fetch.failed", url="http://p.example/\x1b[1m", said=said)
    assert stored.isprintable() and "EVIL" in say(stored, "en")
    warn(said)
    err = capsys.readouterr().err
    assert err.count("\n") == 2 and err.replace("\n", "").isprintable()
