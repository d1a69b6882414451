"""Which words of a row are the post's title: whole rather than cut, a heading rather than a link,
never a button."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from selectolax.lexbor import LexborNode

from service.instants import Moment
from service.moments.label import parse_moment, split_trailing_moment
from service.portals.dates import WrittenDate, is_date
from service.portals.dom import attribute, names, spaced
from service.posts.identity import is_cut
from service.text import clean, fold

MAX_TITLE = 2_000
_NOT_A_TITLE = re.compile(
    r"(?:\W*(?:xem|đọc|chi)\s*+(?:tiếp|thêm|chi tiết|tiết|toàn văn|đầy đủ|ngay|toàn bộ"
    r"|tất cả(?: các)?(?: tin tức| tin| bài viết)?)?|xem chi tiết|chi tiết|tiếp theo|more"
    r"|read more|view|details?|tải về|download|bình luận|\d+ bình luận|in trang|in bài|chia "
    r"sẻ|image"
    r"|để lại bình luận|ảnh|hình ảnh|img|mới|new|hot|view all)?[\W\d]*",
    re.I,
)
_LABEL = re.compile(
    r"(?:đọc|xem|chi|read|view|continue|see)\s*+(?:thêm|tiếp|chi tiết|tiết|toàn văn|đầy "
    r"đủ|more|reading|details?)\s*+"
    r"(?:(?:về|about)\s++|[:»›…|–-]++\s*+|\.{2,3}+\s*+)",
    re.IGNORECASE,
)
"""What a button says before it repeats the title: `Đọc thêm: …`, `Đọc tiếp về …`, `Read more about
…`."""
_BADGES = re.compile(
    r"(?:^|[\s_-])(?:badge|label|tag|new|hot|moi|icon|stt|num|number|count|counter|index|order|rank)(?:$|[\s_-])"
)
_COUNTER = re.compile(
    r"\W*\d{1,4}\W*|\W*\d{1,4}\s*+(?:lượt xem|bình luận|views?|comments?)\W*", re.IGNORECASE
)
_BADGE = re.compile(
    r"\W*(?:mới|new|hot|nổi bật|tin mới|tin nóng|nóng|ghim|video|ảnh|audio|infographic|hình "
    r"ảnh)\W*+",
    re.IGNORECASE,
)
_TITLE_NAME = re.compile(r"(?:^|[\s_-])(?:title|tieu-?de|heading|headline)(?:$|[\s_-])")
_MOST_NAMED = 12
_MOST_INSIDE = 20  # elements and texts within a badge
_LONGEST_BADGE = 24
_LONGEST_BUTTON = 30  # characters: `Để lại bình luận`, `Xem chi tiết »`
_LONGEST_DATE = 60
_LONGEST_NUMBER = 40
_HEADINGS = "h1, h2, h3, h4, h5, h6"
_IN_HEADING = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_YEAR = re.compile(r"\d{4}")
_NUMBER_ALONE = re.compile(
    r"(?:số\s*+(?::\s*+)?)?(?=[^\s\d]*+\d)\S++", re.I
)  # `06/CT-UBND`: names a document, says nothing of it


def is_title(text: str) -> bool:
    """Whether a link's text can be a title: `Giấy mời` can, `xem tiếp »` and `12` cannot."""
    if len(text) > _LONGEST_BUTTON:
        return any(map(str.isalpha, text))
    return len(text) > 1 and _NOT_A_TITLE.fullmatch(text) is None and any(map(str.isalpha, text))


def is_number_alone(title: str) -> bool:
    """Whether a title is a document's number, and says nothing of what it is about."""
    return len(title) <= _LONGEST_NUMBER and _NUMBER_ALONE.fullmatch(title) is not None


def ends_cut(title: str) -> bool:
    """`is_cut`, for the many titles whose end rules it out at a glance."""
    tail = title[-6:]
    return ("." in tail or "…" in tail) and is_cut(title)


def title_of(
    links: Sequence[LexborNode], own: Moment | None = None
) -> tuple[str, WrittenDate | None]:
    """The best title among the links to one post, and the date that was glued to it.

    Where the row shows a date of its own (`own`), a date at the title's end is the title's, and
    stays.
    """
    said: list[tuple[bool, str]] = []
    glued: WrittenDate | None = None
    for link in links:
        for is_heading, raw in _texts(link):
            title, moment = split_glued(unlabelled(clean(raw[: MAX_TITLE * 2])), own)
            if is_title(title) and not _is_moment(title):
                said.append((is_heading, title))
                glued = glued or moment
    if not said:
        return next(
            (text for text in map(clean, _hidden_titles(links)) if is_title(text)), ""
        ), glued
    best = (said[0] if len(said) == 1 else max(said, key=_rank))[1]
    if not ends_cut(best):
        return best, glued
    hidden = (clean(text) for text in _hidden_titles(links))
    return _whole(best, [*(title for _, title in said), *hidden]), glued


def _rank(one: tuple[bool, str]) -> tuple[bool, bool, bool]:
    is_heading, title = one
    return is_heading, not ends_cut(title), _NUMBER_ALONE.fullmatch(title[:_LONGEST_NUMBER]) is None


def split_glued(text: str, own: Moment | None = None) -> tuple[str, WrittenDate | None]:
    """A title and the date in brackets at its end, as it stands there; whole where the post has a
    date of its own.

    Only where brackets repeat the very hour of that date are they a label and no words of the
    title.
    """
    if text[-1:] != ")":
        return text, None
    title, moment = split_trailing_moment(text)
    if moment is None or (own is not None and not (moment.has_time and moment.at == own.at)):
        return text, None
    return title, WrittenDate(moment, text[len(title) :])


def _is_moment(title: str) -> bool:
    return (
        len(title) <= _LONGEST_DATE
        and _YEAR.search(title) is not None
        and parse_moment(title) is not None
    )


def _texts(link: LexborNode) -> Iterator[tuple[bool, str]]:
    """What a link says, each with whether it is said in a heading."""
    child, parent = link.first_child, link.parent
    if child is None:
        return
    is_heading = parent is not None and parent.tag in _IN_HEADING
    if child.next is None:
        if child.is_text_node:
            yield is_heading, child.text_content or ""
            return
        if child.tag == "img":
            return
    headings = link.css(_HEADINGS) or _named_titles(link)
    for heading in headings:
        yield True, _own_words(heading)
    if not headings:
        yield is_heading, _own_words(link)


def _named_titles(link: LexborNode) -> list[LexborNode]:
    """What stands in for a heading in a link that holds a summary too: the element that is called
    its title."""
    named = (one for one in link.css("[class]")[:_MOST_NAMED] if _TITLE_NAME.search(names(one)))
    return list(islice(named, 1))


def unlabelled(text: str) -> str:
    """A title without the words of a button before it."""
    match = _LABEL.match(text)
    return text[match.end() :].rstrip(" »›→") if match is not None else text


def _own_words(node: LexborNode) -> str:
    """What an element says, without dates, counters and badges inside it that are labels of their
    own."""
    parts: list[str] = []
    for piece, around in spaced(node):
        if is_date(piece):
            continue
        is_label = (
            len(piece) <= _LONGEST_BADGE
            and around.mem_id != node.mem_id
            and _is_label(piece, around)
        )
        parts.append(" " if is_label else piece)
    return "".join(parts)


def _is_label(piece: str, around: LexborNode) -> bool:
    """Whether a piece of a link is a counter or a badge: by what it says and how its element is
    marked."""
    if _COUNTER.fullmatch(piece) is None and _BADGE.fullmatch(piece) is None:
        return False
    return _is_marked(around)


def _is_marked(node: LexborNode) -> bool:
    return node.tag in ("sup", "small") or _BADGES.search(names(node)) is not None


def is_badge(node: LexborNode) -> bool:
    """Whether an element inside a title is a label of its own: `<sup>Nổi bật</sup>`."""
    if not node.is_element_node or not _is_marked(node):
        return False
    inside = list(islice(node.traverse(include_text=True), _MOST_INSIDE + 1))
    if len(inside) > _MOST_INSIDE:
        return False
    text = "".join(one.text_content or "" for one in inside if one.is_text_node).strip()
    return 0 < len(text) <= _LONGEST_BADGE and _is_label(text, node)


def _hidden_titles(links: Sequence[LexborNode]) -> Iterator[str]:
    for link in links:
        yield attribute(link, "title")
    for link in links:
        for image in link.css("img") if link.first_child is not None else ():
            yield attribute(image, "alt")


def _whole(title: str, others: Iterable[str]) -> str:
    """The uncut form of a cut title, where another place of the row has it."""
    start = fold(title).rstrip(".… ")
    for other in others:
        if len(other) > len(start) and not is_cut(other) and fold(other).startswith(start):
            return other
    return title
