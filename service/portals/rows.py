"""From links to rows: repeated links merged, the whole title chosen, the date found beside it.

Knows no portal. A row is what surrounds the links to one post and holds no link to another.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from selectolax.lexbor import LexborNode

from service.portals.dom import attribute, pieces, text_of
from service.posts.identity import is_cut
from service.text import clean, find_moment, fold, parse_moment, split_trailing_moment
from service.types import ListedPost, Moment

_MAX_CLIMB = 6  # a row is never further above its link: beyond is the page
_PAGE = frozenset({"body", "main", "form", "html"})
_MAX_PIECES = 120
_LONGEST_DATE = 60  # characters of a label that holds a date among other words
_MAX_TITLE = 2_000
_NOT_A_TITLE = re.compile(
    r"(?:\W*(?:xem|đọc|chi)\s*(?:tiếp|thêm|chi tiết|tiết|toàn văn|đầy đủ|ngay)?|xem chi tiết|chi tiết|tiếp theo|more"
    r"|read more|view|details?|tải về|download|bình luận|\d+ bình luận|in trang|in bài|chia sẻ|image"
    r"|ảnh|hình ảnh|img)?[\W\d]*",
    re.I,
)
_HEADINGS = "h1, h2, h3, h4, h5, h6"
_IN_HEADING = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_MARKED_DATES = "time, .pub-time, .date, .time, .ngay, .post-date"


@dataclass(slots=True)
class Row:
    """All links of a page to one post, in their order."""

    key: str
    url: str
    links: list[LexborNode] = field(default_factory=list)
    boxes: list[LexborNode] = field(default_factory=list)
    """What surrounds each link and holds no link to another post."""


def merge(links: Iterable[tuple[LexborNode, str]], key_of: Callable[[str], str]) -> dict[str, Row]:
    """One row for each post, in the order of their first links."""
    rows: dict[str, Row] = {}
    keys: dict[str, str] = {}
    for node, url in links:
        key = keys.get(url) or keys.setdefault(url, key_of(url))
        rows.setdefault(key, Row(key, url)).links.append(node)
    _find_boxes(rows.values())
    return rows


def _find_boxes(rows: Iterable[Row]) -> None:
    owner: dict[int, str | None] = {}  # of an element: the one row in it, None for several
    for row in rows:
        for link in row.links:
            node: LexborNode | None = link
            while node is not None:
                known = owner.get(node.mem_id, row.key)
                if known is None:
                    break
                owner[node.mem_id] = row.key if known == row.key else None
                node = node.parent
    for row in rows:
        row.boxes = [_climb(link, row.key, owner) for link in row.links]


def _climb(link: LexborNode, key: str, owner: dict[int, str | None]) -> LexborNode:
    box = link
    for _ in range(_MAX_CLIMB):
        parent = box.parent
        if parent is None or parent.tag in _PAGE or owner.get(parent.mem_id) != key:
            break
        box = parent
    return box


def is_title(text: str) -> bool:
    """Whether a link's text can be a title: `Giấy mời` can, `xem tiếp »` and `12` cannot."""
    return len(text) > 1 and _NOT_A_TITLE.fullmatch(text) is None and any(char.isalpha() for char in text)


def _texts(link: LexborNode) -> Iterable[tuple[bool, str]]:
    """What a link says, each with whether it is said in a heading."""
    child, parent = link.first_child, link.parent
    if child is None:
        return
    if child.next is None and (child.is_text_node or child.tag == "img"):
        yield parent is not None and parent.tag in _IN_HEADING, child.text_content or ""
        return
    headings = link.css(_HEADINGS)
    for heading in headings:
        yield True, text_of(heading)
    if not headings:
        yield parent is not None and parent.tag in _IN_HEADING, _without_dates(link)


def _without_dates(link: LexborNode) -> str:
    """A link's words but for labels inside it that are dates and nothing else."""
    return "".join(piece for piece in pieces(link) if not _is_date(piece))


def _is_date(piece: str) -> bool:
    return (
        len(piece) <= _LONGEST_DATE
        and piece[-1:] != ""
        and any(map(str.isdecimal, piece))
        and parse_moment(piece.strip()) is not None
    )


def title_of(row: Row) -> tuple[str, Moment | None]:
    """The best title among a row's links, and the date that was glued to it."""
    said: list[tuple[bool, str, Moment | None]] = []
    for link in row.links:
        for is_heading, text in _texts(link):
            title, moment = split_trailing_moment(clean(text[: _MAX_TITLE * 2]))
            if is_title(title) and parse_moment(title) is None:
                said.append((is_heading, title, moment))
    best = max(said, key=lambda one: (one[0], not is_cut(one[1])), default=None)
    if best is not None and not is_cut(best[1]):
        return best[1], best[2] or next((moment for _, _, moment in said if moment), None)
    hidden = [clean(text) for text in _hidden_titles(row)]
    if best is None:
        return next((text for text in hidden if is_title(text)), ""), None
    moment = best[2] or next((m for _, _, m in said if m), None)
    return _whole(best[1], [*(title for _, title, _ in said), *hidden]), moment


def _hidden_titles(row: Row) -> Iterable[str]:
    for link in row.links:
        yield attribute(link, "title")
    for link in row.links:
        for image in link.css("img") if link.first_child is not None else ():
            yield attribute(image, "alt")


def _whole(title: str, others: Iterable[str]) -> str:
    """The uncut form of a cut title, where another place of the row has it."""
    if not is_cut(title):
        return title
    start = fold(title).rstrip(".… ")
    for other in others:
        if len(other) > len(start) and not is_cut(other) and fold(other).startswith(start):
            return other
    return title


def moment_in(node: LexborNode, *, but: Sequence[LexborNode] = ()) -> Moment | None:
    """The date that a row shows: in an element marked as a date, else in a label of its own.

    `but` are the links, whose own words are no dates of the post.
    """
    for marked in node.css(_MARKED_DATES):
        stamp = attribute(marked, "datetime")
        found = (parse_moment(stamp) if stamp else None) or find_in_label(clean(text_of(marked)))
        if found is not None:
            return found
    spoken = {clean(text_of(link)) for link in but}
    return moment_among(text for text in map(clean, _some(node)) if text and text not in spoken)


def _some(node: LexborNode) -> Iterable[str]:
    for count, piece in enumerate(pieces(node)):
        if count >= _MAX_PIECES:
            return
        yield piece


def find_in_label(text: str) -> Moment | None:
    """The date of a short label, whatever else it says (`28/01/2024 | Lượt xem: 35`)."""
    if len(text) < 8 or not any(char.isdecimal() for char in text):
        return None
    found = parse_moment(text)
    return found or (find_moment(text) if len(text) <= _LONGEST_DATE else None)


def moment_among(texts: Iterable[str]) -> Moment | None:
    """The first date among pieces of text, joined with its neighbour where that has the time."""
    before = ""
    day_only: Moment | None = None
    for text in texts:
        if len(text) > _LONGEST_DATE or not any(char.isdecimal() for char in text):
            if day_only is not None:
                return day_only
            before = ""
            continue
        pair = parse_moment(f"{before} {text}") if before else None
        found = (pair if pair is not None and pair.has_time else None) or find_in_label(text)
        if found is not None and found.has_time:
            return found
        if day_only is not None:
            return day_only
        day_only = found
        before = text
    return day_only


def to_post(row: Row) -> ListedPost | None:
    """The post of a row; None when nothing in it can be a title."""
    title, moment = title_of(row)
    if not title:
        return None
    if moment is None:
        found = (moment_in(box, but=row.links) for box in row.boxes)
        moment = next((one for one in found if one is not None), None)
    title = title[:_MAX_TITLE]
    return ListedPost(row.url, title, moment, is_cut(title))
