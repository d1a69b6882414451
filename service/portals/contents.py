"""What each element of a page holds: how much text, how much of it in links, how much of it
running.

By this a region is judged: a class word such as `sidebar` says what a theme has, its content what
an element is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from selectolax.lexbor import LexborNode

from service.portals.dom import ancestors, names

HIDDEN = frozenset({
    "script", "style", "noscript", "template", "iframe", "option", "select", "textarea", "svg",
    "head", "button",
    "object", "embed", "canvas", "audio", "video", "#comment", "-comment",
})  # fmt: skip
INLINE = frozenset({
    "span", "font", "b", "strong", "i", "em", "u", "o:p", "a", "sub", "sup", "small", "big", "s",
    "abbr", "time",
    "ins", "del", "mark", "q", "cite", "code", "label", "br", "img",
})  # fmt: skip
_PARAGRAPHS = INLINE | {"p", "center", "blockquote", "pre"}
LEAST_RUNNING = 25  # characters: shorter ones are labels
_WHOLE = frozenset({"html", "body", "main", "-document"})
_PAGE = 0.9  # of all text: what holds that much is the page, whatever its tag
_MOST_BESIDE = 0.4  # of the running text: more than this is no side of a page
_OF_A_THEME = re.compile(
    r"(?:^|\s)(?:has|no|is|with|without|one|two|not|off|hide|hidden|show|wp|page|layout|node|path|region)-\S++"
)
"""`has-right-sidebar`, `no-sidebar`, `with-menu`: what stands elsewhere."""
_STATES = (
    "-open",
    "-opened",
    "-closed",
    "-enabled",
    "-disabled",
    "-empty",
    "-fixed",
    "-none",
    "-visible",
    "-active",
)
_OWN_HEADER = (
    "article-",
    "entry-",
    "post-",
    "page-",
    "content-",
    "news-",
    "detail-",
    "node-",
    "section-",
    "title-",
)
_LEFT = 400  # characters of running text elsewhere: then a region of comments may be most of a page
_BESIDE = re.compile(
    r"(?<![a-z])(?:menu|nav|navbar|navigation|header|sidebar|side-?bar|banner|widget|aside|top-?bar|offcanvas|popup"
    r"|modal|dialog|overlay)s?(?![a-z])|(?<![a-z])side(?:bar|column|block)"
)
_COMMENTS = re.compile(
    r"(?<![a-z])(?:comments?|cmt|disqus|respond|cookies?|consent|gdpr|dsgvo)(?![a-z])"
)
_FOREIGN = re.compile(
    r"(?<![a-z])(?:footer|related\w*|lien-?quan|tin-?khac|other-?news|breadcrumbs?|share|sharing|social\w*|newsletter"
    r"|cookie\w*|consent|recommend\w*|subscribe|advert\w*|pagination|pagenav\w*|skip-link)s?(?![a-z])"
)
_OF_A_POST = ("tag-", "category-", "type-", "format-", "status-", "post-", "author-", "term-")
"""WordPress names an article's categories in its class."""
_HEAD = re.compile(r"header|banner")
_FOREIGN_TAGS = frozenset({"nav", "footer", "aside", "dialog"})


class Contents:
    """One walk over a page, then questions that cost nothing. Sizes are characters of visible
    text."""

    def __init__(self, root: LexborNode) -> None:
        self.chars: dict[int, int] = {}
        self.linked: dict[int, int] = {}
        self.running: dict[int, int] = {}
        self.order: dict[int, int] = {}
        """The place of each node in the document, text included."""
        self.nodes: dict[int, LexborNode] = {}
        """The elements that hold running text of their own, or hold such elements next to it."""
        self.weight: dict[int, float] = {}
        self._marked: list[tuple[int, tuple[str, ...]]] = []
        self._parents: list[tuple[int, int]] = []
        self.foreign: set[int] = set()
        self._walk(root, HIDDEN)
        if not self.running:  # a page that shows itself only to who runs no scripts
            self._walk(root, HIDDEN - {"noscript"})
        self._judge()

    def _walk(self, root: LexborNode, unseen: frozenset[str]) -> None:
        top = root.mem_id
        for sums in (self.chars, self.linked):
            sums.clear()
        self._marked.clear()
        self._parents.clear()
        paragraph: dict[int, int] = {top: top}
        in_link: set[int] = set()
        hidden: set[int] = set()
        own: dict[int, int] = {}
        own_linked: dict[int, int] = {}
        self._box: dict[int, LexborNode] = {}
        parents, order, chars = self._parents, self.order, self.chars
        for index, node in enumerate(root.traverse(include_text=True)):
            key = node.mem_id
            order[key] = index
            parent = node.parent
            above = parent.mem_id if parent is not None and key != top else 0
            tag = node.tag or ""
            if above in hidden or tag in unseen:
                hidden.add(key)
                continue
            if node.is_text_node:
                length = len((node.text_content or "").strip())
                if length:
                    chars[above] = chars.get(above, 0) + length
                    block = paragraph.get(above, above)
                    if above in in_link:
                        self.linked[above] = self.linked.get(above, 0) + length
                        own_linked[block] = own_linked.get(block, 0) + length
                    else:
                        own[block] = own.get(block, 0) + length
                continue
            if key != top:
                parents.append((key, above))
            if tag == "a" or above in in_link:
                in_link.add(key)
            if tag in INLINE:
                paragraph[key] = paragraph.get(above, above)
            else:
                paragraph[key] = key
                self._box[key] = node
            self._mark(key, tag, node)
        self._sum_up(own, own_linked)
        self.top = top

    def _sum_up(self, own: dict[int, int], own_linked: dict[int, int]) -> None:
        """What elements hold with all that is within them. `own`, `own_linked`: what blocks hold
        themselves."""
        self._own = {
            key: length
            for key, length in own.items()
            if length >= LEAST_RUNNING and own_linked.get(key, 0) <= length
        }
        self.running = dict(self._own)
        for key, above in reversed(self._parents):
            for sums in (self.chars, self.linked, self.running):
                if key in sums:
                    sums[above] = sums.get(above, 0) + sums[key]

    def _mark(self, key: int, tag: str, node: LexborNode) -> None:
        if tag in _FOREIGN_TAGS:
            self._marked.append((key, ()))
            return
        said = names(node)
        if tag in _WHOLE or (said == " " and tag != "header"):
            return
        said = _OF_A_THEME.sub(" ", said.replace("_", "-"))
        tokens = [one for one in said.split() if not one.endswith(_STATES)]
        if tag == "article":
            tokens = [one for one in tokens if not one.startswith(_OF_A_POST)]
        if any(map(_COMMENTS.search, tokens)):
            self._marked.append((key, ("<comments>",)))
        elif any(map(_FOREIGN.search, tokens)):
            self._marked.append((key, ()))
        elif words := tuple(
            one if _HEAD.search(one) else "-".join(one.split("-")[:2])
            for one in tokens
            if _BESIDE.search(one) and not ("header" in one and one.startswith(_OWN_HEADER))
        ):
            self._marked.append((key, words))
        elif tag == "header" and not any(
            one.tag in ("article", "main", "section") for one in ancestors(node)
        ):
            self._marked.append((key, ("<header>",)))

    def _judge(self) -> None:
        """A word that names little of the page names a side of it; one that names much of it is the
        theme's."""
        whole = max(self.running.get(self.top, 0), 1)
        by_word: dict[str, int] = {}
        for key, words in self._marked:
            for word in words:
                by_word[word] = by_word.get(word, 0) + self.running.get(key, 0)
        for key, words in self._marked:
            if words and not self.linked.get(key) and all(_HEAD.search(word) for word in words):
                continue  # heads a part of a text: the header of a page leads somewhere
            held = self.running.get(key, 0)
            if words == ("<comments>",):
                is_foreign = held <= _MOST_BESIDE * whole or whole - held >= _LEFT
            else:
                is_of_theme = (
                    bool(words) and min(by_word[word] for word in words) > _MOST_BESIDE * whole
                )
                is_foreign = held <= _MOST_BESIDE * whole and not is_of_theme
            box = self._box.get(key)
            if is_foreign and (box is None or box.css_first("main, [role=main]") is None):
                self.foreign.add(key)

    def settle(self, heading: LexborNode | None) -> None:
        """Decides what is beside the article, now that its heading is known, and weighs what is
        left."""
        self._keep_around(heading)
        outside: set[int] = set(self.foreign)
        for key, above in self._parents:
            if above in outside:
                outside.add(key)
        self.outside = outside
        running = {key: length for key, length in self._own.items() if key not in outside}
        self.weight = {}
        for key, length in running.items():
            box: LexborNode | None = self._box.get(key)
            shares = iter((1.0, 0.45))
            while box is not None and box.mem_id in self.order:
                if box.tag not in _PARAGRAPHS:
                    share = next(shares, None)
                    if share is None:
                        break
                    self.weight[box.mem_id] = self.weight.get(box.mem_id, 0.0) + share * length
                    self.nodes[box.mem_id] = box
                box = box.parent
        self.running = running
        for key, above in reversed(self._parents):
            if key in running and key not in self.foreign:
                running[above] = running.get(above, 0) + running[key]

    def _keep_around(self, heading: LexborNode | None) -> None:
        """What holds the heading of the article is not foreign to it, whatever it is called."""
        node = heading
        while node is not None:
            if node.mem_id in self.foreign and node.tag not in ("nav", "footer"):
                self.foreign.discard(node.mem_id)
            node = node.parent

    def is_page(self, node: LexborNode) -> bool:
        """Whether an element is the page itself rather than a part of it."""
        return node.tag in _WHOLE or self.chars.get(node.mem_id, 0) >= _PAGE * self.chars.get(
            self.top, 0
        )

    def share_linked(self, node: LexborNode) -> float:
        return self.linked.get(node.mem_id, 0) / max(self.chars.get(node.mem_id, 0), 1)

    def is_beside(self, nodes: Iterable[LexborNode]) -> bool:
        return any(node.mem_id in self.foreign for node in nodes)
