"""Upstream RSS and Atom feeds, read by feedparser from bytes that were fetched already: it never fetches."""

from __future__ import annotations

import re
from io import BytesIO
from typing import Any

import feedparser

from service.errors import UnreadableError
from service.portals.files import file_name, media_type_of
from service.portals.sanitise import harmless, to_html
from service.portals.urls import base_of, resolve_link
from service.text import clean, parse_moment, split_trailing_moment
from service.types import Article, AttachmentLink, ListedPost, Listing, Moment, Outcome, Page, RejectedLink

_ZONED = re.compile(r"(?:Z|[+-]\d{2}:?\d{2}|\b[A-Z]{2,4})\s*$")
_LOOKS_LIKE_FEED = re.compile(rb"<(?:\w+:)?(?:rss|feed|rdf)[\s>]", re.I)
_REFERENCE = re.compile(rb"&#([xX][0-9a-fA-F]{1,12}|[0-9]{1,12});?")
_DATES = ("published", "updated", "created")


def is_feed(page: Page) -> bool:
    """Whether the bytes begin as a feed does, whatever the server calls them."""
    return _LOOKS_LIKE_FEED.search(page.body[:2_000]) is not None


def read_feed(page: Page) -> Listing:
    """Every entry with an address and a title. Raises UnreadableError for what is no feed."""
    parsed = _parse(page)
    if not parsed.entries and not (parsed.version and is_feed(page)):
        reason = str(parsed.get("bozo_exception", "no entries"))
        raise UnreadableError(f"cannot read feed {page.url!r}: {reason}", Outcome.NOT_A_LISTING)
    base_url = base_of(page.url, parsed.feed.get("link"))
    posts: list[ListedPost] = []
    rejected: list[RejectedLink] = []
    for entry in parsed.entries:
        post = _read_entry(entry, base_url)
        if isinstance(post, ListedPost):
            posts.append(post)
        else:
            rejected.append(post)
    return Listing(tuple(posts), tuple(rejected), _next_url(parsed, page.url))


def _parse(page: Page) -> Any:
    headers = {"content-type": page.content_type, "content-location": page.url}
    body = _REFERENCE.sub(_showable, page.body) if b"&#" in page.body else page.body
    try:
        return feedparser.parse(
            BytesIO(body), response_headers=headers, sanitize_html=False, resolve_relative_uris=False
        )
    except (ValueError, LookupError, TypeError, AttributeError, AssertionError, RecursionError) as error:
        raise UnreadableError(
            f"cannot read feed {page.url!r}: feedparser gives up: {error}", Outcome.NOT_A_LISTING
        ) from error


def _showable(match: re.Match[bytes]) -> bytes:
    """A character reference as it stands, or U+FFFD for one that feedparser dies of."""
    digits = match[1]
    number = int(digits[1:], 16) if digits[:1] in b"xX" else int(digits)
    is_character = number <= 0x10FFFF and not 0xD800 <= number <= 0xDFFF
    return match[0] if is_character else b"&#65533;"


def _next_url(parsed: Any, url: str) -> str | None:
    links = parsed.feed.get("links", ())
    found = next((link.get("href") for link in links if link.get("rel") == "next"), None)
    return resolve_link(url, found) if found else None


def _read_entry(entry: Any, base_url: str) -> ListedPost | RejectedLink:
    href = entry.get("link") or entry.get("id") or ""
    url = resolve_link(base_url, href) if href else None
    title = _words(entry.get("title", ""), base_url)
    title, glued = split_trailing_moment(title)
    if url is None:
        return RejectedLink(href, title, "no_address")
    if not title:
        return RejectedLink(url, "", "no_title")
    moment = _moment(entry) or glued
    contents = [part.get("value", "") for part in entry.get("content", ())]
    whole = _article(entry, url, title, moment, max(contents, key=len, default=""))
    teaser = None if whole else _article(entry, url, title, moment, entry.get("summary", ""))
    return ListedPost(url, title, moment, article=whole, teaser=teaser)


def _words(title: str, base_url: str) -> str:
    """A title may be text or HTML, and feeds do not always say which."""
    if "<" not in title and "&" not in title:
        return clean(title)
    return clean(harmless(title, base_url)[1])


def _moment(entry: Any) -> Moment | None:
    """An entry's instant, in the zone it names; without a zone it is local, unlike feedparser's belief."""
    for name in _DATES:
        raw = str(dict.get(entry, name) or "").strip()  # its own get() answers for others' keys, with a warning
        found = parse_moment(raw) if raw else None
        if found is not None:
            return found
        stamp = dict.get(entry, f"{name}_parsed")
        if raw and stamp is not None:
            zone = " +00:00" if _ZONED.search(raw) else ""
            found = parse_moment("{:04}-{:02}-{:02} {:02}:{:02}:{:02}".format(*stamp[:6]) + zone)
            if found is not None:
                return found
    return None


def _article(entry: Any, url: str, title: str, moment: Moment | None, markup: str) -> Article | None:
    """What the entry itself says in `markup`, with its enclosures; None where it says nothing."""
    if not markup.strip():
        return None
    html, text = harmless(markup, url)
    if not html:
        text = clean(markup)
        html = to_html(text)
    return Article(url, title, moment, html, text, _attachments(entry, url))


def _attachments(entry: Any, url: str) -> tuple[AttachmentLink, ...]:
    found: dict[str, AttachmentLink] = {}
    for enclosure in entry.get("enclosures", ()):
        address = resolve_link(url, enclosure.get("href", ""))
        if address is None:
            continue
        media_type = enclosure.get("type") or media_type_of(address) or "application/octet-stream"
        if media_type.startswith("image/"):
            continue
        length = str(enclosure.get("length") or "")
        size = int(length) if length.isascii() and length.isdecimal() and int(length[:18]) > 0 else None
        found.setdefault(address, AttachmentLink(address, file_name(address), media_type, size))
    return tuple(found.values())
