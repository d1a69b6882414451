"""The receipt board as a spreadsheet takes it: CSV, in which no cell can be a formula."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from datetime import datetime
from io import StringIO

from service.alerts.cells import plain_cell
from service.storage.receipts import Receipt
from service.values import Locale
from service.web.words import LINES, label

HEADS = {
    "vi": ("Đơn vị", "Tình trạng", "Phiên bản", "Phải gửi", "Đã gửi lúc", "Xác nhận lúc",
    "Người nhận", "Ghi chú"),
    "en": ("Unit", "State", "Revision", "Owed at", "Sent at", "Acknowledged at", "By", "Note"),
}  # fmt: skip


def shown_name(line: Receipt, language: str) -> str:
    """A unit's name, marked where it was removed since."""
    mark = " (removed)" if language == "en" else " (đã gỡ bỏ)"
    return line.unit_name + (mark if line.is_removed else "")


def as_csv(lines: Iterable[Receipt], locale: Locale) -> bytes:
    """UTF-8 with a byte order mark, without which Excel takes it for another encoding. Local
    times."""
    out = StringIO()
    writer = csv.writer(out)
    writer.writerow(HEADS[locale.language])
    for line in lines:
        times = [_shown(at, locale) for at in (line.owed_at, line.sent_at, line.acknowledged_at)]
        state = label(LINES, line.state, locale.language)
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
