"""The dates of an upstream feed: each stamp is read whole or not at all, by us and never by
feedparser.

feedparser takes what it knows of a stamp for the whole: `2026/11/28` becomes the first of the
month.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, timedelta
from typing import Any

from service.instants import Moment, Source, Witness
from service.moments.label import parse_moment
from service.text import clean

_NAMES = ("published", "created", "updated")
_HOUR = timedelta(hours=1)
_MANY = 4
"""Entries whose minutes are all the month are no chance."""


def dates_of_feed(parsed: Any) -> list[tuple[Witness, ...]]:
    """What each entry of a parsed feed says of its date, the day of publication first."""
    told = [_told(entry) for entry in parsed.entries]
    generator = f"{dict.get(parsed.feed, 'generator') or ''}".lower()
    if _writes_months_for_minutes(generator, told):
        return [tuple(map(_without_minutes, one)) for one in told]
    return told


def _told(entry: Any) -> tuple[Witness, ...]:
    found: list[Witness] = []
    for name in _NAMES:
        raw = clean(
            str(dict.get(entry, name) or "")
        )  # its own get() answers for others' keys, with a warning
        moment = parse_moment(raw, is_stamp=True) if raw else None
        if (
            moment is not None
        ):  # the day of an edit, only where the entry names another of publication
            found.append(
                Witness(Source.FEED, moment, raw, is_update=bool(found) and name == "updated")
            )
    return tuple(dict.fromkeys(found))


def _writes_months_for_minutes(generator: str, told: Sequence[tuple[Witness, ...]]) -> bool:
    """Whether the minutes of every stamp are its month: NukeViet 4 writes gmdate('D, j M Y
    H:m:s')."""
    moments = [one.moment for witnesses in told for one in witnesses if one.moment.has_time]
    if not moments or any(_utc_minute(moment) != _utc_month(moment) for moment in moments):
        return False
    return "nukeviet" in generator or len(moments) >= _MANY


def _utc_minute(moment: Moment) -> int:
    return moment.at.astimezone(UTC).minute


def _utc_month(moment: Moment) -> int:
    return moment.at.astimezone(UTC).month


def _without_minutes(one: Witness) -> Witness:
    """The hour alone is known: the article or its listing are asked for more."""
    if not one.moment.has_time:
        return one
    return replace(
        one, moment=Moment(one.moment.at.replace(minute=0, second=0), has_time=True, span=_HOUR)
    )
