"""Parses a rendering back and compares it with what was meant, before any reader sees it.

Owns the comparison, entry by entry: of one entry by lxml, of whole feeds by feedparser. Knows no feedgen: what
wrote a feed cannot be what judges it.
"""

from __future__ import annotations

import calendar
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import feedparser
import orjson
from lxml import etree

from service.feeds.model import Format
from service.feeds.site import (
    Site,
    entry_id,
    shown_attachments,
    title_of,
    uri,
    whole_seconds,
    written_title_of,
    xml_text,
)
from service.types import Post

_WRAPS = {
    Format.RSS: (
        b'<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" '
        b'xmlns:atom="http://www.w3.org/2005/Atom" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>',
        b"</channel></rss>",
    ),
    Format.ATOM: (
        b'<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom" '
        b'xmlns:dc="http://purl.org/dc/elements/1.1/">',
        b"</feed>",
    ),
}
_ATOM = "{http://www.w3.org/2005/Atom}"
_ATOM_ENTRIES = ("{http://www.w3.org/2005/Atom}entry", "{http://purl.org/atompub/tombstones/1.0}deleted-entry")


def entry_problem(site: Site, fmt: Format, body: bytes, post: Post) -> str | None:
    """Why this entry, alone, does not say what the post says; None when it does. By lxml: a tenth of what
    feedparser takes, which judges whole feeds in `feed_problem`."""
    if fmt is Format.JSON:
        return json_item_problem(site, orjson.loads(body), post)
    before, after = _WRAPS[fmt]
    if post.withdrawn_at is not None:
        return join_problem(fmt, before + body + after, [post.id])
    try:
        root = etree.fromstring(before + body + after, _parser())
    except etree.XMLSyntaxError as error:
        return f"is not well-formed: {error}"
    elements = list(root[0] if fmt is Format.RSS else root)
    if len(elements) != 1:
        return f"is {len(elements)} elements instead of one"
    found = _rss_facts(elements[0]) if fmt is Format.RSS else _atom_facts(elements[0])
    for (name, value), meant in zip(found.items(), _meant(site, fmt, post), strict=True):
        if value != meant:
            return f"{name} reads back as {value!r} instead of {meant!r}"
    return None


def json_item_problem(site: Site, item: dict[str, Any], post: Post) -> str | None:
    """Why this item of a JSON feed does not say what the post says; None when it does."""
    for name, value in _meant_json(site, post).items():
        found = _json_instant(item.get(name)) if name.startswith("date_") else item.get(name)
        if found != value:
            return f"{name} reads back as {found!r} instead of {value!r}"
    if post.withdrawn_at is not None:
        return None if item.get("_loa", {}).get("expired") is True else "is not said to be withdrawn"
    found_urls = [attachment.get("url") for attachment in item.get("attachments", [])]
    meant_urls = [uri(attachment.url) for attachment in shown_attachments(post)]
    if found_urls != meant_urls:
        return f"attachments read back as {found_urls!r} instead of {meant_urls!r}"
    return None if item.get("content_html") else "has no content"


def _meant_json(site: Site, post: Post) -> dict[str, object]:
    meant: dict[str, object] = {
        "id": entry_id(post),
        "title": title_of(post),
        "date_published": whole_seconds(post.published_at),
    }
    if post.withdrawn_at is None:
        meant |= {
            "url": uri(post.url) or site.post_url(post),
            "date_modified": whole_seconds(post.updated_at),
            "tags": [site.labels.get(category, category) for category in post.categories],
            "authors": [{"name": xml_text(post.portal.name) or post.portal.id}],
        }
    return meant


def _json_instant(text: object) -> datetime | None:
    return datetime.fromisoformat(text) if isinstance(text, str) else None


def _json_feed_problem(site: Site, body: bytes, posts: list[Post]) -> str | None:
    problem = join_problem(Format.JSON, body, [post.id for post in posts])
    if problem is not None:
        return problem
    for item, post in zip(orjson.loads(body)["items"], posts, strict=True):
        wrong = json_item_problem(site, item, post)
        if wrong is not None:
            return f"entry {post.id!r}: {wrong}"
    return None


def _parser() -> etree.XMLParser:
    return etree.XMLParser(huge_tree=True, resolve_entities=False, no_network=True)


def _rss_facts(item: etree._Element) -> dict[str, object]:
    updated = item.findtext(f"{_ATOM}updated")
    return {
        "id": item.findtext("guid"),
        "title": item.findtext("title"),
        "link": item.findtext("link"),
        "published": parsedate_to_datetime(item.findtext("pubDate") or ""),
        "updated": datetime.fromisoformat(updated) if updated else None,
        "categories": [category.text for category in item.iterfind("category")],
        "enclosures": [enclosure.get("url") for enclosure in item.iterfind("enclosure")],
    }


def _atom_facts(entry: etree._Element) -> dict[str, object]:
    links = [(link.get("rel"), link.get("href")) for link in entry.iterfind(f"{_ATOM}link")]
    return {
        "id": entry.findtext(f"{_ATOM}id"),
        "title": entry.findtext(f"{_ATOM}title"),
        "link": dict(links).get("alternate"),
        "published": datetime.fromisoformat(entry.findtext(f"{_ATOM}published") or ""),
        "updated": datetime.fromisoformat(entry.findtext(f"{_ATOM}updated") or ""),
        "categories": [category.get("term") for category in entry.iterfind(f"{_ATOM}category")],
        "enclosures": [href for rel, href in links if rel == "enclosure"],
    }


def _meant(site: Site, fmt: Format, post: Post) -> tuple[object, ...]:
    labels = [site.labels.get(category, category) for category in post.categories]
    urls = [uri(attachment.url) for attachment in shown_attachments(post)]
    has_moved = post.updated_at != post.published_at
    return (
        entry_id(post),
        written_title_of(post),
        uri(post.url) or site.post_url(post),
        whole_seconds(post.published_at),
        whole_seconds(post.updated_at) if fmt is Format.ATOM or has_moved else None,
        labels if fmt is Format.RSS else list(post.categories),
        urls[:1] if fmt is Format.RSS else urls,
    )


def feed_problem(site: Site, fmt: Format, body: bytes, posts: list[Post]) -> str | None:
    """Why a whole feed does not hold exactly these posts, in order; None when it does. Withdrawn ones are none."""
    if fmt is Format.JSON:
        return _json_feed_problem(site, body, posts)
    parsed = feedparser.parse(body, sanitize_html=False, resolve_relative_uris=False)
    if parsed.bozo:
        return f"is not well-formed: {parsed.bozo_exception}"
    living = [post for post in posts if post.withdrawn_at is None]
    if len(parsed.entries) != len(living):
        return f"has {len(parsed.entries)} entries instead of {len(living)}"
    for read, post in zip(parsed.entries, living, strict=True):
        for name, (found, meant) in _compared(site, fmt, read, post).items():
            if found != meant:
                return f"entry {post.id!r}: {name} reads back as {found!r} instead of {meant!r}"
    return None


def _compared(site: Site, fmt: Format, read: Any, post: Post) -> dict[str, tuple[object, object]]:
    attachments = shown_attachments(post)[: 1 if fmt is Format.RSS else None]
    pairs: dict[str, tuple[object, object]] = {
        "id": (read.get("id"), entry_id(post)),
        "title": (read.get("title"), as_feedparser_reads(written_title_of(post))),
        "link": (read.get("link"), uri(post.url) or site.post_url(post)),
        "author": (read.get("author"), as_feedparser_reads(post.portal.name or post.portal.id)),
        "published": (_instant(read.get("published_parsed")), whole_seconds(post.published_at)),
        "categories": (_categories(fmt, read), _meant_categories(site, fmt, post)),
        "enclosures": ([e.get("href") for e in read.get("enclosures", [])], [uri(a.url) for a in attachments]),
        "content": (bool(read.get("content") or read.get("summary")), True),
    }
    if fmt is Format.ATOM or post.updated_at != post.published_at:
        pairs["updated"] = _instant(dict.get(read, "updated_parsed")), whole_seconds(post.updated_at)
    return pairs


def as_feedparser_reads(text: str) -> str:
    """feedparser takes text that is Latin-1 and also UTF-8 for UTF-8 that was misread, and mends it."""
    try:
        return text.encode("latin-1").decode()
    except UnicodeError:
        return text


def _instant(parsed: Any) -> datetime | None:
    return None if parsed is None else datetime.fromtimestamp(calendar.timegm(parsed), UTC)


def _categories(fmt: Format, read: Any) -> list[tuple[str, str]]:
    return [
        (t.get("term") or "", (t.get("label") if fmt is Format.ATOM else None) or "") for t in read.get("tags", [])
    ]


def _meant_categories(site: Site, fmt: Format, post: Post) -> list[tuple[str, str]]:
    labels = [(c, site.labels.get(c, c)) for c in post.categories]
    return labels if fmt is Format.ATOM else [(label, "") for _, label in labels]


def join_problem(fmt: Format, body: bytes, post_ids: list[str]) -> str | None:
    """Why a joined document does not hold exactly these entries, in order: cheap, judges only ids."""
    try:
        found = _ids(fmt, body)
    except (etree.XMLSyntaxError, orjson.JSONDecodeError) as error:
        return f"is not well-formed: {error}"
    meant = [f"urn:uuid:{post_id}" for post_id in post_ids]
    return (
        None if found == meant else f"holds {len(found)} entries that are not the {len(meant)} meant, or not in order"
    )


def _ids(fmt: Format, body: bytes) -> list[str | None]:
    if fmt is Format.JSON:
        return [item.get("id") for item in orjson.loads(body)["items"]]
    root = etree.fromstring(body, _parser())
    if fmt is Format.RSS:
        return [item.findtext("guid") for item in root.iterfind("channel/item")]
    return [
        child.get("ref") or child.findtext("{http://www.w3.org/2005/Atom}id")
        for child in root
        if child.tag in _ATOM_ENTRIES
    ]
