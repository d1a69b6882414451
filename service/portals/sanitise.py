"""Foreign HTML made harmless: nothing executable, no style, no tracking, every link absolute.

What passes here is what feeds, pages and mails show. Built on nh3, which parses as browsers do.
"""

from __future__ import annotations

import html as entities
import re
from collections.abc import Callable

import nh3

from service.portals.urls import resolve_link
from service.text import clean

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


def _filter_for(base_url: str) -> Callable[[str, str, str], str | None]:
    def keep(tag: str, attribute: str, value: str) -> str | None:
        if (tag, attribute) not in _ADDRESSES:
            return value
        if tag == "a" and _MAILTO.match(value):
            return value
        return resolve_link(base_url, value)

    return keep


def sanitise(html: str, base_url: str) -> str:
    """The harmless part of `html`, its links absolute by `base_url`. May be empty; never raises."""
    source = _PIXEL.sub("", _UNSHOWABLE.sub("", html))
    return nh3.clean(
        source,
        tags=_TAGS,
        clean_content_tags=_GONE_WITH_CONTENT,
        attributes=_ATTRIBUTES,
        attribute_filter=_filter_for(base_url),
        url_schemes={"http", "https", "mailto", "tel"},
        link_rel="noopener noreferrer",
        strip_comments=True,
    ).strip()


def plain_text(sanitised: str) -> str:
    """The text of sanitised HTML, a line for each paragraph, without empty lines."""
    marked = _BLOCK.sub("\n", _CELL.sub(" ", sanitised.replace("\n", " ")))
    lines = (clean(line) for line in entities.unescape(_TAG.sub("", marked)).split("\n"))
    return "\n".join(line for line in lines if line)


def to_html(text: str) -> str:
    """Plain text as a paragraph of HTML."""
    return f"<p>{entities.escape(text)}</p>" if text else ""
