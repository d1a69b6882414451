"""The rules of a categories file: what its keys mean, and how they are read and checked.

A category has an `id`, `names` and `rules`; `calendar = true` where posts of it begin somewhere at
some hour; `documents = true` where a numbered document belongs of which no word tells;
`formerly` are the ids it had before, and the file's `retired` those that no longer exist. A rule
names words; `where` says what they must be found in:

- `title`: anywhere in the title; the earliest match of the strongest rank decides (the first
  subject noun);
- `start`: at the title's beginning, also after `Place:`;
- `alone`: at the beginning of a title that no lead explains;
- `lead`: in the lead, asked only when the title does not decide or is cut;
- `told`: in the lead of a title that begins with one of the file's `imperatives`, and so has no
  subject.

`rank` 0 goes before 1 (the default), 1 before 2; a weak rule (2) gives way to what the lead says,
if it says it. A match inside a longer phrase of `block` (`Ban Chỉ đạo`) is no match. After a phrase
of `occasions` (`trong dịp`) a title names what it happens at, no longer its subject: matches there
are weak. Owns the file's meaning; reads no file, names no word of the language.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any, NamedTuple

import ahocorasick

from service.posts.reading import FileReader
from service.text import fold

_PLACES = ("title", "start", "alone", "lead", "told")
_OF_LEAD = ("lead", "told")
_RESERVED = ("all", "places", "deadlines", "by-hand")
_MOST_WORDS = 4
WEAK = 2
_BLOCKS, _OCCASION, _IMPERATIVE = 1, 2, 4
_LISTS = {"block": _BLOCKS, "occasions": _OCCASION, "imperatives": _IMPERATIVE}


@dataclass(frozen=True, slots=True)
class Category:
    """A configured category. `names` maps a language ("vi", "en") to its label."""

    id: str
    names: dict[str, str] = field(hash=False)
    has_calendar: bool = False
    """Its posts begin somewhere at some hour: meetings, events."""
    has_documents: bool = False
    """Where no word decides, a post that is a numbered document is one of its posts."""


@dataclass(frozen=True, slots=True)
class Rule:
    name: str
    category: str
    where: str
    rank: int
    also: tuple[str, ...]


Match = tuple[int, int, int, int, Rule]
"""(rank, start, minus the length, which of equals came first, rule): the strongest sorts first."""


class RuleMatch(NamedTuple):
    """What the words of a title say, none of it blocked. An offset is -1 where there is nothing."""

    matches: list[Match]
    occasion_at: int
    """Where the first occasion begins."""
    imperative_at: int
    """Where the first imperative stands."""


@dataclass(frozen=True, slots=True)
class Rules:
    """A rules file, read and checked. `fallback` is the category of what no rule knows."""

    categories: tuple[Category, ...]
    fallback: str
    automaton: Any
    """One automaton over all words; its values are (length, rules for titles, rules for leads,
    marks of lists)."""
    renamed: Mapping[str, str]
    """What a category is called now, by each id it had."""
    retired: tuple[str, ...]
    """Ids of categories that no longer exist."""

    @property
    def with_calendar(self) -> frozenset[str]:
        """Ids of the categories whose posts begin somewhere at some hour."""
        return frozenset(category.id for category in self.categories if category.has_calendar)

    @property
    def of_documents(self) -> str | None:
        """The id of the category of numbered documents that no word decides."""
        return next((one.id for one in self.categories if one.has_documents), None)

    def in_title(self, folded: str) -> RuleMatch:
        """Every match at word boundaries that no blocking phrase covers."""
        blocked: list[tuple[int, int]] = []
        matches: list[Match] = []
        occasion_at = imperative_at = -1
        size = len(folded)
        for last, (length, rules, _, marks) in self.automaton.iter(folded):
            if not (rules or marks):
                continue
            end = last + 1
            start = end - length
            if (start and folded[start - 1].isalnum()) or (end < size and folded[end].isalnum()):
                continue
            for rule in rules:
                matches.append((rule.rank, start, -length, len(matches), rule))
            if marks:
                if marks & _BLOCKS:
                    blocked.append((start, end))
                if marks & _OCCASION and start and occasion_at < 0:
                    occasion_at = start
                if marks & _IMPERATIVE and imperative_at < 0:
                    imperative_at = start
        return RuleMatch(
            _unblocked(matches, blocked) if blocked else matches, occasion_at, imperative_at
        )

    def in_lead(self, folded: str, places: Sequence[str]) -> list[Match]:
        """The matches of rules for leads, the strongest first."""
        blocked: list[tuple[int, int]] = []
        matches: list[Match] = []
        size = len(folded)
        for last, (length, _, rules, marks) in self.automaton.iter(folded):
            end = last + 1
            start = end - length
            if (start and folded[start - 1].isalnum()) or (end < size and folded[end].isalnum()):
                continue
            matches.extend(
                [(r.rank, start, -length, len(matches), r) for r in rules if r.where in places]
            )
            if marks & _BLOCKS:
                blocked.append((start, end))
        return sorted(_unblocked(matches, blocked))


def _unblocked(matches: list[Match], blocked: Sequence[tuple[int, int]]) -> list[Match]:
    """Those that no longer phrase covers."""
    return [
        match
        for match in matches
        if not any(
            s <= match[1] and match[1] - match[2] <= e and e - s > -match[2] for s, e in blocked
        )
    ]


def parse_rules(mapping: Mapping[str, Any], origin: str = "the categories") -> Rules:
    """The rules of a file read as TOML and called `origin`. Raises ConfigurationError naming it and
    the key."""
    return _RuleReader(origin).rules(mapping)


class _RuleReader(FileReader):
    __slots__ = ()

    def rules(self, mapping: Mapping[str, Any]) -> Rules:
        self._only(mapping, "", {"fallback", "retired", "categories", *_LISTS})
        entries = self._list(mapping, "categories", "", dict)
        categories = tuple(
            self._category(entry, f"categories[{i}]") for i, entry in enumerate(entries)
        )
        ids = [category.id for category in categories]
        for i, name in enumerate(ids):
            if name in ids[:i]:
                raise self._wrong(f"categories[{i}].id", name, "an id that no other category has")
        fallback = mapping.get("fallback")
        if fallback not in ids:
            raise self._wrong("fallback", fallback, f"one of {', '.join(ids)}")
        words: dict[str, tuple[list[Rule], int]] = {}
        for name, mark in _LISTS.items():
            for phrase in self._list(mapping, name, "", str) if name in mapping else []:
                rules, marks = words.get(fold(phrase), ([], 0))
                words[fold(phrase)] = (rules, marks | mark)
        for i, entry in enumerate(entries):
            rules_of_entry = (
                self._list(entry, "rules", f"categories[{i}].", dict) if "rules" in entry else []
            )
            for j, raw in enumerate(rules_of_entry):
                self._rule(raw, f"categories[{i}].rules[{j}]", ids[i], ids, words)
        renamed = self._renamed(entries, ids)
        retired = tuple(self._old_ids(mapping, "retired", "", {*ids, *renamed}))
        return Rules(categories, str(fallback), _automaton(words), renamed, retired)

    def _category(self, entry: Mapping[str, Any], key: str) -> Category:
        self._only(entry, f"{key}.", {"id", "names", "rules", "calendar", "documents", "formerly"})
        name = entry.get("id")
        if not isinstance(name, str) or not _is_id(name):
            raise self._wrong(f"{key}.id", name, "lower-case letters, digits and dashes")
        if name in _RESERVED:
            raise self._wrong(f"{key}.id", name, f"an id other than {', '.join(_RESERVED)}")
        names = entry.get("names")
        if (
            not isinstance(names, dict)
            or "vi" not in names
            or not all(isinstance(v, str) and v for v in names.values())
        ):
            raise self._wrong(f"{key}.names", names, 'a table of labels with at least "vi"')
        flags = [entry.get(flag, False) for flag in ("calendar", "documents")]
        for flag, value in zip(("calendar", "documents"), flags, strict=True):
            if not isinstance(value, bool):
                raise self._wrong(f"{key}.{flag}", value, "true or false")
        return Category(name, dict(names), *flags)

    def _renamed(self, entries: Sequence[Mapping[str, Any]], ids: Sequence[str]) -> dict[str, str]:
        renamed: dict[str, str] = {}
        for i, entry in enumerate(entries):
            for old in self._old_ids(entry, "formerly", f"categories[{i}].", {*ids, *renamed}):
                renamed[old] = ids[i]
        return renamed

    def _old_ids(
        self, table: Mapping[str, Any], key: str, prefix: str, taken: set[str]
    ) -> list[str]:
        old_ids = self._list(table, key, prefix, str) if key in table else []
        for old in old_ids:
            if not _is_id(old) or old in taken:
                raise self._wrong(prefix + key, old, "ids that no category has")
        return old_ids

    def _rule(
        self,
        raw: Mapping[str, Any],
        key: str,
        category: str,
        ids: Sequence[str],
        words: dict[str, tuple[list[Rule], int]],
    ) -> None:
        self._only(raw, f"{key}.", {"name", "where", "rank", "also", "before", "words"})
        where, rank = raw.get("where", "title"), raw.get("rank", 1)
        if where not in _PLACES:
            raise self._wrong(f"{key}.where", where, f"one of {', '.join(_PLACES)}")
        if rank not in (0, 1, 2) or isinstance(rank, bool):
            raise self._wrong(f"{key}.rank", rank, "0, 1 or 2")
        name = raw.get("name")
        if not isinstance(name, str) or not name:
            raise self._wrong(f"{key}.name", name, "a word or two that say what the rule is")
        also = self._list(raw, "also", f"{key}.", str) if "also" in raw else []
        for other in also:
            if other not in ids:
                raise self._wrong(f"{key}.also", other, f"any of {', '.join(ids)}")
        rule = Rule(name, category, where, rank, tuple(also))
        before = self._list(raw, "before", f"{key}.", str) if "before" in raw else [""]
        for parts in product(before, self._list(raw, "words", f"{key}.", str)):
            phrase = fold(" ".join(parts))
            if not phrase or len(phrase.split()) > _MOST_WORDS:
                raise self._wrong(
                    f"{key}.words", phrase, f"one to {_MOST_WORDS} words of the language"
                )
            words.setdefault(phrase, ([], 0))[0].append(rule)

    def _list(self, table: Mapping[str, Any], key: str, prefix: str, kind: type) -> list[Any]:
        value = table.get(key)
        if (
            not isinstance(value, list)
            or not value
            or not all(isinstance(item, kind) for item in value)
        ):
            raise self._wrong(
                prefix + key,
                value,
                f"a list of {'tables' if kind is dict else 'strings'}, not empty",
            )
        return value


def _is_id(name: str) -> bool:
    return name.isascii() and name.replace("-", "a").isalnum() and name == name.lower()


def _automaton(words: Mapping[str, tuple[list[Rule], int]]) -> Any:
    automaton = ahocorasick.Automaton()
    for word, (rules, marks) in words.items():
        of_title = tuple(rule for rule in rules if rule.where not in _OF_LEAD)
        of_lead = tuple(rule for rule in rules if rule.where in _OF_LEAD)
        automaton.add_word(word, (len(word), of_title, of_lead, marks))
    if not words:
        automaton.add_word("\0", (1, (), (), 0))
    automaton.make_automaton()
    return automaton
