"""Foreign HTML made harmless: nothing executable, no style, no tracking, every link absolute.

What passes here is what feeds, pages and mails show. Built on nh3, which parses as browsers do.
"""

from __future__ import annotations

import html as entities
import re
import threading
from functools import lru_cache

import nh3

from service.portals.urls import resolve_link
from service.text import clean_text

_TAGS = {
    "a", "abbr", "b", "blockquote", "br", "caption", "center", "code", "col", "colgroup", "dd", "del", "div", "dl",
    "dt", "em", "figcaption", "figure", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "ins", "li", "ol", "p",
    "pre", "q", "s", "small", "span", "strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr",
    "u", "ul",
}  # fmt: skip
_GONE_WITH_CONTENT = {
    "script", "style", "iframe", "object", "embed", "applet", "noscript", "template", "svg", "math", "title",
    "textarea", "select", "option", "button", "audio", "video", "canvas", "frameset", "noembed", "noframes",
    "xmp",
    "plaintext",
}  # fmt: skip
_ATTRIBUTES = {
    "a": {"href", "title"},
    "img": {"src", "alt", "title", "width", "height"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
    "ol": {"start"},
}
_ADDRESSES = frozenset({("a", "href"), ("img", "src")})
_MAILTO = re.compile(r"^(?:mailto|tel):[\w.+@%-]{1,254}$", re.I)
# HTML 4.01 sizes and inline style: a picture nobody is meant to see is there to count readers.
_PIXEL = re.compile(
    r"<img\b(?=[^>]*(?:\b(?:width|height)\s*=\s*[\"']?\s*[012](?:px)?\s*[\"'\s/>]"
    r"|style\s*=\s*[\"'][^\"']*(?:display\s*:\s*none|visibility\s*:\s*hidden|(?:width|height)\s*:\s*[012](?:px)?\s*[;\"'])))"
    r"[^>]*>",
    re.I,
)
_BLOCK = re.compile(
    r"<(?:br|hr|/?(?:p|div|li|ul|ol|tr|table|h[1-6]|blockquote|figure|figcaption|caption|dd|dt|dl|pre|center))\b"
    r"(?:[^>\"]|\"[^\"]*\")*>",
    re.I,
)
_CELL = re.compile(r"</t[dh]>", re.I)
_TAG = re.compile(r"<(?:[^>\"]|\"[^\"]*\")*>")
_UNSHOWABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff]")  # XML 1.0, 2.2
_CONTROLS = bytes(value for value in range(32) if value not in b"\t\n\r") + b"\x7f"
_BEYOND = (b"\xef\xb7", b"\xef\xbf")  # how UTF-8 begins the other characters that XML has not


class _Washer(threading.local):
    """nh3 with our rules, set up once a thread: that costs ten times what washing a title does."""

    def __init__(self) -> None:
        self._base_url = ""
        self._cleaner = nh3.Cleaner(
            tags=_TAGS,
            clean_content_tags=_GONE_WITH_CONTENT,
            attributes=_ATTRIBUTES,
            attribute_filter=self._keep,
            url_schemes={"http", "https", "mailto", "tel"},
            link_rel="noopener noreferrer",
            strip_comments=True,
        )

    def _keep(self, tag: str, attribute: str, value: str) -> str | None:
        if (tag, attribute) not in _ADDRESSES:
            return value
        if tag == "a" and _MAILTO.match(value):
            return value
        return resolve_link(self._base_url, value)

    def wash(self, html: str, base_url: str) -> str:
        self._base_url = base_url
        return self._cleaner.clean(html)


@lru_cache(maxsize=1)
def _washer() -> _Washer:
    return _Washer()


def sanitise(html: str, base_url: str) -> str:
    """The harmless part of `html`, its links absolute by `base_url`. May be empty; never raises."""
    return _washer().wash(_without_pixels(_showable(html)), base_url).strip()


def _without_pixels(html: str) -> str:
    return _PIXEL.sub("", html) if "<img" in html or "<I" in html or "<iM" in html else html


def _showable(html: str) -> str:
    """Without what no feed may hold. Told from the bytes: looking at every character costs as much as sanitising."""
    try:
        data = html.encode()
    except UnicodeEncodeError:  # a lone surrogate
        return _UNSHOWABLE.sub("", html)
    is_clean = len(data.translate(None, _CONTROLS)) == len(data) and not any(start in data for start in _BEYOND)
    return html if is_clean else _UNSHOWABLE.sub("", html)


def plain_text(sanitised: str) -> str:
    """The text of sanitised HTML, a line for each paragraph, without empty lines."""
    marked = _BLOCK.sub("\n", _CELL.sub(" ", sanitised.replace("\n", " ")))
    return "\n".join(filter(None, clean_text(entities.unescape(_TAG.sub("", marked))).split("\n")))


def to_html(text: str) -> str:
    """Plain text as a paragraph of HTML."""
    return f"<p>{entities.escape(text)}</p>" if text else ""
