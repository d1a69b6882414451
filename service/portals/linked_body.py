"""The text that a page tells to programs (schema.org `articleBody`), for pages whose elements hold
none of it yet."""

from __future__ import annotations

from html import escape
from typing import Any

import orjson
from selectolax.lexbor import LexborNode

_MOST_SCRIPTS = 12
_LONGEST_SCRIPT = 2_000_000
_MOST_NODES = 3_000


def linked_article_body(root: LexborNode) -> str:
    """The longest `articleBody` of a page's linked data as HTML; empty where there is none."""
    best = ""
    for script in root.css('script[type="application/ld+json" i]')[:_MOST_SCRIPTS]:
        text = script.text_content or script.text(deep=True) or ""
        if '"articleBody"' not in text or len(text) > _LONGEST_SCRIPT:
            continue
        try:
            told: Any = orjson.loads(text.replace("\n", " "))
        except (
            orjson.JSONDecodeError
        ):  # no linked data after all: the page's elements are all there is
            continue
        best = max(best, _longest(told), key=len)
    if "</" in best or "<br" in best:
        return best
    return "".join(f"<p>{escape(line)}</p>" for line in best.splitlines() if line.strip())


def _longest(told: Any) -> str:
    best = ""
    todo = [told]
    for _ in range(_MOST_NODES):
        if not todo:
            break
        one = todo.pop()
        if isinstance(one, list):
            todo += one
        elif isinstance(one, dict):
            body = one.get("articleBody")
            if isinstance(body, str) and len(body) > len(best):
                best = body
            todo += [value for value in one.values() if isinstance(value, dict | list)]
    return best
