"""Finds the body of an article on a page nobody described: where running text is dense and links
are few.

What stands inside it but is not the article's (related posts, comments, buttons to share) is taken
out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from selectolax.lexbor import LexborNode

from service.portals.contents import LEAST_RUNNING, Contents
from service.portals.dates import dates_in_label
from service.portals.dom import Tree, ancestors, names, pieces, text_of
from service.portals.foreign import FOREIGN, is_list_of_posts
from service.portals.page_heading import find_heading, is_generic
from service.text import clean

_MARKED = (
    ".article-content", "#art-content", "[itemprop=articleBody]", ".bodytext", "#news-bodyhtml",
    ".detail-content",
    ".news-content", ".entry-content", ".post-content", ".content-detail", ".noidung", ".noi-dung",
)  # fmt: skip
_ALL_MARKED = ", ".join(_MARKED)
_LEAST_BODY = 40
_SHORT = 600  # characters below which a body may be the cell of a sheet
_LEAD = re.compile(
    r"\b(?:hometext|sapo|lead|summary|mo-?ta|trich-?(?:dan|yeu)|description\w*|divarticledescription)\b"
)
_LONGEST_LEAD = 3_000
_LABEL = re.compile(
    r"date|time|meta|author|byline|info|tool|view|luot|ngay|source|nguon|credit|caption"
)
_LONGEST_LABEL = 200
_LONGEST_PIECE = 60  # characters of one label
_MOST_LABELS = 8
_MOST_LEVELS = 14
_MOST_LINKED = 0.4
_OF_A_CARD = ", ".join(
    one
    for h in ("h2", "h3", "h4")
    for one in (f'{h} a[href]:not([href^="#"])', f'a[href]:not([href^="#"]) {h}')
)
_FACTORS = (4.0, 3.0, 2.5, 2.0)
"""By how many steps out an element holds both the heading and text."""
_BEFORE = 0.3  # what text above the heading counts
_FAR_MORE = 5.0  # times as much text elsewhere: the marked element is a teaser
_HEADINGS = "h2, h3, h4, h5, h6"
_FEW = 3
_LISTS = "ul, ol, table, div, section"


@dataclass(frozen=True, slots=True)
class Body:
    """`main` is the element with most of the article's text; `parts` is all of it in order, its
    lead included."""

    main: LexborNode
    parts: tuple[LexborNode, ...]


def find_parts(tree: Tree, regions: Contents) -> Body | None:
    """The article of a page, by what is known of its regions; None where it has no running text."""
    said = find_heading(tree, None, regions)
    heading = (
        None
        if is_generic(said.text) or not (said.is_sure or _opens(said.node, regions))
        else said.node
    )
    regions.settle(heading)
    near = _ProximityScore(regions, heading)
    densest = near.densest()
    main = _best_marked(tree.root, near, densest)
    is_marked = main is not None
    if main is None and densest is not None:
        main = _sheet_around(densest)
    return (
        None
        if main is None
        else Body(main, tuple(_ArticleParts(regions, heading).of(main, is_marked=is_marked)))
    )


def _opens(heading: LexborNode | None, regions: Contents) -> bool:
    """Whether nothing runs before a heading where it stands: else it heads a part of the text."""
    if heading is None:
        return False
    for node in (heading, *ancestors(heading)):
        if regions.is_page(node):
            return True
        before = node.prev
        while before is not None:
            if (
                regions.running.get(before.mem_id, 0) >= _LEAST_BODY
                and before.mem_id not in regions.foreign
                and not _is_line_of_labels(before)
            ):
                return False
            before = before.prev
    return True


def _is_line_of_labels(node: LexborNode) -> bool:
    """Whether an element is a date and short words beside it: `27/11/2026 | Đã đọc: 12 | In`."""
    said = [text for text in map(clean, pieces(node)) if text]
    return (
        sum(map(len, said)) <= _LONGEST_LABEL
        and max(map(len, said), default=0) <= _LONGEST_PIECE
        and any(dates_in_label(text) for text in said)
    )


class _ProximityScore:
    """Text counts for more where it stands with the heading: a notice is shorter than what is said
    of the portal."""

    def __init__(self, regions: Contents, heading: LexborNode | None) -> None:
        self._regions = regions
        self._heading = heading
        self._factors: dict[int, float] = {}
        factors = iter(_FACTORS)
        for node in ancestors(heading) if heading is not None else ():
            if regions.is_page(node):
                break
            if regions.running.get(node.mem_id, 0) >= _LEAST_BODY:
                self._factors[node.mem_id] = next(factors, 1.5)

    def weigh(self, node: LexborNode, weight: float) -> float:
        for one in (node, *ancestors(node)):
            if one.mem_id in self._factors:
                weight *= self._factors[one.mem_id]
                break
        return weight * (_BEFORE if self._is_before(node) else 1.0)

    def _is_before(self, node: LexborNode) -> bool:
        if (
            self._heading is None
            or self._regions.order[node.mem_id] > self._regions.order[self._heading.mem_id]
        ):
            return False
        return all(one.mem_id != node.mem_id for one in ancestors(self._heading))

    def densest(self) -> LexborNode | None:
        regions = self._regions
        weighed = {
            key: self.weigh(regions.nodes[key], weight) for key, weight in regions.weight.items()
        }
        if not weighed:
            return None
        best = max(weighed, key=lambda key: weighed[key])
        return regions.nodes[best] if regions.weight[best] >= _LEAST_BODY else None

    def text(self, node: LexborNode) -> float:
        """What an element has of an article: running text, and a word where there is none."""
        if self._regions.chars.get(node.mem_id, 0) == 0:
            return 0.0
        return self.weigh(node, self._regions.running.get(node.mem_id, 0) + 1.0)


def _best_marked(
    root: LexborNode, near: _ProximityScore, densest: LexborNode | None
) -> LexborNode | None:
    if root.css_first(_ALL_MARKED) is None:
        return None
    least = near.text(densest) / _FAR_MORE if densest is not None else 0.0
    for selector in _MARKED:
        best = max(root.css(selector), key=near.text, default=None)
        if best is not None and (text := near.text(best)) and text >= least:
            return best
    return None


class _ArticleParts:
    """What belongs to an article beside its main element: more blocks of its kind, and the lead
    under its heading."""

    def __init__(self, regions: Contents, heading: LexborNode | None) -> None:
        self._regions = regions
        self._heading = heading
        self._above = {node.mem_id for node in ancestors(heading)} if heading is not None else set()

    def of(self, main: LexborNode, *, is_marked: bool) -> list[LexborNode]:
        if main.mem_id in self._above and self._heading is not None:
            parts = self._after_heading(main)
            whole = self._regions.running.get(main.mem_id, 0)
            return parts if 2 * self._running_of(parts) >= whole else [main]
        parts = [main]
        node = main
        for _ in range(_MOST_LEVELS):
            parent = node.parent
            if parent is None or parent.tag in ("html", "-document", "tr", "tbody", "table"):
                break
            holds = parent.mem_id in self._above
            is_page = self._regions.is_page(parent)
            if parent.tag in ("body", "form") and not holds:
                break
            before, after = _around(node)
            head: list[LexborNode] = []
            if holds:
                at = max((i for i, one in enumerate(before) if self._is_heading(one)), default=-1)
                if at >= 0:
                    head = [one for one in self._after_heading(before[at]) if self._is_lead(one)]
                    before = before[at + 1 :]
                else:
                    before = []
            front = self._front(before, is_page=is_page)
            back = [] if is_marked else self._back(after, node, is_page=is_page)
            parts = [*head, *front, *parts, *back]
            node = parent
            if holds:
                break
        return parts

    def _running_of(self, parts: list[LexborNode]) -> int:
        """What parts hold, the text between elements counted as it is."""
        sizes = self._regions.running
        return sum(
            sizes.get(one.mem_id, 0) if one.is_element_node else len(one.text_content or "")
            for one in parts
        )

    def _is_heading(self, node: LexborNode) -> bool:
        return node.mem_id in self._above or (
            self._heading is not None and node.mem_id == self._heading.mem_id
        )

    def _after_heading(self, top: LexborNode) -> list[LexborNode]:
        """What follows the heading below an element, in order, but for lines that say when and by
        whom."""
        found: list[LexborNode] = []
        node = self._heading
        while node is not None and node.mem_id != top.mem_id:
            sibling = node.next
            while sibling is not None:
                found.append(sibling)
                sibling = sibling.next
            node = node.parent
        kept = [one for one in found if one.mem_id not in self._regions.outside]
        at = 0
        while at < len(kept) and at < _MOST_LABELS and self._is_label(kept[at]):
            at += 1
        return [
            one
            for i, one in enumerate(kept)
            if i >= at or (one.is_element_node and _LEAD.search(names(one)))
        ]

    def _is_label(self, node: LexborNode) -> bool:
        if not node.is_element_node:
            return not (node.text_content or "").strip() or node.tag == "-comment"
        said = names(node)
        if _LEAD.search(said) or node.tag == "img":
            return False
        running = self._regions.running.get(node.mem_id, 0)
        return running < LEAST_RUNNING or (
            running < _LONGEST_LABEL and _LABEL.search(said) is not None
        )

    def _is_lead(self, node: LexborNode) -> bool:
        if not node.is_element_node or node.mem_id in self._regions.outside:
            return False
        chars = self._regions.chars.get(node.mem_id, 0)
        if chars == 0 or chars > _LONGEST_LEAD:
            return False
        if _LEAD.search(names(node)) or any(
            _LEAD.search(names(one)) for one in node.css("[class], [id]")[:_FEW]
        ):
            return True
        return self._is_text(node) and not self._is_label(node)

    def _is_text(self, node: LexborNode) -> bool:
        if not node.is_element_node or node.mem_id in self._regions.outside:
            return False
        if FOREIGN.search(names(node)):
            return False
        if (
            self._regions.running.get(node.mem_id, 0) < _LEAST_BODY
            or self._regions.share_linked(node) > _MOST_LINKED
        ):
            return False
        return node.css_first(_OF_A_CARD) is None and not is_list_of_posts(node)

    def _front(self, before: list[LexborNode], *, is_page: bool) -> list[LexborNode]:
        at = next((i for i, one in enumerate(before) if self._is_lead(one)), None)
        if at is None:
            near = next((one for one in reversed(before) if one.is_element_node), None)
            return [near] if near is not None and not is_page and self._heads_a_part(near) else []
        return [
            one
            for one in before[at:]
            if self._is_lead(one) or (not is_page and self._is_between(one))
        ]

    def _heads_a_part(self, node: LexborNode) -> bool:
        chars = self._regions.chars.get(node.mem_id, 0)
        is_heading = node.tag in _HEADINGS.split(", ") or node.css_first(_HEADINGS) is not None
        return (
            is_heading
            and 0 < chars < _LONGEST_LABEL
            and self._is_between(node)
            and not self._is_heading(node)
        )

    def _back(
        self, after: list[LexborNode], node: LexborNode, *, is_page: bool
    ) -> list[LexborNode]:
        kind = (node.tag, names(node))
        taken = [
            i
            for i, one in enumerate(after)
            if self._is_text(one) and (not is_page or (one.tag, names(one)) == kind)
        ]
        if not taken:
            return []
        return [
            one
            for i, one in enumerate(after[: taken[-1] + 1])
            if i in taken or self._is_between(one)
        ]

    def _is_between(self, node: LexborNode) -> bool:
        """A picture, a table, a heading: not what is dense with links, not what is the portal's."""
        if not node.is_element_node:
            return node.is_text_node
        return (
            node.mem_id not in self._regions.outside
            and self._regions.share_linked(node) <= _MOST_LINKED
        )


def _around(node: LexborNode) -> tuple[list[LexborNode], list[LexborNode]]:
    before, after = [], []
    one = node.prev
    while one is not None:
        before.append(one)
        one = one.prev
    one = node.next
    while one is not None:
        after.append(one)
        one = one.next
    return before[::-1], after


def _sheet_around(body: LexborNode) -> LexborNode:
    """The whole table where the densest element is one short cell of it: a document's sheet."""
    if body.tag not in ("td", "tr", "tbody") or len(text_of(body)) > _SHORT:
        return body
    table = next((node for node in ancestors(body) if node.tag == "table"), None)
    return table if table is not None and len(text_of(table)) < 8 * _SHORT else body
