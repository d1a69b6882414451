"""Which categories a post is in, and why, by rules that are data (`rules.py`). Names no word of the
language."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from service.posts.identity import is_cut
from service.posts.rules import WEAK, Match, RuleMatch, Rules
from service.text import fold
from service.types import Reason

_LEAD_CHARS = 600
_PREFIX_CHARS = 48
_NOWHERE = sys.maxsize
_QUOTES_CHARS = 3  # a title that begins later begins with a place, and has a subject


def classify(
    rules: Rules, title: str, lead: str = "", hints: Sequence[str] = ()
) -> tuple[tuple[str, ...], tuple[Reason, ...]]:
    """The categories of a post, the primary one first, and for each the reason.

    `hints` are the categories of the portal's own sections; they count only when no rule says
    anything.
    """
    folded = fold(title)
    found = rules.in_title(folded)
    start = _subject_start(folded) if found.matches or lead else 0
    in_title = _counting(found, start, bool(lead)) if found.matches else []
    if lead and (not in_title or in_title[0][0] >= WEAK or _is_open(title, in_title[0])):
        folded_lead = fold(lead[:_LEAD_CHARS])
        has_no_subject = 0 <= found.imperative_at <= start
        in_lead = rules.in_lead(folded_lead, ("lead", "told") if has_no_subject else ("lead",))
        if in_lead and (not in_title or in_title[0][0] >= WEAK):
            return _result(in_lead[0], folded_lead, in_title, folded)
    if in_title:
        return _result(in_title[0], folded, in_title, folded)
    return _hinted(rules, hints)


def _counting(found: RuleMatch, start: int, has_lead: bool) -> list[Match]:
    """What counts of a title's matches, the strongest first; after an occasion they are weak."""
    weak_from = found.occasion_at if found.occasion_at > start else _NOWHERE
    if has_lead and 0 <= found.imperative_at <= start:
        weak_from = start  # an order names what it orders, not what it is: its lead tells
    counting = []
    for match in found.matches:
        at, where = match[1], match[4].where
        if where == "title" or (at in (0, start) and _counts(where, at, start, has_lead)):
            counting.append(match if at < weak_from or match[0] == 0 else (WEAK, *match[1:]))
    counting.sort()
    return counting


def _counts(where: str, at: int, start: int, has_lead: bool) -> bool:
    return where == "start" or (not has_lead and at == start <= _QUOTES_CHARS)


def _is_open(title: str, best: Match) -> bool:
    return best[0] > 0 and is_cut(title) and best[1] > len(title) // 2


def _subject_start(folded: str) -> int:
    """Where the subject begins: after `Place:` and after quotes or brackets."""
    colon = folded.find(": ", 0, _PREFIX_CHARS)
    start = colon + 2 if colon > 0 else 0
    while start < len(folded) and not folded[start].isalnum():
        start += 1
    return start


def _hinted(rules: Rules, hints: Sequence[str]) -> tuple[tuple[str, ...], tuple[Reason, ...]]:
    """The sections' categories; the fallback's own section says nothing where another says
    something."""
    known = {category.id for category in rules.categories}
    named = list(dict.fromkeys(hint for hint in hints if hint in known))
    telling = [hint for hint in named if hint != rules.fallback] or named
    if telling:
        return tuple(telling), tuple(Reason(hint, "section", "") for hint in telling)
    return (rules.fallback,), (Reason(rules.fallback, "fallback", ""),)


def _result(
    first: Match, text: str, in_title: Sequence[Match], folded: str
) -> tuple[tuple[str, ...], tuple[Reason, ...]]:
    """The category of the first match, what its rule is besides, and those of the title's other
    strong matches."""
    rank, start, minus_length, _, rule = first
    words = text[start : start - minus_length]
    reasons = {rule.category: Reason(rule.category, rule.name, words)}
    for other in rule.also:
        reasons.setdefault(other, Reason(other, rule.name, words))
    for rank, start, minus_length, _, rule in in_title:
        if rank >= WEAK:
            break
        if rule.category not in reasons:
            reasons[rule.category] = Reason(
                rule.category, rule.name, folded[start : start - minus_length]
            )
    return (*reasons,), (*reasons.values(),)
