"""Upstream RSS and Atom feeds, read by feedparser from bytes that were fetched already: it never
fetches."""

from __future__ import annotations

import re
from dataclasses import replace
from io import BytesIO
from typing import Any

import feedparser

from service.errors import UnreadableError
from service.instants import Source, Witness
from service.portals.feed_bytes import (
    as_utf8,
    content_type_of,
    without_captions,
    without_excess_attributes,
)
from service.portals.feed_dates import dates_of_feed
from service.portals.files import file_name, media_type_of
from service.portals.listing_page import ListingPage
from service.portals.sanitise import harmless, to_html
from service.portals.titles import split_glued
from service.portals.urls import base_of, resolve_link
from service.posts.identity import is_cut
from service.settings import PortalConfig
from service.text import clean, excerpt, first_sentences
from service.types import (
    Article,
    AttachmentLink,
    ListedPost,
    Listing,
    Moment,
    Outcome,
    Page,
    RejectedLink,
)
from service.words import coded

_LOOKS_LIKE_FEED = re.compile(rb"<(?:\w+:)?(?:rss|feed|rdf)[\s>]", re.I)
_REFERENCE = re.compile(rb"&#([xX][0-9a-fA-F]{1,12}|[0-9]{1,12});?")
_LONGEST_TITLE = 160
"""Characters of a title that is made from the item's own text."""
_MOST_DIGITS = 18
"""Of a length in bytes: more are no length, and Python refuses to read 4,300."""


def is_feed(page: Page) -> bool:
    """Whether the bytes begin as a feed does, whatever the server calls them and whatever they are
    encoded in."""
    return _LOOKS_LIKE_FEED.search(as_utf8(page.body[:4_000])) is not None


def read_feed(page: Page) -> Listing:
    """Every entry with an address and a title. Raises UnreadableError for what is no feed."""
    parsed = _parse(page)
    if not parsed.entries and not (parsed.version and is_feed(page)):
        reason = str(parsed.get("bozo_exception", "no entries"))
        raise UnreadableError(
            coded("read.no_feed", url=page.url, said=reason), Outcome.NOT_A_LISTING
        )
    base_url = base_of(page.url, _text(parsed.feed, "link") or None)
    dates = dates_of_feed(parsed)
    posts: list[ListedPost] = []
    rejected: list[RejectedLink] = []
    for entry, told in zip(parsed.entries, dates, strict=True):
        post = _read_entry(entry, base_url, told)
        if isinstance(post, ListedPost):
            posts.append(post)
        else:
            rejected.append(post)
    return Listing(tuple(posts), tuple(rejected), _next_url(parsed, page.url))


def _parse(page: Page) -> Any:
    headers = {
        "content-type": content_type_of(page)
    }  # no address: relative links start from the channel's
    body = without_excess_attributes(without_captions(as_utf8(page.body)))
    body = _REFERENCE.sub(_showable, body) if b"&#" in body else body
    try:
        return feedparser.parse(
            BytesIO(body),
            response_headers=headers,
            sanitize_html=False,
            resolve_relative_uris=False,
        )
    except (
        ValueError,
        LookupError,
        TypeError,
        AttributeError,
        AssertionError,
        RecursionError,
    ) as error:
        raise UnreadableError(
            coded("read.feed_fault", url=page.url, said=str(error)), Outcome.NOT_A_LISTING
        ) from error


def _showable(match: re.Match[bytes]) -> bytes:
    """A character reference as it stands, or U+FFFD for one that feedparser dies of."""
    digits = match[1]
    number = int(digits[1:], 16) if digits[:1] in b"xX" else int(digits)
    is_character = number <= 0x10FFFF and not 0xD800 <= number <= 0xDFFF
    return match[0] if is_character else b"&#65533;"


def _next_url(parsed: Any, url: str) -> str | None:
    found = next(
        (
            _text(link, "href")
            for link in _things(parsed.feed, "links")
            if link.get("rel") == "next"
        ),
        None,
    )
    return resolve_link(url, found) if found else None


def _read_entry(entry: Any, base_url: str, told: tuple[Witness, ...]) -> ListedPost | RejectedLink:
    href = _address(entry)
    url = resolve_link(base_url, href) if href else None
    said = _words(_text(entry, "title"), base_url)
    if url is None:
        return RejectedLink(href, said, "no_address")
    contents = [_text(part, "value") for part in _things(entry, "content")]
    own = next((one.moment for one in told if not one.is_update), None)
    title, glued = split_glued(said, own)
    witnesses = (*told, glued.by(Source.TITLE)) if glued else told
    own = own or (glued.moment if glued else None)
    whole = _article(entry, url, title, own, max(contents, key=len, default=""))
    teaser = (
        None
        if whole
        else _article(entry, url, title, own, _text(entry, "summary"), is_empty_shown=True)
    )
    title = title or _title_from(whole or teaser)
    if not title:
        return RejectedLink(url, "", "no_title")
    guid = clean(str(dict.get(entry, "id") or "")) or None
    whole, teaser = (
        replace(one, title=title, witnesses=witnesses) if one else None for one in (whole, teaser)
    )
    return ListedPost(
        url, title, own, is_cut(title), article=whole, teaser=teaser, witnesses=witnesses, guid=guid
    )


def _text(thing: Any, name: str) -> str:
    """What feedparser found under a name; it keeps None, too, where a document broke off."""
    value = thing.get(name)
    return value if isinstance(value, str) else ""


def _things(thing: Any, name: str) -> list[Any]:
    """What feedparser lists under a name; it keeps a text there where a document has an element of
    that name."""
    value = dict.get(thing, name)
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _enclosures(entry: Any) -> list[Any]:
    return [link for link in _things(entry, "links") if link.get("rel") == "enclosure"]


def _address(entry: Any) -> str:
    """Where the item says that it stands; of one that is but a file, the file's; never made from
    its `guid`."""
    link = str(dict.get(entry, "link") or "")
    if link and not (
        link == dict.get(entry, "id")
        and dict.get(entry, "guidislink") is False
        and "://" not in link
    ):
        return link
    name = str(dict.get(entry, "id") or "")
    if (
        name.lower().startswith(("http://", "https://"))
        and dict.get(entry, "guidislink") is not False
    ):
        return name
    files = (
        one for one in _enclosures(entry) if not str(one.get("type") or "").startswith("image/")
    )
    return next((href for one in files if (href := str(one.get("href") or ""))), "")


def _title_from(article: Article | None) -> str:
    """A title for an item without one: how its own text begins, else the name of its file."""
    if article is None:
        return ""
    if article.text:
        return excerpt(first_sentences(article.text, 1), _LONGEST_TITLE)
    return article.attachments[0].name if article.attachments else ""


def _words(title: str, base_url: str) -> str:
    """A title may be text or HTML, and feeds do not always say which."""
    if "<" not in title and "&" not in title:
        return clean(title)
    return clean(harmless(title, base_url)[1])


def _article(
    entry: Any,
    url: str,
    title: str,
    moment: Moment | None,
    markup: str,
    *,
    is_empty_shown: bool = False,
) -> Article | None:
    """What the entry itself says in `markup`, with its enclosures; None where it says nothing.

    `is_empty_shown`: enclosures are something, where there are no words.
    """
    if not markup.strip():
        files = _attachments(entry, url) if is_empty_shown else ()
        return Article(url, title, moment, "", "", files) if files else None
    html, text = harmless(markup, url)
    if not html:
        text = clean(markup)
        html = to_html(text)
    return Article(url, title, moment, html, text, _attachments(entry, url))


def _attachments(entry: Any, url: str) -> tuple[AttachmentLink, ...]:
    found: dict[str, AttachmentLink] = {}
    for enclosure in _enclosures(entry):
        address = resolve_link(url, _text(enclosure, "href"))
        if address is None:
            continue
        media_type = (
            _text(enclosure, "type") or media_type_of(address) or "application/octet-stream"
        )
        if media_type.startswith("image/"):
            continue
        length = str(enclosure.get("length") or "")
        is_size = length.isascii() and length.isdecimal() and len(length) <= _MOST_DIGITS
        size = int(length) or None if is_size else None
        found.setdefault(address, AttachmentLink(address, file_name(address), media_type, size))
    return tuple(found.values())


def read_feed_portal(shown: ListingPage, _portal: PortalConfig) -> Listing:
    return read_feed(shown.page)


def is_feed_portal(shown: ListingPage) -> bool:
    return is_feed(shown.page)
