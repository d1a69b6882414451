"""What is believed of a post: what was read of it, but for what a person decided otherwise. Pure.

A reading is the one that was overruled as long as it quotes the same words; once the portal edits
them, it is another reading, and is believed again.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from hashlib import sha256
from itertools import chain
from typing import TypeVar

from service.posts.numbers import number_key
from service.text import fold
from service.types import OVERRULED, Deadline, Decision, DecisionKind, DocumentLink, Understanding

_KEY_CHARS = 12
"""48 bits: of one post a few hundred readings are told apart."""

Item = TypeVar("Item", Deadline, DocumentLink)
_Identity = tuple[str, ...]


def key_of(one: Deadline | DocumentLink) -> str:
    """By what a reading is named, as long as it says the same."""
    return sha256("\0".join(_identity(one)).encode()).hexdigest()[:_KEY_CHARS]


def with_decisions(read: Understanding, decisions: Sequence[Decision]) -> Understanding:
    """What is believed, with what was read kept beside where that differs. May be done again on
    its own result."""
    tasks = [one for one in decisions if one.kind is DecisionKind.TASK]
    links = [one for one in decisions if one.kind is DecisionKind.RELATION]
    deadlines = read.deadlines if read.read_deadlines is None else read.read_deadlines
    relations = read.relations if read.read_relations is None else read.read_relations
    return replace(
        read,
        deadlines=_decided(deadlines, tasks, Deadline),
        relations=_decided(relations, links, DocumentLink),
        read_deadlines=deadlines if tasks else None,
        read_relations=relations if links else None,
    )


def _decided(
    read: Sequence[Item], decisions: Sequence[Decision], kind: type[Item]
) -> tuple[Item, ...]:
    """Decision by decision: what replaces a reading, or what a person said before, stands where
    that stood; what was added comes last."""
    found = list(read)
    named = {_identity(one.wrong) for one in decisions if one.wrong is not None}
    for decision in decisions:
        at = _place_of(found, decision.wrong, named)
        after = len(found) if at is None else at + 1
        right = [decision.right] if isinstance(decision.right, kind) else []
        found[after if at is None else at : after] = right
    return tuple(found)


def _place_of(
    found: Sequence[Item], wrong: Deadline | DocumentLink | None, named: Collection[_Identity]
) -> int | None:
    """Where the value is that a decision is about; None where it is not read any more. `named`:
    those that decisions are about by their very words."""
    if wrong is None:
        return None
    same = (at for at, one in enumerate(found) if _identity(one) == _identity(wrong))
    alike = (
        at
        for at, one in enumerate(found)
        if one.source != OVERRULED and _identity(one) not in named and _is_reworded(one, wrong)
    )
    return next(chain(same, alike), None)


def _is_reworded(one: Deadline | DocumentLink, wrong: Deadline | DocumentLink) -> bool:
    """Whether the same words are read otherwise than they were, by newer rules or beside others."""
    if not isinstance(one, Deadline) or not isinstance(wrong, Deadline):
        return False
    if fold(one.text) != fold(wrong.text):
        return False
    return fold(one.task) == fold(wrong.task) or _value(one) == _value(wrong)


def _value(one: Deadline) -> tuple[object, ...]:
    return one.on, one.at, one.recurs, one.owner


def _identity(one: Deadline | DocumentLink) -> _Identity:
    """The words that a reading came from, and what they were taken to say."""
    if isinstance(one, Deadline):
        return ("task", *map(str, _value(one)), fold(one.text), fold(one.task))
    of = one.of
    number = number_key(of.number) if of.number else f"{of.kind} {of.issued_on}"
    return ("relation", one.link.value, number, (one.post_id or "") if one.source else "")
