"""Whether a post has really changed: white space, counters and markup are no change.

Owns the fingerprint that is stored with a revision and the words for what became different.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from hashlib import sha256

from service.text import fold
from service.types import AttachmentLink, Document

# Lines that a page counts up by itself: they say nothing of the post.
_COUNTERS = re.compile(
    r"(?im)^[\s(]*(?:(?:số\s+)?lượt\s+(?:xem|truy cập|đọc|tải)|(?:đã\s+)?xem|views?|truy cập"
    r"|đang (?:xem|online))\s*[:：]?\s*[\d.,]+[\s)]*$"
    r"|^[\s(]*[\d.,]+\s*(?:lượt\s+(?:xem|truy cập|đọc|tải)|người (?:xem|đang online|đang truy cập)|views?)[\s)]*$"
)


_PARTS = ("title", "number", "text", "attachments")


def fingerprint(title: str, text: str, document: Document | None, attachments: Iterable[AttachmentLink]) -> str:
    """A digest of each part that matters, joined by dots; equal strings mean that nothing happened.

    An attachment counts as its address and, once known, the digest of its bytes.
    """
    number = (document.number or "") if document else ""
    files = sorted(_digest(link.url) + ":" + (link.sha256 or "")[:16] for link in attachments)
    return ".".join(
        (_digest(fold(title)), _digest(fold(number)), _digest(fold(_COUNTERS.sub("", text))), ",".join(files))
    )


def what_changed(old: str, new: str) -> tuple[str, ...]:
    """The names of the parts in which two fingerprints differ: title, number, text, attachments.

    A file whose digest was not known before and is known now has not changed.
    """
    pairs = zip(_PARTS, old.split("."), new.split("."), strict=True)
    return tuple(
        part for part, was, now in pairs if was != now and not (part == "attachments" and _same_files(was, now))
    )


def _same_files(was: str, now: str) -> bool:
    before, after = (dict(entry.split(":") for entry in side.split(",") if entry) for side in (was, now))
    return before.keys() == after.keys() and all(
        not digest or not after[url] or digest == after[url] for url, digest in before.items()
    )


def _digest(text: str) -> str:
    return sha256(text.encode("utf-8", "replace")).hexdigest()[:16]
