"""When an article says that it was published: by its head, between its title and its body, by a
mark in its block.

Refuses the dates of other posts: of lists, of links, of what stands outside the block that holds
title and body.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from selectolax.lexbor import LexborNode

from service.instants import Source, Witness
from service.portals.dates import (
    MARKED_DATES,
    WrittenDate,
    dates_among,
    dates_in_row,
    dates_of_mark,
    exact,
    published,
)
from service.portals.dom import Tree, ancestors, pieces
from service.portals.head_dates import dates_of_head
from service.text import clean

LONG_FROM_NOW = datetime(2101, 1, 1, tzinfo=UTC)
"""Where nobody knows when a page was fetched, no date of it is too far in the future."""
_BEFORE, _AFTER = 4, 40  # pieces of text around the title among which its date is looked for
_PAGE = frozenset({"body", "form", "html", "main"})
_IN_LIST = frozenset({"li", "a", "option"})


def witnesses_of(
    tree: Tree, heading: LexborNode | None, body: LexborNode | None, named: LexborNode | None
) -> tuple[Witness, ...]:
    """All that a page says of its date. `named`: the element that the operator's selector names; it
    alone counts."""
    if named is not None:
        told = dates_of_mark(named, tree.now)
        if published(told) is not None:
            return tuple(one.by(Source.ARTICLE) for one in told)
    by_head = [one.by(Source.HEAD) for one in dates_of_head(tree)]
    shown = _near(tree, heading, body)
    if not shown:
        shown += _marked(tree, heading, body)
    return tuple(dict.fromkeys([*(one.by(Source.ARTICLE) for one in shown), *by_head]))


def _near(tree: Tree, heading: LexborNode | None, body: LexborNode | None) -> list[WrittenDate]:
    """The labels between title and body; else beside them, never one of a list."""
    if heading is None:
        return dates_in_row(body, now=tree.now) if body else []
    told = list(dates_among(_pieces_after(heading, body), tree.now, is_one_place=True))
    if not told:
        told += dates_among(list(_pieces_before(heading))[-_BEFORE:], tree.now)
    first = published(told)
    kept = [one for one in told if one.is_update or one == first]
    marks = _marks(heading, body) if first is not None else []
    return [exact(one, marks, tree.now) if one == first else one for one in kept]


def _marked(tree: Tree, heading: LexborNode | None, body: LexborNode | None) -> list[WrittenDate]:
    """The dates of elements marked as one, in the smallest block that holds both title and body."""
    for mark in _marks(heading, body):
        told = dates_of_mark(mark, tree.now)
        if published(told) is not None:
            return told
    return []


def _marks(heading: LexborNode | None, body: LexborNode | None) -> list[LexborNode]:
    """The elements marked as dates; none of a quotation, such as a post of a social network that is
    shown in the text."""
    if heading is None or body is None:
        return []
    above = {node.mem_id for node in ancestors(body)}
    common = next((node for node in ancestors(heading) if node.mem_id in above), None)
    marks = [] if common is None or common.tag in _PAGE else common.css(MARKED_DATES)
    return [mark for mark in marks if not any(one.tag == "blockquote" for one in ancestors(mark))]


def _pieces_after(heading: LexborNode, body: LexborNode | None) -> Iterator[str]:
    count = 0
    above = {one.mem_id for one in ancestors(body)} if body is not None else set[int]()
    for node in _following(heading):
        if body is not None and node.mem_id == body.mem_id:
            return
        if node.tag in _IN_LIST and not node.css_first("time, .pub-time, .date"):
            continue
        holds_body = body is not None and node.mem_id in above
        for piece in _until(node, body, above) if body and holds_body else pieces(node):
            text = clean(piece)
            if text:
                count += 1
                yield text
            if count >= _AFTER:
                return
        if holds_body:
            return


def _until(node: LexborNode, body: LexborNode, above: set[int]) -> Iterator[str]:
    """What stands below a node before the body. `above`: what holds the body."""
    child = node.first_child
    while child is not None and child.mem_id != body.mem_id:
        if child.mem_id in above:
            child = child.first_child
        else:
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
    """What stands before the title in its block, and before that block where nothing does: a day
    above its posts."""
    node, parent = heading, heading.parent
    if parent is not None and parent.tag not in _PAGE and _is_first(heading):
        node, parent = parent, parent.parent
    child = parent.first_child if parent is not None else None
    while child is not None and child.mem_id != node.mem_id:
        for piece in pieces(child):
            if text := clean(piece):
                yield text
        child = child.next


def _is_first(node: LexborNode) -> bool:
    before = node.prev
    while before is not None and before.is_text_node and not (before.text_content or "").strip():
        before = before.prev
    return before is None
