"""The forms of an hour and of the zone that it is told in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, timedelta, timezone, tzinfo

from service.moments.date_tokens import Tokens

_MORNING = frozenset({"sa", "am", "sang"})
_AFTERNOON = frozenset({"ch", "pm", "chieu", "toi"})
_HALVES = _MORNING | _AFTERNOON | {"trua", "dem"}
_HOURS = frozenset({"h", "g", "gio"})
_MOST_AWAY = timedelta(hours=14)
"""No place on earth is further from UTC."""
_HOURS_FROM_UTC = {
    "ict": 7,
    "hovt": 7,
    "est": -5,
    "edt": -4,
    "cst": -6,
    "cdt": -5,
    "mst": -7,
    "mdt": -6,
    "pst": -8,
    "pdt": -7,
}
"""RFC 822, section 5.1, and what systems here write: `ICT` is Indochina Time."""
_WORLD = frozenset({"gmt", "utc", "ut"})
_OPENS = {"(": ")", "[": "]"}
_OF_EDITS = frozenset(
    {"cap", "da", "sua", "chinh", "moi", "update", "updated", "modified", "edited"}
)
_LONGEST_COMMENT = 8
"""Tokens of a zone's name in brackets: `(Giờ Đông Dương)`."""
WORDS = (
    _HALVES | _HOURS | _WORLD | frozenset(_HOURS_FROM_UTC) | {"phut", "p", "giay", "a", "m", "z"}
)
"""Every word that an hour and its zone can hold, but for what stands in brackets."""


@dataclass(frozen=True, slots=True)
class Hour:
    """A time of day that ends before token `end`; `of` is None where it contradicts itself (`13:05
    SA`)."""

    end: int
    of: tuple[int, int, int] | None


@dataclass(frozen=True, slots=True)
class Zone:
    """`is_bare`: GMT without an offset. `of` is None for an offset that no place on earth has."""

    end: int
    of: tzinfo | None
    is_bare: bool = False


def read_hour(said: Tokens, at: int) -> Hour | None:
    """`08:30`, `08:30:15.25`, `8h30`, `8 giờ 30 phút`, `8:30 CH`, `8 giờ sáng`; None where no hour
    begins."""
    if said.at(at) in _HALVES and said.at(at + 2) == ":":
        return _half_first(said, at)
    hour = said.number(at)
    if hour is None:
        return None
    sign, end, minute = said.at(at + 1), at + 1, 0
    if sign == ":":
        if said.number(at + 2) is None:
            return None
        minute, end = int(said.at(at + 2)), at + 3
    elif sign in _HOURS:
        end += 1 + (said.at(at + 2) == ":")
        if (told := said.number(end)) is not None and not _is_day(said, end):
            minute, end = told, end + 1
            end += said.at(end) in ("phut", "p", "'")
    elif sign not in _HALVES or said.at(at + 1) in ("sang", "trua", "chieu", "toi", "dem"):
        return None
    second, end = _second(said, end)
    end += said.at(end) == "'"  # `08:30'`: minutes, as they are written by hand
    half, end = _half(said, end)
    on_the_clock = _on_the_clock(hour, half)
    if on_the_clock is None or minute > 59 or second > 60:
        return Hour(end, None)
    return Hour(end, (on_the_clock, minute, min(second, 59)))


def _second(said: Tokens, end: int) -> tuple[int, int]:
    """The second after an hour and its minute, and where it ends; 0 where none is said."""
    if said.at(end) == ":" and (told := said.number(end + 1)) is not None and said.is_glued(end):
        end += 2
        has_fraction = (
            said.at(end) in (".", ",")
            and said.is_glued(end)
            and said.at(end + 1).isdecimal()
            and said.is_glued(end + 1)
        )
        return told, end + 2 * has_fraction
    if said.at(end + 1) == "giay" and (told := said.number(end)) is not None:
        return told, end + 2
    return 0, end


def _half_first(said: Tokens, at: int) -> Hour | None:
    """`SA 8:30`, as some systems order it."""
    found = read_hour(said, at + 1)
    if found is None or found.of is None:
        return found
    hour, minute, second = found.of
    on_the_clock = _on_the_clock(hour, said.at(at))
    return Hour(found.end, None if on_the_clock is None else (on_the_clock, minute, second))


def _is_day(said: Tokens, at: int) -> bool:
    """Whether a number after `8h` begins a date: `10h 5/6/2023`."""
    return said.at(at + 1) in ("/", "-", ".", "thang", "thg") and said.at(at + 1) != "."


def _half(said: Tokens, at: int) -> tuple[str, int]:
    word = said.at(at)
    if word in _HALVES:
        return word, at + 1 + (word in ("am", "pm") and said.at(at + 1) == ".")
    if word in ("a", "p") and said.at(at + 1) == "." and said.at(at + 2) == "m":
        return f"{word}m", at + 3 + (said.at(at + 3) == ".")
    return "", at


def _on_the_clock(hour: int, half: str) -> int | None:
    """The hour of 24; None when it and its half of the day contradict each other."""
    if hour > 23:
        return None
    if not half:
        return hour
    if half in _MORNING:
        return None if hour > 12 else hour % 12
    if hour > 12:
        return hour
    if half == "dem":
        return hour % 12 + (12 if 6 <= hour < 12 else 0)
    if half == "trua":
        return hour if hour >= 10 else hour + 12
    return hour % 12 + 12


def read_zone(said: Tokens, at: int) -> Zone | None:
    """The zone that begins at a token, with the name that brackets add to it; None where none
    does."""
    if said.at(at) in ("(", "["):
        return _in_brackets(said, at)
    found = _zone(said, at)
    if found is None:
        return None
    end = comment_end(said, found.end) or found.end
    return Zone(end + (said.at(end) == "z" and said.is_glued(end)), found.of, found.is_bare)


def _in_brackets(said: Tokens, at: int) -> Zone | None:
    found = _zone(said, at + 1)
    if found is not None and said.at(found.end) in (")", "]"):
        return Zone(found.end + 1, found.of, found.is_bare)
    return None


def comment_end(said: Tokens, at: int) -> int | None:
    """Where brackets after an hour or a zone end (RFC 5322, section 3.2.2; RFC 9557): they say
    nothing more of it."""
    if said.at(at) not in _OPENS or said.at(at + 1) in _OF_EDITS:
        return None
    for end in range(at + 1, at + 2 + _LONGEST_COMMENT):
        token = said.at(end)
        if token == _OPENS[said.at(at)]:
            return end + 1
        if not token or token.isdecimal():
            return None
    return None


def _zone(said: Tokens, at: int) -> Zone | None:
    word = said.at(at)
    if word == "z":
        return Zone(at + 1, UTC)
    if word in _HOURS_FROM_UTC:
        return Zone(at + 1, timezone(timedelta(hours=_HOURS_FROM_UTC[word])))
    if word in _WORLD:
        told = _offset(said, at + 1) if said.at(at + 1) in ("+", "-") else None
        return told or Zone(at + 1, UTC, is_bare=word == "gmt")
    return _offset(said, at) if word in ("+", "-") else None


def _offset(said: Tokens, at: int) -> Zone | None:
    """`+0700`, `+07:00`, `+07`, `+7`."""
    sign, digits, end = said.at(at), said.at(at + 1), at + 2
    if (
        not digits.isdecimal()
        or len(digits) > 4
        or not said.is_glued(at + 1)
        or said.at(at + 2) in ("/", "-", ".")
    ):
        return None
    if len(digits) > 2:
        hours, minutes = int(digits[:-2]), int(digits[-2:])
    else:
        hours, minutes = int(digits), 0
        if said.at(end) == ":" and (told := said.number(end + 1)) is not None:
            minutes, end = told, end + 2
    offset = timedelta(hours=hours, minutes=minutes)
    if offset > _MOST_AWAY or minutes > 59:
        return Zone(end, None)
    return Zone(end, timezone(-offset if sign == "-" else offset))
