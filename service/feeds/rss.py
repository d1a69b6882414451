"""RSS 2.0 and Atom 1.0: a post rendered once by feedgen, repaired, and a feed as the join of its
entries.

The only user of feedgen. What feedgen 1.0.0 gets wrong is put right here and nowhere else: it drops
rel, type and length of Atom entry links, takes the last alternate and the last enclosure for RSS,
dates feeds and entries by the clock, writes `length="None"` and dies on a control character.
feedgen sets the process's locale while it writes the head of an RSS feed: call from one thread at a
time.
"""

from __future__ import annotations

import re
from datetime import datetime
from email.utils import format_datetime
from html import escape
from typing import Any

from feedgen.entry import FeedEntry
from feedgen.ext.base import BaseEntryExtension, BaseExtension
from feedgen.ext.dc import DcEntryExtension
from feedgen.feed import FeedGenerator
from lxml import etree

from service.feeds.markup import (
    EMPTY_FEED_UPDATED_AT,
    ICON,
    ICON_PX,
    Site,
    author_of,
    body_html,
    entry_id,
    entry_summary,
    entry_title,
    feed_id,
    has_markup,
    shown_attachments,
    uri,
    whole_seconds,
    written_title_of,
    xml_text,
)
from service.feeds.model import Feed, Format
from service.types import AttachmentLink, Post

ATOM = "http://www.w3.org/2005/Atom"
HISTORY = "http://purl.org/syndication/history/1.0"
TOMBSTONES = "http://purl.org/atompub/tombstones/1.0"
DUBLIN_CORE = "http://purl.org/dc/elements/1.1/"

RSS_PREFIXES = {
    "dc": DUBLIN_CORE,
    "fh": HISTORY,
    "atom": ATOM,
    "content": "http://purl.org/rss/1.0/modules/content/",
}
"""Exactly what the head of an RSS feed declares, so that an entry alone comes out as it does in the
whole."""

ATOM_PREFIXES = {"dc": DUBLIN_CORE, "fh": HISTORY}
HEAD_DATED = EMPTY_FEED_UPDATED_AT
_TEXT = re.compile(rb'<(title|summary|name)(?: type="html")?>[^<]*</\1>')
_DOCUMENTED_AT = "https://www.rssboard.org/rss-specification"


class _ItemDates(BaseEntryExtension):  # type: ignore[misc] # feedgen ships no types
    """The dates of an RSS item: feedgen sets the locale of the whole process to write one, and has
    none for an edit, which is atom:updated."""

    published_at: datetime
    updated_at: datetime | None = None

    def extend_rss(self, entry: Any) -> Any:
        etree.SubElement(entry, "pubDate").text = format_datetime(self.published_at)
        if self.updated_at is not None:
            etree.SubElement(entry, f"{{{ATOM}}}updated").text = self.updated_at.isoformat()
        return entry


class _History(BaseExtension):  # type: ignore[misc] # feedgen ships no types
    """The links and the mark of RFC 5005, and WebSub's hub, which feedgen does not know."""

    relations: dict[str, str]
    media_type = ""
    hub = ""
    is_archive = False

    def extend_ns(self) -> dict[str, str]:
        return {"fh": HISTORY}

    def extend_rss(self, feed: Any) -> Any:
        channel = feed[0]
        for relation, href in self.relations.items():
            etree.SubElement(
                channel, f"{{{ATOM}}}link", rel=relation, href=href, type=self.media_type
            )
        if self.hub:
            etree.SubElement(channel, f"{{{ATOM}}}link", rel="hub", href=self.hub)
        return self._marked(channel, feed)

    def extend_atom(self, feed: Any) -> Any:
        for relation, href in self.relations.items():
            etree.SubElement(feed, "link", rel=relation, href=href, type=self.media_type)
        if self.hub:
            etree.SubElement(feed, "link", rel="hub", href=self.hub)
        return self._marked(feed, feed)

    def _marked(self, parent: Any, feed: Any) -> Any:
        if self.is_archive:
            etree.SubElement(parent, f"{{{HISTORY}}}archive")
        return feed


def build_entry(site: Site, post: Post, fmt: Format) -> FeedEntry:
    """The post as feedgen's own entry, ready for `rss_entry()` or `atom_entry()`."""
    entry = FeedEntry()
    entry.register_extension(
        "dc", DcEntryExtension
    )  # `load_extension` looks for it on the disk each time
    entry.register_extension("loa", _ItemDates, atom=False)
    entry.id(entry_id(post))
    entry.title(written_title_of(post))
    if fmt is Format.RSS:
        entry.loa.published_at = whole_seconds(post.published_at)
    else:
        entry.published(whole_seconds(post.published_at))
    entry.updated(whole_seconds(post.updated_at))
    author = author_of(post)
    entry.author(name=author)
    entry.dc.dc_creator(author)
    if post.updated_at != post.published_at:
        entry.loa.updated_at = whole_seconds(post.updated_at)
    _add_summary(entry, entry_summary(post), fmt)
    entry.content(body_html(post), type="html")
    for category in post.categories:
        entry.category(
            term=category, scheme=site.category_scheme, label=site.labels.get(category, category)
        )
    _add_links(entry, site, post, fmt)
    return entry


def _add_summary(entry: FeedEntry, summary: str, fmt: Format) -> None:
    """Plain text: RSS takes every description for HTML, Atom what says so."""
    if fmt is Format.RSS:
        entry.summary(escape(summary, quote=False))
    elif has_markup(summary):
        entry.summary(escape(summary, quote=False), type="html")
    else:
        entry.summary(summary)


def _add_links(entry: FeedEntry, site: Site, post: Post, fmt: Format) -> None:
    attachments = shown_attachments(post)
    if fmt is Format.RSS:
        attachments = attachments[
            :1
        ]  # RSS Best Practices: one enclosure an item; the body links the others
    entry.link(href=uri(post.url) or site.post_url(post), rel="alternate", type="text/html")
    entry.link(href=site.post_url(post), rel="related", type="text/html")
    for attachment in attachments:
        entry.link(_enclosure(attachment))


def _enclosure(attachment: AttachmentLink) -> dict[str, str]:
    link = {
        "href": uri(attachment.url),
        "rel": "enclosure",
        "type": xml_text(attachment.media_type) or "application/octet-stream",
    }
    if attachment.name:
        link["title"] = xml_text(attachment.name)
    if attachment.bytes is not None:
        link["length"] = str(attachment.bytes)
    return link


def render_rss_entry(site: Site, post: Post) -> bytes:
    if post.withdrawn_at is not None:
        return b""
    return refer_by_number(_alone(build_entry(site, post, Format.RSS).rss_entry(), RSS_PREFIXES))


def refer_by_number(document: bytes) -> bytes:
    """Titles with `&#x26;` and `&#x3C;`: what the RSS Best Practices Profile asks of plain text
    that readers might take for HTML, and what tells the W3C validator that none is meant."""
    return _TEXT.sub(
        lambda t: t[0].replace(b"&lt;", b"&#x3C;").replace(b"&amp;", b"&#x26;"), document
    )


def render_atom_entry(site: Site, post: Post) -> bytes:
    """An entry, or its tombstone (RFC 6721) once the portal has withdrawn the post."""
    if post.withdrawn_at is not None:
        return _tombstone(post, post.withdrawn_at)
    entry = build_entry(site, post, Format.ATOM)
    element = repair_links(entry.atom_entry(), entry)
    if has_markup(entry_title(post)):
        element.find("title").set("type", "html")
    return refer_by_number(_alone(element, ATOM_PREFIXES))


def repair_links(element: Any, entry: FeedEntry) -> Any:
    """Returns an Atom entry's links the attributes that feedgen forgets (its issues 135 and
    143)."""
    for link, meant in zip(element.findall("link"), entry.link(), strict=True):
        for name in ("rel", "type", "title", "length"):
            if meant.get(name):
                link.set(name, meant[name])
    return element


def _tombstone(post: Post, withdrawn_at: datetime) -> bytes:
    element = etree.Element(f"{{{TOMBSTONES}}}deleted-entry", nsmap={"at": TOMBSTONES})
    element.set("ref", entry_id(post))
    element.set("when", whole_seconds(withdrawn_at).isoformat())
    return etree.tostring(element, encoding="UTF-8", xml_declaration=False)


def _alone(element: Any, prefixes: dict[str, str]) -> bytes:
    """An element's bytes as they stand inside a root that declares the prefixes."""
    root = etree.Element("r", nsmap=prefixes)
    root.append(element)
    whole = etree.tostring(root, encoding="UTF-8", xml_declaration=False)
    return whole[whole.index(b">") + 1 : whole.rindex(b"</r>")]


def build_head(site: Site, feed: Feed, title: str, fmt: Format) -> FeedGenerator:
    """The feed as feedgen knows it, without entries."""
    head = FeedGenerator()
    head.load_extension("dc")
    head.register_extension("history", _History)
    head.history.relations = feed.links(site.root, fmt)
    head.history.media_type = fmt.media_type
    head.history.hub = site.hub_of(feed)
    head.history.is_archive = feed.is_marked
    head.id(feed_id(feed.key))
    head.title(xml_text(title))
    head.description(xml_text(feed.spec.description))
    head.author(name=xml_text(site.title))
    head.language(site.language)
    head.generator("Loa")
    head.docs(_DOCUMENTED_AT)
    head.ttl(site.ttl_min)
    head.updated(HEAD_DATED)
    icon = f"{site.root}/{ICON}"
    if fmt is Format.ATOM:
        head.icon(icon)
    else:
        head.image(icon, xml_text(title), f"{site.root}/", str(ICON_PX), str(ICON_PX))
    head.link(href=feed.address(site.root, fmt, feed.before), rel="self", type=fmt.media_type)
    head.link(href=f"{site.root}/", rel="alternate", type="text/html")
    return head


def render_rss_head(site: Site, feed: Feed, title: str) -> tuple[bytes, bytes]:
    """What stands before and after the items, dated HEAD_DATED (see `dated_rss`)."""
    return _cut(refer_by_number(build_head(site, feed, title, Format.RSS).rss_str()), b"</channel>")


def render_atom_head(site: Site, feed: Feed, title: str) -> tuple[bytes, bytes]:
    return _cut(build_head(site, feed, title, Format.ATOM).atom_str(), b"</feed>")


def dated_rss(head: bytes, updated_at: datetime) -> bytes:
    """The head of a feed that last changed at `updated_at`: all that a new post changes of it."""
    return head.replace(_rss_date(HEAD_DATED), _rss_date(updated_at), 1)


def dated_atom(head: bytes, updated_at: datetime) -> bytes:
    return head.replace(_atom_date(HEAD_DATED), _atom_date(updated_at), 1)


def _rss_date(instant: datetime) -> bytes:
    return b"<lastBuildDate>%s</lastBuildDate>" % format_datetime(instant).encode()


def _atom_date(instant: datetime) -> bytes:
    return b"<updated>%s</updated>" % instant.isoformat().encode()


def _cut(document: bytes, end: bytes) -> tuple[bytes, bytes]:
    at = document.rindex(end)
    return document[:at], document[at:]
