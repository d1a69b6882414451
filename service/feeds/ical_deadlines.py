"""Deadlines in calendars: a VEVENT for each day, hour or rule until which something is asked for.

A place's calendar holds what is owed by that place, by all communes, or by nobody who is named.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from hashlib import sha256

from icalendar import Event, vRecur

from service.alerts.headers import many_lines
from service.alerts.recurrence import hour_of_rule, next_day
from service.feeds.markup import Site, entry_title, moved_at, uri, whole_seconds, xml_text
from service.feeds.model import FeedSpec
from service.posts.doers import COMMUNES
from service.text import LOCAL
from service.types import Deadline, Post
from service.words import say

MARK = "-due-"
"""In the UID of what is no meeting."""


def calendar_text(text: str) -> str:
    """Text that is shown as it is written, in lines of its own (RFC 5545, 3.3.11): nothing that any
    reader takes for the end of a line but LF, which is written as `\\n`."""
    return many_lines(xml_text(text))


def deadline_events(site: Site, spec: FeedSpec, post: Post) -> Iterator[Event]:
    """One for each, however many owe it."""
    seen: set[str] = set()
    for one in post.understanding.deadlines:
        if spec.place is not None and not _is_of(spec.place, one):
            continue
        event_id = uid(post, one)
        begins = _begins(one, post.published_at)
        if event_id in seen or begins is None:
            continue
        seen.add(event_id)
        event = Event()
        event.add("uid", event_id)
        event.add("dtstamp", whole_seconds(moved_at(post)))
        event.add("last-modified", whole_seconds(moved_at(post)))
        event.add("sequence", max(0, post.revision - 1))
        event.add("dtstart", begins)
        if not isinstance(begins, datetime):
            event.add("duration", timedelta(days=1))
        if one.recurs is not None:
            event.add("rrule", vRecur.from_ical(one.recurs.partition(";BYHOUR")[0]))
        event.add("summary", calendar_text(f"Hạn: {one.task or entry_title(post)}"))
        event.add("url", uri(post.url) or site.post_url(post))
        note = f"\n({say('scan.note', 'vi')})" if one.is_scanned else ""
        quoted = f"\n“{one.text}”{note}" if one.text else ""
        said = f"{entry_title(post)}{quoted}\n{site.post_url(post)}"
        event.add("description", calendar_text(said))
        event.add("transp", "TRANSPARENT")
        event.add("status", "CANCELLED" if post.withdrawn_at else "CONFIRMED")
        yield event


def uid(post: Post, one: Deadline) -> str:
    """The same for the same deadline of a post, whichever calendar it stands in."""
    said = f"{one.on}|{one.at}|{one.recurs}|{one.text or one.task}"
    return f"{post.id}{MARK}{sha256(said.encode('utf-8', 'surrogatepass')).hexdigest()[:12]}@loa"


def _is_of(place_id: str, one: Deadline) -> bool:
    return one.is_unsure or one.owner in (None, COMMUNES, place_id)


def _begins(one: Deadline, published_at: datetime) -> object:
    if one.recurs is None:
        return whole_seconds(one.at) if one.at is not None else one.on
    day, hour = (
        next_day(one.recurs, published_at.astimezone(LOCAL).date()),
        hour_of_rule(one.recurs),
    )
    return (
        datetime.combine(day, hour, tzinfo=LOCAL) if day is not None and hour is not None else day
    )
