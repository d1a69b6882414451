"""Where feeds are found, and which posts they ask the database for."""

from __future__ import annotations

from service.feeds.model import FeedSpec, Format
from service.storage.posts import PostQuery

XML_AND_JSON = (Format.RSS, Format.ATOM, Format.JSON)

NOTHING = "\x00nothing"
"""An id that nothing has: two filters of one kind that exclude each other leave no post."""


def path_of(spec: FeedSpec, fmt: Format) -> str:
    return f"/feeds/{spec.name}.{fmt}"


def formats_of(spec: FeedSpec) -> tuple[Format, ...]:
    return (*XML_AND_JSON, Format.ICS) if spec.has_calendar else XML_AND_JSON


def post_query(spec: FeedSpec, query: tuple[tuple[str, str], ...] = ()) -> PostQuery:
    """What the feed shows of the narrowing's posts: a fixed filter of the feed and one asked for both hold."""
    asked: dict[str, tuple[str, ...]] = {}
    for name, value in query:
        asked[name] = (*asked.get(name, ()), value)
    return PostQuery(
        categories=_both(spec.category, asked.get("category", ())),
        portals=_both(spec.portal, asked.get("portal", ())),
        places=_both(spec.place, asked.get("place", ())),
        q=" ".join(asked.get("q", ())),
    )


def _both(fixed: str | None, asked: tuple[str, ...]) -> tuple[str, ...]:
    if fixed is None:
        return asked
    return (fixed,) if not asked or fixed in asked else (NOTHING,)
