"""Addresses as pages write them, made absolute and percent-encoded exactly once.

Refuses what leads nowhere: `javascript:`, `#…`, `mailto:`, addresses that cannot be parsed.
"""

from __future__ import annotations

import re
from urllib.parse import quote, urljoin, urlsplit, urlunsplit

_NOT_AN_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_SAFE_IN_PATH = "/%:@!$&'()*+,;=~-._"
_SAFE_IN_USER = "%:!$&'()*+,;=~-._"
_SAFE_IN_QUERY = _SAFE_IN_PATH + "?[]"
_IGNORED_BY_BROWSERS = str.maketrans("", "", "\t\n\r")  # WHATWG URL, "basic URL parser", step 3
_SCHEME = re.compile(r"^[a-zA-Z][a-zA-Z0-9+.-]*:")
_PLAIN = re.compile(r"^https?://[a-z0-9.-]+(?::\d+)?(?:/[A-Za-z0-9/:@!$&'()*+,;=~._-]*)?$")

_ROUTE = re.compile(r"#(?:!/?|/)[^/\s]")
"""A fragment that is an address of its own, as pages that are one program write it: `#/tin/5`,
`#!tin-5`."""
_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(?::\d+)?(?=[/?#]|$)")
_FROM_ROOT = re.compile(
    r"/(?!/)(?!.*/\.)[A-Za-z0-9/:@!$&'()*+,;=~._-]*$"
)  # most links: nothing to encode or to fold


def _encode(text: str, safe: str) -> str:
    """Escapes what needs it and keeps escapes that are there: twice is once."""
    return quote(_NOT_AN_ESCAPE.sub("%25", text), safe=safe, errors="replace")


def encode_once(url: str) -> str:
    """An absolute address in ASCII. Raises ValueError for one that cannot be parsed."""
    if _PLAIN.match(url):
        return url
    parts = urlsplit(url)
    host = parts.hostname or ""
    if not host.isascii():
        host = host.encode("idna").decode("ascii")
    if ":" in host:
        host = f"[{host}]"
    user = _encode(parts.netloc.rpartition("@")[0], _SAFE_IN_USER)
    netloc = (
        (f"{user}@" if user else "") + host + (f":{parts.port}" if parts.port is not None else "")
    )
    return urlunsplit(
        (
            parts.scheme,
            netloc,
            _encode(parts.path, _SAFE_IN_PATH),
            _encode(parts.query, _SAFE_IN_QUERY),
            _encode(parts.fragment, _SAFE_IN_QUERY),
        )
    )


def resolve_link(base_url: str, href: str) -> str | None:
    """The http address that a link on a page means; None when it leads nowhere."""
    if _FROM_ROOT.match(href):
        origin = _ORIGIN.match(base_url)
        if origin is not None:
            return origin[0] + href
    text = href.strip().translate(_IGNORED_BY_BROWSERS)
    if (
        not text
        or (text.startswith("#") and not _ROUTE.match(text))
        or (_SCHEME.match(text) and not text[:5].lower().startswith("http"))
    ):
        return None
    try:
        url = encode_once(urljoin(base_url, text.replace("\\", "/")))
        parts = urlsplit(url)
        if "/." in parts.path:  # dot segments are folded as browsers do, in absolute addresses too
            url = parts._replace(path=urlsplit(urljoin("http://x/", parts.path)).path).geturl()
    except (ValueError, UnicodeError):
        return None
    return url if parts.scheme in ("http", "https") and parts.hostname else None


def base_of(page_url: str, base_href: str | None) -> str:
    """What relative links of a page start from: its `<base href>`, else its own address."""
    return (resolve_link(page_url, base_href) if base_href else None) or page_url
