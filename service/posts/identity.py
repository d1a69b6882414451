"""When two addresses are one post. Owns the canonical key and the post's id; never decides by titles.

The link that is shown stays the portal's own: a key is only ever compared.
"""

from __future__ import annotations

import re
import unicodedata
import uuid
from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlencode, urlsplit

from service.text import fold

_NAMESPACE = uuid.UUID("6f3c0d1e-5a43-5d0b-9c55-1f6f8f1e7a10")

_ARTICLE = re.compile(
    r"^/(?P<site>portal|tinhuy)/pages/(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})/(?P<rest>[^/]+)\.aspx$"
)
_TOKEN = re.compile(r"^(?P<slug>.+?)-(?P<token>\d{5,9}|(?=[a-z]*\d)(?=\d*[a-z])[a-z0-9]{6,7})$")
_SLASHES = re.compile(r"/{2,}")
_GLUED_TOKEN = re.compile(r"[a-z0-9]{6}$")
# What mailers and social sites add to an address; it never names another post.
_TRACKING = re.compile(r"^(?:fbclid|gclid|zarsrc|mibextid|utm_\w+|_ga|_gl|ref|share\w*)$", re.IGNORECASE)
_CUT = re.compile(r"(?:\.\s*\.\s*\.|…)[\s\"'”’)]*$")


@dataclass(frozen=True, slots=True)
class ArticlePath:
    """An article's address by the rule of this family of portals. `day` is the day of creation, `yyyy-mm-dd`.

    `token` is the last dash-separated part when it looks like an id, else the last six characters of the slug:
    a hint only, since an id glued to a slug cannot be told from it.
    """

    site: str
    day: str
    slug: str
    token: str
    is_token_certain: bool


def post_id(portal_id: str, key: str) -> str:
    """The UUID version 5 of the portal's id and the post's key: a rebuilt database gives the same."""
    return str(uuid.uuid5(_NAMESPACE, f"{portal_id}\n{key}"))


def parse_article_path(url: str) -> ArticlePath | None:
    """What the address of an article says; None when it is no article's address."""
    match = _ARTICLE.match(_folded_path(url))
    if match is None or not (1 <= int(match["m"]) <= 12 and 1 <= int(match["d"]) <= 31):
        return None
    day = f"{match['y']}-{int(match['m']):02}-{int(match['d']):02}"
    apart = _TOKEN.match(match["rest"])
    if apart:
        return ArticlePath(match["site"], day, apart["slug"], apart["token"], True)
    glued = _GLUED_TOKEN.search(match["rest"])
    return ArticlePath(match["site"], day, match["rest"], glued[0] if glued else "", False)


def canonical_key(url: str) -> str:
    """The identity of a post's address: case, scheme, `www.`, fragment, tracking and folder padding folded.

    An article of this family is its path alone; elsewhere the query stays, for many sites name the post there.
    """
    path = _folded_path(url)
    match = _ARTICLE.match(path)
    if match:
        day = f"{match['y']}-{int(match['m']):02}-{int(match['d']):02}"
        return f"/{match['site']}/pages/{day}/{_quoted(match['rest'])}.aspx"
    parts = _split(url)
    host = parts.netloc.lower().rpartition("@")[2].removeprefix("www.").removesuffix(":80").removesuffix(":443")
    query = sorted(pair for pair in parse_qsl(parts.query, keep_blank_values=True) if not _TRACKING.match(pair[0]))
    return f"{host}{_quoted(path)}" + (f"?{urlencode(query)}" if query else "")


def is_cut(title: str) -> bool:
    """Whether a list shows only the beginning of the title."""
    return _CUT.search(title) is not None


def is_beginning_of(cut_title: str, title: str) -> bool:
    """Whether the cut title of a list can be the beginning of the whole one."""
    return fold(title).startswith(fold(_CUT.sub("", cut_title)))


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError:  # a bracket out of place: the whole of it is taken for a path
        return SplitResult("", "", url, "", "")


def _folded_path(url: str) -> str:
    path = unicodedata.normalize("NFC", unquote(_split(url).path)).lower()
    return _SLASHES.sub("/", path).rstrip("/") or "/"


def _quoted(path: str) -> str:
    return quote(path, safe="/-._~!$&'()*+,;=:@")
