"""Who says when a post was published, in words."""

from __future__ import annotations

from datetime import timedelta

from service.cli.common import local
from service.instants import Dating, Moment, Source, Witness
from service.moments.vote import is_same_day
from service.values import Locale

_NAMES = {
    Source.ROW: "its row in the listing",
    Source.ARTICLE: "the words of its page",
    Source.HEAD: "the head of its page",
    Source.FEED: "the feed",
    Source.ADDRESS: "a folder of its address",
    Source.TITLE: "the end of its title",
    Source.GUESS: "a guess from its page",
    Source.ORDER: "its place among others",
}
_DAY = timedelta(days=1)


def dating_lines(dating: Dating | None, locale: Locale) -> list[str]:
    """A line for each witness, those who agree first; one line where nobody was heard, or nobody
    knows any more."""
    if dating is None:
        return ["not known: it was stored before this was kept"]
    lines = [f"agrees: {_said(one, locale)}" for one in dating.agreed]
    lines += [f"{_against(one, dating)}: {_said(one, locale)}" for one in dating.disagreed]
    if dating.is_late:
        lines.append("late: old by one witness alone, and new here; it is told of nevertheless")
    return lines or ["nobody says: when it was first seen"]


def _against(one: Witness, dating: Dating) -> str:
    if one.is_update:
        return "an edit"
    if dating.moment is not None and is_same_day(one.moment, dating.moment):
        return "same day"
    return "disagrees"


def _said(one: Witness, locale: Locale) -> str:
    quoted = f" “{one.said.strip()}”" if one.said.strip() else ""
    return f"{_NAMES[one.source]}: {shown_moment(one.moment, locale)}{quoted}"


def shown_moment(moment: Moment, locale: Locale) -> str:
    """An instant as exact as it is known: a day without its hour, an hour without its minutes."""
    at = local(moment.at, locale)
    if moment.span is not None and moment.span > timedelta(minutes=1):
        return f"{at} (± {_length(moment.span)})"
    return at if moment.has_time else at[:10]


def _length(span: timedelta) -> str:
    if span >= _DAY:
        return f"{span.days} d"
    return f"{max(1, round(span.total_seconds() / 3600))} h"


def dating_json(dating: Dating | None) -> dict[str, object] | None:
    """As `--json` shows it."""
    if dating is None:
        return None
    return {
        "precision": precision(dating.moment),
        "is_late": dating.is_late,
        "agreed": [witness_json(one) for one in dating.agreed],
        "disagreed": [witness_json(one) for one in dating.disagreed],
    }


def precision(moment: Moment | None) -> str | None:
    """`minute`, `hour`, `day` or `rough`; None where nobody says a date."""
    if moment is None:
        return None
    if moment.span is not None and moment.span > timedelta(minutes=1):
        return "hour" if moment.span < _DAY else "rough"
    return "minute" if moment.has_time else "day"


def witness_json(one: Witness) -> dict[str, object]:
    return {
        "source": one.source.value,
        "at": one.moment.at.isoformat().replace("+00:00", "Z"),
        "precision": precision(one.moment),
        "said": one.said,
        "is_update": one.is_update,
    }
