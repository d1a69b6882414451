"""Whether a post has really changed: white space, counters and markup are no change, another post
is none either.

Owns the fingerprint that is stored with a revision and the words for what became different.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from service.posts.document import document_key
from service.posts.identity import is_beginning_of, is_cut
from service.posts.numbers import find_numbers, number_key
from service.text import clean, fold
from service.types import Article, AttachmentLink, Document, Post

FLAP_LIMIT = 3  # revisions of one post within an hour; the next state is looked at an hour later
# Lines that a page counts up by itself: they say nothing of the post. Not whole runs of white
# space: every line begins one.
_COUNTERS = re.compile(
    r"(?im)^[\s(]{0,20}+(?:(?:số\s{1,20}+)?lượt\s{1,20}+(?:xem|truy "
    r"cập|đọc|tải)|(?:đã\s{1,20}+)?xem|views?|truy cập"
    r"|đang (?:xem|online))\s{0,20}+(?:[:：]\s{0,20}+)?[\d.,]{1,30}+[\s)]{0,20}$"
    r"|^[\s(]{0,20}+[\d.,]{1,30}+\s{0,20}+(?:lượt\s{1,20}+(?:xem|truy cập|đọc|tải)|người "
    r"(?:xem|đang online"
    r"|đang truy cập)|views?)[\s)]{0,20}$"
)

_ALIKE_TITLES = 0.5  # of the words of the longer one
_ALIKE_TEXTS = (
    0.2  # of the runs of three words of the longer one: most of a text may be written anew
)
_LEAST_ALIKE = 12  # runs; `Chi tiết xem tệp đính kèm` stands in many posts
_COMPARED_CHARS = 10_000
_MOST = 0.6
_BEGINNING_CHARS = 3_000

_PARTS = ("title", "number", "text", "attachments")


def fingerprint(
    title: str, text: str, document: Document | None, attachments: Iterable[AttachmentLink]
) -> str:
    """A digest of each part that matters, joined by dots; equal strings mean that nothing happened.

    An attachment counts as its address and, once known, the digest of its bytes.
    """
    number = (document.number or "") if document else ""
    files = sorted(_digest(link.url) + ":" + (link.sha256 or "")[:16] for link in attachments)
    return ".".join(
        (
            _digest(fold(title)),
            _digest(fold(number)),
            _digest(fold(_COUNTERS.sub("", text))),
            ",".join(files),
        )
    )


def what_changed(old: str, new: str) -> tuple[str, ...]:
    """The names of the parts in which two fingerprints differ: title, number, text, attachments.

    A file whose digest was not known before and is known now has not changed.
    """
    pairs = zip(_PARTS, old.split("."), new.split("."), strict=True)
    return tuple(
        part
        for part, was, now in pairs
        if was != now and not (part == "attachments" and _same_files(was, now))
    )


def is_another(known: Post, article: Article, shown: Iterable[str] = ()) -> bool:
    """Whether the page under a post's address is about something else: nothing of it agrees with
    what is known.

    Not its title with that of the post or one of a listing (`shown`), no file, not the document's
    number in its title, nor its text. A portal answers so, with success, when it means an error, a
    login or its front page.
    """
    if any(is_alike_title(title, article.title) for title in (known.title, *shown)):
        return False
    if {link.url for link in known.attachments} & {link.url for link in article.attachments}:
        return False
    own = document_key(known.understanding.document) if known.understanding.document else None
    if own is not None and own in {
        number_key(found.number) for found in find_numbers(clean(article.title))
    }:
        return False
    was, now = _runs(known.text), _runs(article.text)
    return len(was & now) < _LEAST_ALIKE or _share(was, now) < _ALIKE_TEXTS


def is_about(title: str, article: Article) -> bool:
    """Whether the first article that is read of a post can be the one that a listing shows under
    `title`.

    Where not even most of the title's words begin it, and no file hangs on it, it says something
    else: an error.
    """
    words = set(fold(title).split())
    if is_alike_title(title, article.title) or article.attachments:
        return True
    said = set(fold(f"{article.title} {article.text[:_BEGINNING_CHARS]}").split())
    return len(words & said) >= _MOST * len(words)


def is_alike_title(one: str, other: str) -> bool:
    """Whether two titles are one post's: one may be cut, or be corrected in less than half of its
    words."""
    if is_cut(one) and is_beginning_of(one, other):
        return True
    return _share(set(fold(one).split()), set(fold(other).split())) >= _ALIKE_TITLES


def _runs(text: str) -> set[tuple[str, ...]]:
    words = fold(text[:_COMPARED_CHARS]).split()
    return set(zip(words, words[1:], words[2:], strict=False))


def _share(one: set[Any], other: set[Any]) -> float:
    """How much two have in common, of the larger one."""
    return len(one & other) / max(len(one), len(other), 1)


def _same_files(was: str, now: str) -> bool:
    before, after = (
        dict(entry.split(":") for entry in side.split(",") if entry) for side in (was, now)
    )
    return before.keys() == after.keys() and all(
        not digest or not after[url] or digest == after[url] for url, digest in before.items()
    )


def _digest(text: str) -> str:
    return sha256(text.encode("utf-8", "replace")).hexdigest()[:16]


def is_flapping(seen_at: Sequence[datetime], now: datetime) -> bool:
    """Whether a post changed too often in the last hour for another revision; the first one does
    not count."""
    return sum(at > now - timedelta(hours=1) for at in seen_at[1:]) >= FLAP_LIMIT
