"""Offices from a CSV file: all of it is checked, line by line, before any is written.

Takes what spreadsheets save: commas, semicolons or tabs, with or without a byte order mark.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from service.cli.progress import Progress
from service.cli.table_file import portions, read_twice, table_rows
from service.errors import InvalidInput
from service.services.import_table import TableRow
from service.services.unit_acts import UnitFacts, parse_unit, put

if TYPE_CHECKING:
    from service.bootstrap import Loa

COLUMNS = ("name", "place", "contacts")
ALLOWED = "a UTF-8 CSV file whose first line is name,place,contacts"
TOLD = 200
"""Lines that are named; whoever has more of them has made one mistake many times."""


def import_units(loa: Loa, file: Path) -> dict[str, int]:
    """Writes all; run twice, the second changes nothing. Raises InvalidInput that names every line
    that cannot be used, then nothing was written."""
    counts = {"added": 0, "updated": 0, "unchanged": 0}
    with read_twice(file) as table:
        with Progress("checked", "lines") as progress:
            n = check_units(loa, table, progress)
        with Progress("written", "lines", n) as progress:
            for rows in portions(_rows(table)):
                with loa.database.writing() as conn:
                    for row in rows:
                        counts[put(conn, loa, _facts(loa, row.cells))] += 1
                progress.step(len(rows))
    return counts


def check_units(loa: Loa, table: Path, progress: Progress) -> int:
    """How many lines there are. Raises InvalidInput that names every line that cannot be used."""
    names, problems, wrong, n = set[str](), list[str](), 0, 0
    for row in progress.over(_rows(table)):
        n += 1
        try:
            name = _facts(loa, row.cells).name
            if name in names:
                raise InvalidInput("name", f"{name!r} is there twice", "each unit once")
            names.add(name)
        except InvalidInput as error:
            wrong += 1
            if wrong <= TOLD:
                problems.append(f"line {row.number}: {error}")
    if wrong > TOLD:
        problems.append(f"and {wrong - TOLD} lines more")
    if problems:
        raise InvalidInput("FILE", "nothing was imported:\n  " + "\n  ".join(problems), "")
    return n


def _rows(table: Path) -> Iterator[TableRow]:
    try:
        yield from table_rows(table, COLUMNS, ("name",))
    except InvalidInput as error:
        raise InvalidInput("FILE", error.problem, ALLOWED) from error


def _facts(loa: Loa, cells: dict[str, str]) -> UnitFacts:
    contacts = filter(None, re.split(r"[;,\s]+", cells.get("contacts", "")))
    return parse_unit(loa, name=cells.get("name", ""), place=cells.get("place"), contacts=contacts)
