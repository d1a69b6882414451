"""What people type: times as how long ago, or as an instant; portals by their ids."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from service.errors import InvalidInput

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from service.bootstrap import Loa

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


def silent_portals(loa: Loa, ids: Sequence[str]) -> tuple[str, ...]:
    """Portals that are configured, or that were and have kept something silent. Raises as
    `chosen_portals`."""
    from service.storage.counts import count_held
    from service.storage.silence import count_silences

    wanted = tuple(dict.fromkeys(ids))
    with loa.database.reading() as conn:
        kept = count_held(conn).keys() | count_silences(conn).keys()
    chosen_portals(loa, [one for one in wanted if one not in kept])
    return wanted


def chosen_portals(loa: Loa, ids: Sequence[str]) -> tuple[str, ...]:
    """Portals that are configured. Raises InvalidInput, which says where their files are read."""
    from service.services.filters import check_portals

    try:
        return check_portals(loa, ids)
    except InvalidInput as error:
        allowed = error.in_words("en")[1] or "none yet"
        folder = f"portal files are read from {loa.settings.portals_dir}"
        raise InvalidInput(error.field, error.problem, f"{allowed} ({folder})") from error
