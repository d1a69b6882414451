"""When a post was published and what it is called, by its row, its article, its feed and its
address: pure.

A date in brackets at a title's end counts only where nobody else says a date, and leaves the title
then; else the title stays whole. A label that only the listing glues to its titles is the
listing's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise

from service.instants import Dating, Moment, Source, Witness
from service.moments.address import by_address
from service.moments.label import parse_moment
from service.moments.vote import day_of, is_same_day, vote
from service.posts.diff import is_alike_title
from service.posts.identity import is_cut
from service.types import Article, ListedPost

_DAY = timedelta(days=1)
_MOSTLY = 0.8
"""Of the neighbours of a listing so many stand in the order of their dates, where it has one."""


@dataclass(frozen=True, slots=True)
class DatingDecision:
    """`title` is empty where neither row nor article has one."""

    title: str
    dating: Dating


def settle_dating(
    row: ListedPost, article: Article | None, now: datetime, more: Sequence[Witness] = ()
) -> DatingDecision:
    """The title and the date of a post. `more`: what else is known, as its place in the listing."""
    listed, stated = _of_row(row), _of_article(article)
    address = by_address(row.url)
    others = [
        one for one in (*listed, *stated, *((address,) if address else ()), *more) if _is_other(one)
    ]
    names = (row.title, article.title if article is not None else "")
    glued = (_glued(listed), _glued(stated))
    if glued[0] is None and glued[1] is None:
        return DatingDecision(first_title(*names), vote(others, now))
    if (
        glued[0] is not None
        and article is not None
        and not _is_in(glued[0], article, glued[1], names[0])
    ):
        label = replace(glued[0], source=Source.ROW)
        return DatingDecision(first_title(*names), vote([label, *others], now))
    is_label, counted = _judge(next(one for one in glued if one is not None), others)
    if not is_label:
        names = (_whole(names[0], glued[0]), _whole(names[1], glued[1]))
    return DatingDecision(first_title(*names), vote([*others, *counted], now))


def _of_row(row: ListedPost) -> tuple[Witness, ...]:
    if row.witnesses or row.moment is None:
        return row.witnesses
    return (Witness(Source.ROW, row.moment, ""),)


def _of_article(article: Article | None) -> tuple[Witness, ...]:
    if article is None:
        return ()
    if article.witnesses or article.moment is None:
        return article.witnesses
    return (Witness(Source.ARTICLE, article.moment, ""),)


def _is_other(one: Witness) -> bool:
    return one.source is not Source.TITLE


def _glued(witnesses: Sequence[Witness]) -> Witness | None:
    return next((one for one in witnesses if one.source is Source.TITLE), None)


def _whole(title: str, glued: Witness | None) -> str:
    return f"{title}{glued.said}" if glued is not None and title else title


def _is_in(glued: Witness, article: Article, own: Witness | None, listed: str) -> bool:
    """Whether the article's title ends in the date too, or says something else altogether."""
    if own is not None or article.title.endswith(glued.said.strip()):
        return True
    return not article.title or not is_alike_title(listed, article.title)


def _judge(glued: Witness, others: Sequence[Witness]) -> tuple[bool, list[Witness]]:
    """Whether a date at the end of the title is a label and no words of it, and what it counts
    as."""
    speaking = [one for one in others if not one.is_update and one.source is not Source.ORDER]
    if not speaking:
        return True, [glued]
    shown = [one for one in speaking if one.source is not Source.ADDRESS]
    if any(glued.moment.has_time and one.moment.at == glued.moment.at for one in shown):
        return True, [replace(glued, source=Source.ROW)]
    if not shown and (glued.moment.has_time or is_same_day(glued.moment, speaking[0].moment)):
        return True, [
            replace(glued, source=Source.ROW)
        ]  # a label beside nothing but a folder of the address
    return False, [glued]


def first_title(listed: str, stated: str) -> str:
    """The title of a new post: its article's where that can be the same, else what the listing
    says."""
    return whole_title(listed, stated) if not listed or is_alike_title(listed, stated) else listed


def whole_title(listed: str, stated: str) -> str:
    """The title of an article, or of its listing where the article gives none or a cut one."""
    if stated and (is_cut(listed) or not is_cut(stated)):
        return stated
    return listed or stated


def by_order(rows: Mapping[str, ListedPost], key: str) -> Witness | None:
    """Between which days a row stands, where a listing is in the order of its dates; None where it
    tells nothing."""
    keys = list(rows)
    dated = [(place, rows[one].moment) for place, one in enumerate(keys) if one != key]
    known = [(place, moment) for place, moment in dated if moment is not None]
    place = keys.index(key)
    above = next((moment for at, moment in reversed(known) if at < place), None)
    below = next((moment for at, moment in known if at > place), None)
    if (
        above is None
        or below is None
        or not _is_ordered([moment for _, moment in known])
        or above.at < below.at
    ):
        return None
    span = day_of(above) - day_of(below) + _DAY
    start = parse_moment(day_of(below).isoformat())
    if start is None:
        return None
    return Witness(
        Source.ORDER,
        replace(start, span=span),
        f"{day_of(below):%d/%m/%Y} – {day_of(above):%d/%m/%Y}",
    )


def _is_ordered(moments: Sequence[Moment]) -> bool:
    pairs = list(pairwise(moments))
    return len(pairs) > 1 and sum(
        day_of(one) >= day_of(two) for one, two in pairs
    ) >= _MOSTLY * len(pairs)
