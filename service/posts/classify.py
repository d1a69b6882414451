"""Which categories a post is in, by rules that are data. Owns the rules' meaning; reads no file, names no word.

A rule names words; `where` says what they must be found in:

- `title`: anywhere in the title; the earliest match of the strongest rank decides (the first subject noun);
- `start`: at the title's beginning, also after `Place:`;
- `alone`: at the beginning of a title that no lead explains;
- `lead`: in the lead, asked only when the title does not decide or is cut.

`rank` 0 goes before 1 (the default), 1 before 2; a weak rule (2) gives way to what the lead says, if it says it.
A match inside a longer blocking phrase (`Ban Chỉ đạo`) is no match.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import ahocorasick

from service.errors import ConfigurationError
from service.posts.identity import is_cut
from service.text import fold
from service.types import Category, Reason

_PLACES = ("title", "start", "alone", "lead")
_MOST_WORDS = 4
_WEAK = 2
_LEAD_CHARS = 600
_PREFIX_CHARS = 48


@dataclass(frozen=True, slots=True)
class Rule:
    name: str
    category: str
    where: str
    rank: int
    also: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Match:
    rule: Rule
    start: int
    end: int

    @property
    def order(self) -> tuple[int, int, int]:
        return (self.rule.rank, self.start, self.start - self.end)


@dataclass(frozen=True, slots=True)
class Rules:
    """A rules file, read and checked. `fallback` is the category of what no rule knows."""

    categories: tuple[Category, ...]
    fallback: str
    automaton: Any
    """One automaton over all words; its values are (length, rules), with no rules for a blocking phrase."""

    def matches(self, folded: str) -> list[Match]:
        """Every match at word boundaries that no blocking phrase covers."""
        blocked: list[tuple[int, int]] = []
        found: list[Match] = []
        size = len(folded)
        for last, (length, rules, blocks) in self.automaton.iter(folded):
            start, end = last + 1 - length, last + 1
            if (start and folded[start - 1].isalnum()) or (end < size and folded[end].isalnum()):
                continue
            if blocks:
                blocked.append((start, end))
            found.extend([Match(rule, start, end) for rule in rules])
        if blocked:
            found = [
                m
                for m in found
                if not any(s <= m.start and m.end <= e and e - s > m.end - m.start for s, e in blocked)
            ]
        return found


def classify(
    rules: Rules, title: str, lead: str = "", hint: str | None = None
) -> tuple[tuple[str, ...], tuple[Reason, ...]]:
    """The categories of a post, the primary one first, and for each the reason.

    `hint` is the category of the portal's own section; it counts only when no rule says anything.
    """
    folded = fold(title)
    found = rules.matches(folded)
    start = _subject_start(folded) if found else 0
    in_title = sorted((m for m in found if _counts(m, start, bool(lead))), key=lambda m: m.order)
    is_decided = bool(in_title) and in_title[0].rule.rank < _WEAK and not _is_open(title, in_title[0], lead)
    in_lead: list[Match] = []
    folded_lead = ""
    if lead and not is_decided:
        folded_lead = fold(lead[:_LEAD_CHARS])
        in_lead = sorted((m for m in rules.matches(folded_lead) if m.rule.where == "lead"), key=lambda m: m.order)
    if in_lead and (not in_title or in_title[0].rule.rank >= _WEAK):
        return _result([(in_lead[0], folded_lead), *((m, folded) for m in in_title)])
    if in_title:
        return _result([(m, folded) for m in in_title])
    if hint is not None and any(category.id == hint for category in rules.categories):
        return (hint,), (Reason(hint, "section", ""),)
    return (rules.fallback,), (Reason(rules.fallback, "fallback", ""),)


def _is_open(title: str, best: Match, lead: str) -> bool:
    return bool(lead) and best.rule.rank > 0 and is_cut(title) and best.start > len(title) // 2


def _subject_start(folded: str) -> int:
    """Where the subject begins: after `Place:` and after quotes or brackets."""
    colon = folded.find(": ", 0, _PREFIX_CHARS)
    start = colon + 2 if colon > 0 else 0
    while start < len(folded) and not folded[start].isalnum():
        start += 1
    return start


def _counts(match: Match, start: int, has_lead: bool) -> bool:
    where = match.rule.where
    if where == "title":
        return True
    at_start = match.start in (0, start)
    return at_start and (where == "start" or (where == "alone" and not has_lead))


def _result(matches: Sequence[tuple[Match, str]]) -> tuple[tuple[str, ...], tuple[Reason, ...]]:
    reasons: dict[str, Reason] = {}
    first = matches[0][0].rule
    for match, text in matches:
        if match.rule.rank < _WEAK or match.rule is first:
            reason = Reason(match.rule.category, match.rule.name, text[match.start : match.end])
            reasons.setdefault(match.rule.category, reason)
            if match.rule is first:
                for other in first.also:
                    reasons.setdefault(other, Reason(other, first.name, reason.words))
    return tuple(reasons), tuple(reasons.values())


# --- reading the data -------------------------------------------------------------------------


def parse_rules(mapping: Mapping[str, Any]) -> Rules:
    """The rules of a file that was read as TOML. Raises ConfigurationError naming the key."""
    _only(mapping, "", {"fallback", "block", "categories"})
    entries = _list(mapping, "categories", "", dict)
    categories = tuple(_category(entry, f"categories[{i}]") for i, entry in enumerate(entries))
    ids = [category.id for category in categories]
    for i, name in enumerate(ids):
        if name in ids[:i]:
            raise _wrong(f"categories[{i}].id", name, "an id that no other category has")
    fallback = mapping.get("fallback")
    if fallback not in ids:
        raise _wrong("fallback", fallback, f"one of {', '.join(ids)}")
    words: dict[str, tuple[list[Rule], bool]] = {}
    for phrase in _list(mapping, "block", "", str) if "block" in mapping else []:
        words[fold(phrase)] = ([], True)
    for i, entry in enumerate(entries):
        rules = _list(entry, "rules", f"categories[{i}].", dict) if "rules" in entry else []
        for j, raw in enumerate(rules):
            _read_rule(raw, f"categories[{i}].rules[{j}]", ids[i], ids, words)
    automaton = ahocorasick.Automaton()
    for word, (rules_of_word, blocks) in words.items():
        automaton.add_word(word, (len(word), tuple(rules_of_word), blocks))
    if not words:
        automaton.add_word("\0", (1, (), False))
    automaton.make_automaton()
    return Rules(categories, str(fallback), automaton)


def _category(entry: Mapping[str, Any], key: str) -> Category:
    _only(entry, f"{key}.", {"id", "names", "rules"})
    name = entry.get("id")
    if (
        not isinstance(name, str)
        or not name.isascii()
        or not name.replace("-", "a").isalnum()
        or name != name.lower()
    ):
        raise _wrong(f"{key}.id", name, "lower-case letters, digits and dashes")
    if name in ("all", "places", "deadlines"):
        raise _wrong(f"{key}.id", name, "an id other than all, places, deadlines")
    names = entry.get("names")
    if not isinstance(names, dict) or "vi" not in names or not all(isinstance(v, str) and v for v in names.values()):
        raise _wrong(f"{key}.names", names, 'a table of labels with at least "vi"')
    return Category(name, dict(names))


def _read_rule(
    raw: Mapping[str, Any], key: str, category: str, ids: Sequence[str], words: dict[str, tuple[list[Rule], bool]]
) -> None:
    _only(raw, f"{key}.", {"name", "where", "rank", "also", "before", "words"})
    where, rank = raw.get("where", "title"), raw.get("rank", 1)
    if where not in _PLACES:
        raise _wrong(f"{key}.where", where, f"one of {', '.join(_PLACES)}")
    if rank not in (0, 1, 2) or isinstance(rank, bool):
        raise _wrong(f"{key}.rank", rank, "0, 1 or 2")
    name = raw.get("name")
    if not isinstance(name, str) or not name:
        raise _wrong(f"{key}.name", name, "a word or two that say what the rule is")
    also = _list(raw, "also", f"{key}.", str) if "also" in raw else []
    for other in also:
        if other not in ids:
            raise _wrong(f"{key}.also", other, f"any of {', '.join(ids)}")
    rule = Rule(name, category, where, rank, tuple(also))
    before = _list(raw, "before", f"{key}.", str) if "before" in raw else [""]
    for parts in product(before, _list(raw, "words", f"{key}.", str)):
        phrase = fold(" ".join(parts))
        if not phrase or len(phrase.split()) > _MOST_WORDS:
            raise _wrong(f"{key}.words", phrase, f"one to {_MOST_WORDS} words of the language")
        words.setdefault(phrase, ([], False))[0].append(rule)


def _list(table: Mapping[str, Any], key: str, prefix: str, kind: type) -> list[Any]:
    value = table.get(key)
    if not isinstance(value, list) or not value or not all(isinstance(item, kind) for item in value):
        raise _wrong(prefix + key, value, f"a list of {'tables' if kind is dict else 'strings'}, not empty")
    return value


def _only(table: Mapping[str, Any], prefix: str, allowed: set[str]) -> None:
    for key in table:
        if key not in allowed:
            raise _wrong(prefix + key, table[key], f"only the keys {', '.join(sorted(allowed))}")


def _wrong(key: str, found: object, allowed: str) -> ConfigurationError:
    return ConfigurationError(f"cannot use '{key}' of the categories: found {found!r}, allowed is {allowed}")
