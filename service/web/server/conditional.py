"""HTTP's conditional requests and content negotiation, to the letter of RFC 9110. Knows nothing of
feeds."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from functools import lru_cache

_ENTITY_TAG = re.compile(r'\s*+(?:(W/)?("[\x21\x23-\x7e\x80-\xff]*+"))?\s*+(?:,|$)')
_CODING = re.compile(
    r"^\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*(?:;\s*[qQ]\s*=\s*(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*)?$"
)
_DATE = re.compile(
    r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT"
    r"|(Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, \d\d-[A-Z][a-z]{2}-\d\d \d\d:\d\d:\d\d GMT"
    r"|(Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}"
)
"""The three forms of HTTP-date (5.6.7); anything else is no date, and a field without a date is
ignored."""


def http_date(instant: datetime) -> str:
    return format_datetime(instant.astimezone(UTC), usegmt=True)


def read_http_date(value: str) -> int | None:
    """Seconds since 1970; None for what is no HTTP-date."""
    value = value.strip()
    if not _DATE.fullmatch(value):
        return None
    try:
        parsed = parsedate_to_datetime(value)
    except ValueError:
        return None
    return int(parsed.replace(tzinfo=UTC).timestamp())


def read_entity_tags(value: str) -> list[tuple[bool, str]] | None:
    """(weak, opaque tag) of each; None for `*`; what cannot be read ends the list, as an unknown
    tag would."""
    if value.strip() == "*":
        return None
    tags: list[tuple[bool, str]] = []
    at = 0
    while at < len(value):
        found = _ENTITY_TAG.match(value, at)
        if found is None or found.end() == at:
            break
        if found[2]:
            tags.append((bool(found[1]), found[2]))
        at = found.end()
    return tags


def precondition(environ: dict[str, object], etag: str, modified_s: int | None) -> int:
    """200, 304 or 412: the outcome of a GET or HEAD by 13.2.2, for a strong entity tag.

    Without an instant of modification what asks about one is ignored (13.1.3, 13.1.4)."""
    if_match = environ.get("HTTP_IF_MATCH")
    if if_match is not None:
        tags = read_entity_tags(str(if_match))
        if tags is not None and (False, etag) not in tags:
            return 412
    elif modified_s is not None and (since := environ.get("HTTP_IF_UNMODIFIED_SINCE")) is not None:
        at = read_http_date(str(since))
        if at is not None and modified_s > at:
            return 412
    return _if_none_match(environ, etag, modified_s)


def _if_none_match(environ: dict[str, object], etag: str, modified_s: int | None) -> int:
    if_none_match = environ.get("HTTP_IF_NONE_MATCH")
    if if_none_match is not None:
        if if_none_match == etag:
            return 304
        tags = read_entity_tags(str(if_none_match))
        return 304 if tags is None or any(tag == etag for _, tag in tags) else 200
    since = environ.get("HTTP_IF_MODIFIED_SINCE")
    if since is not None and modified_s is not None:
        at = read_http_date(str(since))
        return 304 if at is not None and modified_s <= at else 200
    return 200


@lru_cache(maxsize=512)
def prefers_gzip(accept_encoding: str) -> bool:
    """Whether gzip is acceptable and at least as welcome as the plain bytes (12.5.3)."""
    weights: dict[str, float] = {}
    for part in accept_encoding[:1000].split(","):
        found = _CODING.match(part)
        if found:
            coding = found[1].lower()
            weights["gzip" if coding == "x-gzip" else coding] = (
                1.0 if found[2] is None else float(found[2])
            )
    gzip = weights.get("gzip", weights.get("*", 0.0))
    return gzip > 0 and gzip >= weights.get("identity", 0.0)


def is_browser(environ: dict[str, object]) -> bool:
    """Whether a person's browser opens this address as a page.

    Browsers say so in Sec-Fetch fields, but not over plain http to another machine; there they ask
    to be upgraded and want HTML first. `Accept` alone decides nothing: feed readers name text/html
    too.
    """
    destination = environ.get("HTTP_SEC_FETCH_DEST")
    if destination is not None:
        return (
            destination == "document"
            and environ.get("HTTP_SEC_FETCH_MODE", "navigate") == "navigate"
        )
    wants_upgrade = environ.get("HTTP_UPGRADE_INSECURE_REQUESTS") == "1"
    return wants_upgrade and str(environ.get("HTTP_ACCEPT", "")).startswith("text/html")
