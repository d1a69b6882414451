"""Cells that spreadsheets would calculate are made text, in whatever form they begin and whatever is
taken for the end of a cell (S12)."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.alerts.cells import csv_table, plain_cell

HARMFUL = [
    "=1+1", "+1", "-1", "@SUM(1)", "\t=1", "\r=1", "\n=1", "＝1+1", "＋1", "－1", "＠SUM(1)", "|calc",
    "｜calc",
    "﹦1", "﹢1",
    "﹣1", "﹫x", "\u22121", " =1", "\u00a0=1", "\u3000＝1", "\u200b=1", "\ufeff@x", "\x00=1",
    "\u202e=1", "\u2028=1",
]  # fmt: skip
HARMLESS = [
    "", "a=b", "UBND xã Quảng Ninh", "'=1", "06/CT-UBND", "2026-11-23", " x", "(=1)", "a; b", "a\nb",
    "\u200b", "a;", ";",
]  # fmt: skip
FOREIGN = st.text(
    st.one_of(st.sampled_from("=+-@|＝－;,\t\r\n\"' \u200b\u202eađ1"), st.characters()), max_size=30
)


@pytest.mark.parametrize("cell", HARMFUL, ids=ascii)
def test_S12_a_cell_that_would_be_calculated_is_text(cell: str) -> None:
    assert plain_cell(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", HARMLESS, ids=ascii)
def test_S12_every_other_cell_stays_as_it_is(cell: str) -> None:
    assert plain_cell(cell) == cell


@pytest.mark.parametrize(
    ("cell", "plain"),
    [
        ("a;=1", "a;'=1"), ("a; =1", "a;' =1"), ("a\t+1", "a\t'+1"), ("a\r\n@x;-1", "a\r\n'@x;'-1"),
        ("=1;=2", "'=1;'=2"), (";=1", ";'=1"), ("a;\u200b＝1", "a;'\u200b＝1"), ("a;b;=1", "a;b;'=1"),
    ],
)  # fmt: skip
def test_S12_what_begins_a_cell_for_another_separator_is_text_too(cell: str, plain: str) -> None:
    assert plain_cell(cell) == plain


def _is_calculated(cell: str) -> bool:
    shown = re.sub(r"^[\W_]*?(?=[^\s\x00-\x20])", "", cell) if not cell.strip() else cell
    first = next((c for c in shown if unicodedata.category(c)[0] not in "CZ"), "")
    return unicodedata.normalize("NFKC", first)[:1] in tuple("=+-@|\u2212")


def _read(table: bytes, delimiter: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(table.decode("utf-8-sig"), newline=""), delimiter=delimiter))


@given(st.lists(st.lists(FOREIGN, min_size=3, max_size=3), max_size=3))
def test_S12_no_text_of_anybody_makes_a_formula_whatever_the_separator(
    rows: list[list[str]],
) -> None:
    table = csv_table(("a", "b", "c"), rows)
    assert table.startswith(b"\xef\xbb\xbfa,b,c\r\n")
    read = _read(table, ",")
    assert [len(row) for row in read] == [3] * (len(rows) + 1)
    said = [[cell.encode("utf-8", "replace").decode() for cell in row] for row in rows]
    assert [[cell.replace("'", "") for cell in row] for row in read[1:]] == [
        [cell.replace("'", "") for cell in row] for row in said
    ]
    for delimiter in ",;\t":
        for row in _read(table, delimiter):
            assert not any(map(_is_calculated, row)), (delimiter, row)


def test_S12_no_other_module_writes_csv() -> None:
    service = Path(__file__).resolve().parents[2] / "service"
    writers = [
        path.name
        for path in service.rglob("*.py")
        if re.search(r"csv\.(?:writer|DictWriter)|\bwriterow", path.read_text("utf-8"))
    ]
    assert writers == []
