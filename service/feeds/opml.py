"""OPML 2.0 (http://opml.org/spec2.opml): the list of all feeds, for a reader to take in one go."""

from __future__ import annotations

from collections.abc import Iterable

from lxml import etree

from service.feeds.markup import Site, xml_text
from service.feeds.model import FeedSpec, Format

GROUPS = (("Chung", "all"), ("Cổng thông tin", "portal"), ("Xã, phường", "place"))


def render_opml(site: Site, specs: Iterable[FeedSpec]) -> bytes:
    """Every feed once, as Atom, in groups. Says no date: the list changes only with the
    configuration."""
    by_group: dict[str, list[FeedSpec]] = {}
    for spec in specs:
        by_group.setdefault(group_of(spec), []).append(spec)
    root = etree.Element("opml", version="2.0")
    head = etree.SubElement(root, "head")
    etree.SubElement(head, "title").text = xml_text(site.title)
    etree.SubElement(head, "ownerId").text = f"{site.root}/"
    body = etree.SubElement(root, "body")
    for text, group in GROUPS:
        if group in by_group:
            outline = etree.SubElement(body, "outline", text=text)
            for spec in by_group[group]:
                _add(site, outline, spec)
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)


def group_of(spec: FeedSpec) -> str:
    if spec.place is not None:
        return "place"
    return "all" if spec.portal is None else "portal"


def _add(site: Site, parent: etree._Element, spec: FeedSpec) -> None:
    title = xml_text(spec.title)
    etree.SubElement(
        parent,
        "outline",
        type="rss",
        text=title,
        title=title,
        description=xml_text(spec.description),
        xmlUrl=f"{site.root}/feeds/{spec.name}.{Format.ATOM}",
        htmlUrl=f"{site.root}/feeds/",
        language=site.language,
    )
