"""An article page: its title, its date, its body made harmless, its files.

Configured selectors first, then the marks that pages of this field carry, then detection. Refuses a page on
which none of them finds a title.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from selectolax.lexbor import LexborNode

from service.errors import UnreadableError
from service.portals.dates import MARKED_DATES, find_in_label, moment_among, moment_in, moment_of_mark
from service.portals.dom import Tree, ancestors, attribute, first, pieces, select, text_of
from service.portals.files import find_attachments
from service.portals.heading import find_heading
from service.portals.prose import find_body, find_lead, take_out_foreign
from service.portals.sanitise import harmless
from service.settings import ArticleSelectors
from service.text import clean, parse_moment, split_trailing_moment
from service.types import Article, Moment, Outcome

_MAX_TITLE = 2_000
_DATES = (
    'meta[property="article:published_time"], meta[itemprop="datePublished"], meta[name="pubdate"],'
    ' meta[name="dc.date.issued"], [itemprop="datePublished"]'
)
_LINKED_DATA = re.compile(r'"datePublished"\s*:\s*"([^"]{8,40})"')
_BEFORE, _AFTER = 4, 40  # pieces of text around the title among which its date is looked for
_PAGE = frozenset({"body", "form", "html", "main"})
_IN_LIST = frozenset({"li", "a", "option"})


def read_article_tree(tree: Tree, selectors: ArticleSelectors | None = None) -> Article:
    """Everything an article page says. Raises UnreadableError where it has no title or no content at all."""
    chosen = selectors or ArticleSelectors()
    body = first(tree.root, chosen.body) or find_body(tree.root)
    heading, said = _title(tree, chosen, body)
    title, glued = split_trailing_moment(said)
    if not title:
        raise UnreadableError(f"cannot read article {tree.url!r}: it has no title", Outcome.NOT_A_LISTING)
    marked = first(tree.root, chosen.date)
    moment = find_in_label(clean(text_of(marked))) if marked else None
    moment = moment or glued or _meta_moment(tree) or _moment_near(heading, body) or _moment_marked(heading, body)
    scopes = select(tree.root, chosen.attachments) if chosen.attachments else _scopes(heading, body)
    attachments = find_attachments([_as_scope(scope) for scope in scopes], tree.base_url)
    html, text = harmless(_source(body, is_detected=chosen.body is None), tree.base_url) if body else ("", "")
    return Article(tree.url, title[:_MAX_TITLE], moment, html, text, attachments)


def _title(tree: Tree, chosen: ArticleSelectors, body: LexborNode | None) -> tuple[LexborNode | None, str]:
    named = first(tree.root, chosen.title)
    if named is not None:
        return named, clean(text_of(named))
    found = find_heading(tree, body)
    return found.node, found.text


def _source(body: LexborNode, *, is_detected: bool) -> str:
    """The body's HTML. Where nobody named the body: with the lead before it, without what is not the article's."""
    if not is_detected:
        return body.html or ""
    lead = find_lead(body)
    take_out_foreign(body)
    html = body.html or ""
    return (lead.html or "") + html if lead else html


def _as_scope(node: LexborNode) -> LexborNode:
    """A selector may name the links themselves: then what holds them."""
    return node.parent if node.tag == "a" and node.parent is not None else node


def _meta_moment(tree: Tree) -> Moment | None:
    for node in tree.root.css(_DATES):
        stamp = attribute(node, "content") or attribute(node, "datetime") or clean(text_of(node))
        moment = parse_moment(stamp.strip())
        if moment is not None:
            return moment
    for script in tree.root.css('script[type="application/ld+json"]'):
        told = _LINKED_DATA.search(script.text_content or script.text(deep=True) or "")
        moment = parse_moment(told[1].strip()) if told else None
        if moment is not None:
            return moment
    return None


def _moment_near(heading: LexborNode | None, body: LexborNode | None) -> Moment | None:
    """The date label between title and body; else beside them, never one of a list."""
    if heading is None:
        return moment_in(body) if body else None
    after = moment_among(_pieces_after(heading, body))
    if after is not None:
        return after
    return moment_among(list(_pieces_before(heading))[-_BEFORE:])


def _moment_marked(heading: LexborNode | None, body: LexborNode | None) -> Moment | None:
    """The date of an element marked as one, in the smallest block that holds both title and body."""
    if heading is None or body is None:
        return None
    above = {node.mem_id for node in ancestors(body)}
    common = next((node for node in ancestors(heading) if node.mem_id in above), None)
    if common is None or common.tag in _PAGE:
        return None
    return next((moment for mark in common.css(MARKED_DATES) if (moment := moment_of_mark(mark))), None)


def _pieces_after(heading: LexborNode, body: LexborNode | None) -> Iterator[str]:
    count = 0
    for node in _following(heading):
        if body is not None and node.mem_id == body.mem_id:
            return
        if node.tag in _IN_LIST and not node.css_first("time, .pub-time, .date"):
            continue
        if body is not None and any(one.mem_id == node.mem_id for one in ancestors(body)):
            inside = _until(node, body)
        else:
            inside = pieces(node)
        for piece in inside:
            text = clean(piece)
            if text:
                count += 1
                yield text
            if count >= _AFTER:
                return


def _until(node: LexborNode, body: LexborNode) -> Iterator[str]:
    child = node.first_child
    while child is not None:
        if child.mem_id == body.mem_id:
            return
        if any(one.mem_id == child.mem_id for one in ancestors(body)):
            yield from _until(child, body)
            return
        yield from pieces(child)
        child = child.next


def _following(node: LexborNode) -> Iterator[LexborNode]:
    """What follows a node, outwards, within the block that is the article's."""
    current: LexborNode | None = node
    while current is not None and current.tag not in ("body", "html"):
        sibling = current.next
        while sibling is not None:
            yield sibling
            sibling = sibling.next
        current = current.parent


def _pieces_before(heading: LexborNode) -> Iterator[str]:
    parent = heading.parent
    child = parent.first_child if parent is not None else None
    while child is not None and child.mem_id != heading.mem_id:
        for piece in pieces(child):
            if text := clean(piece):
                yield text
        child = child.next


def _scopes(heading: LexborNode | None, body: LexborNode | None) -> list[LexborNode]:
    """Where an article's files are: its body, and the block that holds both title and body where there is one."""
    if body is None:
        return []
    above = {node.mem_id for node in ancestors(heading)} if heading else set()
    common = next((node for node in ancestors(body) if node.mem_id in above), None)
    if common is not None and common.tag not in _PAGE and common.tag != "body":
        return [body, common]
    parent = body.parent
    return [body, parent] if parent is not None and parent.tag not in _PAGE else [body]
