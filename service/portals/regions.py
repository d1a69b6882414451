"""Which part of a page a link stands in: its own matter, a menu, a side column, a pager.

A class word is a hint, and the page says the rest: `has-right-sidebar` names a layout,
`page-header` a row's heading.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from selectolax.lexbor import LexborNode

from service.portals.boxes import beside, is_hidden, shown_beside
from service.portals.dom import ancestors, attribute, names, text_of
from service.portals.titles import is_title

_MENU_TAGS = frozenset({"nav", "footer"})
_SIDE_TAGS = frozenset({"aside", "marquee"})
_MENU_ROLES = frozenset({"navigation", "menu", "menubar", "banner", "contentinfo", "search"})
_MENU = re.compile(
    r"(?:^|[\s_-])(?:menu|mainmenu|topmenu|submenu|nav|navbar|navigation|footer|foot|topbar|site-header|top-header"
    r"|page-header|site-?map|banner)(?:$|[\s_-])"
)
_NEVER = re.compile(
    r"(?:^|[\s_-])(?:breadcrumbs?|language|social|share|login|dang-?nhap|quang-?cao|tag-?cloud|tag-?list|tags)(?:$|[\s_-])"
)
_SIDE = re.compile(
    r"(?:^|[\s_-])(?:aside|sidebar|side-?bar|widget"
    r"|xem-?nhieu|doc-?nhieu|most-?read|popular|lien-?ket)(?:$|[\s_-])"
)
_LEFT_OR_RIGHT = re.compile(
    r"(?:^|[\s_-])(?:(?:left|right)-?(?:pane|bar|side|block)|col-?right|right-?col(?:umn)?|cot-?phai|col-?left|left-?col(?:umn)?|cot-?trai)(?:$|[\s_-])"
)
"""Where a column stands: the side, or the page's own matter, whichever is wider or says more."""
_WIDTH = re.compile(
    r"(?:^|\s)(?:col(?:-(?:xs|sm|md|lg|xl|xxl))?|span|large|medium|grid)-?_?(\d{1,2})(?=$|\s)"
)
_PAGER = re.compile(r"(?:^|[\s_-])(?:pager|paging|pagination|phan-?trang)(?:$|[\s_-])")
_CARDS = frozenset({"article", "section", "main", "li"})
_TRUNK = frozenset({"html", "body", "main"})
_LONG = 4  # words; a menu's labels are shorter, and a page's posts are not
_MENU_WORDS = (
    6  # words of such links on average, from which on a list is no menu whatever it is called
)
_FEW = 3  # links: to one post by picture, title and button
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})


@dataclass(slots=True)
class LinkPlaces:
    """Where the links of a page stand: of each element around some, the first and the last, in
    their order."""

    links: Sequence[LexborNode]
    spans: dict[int, tuple[int, int]] = field(default_factory=dict)
    index: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Each element is opened once and closed once, however deep the links stand."""
        starts: dict[int, int] = {}
        path: list[int] = []
        for place, link in enumerate(self.links):
            self.index[link.mem_id or -1] = place
            chain = []
            node = link.parent
            while node is not None and (node.mem_id or -1) not in starts:
                chain.append(node.mem_id or -1)
                node = node.parent
            shared = node.mem_id if node is not None else None
            while path and path[-1] != shared:
                self._close(path.pop(), starts, place - 1)
            for one in reversed(chain):
                starts[one] = place
                path.append(one)
        for one in path:
            self._close(one, starts, len(self.links) - 1)

    def _close(self, mem: int, starts: dict[int, int], last: int) -> None:
        self.spans[mem] = (starts.pop(mem), last)

    def around(
        self, link: LexborNode, first: int, last: int
    ) -> tuple[LexborNode | None, LexborNode]:
        """The smallest element above a link that holds all links from one to another, and its part
        with this link."""
        below = link
        node = link.parent
        while node is not None:
            start, end = self.spans[node.mem_id or -1]
            if start <= first and last <= end:
                return node, below
            below, node = node, node.parent
        return None, below


class Regions:
    """Each element is looked at once."""

    def __init__(self, places: LinkPlaces, *, is_front: bool = False) -> None:
        self._is_front = is_front
        self._known: dict[int, str | None] = {}
        self._places = places
        texts = [text_of(link).strip() for link in places.links]
        words = [len(text.split()) for text in texts]
        self._buttons = list(
            accumulate((bool(text) and not is_title(text) for text in texts), initial=0)
        )
        self._words = list(
            accumulate((count if count >= _LONG else 0 for count in words), initial=0)
        )
        self._long = list(accumulate((count >= _LONG for count in words), initial=0))

    def of(self, node: LexborNode) -> str | None:
        """`menu`, `side`, `pager` or `hidden`; None for the page's own matter."""
        chain: list[int] = []
        found: str | None = None
        for one in ancestors(node):
            mem = one.mem_id or -1
            if mem in self._known:
                found = self._known[mem]
                break
            chain.append(mem)
            found = self._region(one)
            if found is not None:
                break
        self._known.update(dict.fromkeys(chain, found))
        return found

    def _region(self, node: LexborNode) -> str | None:
        if node.tag in _TRUNK:
            return None
        if node.tag in _MENU_TAGS or attribute(node, "role") in _MENU_ROLES:
            return "menu"
        if node.tag == "header" and not any(one.tag in _CARDS for one in ancestors(node)):
            return None if self._is_rows(node) else "menu"
        if node.tag in _SIDE_TAGS:
            return "side"
        if not self._is_front and is_hidden(node) and self._is_tab(node):
            return "hidden"
        words = names(node)
        return self._by_name(node, words) if words.strip() else None

    def _is_tab(self, node: LexborNode) -> bool:
        """Whether a hidden element is a tab of which another is shown, each with posts."""
        return self._counts(node)[1] >= _FEW and any(
            self._counts(one)[1] >= _FEW for one in shown_beside(node)
        )

    def _by_name(self, node: LexborNode, words: str) -> str | None:
        if _PAGER.search(words):
            return "pager"
        if _NEVER.search(words):
            return None if self._holds_most(node) else "menu"
        if _MENU.search(words):
            return None if self._is_rows(node) else "menu"
        if _SIDE.search(words):
            return None if self._holds_most(node) or self._is_in_row(node) else "side"
        if _LEFT_OR_RIGHT.search(words):
            is_main = self._holds_most(node) or self._is_in_row(node) or self._is_main_column(node)
            return None if is_main else "side"
        return None

    def _is_main_column(self, node: LexborNode) -> bool:
        """Whether a column is wider than those beside it, or as wide and with more links of
        several words."""
        mine = self._size(node)
        return all(self._size(one) < mine for one in beside(node))

    def _size(self, node: LexborNode) -> tuple[int, int]:
        return _width(names(node)), self._counts(node)[1]

    def _counts(self, node: LexborNode) -> tuple[int, int, int]:
        """Links in an element, those of several words, and the words of these."""
        first, last = self._places.spans.get(node.mem_id or -1, (0, -1))
        return (
            last - first + 1,
            self._long[last + 1] - self._long[first],
            self._words[last + 1] - self._words[first],
        )

    def _buttons_in(self, node: LexborNode) -> int:
        first, last = self._places.spans.get(node.mem_id or -1, (0, -1))
        return self._buttons[last + 1] - self._buttons[first]

    def _holds_most(self, node: LexborNode) -> bool:
        links, long, _ = self._counts(node)
        is_of_buttons = links * 2 > len(self._places.links) and self._buttons_in(node) * 2 >= links
        return long * 2 > self._long[-1] or is_of_buttons

    def _is_in_row(self, node: LexborNode) -> bool:
        """Whether an element is a part of one row: few links, and one of them is a heading."""
        first, last = self._places.spans.get(node.mem_id or -1, (0, -1))
        if last - first >= _FEW:
            return False
        return any(_is_heading(link) for link in self._places.links[first : last + 1])

    def _is_rows(self, node: LexborNode) -> bool:
        """Whether an element that is called a menu or a banner holds rows, or a row's heading."""
        links, long, words = self._counts(node)
        if links <= _FEW:
            return self._is_in_row(node)
        if self._buttons_in(node) * 2 >= links:
            return True
        return long >= _FEW and words >= _MENU_WORDS * long and long * _FEW >= links


def _width(words: str) -> int:
    """The width of a column in its grid's own units; 0 where its names tell none."""
    return max((int(one[1]) for one in _WIDTH.finditer(words)), default=0)


def _is_heading(link: LexborNode) -> bool:
    above = link.parent
    over = above.parent if above is not None else None
    is_under = any(node is not None and node.tag in _HEADINGS for node in (above, over))
    return is_under or link.css_first("h1, h2, h3, h4, h5, h6") is not None
