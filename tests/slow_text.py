"""Texts that slow an expression down, made from its own parts, and how its time grows with them.

An engine that goes back and tries again needs a run that two of its repeats could take, or a
beginning that comes again and again, and an end that does not fit. So: each repeat's characters in
a run, what stands before it again and again, what stands after it cut short, and runs of what any
text may hold.
"""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from re import _constants as const  # type: ignore[attr-defined] # the only description of an expression there is
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

ALPHABET = " \n1a<(-./\"'=:;,>)&?%_[]{}|*#@+!\tAđẠ–…»\xa0"
"""Tried in this order where a part takes any of a class."""

RUNS = (
    " ",
    "\n",
    "\t",
    "1",
    "a",
    "A",
    "-",
    ".",
    "<",
    "(",
    "/",
    " a",
    "a ",
    "1 ",
    "\n ",
    " \n",
    "a-",
    "a.",
    "1.",
    "1/",
    "đ",
    '"',
    "<a ",
    "a@",
)
TAILS = ("\x00", "")
SMALL, LARGE = 500, 32_000
"""Characters. What grows with the square takes 0.3 s for the large one at least, what is linear 1
to 10 ms."""

SUSPICIOUS_S = 0.25
GIVE_UP_S = 3.0
REPEATS = frozenset({const.MAX_REPEAT, const.MIN_REPEAT, const.POSSESSIVE_REPEAT})
MANY = 8
"""A repeat of fewer is no run."""
AnyPattern = re.Pattern[str] | re.Pattern[bytes]


class TooSlow(Exception):
    """An expression did not end in time."""


def slow_texts(pattern: AnyPattern) -> Iterator[tuple[str, str]]:
    """(unit, unit's surroundings as `before + unit × n + after`) without repetition."""
    tree = list(parser.parse(pattern.pattern, pattern.flags & ~re.DEBUG))
    seen: set[tuple[str, str, str]] = set()
    for before, unit, after in _parts(tree):
        if unit and (before, unit, after) not in seen:
            seen.add((before, unit, after))
    ordered = sorted(seen)
    yield from ((before + "\x01" + unit, after) for before, unit, after in ordered)


def make(text: tuple[str, str], size: int) -> str:
    before, _, unit = text[0].partition("\x01")
    return before + unit * max(1, (size - len(before)) // len(unit)) + text[1]


def _parts(tree: list[Any]) -> Iterator[tuple[str, str, str]]:
    for run in RUNS:
        for tail in TAILS:
            yield "", run, tail
    for style in range(3):
        whole = _sample(tree, style, 1)
        for tail in TAILS:
            yield "", whole, tail
            yield "", whole[:-1], tail
    for prefix, body, suffix in _repeats(tree, (), ()):
        for char in _bodies(body):
            for style in range(2):
                before, after = _sample(prefix, style, 1), _sample(suffix, style, 1)
                lean = _sample(prefix, style, 0)
                for tail in TAILS:
                    yield before, char, tail
                    yield lean, char, tail
                    yield "", char, tail
                    yield "", before + char, tail
                    yield "", lean + char, tail
                    yield "", before, tail
                    yield before, char, after[:-1] + tail
                    yield "", before + char + after[:-1], tail
                    yield before, char + after[:-1], tail
                    yield before, char + after, tail


def _repeats(
    tree: Any, prefix: tuple[Any, ...], suffix: tuple[Any, ...]
) -> Iterator[tuple[Any, Any, Any]]:
    """Every repeat of many, with what stands before and after it in the whole expression."""
    items = list(tree)
    for n, (op, value) in enumerate(items):
        before, after = (*prefix, *items[:n]), (*items[n + 1 :], *suffix)
        if op in REPEATS:
            _, most, body = value
            if most >= MANY:
                yield before, body, after
            again = tuple(body) if most > 1 else ()
            yield from _repeats(body, (*before, *again), (*again, *after))
        else:
            for inner in _inner(op, value):
                yield from _repeats(inner, before, after)


def _inner(op: Any, value: Any) -> list[Any]:
    if op is const.SUBPATTERN:
        return [value[3]]
    if op is const.BRANCH:
        return list(value[1])
    if op is const.ATOMIC_GROUP:
        return [value]
    if op in (const.ASSERT, const.ASSERT_NOT):
        return [value[1]]
    if op is const.GROUPREF_EXISTS:
        return [one for one in value[1:] if one]
    return []


def _bodies(body: Any) -> list[str]:
    items = list(body)
    if len(items) == 1 and items[0][0] in (const.IN, const.ANY, const.NOT_LITERAL, const.LITERAL):
        return _chars(*items[0])[:6]
    return list(
        dict.fromkeys(_sample(items, style, count) for style in range(4) for count in (1, 0, 3))
    )


def _chars(op: Any, value: Any) -> list[str]:
    """What a part of one character takes, the likeliest first."""
    if op is const.LITERAL:
        return [chr(value)]
    if op is const.IN:
        own = [chr(one) for name, arg in value for one in _ends(name, arg)]
        found = [char for char in (*ALPHABET, *own) if _takes(value, char)]
        return list(dict.fromkeys(found)) or ["\u2603"]
    refused = chr(value) if op is const.NOT_LITERAL else "\n"
    return [char for char in ALPHABET if char != refused]


def _ends(name: Any, arg: Any) -> tuple[int, ...]:
    if name is const.LITERAL:
        return (arg,)
    return tuple(arg) if name is const.RANGE else ()


def _takes(items: Any, char: str) -> bool:
    is_negated = items[0][0] is const.NEGATE
    return is_negated != any(_is_in(name, arg, char) for name, arg in items[is_negated:])


def _is_in(name: Any, arg: Any, char: str) -> bool:
    if name is const.LITERAL:
        return ord(char) == arg
    if name is const.RANGE:
        return bool(arg[0] <= ord(char) <= arg[1])
    kind = str(arg).removeprefix("CATEGORY_").lower()
    has = {
        "digit": str.isdigit,
        "space": str.isspace,
        "word": lambda one: one.isalnum() or one == "_",
    }
    return bool(has[kind.removeprefix("not_")](char)) != kind.startswith("not_")


def _sample(tree: Any, style: int, count: int) -> str:
    """A text that fits, more or less; `style` chooses among what may stand there, `count` how often
    what may."""
    return "".join(_one(op, value, style, count) for op, value in tree)


def _one(op: Any, value: Any, style: int, count: int) -> str:
    if op in (const.LITERAL, const.NOT_LITERAL, const.ANY, const.IN):
        chars = _chars(op, value)
        return chars[style % len(chars)]
    if op in REPEATS:
        least, most, body = value
        return _sample(body, style, count) * max(least, min(most, count))
    if op is const.SUBPATTERN:
        return _sample(value[3], style, count)
    if op is const.BRANCH:
        return _sample(value[1][style % len(value[1])], style, count)
    if op is const.ATOMIC_GROUP:
        return _sample(value, style, count)
    if op is const.ASSERT and value[0] == 1:
        return _sample(value[1], style, count)
    return ""


# --- how long it takes ------------------------------------------------------------------------


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Raises TooSlow when more CPU time is used; the engine of `re` looks for signals."""

    def stop(*_: object) -> None:
        raise TooSlow

    old = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, old)


def took_s(act: Callable[[], object], tries: int = 1) -> float:
    """The least CPU time of so many tries; infinite when it did not end in time."""
    best = float("inf")
    for _ in range(tries):
        started = time.process_time()
        try:
            with within(GIVE_UP_S):
                act()
        except TooSlow:
            return float("inf")
        best = min(best, time.process_time() - started)
    return best


def is_slow(
    make_act: Callable[[int], Callable[[], object]], small: int = SMALL, large: int = LARGE
) -> bool:
    """Whether the time grows faster than its text, `make_act(size)` being the work on a text of a
    size."""
    if took_s(make_act(small)) == float("inf"):
        return True
    quarter = make_act(large // 4)
    quarter_s = took_s(quarter)
    if quarter_s < SUSPICIOUS_S / 16:  # a square of the whole would be below it too
        return False
    if quarter_s < 7 * took_s(make_act(large // 16), 3):  # long in itself, and no square
        return False
    act = make_act(large)
    if took_s(act) < SUSPICIOUS_S:
        return False
    for _ in range(3):  # a linear one is let off the first time it shows itself as such
        whole, part = took_s(act, 3), took_s(quarter, 5)
        if whole < SUSPICIOUS_S or whole < 7 * part:
            return False
        if whole == float("inf"):
            return True
    return True
