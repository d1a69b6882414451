"""When a post was published, by all who say so: a vote by independent witnesses, the day first,
then the hour.

A wrong reading never silences: what one witness says alone is believed for the date, and not for
keeping quiet.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

from service.instants import Dating, Moment, Source, Witness
from service.text import LOCAL

_DAY = timedelta(days=1)
_AHEAD = _DAY
"""A date further in the future is a slip, and not believed."""
_ZONES_APART = timedelta(hours=14)
"""Two hours that may be one, of which one side forgot its zone."""
_SPEAKERS = {
    Source.ARTICLE: "article", Source.HEAD: "article", Source.GUESS: "article",
    Source.ROW: "row", Source.FEED: "feed", Source.ADDRESS: "address",
}  # fmt: skip
"""Who is independent of whom: the head of a page and its words are filled from one field."""
_RANK = (
    Source.HEAD, Source.ARTICLE, Source.ROW, Source.FEED, Source.ADDRESS, Source.TITLE,
    Source.GUESS, Source.ORDER,
)  # fmt: skip
"""Whom to believe where as many speak against as for."""
_SHOWN = frozenset({Source.ARTICLE, Source.ROW})
"""Portals that show one date alone and call it `Cập nhật` mean that of publication."""
_CLOCK = (Source.ARTICLE, Source.ROW, Source.HEAD, Source.FEED, Source.TITLE)
"""Whose hour counts, of those who agree on the day: what people are shown, before what programs are
told."""


def vote(witnesses: Iterable[Witness], now: datetime) -> Dating:
    """The instant that most independent witnesses agree on; `now` where nobody says any.

    A trailing date of the title counts only where nobody else speaks, a guess only where the page
    says nothing itself, the day of an edit only where there is none but it; an order among
    neighbours names no day.
    """
    heard = tuple(dict.fromkeys(witnesses))
    able = _able(heard, now)
    if not able:
        return Dating(now, None, (), heard)
    best = _as_shown(max(able, key=lambda one: _weight(one, able)), able)
    agreed = tuple(one for one in heard if one in able and is_same_day(one.moment, best.moment))
    moment = _clock(agreed, best)
    return Dating(moment.at, moment, agreed, _without(heard, agreed))


def _without(heard: Sequence[Witness], agreed: Sequence[Witness]) -> tuple[Witness, ...]:
    return tuple(one for one in heard if one not in agreed)


def _able(heard: Sequence[Witness], now: datetime) -> list[Witness]:
    """Those that count: the strongest kind that has anything to say."""
    said = [one for one in heard if not one.is_update and one.moment.at <= now + _AHEAD]
    for kinds in ({*_SPEAKERS} - {Source.GUESS}, {Source.TITLE}, {Source.GUESS}):
        able = [one for one in said if one.source in kinds]
        if able:
            return able
    return [
        one
        for one in heard
        if one.is_update and one.source in _SHOWN and one.moment.at <= now + _AHEAD
    ]


def _as_shown(best: Witness, able: Sequence[Witness]) -> Witness:
    """Where the head of a page is but a day from its words, it tells of another zone: the words
    count."""
    if best.source is not Source.HEAD:
        return best
    shown = (one for one in able if one.source is Source.ARTICLE and one.moment.span is None)
    return next(
        (one for one in shown if abs(day_of(one.moment) - day_of(best.moment)) <= _DAY), best
    )


def _weight(one: Witness, able: Sequence[Witness]) -> tuple[bool, int, int]:
    speakers = {
        _SPEAKERS.get(other.source) for other in able if is_same_day(one.moment, other.moment)
    }
    is_exact = one.moment.span is None or one.moment.span < _DAY
    return is_exact, len(speakers), -_RANK.index(one.source)


def is_same_day(one: Moment, other: Moment) -> bool:
    """Whether two statements can be of one day; hours may differ by a zone that one side forgot."""
    if one.has_time and other.has_time:
        return day_of(one) == day_of(other) or abs(one.at - other.at) <= _ZONES_APART
    first, last = sorted((one, other), key=lambda moment: moment.at)
    return day_of(last) <= day_of(first) + _days(first) and day_of(first) >= day_of(last) - _days(
        last
    )


def _days(moment: Moment) -> timedelta:
    """How many days later, or earlier, the day of a rough statement may be."""
    return moment.span if moment.span is not None and moment.span >= _DAY else timedelta(0)


def day_of(moment: Moment) -> date:
    return moment.at.astimezone(LOCAL).date()


def _clock(agreed: Sequence[Witness], best: Witness) -> Moment:
    """The hour of the best of those who know it, one that is exact before one that is told from
    now."""
    timed = [one for one in agreed if one.moment.has_time and one.source in _CLOCK]
    if not timed:
        return best.moment
    return min(
        timed, key=lambda one: (one.moment.span is not None, _CLOCK.index(one.source))
    ).moment


def is_old(dating: Dating, before: datetime) -> bool:
    """Whether two independent witnesses agree that a post is of before an instant, and none says
    that it is not.

    The day of an edit counts here too: what was last edited long ago was published long ago.
    """
    if dating.at >= before or dating.moment is None:
        return False
    old: set[str] = set()
    for one in dating.witnesses:
        speaker = _SPEAKERS.get(one.source)
        if speaker is None or one.source is Source.GUESS:
            continue
        if _latest(one.moment) < before:
            old.add(speaker)
        elif not one.is_update and speaker != "address":
            return False
    return len(old) >= 2


def _latest(moment: Moment) -> datetime:
    return moment.at + max(moment.span or timedelta(0), timedelta(0) if moment.has_time else _DAY)
