"""A table that somebody brings: the cells of a CSV file by line and column.

Takes what spreadsheets save: commas, semicolons or tabs, with or without a byte order mark. Knows
nothing of what the cells mean.
"""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from service.errors import InvalidInput
from service.words import coded

if TYPE_CHECKING:
    from _csv import Reader as _Reader


@dataclass(frozen=True, slots=True)
class TableRow:
    """`number`: of its last line, as an editor counts. `cells`: without those that are empty."""

    number: int
    cells: dict[str, str]


def read_table(
    lines: Iterable[str], columns: Collection[str], required: Collection[str]
) -> Iterator[TableRow]:
    """Its rows, one after the other: a table may be longer than memory. `lines` with their ends.

    Raises InvalidInput (field `file`, its problem coded) for what is no such table.
    """
    rest = iter(lines)
    heading = next(rest, "").removeprefix("\ufeff")
    delimiter = max(",;\t", key=heading.count)
    cells_of = _numbered(csv.reader(chain([heading], rest), delimiter=delimiter, strict=True))
    first = next(cells_of, None)
    if first is None:
        raise _refused("import.empty", columns)
    names = [cell.strip().lower() for cell in first[1]]
    _check_names(names, columns, required)
    for number, cells in cells_of:
        yield _row(number, names, cells)


def _numbered(reader: _Reader) -> Iterator[tuple[int, list[str]]]:
    """The cells of each line that has any, and its number."""
    try:
        for cells in reader:
            if any(map(str.strip, cells)):
                yield reader.line_num, cells
    except csv.Error as error:
        reason = coded("import.unreadable", text=str(error))
        raise _refused(coded("import.line", line=reader.line_num, reason=reason)) from error


def _check_names(names: list[str], columns: Collection[str], required: Collection[str]) -> None:
    for name in names:
        if name not in columns:
            raise _refused(coded("import.column", text=name), columns)
        if names.count(name) > 1:
            raise _refused(coded("import.column_twice", text=name), columns)
    for name in required:
        if name not in names:
            raise _refused(coded("import.lacks", text=name), columns)


def _row(number: int, names: list[str], cells: list[str]) -> TableRow:
    if any(map(str.strip, cells[len(names) :])):
        raise _refused(coded("import.line", line=number, reason="import.many_cells"))
    pairs = zip(names, map(str.strip, cells), strict=False)
    return TableRow(number, {name: cell for name, cell in pairs if cell})


def _refused(problem: str, columns: Collection[str] = ()) -> InvalidInput:
    allowed = coded("allowed.among", names=", ".join(columns)) if columns else ""
    return InvalidInput("file", problem, allowed)
