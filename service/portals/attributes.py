"""A page or feed without the attributes that one tag has beyond all use.

Each parser compares every attribute of a tag with those before it, so that a tag of a megabyte
costs it minutes. Refuses to be a parser: what stands in a script or a comment is left alone, and
the values that stay are never looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

MOST_ATTRIBUTES = 256
"""Of one tag: those of usual pages have a dozen, the richest that we saw 60."""

_ATTRIBUTE = r"""[ \t\n\f\r/]*+[^ \t\n\f\r/>][^ \t\n\f\r/>=]*+
    (?:[ \t\n\f\r]*+=[ \t\n\f\r]*+(?:"[^"]*+"|'[^']*+'|[^ \t\n\f\r>]*+))?+"""
_BEGUN = re.compile(
    rf"<(?:(!--)|(/?[a-zA-Z][^ \t\n\f\r/>]*+)(?:{_ATTRIBUTE}){{0,{MOST_ATTRIBUTES}}}+)", re.X
)
"""A comment, or a tag with as many of its attributes as stay (HTML, 13.2.5.32 to 13.2.5.39)."""
_FURTHER = re.compile(rf"(?:{_ATTRIBUTE})*+", re.X)
_SHORTEST = 2 * MOST_ATTRIBUTES
"""Of a tag with more attributes than stay, in characters."""
_TAG_START = re.compile("<[a-zA-Z/]")
_QUOTED_END = re.compile(r"""=[ \t\n\f\r]*+(?:"[^">]*+>|'[^'>]*+>)""")
"""A value in quotes in which a `>` does not end the tag."""
_ENDS = {
    "--": re.compile("--!?>"),
    "script": re.compile("</script", re.I),
    "style": re.compile("</style", re.I),
    "textarea": re.compile("</textarea", re.I),
    "title": re.compile("</title", re.I),
    "xmp": re.compile("</xmp", re.I),
    "noembed": re.compile("</noembed", re.I),
    "noframes": re.compile("</noframes", re.I),
    "iframe": re.compile("</iframe", re.I),
}
"""What looks like a tag in them is none, but within a drawing or a formula."""
_DRAWINGS = ("svg", "math")


def with_few_attributes(source: str, *, is_xml: bool = False) -> str:
    """The same text, the very object where no tag has more than MOST_ATTRIBUTES; else each without
    those behind them. `is_xml`: a title or a style is an element like others."""
    if not _may_have_more(source):
        return source
    kept = list(_kept(source, is_xml))
    return source if len(kept) == 1 else "".join(kept)


def _may_have_more(source: str) -> bool:
    """Whether a tag may be long enough for more attributes than stay: nearly all pages are looked
    at no further."""
    if _QUOTED_END.search(source) is not None:
        return True
    # without such a value each tag ends at its first `>`
    return any(
        len(piece) - tag.start() > _SHORTEST
        for piece in source.split(">")
        if len(piece) > _SHORTEST and (tag := _TAG_START.search(piece)) is not None
    )


def _kept(source: str, is_xml: bool) -> Iterator[str]:
    since = at = drawings = 0
    endless = set[str]()
    while (tag := _BEGUN.search(source, at)) is not None:
        at = tag.end()
        name = "--" if tag[1] else tag[2].lower()
        more = None if tag[1] else _FURTHER.match(source, at)
        if more is not None and more.end() > at:
            yield source[since:at]
            since = at = more.end()
        if name.lstrip("/") in _DRAWINGS:
            drawings = max(0, drawings - 1) if name[0] == "/" else drawings + 1
        if name in endless or name not in _ENDS or (name != "--" and (is_xml or drawings)):
            continue
        end = _ENDS[name].search(source, tag.start() + 2 if tag[1] else at)
        if end is None:  # what never ends is looked through like all else
            endless.add(name)
        else:
            at = end.end()
    yield source[since:]
