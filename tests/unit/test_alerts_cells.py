"""Cells that spreadsheets would calculate are made text, in whatever form they begin (S12)."""

from __future__ import annotations

import pytest

from service.alerts.cells import plain_cell

HARMFUL = [
    "=1+1", "+1", "-1", "@SUM(1)", "\t=1", "\r=1", "\n=1", "＝1+1", "＋1", "－1", "＠SUM(1)", "|calc",
    "｜calc",
    "﹦1", "﹢1",
    "﹣1", "﹫x", "\u22121", " =1", "\u00a0=1", "\u3000＝1", "\u200b=1", "\ufeff@x", "\x00=1",
    "\u202e=1", "\u2028=1",
]  # fmt: skip
HARMLESS = ["", "a=b", "UBND xã Quảng Ninh", "'=1", "06/CT-UBND", "2026-11-23", " x", "(=1)"]


@pytest.mark.parametrize("cell", HARMFUL, ids=ascii)
def test_S12_a_cell_that_would_be_calculated_is_text(cell: str) -> None:
    assert plain_cell(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", HARMLESS, ids=ascii)
def test_S12_every_other_cell_stays_as_it_is(cell: str) -> None:
    assert plain_cell(cell) == cell
