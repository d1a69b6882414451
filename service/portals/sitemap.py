"""Sitemaps (sitemaps.org, protocol 0.9): which addresses a portal names, and when each changed.

Reads by pattern, so that no entity is ever expanded; refuses to fetch.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from datetime import date
from html import unescape

MAX_BYTES = 20 << 20
"""Unpacked: of 50,000 addresses with a hundred octets each it is four times as much."""
MAX_ENTRIES = 50_000
"""Of one file, as the protocol allows."""
_NAMED = re.compile(r"^[ \t]{0,80}sitemap[ \t]{0,80}:[ \t]{0,80}(\S{1,2048})", re.I | re.M)
_FIELD = re.compile(r"<(loc|lastmod)>\s{0,80}(?:<!\[CDATA\[)?([^<\]]{1,2048})")
_GZIP = b"\x1f\x8b"
_HEAD = 4_096


@dataclass(frozen=True, slots=True)
class SitemapEntry:
    """`changed_on` None: the sitemap does not say, or says nothing that is a day."""

    url: str
    changed_on: date | None


@dataclass(frozen=True, slots=True)
class Sitemap:
    """`is_index`: its entries are sitemaps themselves."""

    is_index: bool
    entries: tuple[SitemapEntry, ...]


def sitemaps_of(robots: str) -> list[str]:
    """The addresses of sitemaps that a robots.txt names, each once."""
    return list(dict.fromkeys(_NAMED.findall(robots)))


def read_sitemap(body: bytes) -> Sitemap:
    """What a sitemap names, packed or not; empty for anything else."""
    text = _unpacked(body).decode("utf-8", "replace")
    entries: list[SitemapEntry] = []
    for field in _FIELD.finditer(text):
        said = unescape(field[2]).strip()
        if field[1] == "loc":
            if len(entries) == MAX_ENTRIES:
                break
            entries.append(SitemapEntry(said, None))
        elif entries and entries[-1].changed_on is None:
            entries[-1] = SitemapEntry(entries[-1].url, _day(said))
    return Sitemap("<sitemapindex" in text[:_HEAD], tuple(entries))


def _unpacked(body: bytes) -> bytes:
    if not body.startswith(_GZIP):
        return body[:MAX_BYTES]
    try:
        return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(body, MAX_BYTES)
    except zlib.error:
        return b""


def _day(said: str) -> date | None:
    try:
        return date.fromisoformat(said[:10])
    except ValueError:
        return None
