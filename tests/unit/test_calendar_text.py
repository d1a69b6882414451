"""No text of a portal makes a property, a component or a parameter of a calendar (RFC 5545, 3.1 and
3.3.11): by meetings, deadlines, the calendar of one post, and the name of a feed."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from service.feeds.ical import render_calendar
from service.feeds.model import Feed
from service.types import Deadline, Post
from tests.fakes_feeds import ALL, AT, SITE, make_post

AWKWARD = (
    "\r\n", "\n", "\r", "\u2028", "\u0085", "\x0b", "\x00", "BEGIN:VEVENT", "END:VCALENDAR", "\r\nATTACH:",
    "\r\n ", "ATTENDEE;CN=", ";", ",", ":", "\\", "\\n", '"', "\u202e", "\ud800", "ệ" * 40, "🏛" * 20,
    "X" * 90, "\r\nRRULE:FREQ=SECONDLY", "=0D=0A", "\ufeff",
)  # fmt: skip
FOREIGN = st.lists(
    st.one_of(st.sampled_from(AWKWARD), st.text(max_size=8)), min_size=1, max_size=6
).map("".join)
PROPERTIES = {
    "BEGIN", "END", "PRODID", "VERSION", "METHOD", "X-WR-CALNAME", "REFRESH-INTERVAL",
    "X-PUBLISHED-TTL", "SOURCE", "UID", "DTSTAMP", "LAST-MODIFIED", "SEQUENCE", "DTSTART", "DURATION",
    "SUMMARY", "URL", "DESCRIPTION", "LOCATION", "CATEGORIES", "STATUS", "TRANSP", "RRULE", "TZID",
    "TZOFFSETFROM", "TZOFFSETTO",
}  # fmt: skip


def _meeting(text: str) -> Post:
    known = replace(
        make_post().understanding, begins_at=AT + timedelta(days=1), venue=text, summary=text,
        categories=("meetings", text),
    )  # fmt: skip
    return make_post(0, text, understanding=known, url=f"https://portal.example/{text}")


def _owed(text: str) -> Post:
    owed = Deadline(date(2024, 2, 1), text, task=text, source=text)
    return make_post(0, text, understanding=replace(make_post().understanding, deadlines=(owed,)))


DOORS: dict[str, Callable[[str], bytes]] = {
    "a meeting": lambda text: render_calendar(SITE, Feed(ALL, (_meeting(text),)))[0],
    "a deadline": lambda text: render_calendar(
        SITE, Feed(replace(ALL, has_deadlines=True), (_owed(text),))
    )[0],
    "a post's own": lambda text: render_calendar(
        SITE, Feed(replace(ALL, title=text, title_en=text, has_deadlines=True), (_owed(text),)),
        "https://loa.example/posts/1/calendar.ics",
    )[0],
    "a narrowed feed": lambda text: render_calendar(
        SITE, Feed(ALL, (_meeting(text),), (("q", text.encode("utf-8", "replace").decode()),))
    )[0],
}  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(text=FOREIGN)
def test_S12_no_text_makes_a_line_of_a_calendar(text: str) -> None:
    for door, made in DOORS.items():
        body = made(text)
        lines = body.split(b"\r\n")
        assert lines.pop() == b"" and max(map(len, lines)) <= 75, (door, text)
        assert re.search(rb"(?<!\r)\n|\r(?!\n)", body) is None
        for line in lines:
            line.decode("utf-8")  # no letter is torn at the 75th octet
        whole = re.sub(rb"\r\n[ \t]", b"", body).decode("utf-8")
        assert not re.search(
            "[\u202a-\u202e\u2066-\u2069\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]",
            whole,
        )
        names = [re.split("[:;]", line)[0] for line in whole.split("\r\n") if line]
        assert set(names) <= PROPERTIES, (door, set(names) - PROPERTIES)
        assert names.count("BEGIN") == names.count("END") == 2
        (event,) = Calendar.from_ical(body).events
        assert "RRULE" not in event and "ATTACH" not in event and "ATTENDEE" not in event
