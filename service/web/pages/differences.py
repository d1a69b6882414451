"""What each revision of a post changed, by words, as pages show it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from markupsafe import Markup

from service.posts.word_diff import Op, word_diff
from service.storage.posts import Revision

SHOWN = 3
"""Revisions whose words are compared: the latest; each may cost a quarter of a second."""


def differences(history: Sequence[Revision]) -> Mapping[int, Markup]:
    """By the number of the revision, its title and text against the one before; those in which no
    word changed, or too many, are left out. `history` is in the order of the revisions."""
    pairs = list(pairwise(history))[-SHOWN:]
    found = {newer.number: marked_difference(older, newer) for older, newer in pairs}
    return {number: said for number, said in found.items() if said}


def marked_difference(older: Revision, newer: Revision) -> Markup:
    """`<del>` and `<ins>` between the words that stayed; empty where nothing can be shown."""
    parts = []
    for before, after in ((older.title, newer.title), (older.text, newer.text)):
        changes = word_diff(before, after)
        if changes:
            parts.append(Markup(" ").join(_say(op, text) for op, text in changes))
    return Markup("<br>").join(parts)


def _say(op: Op, text: str) -> Markup:
    if op is Op.SAME:
        return Markup("{}").format(text)
    return Markup("<{0}>{1}</{0}>").format(op.value, text)
