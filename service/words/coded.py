"""What is stored where a person will read: a code with its facts, never a sentence.

`coded` writes one, `parse_coded` reads it back. A code is words of letters and underscores with
dots between; the facts follow it as JSON: `webhook.answered {"status":503}`. A fact called
`reason` is coded itself. What is no code (written by an older Loa, or by hand) is read as the code
`other`, its text as the fact `words`. Pure.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

OTHER = "other"
"""The code of what was stored as a sentence; its fact is `words`."""

Fact = str | int | float | list[str] | dict[str, list[str]]

_CODE = re.compile(r"[a-z][a-z0-9_]{0,60}(?:\.[a-z0-9_]{1,60}){0,5}")


def coded(code: str, **facts: Fact) -> str:
    """A code with its facts, as it is stored. Raises ValueError for what is no code."""
    if _CODE.fullmatch(code) is None:
        raise ValueError(f"cannot store {code!r}: no code")
    return f"{code} {_dumps(facts)}" if facts else code


def _dumps(facts: Mapping[str, Fact]) -> str:
    """What others said stands in a log, on a terminal and in a mail: no control character gets
    there."""
    plain = {name: _plain_fact(fact) for name, fact in facts.items()}
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":"))


def _plain_fact(fact: Any) -> Any:
    if isinstance(fact, str):
        return _plain(fact)
    return [_plain_fact(one) for one in fact] if isinstance(fact, list | tuple) else fact


def _plain(said: str) -> str:
    if said.isprintable():
        return said
    return "".join(char if char.isprintable() else " " for char in said)


def parse_coded(stored: str) -> tuple[str, Mapping[str, Any]]:
    """(code, facts) of what is stored; never raises: what is no code is OTHER."""
    code, _, rest = stored.partition(" ")
    if _CODE.fullmatch(code) is None:
        return OTHER, {"words": stored}
    if not rest:
        return code, {}
    try:
        facts = json.loads(rest)
    except (ValueError, RecursionError):
        return OTHER, {"words": stored}
    return (code, facts) if isinstance(facts, dict) else (OTHER, {"words": stored})


def code_of(stored: str | None) -> str:
    """The code alone; empty for None."""
    return "" if stored is None else parse_coded(stored)[0]
