"""The bytes of a feed made ready for feedparser: in UTF-8, and without words that are not the
items' own."""

from __future__ import annotations

import re

from service.portals import attributes
from service.types import Page

_BOMS = ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_WIDE = ((b"<\x00", "utf-16-le"), (b"\x00<", "utf-16-be"))
_DECLARED = re.compile(
    rb"^(<\?xml[^<>]{0,200}?)\s{1,9}encoding\s{0,9}=\s{0,9}[\"'][\w-]{1,40}[\"']", re.IGNORECASE
)
_MEDIA = re.compile(
    rb"xmlns:([\w-]{1,40})\s{0,9}=\s{0,9}[\"']https?://search\.yahoo\.com/mrss/?[\"']"
)
_CAPTIONS = (b"title", b"description", b"text")
_MOST_PREFIXES = 4


def _wide(body: bytes) -> str | None:
    for start, name in (*_BOMS, *_WIDE):
        if body.startswith(start):
            return name
    return None


def as_utf8(body: bytes) -> bytes:
    """A feed in UTF-16 in UTF-8, by its first bytes; any other as it is."""
    name = _wide(body)
    if name is None:
        return body
    text = body[: len(body) // 2 * 2].decode(name, "replace").removeprefix("\ufeff")
    return _DECLARED.sub(rb"\1", text.encode("utf-8", "replace"))


def content_type_of(page: Page) -> str:
    """The media type as the server names it, without a character set that is no longer true."""
    return (
        page.content_type
        if _wide(page.body) is None
        else page.content_type.partition(";")[0] + "; charset=utf-8"
    )


def without_excess_attributes(body: bytes) -> bytes:
    """Without the attributes that one tag has beyond all use: feedparser takes minutes for them."""
    source = body.decode("latin-1")  # each byte a character; what makes a tag is ASCII
    few = attributes.with_few_attributes(source, is_xml=True)
    return body if few is source else few.encode("latin-1")


def without_captions(body: bytes) -> bytes:
    """Without the words of pictures and films (Media RSS), which feedparser takes for the item's
    own."""
    prefixes = list(dict.fromkeys(match[1] for match in _MEDIA.finditer(body)))[:_MOST_PREFIXES]
    for prefix in prefixes:
        for name in _CAPTIONS:
            body = _without(body, prefix + b":" + name)
    return body


def _without(body: bytes, name: bytes) -> bytes:
    kept: list[bytes] = []
    at, closing = 0, b"</" + name
    while (start := body.find(b"<" + name, at)) >= 0:
        after = body[start + len(name) + 1 : start + len(name) + 2]
        end = body.find(b">", start)
        if end < 0:
            break
        if after not in (b">", b" ", b"/", b"\t", b"\n", b"\r"):
            kept.append(body[at : end + 1])
            at = end + 1
            continue
        if body[end - 1 : end] != b"/":
            closed = body.find(closing, end)
            end = body.find(b">", closed) if closed >= 0 else -1
            if end < 0:
                break
        kept.append(body[at:start])
        at = end + 1
    return b"".join((*kept, body[at:]))
