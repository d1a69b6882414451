"""What the head of a page tells programs of its date: meta in any case, JSON-LD, marks of
microdata.

Knows which names are the day of publication and which the day of an edit; a name it does not know
says nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import orjson
from selectolax.lexbor import LexborNode

from service.moments.label import parse_moment, read_label
from service.portals.dates import WrittenDate
from service.portals.dom import Tree, attribute, text_of
from service.text import clean

_PUBLISHED = (
    frozenset({
        "article published time", "og published time", "og article published time", "og pubdate",
        "article published",
        "published time", "publish time", "publishtime", "published date", "publisheddate",
        "publish date",
        "publishdate",
        "date published", "datepublished", "date publish", "pubdate", "pub date",
        "publication date",
        "publicationdate",
        "published", "dc date issued", "dc issued", "dcterms issued", "dcterms date issued",
        "dcsext articlefirstpublished",
        "dc date published", "dc date publication", "sailthru date", "parsely pub date",
        "rnews datepublished",
        "cxenseparse recs publishtime", "originalpublicationdate", "original publication date",
        "bt pubdate",
        "citation publication date", "citation online date", "prism publicationdate",
        "prism publication date",
        "vr published time", "article post date", "ptime", "displaydate", "article publicationdate",
        "ngay dang",
        "shareaholic article published time", "eprints date", "dateposted", "post date", "postdate",
        "releasedate",
        "release date", "pdate", "article date original", "page publishdate", "article publishdate",
        "twt published at",
    }),
    frozenset({
        "date", "dc date", "dcterms date", "dcterms available", "citation date", "article date",
        "news date",
        "pagedate",
        "og date", "issue date", "issued",
    }),
    frozenset({
        "datecreated", "date created", "dc date created", "dc created", "dcterms created",
        "created",
        "article created",
        "article created time", "creation date", "creationdate", "dcterms date created",
        "datecreate",
    }),
)  # fmt: skip
"""By how plainly they speak of publication."""
_UPDATED = frozenset({
    "article modified time", "article modified", "og updated time", "modified time",
    "last modified", "lastmodified",
    "datemodified", "date modified", "dc date modified", "dcterms modified", "dc modified",
    "revised", "updated time",
    "article updated time", "lastmod", "dcterms date modified", "modified", "updated",
    "dateupdated",
    "og modified time",
})  # fmt: skip
_NOT_A_WORD = re.compile(r"[^a-z0-9]+")
_ARTICLE = re.compile(
    r"article|blogposting|report|webpage|itempage|socialmediaposting|advertisercontent|review|podcast"
)
_PAGE = ("webpage", "itempage")
_DEEPEST = 6
_MOST_NODES = 400
_LONGEST_SCRIPT = 400_000
_LINKED = re.compile(r'"(date(?:Published|Created|Modified))"\s{0,9}:\s{0,9}"([^"]{8,40})"')
_LONGEST_STAMP = 80


def dates_of_head(tree: Tree) -> list[WrittenDate]:
    """What the head says, the plainest first; the days of edits last."""
    ranked = [
        *_by_meta(tree.root),
        *_by_linked_data(tree.root),
        *_by_microdata(tree.root, tree.now),
    ]
    ranked.sort(key=lambda one: one[0])
    seen: dict[tuple[datetime, bool], WrittenDate] = {}
    for _, told in ranked:
        seen.setdefault((told.moment.at, told.is_update), told)
    return list(seen.values())


_EDIT = 9


def _by_meta(root: LexborNode) -> Iterator[tuple[int, WrittenDate]]:
    for node in root.css("meta[content]"):
        stamp = attribute(node, "content").strip()
        if not 6 <= len(stamp) <= _LONGEST_STAMP:
            continue
        for name in ("property", "name", "itemprop", "http-equiv", "id"):
            called = _NOT_A_WORD.sub(" ", attribute(node, name).lower()).strip()
            rank = next((rank for rank, names in enumerate(_PUBLISHED) if called in names), None)
            if rank is None and called not in _UPDATED:
                continue
            told = _stamp(stamp, is_update=rank is None)
            if told is not None:
                yield (_EDIT if rank is None else rank * 2), told
            break


def _stamp(text: str, *, is_update: bool) -> WrittenDate | None:
    """What a program wrote; a template that wrote for people is read as a label."""
    moment = parse_moment(text, is_stamp=True)
    if moment is not None:
        return WrittenDate(moment, text, is_update)
    label = read_label(clean(text))
    return WrittenDate(label.dates[0].moment, text, is_update) if len(label.dates) == 1 else None


def _by_linked_data(root: LexborNode) -> Iterator[tuple[int, WrittenDate]]:
    for script in root.css('script[type="application/ld+json" i]'):
        text = (script.text_content or script.text(deep=True) or "")[:_LONGEST_SCRIPT]
        if '"date' not in text:
            continue
        try:
            told: Any = orjson.loads(text)
        except (
            orjson.JSONDecodeError
        ):  # a stray comma, a line end in a string: the stamps are there all the same
            yield from _by_words(text)
            continue
        yield from _by_things(told)


def _by_words(text: str) -> Iterator[tuple[int, WrittenDate]]:
    for match in _LINKED.finditer(text):
        is_update = match[1] == "dateModified"
        told = _stamp(match[2].strip(), is_update=is_update)
        if told is not None:
            yield (_EDIT if is_update else 3 if match[1] == "dateCreated" else 1), told


def _by_things(told: Any) -> Iterator[tuple[int, WrittenDate]]:
    todo: list[tuple[Any, int]] = [(told, 0)]
    for _ in range(_MOST_NODES):
        if not todo:
            return
        one, depth = todo.pop(0)
        if isinstance(one, list):
            todo += [(item, depth + 1) for item in one if depth < _DEEPEST]
        elif isinstance(one, dict):
            kind = str(one.get("@type", "")).lower()
            if not kind or _ARTICLE.search(kind):
                yield from _by_thing(one, kind)
            todo += [
                (value, depth + 1)
                for key, value in one.items()
                if key in ("@graph", "mainEntity") and depth < _DEEPEST
            ]


def _by_thing(thing: dict[str, Any], kind: str) -> Iterator[tuple[int, WrittenDate]]:
    rank = 3 if any(page in kind for page in _PAGE) else 1
    for name, place in (
        ("datePublished", rank),
        ("dateCreated", rank + 2),
        ("dateModified", _EDIT),
    ):
        stamp = thing.get(name)
        told = _stamp(stamp.strip(), is_update=place == _EDIT) if isinstance(stamp, str) else None
        if told is not None:
            yield place, told


def _by_microdata(root: LexborNode, now: datetime | None) -> Iterator[tuple[int, WrittenDate]]:
    for node in root.css("[itemprop]"):
        called = attribute(node, "itemprop").lower()
        if node.tag == "meta" or called not in ("datepublished", "datecreated", "datemodified"):
            continue
        stamp = attribute(node, "datetime") or attribute(node, "content")
        is_update = called == "datemodified"
        told = _stamp(stamp.strip(), is_update=is_update) if stamp else None
        if told is None:
            label = read_label(clean(text_of(node))[:_LONGEST_STAMP], now)
            told = (
                WrittenDate(label.dates[0].moment, clean(text_of(node)), is_update)
                if len(label.dates) == 1
                else None
            )
        if told is not None:
            yield (_EDIT if is_update else 1 if called == "datepublished" else 5), told
