"""Which links of a page make one list: rows that stand alike, have addresses alike, and words of a
title.

Dates speak for a row and never against it: a dated story on top does not hide the rows below it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from urllib.parse import parse_qsl, urlsplit

from selectolax.lexbor import LexborNode

from service.portals.boxes import COLUMN, are_columns, heading_above, is_newest, is_side_box
from service.portals.dom import ancestors, names
from service.portals.regions import LinkPlaces
from service.portals.rows import Row, to_post
from service.types import ListedPost

_SIGNATURE = 5  # ancestors that make up a place in the tree
LEAST_SCORE = 0.55
"""What one undated link of five words in the text of a page stays below."""
_COUNTED = re.compile(r"(\d{1,3})(?:\s*+[.):/-]\s*+|\s++)(?=\S)")


@dataclass(frozen=True, slots=True)
class Group:
    """Rows that stand alike in the tree."""

    rows: tuple[Row, ...]
    posts: tuple[ListedPost, ...]
    shapes: frozenset[str]
    score: float
    rank: float
    dated: float
    words: float
    below: float
    """How many have addresses below the page's own."""
    numbered: float
    is_side: bool

    @property
    def link(self) -> LexborNode:
        return self.rows[0].links[0]


def url_shape(url: str) -> str:
    """What addresses of one kind have in common: depth, ending, query names."""
    parts = urlsplit(url)
    path = PurePosixPath(parts.path)
    keys = ",".join(sorted({name.lower() for name, _ in parse_qsl(parts.query)}))
    routed = parts.fragment.count("/") if parts.fragment[:1] in ("/", "!") else ""
    return f"{len(path.parts)}{path.suffix.lower()}?{keys}{routed}"


def _signature(link: LexborNode) -> str:
    chain = [link, *_up(link)]
    return "<".join(f"{node.tag}.{_kind(names(node))}" for node in chain)


def _kind(words: str) -> str:
    """The first class of an element, without a row's number; the width of a column tells columns
    apart."""
    first = words.partition(" ")[0] if words[:1] != " " else (words.split() or [""])[0]
    return first if COLUMN.search(first) else first.rstrip("0123456789-_")


def _up(link: LexborNode) -> list[LexborNode]:
    found = []
    for one in ancestors(link):
        found.append(one)
        if len(found) == _SIGNATURE:
            break
    return found


def group(rows: Iterable[Row], page_path: str, at_side: frozenset[str] | set[str]) -> list[Group]:
    """The rows by their places. `at_side`: keys of those that stand in a side column, as it
    seems."""
    by_place: dict[tuple[bool, bool, str], list[Row]] = {}
    aside: dict[int | None, bool] = {}
    for row in rows:
        holder = row.boxes[0].parent
        mem = holder.mem_id if holder is not None else None
        if mem not in aside:
            aside[mem] = is_side_box(heading_above(holder))
        by_place.setdefault((row.key in at_side, aside[mem], _signature(row.links[0])), []).append(
            row
        )
    return [
        made
        for (is_side, _, _), members in by_place.items()
        if (made := _weigh(members, page_path, is_side))
    ]


def _weigh(rows: list[Row], page_path: str, is_side: bool) -> Group | None:
    pairs = [(row, post) for row in rows if (post := to_post(row))]
    if not pairs:
        return None
    posts = _uncounted([post for _, post in pairs])
    count = len(posts)
    dated = sum(1 for post in posts if post.moment) / count
    words = sum(min(len(post.title.split()), 14) for post in posts) / count
    shapes = Counter(url_shape(post.url) for post in posts)
    alike = 0.4 + 0.6 * shapes.most_common(1)[0][1] / count
    many = min(count, 40) ** 0.7
    score = many * (0.15 + dated) * (0.3 + words / 8) * alike
    below = (
        sum(1 for post in posts if urlsplit(post.url).path.startswith(page_path)) / count
        if page_path
        else 0.0
    )
    rank = many * (0.4 + dated) * (0.1 + (words / 8) ** 1.5) * alike * (1 + below / 2)
    common = frozenset(shape for shape, times in shapes.items() if times * 4 >= count)
    numbered = sum(_has_number(post.url) for post in posts) / count
    members = tuple(row for row, _ in pairs)
    return Group(members, posts, common, score, rank, dated, words, below, numbered, is_side)


def _has_number(url: str) -> bool:
    parts = urlsplit(url)
    return any(map(str.isdecimal, parts.path.rsplit("/", 1)[-1] + parts.query + parts.fragment))


def _uncounted(posts: Sequence[ListedPost]) -> tuple[ListedPost, ...]:
    """The rows without their numbers, where every title begins with its place in the list."""
    counted = [_COUNTED.match(post.title) for post in posts]
    numbers = [int(match[1]) if match else -1 for match in counted]
    if (
        len(posts) < 3
        or numbers[0] < 0
        or numbers != list(range(numbers[0], numbers[0] + len(posts)))
    ):
        return tuple(posts)
    return tuple(
        replace(post, title=post.title[match.end() :])
        for post, match in zip(posts, counted, strict=True)
        if match is not None
    )


def choose(groups: Sequence[Group], places: LinkPlaces, *, is_front: bool = False) -> list[Group]:
    """The groups that are the page's list; none when it has none. `is_front`: a portal's first
    page, of which every box of posts is a part."""
    able = [one for one in groups if one.score >= LEAST_SCORE and not one.is_side]
    best = max(able, key=lambda one: one.rank, default=None)
    if best is None:
        return []
    family = _GroupMembers(best, places, is_front=is_front)
    return [one for one in groups if one is best or family.has(one)]


def is_alike(one: Group, posts: Sequence[Group]) -> bool:
    """Whether rows that were left out look like those that were taken: by their addresses and their
    words."""
    return any(one.shapes & other.shapes and one.words >= 0.5 * other.words for other in posts)


class _GroupMembers:
    """What is of the same list as the best group: a top story, a second column, a pinned row."""

    def __init__(self, best: Group, places: LinkPlaces, *, is_front: bool) -> None:
        self._best = best
        self._places = places
        self._holders = {
            box.parent.mem_id for row in best.rows for box in row.boxes if box.parent is not None
        }
        self._first, self._last = self._span(best)
        self._is_telling = _is_telling(best)
        self._has_boxes = not is_front and not self._is_under_box(best)

    def _span(self, one: Group) -> tuple[int, int]:
        found = [self._places.index[link.mem_id or -1] for row in one.rows for link in row.links]
        return min(found), max(found)

    def has(self, one: Group) -> bool:
        best = self._best
        if one.words < 0.5 * best.words and not (
            one.dated >= 0.5 and best.dated >= 0.5 and not one.is_side
        ):
            return False
        is_like = bool(one.shapes & best.shapes)
        if one.is_side:
            return is_like and self._is_within(one)
        if self._is_beside(one):
            return is_like or one.dated >= 0.5
        if not is_like or self._is_apart(one) or self._is_box(one):
            return False
        if one.dated >= 0.5 or self._is_within(one):
            return True
        if (best.below >= 0.9 and one.below < 0.5) or (best.numbered >= 0.9 and one.numbered < 0.5):
            return False
        return self._is_telling or one.score >= 0.3 * best.score or _is_headed(one)

    def _is_beside(self, one: Group) -> bool:
        """Whether the rows stand next to those of the list, in the same element."""
        boxes = [box.parent for row in one.rows for box in row.boxes]
        return all(holder is not None and holder.mem_id in self._holders for holder in boxes)

    def _is_within(self, one: Group) -> bool:
        """Whether the rows stand between those of the list, or in the element that holds them
        all."""
        first, last = self._span(one)
        holder, _ = self._places.around(self._best.link, self._first, self._last)
        if holder is None or holder.tag in ("html", "body"):
            return False
        start, end = self._places.spans[holder.mem_id or -1]
        return start <= first and last <= end

    def _is_under_box(self, one: Group) -> bool:
        holder, _ = self._places.around(one.link, *self._span(one))
        heading = heading_above(holder)
        return is_newest(heading) or is_side_box(heading)

    def _is_box(self, one: Group) -> bool:
        """Whether rows are a box of the newest or the most read in another column than the list."""
        if not self._has_boxes or len(one.rows) > len(self._best.rows):
            return False
        first, last = self._span(one)
        lowest, highest = min(first, self._first), max(last, self._last)
        _, mine = self._places.around(one.link, lowest, highest)
        _, theirs = self._places.around(self._best.link, lowest, highest)
        return are_columns(mine, theirs) and self._is_under_box(one)

    def _is_apart(self, one: Group) -> bool:
        """Whether undated rows stand in a column of their own behind the list, or under a heading
        (`Xem nhiều`)."""
        if one.dated >= 0.5 and self._best.dated >= 0.5:
            return False
        first, last = self._span(one)
        lowest, highest = min(first, self._first), max(last, self._last)
        around, mine = self._places.around(one.link, lowest, highest)
        _, theirs = self._places.around(self._best.link, lowest, highest)
        is_behind = around is not None and first > self._last and names(mine) != names(theirs)
        if is_behind and COLUMN.search(names(mine)) and COLUMN.search(names(theirs)):
            return True
        return is_side_box(heading_above(self._places.around(one.link, first, last)[0]))


def _is_telling(best: Group) -> bool:
    """Whether its addresses are those of posts alone: below a folder of their own, or with a number
    each."""
    folders = {str(PurePosixPath(urlsplit(post.url).path).parent) for post in best.posts}
    return (len(folders) == 1 and folders != {"/"}) or best.numbered >= 0.9


def _is_headed(one: Group) -> bool:
    return any(node.tag in ("h1", "h2", "h3", "h4", "h5", "h6") for node in _up(one.link)[:2])
