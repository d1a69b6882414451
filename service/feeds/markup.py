"""What every feed says of the service that publishes it, and how text and links get into XML
unharmed.

Owns the words that all formats share. Refuses to know the time, the request and the database.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from html import escape
from itertools import islice
from urllib.parse import quote
from uuid import NAMESPACE_URL, UUID, uuid5

import nh3

from service.feeds.model import Feed, narrowed_title
from service.types import AttachmentLink, Post

EMPTY_FEED_UPDATED_AT = datetime(2000, 1, 1, tzinfo=UTC)
"""The `updated` of a feed without entries: older than any portal's post, so that the first entry
moves it forward, and fixed, so that an empty feed is the same bytes for ever."""

ICON, LARGE_ICON = "static/loa-144.png", "static/loa-512.png"
"""Below `public_url`. JSON Feed asks for 512 pixels."""
ICON_PX = 144
"""RSS takes no wider picture."""

FEED_IDS = UUID(str(uuid5(NAMESPACE_URL, "urn:loa:feeds")))
"""The namespace of feed ids, which depend on the feed's name and never on `public_url`."""

MAX_ATTACHMENTS = 100
"""Of a post in a feed; all of them are named on its page."""

_ADDRESS = re.compile(r'(?:href|src)="([^"]*+)"')
UNTITLED = "(không có tiêu đề)"

_ABOVE_ASCII = (
    "\u00a0-\ud7ff\ue000-\ufdcf\ufdf0-\ufffd\U00010000-\U0001fffd\U00020000-\U0002fffd"
    "\U00030000-\U0003fffd\U000e0000-\U000efffd"
)
_NOT_XML = re.compile(f"[^\t\n\r -~{_ABOVE_ASCII}]")
"""Outside XML 1.0's Char (section 2.2), or a C1 control, or a noncharacter, which some parsers
refuse."""

_TAGS = """a abbr
b blockquote br caption center code col colgroup dd del div dl dt em figcaption figure h1 h2 h3 h4
    h5
h6 hr i img ins li ol p pre q s small span strong sub sup table tbody td tfoot th thead tr u ul"""
_HTML_TAGS = frozenset(_TAGS.split())
_HTML_ATTRIBUTES = {
    "a": {"href", "title"},
    "img": {"src", "alt", "title", "width", "height"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
    "ol": {"start"},
}


_OTHER_TAGS = """applet area article aside audio base body button canvas dialog embed fieldset font
    footer form frame
frameset head header html iframe input label legend link main map marquee math meta nav noscript
    object option section
select source style svg script table template textarea title track video"""
_MARKUP = re.compile(
    rf"</?(?:{'|'.join(sorted(_HTML_TAGS | set(_OTHER_TAGS.split())))})\b[^<>]*+>"
    r"|</?[A-Za-z][^<>=]*+=[^<>]*+>|<!--",
    re.I,
)
"""What readers take for HTML; `<mới>` is none."""
_SIMPLE_TAGS = "|".join(sorted(_HTML_TAGS - {"a", "img"}))
_TEXT = rf"[\t\n\r -;=-~{_ABOVE_ASCII}]"
_QUOTED = rf'"[\t\n\r !#-;=?-~{_ABOVE_ASCII}]*"'
_CLEAN = re.compile(
    rf'(?:{_TEXT}++|</?(?:{_SIMPLE_TAGS})>|</a>|<a href=(?="https?://){_QUOTED}(?: rel="[a-z ]*")?>'
    rf'|<img src=(?="https?://){_QUOTED}(?: alt={_QUOTED})?>)*+'
)
"""HTML with nothing but harmless tags, as our sanitiser writes them, of nothing but what XML
carries: it need not be sanitised again. Possessive, so that a look costs time in proportion to the
length, whatever a portal writes."""


@dataclass(frozen=True, slots=True)
class Site:
    """The service as its feeds name it. `labels` maps the id of a category to its label in
    `language`, and those of portals and places to their names."""

    public_url: str
    title: str
    language: str = "vi"
    labels: Mapping[str, str] = field(default_factory=dict, hash=False)
    ttl_min: int = 5
    hub: str = ""
    """The address of the WebSub hub that tells of its feeds; empty: there is none."""

    @property
    def root(self) -> str:
        return self.public_url.rstrip("/")

    @property
    def category_scheme(self) -> str:
        return f"{self.root}/feeds/"

    def hub_of(self, feed: Feed) -> str:
        """The hub that tells of a feed: of its current page, not narrowed; empty for any other."""
        return "" if feed.query or feed.before else self.hub

    def post_url(self, post: Post) -> str:
        return f"{self.root}/posts/{post.id}"


def entry_summary(post: Post) -> str:
    return xml_text(post.summary) or entry_title(post)


def xml_text(text: str) -> str:
    """The text without what XML 1.0 cannot carry: control characters, lone surrogates,
    noncharacters."""
    return _NOT_XML.sub("", text)


def entry_title(post: Post) -> str:
    """The title as the portal's page shows it: plain text, whatever looks like markup in it
    included."""
    return " ".join(xml_text(post.title).split()) or UNTITLED


def has_markup(title: str) -> bool:
    """Whether a reader might take the title for HTML and swallow a part of it: then it is written
    as HTML that shows it whole. RSS does not say which of the two a title is, Atom does."""
    return _MARKUP.search(title) is not None


def written_title_of(post: Post) -> str:
    """The title as it stands in RSS and Atom, before XML escapes it."""
    title = entry_title(post)
    return escape(title, quote=False) if has_markup(title) else title


def uri(url: str) -> str:
    """The address with everything that RFC 3986 does not allow percent-encoded; what is encoded
    already stays."""
    return quote(xml_text(url).strip(), safe="%/:=&?~#+!$,;'@()*[]-._")


def author_of(post: Post) -> str:
    return xml_text(post.portal.name) or post.portal.id


def entry_id(post: Post) -> str:
    return f"urn:uuid:{post.id}"


def feed_title(site: Site, feed: Feed) -> str:
    return f"{narrowed_title(feed.spec, site.labels, feed.query)} – {site.title}"


def feed_id(name: str) -> str:
    return f"urn:uuid:{uuid5(FEED_IDS, name)}"


def whole_seconds(instant: datetime) -> datetime:
    """Feeds speak in whole seconds of UTC: RSS knows no fractions, and all formats shall agree."""
    return instant.astimezone(UTC).replace(microsecond=0)


def moved_at(post: Post) -> datetime:
    """When this post last changed what a feed shows of it. Never in the future, whatever a portal
    dates its posts."""
    moments = [post.first_seen_at]
    if post.updated_at != post.published_at:
        moments.append(post.updated_at)
    if post.withdrawn_at is not None:
        moments.append(post.withdrawn_at)
    return max(moments)


def feed_updated_at(moments: Iterable[datetime]) -> datetime:
    """Of a feed whose entries last moved at these moments."""
    return whole_seconds(max(moments, default=EMPTY_FEED_UPDATED_AT))


def _fetchable(post: Post) -> Iterator[AttachmentLink]:
    """The files that a reader could fetch, each address once, named as it is last."""
    last = {attachment.url: attachment for attachment in post.attachments}
    seen = set()
    for attachment in last.values():
        url = uri(attachment.url)
        if url not in seen and url.lower().startswith(("http://", "https://")):
            seen.add(url)
            yield attachment


def shown_attachments(post: Post) -> tuple[AttachmentLink, ...]:
    """The first MAX_ATTACHMENTS that a reader could fetch, each address once; the others are in the
    text."""
    return tuple(islice(_fetchable(post), MAX_ATTACHMENTS))


def _harmless(html: str) -> str:
    if _CLEAN.fullmatch(html):
        return html
    return xml_text(
        nh3.clean(xml_text(html), tags=set(_HTML_TAGS), attributes=_HTML_ATTRIBUTES, link_rel=None)
    )


@lru_cache(maxsize=4)
def body_html(post: Post) -> str:
    """The whole content of an entry: the article, then a link to each attachment that it does not
    link itself.

    Kept for a moment: three formats ask for it, each when it is written and when it is read back.
    """
    html = _harmless(post.html)
    if not html.strip():
        html = f"<p>{escape(xml_text(post.summary) or entry_title(post))}</p>"
    linked = set(_ADDRESS.findall(html)) if post.attachments else set()
    missing = [a for a in _fetchable(post) if escape(a.url) not in linked]
    if not missing:
        return html
    rows = "".join(
        f'<li><a href="{escape(uri(a.url))}">{escape(xml_text(a.name) or uri(a.url))}</a></li>'
        for a in missing[:MAX_ATTACHMENTS]
    )
    more = len(missing) - MAX_ATTACHMENTS
    rest = f"<p>Và {more} tệp đính kèm khác, xem trên trang gốc.</p>" if more > 0 else ""
    return f"{html}<p>Tệp đính kèm:</p><ul>{rows}</ul>{rest}"
