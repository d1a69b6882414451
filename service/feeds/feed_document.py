"""Judges a whole feed before it replaces the last good one.

Owns the comparison of the bytes that would be sent with what was meant: every byte is either parsed
here, or is the same as an entry that was parsed alone below the same namespaces (see `check`), in
its place. Elements that are well-formed one by one are so in a row, so a feed of any length costs
the parsing of what stands around its entries.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from email.utils import format_datetime

import orjson
from lxml import etree

from service.feeds.json_feed import VERSION
from service.feeds.markup import ICON, ICON_PX, LARGE_ICON, Site, feed_id, feed_title, xml_text
from service.feeds.model import Entry, Feed, Format
from service.feeds.self_check import ATOM, NAMESPACES, PARSER, Facts, differing

_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
DOCUMENTED_AT = "https://www.rssboard.org/rss-specification"
_DECLARATION = b"<?xml version='1.0' encoding='UTF-8'?>\n"
_FIRST = {
    Format.RSS: re.compile(rb"(?=<item>|</channel>)"),
    Format.ATOM: re.compile(rb"(?=<entry>|<at:deleted-entry |</feed>)"),
    Format.JSON: re.compile(rb'(?<="items":\[)'),
}
"""Where the entries of a feed begin: nothing of the kind can stand in a text, which is escaped in
every format."""

BETWEEN = {Format.RSS: b"", Format.ATOM: b"", Format.JSON: b","}
"""What separates one entry from the next."""

_END = {Format.RSS: b"</channel></rss>", Format.ATOM: b"</feed>", Format.JSON: b"]}"}


def document_problem(
    site: Site, feed: Feed, fmt: Format, body: bytes, entries: Sequence[Entry], updated_at: datetime
) -> str | None:
    """Why these bytes are not this feed of exactly these entries; None when they are. Entries
    without a body are not shown in the format."""
    if len({entry.post_id for entry in entries}) != len(entries):
        return "holds a post twice"
    first = _FIRST[fmt].search(body)
    if first is None:
        return "has no place for its entries"
    end = _end_of_entries(
        body, first.end(), BETWEEN[fmt], [entry.body for entry in entries if entry.body]
    )
    if end is None or body[end:] != _END[fmt]:
        return f"does not hold its {len(entries)} entries, each whole and in order, and then end"
    frame = body[: first.end()] + _END[fmt]
    if fmt is Format.JSON:
        return _json_problem(frame, _meant_json(site, feed))
    return _xml_problem(fmt, frame, _meant_xml(site, feed, fmt, updated_at))


def _end_of_entries(body: bytes, start: int, between: bytes, meant: Sequence[bytes]) -> int | None:
    """Where the entries end; None where they do not stand there as they are meant."""
    end = start
    for number, entry in enumerate(meant):
        if number and between:
            if not body.startswith(between, end):
                return None
            end += len(between)
        if not body.startswith(entry, end):
            return None
        end += len(entry)
    return end


def _json_problem(frame: bytes, meant: Facts) -> str | None:
    try:
        head = orjson.loads(frame)
    except orjson.JSONDecodeError as error:
        return f"is not well-formed: {error}"
    return differing(head | {"keys": sorted(head)}, meant | {"keys": sorted(meant)})


def _meant_json(site: Site, feed: Feed) -> Facts:
    def address(before: str | None) -> str:
        return feed.address(site.root, Format.JSON, before)

    return {
        "version": VERSION,
        "title": xml_text(feed_title(site, feed)),
        "description": xml_text(feed.spec.description),
        "home_page_url": f"{site.root}/",
        "feed_url": address(feed.before),
        "icon": f"{site.root}/{LARGE_ICON}",
        "favicon": f"{site.root}/{ICON}",
        "language": site.language,
        "authors": [{"name": xml_text(site.title), "url": f"{site.root}/"}],
        "_loa": {"about": f"{site.root}/feeds/", "id": feed_id(feed.key)},
        "items": [],
        **({} if feed.previous is None else {"next_url": address(feed.previous)}),
        **({"hubs": [{"type": "WebSub", "url": hub}]} if (hub := site.hub_of(feed)) else {}),
    }


def _xml_problem(fmt: Format, frame: bytes, meant: Facts) -> str | None:
    if not frame.startswith(_DECLARATION):
        return "does not begin as XML in UTF-8"
    try:
        root = etree.fromstring(frame, PARSER)
    except etree.XMLSyntaxError as error:
        return f"is not well-formed: {error}"
    parent = root[0] if fmt is Format.RSS else root
    stray = [root.text, parent.text, *(element.tail for element in root.iter())]
    found: Facts = {
        "root": (str(root.tag), dict(root.attrib)),
        "namespaces": root.nsmap,
        "text around": "".join(text for text in stray if text),
        "size": (len(root), len(parent)),
        **{_name_of(child): (_text_of(child), dict(child.attrib)) for child in parent},
    }
    return differing(found, meant)


def _text_of(element: etree._Element) -> str:
    return "".join(str(text) for text in element.itertext()) if len(element) else element.text or ""


def _name_of(element: etree._Element) -> str:
    name, rel = str(element.tag).rpartition("}")[2], element.get("rel")
    return name if rel is None else f"{name} {rel}"


def _meant_xml(site: Site, feed: Feed, fmt: Format, updated_at: datetime) -> Facts:
    links = {"self": feed.address(site.root, fmt, feed.before), **feed.links(site.root, fmt)}
    facts: Facts = {
        "title": (xml_text(feed_title(site, feed)), {}),
        "generator": ("Loa", {}),
        **{
            f"link {rel}": ("", {"rel": rel, "href": href, "type": fmt.media_type})
            for rel, href in links.items()
        },
    }
    if hub := site.hub_of(feed):
        facts["link hub"] = "", {"rel": "hub", "href": hub}
    if feed.is_marked:
        facts["archive"] = "", {}
    facts |= (
        _meant_rss(site, feed, updated_at)
        if fmt is Format.RSS
        else _meant_atom(site, feed, updated_at)
    )
    root = (
        ("rss", {"version": "2.0"})
        if fmt is Format.RSS
        else (f"{ATOM}feed", {_LANG: site.language})
    )
    size = (1 if fmt is Format.RSS else len(facts), len(facts))
    return {"root": root, "namespaces": NAMESPACES[fmt], "text around": "", **facts, "size": size}


def _meant_rss(site: Site, feed: Feed, updated_at: datetime) -> Facts:
    return {
        "link": (f"{site.root}/", {}),
        "description": (xml_text(feed.spec.description), {}),
        "docs": (DOCUMENTED_AT, {}),
        "language": (site.language, {}),
        "lastBuildDate": (format_datetime(updated_at), {}),
        "ttl": (str(site.ttl_min), {}),
        "image": (
            f"{site.root}/{ICON}{xml_text(feed_title(site, feed))}{site.root}/{ICON_PX}{ICON_PX}",
            {},
        ),
    }


def _meant_atom(site: Site, feed: Feed, updated_at: datetime) -> Facts:
    return {
        "id": (feed_id(feed.key), {}),
        "icon": (f"{site.root}/{ICON}", {}),
        "updated": (updated_at.isoformat(), {}),
        "author": (xml_text(site.title), {}),
        "subtitle": (xml_text(feed.spec.description), {}),
        "link alternate": ("", {"rel": "alternate", "href": f"{site.root}/", "type": "text/html"}),
    }
