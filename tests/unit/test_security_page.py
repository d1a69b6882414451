"""SECURITY.md names a test for each boundary, and each test that it names is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROWS = [
    line.strip("| ").split(" | ")
    for line in (ROOT / "SECURITY.md").read_text("utf-8").splitlines()
    if line.startswith("| ") and not line.startswith(("| boundary", "|--"))
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_a_boundary_is_held_by_tests_that_are_there(row: list[str]) -> None:
    assert len(row) == 4, row
    named = re.findall(r"`([^`]+)`", row[3])
    assert named and set(named) == set(row[3].replace("`", "").split(", "))
    for path in named:
        assert "\ndef test_" in (ROOT / "tests" / path).read_text("utf-8"), path


def test_there_is_a_boundary_for_whatever_is_foreign() -> None:
    assert len(ROWS) >= 12
