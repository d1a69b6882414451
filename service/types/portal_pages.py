"""What a portal gave: pages, and what readers understood of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from service.instants import Moment, Witness


@dataclass(frozen=True, slots=True)
class Page:
    """One answer of a portal, whole. `url`: after redirects; `body`: inflated bytes."""

    url: str
    status: int
    content_type: str
    body: bytes
    etag: str | None
    last_modified: str | None
    sha256: str
    """Hex digest of `body`."""
    moved_to: str | None = None
    """The address that a permanent redirect within the host named, None without one."""
    fetched_at: datetime | None = None
    """What it tells from now (`hôm qua`) is told from then; None where nobody knows."""


@dataclass(frozen=True, slots=True)
class Validators:
    """What makes the next request conditional; sent back exactly as they came."""

    etag: str | None = None
    last_modified: str | None = None
    sha256: str | None = None
    """Of the last body: equal bytes are unchanged, whatever the server says."""


UNCONDITIONAL = Validators()
"""Of a page that was never read: it is asked for whole."""


@dataclass(frozen=True, slots=True)
class AttachmentLink:
    """A file that a post links to. `url` is absolute and percent-encoded exactly once."""

    url: str
    name: str
    media_type: str
    bytes: int | None = None
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class ListedPost:
    """A row of a listing. `url`: absolute, as the portal gives it; `title`: perhaps cut."""

    url: str
    title: str
    moment: Moment | None
    is_cut: bool = False
    article: Article | None = None
    """The whole article, where the listing carries it (an upstream feed may); else None."""
    teaser: Article | None = None
    """What the listing says of an article that it does not carry, until that is read."""
    witnesses: tuple[Witness, ...] = ()
    """All that the row says of its date; `moment` is what it makes of them."""
    guid: str | None = None
    """What an upstream feed calls the post, where its address alone may not tell it from others."""


LIKE_POSTS = "like_the_posts"
"""The reason of links that were left out though they look like those that were taken: operators see
them first."""


@dataclass(frozen=True, slots=True)
class RejectedLink:
    """A link of a listing page that was taken for no post. `reason`: a code, counted by polls."""

    url: str
    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class Listing:
    """What a reader understood of a listing page. `next_url`: the older page, where there is."""

    posts: tuple[ListedPost, ...]
    rejected: tuple[RejectedLink, ...] = ()
    next_url: str | None = None
    is_by_detection: bool = False
    """True when the configured selectors found nothing and detection stood in."""


@dataclass(frozen=True, slots=True)
class Article:
    """What a reader understood of an article page. `html` is absolute-linked and sanitised; `text`
    is plain."""

    url: str
    title: str
    moment: Moment | None
    html: str
    text: str
    attachments: tuple[AttachmentLink, ...] = ()
    witnesses: tuple[Witness, ...] = ()
    """All that the page says of its date; `moment` is what it makes of them."""


@dataclass(frozen=True, slots=True)
class PageGlance:
    """What a page that nobody described is taken for. `kind`: the name of a portal kind; `feeds`:
    those that it announces; `sections`: (address, name) of what its menus lead to."""

    kind: str
    feeds: tuple[str, ...] = ()
    sections: tuple[tuple[str, str], ...] = ()
