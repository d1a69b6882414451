"""The receipt board as a spreadsheet takes it: CSV, in which no cell can be a formula."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from service.alerts.cells import csv_table
from service.storage.receipts import Receipt
from service.values import Locale
from service.words import label

HEADS = ("unit", "state", "revision", "owed_at", "sent_at", "acknowledged_at", "by", "note")


def shown_name(line: Receipt, language: str) -> str:
    """A unit's name, marked where it was removed since or became part of another."""
    if line.merged_into:
        merged = label("board", "merged", language)
        return merged.format(unit=line.unit_name, into=line.merged_into)
    if not line.is_removed:
        return line.unit_name
    return label("board", "removed", language).format(unit=line.unit_name)


def as_csv(lines: Iterable[Receipt], locale: Locale) -> bytes:
    """Local times."""
    heads = (label("board", head, locale.language) for head in HEADS)
    return csv_table(heads, (_cells(line, locale) for line in lines))


def _cells(line: Receipt, locale: Locale) -> Iterator[str]:
    yield from (shown_name(line, locale.language), label("line", line.state, locale.language))
    yield str(line.revision)
    yield from (_shown(at, locale) for at in (line.owed_at, line.sent_at, line.acknowledged_at))
    yield from (line.by, line.note)


def _shown(at: datetime | None, locale: Locale) -> str:
    return "" if at is None else f"{locale.at(at):%Y-%m-%d %H:%M}"
