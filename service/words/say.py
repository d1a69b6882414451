"""Says what is stored as a code, in the language of whoever reads it. Pure.

Never raises: a code that is not known here (of a newer Loa) is shown as it is stored, a fact that
is missing as `?`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from service.words.coded import OTHER, parse_coded
from service.words.labels import label
from service.words.sentences_alarm import ALARMS
from service.words.sentences_allowed import ALLOWED
from service.words.sentences_archive import ARCHIVE
from service.words.sentences_audit import AUDIT
from service.words.sentences_channel import CHANNEL_WORDS
from service.words.sentences_coverage import COVERAGE
from service.words.sentences_decision import DECISIONS
from service.words.sentences_delivery import DELIVERY
from service.words.sentences_desk import DESK
from service.words.sentences_error import ERRORS
from service.words.sentences_http import HTTP_WORDS
from service.words.sentences_import import IMPORT
from service.words.sentences_letter import LETTERS
from service.words.sentences_loss import LOSS
from service.words.sentences_mailbox import MAILBOX
from service.words.sentences_match import FIELDS, KEYWORD, LACKS, OR
from service.words.sentences_place import PLACES
from service.words.sentences_portal import PORTAL
from service.words.sentences_pull import PULL_WORDS
from service.words.sentences_scan import SCANS
from service.words.sentences_search import SEARCH
from service.words.sentences_silence import SILENCE
from service.words.sentences_tls import TLS
from service.words.sentences_unit import UNIT_PAGE
from service.words.sentences_websub import WEBSUB_WORDS
from service.words.sentences_why import WHY
from service.words.word_tables import Pair, joined

SENTENCES: dict[str, Pair] = joined(
    ALARMS,
    ARCHIVE,
    AUDIT,
    CHANNEL_WORDS,
    COVERAGE,
    DECISIONS,
    DELIVERY,
    DESK,
    ERRORS,
    HTTP_WORDS,
    ALLOWED,
    IMPORT,
    LETTERS,
    LOSS,
    MAILBOX,
    PLACES,
    PORTAL,
    PULL_WORDS,
    WEBSUB_WORDS,
    SCANS,
    SEARCH,
    SILENCE,
    TLS,
    UNIT_PAGE,
    WHY,
)
"""All that can be stored, by its code."""

ENGLISH = "en"


LOCAL = ZoneInfo("Asia/Ho_Chi_Minh")


def say(stored: str | None, language: str, zone: ZoneInfo = LOCAL) -> str:
    """The sentence; empty for None and the empty string. Vietnamese for a language that is not
    known.

    A fact whose name ends in `_at` is an instant (RFC 3339), said in `zone`; those called `reason`,
    `standing` and `allowed` are coded themselves; a `status` in words is that of a subscription.
    """
    if not stored:
        return ""
    code, facts = parse_coded(stored)
    is_english = language == ENGLISH
    if code in FIELDS:
        return _say_match(code, facts, is_english)
    pair = SENTENCES.get(code)
    if pair is None:
        return stored
    return pair[is_english].format_map(_FactsOrMarks(facts, language, zone))


def is_worded(stored: str) -> bool:
    """Whether it can be said in every language: a code that is known here, and no sentence."""
    code, _ = parse_coded(stored)
    return code != OTHER and (code in SENTENCES or code in FIELDS)


_WORDED = frozenset({"reason", "detail", "error", "rule", "status_reason"})


def say_fields(shape: Any, language: str, zone: ZoneInfo = LOCAL) -> Any:
    """A shape for programs (dictionaries and lists), with what is coded in it said: of fields of
    these names."""
    if isinstance(shape, dict):
        return {
            key: say(value, language, zone)
            if key in _WORDED and isinstance(value, str)
            else say_fields(value, language, zone)
            for key, value in shape.items()
        }
    if isinstance(shape, list | tuple):
        return [say_fields(one, language, zone) for one in shape]
    return shape


def say_at(
    at: datetime, language: str, zone: ZoneInfo = LOCAL, *, to_the_second: bool = False
) -> str:
    """An instant as sentences show it: `08:05 ngày 23/11/2026`."""
    local = at.astimezone(zone)
    clock = f"{local:%H:%M:%S}" if to_the_second else f"{local:%H:%M}"
    joiner = " on " if language == ENGLISH else " ngày "
    return f"{clock}{joiner}{say_day(local.date(), language)}"


def say_day(day: date, language: str) -> str:
    """`23/11/2026`; `23 November 2026` in English, where day and month would be mistaken."""
    if language == ENGLISH:
        return f"{day.day} {day:%B %Y}"
    return f"{day.day:02}/{day.month:02}/{day.year}"


_CODED = ("reason", "standing", "allowed")
_TO_THE_SECOND = frozenset({"started_at", "tried_at"})


class _FactsOrMarks(dict[str, Any]):
    def __init__(self, facts: Mapping[str, Any], language: str, zone: ZoneInfo) -> None:
        super().__init__(facts)
        for name, value in facts.items():
            if name in _CODED:
                self[name] = say(str(value), language, zone)
            elif name == "status" and isinstance(value, str):
                self[name] = label("status", value, language)
            elif name.endswith("_at"):
                self[name] = _shown(value, language, zone, to_the_second=name in _TO_THE_SECOND)

    def __missing__(self, key: str) -> _Unknown:
        return _Unknown()


class _Unknown:
    """A fact that is missing, whatever form it is asked for in."""

    def __repr__(self) -> str:
        return "?"

    def __format__(self, spec: str) -> str:
        return "?"


def _shown(value: Any, language: str, zone: ZoneInfo, *, to_the_second: bool) -> str:
    try:
        return say_at(
            datetime.fromisoformat(str(value)), language, zone, to_the_second=to_the_second
        )
    except ValueError:
        return str(value)


def _say_match(code: str, facts: Mapping[str, Any], is_english: bool) -> str:
    """Which filters a post met or lacks: `{field: [names]}`."""
    if not facts:
        return FIELDS[code][is_english]
    parts = []
    for field, names in facts.items():
        label = FIELDS.get(f"match.{field}", (field, field))[is_english]
        listed = list(map(str, names))
        if code == LACKS:
            parts.append(f"{label}: {FIELDS[LACKS][is_english]} {OR[is_english].join(listed)}")
        else:
            listed = [f"“{name}”" for name in listed] if field == KEYWORD else listed
            parts.append(f"{label} {', '.join(listed)}")
    return "; ".join(parts)
