"""What is stated of an instant, and by whom: frozen values, and nothing that acts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Moment:
    """A date as a page states it. `has_time` is False when only the day is known (then `at` is
    00:00 local)."""

    at: datetime
    has_time: bool
    span: timedelta | None = None
    """How much longer than a minute, or a day, it may last: `3 giờ trước` says an hour, `2 tuần
    trước` a week."""


class Source(StrEnum):
    """Who states when a post was published."""

    ARTICLE = "article"  # the words of its page
    HEAD = "head"  # what its page tells programs: meta, JSON-LD, time
    ROW = "row"  # its row in a listing
    FEED = "feed"
    ADDRESS = "address"  # a folder of it: the day of creation
    TITLE = "title"  # a date in brackets at its end
    GUESS = "guess"  # a date somewhere on its page, found by htmldate
    ORDER = "order"  # its place between dated neighbours


@dataclass(frozen=True, slots=True)
class Witness:
    """One statement. `said` are its words, as they stand there."""

    source: Source
    moment: Moment
    said: str
    is_update: bool = False
    """It says when the post was edited: never when it was published."""


@dataclass(frozen=True, slots=True)
class Dating:
    """When a post was published, by the vote of all who say so."""

    at: datetime
    """Their instant; when the post was first seen, where nobody says any."""
    moment: Moment | None
    """As exact as the best of those who agree says it; None where nobody says any."""
    agreed: tuple[Witness, ...] = ()
    disagreed: tuple[Witness, ...] = ()
    """Others that were heard: another day, the day of an edit, a day to come."""
    is_late: bool = False
    """It says an old day, and was told nevertheless: no two witnesses agree that it is old."""

    @property
    def witnesses(self) -> tuple[Witness, ...]:
        return self.agreed + self.disagreed
