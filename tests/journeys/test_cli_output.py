"""A command's output may be full, closed or narrow: none of it ends in a traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

COMMANDS = [("classify", "--help"), ("post", "list"), ("post", "list", "--json"), ("unit", "list")]


def run(
    folder: Path, shell: str, *command: str, **environment: str
) -> subprocess.CompletedProcess[str]:
    """A command of ours with its output led elsewhere by `shell`, which names it `"$@"`."""
    own = {**os.environ, "LOA_DATABASE__URL": f'"sqlite:///{folder / "loa.db"}"', **environment}
    line = ["sh", "-c", shell, "sh", sys.executable, "-m", "service", *command]
    return subprocess.run(
        line,
        cwd=folder,
        env=own,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=60,
        check=False,
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("output")
    added = run(made, '"$@"', "unit", "add", "--name", "UBND xã Quảng Ninh")
    assert added.returncode == 0, added.stderr
    return made


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_full_output_is_told_in_a_line(folder: Path, command: tuple[str, ...]) -> None:
    done = run(folder, '"$@" > /dev/full', *command)
    assert "Traceback" not in done.stderr
    assert done.returncode == 1 and "No space left" in done.stderr


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_closed_output_is_no_fault(folder: Path, command: tuple[str, ...]) -> None:
    done = run(folder, '"$@" >&-', *command)
    assert "Traceback" not in done.stderr and done.returncode == 0


@pytest.mark.parametrize("encoding", ["latin-1", "ascii"])
def test_letters_that_a_terminal_does_not_know_are_replaced(folder: Path, encoding: str) -> None:
    done = run(folder, '"$@"', "unit", "list", PYTHONIOENCODING=encoding)
    assert "Traceback" not in done.stderr and done.returncode == 0
    assert "UBND" in done.stdout
