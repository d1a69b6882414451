"""Calendars (RFC 5545) of meetings and events: a VEVENT for each post that says when something
begins.

Owns the mapping from posts to VEVENTs. No DTSTAMP by the clock: it is when the post last moved, so
that an unchanged calendar is the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from icalendar import Calendar, Event, Timezone, TimezoneStandard

from service.alerts.headers import visible_line
from service.feeds.ical_deadlines import MARK, calendar_text, deadline_events
from service.feeds.markup import (
    Site,
    entry_title,
    feed_updated_at,
    moved_at,
    uri,
    whole_seconds,
    xml_text,
)
from service.feeds.model import Feed, Format
from service.types import Post

DURATION = timedelta(hours=2)
"""Of a meeting whose end is not told, which is nearly every one: enough to be seen in a week's
view."""


def render_calendar(site: Site, feed: Feed, source: str = "") -> tuple[bytes, datetime]:
    """The calendar's bytes, and when it last changed. Posts without a beginning are left out.

    `source`: where it is found again; empty: at the feed's own address.
    """
    calendar = Calendar()
    calendar.add("prodid", "-//Loa//feeds//VI")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", visible_line(xml_text(f"{feed.spec.title} – {site.title}")))
    calendar.add("refresh-interval", timedelta(hours=1), parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT1H")  # the same hour, as Outlook asks for it
    calendar.add(
        "source", source or feed.address(site.root, Format.ICS), parameters={"VALUE": "URI"}
    )
    for post in feed.posts:
        if post.understanding.begins_at is not None:
            calendar.add_component(_event(site, post, post.understanding.begins_at))
        if feed.spec.has_deadlines:
            for event in deadline_events(site, feed.spec, post):
                calendar.add_component(event)
    if not calendar.subcomponents:
        calendar.add_component(_zone())  # RFC 5545, 3.6: a calendar holds one component at least
    return calendar.to_ical(), feed_updated_at(map(moved_at, feed.posts))


def _zone() -> Timezone:
    """Of Việt Nam since 1975, without summer time."""
    zone, standard = Timezone(), TimezoneStandard()
    zone.add("tzid", "Asia/Ho_Chi_Minh")
    standard.add("dtstart", datetime(1975, 6, 13))  # noqa: DTZ001  # RFC 5545, 3.6.5: local time
    standard.add("tzoffsetfrom", timedelta(hours=8))
    standard.add("tzoffsetto", timedelta(hours=7))
    zone.add_component(standard)
    return zone


def _event(site: Site, post: Post, begins_at: datetime) -> Event:
    now = post.understanding.rescheduled
    event = Event()
    event.add("uid", f"{post.id}@loa")
    event.add("dtstamp", whole_seconds(moved_at(post)))
    event.add("last-modified", whole_seconds(moved_at(post)))
    event.add("sequence", max(0, post.revision - 1) + (now.times if now else 0))
    event.add("dtstart", whole_seconds((now and now.begins_at) or begins_at))
    event.add("duration", DURATION)
    event.add("summary", _summary(post))
    event.add("url", uri(post.url) or site.post_url(post))
    said = f"{xml_text(post.summary) or entry_title(post)}\n{site.post_url(post)}"
    said = f"{said}\n{site.root}/posts/{now.post_id}" if now and now.link else said
    event.add("description", calendar_text(said))
    venue = (now and now.venue) or post.understanding.venue
    if venue:
        event.add("location", calendar_text(venue))
    named = [site.labels.get(category, category) for category in post.categories]
    event.add("categories", [calendar_text(name) for name in named])
    event.add("status", _status(post))
    return event


def _summary(post: Post) -> str:
    """The title, which says what has become of the meeting where another document says so."""
    now, title = post.understanding.rescheduled, calendar_text(entry_title(post))
    if now is not None and now.is_off:
        return f"[Đã hoãn, hủy] {title}"
    return f"[Kiểm tra lại] {title}" if now and now.is_unsure else title


def _status(post: Post) -> str:
    now = post.understanding.rescheduled
    if post.withdrawn_at or (now is not None and now.is_off):
        return "CANCELLED"
    return "TENTATIVE" if now is not None and now.is_unsure else "CONFIRMED"


def calendar_problem(body: bytes, posts: Sequence[Post]) -> str | None:
    """Why a calendar does not hold exactly the posts that say when something begins, besides
    deadlines; None when it does."""
    meant = [
        (f"{post.id}@loa", _summary(post))
        for post in posts
        if post.understanding.begins_at is not None
    ]
    try:
        found = [
            (str(event["uid"]), str(event["summary"]))
            for event in Calendar.from_ical(body).events
            if MARK not in str(event["uid"])
        ]
    except (ValueError, KeyError) as error:
        return f"is no calendar: {error}"
    return (
        None if found == meant else f"holds {len(found)} events that are not the {len(meant)} meant"
    )
