"""When two addresses are one post. Owns the canonical key and the post's id; never decides by
titles.

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
_TRACKING = re.compile(r"(?:fbclid|gclid|zarsrc|mibextid|utm_\w++|_ga|_gl)", re.IGNORECASE)
# From where somebody came, where the value is a word or a host (`ref=facebook`); anything else may
# be the post's id.
_FROM = re.compile(r"ref|share\w*+", re.IGNORECASE)
_PLACE = re.compile(r"|[a-z]{2,12}|[\w-]{1,60}(?:\.[\w-]{1,60}){1,4}", re.ASCII)
# Where the reader came from and goes back to, and how a portlet shows itself.
_BACK = re.compile(
    r"(?:^|_)(?:(?:inherit)?redirect(?:_?ur[li])?|(?:back|return|previous|prev|came_?from)_?(?:ur[li]|to|path|page)|refer+er"
    r"|p_p_(?:state|mode|lifecycle|cacheability|col_(?:id|pos|count))|p_l_back_url(?:_title)?)$",
    re.IGNORECASE,
)
_OF_PORTLET = re.compile(r"_(?:cur|delta|resetcur|orderby(?:col|type))$", re.IGNORECASE)
# Words of a session, where the value looks like one: `sid=123` is a story's id, `sid=9f3c…` is not.
_SESSION = re.compile(
    r"(?:sess(?:ion)?(?:_?id)?|(?:^|_)[ajp]?sid|csrf|csrf_?token|xsrf|nonce|(?:^|_)token|cfid)$",
    re.IGNORECASE,
)
_OWN_SESSION = re.compile(
    r"jsessionid|phpsessid|aspsessionid\w*+|p_(?:p_)?auth|cftoken", re.IGNORECASE
)
_STAMP = re.compile(
    r"_|_?t|ts|time(?:stamp)?|ra?nd(?:om)?|cb|no_?cache|cache_?bust(?:er)?|v|ver|version|dc|_dc|z",
    re.IGNORECASE,
)
_RANDOM = re.compile(
    r"(?=[^\d]*+\d)[0-9a-f-]{16,}+|(?=[^\d]*+\d)(?=[^a-z]*+[a-z])[0-9a-z_-]{20,}+", re.IGNORECASE
)
_CLOCK = re.compile(
    r"1\d{9}(?:\d{3})?|0\.\d{6,}+"
)  # seconds or milliseconds since 1970, or a chance
_IN_PATH = re.compile(r";([^/;=]{1,60})=([^/;]*+)")
_COOKIELESS = re.compile(r"/\((?:[A-Za-z]\([^()/]{0,200}\)){1,4}\)(?=/|$)")
_FOLDS_CASE = re.compile(
    r"\.as[phm]x?$|\.as[phm]x/", re.IGNORECASE
)  # servers of these take no notice of case
_ROUTE = re.compile(r"(?:!/?|/)[^/\s].*", re.DOTALL)
_CUT = re.compile(r"(?:\.\s*\.\s*\.|…)[\s\"'”’)]*$")


@dataclass(frozen=True, slots=True)
class ArticlePath:
    """An article's address by the rule of this family of portals. `day` is the day of creation,
    `yyyy-mm-dd`.

    `token` is the last dash-separated part when it looks like an id, else the last six characters
    of the slug: a hint only, since an id glued to a slug cannot be told from it.
    """

    site: str
    day: str
    slug: str
    token: str


def post_id(portal_id: str, key: str) -> str:
    """The UUID version 5 of the portal's id and the post's key: a rebuilt database gives the
    same."""
    return str(uuid.uuid5(_NAMESPACE, f"{portal_id}\n{key}"))


def parse_article_path(url: str) -> ArticlePath | None:
    """What the address of an article says; None when it is no article's address."""
    match = _ARTICLE.match(_folded_path(url))
    if match is None or not (1 <= int(match["m"]) <= 12 and 1 <= int(match["d"]) <= 31):
        return None
    day = f"{match['y']}-{int(match['m']):02}-{int(match['d']):02}"
    apart = _TOKEN.match(match["rest"])
    if apart:
        return ArticlePath(match["site"], day, apart["slug"], apart["token"])
    glued = _GLUED_TOKEN.search(match["rest"])
    return ArticlePath(match["site"], day, match["rest"], glued[0] if glued else "")


def canonical_key(url: str) -> str:
    """The identity of a post's address: scheme, `www.`, tracking, sessions and folder padding
    folded.

    An article of this family is its path alone, whatever the case; elsewhere the case tells ids
    apart, and the query stays, for many sites name the post there, as does a fragment that is a
    route (`#/tin/5`).
    """
    path = _path(url)
    match = _ARTICLE.match(path.lower())
    if match:
        day = f"{match['y']}-{int(match['m']):02}-{int(match['d']):02}"
        return f"/{match['site']}/pages/{day}/{_quoted(match['rest'])}.aspx"
    parts = _split(url)
    folds = _FOLDS_CASE.search(path) is not None
    query = [
        (name.lower() if folds else name, value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
        if not _tells_nothing(name, value)
    ]
    route = route_of(url)
    return (
        _host(parts)
        + _quoted(path.lower() if folds else path)
        + (f"?{urlencode(sorted(query))}" if query else "")
        + (f"#{_quoted(unquote(route))}" if route else "")
    )


def is_article_key(key: str) -> bool:
    """Whether a canonical key is an article's of this family: a path alone, where others begin with
    their host."""
    return key.startswith("/")


def former_key(url: str) -> str:
    """The key that an address had before case, routes and sessions counted: stored posts may be
    known by it."""
    parts = _split(url)
    query = sorted(
        pair
        for pair in parse_qsl(parts.query, keep_blank_values=True)
        if not _TRACKING.fullmatch(pair[0]) and not _FROM.fullmatch(pair[0])
    )
    path = unicodedata.normalize("NFC", unquote(parts.path)).lower()
    path = _SLASHES.sub("/", path).rstrip("/") or "/"
    return f"{_host(parts)}{_quoted(path)}" + (f"?{urlencode(query)}" if query else "")


def route_of(url: str) -> str:
    """The fragment that names the post on a page that is one program; empty for a place within a
    page."""
    fragment = _split(url).fragment
    return fragment if fragment and _ROUTE.fullmatch(fragment) else ""


def _tells_nothing(name: str, value: str) -> bool:
    """Whether a parameter tells of the visit and not of the post: by its name, and by what its
    value looks like."""
    if _TRACKING.fullmatch(name) or _OWN_SESSION.fullmatch(name) or _BACK.search(name):
        return True
    if name.startswith("_") and _OF_PORTLET.search(name):
        return True
    if _FROM.fullmatch(name):
        return _PLACE.fullmatch(value) is not None
    if _SESSION.search(name):
        return _RANDOM.fullmatch(value) is not None
    return _STAMP.fullmatch(name) is not None and _CLOCK.fullmatch(value) is not None


def _host(parts: SplitResult) -> str:
    return (
        parts.netloc.lower()
        .rpartition("@")[2]
        .removeprefix("www.")
        .removesuffix(":80")
        .removesuffix(":443")
    )


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
    return _path(url).lower()


def _path(url: str) -> str:
    """The readable path without what tells the visit: `;jsessionid=…`, `/(S(…))`."""
    path = unicodedata.normalize("NFC", unquote(_split(url).path))
    if ";" in path:
        path = _IN_PATH.sub(_kept_in_path, path)
    if "/(" in path:
        path = _COOKIELESS.sub("", path)
    return _SLASHES.sub("/", path).rstrip("/") or "/"


def _kept_in_path(match: re.Match[str]) -> str:
    name, value = match[1], match[2]
    is_visit = _OWN_SESSION.fullmatch(name) or _SESSION.search(name) or _RANDOM.fullmatch(value)
    return "" if is_visit else match[0]


def _quoted(path: str) -> str:
    return quote(path, safe="/-._~!$&'()*+,;=:@")
