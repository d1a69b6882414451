"""Parses one rendered entry back and compares everything it says with the post, before any reader
sees it.

Owns the judgement of an entry alone; what stands around entries is judged in `document`. Knows no
feedgen: what wrote an entry cannot be what judges it. By lxml and orjson: a tenth of what
feedparser takes (see `read_back`).
"""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime
from html import escape
from typing import Any

import orjson
from lxml import etree

from service.feeds.markup import (
    Site,
    author_of,
    body_html,
    entry_id,
    entry_summary,
    entry_title,
    has_markup,
    shown_attachments,
    uri,
    whole_seconds,
    written_title_of,
    xml_text,
)
from service.feeds.model import Format
from service.types import AttachmentLink, Post

Facts = dict[str, object]

NAMESPACES: dict[Format, dict[str | None, str]] = {
    Format.RSS: {
        "dc": "http://purl.org/dc/elements/1.1/",
        "fh": "http://purl.org/syndication/history/1.0",
        "atom": "http://www.w3.org/2005/Atom",
        "content": "http://purl.org/rss/1.0/modules/content/",
    },
    Format.ATOM: {
        None: "http://www.w3.org/2005/Atom",
        "dc": "http://purl.org/dc/elements/1.1/",
        "fh": "http://purl.org/syndication/history/1.0",
    },
}
"""What the root of a feed declares: an entry is parsed below the same, and so means there what it
means here."""

ATOM = "{http://www.w3.org/2005/Atom}"
_DC = "{http://purl.org/dc/elements/1.1/}"
_CONTENT = "{http://purl.org/rss/1.0/modules/content/}"
_AT = "{http://purl.org/atompub/tombstones/1.0}"
_TYPED = tuple(f"{ATOM}{name}" for name in ("title", "summary", "content"))
SHOWN = 120
"""Characters of a value that is not as it was meant, in what the operator is told."""


PARSER = etree.XMLParser(huge_tree=True, resolve_entities=False, no_network=True)


def _wrap(fmt: Format) -> tuple[bytes, bytes]:
    declared = "".join(
        f' xmlns{f":{p}" if p else ""}="{uri}"' for p, uri in NAMESPACES[fmt].items()
    )
    return f'<?xml version="1.0" encoding="UTF-8"?><r{declared}>'.encode(), b"</r>"


_WRAPS = {fmt: _wrap(fmt) for fmt in NAMESPACES}


def entry_problem(site: Site, fmt: Format, body: bytes, post: Post) -> str | None:
    """Why this entry, alone, does not say what the post says; None when it does."""
    if fmt is Format.JSON:
        return json_item_problem(site, orjson.loads(body), post)
    before, after = _WRAPS[fmt]
    try:
        root = etree.fromstring(before + body + after, PARSER)
    except etree.XMLSyntaxError as error:
        return f"is not well-formed: {error}"
    if len(root) != 1:
        return f"is {len(root)} elements instead of one"
    if root.text or root[0].tail:
        return "is not one element alone"
    if post.withdrawn_at is not None:
        return differing(_tombstone_facts(root[0]), _meant_tombstone(post, post.withdrawn_at))
    if fmt is Format.RSS:
        return differing(_rss_facts(root[0]), _meant_rss(site, post))
    return differing(_atom_facts(root[0]), _meant_atom(site, post))


def json_item_problem(site: Site, item: dict[str, Any], post: Post) -> str | None:
    """Why this item of a JSON feed does not say what the post says; None when it does."""
    gone_at = post.withdrawn_at
    meant = _meant_json(site, post) if gone_at is None else _meant_json_tombstone(post, gone_at)
    found = {
        name: _json_instant(item.get(name)) if name.startswith("date_") else item.get(name)
        for name in meant
    }
    return differing(found, meant)


def differing(found: Facts, meant: Facts) -> str | None:
    """What of `meant` reads back as something else, in words; None when nothing does."""
    for name, value in meant.items():
        if found.get(name) != value:
            return f"{name} reads back as {_shown(found.get(name))} instead of {_shown(value)}"
    return None


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


# --- what is found ----------------------------------------------------------------------------


def _texts(element: etree._Element) -> dict[str, str]:
    return {str(child.tag): child.text or "" for child in element}


def _rss_facts(item: etree._Element) -> Facts:
    texts = _texts(item)
    updated = texts.get(f"{ATOM}updated")
    return {
        "kind": item.tag,
        "id": texts.get("guid"),
        "title": texts.get("title"),
        "link": texts.get("link"),
        "published": texts.get("pubDate"),
        "updated": datetime.fromisoformat(updated) if updated else None,
        "author": texts.get(f"{_DC}creator"),
        "summary": texts.get("description"),
        "content": texts.get(f"{_CONTENT}encoded"),
        "categories": [(c.get("domain"), c.text) for c in item if c.tag == "category"],
        "enclosures": [
            (e.get("url"), e.get("type"), e.get("length")) for e in item if e.tag == "enclosure"
        ],
    }


def _atom_facts(entry: etree._Element) -> Facts:
    texts, links = (
        _texts(entry),
        [(link.get("rel"), link) for link in entry if link.tag == f"{ATOM}link"],
    )
    return {
        "kind": entry.tag,
        "id": texts.get(f"{ATOM}id"),
        "title": texts.get(f"{ATOM}title"),
        "link": [link.get("href") for rel, link in links if rel == "alternate"],
        "archive": [link.get("href") for rel, link in links if rel == "related"],
        "published": datetime.fromisoformat(texts.get(f"{ATOM}published", "")),
        "updated": datetime.fromisoformat(texts.get(f"{ATOM}updated", "")),
        "author": entry.findtext(f"{ATOM}author/{ATOM}name"),
        "summary": texts.get(f"{ATOM}summary"),
        "content": texts.get(f"{ATOM}content"),
        "types": {element.tag: element.get("type") for element in entry if element.tag in _TYPED},
        "categories": [
            (c.get("scheme"), c.get("term"), c.get("label"))
            for c in entry
            if c.tag == f"{ATOM}category"
        ],
        "enclosures": [
            (e.get("href"), e.get("type"), e.get("length"))
            for rel, e in links
            if rel == "enclosure"
        ],
    }


def _tombstone_facts(element: etree._Element) -> Facts:
    return {
        "kind": element.tag,
        "id": element.get("ref"),
        "when": datetime.fromisoformat(element.get("when") or ""),
    }


def _json_instant(text: object) -> datetime | None:
    return datetime.fromisoformat(text).astimezone(UTC) if isinstance(text, str) else None


# --- what is meant ----------------------------------------------------------------------------


def _meant_rss(site: Site, post: Post) -> Facts:
    has_moved = post.updated_at != post.published_at
    return {
        "kind": "item",
        "id": entry_id(post),
        "title": written_title_of(post),
        "link": uri(post.url) or site.post_url(post),
        "published": format_datetime(whole_seconds(post.published_at)),
        "updated": whole_seconds(post.updated_at) if has_moved else None,
        "author": author_of(post),
        "summary": escape(entry_summary(post), quote=False),
        "content": body_html(post),
        "categories": [(site.category_scheme, site.labels.get(c, c)) for c in post.categories],
        "enclosures": [(*_file(a), str(a.bytes or 0)) for a in shown_attachments(post)[:1]],
    }


def _meant_atom(site: Site, post: Post) -> Facts:
    summary = entry_summary(post)
    return {
        "kind": f"{ATOM}entry",
        "id": entry_id(post),
        "title": written_title_of(post),
        "link": [uri(post.url) or site.post_url(post)],
        "archive": [site.post_url(post)],
        "published": whole_seconds(post.published_at),
        "updated": whole_seconds(post.updated_at),
        "author": author_of(post),
        "summary": escape(summary, quote=False) if _type(summary) else summary,
        "content": body_html(post),
        "types": dict(zip(_TYPED, (_type(entry_title(post)), _type(summary), "html"), strict=True)),
        "categories": [(site.category_scheme, c, site.labels.get(c, c)) for c in post.categories],
        "enclosures": [
            (*_file(a), None if a.bytes is None else str(a.bytes)) for a in shown_attachments(post)
        ],
    }


def _meant_tombstone(post: Post, withdrawn_at: datetime) -> Facts:
    return {
        "kind": f"{_AT}deleted-entry",
        "id": entry_id(post),
        "when": whole_seconds(withdrawn_at),
    }


def _meant_json(site: Site, post: Post) -> Facts:
    return {
        "id": entry_id(post),
        "title": entry_title(post),
        "date_published": whole_seconds(post.published_at),
        "date_modified": whole_seconds(post.updated_at),
        "url": uri(post.url) or site.post_url(post),
        "summary": entry_summary(post),
        "content_html": body_html(post),
        "tags": [site.labels.get(category, category) for category in post.categories],
        "authors": [{"name": author_of(post)}],
        "attachments": [_json_file(attachment) for attachment in shown_attachments(post)] or None,
    }


def _meant_json_tombstone(post: Post, withdrawn_at: datetime) -> Facts:
    said = whole_seconds(withdrawn_at).isoformat().replace("+00:00", "Z")
    return {
        "id": entry_id(post),
        "title": entry_title(post),
        "date_published": whole_seconds(post.published_at),
        "_loa": {"expired": True, "withdrawn_at": said},
    }


def _type(text: str) -> str | None:
    return "html" if has_markup(text) else None


def _file(attachment: AttachmentLink) -> tuple[str, str]:
    return uri(attachment.url), xml_text(attachment.media_type) or "application/octet-stream"


def _json_file(attachment: AttachmentLink) -> dict[str, object]:
    url, media_type = _file(attachment)
    file: dict[str, object] = {"url": url, "mime_type": media_type}
    if attachment.name:
        file["title"] = xml_text(attachment.name)
    if attachment.bytes is not None:
        file["size_in_bytes"] = attachment.bytes
    return file
