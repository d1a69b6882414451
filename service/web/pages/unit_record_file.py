"""What a unit acknowledged in a year, as a spreadsheet takes it: CSV, in which no cell can be a
formula."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from flask import Response
from sqlalchemy import Connection

from service.alerts.cells import csv_table
from service.errors import InvalidInput
from service.storage.unit_record import AcknowledgedPost, load_acknowledged
from service.types import Unit
from service.values import Locale
from service.web import reader
from service.words import coded

if TYPE_CHECKING:
    from service.bootstrap import Loa

FILE_ROWS = 50_000
_HEADS = (
    ("Văn bản", "Directive"), ("Bản", "Revision"), ("Được báo", "Told"),
    ("Xác nhận", "Acknowledged"), ("Người xác nhận", "By"), ("Ghi chú", "Note"),
)  # fmt: skip


def first_day(loa: Loa, year: int | None = None) -> datetime:
    """When a year began, by the service's clock; the present one where none is named."""
    zone = loa.settings.service.locale.zone
    return datetime(year or loa.clock().astimezone(zone).year, 1, 1, tzinfo=zone)


def record_file(conn: Connection, loa: Loa, unit: Unit, asked: str | None) -> Response:
    """`asked`: the year; None: the present one. Raises InvalidInput for what is none."""
    year = _parse_year(asked) if asked else first_day(loa).year
    since, until = first_day(loa, year), first_day(loa, year + 1)
    found = load_acknowledged(conn, unit.id, since.astimezone(UTC), FILE_ROWS)
    locale = reader.locale()
    heads = (pair[locale.language == "en"] for pair in _HEADS)
    body = csv_table(heads, (_cells(one, locale) for one in found if one.at < until))
    headers = {"Content-Disposition": f'attachment; filename="da-xac-nhan-{year}.csv"'}
    return Response(body, content_type="text/csv; charset=utf-8", headers=headers)


def _parse_year(asked: str) -> int:
    if len(asked) == 4 and asked.isascii() and asked.isdigit() and int(asked) > 1970:
        return min(int(asked), 9998)
    raise InvalidInput("year", coded("bad.value", text=asked[:100]), "allowed.year")


def _cells(one: AcknowledgedPost, locale: Locale) -> Iterator[str]:
    def shown(at: datetime | None) -> str:
        return "" if at is None else f"{locale.at(at):%Y-%m-%d %H:%M}"

    yield from (one.title, str(one.revision), shown(one.owed_at), shown(one.at), one.by, one.note)
