"""Date labels: every date that a text states, whether it says of an edit, and how exact it is.

Refuses to guess: a date that contradicts itself, or that no calendar has, is no date. Always day
first, always Asia/Ho_Chi_Minh where a text names no other offset. What is told from now, and a day
without its year, is read only where the caller says when the text was written.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache

from service.moments.clock_time import Hour, Zone
from service.moments.date_tokens import Tokens, cut
from service.moments.parts import DatePart, PartKind, date_parts, may_be_whole
from service.moments.relative import RelativeAge
from service.text import LOCAL, checked_date
from service.types import Moment

LONGEST_LABEL = 120
"""Characters of a label that is a date and nothing else."""
_DAY = timedelta(days=1)
_NOTE = 4
"""Parts of `(cập nhật)` behind a date."""


@dataclass(frozen=True, slots=True)
class LabelledDate:
    """One date of a text. `start` and `end` are where its words stand in the text, composed."""

    moment: Moment
    start: int
    end: int
    is_update: bool = False
    """It is called the day of an edit: never the day of publication."""
    is_called: bool = False
    """A word beside it says what day it is."""


@dataclass(frozen=True, slots=True)
class Label:
    """Every date of a text. `is_whole`: it is one date, and says nothing else."""

    dates: tuple[LabelledDate, ...]
    is_whole: bool


_NO_ZONE: Zone | None = None
_NOTHING = Label((), False)
# The commonest labels by far, `28/01/2024 | 10:32`: a fifteenth of what reading every form of a
# date costs.
_USUAL = re.compile(
    r"\(?+(?:(?:Đăng ngày|Ngày đăng|Ngày):? )?(?:Thứ "
    r"(?:[Hh]ai|[Bb]a|[Tt]ư|[Nn]ăm|[Ss]áu|[Bb]ảy|[2-7]),? )?"
    r"(\d{1,2})( - |[/-])(\d{1,2})\2((?:19[89]|20\d)\d)"
    r"(?: ?[|,-]? (\d{1,2}):(\d{2})(?::(\d{2}))?(?: (SA|CH|AM|PM))?)?(?: \(GMT\+7\))?\)?",
    re.ASCII,
)
_LONGEST_USUAL = 40
_OFFSET = timedelta(hours=7)  # Asia/Ho_Chi_Minh since June 1975, before any year that _USUAL takes


def usual_moment(text: str) -> Moment | None:
    """The instant of a label in one of the commonest forms; None where another must be tried."""
    match = _USUAL.fullmatch(text) if len(text) <= _LONGEST_USUAL else None
    if match is None:
        return None
    day, _, month, year, hour, minute, second, half = match.groups()
    on_the_clock = int(hour or 0)
    if half is not None:
        if not 1 <= on_the_clock <= 12:
            return None
        on_the_clock = on_the_clock % 12 + (12 if half in ("CH", "PM") else 0)
    try:
        local = datetime(
            int(year),
            int(month),
            int(day),
            on_the_clock,
            int(minute or 0),
            int(second or 0),
            tzinfo=UTC,
        )
    except ValueError:
        return None
    return Moment(local - _OFFSET, hour is not None)


def parse_moment(
    text: str, now: datetime | None = None, *, is_stamp: bool = False
) -> Moment | None:
    """The instant of a date label: the whole text must be a date, with or without a time of day.

    `now`: when the text was written, for what is told from then. `is_stamp`: a program wrote it, so
    that `GMT` means what it says and `20261128` is a day. None where there is no date, where it
    does not exist, and where a time contradicts itself (`13:05 SA`).

    >>> parse_moment("(07/02/2024 12:05 SA)").at.isoformat()
    '2024-02-06T17:05:00+00:00'
    """
    usual = usual_moment(text)
    if usual is not None:
        return usual
    label = _whole(text, now, is_stamp=is_stamp)
    return label.dates[0].moment if label.is_whole else None


def _whole(text: str, now: datetime | None, *, is_stamp: bool = False) -> Label:
    if len(text) > LONGEST_LABEL:
        return _NOTHING
    said = cut(text)
    if not may_be_whole(said):
        return _NOTHING
    return _read(said, date_parts(said, is_whole=True, is_stamp=is_stamp), now, is_stamp=is_stamp)


def find_moment(text: str, now: datetime | None = None) -> Moment | None:
    """The first date in a label that says more than a date: `28/01/2024 9:16 SA | Lượt xem: 35`."""
    return next((one.moment for one in read_label(text, now).dates), None)


def read_label(text: str, now: datetime | None = None) -> Label:
    """Every date of a text, in its order; where it is one date and nothing else, the vaguer forms
    too."""
    usual = usual_moment(text)
    if usual is not None:
        return Label((LabelledDate(usual, 0, len(text)),), True)
    return _read_label(text, now)


@lru_cache(
    maxsize=512
)  # a page says the same words in many rows, and they are asked for in each element around them
def _read_label(text: str, now: datetime | None) -> Label:
    whole = _whole(text, now)
    if whole.is_whole:
        return whole
    said = cut(text)
    return _read(said, date_parts(said, is_whole=False), now)


def split_trailing_moment(text: str) -> tuple[str, Moment | None]:
    """A title and the date that a list glues to it; the last pair of parentheses decides.

    >>> split_trailing_moment("Luật Đất đai số 31/2024/QH15(29/03/2024 10:48 SA)")[0]
    'Luật Đất đai số 31/2024/QH15'
    """
    stripped = text.rstrip()
    start = stripped.rfind("(")
    if start < 0 or not stripped.endswith(")"):
        return text, None
    moment = parse_moment(stripped[start:])
    return (stripped[:start].rstrip(), moment) if moment else (text, None)


# --- from parts to dates ----------------------------------------------------------------------


def _read(
    said: Tokens, parts: list[DatePart], now: datetime | None, *, is_stamp: bool = False
) -> Label:
    dates: list[LabelledDate] = []
    taken: set[int] = set()
    is_wrong = False
    for place, part in enumerate(parts):
        if part.what not in (PartKind.DAY, PartKind.AGO):
            continue
        if part.day is not None and part.day.is_bare and not _is_told(said, parts, place):
            is_wrong = True
            continue
        hour, zone, first, last = _hour_of(parts, place, taken)
        moment = (
            None
            if hour is not None and hour.of is None
            else _moment(part, hour, zone, now, is_stamp=is_stamp)
        )
        if moment is None or _is_cut_out(said, parts[first].start, parts[last].end):
            is_wrong = True
            continue
        start, end = said.starts[parts[first].start], said.end(parts[last].end)
        called = _called(parts, first, last)
        dates.append(
            LabelledDate(moment, start, end, called is PartKind.UPDATED, called is not None)
        )
    others = {PartKind.OTHER, PartKind.WRONG}
    hours = sum(
        part.what is PartKind.HOUR for index, part in enumerate(parts) if index not in taken
    )
    zones = sum(
        part.what is PartKind.ZONE for index, part in enumerate(parts) if index not in taken
    )
    is_one = len(dates) == 1 and not is_wrong and not hours and not zones
    return Label(tuple(dates), is_one and all(part.what not in others for part in parts))


def _is_told(said: Tokens, parts: list[DatePart], place: int) -> bool:
    """Whether an hour, the word for a day or a day of the week says that `28/11` is a date."""
    return any(part.what is PartKind.HOUR for part in parts) or any(
        said.at(part.start) == "ngay"
        or (part.what is PartKind.BETWEEN and part.end == part.start + 2)
        for part in parts[:place]
    )


def _is_cut_out(said: Tokens, start: int, end: int) -> bool:
    """Whether digits and slashes go on around what looks like a date."""
    return (said.is_glued(end) and said.at(end) == "/") or (
        said.is_glued(start) and said.at(start - 1) in ("/", ":")
    )


def _hour_of(
    parts: list[DatePart], place: int, taken: set[int]
) -> tuple[Hour | None, Zone | None, int, int]:
    """The hour beside a day, its zone, and from which part to which they go; an hour is of one
    day."""
    own, zone, after = parts[place], _NO_ZONE, _NO_ZONE
    if own.hour is not None or (own.ago is not None and not own.ago.is_day):
        after, last = _zone_after(parts, place, taken)
        return own.hour, own.zone or after, place, last
    for step in (1, -1):
        at = place + step
        zone = _NO_ZONE
        while 0 <= at < len(parts) and parts[at].what in (PartKind.BETWEEN, PartKind.ZONE):
            if parts[at].what is PartKind.ZONE:
                if step > 0 and zone is not None:
                    break
                zone = parts[at].zone
                taken.add(at)
            at += step
        if (
            not 0 <= at < len(parts)
            or parts[at].hour is None
            or parts[at].day is not None
            or at in taken
        ):
            continue
        taken.add(at)
        if step > 0:
            after, last = _zone_after(parts, at, taken)
            return parts[at].hour, after or zone, place, last
        _, last = _zone_after(parts, place, taken)
        return parts[at].hour, zone or (parts[last].zone if last > place else None), at, last
    return None, None, place, place


def _zone_after(parts: list[DatePart], place: int, taken: set[int]) -> tuple[Zone | None, int]:
    if place + 1 < len(parts) and parts[place + 1].what is PartKind.ZONE:
        taken.add(place + 1)
        return parts[place + 1].zone, place + 1
    return None, place


def _called(parts: list[DatePart], first: int, last: int) -> PartKind | None:
    """What the words around a date call it, those before it, else brackets after it; None where
    they do not."""
    for part in reversed(parts[:first]):
        if part.what in (PartKind.UPDATED, PartKind.PUBLISHED):
            return part.what
        if part.what is not PartKind.BETWEEN:
            return None
    after = [part.what for part in parts[last + 1 :]]
    is_note = (
        len(after) <= _NOTE
        and PartKind.UPDATED in after
        and {*after} <= {PartKind.BETWEEN, PartKind.UPDATED}
    )
    return PartKind.UPDATED if is_note else None


def _moment(
    part: DatePart, hour: Hour | None, zone: Zone | None, now: datetime | None, *, is_stamp: bool
) -> Moment | None:
    if part.ago is not None:
        return _before(part.ago, hour, now)
    day = part.day
    assert day is not None, "a part is a day or is told from now"
    on = day.on or (_closest(day.month_day, now) if day.month_day and now else None)
    return _at(on, hour, _place(zone, is_stamp=is_stamp)) if on is not None else None


def _place(zone: Zone | None, *, is_stamp: bool) -> tzinfo:
    """Pages print `GMT` where they mean `GMT+7`; programs mean what they write."""
    if zone is None or zone.of is None or (zone.is_bare and not is_stamp):
        return LOCAL
    return zone.of


def _at(on: date, hour: Hour | None, place: tzinfo) -> Moment:
    if hour is None or hour.of is None:
        local = datetime(on.year, on.month, on.day, tzinfo=LOCAL)
        return Moment(local.astimezone(UTC), has_time=False)
    return Moment(
        datetime(on.year, on.month, on.day, *hour.of, tzinfo=place).astimezone(UTC), has_time=True
    )


def _before(ago: RelativeAge, hour: Hour | None, now: datetime | None) -> Moment | None:
    """What is told from now. Where it is told in days, the day of the calendar here, with the hour
    beside it."""
    if now is None:
        return None
    at = now - ago.before
    if ago.unit < _DAY and not ago.is_day:
        return Moment(at.replace(second=0, microsecond=0), has_time=True, span=ago.unit)
    local = at.astimezone(LOCAL)
    on = date(local.year, local.month, local.day)
    found = _at(on, hour if ago.is_day else None, LOCAL)
    is_counted = (
        not ago.is_day or ago.before > 2 * _DAY
    )  # `5 ngày trước` is rounded, `hôm kia` is not
    return replace(found, span=ago.unit) if is_counted and not found.has_time else found


def _closest(month_day: tuple[int, int], now: datetime) -> date | None:
    """The day of this month and day that is the last not to come."""
    local = now.astimezone(LOCAL).date()
    days = (checked_date(local.year - step, *month_day) for step in (0, 1))
    return next((day for day in days if day is not None and day <= local + _DAY), None)
