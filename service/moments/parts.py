"""A label in parts: days, hours, zones, what is told from now, the words between, and what is none
of them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from service.moments import clock_time as clock
from service.moments import days, relative
from service.moments.clock_time import Hour, Zone, comment_end, read_hour, read_zone
from service.moments.date_tokens import Tokens
from service.moments.days import Day, read_day
from service.moments.relative import RelativeAge, read_ago
from service.text import checked_date

_PUBLISHED = frozenset({
    "dang", "tai", "gui", "tao", "xuat", "ban", "phat", "hanh", "post", "posted", "publish",
    "published", "created",
    "pubdate",
})  # fmt: skip
_UPDATED = (
    ("cap", "nhat"), ("update",), ("updated",), ("sua", "doi"), ("chinh", "sua"), ("sua", "lan"),
    ("ngay", "sua"),
    ("modified",), ("edited",), ("lan", "cuoi"), ("sua", "luc"), ("sua", "ngay"), ("moi", "sua"),
    ("sua", "cuoi"),
)  # fmt: skip
_NEUTRAL = frozenset({
    "ngay", "gio", "len", "luc", "vao", "hoi", "bai", "viet", "ky", "thoi", "gian", "on", "date",
    "at", "time",
    "last", "tin", "the", "of", "cuoi", "lan", "moi",
    "nhat", "duoc", "da", "sua", "doi", "chinh", "cap", "nhap", "thuc",
    "khoang", "about",
})  # fmt: skip
_WEEKDAYS = frozenset({
    "mon", "tue", "tues", "wed", "thu", "thur", "thurs", "fri", "sat", "sun", "monday", "tuesday",
    "wednesday",
    "thursday", "friday", "saturday", "sunday", "cn",
})  # fmt: skip
_NOT_OF_POSTS = frozenset({("dang", "ky"), ("gui", "ve"), ("ban", "ve"), ("tai", "ve")})
"""`đăng ký`, `gửi về`: words of the text."""
_OF_THE_WEEK = frozenset({"hai", "ba", "tu", "nam", "sau", "bay"})
_SIGNS = frozenset("/-.,:;|()[]<>*»«→~_")
_BY_WORDS = _PUBLISHED | _NEUTRAL | _WEEKDAYS | _SIGNS
_STARTS_OF_EDITS = frozenset(words[0] for words in _UPDATED)
_KNOWN = (
    _BY_WORDS | _OF_THE_WEEK | {word for words in _UPDATED for word in words} | {"chu", "nhat", "+",
    "'"}
    | clock.WORDS | days.WORDS | relative.WORDS
)  # fmt: skip


class PartKind(Enum):
    DAY = 0
    HOUR = 1
    AGO = 2
    BETWEEN = 3
    PUBLISHED = 4
    UPDATED = 5
    OTHER = 6
    WRONG = 7
    ZONE = 8


@dataclass(frozen=True, slots=True)
class DatePart:
    what: PartKind
    start: int
    end: int
    """Tokens."""
    day: Day | None = None
    hour: Hour | None = None
    zone: Zone | None = None
    ago: RelativeAge | None = None


def may_be_whole(said: Tokens) -> bool:
    """Whether a text may be a date and nothing else: it has no word that no date has, but for what
    brackets hold."""
    if "(" in said.said or "[" in said.said:
        return True
    return all(word in _KNOWN or word.isdecimal() for word in said.said)


def date_parts(said: Tokens, *, is_whole: bool, is_stamp: bool = False) -> list[DatePart]:
    parts: list[DatePart] = []
    at, many = 0, len(said.said)
    while at < many:
        part = _part(said, at, parts, is_whole=is_whole, is_stamp=is_stamp)
        parts.append(part)
        at = part.end
    return parts


def _part(
    said: Tokens, at: int, parts: list[DatePart], *, is_whole: bool, is_stamp: bool
) -> DatePart:
    word, before = said.at(at), parts[-1].what if parts else None
    if word.isdecimal():
        return _of_number(said, at, is_whole=is_whole, is_stamp=is_stamp)
    zone = _zone(said, at, parts, is_whole=is_whole)
    if zone is not None:
        return DatePart(PartKind.ZONE if zone.of else PartKind.WRONG, at, zone.end, zone=zone)
    if (
        before in (PartKind.HOUR, PartKind.ZONE)
        and is_whole
        and (end := comment_end(said, at)) is not None
    ):
        return DatePart(PartKind.BETWEEN, at, end)
    if word == "t" and before is PartKind.DAY and said.is_glued(at) and said.at(at + 1).isdecimal():
        return DatePart(PartKind.BETWEEN, at, at + 1)
    ago = read_ago(said, at)
    if ago is not None:
        return DatePart(PartKind.AGO, at, ago.end, ago=ago)
    if word in _STARTS_OF_EDITS and (length := _length_of_edit(said, at)):
        return DatePart(PartKind.UPDATED, at, at + length)
    if word in days.WORDS:
        day = _unix_day(said, at) or read_day(said, at, is_whole=is_whole)
        if isinstance(day, DatePart):
            return day
        if day is not None:
            return _of_day(day, at)
    hour = read_hour(said, at) if word in clock.WORDS else None
    return (
        DatePart(PartKind.HOUR if hour.of else PartKind.WRONG, at, hour.end, hour=hour)
        if hour
        else DatePart(*_word(said, at))
    )


def _zone(said: Tokens, at: int, parts: list[DatePart], *, is_whole: bool) -> Zone | None:
    """The zone that follows an hour or a day; None where something else does."""
    word, before = said.at(at), parts[-1].what if parts else None
    follows_a_day = before is PartKind.DAY and word not in ("-", "z") and (word != "(" or is_whole)
    if before is not PartKind.HOUR and not follows_a_day:
        return None
    return read_zone(said, at) if word != "-" or any(one.day for one in parts) else None


def _length_of_edit(said: Tokens, at: int) -> int:
    """How many tokens here say that a page was edited; 0 for none."""
    for words in _UPDATED:
        if all(said.at(at + step) == one for step, one in enumerate(words)):
            return len(words)
    return 0


def _of_number(said: Tokens, at: int, *, is_whole: bool, is_stamp: bool) -> DatePart:
    if (
        at
        and said.is_glued(at)
        and said.at(at - 1) in ("/", ".", "-", ":")
        and said.at(at - 2).isdecimal()
        and not is_whole
    ):
        return DatePart(PartKind.OTHER, at, at + 1)
    if is_whole and (part := _basic(said, at, is_stamp=is_stamp)) is not None:
        return part
    ago = read_ago(said, at)
    if ago is not None:
        return DatePart(PartKind.AGO, at, ago.end, ago=ago)
    hour = read_hour(said, at)
    if hour is not None:
        return DatePart(PartKind.HOUR if hour.of else PartKind.WRONG, at, hour.end, hour=hour)
    if is_stamp and _is_short_by_dashes(said, at):
        return DatePart(
            PartKind.OTHER, at, at + 1
        )  # `03-12-31` of a program may begin with its year
    day = read_day(said, at, is_whole=is_whole)
    return _of_day(day, at) if day is not None else DatePart(PartKind.OTHER, at, at + 1)


def _is_short_by_dashes(said: Tokens, at: int) -> bool:
    lengths = [len(said.at(at + step)) for step in (0, 2, 4)]
    return (
        lengths == [2, 2, 2]
        and said.at(at + 1) == "-" == said.at(at + 3)
        and said.number(at + 2) is not None
    )


def _of_day(day: Day, at: int) -> DatePart:
    return DatePart(
        PartKind.DAY if day.on or day.month_day else PartKind.WRONG, at, day.end, day=day
    )


def _basic(said: Tokens, at: int, *, is_stamp: bool) -> DatePart | None:
    """ISO 8601's basic form: `20261128T080000`; where a program wrote it `20261128` and
    `20261128080000` too."""
    word = said.at(at)
    if len(word) == 6 and said.at(at - 1) == "t" and len(said.at(at - 2)) == 8:
        return _basic_hour(word, at)
    if len(word) == 4 and said.at(at - 1) == "t" and len(said.at(at - 2)) == 8:
        return _basic_hour(word, at)
    if len(word) == 8 and (is_stamp or said.at(at + 1) == "t"):
        on = checked_date(int(word[:4]), int(word[4:6]), int(word[6:]))
        return DatePart(PartKind.DAY if on else PartKind.WRONG, at, at + 1, day=Day(at + 1, on))
    if len(word) == 14 and is_stamp:
        on = checked_date(int(word[:4]), int(word[4:6]), int(word[6:8]))
        hour = _basic_hour(word[8:], at)
        is_right = on is not None and hour.what is PartKind.HOUR
        return DatePart(
            PartKind.DAY if is_right else PartKind.WRONG,
            at,
            at + 1,
            day=Day(at + 1, on),
            hour=hour.hour,
        )
    return None


def _basic_hour(digits: str, at: int) -> DatePart:
    hour, minute, second = int(digits[:2]), int(digits[2:4]), int(digits[4:] or 0)
    if hour > 23 or minute > 59 or second > 59:
        return DatePart(PartKind.WRONG, at, at + 1)
    return DatePart(PartKind.HOUR, at, at + 1, hour=Hour(at + 1, (hour, minute, second)))


def _unix_day(said: Tokens, at: int) -> DatePart | None:
    """`Nov 28 20:05:09 +0700 2026`, as `date` and Ruby write it: the year stands last."""
    day = read_day(said, at, is_whole=True)
    if day is None or day.month_day is None or said.number(day.end - 1) is None:
        return None
    hour = read_hour(said, day.end)
    if hour is None or hour.of is None:
        return None
    zone = read_zone(said, hour.end)
    year = said.year(zone.end if zone else hour.end)
    if year is None:
        return None
    end = (zone.end if zone else hour.end) + 1
    on = checked_date(year, *day.month_day)
    return DatePart(
        PartKind.DAY if on else PartKind.WRONG, at, end, day=Day(end, on), hour=hour, zone=zone
    )


def _word(said: Tokens, at: int) -> tuple[PartKind, int, int]:
    word = said.at(at)
    following = said.at(at + 1)
    if word in ("thu", "t", "th") and (
        following in _OF_THE_WEEK or (said.number(at + 1) or 0) in range(2, 8)
    ):
        return PartKind.BETWEEN, at, at + 2
    if word == "chu" and following == "nhat":
        return PartKind.BETWEEN, at, at + 2
    if word in _PUBLISHED:
        return (
            PartKind.OTHER if (word, following) in _NOT_OF_POSTS else PartKind.PUBLISHED,
            at,
            at + 1,
        )
    return (PartKind.BETWEEN if word in _BY_WORDS else PartKind.OTHER), at, at + 1
