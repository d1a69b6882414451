"""What `loa pull --exec` hands to a program of the office."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from service.office.consumers import CommandConsumer
from service.office.office_client import HandedMessage

BODY = b"x" * 3_000_000
"""More than a pipe holds."""


def message() -> HandedMessage:
    return HandedMessage("0199", "1706408160", "v1,x", BODY)


def test_a_program_has_the_whole_body_though_it_reads_late(tmp_path: Path) -> None:
    out = tmp_path / "out"
    CommandConsumer(["sh", "-c", f"sleep 0.1; wc -c > {out}"]).take(message())
    assert int(out.read_text()) == len(BODY)


def test_D1_a_program_never_takes_half_a_message_for_a_whole_one_when_the_client_is_killed(
    tmp_path: Path,
) -> None:
    began, out = tmp_path / "began", tmp_path / "out"
    script = f"touch {began}; sleep 1; wc -c > {out}.draft; mv {out}.draft {out}"
    code = (
        "from tests.unit.test_pull_command_consumer import message\n"
        "from service.office.consumers import CommandConsumer\n"
        f"CommandConsumer(['sh', '-c', {script!r}]).take(message())\n"
    )
    client = subprocess.Popen([sys.executable, "-c", code], cwd=Path(__file__).parents[2])
    _wait_for(began)
    client.kill()
    client.wait()
    _wait_for(out)
    assert int(out.read_text()) == len(BODY)


def _wait_for(path: Path) -> None:
    """For what another process does."""
    until = time.monotonic() + 30
    while not path.exists():
        assert time.monotonic() < until, path
        time.sleep(0.02)
