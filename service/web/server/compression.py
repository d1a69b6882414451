"""Pages, styles, lists and calendars sent as gzip to whoever takes it. Feeds in memory are zipped
already (see `hot`).

Refuses what is somebody's own, by a session, a token or a proxy that signs people in: a page that
holds a secret beside what the asker chose tells the secret by its compressed length (BREACH).
"""

from __future__ import annotations

from flask import Response, current_app, g, request
from isal import igzip

from service.web.server.conditional import prefers_gzip

LEAST_BYTES = 512
"""Below this gzip saves no packet."""
MOST_BYTES = 4 << 20
"""Above this it would take a worker's time: 10 ms a megabyte."""
LEVEL = 2
MEDIA_TYPES = frozenset(
    {
        "text/html", "text/css", "text/plain", "text/calendar", "text/x-opml", "text/csv",
        "application/json", "application/problem+json", "application/xml", "image/svg+xml",
    }
)  # fmt: skip


def compress(response: Response) -> Response:
    """The same answer as gzip where it may be and the asker takes it; its entity tag is weak then,
    as its bytes are others."""
    if response.mimetype not in MEDIA_TYPES:
        return response
    response.vary.add("Accept-Encoding")
    if not _may_be(response) or not prefers_gzip(request.headers.get("Accept-Encoding", "")):
        return response
    response.direct_passthrough = False
    response.set_data(igzip.compress(response.get_data(), LEVEL, mtime=0))
    response.headers["Content-Encoding"] = "gzip"
    tag, _is_weak = response.get_etag()
    if tag is not None:
        response.set_etag(tag, weak=True)
    return response


def _may_be(response: Response) -> bool:
    """A file's length is known before it is read: none of any size is taken into memory."""
    length = response.content_length
    if length is None and not response.is_streamed:
        length = response.calculate_content_length()
    return (
        response.status_code == 200
        and request.method != "HEAD"
        and length is not None
        and LEAST_BYTES <= length <= MOST_BYTES
        and (not response.is_streamed or response.direct_passthrough)
        and "Content-Encoding" not in response.headers
        and not response.cache_control.no_store
        and not getattr(g, "has_secret", False)
        and "caller" not in g
        and current_app.config["SESSION_COOKIE_NAME"] not in request.cookies
    )
