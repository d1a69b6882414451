"""What a search may ask of documents and days beyond what a subscription can: every value known or
read, every door alike."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta

from service.errors import InputFaults, InvalidInput
from service.posts.kinds import KIND_NAMES
from service.services.filters import MAX_KEYWORD_CHARS, check_known
from service.storage.post_query import PostQuery
from service.types import Urgency
from service.values import parse_line
from service.words import coded

WORDS = ("number", "issuer")
DAYS = ("deadline_from", "deadline_to", "day_from", "day_to")
FIELDS = ("kind", "urgency", *WORDS, *DAYS)
"""The names of what is asked for, at every door; the first two may be given several times."""

_FIRST_DAY, _LAST_DAY = date(1900, 1, 1), date(2199, 12, 31)
"""What databases can hold as instants, and no office means more."""


def narrow_query(query: PostQuery, asked: Iterable[tuple[str, str]]) -> PostQuery:
    """The query, narrowed by what is asked for by one of FIELDS; others and empty values are left
    out. Raises InvalidInput that names each field that cannot be read."""
    given: dict[str, list[str]] = {}
    for name, value in asked:
        if name in FIELDS and value.strip():
            given.setdefault(name, []).append(value.strip())
    faults = InputFaults()
    with faults:
        kinds = check_known("kind", given.get("kind", ()), KIND_NAMES.keys())
    with faults:
        urgencies = check_known("urgency", given.get("urgency", ()), set(Urgency))
    with faults:
        number = _line(given, "number")
    with faults:
        issuer = _line(given, "issuer")
    deadline_from, deadline_to = _days(given, "deadline", faults)
    day_from, day_to = _days(given, "day", faults)
    faults.require_none()
    return replace(
        query,
        kinds=kinds,
        urgencies=urgencies,
        number=number,
        issuer=issuer,
        deadline_from=deadline_from,
        deadline_to=deadline_to,
        day_from=day_from,
        day_to=day_to,
    )


def pairs_of(query: PostQuery) -> list[tuple[str, str]]:
    """What `narrow_query` read, as an address has it, always in the same order."""
    pairs = [("kind", value) for value in query.kinds]
    pairs += [("urgency", value) for value in query.urgencies]
    pairs += [(name, value) for name in WORDS if (value := getattr(query, name))]
    days = [(name, value) for name in DAYS if (value := getattr(query, name))]
    return pairs + [(name, value.isoformat()) for name, value in days]


def _one(given: dict[str, list[str]], name: str) -> str:
    values = given.get(name, [""])
    if len(values) > 1:
        raise InvalidInput(name, "bad.repeated", "allowed.once")
    return values[0]


def _line(given: dict[str, list[str]], name: str) -> str:
    return parse_line(_one(given, name), name, limit=MAX_KEYWORD_CHARS)


def _days(
    given: dict[str, list[str]], of: str, faults: InputFaults
) -> tuple[date | None, date | None]:
    """The first and the last; what cannot be goes to `faults`."""
    first = last = None
    with faults:
        first = _day(given, f"{of}_from")
    with faults:
        last = _day(given, f"{of}_to")
    with faults:
        _check_order(f"{of}_to", first, last)
    return first, last


def _day(given: dict[str, list[str]], name: str) -> date | None:
    value = _one(given, name)
    if not value:
        return None
    try:
        day = date.fromisoformat(value)
    except ValueError as error:
        raise InvalidInput(name, "bad.no_day", "allowed.day") from error
    if not _FIRST_DAY <= day <= _LAST_DAY:
        raise InvalidInput(name, "bad.no_day", "allowed.day")
    return day


def _check_order(name: str, first: date | None, last: date | None) -> None:
    if first and last and last < first:
        raise InvalidInput(
            name,
            coded("bad.day_before", day=last.isoformat(), first=first.isoformat()),
            coded("allowed.day_after", first=(first - timedelta(days=1)).isoformat()),
        )
