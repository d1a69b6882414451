"""The values that pass between packages: frozen dataclasses and enums, and nothing that acts.

Every instant is an aware `datetime` in UTC. Every id is the opaque string that leaves the machine.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import NewType

from service.instants import Dating, Witness
from service.instants import Moment as Moment  # the one that `ListedPost` and `Article` hold

Clock = Callable[[], datetime]
"""Returns the present instant, aware, UTC; pure code is handed its result."""


class Outcome(StrEnum):
    """How the poll of a listing ended."""

    NEW = "new"
    UNCHANGED = "unchanged"
    LAYOUT_CHANGED = "layout_changed"
    YIELD_DROPPED = "yield_dropped"
    MAINTENANCE = "maintenance"
    LOGIN = "login"
    BLOCKED = "blocked"
    NOT_A_LISTING = "not_a_listing"
    ROBOTS = "robots"
    REDIRECTED = "redirected"
    TLS = "tls"
    NETWORK = "network"
    OWN_NETWORK = "own_network"
    HTTP_ERROR = "http_error"
    TOO_BIG = "too_big"
    POSSIBLE_GAP = "possible_gap"
    HELD = "held"

    @property
    def is_failure(self) -> bool:
        """Whether nothing could be read: the listing's back-off grows (but for OWN_NETWORK)."""
        return self not in _WAS_READ


_WAS_READ = frozenset(
    {Outcome.NEW, Outcome.UNCHANGED, Outcome.YIELD_DROPPED, Outcome.POSSIBLE_GAP, Outcome.HELD}
)


class ChangeType(StrEnum):
    PUBLISHED = "post.published"
    UPDATED = "post.updated"
    WITHDRAWN = "post.withdrawn"


Channel = NewType("Channel", str)
"""The name of a channel; `service.channels` says which there are and what each is like."""
WEBHOOK = Channel("webhook")
EMAIL = Channel("email")


class Frequency(StrEnum):
    """How often an email subscription is written to; webhooks are always immediate."""

    IMMEDIATE = "immediate"
    DAILY = "daily"
    WEEKLY = "weekly"


class SubscriptionStatus(StrEnum):
    PENDING = "pending"  # not yet confirmed by its owner
    ACTIVE = "active"
    PAUSED = "paused"  # by its owner or the operator: deliveries wait
    DISABLED = "disabled"  # by Loa: its endpoint failed for too long, or answered 410
    SUSPENDED = "suspended"  # by Loa: its mail bounces
    REMOVED = "removed"


class State(StrEnum):
    """Of a delivery or a message."""

    DUE = "due"
    LEASED = "leased"
    SENT = "sent"  # a 2xx, or accepted by the relay: never called delivered
    FAILED = "failed"
    SUSPENDED = "suspended"
    SKIPPED = "skipped"
    HELD = "held"


class Relation(StrEnum):
    """What a post has to do with the document it names."""

    IS = "is"
    RELAYS = "relays"


class Urgency(StrEnum):
    NORMAL = "normal"
    KHAN = "khan"
    THUONG_KHAN = "thuong-khan"
    HOA_TOC = "hoa-toc"


# --- what a portal gave -----------------------------------------------------------------------


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


# --- what Loa knows of a post -----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Document:
    """What an administrative document says of itself. Kinds are slugs: `chi-thi`, `cong-van`, …"""

    kind: str | None
    number: str | None
    issued_on: date | None
    issuer: str | None
    relation: Relation


@dataclass(frozen=True, slots=True)
class Mention:
    """A document that a text names without being it."""

    kind: str | None
    number: str
    issued_on: date | None = None
    issuer: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """A commune. `id` is `<slug>-<code>`, of units before July 2025 `<slug>-<code>-cu`."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Deadline:
    on: date
    text: str
    """The words it came from."""


OVERRULED = "operator"
"""The rule that a reason names when a person decided."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a post is in a category: the rule that decided, and the words that it matched."""

    category: str
    rule: str
    words: str


@dataclass(frozen=True, slots=True)
class Understanding:
    """What a post is about, as far as its own words tell. `categories` has the primary one
    first."""

    categories: tuple[str, ...]
    why: tuple[Reason, ...] = ()
    document: Document | None = None
    mentions: tuple[Mention, ...] = ()
    places: tuple[Place, ...] = ()
    addressees: tuple[str, ...] = ()
    urgency: Urgency = Urgency.NORMAL
    urgency_why: Reason | None = None
    """What it was read from, or that a person decided; None where nothing says that it is."""
    deadlines: tuple[Deadline, ...] = ()
    begins_at: datetime | None = None
    venue: str | None = None
    summary: str = ""
    concerns: tuple[str, ...] = ()
    """Ids of every place that must hear of it: named, addressed, and former units taken in."""

    @property
    def is_urgency_decided(self) -> bool:
        """Whether a person said how urgent it is, whatever its words say."""
        return self.urgency_why is not None and self.urgency_why.rule == OVERRULED


@dataclass(frozen=True, slots=True)
class PortalName:
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Post:
    """One item that one portal published, in its latest revision: what everybody is shown."""

    id: str
    """UUID version 5 of the portal's id and the identity key."""
    revision: int
    portal: PortalName
    url: str
    """The portal's own link, as it gave it."""
    title: str
    html: str
    """Sanitised, absolute links; may be empty."""
    text: str
    understanding: Understanding
    attachments: tuple[AttachmentLink, ...]
    published_at: datetime
    """As the portal says; first_seen_at where it says nothing. Never moves once stored."""
    updated_at: datetime
    """Equal to published_at until a real change."""
    first_seen_at: datetime
    withdrawn_at: datetime | None = None
    """None while the portal shows it."""
    dating: Dating | None = None
    """Who says so of `published_at`; None of a post stored before that was kept."""

    @property
    def categories(self) -> tuple[str, ...]:
        return self.understanding.categories

    @property
    def summary(self) -> str:
        return self.understanding.summary


# --- who wants to know ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Filters:
    """What a subscription asks for. Values of one field are alternatives, fields add up; empty
    wants everything."""

    categories: tuple[str, ...] = ()
    portals: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    urgencies: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    """Of documents, as `Document.kind`."""


@dataclass(frozen=True, slots=True)
class Unit:
    id: str
    name: str
    place: str | None
    """A place id; None for an office that stands for no commune."""
    contacts: tuple[str, ...]
    """Email addresses in order of escalation."""
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Subscription:
    id: str
    channel: Channel
    target: str
    """A webhook's URL or an email address: personal data, never in a log."""
    status: SubscriptionStatus
    filters: Filters
    frequency: Frequency
    unit_id: str | None
    """None for a person."""
    name: str
    created_at: datetime
    headers: tuple[str, ...] = ()
    """Names of the request headers of its own; their values are kept sealed."""


# --- sending ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one attempt at a message."""

    message_id: str
    lease_token: int
    state: State
    """SENT, DUE (try again at `due_at`), FAILED, SUSPENDED or SKIPPED."""
    status: int | None
    """HTTP status or SMTP reply code; None when there was none."""
    detail: str
    """In plain words, fit to be shown to the subscriber."""
    started_at: datetime
    took_s: float
    due_at: datetime | None = None
    timed_out: bool = False
    disables: bool = False
    """The endpoint said it is gone (410): its subscription is disabled."""
    is_final: bool = False
    """Failed by its content or its target, so that an endpoint that answers again is no reason to
    repeat it."""
