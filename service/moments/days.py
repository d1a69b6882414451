"""The forms of a day, each read from where it begins; always day first, unless a year or a month's
name leads.

Refuses a day that no calendar has, and years before 1976: there they are a database's zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from service.moments.date_tokens import Tokens
from service.text import checked_date

_CENTURY = 70
"""`28/11/26` is of this century, `28/11/99` of the last: two digits below this are 2000 and
later."""
_SIGNS = frozenset("/-.")
_MONTH_WORDS = frozenset({"thang", "thg", "th"})
_NAMED = {
    "mot": 1, "gieng": 1, "hai": 2, "ba": 3, "tu": 4, "bon": 4, "nam": 5, "sau": 6, "bay": 7,
    "tam": 8, "chin": 9,
    "muoi": 10, "chap": 12,
}  # fmt: skip
_ENGLISH = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
_MONTHS = (
    {name: number for number, name in enumerate(_ENGLISH, 1)}
    | {name[:3]: number for number, name in enumerate(_ENGLISH, 1)}
    | {"sept": 9}
)
_ORDINALS = frozenset({"st", "nd", "rd", "th"})
WORDS = frozenset({*_MONTH_WORDS, *_NAMED, *_MONTHS, *_ORDINALS, "of", "nam", "t"})
"""Every word that a day can hold."""


@dataclass(frozen=True, slots=True)
class Day:
    """A day of which the words end before token `end`. `on` is None for one that no calendar
    has."""

    end: int
    on: date | None
    month_day: tuple[int, int] | None = None
    """Month and day where the year was left out; `on` is None then."""
    is_bare: bool = False
    """`28/11`: a date only where more than its numbers says so."""


def read_day(said: Tokens, at: int, *, is_whole: bool) -> Day | None:
    """The day that begins at a token; None where none does.

    `is_whole`: nothing but a date is expected, so that what is vague elsewhere (`28/11/26`, `28
    11/2026`) is one.
    """
    token = said.at(at)
    if token.isdecimal():
        if len(token) == 4:
            return _from_year(said, at)
        if len(token) <= 2:
            return _from_day(said, at, is_whole=is_whole)
        return None
    return _from_month(said, at, is_whole=is_whole) if token in WORDS else None


def _made(end: int, year: int, month: int, day: int) -> Day:
    return Day(end, checked_date(year, month, day))


def _from_year(said: Tokens, at: int) -> Day | None:
    """`2026-11-28`, `2026/11/28`, `2026.11.28`, `2026-Nov-28`, `2026 November 28`."""
    year, sign = int(said.at(at)), said.at(at + 1)
    if sign in _SIGNS:
        day = said.number(at + 4)
        if day is None or said.at(at + 3) != sign:
            return None
        month = said.number(at + 2) or _MONTHS.get(said.at(at + 2))
        return None if month is None or _runs_on(said, at + 5) else _made(at + 5, year, month, day)
    month, day = _MONTHS.get(sign), said.number(at + 2)
    return None if month is None or day is None else _made(at + 3, year, month, day)


def _runs_on(said: Tokens, at: int) -> bool:
    """Whether a date goes on where it should end: a number of a document, an address, a version."""
    return (
        said.is_glued(at)
        and said.at(at) in _SIGNS
        and said.is_glued(at + 1)
        and said.at(at + 1).isdecimal()
    )


def _from_day(said: Tokens, at: int, *, is_whole: bool) -> Day | None:
    day, after = int(said.at(at)), at + 1
    if said.is_glued(after) and said.at(after) in _ORDINALS and said.number(after + 1) is None:
        after += 1
    if said.at(after) == "of":
        after += 1
    sign = said.at(after) if said.at(after) in _SIGNS else ""
    inner = after + 1 if sign else after + 1 if said.at(after) in ("|", ",") and is_whole else after
    month = said.number(inner)
    if month is None:
        named = _named_month(said, inner)
        return _with_year(said, *named, day, is_whole=is_whole) if named is not None else None
    return _numeric(said, inner, day, month, sign, is_whole=is_whole)


def _numeric(
    said: Tokens, at: int, day: int, month: int, sign: str, *, is_whole: bool
) -> Day | None:
    """The month's number stands at `at`: `28/11/2026`, `28 - 11 - 2026`, and where it is whole `28
    11/2026`."""
    following = said.at(at + 1)
    year = said.year(at + 2)
    if not sign:
        return (
            _made(at + 3, year, month, day) if is_whole and year and following in _SIGNS else None
        )
    if following == sign:
        if year is not None:
            return None if _runs_on(said, at + 3) else _made(at + 3, year, month, day)
        short = said.at(at + 2)
        is_told = is_whole or _is_hour(said, at + 3 + (said.at(at + 3) in (",", "|", "-")))
        if is_told and len(short) == 2 and short.isdecimal() and not _runs_on(said, at + 3):
            return _made(at + 3, _of_century(int(short)), month, day)
        return None
    year = said.year(at + 1)
    if is_whole and year is not None:
        return _made(at + 2, year, month, day)
    return (
        Day(at + 1, None, (month, day), is_bare=True)
        if is_whole and sign == "/" and following != "-"
        else None
    )


def _of_century(short: int) -> int:
    return short + (2000 if short < _CENTURY else 1900)


def _named_month(said: Tokens, at: int) -> tuple[int, int] | None:
    """The token after a month that a word names, and its number: `tháng 11`, `Thg11`, `tháng mười
    một`, `Nov.`."""
    word = said.at(at)
    if word in _MONTHS:
        return at + 1 + (said.at(at + 1) == "." and said.at(at + 2) != "."), _MONTHS[word]
    if word == "t" and said.is_glued(at + 1) and (number := said.number(at + 1)):
        return at + 2, number
    if word not in _MONTH_WORDS:
        return None
    at += 1 + (said.at(at + 1) == ".")
    number = said.number(at)
    if number is not None:
        return at + 1, number
    named = _NAMED.get(said.at(at))
    if named is None:
        return None
    if named == 10 and said.at(at + 1) in ("mot", "hai"):
        return at + 2, 10 + _NAMED[said.at(at + 1)]
    return at + 1, named


def _with_year(said: Tokens, at: int, month: int, day: int, *, is_whole: bool) -> Day | None:
    """What follows a day and the name of its month: a year, or nothing where that may be left
    out."""
    end = at
    while said.at(end) in (",", "/", "-", ".", "|") and end < at + 2:
        end += 1
    if said.at(end) == "nam":
        end += 1
    year = said.year(end)
    if year is not None and not _is_hour(said, end):
        return _made(end + 1, year, month, day)
    short = said.at(end)
    if is_whole and len(short) == 2 and short.isdecimal() and not _is_hour(said, end):
        return _made(end + 1, _of_century(int(short)), month, day)
    return Day(at, None, (month, day)) if is_whole else None


def _is_hour(said: Tokens, at: int) -> bool:
    return said.at(at + 1) in (":", "h", "g", "gio")


def _from_month(said: Tokens, at: int, *, is_whole: bool) -> Day | None:
    """`November 28, 2026`, `Tháng Mười Một 28, 2026`, `Nov 28 20:05:09 +0700 2026` by the
    caller."""
    named = _named_month(said, at)
    if named is None:
        return None
    end, month = named
    day = said.number(end)
    if day is None:
        return None
    end += 1
    if said.is_glued(end) and said.at(end) in _ORDINALS:
        end += 1
    if said.at(end) in _SIGNS and said.number(end + 1) is not None:
        return None  # `Th 7, 28/11/2026`: a day of the week, and the date after it
    return _with_year(said, end, month, day, is_whole=is_whole and said.at(end) not in _MONTH_WORDS)
