"""The receipt board as a spreadsheet takes it: CSV, in which no cell can be a formula."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from datetime import datetime
from io import StringIO

from service.storage.receipts import Receipt
from service.web.words import LINES, LOCAL, label

HEADS = {
    "vi": ("Đơn vị", "Tình trạng", "Phiên bản", "Phải gửi", "Đã gửi lúc", "Xác nhận lúc", "Người nhận", "Ghi chú"),
    "en": ("Unit", "State", "Revision", "Owed at", "Sent at", "Acknowledged at", "By", "Note"),
}  # fmt: skip


def as_csv(lines: Iterable[Receipt], language: str) -> bytes:
    """UTF-8 with a byte order mark, without which Excel takes it for another encoding. Local times."""
    out = StringIO()
    writer = csv.writer(out)
    writer.writerow(HEADS[language])
    for line in lines:
        times = [_local(at) for at in (line.owed_at, line.sent_at, line.acknowledged_at)]
        state = label(LINES, line.state, language)
        writer.writerow(map(_plain, (line.unit_name, state, str(line.revision), *times, line.by, line.note)))
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def _local(at: datetime | None) -> str:
    return "" if at is None else f"{at.astimezone(LOCAL):%Y-%m-%d %H:%M}"


def _plain(cell: str) -> str:
    """A cell that a spreadsheet would calculate is made text by an apostrophe."""
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell
