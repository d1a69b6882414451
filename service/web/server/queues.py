"""The queues of requests that take work: which one a request waits in, and how long.

What strangers can ask for in endless variants, each of which costs a look through the database, has
few threads and a short queue of its own; health, people and programs that are known wait for none
of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from service.services.narrowing import FIELDS
from service.web.server.hot import RAW


@dataclass(frozen=True, slots=True)
class Queue:
    """`threads` work, `waiting` wait, and one client has at most `a_client` of all these."""

    name: str
    threads: int
    waiting: int
    a_client: int
    patience_s: float = 10.0
    """Who has waited so long is told to come again."""
    answer_within_s: float = 12.0
    """An answer that takes longer stands still; what it waits for in the database ends before
    that."""
    search_within_s: float | None = None
    """Of its look through the database; None: not limited."""


VITAL = Queue("health", threads=2, waiting=62, a_client=64)
PAGES = Queue("page", threads=12, waiting=244, a_client=128)
DESK = Queue("desk", threads=6, waiting=122, a_client=64)
"""Operators, programs with a token, and everything that is sent to us."""

SEARCHES = Queue("search", threads=2, waiting=14, a_client=8, patience_s=5, search_within_s=5)
"""Searches, narrowed lists and feeds, older pages: two at once take half a second each where 10,000
posts match."""

FEEDS = Queue("feed", threads=2, waiting=62, a_client=32, answer_within_s=60)
"""Feeds that are not in memory: made once, and then nearly always there."""

FILES = Queue("file", threads=96, waiting=0, a_client=64, answer_within_s=3600)
"""Files are sent by a thread each; a reader that takes nothing holds it until he is cut off (see
`sockets`)."""

STREAM = Queue("stream", threads=4, waiting=2044, a_client=1024)
"""Who asks for what he is owed: all come back at once when the server began anew, many from behind
one address. Who waits holds no place here (see `waiting`)."""

QUEUES = (VITAL, PAGES, DESK, SEARCHES, FEEDS, FILES, STREAM)

_VITAL = frozenset({"/healthz", "/readyz", "/metrics"})
_PLAIN = frozenset({"", RAW})
_SEARCHED = frozenset({"q", *FIELDS})
"""Parameters of lists that cost a look through the database."""


def queue_of(environ: dict[str, Any]) -> Queue:
    """Where a request waits that cannot be answered at once."""
    path, query = environ["PATH_INFO"], environ.get("QUERY_STRING", "")
    if path in _VITAL:
        return VITAL
    if path == "/api/v1/stream":
        return STREAM
    if path.startswith("/api/v1/") and _searches(query):
        return SEARCHES
    if path == "/subscribe/preview":
        return SEARCHES
    if path.startswith(("/api/", "/admin")) or environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
        return DESK
    if path.startswith(("/attachments/", "/covers/")):
        return FILES
    if path.startswith("/feeds/") and path != "/feeds/":
        return FEEDS if query in _PLAIN else SEARCHES
    return SEARCHES if path in ("/", "/subscribe", "/feeds/") and _narrows(query) else PAGES


def _narrows(query: str) -> bool:
    return any(part and not part.startswith("lang=") for part in query.split("&"))


def _searches(query: str) -> bool:
    """A name that is written in another way than it need be counts as one of these."""
    names = (part.partition("=")[0] for part in query.split("&"))
    return any(name in _SEARCHED or "%" in name for name in names)
