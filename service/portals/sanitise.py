"""Foreign HTML made harmless: nothing executable, no style, no tracking, every link absolute.

What passes here is what feeds, pages and mails show. Built on nh3, which parses as browsers do.
"""

from __future__ import annotations

import html as entities
import re
import threading
from functools import lru_cache

import nh3

from service.portals.attributes import with_few_attributes
from service.portals.urls import resolve_link
from service.text import clean_lines, is_showable

_TAGS = {
    "a", "abbr", "b", "blockquote", "br", "caption", "center", "code", "col", "colgroup", "dd",
    "del", "div", "dl",
    "dt", "em", "figcaption", "figure", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "ins",
    "li", "ol", "p",
    "pre", "q", "s", "small", "span", "strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th",
    "thead", "tr",
    "u", "ul",
}  # fmt: skip
_GONE_WITH_CONTENT = {
    "script", "style", "iframe", "object", "embed", "applet", "noscript", "template", "svg", "math",
    "title",
    "textarea", "select", "option", "button", "audio", "video", "canvas", "frameset", "noembed",
    "noframes",
    "xmp",
    "plaintext",
}  # fmt: skip
_ATTRIBUTES = {
    "a": {"href", "title"},
    "img": {
        "src",
        "alt",
        "title",
        "width",
        "height",
        "style",
    },  # style only as the mark of what is hidden
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
    "ol": {"start"},
}
_ADDRESSES = frozenset({("a", "href"), ("img", "src")})
_MAILTO = re.compile(r"^(?:mailto|tel):[\w.+@%-]{1,254}$", re.I)
_IN_A_TAG = r"[^<>\"]*+(?:\"[^\"]*+\"?[^<>\"]*+)*+>?"
"""To the end of the tag: quoted values may hold `<` and `>`. What nh3 writes is closed; what is not
ends the text."""
# HTML 4.01 sizes and inline style: a picture nobody is meant to see is there to count readers.
_HIDING = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|(?<![\w-])(?:width|height)\s*:\s*[012](?:px)?\s*(?:;|$)",
    re.I,
)
_HIDDEN = "hidden"
_IMAGE = re.compile(rf"<img(?:>| {_IN_A_TAG})")
_OF_A_PIXEL = re.compile(rf' (?:style="{_HIDDEN}"|(?:width|height)="\s*+[012](?:px)?\s*+")')
_SOURCE = re.compile(r' src="[^"]')
_TAG = re.compile(rf"<(/?[a-z0-9]+)(?:>| {_IN_A_TAG})")
_BLOCKS = (
    "p", "div", "li", "ul", "ol", "tr", "table", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote",
    "figure",
    "figcaption", "caption", "dd", "dt", "dl", "pre", "center",
)  # fmt: skip
_BETWEEN = dict.fromkeys([*_BLOCKS, *(f"/{name}" for name in _BLOCKS), "br", "hr"], "\n") | {
    "/td": " ",
    "/th": " ",
}
"""What stands for a tag in plain text; nothing for one that is not here."""
_UNSHOWABLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff]"
)  # XML 1.0, 2.2


class _Sanitiser(threading.local):
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
        if attribute == "style":
            return _HIDDEN if _HIDING.search(value) else None
        if (tag, attribute) not in _ADDRESSES:
            return value
        if tag == "a" and _MAILTO.match(value):
            return value
        return resolve_link(self._base_url, value)

    def wash(self, html: str, base_url: str) -> str:
        self._base_url = base_url
        return self._cleaner.clean(html)


@lru_cache(maxsize=1)
def _washer() -> _Sanitiser:
    return _Sanitiser()


def harmless(html: str, base_url: str) -> tuple[str, str]:
    """The harmless part of `html`, its links absolute by `base_url`; and its text, a line for each
    paragraph.

    Either may be empty; never raises.
    """
    html = with_few_attributes(html)
    try:
        washed = _washer().wash(html, base_url)
    except UnicodeEncodeError:  # a lone surrogate
        washed = _washer().wash(_UNSHOWABLE.sub("", html), base_url)
    if "<img" in washed:
        washed = _IMAGE.sub(_unless_a_pixel, washed)
    is_plain = is_showable(washed)  # looked at once for both; it is stricter than XML is
    if not is_plain:
        washed = _UNSHOWABLE.sub("", washed)  # numeric entities can write what no feed may hold
    washed = washed.strip()
    return washed, _text_of(_without_captions(washed), is_plain) or _text_of(washed, is_plain)


def _without_captions(washed: str) -> str:
    """What a picture shows is no part of the running text, unless there is no other."""
    first, *others = washed.split("<figcaption>")
    return "".join([first, *(one.partition("</figcaption>")[2] for one in others)])


def _unless_a_pixel(image: re.Match[str]) -> str:
    return image[0] if _SOURCE.search(image[0]) and not _OF_A_PIXEL.search(image[0]) else ""


def _text_of(sanitised: str, is_plain: bool) -> str:
    parts = _TAG.split(sanitised.replace("\n", " "))
    parts[1::2] = [_BETWEEN.get(tag, "") for tag in parts[1::2]]
    text = entities.unescape("".join(parts))
    return "\n".join(filter(None, clean_lines(text, is_known_showable=is_plain)))


def to_html(text: str) -> str:
    """Plain text as a paragraph of HTML."""
    return f"<p>{entities.escape(text)}</p>" if text else ""
