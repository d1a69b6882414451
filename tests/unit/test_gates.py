"""The gates that hold for every file: style, types, dependencies. One command runs them with the
tests.

deptry: what is imported is declared, and what is declared is imported. pip: what is installed fits
together. vulture: what is written is used; what only others call
stands in `pyproject.toml` with who calls it. That each version is the one of the constraints is held by `test_packaging`. None of them
needs a network.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.mark.parametrize(
    "gate",
    [
        ["ruff", "check", "."],
        ["ruff", "format", "--check", "."],
        ["mypy"],
        ["deptry", "service"],
        ["vulture"],
        ["pip", "check"],
    ],
    ids=["ruff check", "ruff format", "mypy", "deptry", "vulture", "pip check"],
)
@pytest.mark.timeout(300)
def test_the_gate_is_green(gate: list[str]) -> None:
    run = subprocess.run(
        [sys.executable, "-m", *gate], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
