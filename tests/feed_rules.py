"""The rules of the W3C feed validator, the RSS Best Practices Profile and JSON Feed 1.1 that our
feeds could break, restated: the validator itself is in no registry."""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import orjson
from lxml import etree

ATOM = "{http://www.w3.org/2005/Atom}"
DC = "{http://purl.org/dc/elements/1.1/}"
MIME = re.compile(r"[\w.+-]+/[\w.+-]+")
RFC822 = re.compile(
    r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d \+0000"
)
RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|\+00:00)")
CLOSING_TAG = re.compile(r"</\w+>")


def findings(extension: str, body: bytes, self_url: str) -> list[str]:
    """Everything that is wrong with a feed; empty when nothing is."""
    judge = {"rss": rss_findings, "atom": atom_findings, "json": json_findings}[extension]
    found = judge(body, self_url)
    if re.search(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]|\xc2[\x80-\x9f]", body):
        found.append("holds control characters")
    return found


def _is_uri(url: str | None) -> bool:
    return (
        bool(url) and url.isascii() and not re.search(r"[\s<>\"{}|\\^`]|%(?![0-9A-Fa-f]{2})", url)
    )  # type: ignore[union-attr]


def _require(found: list[str], is_right: object, what: str) -> None:
    if not is_right:
        found.append(what)


def rss_findings(body: bytes, self_url: str) -> list[str]:
    root = etree.fromstring(body)
    found: list[str] = []
    (channel,) = root
    _require(found, root.get("version") == "2.0" and not root.tag.startswith("{"), "is no RSS 2.0")
    counts = Counter(str(child.tag) for child in channel)
    for name in (
        "title",
        "link",
        "description",
        "language",
        "lastBuildDate",
        "ttl",
        "generator",
        "docs",
    ):
        _require(found, counts[name] == 1, f"channel has {counts[name]} {name}")
    selfs = [link for link in channel.iterfind(f"{ATOM}link") if link.get("rel") == "self"]
    _require(found, [link.get("href") for link in selfs] == [self_url], "self link")
    _require(found, RFC822.fullmatch(channel.findtext("lastBuildDate") or ""), "lastBuildDate")
    tags = [str(child.tag) for child in channel]
    _require(
        found,
        "item" not in tags or set(tags[tags.index("item") :]) == {"item"},
        "items are not last",
    )
    guids = [item.findtext("guid") for item in channel.iterfind("item")]
    _require(found, len(set(guids)) == len(guids), "guids repeat")
    for item in channel.iterfind("item"):
        found += [f"{item.findtext('guid')}: {wrong}" for wrong in _item_findings(item)]
    return found


def _item_findings(item: etree._Element) -> list[str]:
    found: list[str] = []
    counts = Counter(str(child.tag) for child in item)
    for name in ("title", "link", "guid", "pubDate", f"{DC}creator", "description"):
        _require(found, counts[name] == 1, f"{counts[name]} {name}")
    _require(found, counts["enclosure"] <= 1, "several enclosures")
    _require(found, counts["author"] == 0, "an author without an address")
    _require(found, item.find("guid").get("isPermaLink") == "false", "guid is taken for a link")
    _require(found, _is_uri(item.findtext("link")), "link is no URI")
    _require(found, RFC822.fullmatch(item.findtext("pubDate") or ""), "pubDate")
    _require(found, (item.findtext("title") or "").strip(), "blank title")
    _require(found, not CLOSING_TAG.search(item.findtext("title") or ""), "HTML in the title")
    parsedate_to_datetime(item.findtext("pubDate") or "")
    for enclosure in item.iterfind("enclosure"):
        _require(
            found,
            set(enclosure.attrib) == {"url", "length", "type"},
            "enclosure lacks an attribute",
        )
        _require(found, _is_uri(enclosure.get("url")), "enclosure is no URI")
        _require(found, (enclosure.get("length") or "").isdigit(), "length is no number")
        _require(found, MIME.fullmatch(enclosure.get("type") or ""), "type is no MIME type")
    for category in item.iterfind("category"):
        _require(found, (category.text or "").strip(), "blank category")
    return found


def atom_findings(body: bytes, self_url: str) -> list[str]:
    root = etree.fromstring(body)
    found: list[str] = []
    counts = Counter(str(child.tag) for child in root)
    _require(found, root.tag == f"{ATOM}feed", "is no Atom")
    for name in ("id", "title", "updated", "author", "generator"):
        _require(found, counts[f"{ATOM}{name}"] == 1, f"feed has {counts[f'{ATOM}{name}']} {name}")
    selfs = [link.get("href") for link in root.iterfind(f"{ATOM}link") if link.get("rel") == "self"]
    _require(found, selfs == [self_url], "self link")
    _require(found, root.get("{http://www.w3.org/XML/1998/namespace}lang"), "no language")
    ids = [entry.findtext(f"{ATOM}id") for entry in root.iterfind(f"{ATOM}entry")]
    _require(found, len(set(ids)) == len(ids), "ids repeat")
    for entry in root.iterfind(f"{ATOM}entry"):
        found += [f"{entry.findtext(f'{ATOM}id')}: {wrong}" for wrong in _entry_findings(entry)]
    return found


def _entry_findings(entry: etree._Element) -> list[str]:
    found: list[str] = []
    counts = Counter(str(child.tag) for child in entry)
    for name in ("id", "title", "updated", "published", "author", "summary", "content"):
        _require(found, counts[f"{ATOM}{name}"] == 1, f"{counts[f'{ATOM}{name}']} {name}")
    for name in ("updated", "published"):
        _require(found, RFC3339.fullmatch(entry.findtext(f"{ATOM}{name}") or ""), name)
    title = entry.find(f"{ATOM}title")
    assert title is not None
    _require(found, (title.text or "").strip(), "blank title")
    _require(
        found,
        title.get("type") == "html" or not CLOSING_TAG.search(title.text or ""),
        "undeclared HTML",
    )
    links = list(entry.iterfind(f"{ATOM}link"))
    _require(
        found, sum(link.get("rel") == "alternate" for link in links) == 1, "not one alternate link"
    )
    _require(
        found,
        len({(link.get("rel"), link.get("href")) for link in links}) == len(links),
        "links repeat",
    )
    for link in links:
        _require(found, _is_uri(link.get("href")), "link is no URI")
        _require(found, (link.get("length") or "0").isdigit(), "length is no number")
        _require(found, MIME.fullmatch(link.get("type") or ""), "type is no MIME type")
    for category in entry.iterfind(f"{ATOM}category"):
        _require(
            found, category.get("term") and category.get("label"), "category lacks term or label"
        )
        _require(found, _is_uri(category.get("scheme")), "scheme is no URI")
    return found


def json_findings(body: bytes, self_url: str) -> list[str]:
    feed: dict[str, Any] = orjson.loads(body)
    found: list[str] = []
    _require(found, feed.get("version") == "https://jsonfeed.org/version/1.1", "version")
    _require(found, isinstance(feed.get("title"), str) and feed["title"], "title")
    _require(found, feed.get("feed_url") == self_url, "feed_url")
    _require(
        found,
        set(feed)
        <= {
            "version",
            "title",
            "home_page_url",
            "icon",
            "favicon",
            "hubs",
            "feed_url",
            "description",
            "next_url",
            "language",
            "authors",
            "items",
            "_loa",
        },
        "unknown keys",
    )
    ids = [item["id"] for item in feed["items"]]
    _require(found, len(set(ids)) == len(ids), "ids repeat")
    for item in feed["items"]:
        _require(found, isinstance(item["id"], str) and item["id"], "an item without an id")
        _require(
            found, "content_html" in item or "content_text" in item, f"{item['id']}: no content"
        )
        _require(
            found, urlsplit(item.get("url", "")).scheme in ("http", "https"), f"{item['id']}: url"
        )
        for name in ("date_published", "date_modified"):
            if name in item:
                _require(found, RFC3339.fullmatch(item[name]), f"{item['id']}: {name}")
                datetime.fromisoformat(item[name])
        for attachment in item.get("attachments", []):
            _require(found, _is_uri(attachment.get("url")), f"{item['id']}: attachment is no URI")
            _require(
                found, MIME.fullmatch(attachment.get("mime_type", "")), f"{item['id']}: mime_type"
            )
            _require(
                found,
                isinstance(attachment.get("size_in_bytes", 0), int),
                f"{item['id']}: size_in_bytes",
            )
    return found


def opml_findings(body: bytes) -> list[str]:
    """What OPML 2.0 (http://opml.org/spec2.opml) asks of a list of subscriptions."""
    root = etree.fromstring(body)
    found: list[str] = []
    _require(found, root.tag == "opml" and root.get("version") == "2.0", "is no OPML 2.0")
    _require(found, [child.tag for child in root] == ["head", "body"], "is not a head and a body")
    head, outlines = root[0], list(root.iter("outline"))
    known = {
        "title",
        "dateCreated",
        "dateModified",
        "ownerName",
        "ownerEmail",
        "ownerId",
        "docs",
        "expansionState",
        "vertScrollState",
        "windowTop",
        "windowLeft",
        "windowBottom",
        "windowRight",
    }
    _require(
        found,
        {child.tag for child in head} <= known,
        "the head holds what the format does not know",
    )
    _require(found, (head.findtext("title") or "").strip(), "no title")
    _require(found, _is_uri(head.findtext("ownerId") or "x:"), "ownerId is no address")
    for name in ("dateCreated", "dateModified"):
        _require(
            found, RFC822.fullmatch(head.findtext(name) or "Sun, 01 Jan 2000 00:00:00 +0000"), name
        )
    _require(found, outlines and len(root[1]) > 0, "no outline")
    for outline in outlines:
        text = outline.get("text") or ""
        _require(
            found, text.strip() and not CLOSING_TAG.search(text), f"text of an outline: {text!r}"
        )
        if outline.get("type") is None:
            _require(found, len(outline) > 0, f"an empty group: {text!r}")
            continue
        _require(found, outline.get("type") == "rss", f"type of {text!r}")
        _require(found, _is_uri(outline.get("xmlUrl")), f"xmlUrl of {text!r}")
        _require(found, _is_uri(outline.get("htmlUrl") or "x:"), f"htmlUrl of {text!r}")
        _require(
            found,
            outline.get("version") in (None, "RSS1", "RSS", "scriptingNews"),
            f"version of {text!r}",
        )
    return found
