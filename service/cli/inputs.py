"""What people type of times: how long ago, or an instant."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from service.errors import InvalidInput

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

_AGO = re.compile(r"(\d{1,5})\s*(m|h|d)")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def parse_since(value: str, now: datetime, zone: ZoneInfo, field: str = "since") -> datetime:
    """`2h`, `30m`, `7d` ago, or an instant of RFC 3339; without an offset, the zone's."""
    from service.values import parse_instant

    if ago := _AGO.fullmatch(value.strip()):
        return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
    try:
        return parse_instant(value, field, zone)
    except InvalidInput as error:
        raise InvalidInput(
            field, f"{value!r} is no instant", "30m, 2h, 7d, or as 2026-11-23T08:00"
        ) from error
