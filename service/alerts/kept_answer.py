"""What is kept of what came back for a message: its beginning, without what opens anything.

An endpoint may echo what it was sent, or print its own settings into an error page: keys, tokens,
passwords, signatures and links of one owner are masked before a row is written.
"""

from __future__ import annotations

import re

KEPT_BYTES = 2_048

_MASKS = (
    (re.compile(r"(whsec_|loa_(?:pull_)?|v1a?,)[\w+/=-]{8,}"), r"\1…"),
    (re.compile(r"(?i)((?:bearer|basic)\s{1,4})[\w.~+/=:-]{4,}"), r"\1…"),
    (re.compile(r"(/(?:receipts|confirm|manage|unit|unsubscribe|restore)/)[\w.-]{8,}"), r"\1…"),
    (
        re.compile(
            r"(?i)((?:pass(?:word|wd)?|pwd|secret|token|signature|challenge|api[_-]?key|access[_-]?key"
            r"|authorization|cookie|session(?:id)?)[\"']?\s{0,4}[:=]\s{0,4}[\"']?)[^\s\"'&,;<>{}…]+"
        ),
        r"\1…",
    ),
)


def kept_answer(body: bytes, challenge: str | None = None) -> str:
    """Empty where nothing came. `challenge`: what was asked for, which confirms in its owner's
    place.

    >>> kept_answer(b'{"queued": 7, "token": "abc"}')
    '{"queued": 7, "token": "…"}'
    """
    said = body[:KEPT_BYTES].decode("utf-8", "replace")
    if challenge:
        said = said.replace(challenge, "…")
    for pattern, instead in _MASKS:
        said = pattern.sub(instead, said)
    shown = "".join(char if char.isprintable() or char in "\n\t" else " " for char in said)
    return shown.strip()[:KEPT_BYTES]
