"""Tables of words as one."""

from __future__ import annotations

from collections.abc import Mapping

Pair = tuple[str, str]
"""Vietnamese, English."""


def joined(*tables: Mapping[str, Pair]) -> dict[str, Pair]:
    """All of them. Raises ValueError where a code has words in two: one would hide the other.

    >>> joined({"a": ("một", "one")}, {"b": ("hai", "two")})
    {'a': ('một', 'one'), 'b': ('hai', 'two')}
    """
    whole: dict[str, Pair] = {}
    for table in tables:
        if twice := whole.keys() & table.keys():
            raise ValueError(f"codes with words in two tables: {', '.join(sorted(twice))}")
        whole.update(table)
    return whole
