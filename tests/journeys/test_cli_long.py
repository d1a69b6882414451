"""A command that takes long, on a terminal: it says how far it has come, and whoever ends it is told
what is kept."""

from __future__ import annotations

import os
import pty
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.journeys.cli import Terminal
from tests.patience import eventually


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    made = Terminal(tmp_path)
    made.configure('[email]\nsmtp_url = "smtp://127.0.0.1:9"\n')
    return made


def ended(terminal: Terminal, *command: str, when: Callable[[str], bool]) -> str:
    """What stands on the terminal of a command that is ended by Ctrl-C as soon as that says so."""
    master, slave = pty.openpty()
    os.set_blocking(master, False)
    process = subprocess.Popen(
        [sys.executable, "-m", "service", *command],
        env={**os.environ, "LOA_CONFIG": str(terminal.config), "TERM": "xterm"},
        stdout=subprocess.DEVNULL,
        stderr=slave,
        # what a shell starts in the background ignores it, and hands that on
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # nothing else runs here
    )
    os.close(slave)
    seen = b""

    def read() -> str:
        nonlocal seen
        try:
            while part := os.read(master, 65_536):
                seen += part
        except (BlockingIOError, OSError):  # the second: it has hung up
            return seen.decode()
        return seen.decode()

    try:
        eventually(lambda: when(read()))
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 1, read()
        return read()
    finally:
        process.kill()
        process.wait()
        os.close(master)


def test_a_poll_says_how_many_portals_are_read_and_what_of_an_ended_one_is_kept(
    terminal: Terminal,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        (terminal.folder / "portals" / "x.toml").write_text(
            f'id = "x"\nname = "X"\nbase_url = "{address}"\nkind = "auto"\n[[listings]]\nurl = "/"\n',
            encoding="utf-8",
        )
        said = ended(terminal, "poll", when=lambda text: "read 0 of 1 portals, 2 s" in text)
    assert "stopped after 0 of 1 portals; every listing that was read to its end is kept" in said
    assert "Traceback" not in said


@pytest.mark.timeout(180)
def test_an_import_that_is_ended_keeps_what_it_says_and_goes_on_where_it_was(
    terminal: Terminal,
) -> None:
    lines = [f"UBND xã {n},,,email,{n}@xa.example,yes" for n in range(700)]
    table = terminal.folder / "list.csv"
    table.write_text("unit,place,contacts,channel,target,confirmed\n" + "\n".join(lines))
    said = ended(
        terminal, "subscription", "import", str(table),
        when=lambda text: re.search(r"written [1-9]\d* of 700 lines", text) is not None,
    )  # fmt: skip
    (kept,) = re.findall(r"stopped after (\d+) of 700 lines; what is done is kept", said)
    before = {one["id"] for one in terminal.json("subscription", "list")}
    assert int(kept) <= len(before) <= int(kept) + 50
    done = terminal.json("subscription", "import", str(table))["lines"]
    assert len(done) == 700 and before < {one["id"] for one in done}
    assert len(terminal.json("subscription", "list")) == 700
