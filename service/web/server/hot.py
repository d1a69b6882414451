"""A thin WSGI layer before Flask: feeds from memory.

Answers GET and HEAD of a feed that is in memory without touching database or Flask; everything else
goes on. Refuses to know how feeds are made (see `feed_store`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from isal import igzip

from service.errors import InvalidInput
from service.web.feeds.feed_query import own_parameters
from service.web.server.conditional import http_date, is_browser, precondition, prefers_gzip

WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
Headers = list[tuple[str, str]]
Response = tuple[int, Headers, bytes]

CACHE_CONTROL = "public, max-age=30, stale-if-error=86400"
VARY = "Accept-Encoding, Sec-Fetch-Dest"
PLAIN_KEPT_BYTES = 64 << 10
"""Nearly every reader takes gzip; for the others a feed is inflated, at 1 ms a megabyte."""

RAW = "raw=1"
"""The query by which a person's browser gets what readers get."""

_REASONS = {200: "200 OK", 304: "304 Not Modified", 412: "412 Precondition Failed"}


@dataclass(frozen=True, slots=True)
class Variant:
    """One coding of an answer, with all its headers made."""

    body: bytes | None
    """None: too large to be kept twice, it is inflated from the other coding when somebody asks."""
    etag: str
    headers: Headers
    short_headers: Headers
    """Of a 304 (RFC 9110, 15.4.5)."""


@dataclass(frozen=True, slots=True)
class HotAnswer:
    """A feed, ready to be sent."""

    plain: Variant
    gzip: Variant
    modified_s: int | None
    """None: not known, and then no condition is asked about it."""

    def variant(self, environ: dict[str, Any]) -> Variant:
        return self.gzip if prefers_gzip(environ.get("HTTP_ACCEPT_ENCODING", "")) else self.plain

    def body(self, variant: Variant) -> bytes:
        if variant.body is not None:
            return variant.body
        plain: bytes = igzip.decompress(self.gzip.body or b"")  # type: ignore[no-untyped-call] # isal ships no types
        return plain

    @property
    def size(self) -> int:
        return len(self.plain.body or b"") + len(self.gzip.body or b"")


def build_answer(
    body: bytes,
    zipped: bytes,
    tag: str,
    content_type: str,
    modified_at: datetime | None,
    links: str = "",
) -> HotAnswer:
    """`tag` names the bytes; each coding has an entity tag of its own, as strong ones must
    (8.8.3.3). `links`: the header `Link`, empty where there is none."""
    modified = http_date(modified_at) if modified_at else None
    plain = _variant(body, f'"{tag}"', content_type, modified, None, links)
    return HotAnswer(
        plain if len(body) <= PLAIN_KEPT_BYTES else replace(plain, body=None),
        _variant(zipped, f'"{tag}-gzip"', content_type, modified, "gzip", links),
        int(modified_at.timestamp()) if modified_at else None,
    )


def _variant(
    body: bytes,
    etag: str,
    content_type: str,
    modified: str | None,
    coding: str | None,
    links: str,
) -> Variant:
    dated = [("Last-Modified", modified)] if modified else []
    short = [("ETag", etag), *dated, ("Cache-Control", CACHE_CONTROL), ("Vary", VARY)]
    encoded = [("Content-Encoding", coding)] if coding else []
    headers = [
        ("Content-Type", content_type),
        ("Content-Length", str(len(body))),
        *encoded,
        *short,
        ("X-Content-Type-Options", "nosniff"),
        ("Access-Control-Allow-Origin", "*"),
        *([("Link", links)] if links else []),
    ]
    return Variant(body, etag, headers, short)


def respond(answer: HotAnswer, environ: dict[str, Any]) -> Response:
    """Status, headers and body for a GET or HEAD."""
    variant = answer.variant(environ)
    status = precondition(environ, variant.etag, answer.modified_s)
    if status == 304:
        return status, variant.short_headers, b""
    if status == 412:
        return status, [("Content-Length", "0"), *variant.short_headers], b""
    return (
        status,
        variant.headers,
        b"" if environ["REQUEST_METHOD"] == "HEAD" else answer.body(variant),
    )


class Answers(Protocol):
    """Feeds in memory, by path."""

    def answer(self, path: str) -> HotAnswer | None: ...


class ThinLayer:
    """The WSGI application that a server runs; ours asks `at_once` first. `proxies`: how many are
    trusted."""

    def __init__(self, app: WsgiApp, answers: Answers, proxies: int = 0) -> None:
        self._app = app
        self._answers = answers
        self.proxies = proxies

    def at_once(self, environ: dict[str, Any]) -> Response | None:
        """What can be sent without waiting or working."""
        answer = self._find(environ)
        if answer is None or answer.variant(environ).body is None:
            return None
        return respond(answer, environ)

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        answer = self._find(environ)
        if answer is None:
            return self._app(environ, start_response)
        status, headers, body = respond(answer, environ)
        start_response(_REASONS[status], headers)
        return [body]

    def _find(self, environ: dict[str, Any]) -> HotAnswer | None:
        query = environ.get("QUERY_STRING", "")
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD") or not (
            query in ("", RAW) or _is_of_others(query)
        ):
            return None
        answer = self._answers.answer(environ["PATH_INFO"])
        return answer if answer is not None and (query == RAW or not is_browser(environ)) else None


def _is_of_others(query: str) -> bool:
    """Whether nothing in it asks for another feed: readers and mailers add parameters of their own
    (O7)."""
    try:
        return not own_parameters(query)
    except InvalidInput:
        return False  # who answers at length says what is wrong
