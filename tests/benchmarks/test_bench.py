"""Every benchmark can be run and prints both sides in the shape of design.md; what they say is not judged here."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest

from service.cli.bench import NAMES
from tests.journeys.cli import Terminal


@pytest.mark.parametrize("name", NAMES)
def test_every_benchmark_that_is_offered_can_be_run(name: str) -> None:
    assert callable(import_module(f"service.bench.{name}").run)


def test_a_benchmark_prints_both_sides(tmp_path: Path) -> None:
    rows = Terminal(tmp_path).json("bench", "classify", "--quick")
    assert rows
    for row in rows:
        assert set(row) == {"what", "ours", "baseline", "ratio", "budget", "met"}
        assert row["ours"]
        assert row["baseline"]
