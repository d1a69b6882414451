"""Offices from a CSV file: read, checked line by line, written in one transaction.

Takes what spreadsheets save: commas, semicolons or tabs, with or without a byte order mark.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from service.cli.inputs import check_contacts, check_place
from service.errors import InvalidInput, NotFound

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from service.posts.places import Gazetteer
    from service.storage.engine import Database

COLUMNS = ("name", "place", "contacts")
ALLOWED = "a UTF-8 CSV file whose first line is name,place,contacts"


@dataclass(frozen=True, slots=True)
class UnitRow:
    name: str
    place: str | None
    """None: stands for no commune."""
    contacts: tuple[str, ...]


def read_units(file: Path, gazetteer: Gazetteer) -> list[UnitRow]:
    """Every line of the file. Raises InvalidInput that names every line that cannot be used."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput("FILE", f"cannot read {str(file)!r}: {error}", ALLOWED) from error
    rows: list[UnitRow] = []
    problems: list[str] = []
    for number, fields in _lines(text):
        try:
            row = _read_row(fields, gazetteer)
            if row.name in {earlier.name for earlier in rows}:
                raise InvalidInput("name", f"{row.name!r} is there twice", "each unit once")
            rows.append(row)
        except InvalidInput as error:
            problems.append(f"line {number}: {error}")
    if problems:
        raise InvalidInput("FILE", "nothing was imported:\n  " + "\n  ".join(problems), "")
    return rows


def _lines(text: str) -> list[tuple[int, dict[str, str]]]:
    heading = text.partition("\n")[0]
    delimiter = max(",;\t", key=heading.count)
    reader = csv.reader(text.splitlines(), delimiter=delimiter, strict=True)
    try:
        lines = [(reader.line_num, cells) for cells in reader if any(cell.strip() for cell in cells)]
    except csv.Error as error:
        raise InvalidInput("FILE", f"line {reader.line_num}: {error}", ALLOWED) from error
    names = [cell.strip().lower() for cell in lines[0][1]] if lines else []
    if "name" not in names or not set(names) <= set(COLUMNS):
        raise InvalidInput("FILE", f"the first line is {heading.strip()!r}", ALLOWED)
    return [(number, dict(zip(names, cells, strict=False))) for number, cells in lines[1:]]


def _read_row(fields: dict[str, str], gazetteer: Gazetteer) -> UnitRow:
    name = fields.get("name", "").strip()
    if not name:
        raise InvalidInput("name", "is empty", "what the office is called")
    contacts = filter(None, re.split(r"[;,\s]+", fields.get("contacts", "")))
    return UnitRow(name, check_place(gazetteer, fields.get("place", "").strip() or None), check_contacts(contacts))


def import_units(database: Database, rows: list[UnitRow], now: datetime) -> dict[str, int]:
    """Writes all; run twice, the second changes nothing."""
    counts = {"added": 0, "updated": 0, "unchanged": 0}
    with database.writing() as conn:
        for row in rows:
            counts[_import(conn, row, now)] += 1
    return counts


def _import(conn: Connection, row: UnitRow, now: datetime) -> str:
    from service.storage.units import add_unit, get_unit, set_contacts, set_place

    try:
        known = get_unit(conn, row.name)
    except NotFound:
        add_unit(conn, name=row.name, at=now, place=row.place, contacts=row.contacts)
        return "added"
    if (known.place, known.contacts) == (row.place, row.contacts):
        return "unchanged"
    set_contacts(conn, known.id, row.contacts)
    set_place(conn, known.id, row.place)
    return "updated"
