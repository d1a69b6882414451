"""Every benchmark can be run and prints both sides in the shape of design.md; what they say is not
judged here."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from service.bench import bench_places
from service.bench.burst import burst
from service.bench.cpu import family_cpu_s, peak_mb
from service.bench.ledger_data import sqlite_url
from service.cli.bench import NAMES
from tests.journeys.cli import Terminal


@pytest.mark.parametrize("name", NAMES)
def test_every_benchmark_that_is_offered_can_be_run(name: str) -> None:
    assert callable(import_module(f"service.bench.bench_{name}").run)


def test_a_benchmark_prints_both_sides(tmp_path: Path) -> None:
    rows = Terminal(tmp_path).json("bench", "classify", "--quick")
    assert rows
    for row in rows:
        assert set(row) == {"what", "ours", "baseline", "ratio", "budget", "met"}
        assert row["ours"]
        assert row["baseline"]


def test_all_provinces_cost_what_one_costs_but_for_their_memory() -> None:
    rows = bench_places.run(quick=True)
    assert rows[0]["met"], rows[0]
    assert all(row["ratio"] < 1.5 for row in rows[2:]), rows[2:]


def test_one_post_to_many_arrives_once_at_each_of_them(tmp_path: Path) -> None:
    row = burst("SQLite", sqlite_url(tmp_path, "many"), sqlite_url(tmp_path, "one"), 1, 40)
    assert isinstance(row["ours"], dict)
    assert isinstance(row["baseline"], dict)
    assert (row["ours"]["arrived"], row["ours"]["distinct"]) == (40, 40)
    assert (row["baseline"]["arrived"], row["baseline"]["distinct"]) == (1, 1)


def test_the_cpu_of_a_process_has_its_children_in_it() -> None:
    before = family_cpu_s(os.getpid())
    subprocess.run([sys.executable, "-c", "sum(range(3_000_000))"], check=True)
    assert family_cpu_s(os.getpid()) > before
    assert peak_mb() > 1
