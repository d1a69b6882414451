"""How deep the elements of a page nest, and the page without what nests deeper than browsers show.

Owns the reckoning by the tags as they are written, before a tree is made: in a tree of 80,000
storeys every question of a node's parents is a walk. Refuses to be a parser: where an end tag would
end nothing, the page counts as deeper than it is, never as flatter.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator

MOST_DEEP = 800
"""Elements within each other: browsers stop at 512."""

_NAME = re.compile(r"<([a-zA-Z][a-zA-Z0-9:-]*+)")
_TAG = re.compile(r"<(/?[a-zA-Z][a-zA-Z0-9:-]*+)[^<>]*+(?:(?<=/)(>))?")
"""Its name, and `>` where it closes itself."""
_RAW = frozenset({"script", "style", "textarea", "title", "xmp", "noembed", "noframes", "iframe"})
"""What looks like a tag in them is none (HTML, 13.2.5.1), but within a drawing or a formula."""
_FLAT = frozenset({
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source",
    "track", "wbr",
    "a", "body", "caption", "colgroup", "dd", "dt", "head", "html", "li", "optgroup", "option",
    "p", "rp", "rt", "tbody", "td", "tfoot", "th", "thead", "tr",
})  # fmt: skip
_FLAT |= {f"/{tag}" for tag in _FLAT}
"""Void, or ended by the next of their kind unless another element, which counts, stands between;
so a row or a link is never left out."""


def flattened(source: str) -> str:
    """The page; without the tags that nest deeper than MOST_DEEP, where there are any. What stands
    between them stays."""
    if source.count("<") <= MOST_DEEP:
        return source
    written = Counter(_NAME.findall(source))
    if sum(count for tag, count in written.items() if tag.lower() not in _FLAT) <= MOST_DEEP:
        return source
    tags = list(_TAG.finditer(source))
    if max(_depths((one[1], one[2]) for one in tags), default=0) <= MOST_DEEP:
        return source
    kept: list[str] = []
    at = 0
    for tag, depth in zip(tags, _depths((one[1], one[2]) for one in tags), strict=True):
        if depth > MOST_DEEP and tag.start() >= at:
            kept.append(source[at : tag.start()])
            end = source.find(">", tag.start())
            at = end + 1 if end >= 0 else len(source)
    return "".join((*kept, source[at:]))


def _depths(tags: Iterable[tuple[str, str | None]]) -> Iterator[int]:
    """How deep each tag stands, `div` or `/div`; 0 for one that neither nests nor ends what does.

    An end tag ends an element of its own name, and where none is open nothing at all.
    """
    still = dict[str, int]()
    depth = 0
    raw = ""
    for written, closes_itself in tags:
        tag = written.lower()
        if raw or tag in _FLAT:
            raw = "" if tag == raw else raw
            yield 0
        elif tag[0] == "/":
            known = still.get(tag[1:], 0)
            yield depth if known else 0
            if known:
                still[tag[1:]] = known - 1
                depth -= 1
        elif tag in _RAW and not (still.get("svg") or still.get("math")):
            raw = "/" + tag
            yield 0
        elif closes_itself and (still.get("svg") or still.get("math")):
            yield 0
        else:
            still[tag] = still.get(tag, 0) + 1
            depth += 1
            yield depth
