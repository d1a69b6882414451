"""The receipt board as a spreadsheet takes it: CSV, in which no cell can be a formula."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from datetime import datetime
from io import StringIO

from service.alerts.cells import plain_cell
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
    """UTF-8 with a byte order mark, without which Excel takes it for another encoding. Local
    times."""
    out = StringIO()
    writer = csv.writer(out)
    writer.writerow(label("board", head, locale.language) for head in HEADS)
    for line in lines:
        times = [_shown(at, locale) for at in (line.owed_at, line.sent_at, line.acknowledged_at)]
        state = label("line", line.state, locale.language)
        writer.writerow(
            map(
                plain_cell,
                (
                    shown_name(line, locale.language),
                    state,
                    str(line.revision),
                    *times,
                    line.by,
                    line.note,
                ),
            )
        )
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def _shown(at: datetime | None, locale: Locale) -> str:
    return "" if at is None else f"{locale.at(at):%Y-%m-%d %H:%M}"
