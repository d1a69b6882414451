"""The gates that hold for every file: style and types. One command runs them with the tests."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.mark.parametrize(
    "gate",
    [["ruff", "check", "."], ["ruff", "format", "--check", "."], ["mypy"]],
    ids=["ruff check", "ruff format", "mypy"],
)
@pytest.mark.timeout(300)
def test_the_gate_is_green(gate: list[str]) -> None:
    run = subprocess.run(
        [sys.executable, "-m", *gate], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
