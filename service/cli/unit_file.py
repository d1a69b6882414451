"""Offices from a CSV file: read, checked line by line, written in one transaction.

Takes what spreadsheets save: commas, semicolons or tabs, with or without a byte order mark.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from service.errors import InvalidInput
from service.services.import_table import TableRow, read_table
from service.services.unit_acts import UnitFacts, parse_unit, put

if TYPE_CHECKING:
    from service.bootstrap import Loa

COLUMNS = ("name", "place", "contacts")
ALLOWED = "a UTF-8 CSV file whose first line is name,place,contacts"


def read_units(loa: Loa, file: Path) -> list[UnitFacts]:
    """Every line of the file. Raises InvalidInput that names every line that cannot be used."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput("FILE", f"cannot read {str(file)!r}: {error}", ALLOWED) from error
    rows: list[UnitFacts] = []
    problems: list[str] = []
    for line in _table(text):
        try:
            row = _read_row(loa, line.cells)
            if row.name in {earlier.name for earlier in rows}:
                raise InvalidInput("name", f"{row.name!r} is there twice", "each unit once")
            rows.append(row)
        except InvalidInput as error:
            problems.append(f"line {line.number}: {error}")
    if problems:
        raise InvalidInput("FILE", "nothing was imported:\n  " + "\n  ".join(problems), "")
    return rows


def _table(text: str) -> list[TableRow]:
    try:
        return read_table(text, COLUMNS, ("name",))
    except InvalidInput as error:
        raise InvalidInput("FILE", error.problem, ALLOWED) from error


def _read_row(loa: Loa, fields: dict[str, str]) -> UnitFacts:
    contacts = filter(None, re.split(r"[;,\s]+", fields.get("contacts", "")))
    return parse_unit(
        loa,
        name=fields.get("name", ""),
        place=fields.get("place"),
        contacts=contacts,
    )


def import_units(loa: Loa, rows: list[UnitFacts]) -> dict[str, int]:
    """Writes all; run twice, the second changes nothing."""
    counts = {"added": 0, "updated": 0, "unchanged": 0}
    with loa.database.writing() as conn:
        for row in rows:
            counts[put(conn, loa, row)] += 1
    return counts
