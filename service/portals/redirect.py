"""Where an answer leads on to: `Location`, `Refresh`, a page's own refresh; and the cookies asked
for on the way.

As browsers read them, and never off the host. A cookie lives for one fetch: it is sent on the next
step of the same chain, and forgotten at its end.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from html import unescape
from urllib.parse import urljoin

from service.errors import FetchError
from service.portals.addresses import refuse_redirect
from service.portals.request_budget import RequestBudget
from service.portals.urls import encode_once
from service.types import Outcome
from service.words import coded

_MOST_COOKIES = 32
_LONGEST_COOKIE = 4096  # RFC 6265, 6.1
MAX_HOPS = 5
_LONGEST_FIELD = 8192
_MAX_REFRESH_S = 15.0
"""A page that leads elsewhere does so at once; one that reloads itself after minutes is what it
shows."""
_HEAD = 16_384
"""Characters of a page in which it may lead on."""
_META = re.compile(r"<meta\b[^>]{0,500}>", re.IGNORECASE)
_EQUIV = re.compile(r"http-equiv\s{0,9}=\s{0,9}[\"']?refresh\b", re.IGNORECASE)
_CONTENT = re.compile(r"content\s{0,9}=\s{0,9}(?:\"([^\"]*)\"|'([^']*)'|([^\s>]*))", re.IGNORECASE)
_REFRESH = re.compile(
    r"\s*([0-9]{0,6})(?:\.[0-9]*)?\s{0,9}(?:[;,]\s{0,9})?(?:url\s{0,9}=\s{0,9})?(.*)",
    re.IGNORECASE | re.DOTALL,
)


class Cookies:
    """What one host asked to be told again, for as long as one fetch lasts."""

    def __init__(self) -> None:
        self._values: dict[str, str] = {}

    def take(self, set_cookie: Iterable[str]) -> bool:
        """Remembers what `Set-Cookie` fields say; returns whether that changed anything."""
        before = dict(self._values)
        for line in set_cookie:
            pair, _, attributes = line[:_LONGEST_FIELD].partition(";")
            name, equals, value = (part.strip() for part in pair.partition("="))
            if not equals or not name or len(pair) > _LONGEST_COOKIE or not _is_sendable(pair):
                continue
            is_over = re.search(
                r";\s*max-age\s*=\s*(?:0|-[0-9]+)\s*(?:;|$)", ";" + attributes, re.IGNORECASE
            )
            if is_over:
                self._values.pop(name, None)
            elif name in self._values or len(self._values) < _MOST_COOKIES:
                self._values[name] = value
        return self._values != before

    def header(self) -> dict[str, str]:
        """The `Cookie` field of the next request; nothing without cookies."""
        if not self._values:
            return {}
        return {"Cookie": "; ".join(f"{name}={value}" for name, value in self._values.items())}


def _is_sendable(pair: str) -> bool:
    return pair.isascii() and pair.isprintable()


def location_of(values: Sequence[str], url: str) -> str | None:
    """The one address that an answer's `Location` fields name; None without any.

    Twice the same is one. Raises FetchError where they name different ones.
    """
    named = list(dict.fromkeys(value.strip() for value in values if value.strip()))
    if len(named) > 1:
        raise FetchError(
            coded("fetch.many_targets", url=url, n=len(named)),
            Outcome.REDIRECTED,
            location=named[0],
        )
    return named[0] if named else None


def target_of(source: str, location: str) -> str:
    """The absolute address that `location` means at `source`. Raises FetchError where it leaves the
    host."""
    try:
        raw = location.encode("latin-1").decode("utf-8")  # http.client read bytes as Latin-1
    except (UnicodeEncodeError, UnicodeDecodeError):
        raw = location
    try:
        target = encode_once(urljoin(source, _as_browsers(raw))).partition("#")[0]
        reason = refuse_redirect(source, target)
    except ValueError:
        target, reason = raw[:200], "redirect.no_address"
    if reason is not None:
        raise FetchError(
            coded("fetch.redirected", url=source, target=target, reason=reason),
            Outcome.REDIRECTED,
            location=target,
        )
    return target


def _as_browsers(location: str) -> str:
    r"""Without tabs and line ends, and with `\` for `/` before the query (WHATWG URL, "special"
    schemes)."""
    cleaned = location.strip().translate({9: None, 10: None, 13: None})
    head = re.match(r"[^?#]*", cleaned)
    end = head.end() if head else 0
    return cleaned[:end].replace("\\", "/") + cleaned[end:]


def refresh_of(header: str | None, page: str) -> str | None:
    """Where a page leads on at once, by its `Refresh` field or its `meta`. `""`: to itself; None:
    it stays."""
    if header:
        return _address(header)
    for meta in _META.finditer(page[:_HEAD]):
        if _EQUIV.search(meta[0]):
            content = _CONTENT.search(meta[0])
            if content:
                return _address(
                    unescape(next((one for one in content.groups() if one is not None), ""))
                )
    return None


def _address(value: str) -> str | None:
    found = _REFRESH.fullmatch(value)
    if found is None or not found[1] or float(found[1]) > _MAX_REFRESH_S:
        return None
    return found[2].strip().strip("\"'").strip()


def reloads_by_script(page: str) -> bool:
    """Whether a script sets a cookie and loads the page again: a wall that only a browser
    passes."""
    low = page.lower()
    at = 0
    while (start := low.find("<script", at)) >= 0:
        end = low.find("</script", start)
        script = low[start : end if end >= 0 else len(low)]
        at = end if end >= 0 else len(low)
        cookie = script.find("document.cookie")
        if cookie >= 0 and "=" in script[cookie + 15 : cookie + 40] and _leads_on(script):
            return True
    return False


def _leads_on(script: str) -> bool:
    return any(
        word in script
        for word in (
            "location.reload",
            "location.href",
            "location.replace",
            "location.assign",
            "location=",
            "location =",
        )
    )


@dataclass(slots=True)
class RequestChain:
    """A request and where it was led on to."""

    method: str
    headers: Mapping[str, str | bytes]
    budget: RequestBudget
    cookies: Cookies = field(default_factory=Cookies)
    visited: list[str] = field(default_factory=list)
    moved_to: str | None = None
    """The address that permanent redirects alone led to."""
    _is_permanent: bool = True

    def step(self, location: str, *, is_permanent: bool, has_cookie: bool) -> None:
        """To the next address. Raises FetchError where that leaves the host, or is a loop: the same
        address again without a cookie that it has not seen yet."""
        source = self.budget.url
        self.visited.append(source)
        target = target_of(source, location)
        is_loop = target in self.visited and not has_cookie
        if is_loop or len(self.visited) > MAX_HOPS:
            first = self.visited[0]
            reason = (
                coded("fetch.loop", url=first)
                if is_loop
                else coded("fetch.many_hops", url=first, n=MAX_HOPS)
            )
            raise FetchError(reason, Outcome.REDIRECTED, location=target)
        self._is_permanent = self._is_permanent and is_permanent and not has_cookie
        self.moved_to = target if self._is_permanent else self.moved_to
        self.budget.url = target
