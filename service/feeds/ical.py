"""Calendars (RFC 5545) of meetings and events: a VEVENT for each post that says when something
begins.

Owns the mapping from posts to VEVENTs. No DTSTAMP by the clock: it is when the post last moved, so
that an unchanged calendar is the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from icalendar import Calendar, Event, Timezone, TimezoneStandard

from service.feeds.markup import (
    Site,
    feed_updated_at,
    moved_at,
    title_of,
    uri,
    whole_seconds,
    xml_text,
)
from service.feeds.model import Feed, Format
from service.types import Post

DURATION = timedelta(hours=2)
"""Of a meeting whose end is not told, which is nearly every one: enough to be seen in a week's
view."""


def render_calendar(site: Site, feed: Feed) -> tuple[bytes, datetime]:
    """The calendar's bytes, and when it last changed. Posts without a beginning are left out."""
    calendar = Calendar()
    calendar.add("prodid", "-//Loa//feeds//VI")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", xml_text(f"{feed.spec.title} – {site.title}"))
    calendar.add("refresh-interval", timedelta(hours=1), parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT1H")  # the same hour, as Outlook asks for it
    calendar.add("source", feed.address(site.root, Format.ICS), parameters={"VALUE": "URI"})
    for post in feed.posts:
        if post.understanding.begins_at is not None:
            calendar.add_component(_event(site, post, post.understanding.begins_at))
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
    event = Event()
    event.add("uid", f"{post.id}@loa")
    event.add("dtstamp", whole_seconds(moved_at(post)))
    event.add("last-modified", whole_seconds(moved_at(post)))
    event.add("sequence", max(0, post.revision - 1))
    event.add("dtstart", whole_seconds(begins_at))
    event.add("duration", DURATION)
    event.add("summary", title_of(post))
    event.add("url", uri(post.url) or site.post_url(post))
    event.add("description", f"{xml_text(post.summary) or title_of(post)}\n{site.post_url(post)}")
    if post.understanding.venue:
        event.add("location", xml_text(post.understanding.venue))
    event.add("categories", [site.labels.get(category, category) for category in post.categories])
    event.add("status", "CANCELLED" if post.withdrawn_at else "CONFIRMED")
    return event


def calendar_problem(body: bytes, posts: Sequence[Post]) -> str | None:
    """Why a calendar does not hold exactly the posts that say when something begins; None when it
    does."""
    meant = [
        (f"{post.id}@loa", title_of(post))
        for post in posts
        if post.understanding.begins_at is not None
    ]
    try:
        found = [
            (str(event["uid"]), str(event["summary"])) for event in Calendar.from_ical(body).events
        ]
    except (ValueError, KeyError) as error:
        return f"is no calendar: {error}"
    return (
        None if found == meant else f"holds {len(found)} events that are not the {len(meant)} meant"
    )
