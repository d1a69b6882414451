"""Which words of a row are the post's title: whole rather than cut, a heading rather than a link, never a button."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from selectolax.lexbor import LexborNode

from service.portals.dates import is_date
from service.portals.dom import attribute, pieces, text_of
from service.posts.identity import is_cut
from service.text import clean, fold, parse_moment, split_trailing_moment
from service.types import Moment

MAX_TITLE = 2_000
_NOT_A_TITLE = re.compile(
    r"(?:\W*(?:xem|đọc|chi)\s*(?:tiếp|thêm|chi tiết|tiết|toàn văn|đầy đủ|ngay)?|xem chi tiết|chi tiết|tiếp theo|more"
    r"|read more|view|details?|tải về|download|bình luận|\d+ bình luận|in trang|in bài|chia sẻ|image"
    r"|để lại bình luận|ảnh|hình ảnh|img)?[\W\d]*",
    re.I,
)
_LONGEST_BUTTON = 30  # characters: `Để lại bình luận`, `Xem chi tiết »`
_LONGEST_DATE = 60
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


def ends_cut(title: str) -> bool:
    """`is_cut`, for the many titles whose end rules it out at a glance."""
    tail = title[-6:]
    return ("." in tail or "…" in tail) and is_cut(title)


def title_of(links: Sequence[LexborNode]) -> tuple[str, Moment | None]:
    """The best title among the links to one post, and the date that was glued to it."""
    said: list[tuple[bool, str]] = []
    glued: Moment | None = None
    for link in links:
        for is_heading, raw in _texts(link):
            title, moment = _split(clean(raw[: MAX_TITLE * 2]))
            if is_title(title) and not _is_moment(title):
                said.append((is_heading, title))
                glued = glued or moment
    if not said:
        return next((text for text in map(clean, _hidden_titles(links)) if is_title(text)), ""), glued
    best = (said[0] if len(said) == 1 else max(said, key=_rank))[1]
    if not ends_cut(best):
        return best, glued
    hidden = (clean(text) for text in _hidden_titles(links))
    return _whole(best, [*(title for _, title in said), *hidden]), glued


def _rank(one: tuple[bool, str]) -> tuple[bool, bool, bool]:
    is_heading, title = one
    return is_heading, not ends_cut(title), _NUMBER_ALONE.fullmatch(title[:40]) is None


def _split(text: str) -> tuple[str, Moment | None]:
    return split_trailing_moment(text) if text[-1:] == ")" else (text, None)


def _is_moment(title: str) -> bool:
    return len(title) <= _LONGEST_DATE and _YEAR.search(title) is not None and parse_moment(title) is not None


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
    headings = link.css(_HEADINGS)
    for heading in headings:
        yield True, text_of(heading)
    if not headings:
        yield is_heading, _without_dates(link)


def _without_dates(link: LexborNode) -> str:
    """A link's words but for labels inside it that are dates and nothing else."""
    return "".join(piece for piece in pieces(link) if not is_date(piece))


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
