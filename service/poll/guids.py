"""What an upstream feed calls its posts, as their identity where links are shared or move (F11,
L14).

A link alone is the identity while it tells posts apart: then a feed and a page of one portal show
the same posts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from service.poll.decide import best_row
from service.posts.identity import canonical_key
from service.storage.posts import KnownPost
from service.types import ListedPost

_MARK = "guid:"
"""No address begins so."""


def guid_key(row: ListedPost) -> str | None:
    """The identity by the feed's own name of the post; None without one that says more than the
    link."""
    if row.guid is None or canonical_key(row.guid) == canonical_key(row.url):
        return None
    return _MARK + row.guid


def keyed(rows: Sequence[ListedPost]) -> dict[str, ListedPost]:
    """One row for each post, in the page's order: by its link, or by its guid where others share
    the link."""
    names: dict[str, set[str]] = {}
    for row in rows:
        if row.guid is not None:
            names.setdefault(canonical_key(row.url), set()).add(row.guid)
    merged: dict[str, ListedPost] = {}
    for row in rows:
        link = canonical_key(row.url)
        key = _MARK + row.guid if row.guid is not None and len(names[link]) > 1 else link
        merged[key] = best_row(merged.get(key), row)
    return merged


@dataclass(frozen=True, slots=True)
class GuidMatches:
    """`rows` by the keys of their posts; `aliases`: the guids that are to be kept for known
    posts."""

    rows: dict[str, ListedPost]
    known: dict[str, KnownPost]
    aliases: dict[str, str]


def asked(rows: Mapping[str, ListedPost]) -> list[str]:
    """The keys under which a page's posts may be known."""
    by_guid = (guid_key(row) for row in rows.values())
    return list(dict.fromkeys([*rows, *(key for key in by_guid if key is not None)]))


def match(rows: Mapping[str, ListedPost], known: Mapping[str, KnownPost]) -> GuidMatches:
    """A post whose guid is known is that post, wherever its link leads now."""
    matched = GuidMatches({}, {}, {})
    for key, row in rows.items():
        name = guid_key(row)
        by_name = known.get(name) if name is not None else None
        mine = key if by_name is None or key in known or name is None else name
        if mine in matched.rows:
            continue
        matched.rows[mine] = row
        if mine in known:
            matched.known[mine] = known[mine]
            if name is not None and by_name is None:
                matched.aliases[name] = known[mine].id
    return matched
