"""What Loa knows of a post."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from service.instants import Dating
from service.types.documents import (
    OVERRULED,
    Deadline,
    Document,
    DocumentLink,
    Mention,
    Rescheduling,
    ScannedFacts,
)
from service.types.portal_pages import AttachmentLink
from service.types.vocabulary import Urgency


@dataclass(frozen=True, slots=True)
class Place:
    """A commune. `id` is `<slug>-<code>`, of units before July 2025 `<slug>-<code>-cu`."""

    id: str
    name: str


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
    relations: tuple[DocumentLink, ...] = ()
    """How its document stands to others."""
    read_deadlines: tuple[Deadline, ...] | None = None
    """The deadlines that were read, where a person decided otherwise; None: nobody did."""
    read_relations: tuple[DocumentLink, ...] | None = None
    """Likewise."""
    scanned: ScannedFacts | None = None
    """What a scanned file adds; deadlines that it adds stand among the others, with their
    source."""
    rescheduled: Rescheduling | None = None
    """What another post made of the meeting."""
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
