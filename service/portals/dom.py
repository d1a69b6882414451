"""A parsed page, and the few questions that every reader asks of its tree.

Refuses to know any portal: selectors and addresses belong to the readers.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import dataclass
from datetime import datetime

from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

from service.errors import ConfigurationError, UnreadableError
from service.portals.attributes import with_few_attributes
from service.portals.charset import decode, is_plain_utf8
from service.portals.nesting import flattened
from service.portals.urls import base_of
from service.types import Outcome, Page
from service.words import coded

_INVISIBLE = frozenset(
    {"script", "style", "noscript", "template", "iframe", "option", "select", "textarea", "svg"}
)

_BREAKS = frozenset(
    {
        "br",
        "hr",
        "p",
        "pre",
        "div",
        "center",
        "section",
        "article",
        "main",
        "aside",
        "nav",
        "blockquote",
    }
)
_BREAKS |= {"h1", "h2", "h3", "h4", "h5", "h6", "header", "footer", "figure", "figcaption"}
_BREAKS |= {"li", "ul", "ol", "dl", "dt", "dd", "table", "tr", "td", "th"}


@dataclass(frozen=True, slots=True)
class Tree:
    """`base_url` is where relative links start from."""

    root: LexborNode
    url: str
    base_url: str
    now: datetime | None = None
    """When the page was fetched."""


def parse_tree(page: Page) -> Tree:
    """The tree of a page. Raises UnreadableError for what has none."""
    root = LexborHTMLParser(_source(page)).root
    if root is None:
        raise UnreadableError(coded("read.no_elements", url=page.url), Outcome.NOT_A_LISTING)
    base = root.css_first("base[href]")
    return Tree(
        root,
        page.url,
        base_of(page.url, attribute(base, "href") if base else None),
        page.fetched_at,
    )


def _source(page: Page) -> str | bytes:
    """The page as the parser takes it: UTF-8 as it came, anything else decoded; nested no deeper
    and with no more attributes than is of use."""
    is_as_it_came = is_plain_utf8(page.body)
    source = page.body.decode("utf-8") if is_as_it_came else decode(page.body, page.content_type)
    flat = flattened(with_few_attributes(source))
    return page.body if is_as_it_came and flat is source else flat


def attribute(node: LexborNode, name: str) -> str:
    """An attribute's value, empty when absent or without value."""
    return node.attrs.get(name, "") or ""


def select(node: LexborNode, selector: str) -> list[LexborNode]:
    """Descendants by a configured selector. Raises ConfigurationError for one that is no CSS."""
    try:
        return node.css(selector)
    except (SelectolaxError, ValueError) as error:
        raise ConfigurationError(f"selector {selector!r} is not valid CSS") from error


def first(node: LexborNode, selector: str | None) -> LexborNode | None:
    """The first descendant by a configured selector; None without one."""
    found = select(node, selector) if selector else []
    return found[0] if found else None


def pieces(node: LexborNode, without: Container[int] = ()) -> Iterator[str]:
    """The visible text nodes below a node, in order, as they are written; not of elements `without`
    (by `mem_id`)."""
    todo = [node]
    while todo:
        one = todo.pop()
        if one.is_text_node:
            yield one.text_content or ""
        elif one.tag not in _INVISIBLE and one.mem_id not in without:
            child = one.last_child
            while child is not None:
                todo.append(child)
                child = child.prev


def spaced(node: LexborNode) -> Iterator[tuple[str, LexborNode]]:
    """The visible text nodes below a node, each with its element; a space where a line ends for
    whoever reads."""
    todo: list[LexborNode | str] = [node]
    while todo:
        one = todo.pop()
        if isinstance(one, str):
            yield one, node
        elif one.is_text_node:
            yield one.text_content or "", one.parent or node
        elif one.tag not in _INVISIBLE:
            is_break = one.tag in _BREAKS and one is not node
            if is_break:
                yield " ", node
                todo.append(" ")
            child = one.last_child
            while child is not None:
                todo.append(child)
                child = child.prev


def words_of(node: LexborNode) -> str:
    """The visible text below a node; words of two lines or blocks are not run together."""
    child = node.first_child
    if child is None:
        return (node.text_content or "") if node.is_text_node else ""
    if child.next is None and child.is_text_node and node.tag not in _INVISIBLE:
        return child.text_content or ""
    return "".join(piece for piece, _ in spaced(node))


def text_of(node: LexborNode) -> str:
    """The visible text below a node, as it is written."""
    child = node.first_child
    if child is None:
        return (node.text_content or "") if node.is_text_node else ""
    if child.next is None and child.is_text_node and node.tag not in _INVISIBLE:
        return child.text_content or ""
    return "".join(pieces(node))


def ancestors(node: LexborNode) -> Iterator[LexborNode]:
    """Its parents, the nearest first, up to but not including `html`."""
    parent = node.parent
    while parent is not None and parent.tag not in ("html", "-document"):
        yield parent
        parent = parent.parent


def names(node: LexborNode) -> str:
    """Its id and classes in lower case, for looking at words in them."""
    if not node.is_element_node:
        return ""
    attrs = node.attrs
    return f"{attrs.get('class', '') or ''} {attrs.get('id', '') or ''}".lower()
