"""What every program is told of a post: the one declaration of which the payload of webhooks, the
answers of the API and of the command line, and their description in OpenAPI are made.

A field of all of them is a line of `PostFields` and a line of `fields_of`. The order of the lines
is the order of the keys (design.md, section 6).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from typing import Any, ClassVar
from urllib.parse import unquote

from service.alerts.links import Links
from service.text import clean
from service.types import (
    AttachmentLink,
    Deadline,
    Document,
    DocumentLink,
    Link,
    Mention,
    Place,
    PortalName,
    Post,
    ScannedFacts,
    Urgency,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachmentFields:
    url: str
    name: str = field(metadata={"description": "for people: what the link or the file is called"})
    archive_url: str | None = field(
        metadata={"description": "of the copy that is kept here; null while there is none"}
    )
    media_type: str
    bytes: int | None
    sha256: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadlineFields:
    on: date | None = field(
        metadata={"description": "null where it comes again and again: see `recurs`"}
    )
    at: str | None = field(metadata={"description": "the hour, RFC 3339; null: the day's end"})
    text: str = field(
        metadata={"description": "the words it was read from; empty where a person said it"}
    )
    owner: str | None = field(
        metadata={"description": "communes, anyone, other, or the id of a place"}
    )
    owner_words: str = field(metadata={"description": "the words that name the owner"})
    task: str
    recurs: str | None = field(metadata={"description": "a recurrence rule (RFC 5545)"})
    is_unsure: bool = field(metadata={"description": "no words near the day say who owes it"})
    source: str | None = field(
        metadata={
            "description": "ocr: read from a scan, to be compared with the original; operator: a "
            "person said it, in the place of what was read"
        }
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RelationFields:
    relation: Link
    number: str | None
    post_id: str | None = field(
        metadata={"description": "the post that is that document; null: none is known"}
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AlsoAtFields:
    portal: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PostFields:
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}  # for what describes and checks it

    id: str
    revision: int
    url: str
    title: str
    summary: str
    portal: PortalName
    categories: tuple[str, ...] = field(metadata={"description": "the primary one first"})
    places: tuple[Place, ...]
    addressees: tuple[str, ...]
    urgency: Urgency
    document: Document | None
    mentions: tuple[Mention, ...]
    deadlines: tuple[DeadlineFields, ...]
    relations: tuple[RelationFields, ...]
    also_at: tuple[AlsoAtFields, ...] = field(
        metadata={"description": "other posts of its document; of a post in a list: empty"}
    )
    scanned: ScannedFacts | None = field(
        metadata={"description": "what only a scanned file says: read from its pictures"}
    )
    begins_at: datetime | None
    venue: str | None
    published_at: datetime
    updated_at: datetime
    first_seen_at: datetime
    is_late: bool = field(
        metadata={
            "description": "told though its date is old: no two witnesses agree that it is",
        }
    )
    attachments: tuple[AttachmentFields, ...]
    archive_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PayloadShape(PostFields):
    """`data` of a webhook's body. `alerts.cut` says what `cut` counts."""

    cut: dict[str, int] = field(
        metadata={"description": "how many items or characters of a field are left out"}
    )
    receipt_url: str | None = field(
        metadata={"description": "where a unit acknowledges; null where nothing is owed"}
    )


def fields_of(
    post: Post, links: Links, kept: Collection[str], also_at: Sequence[tuple[str, str]] = ()
) -> PostFields:
    """`kept`: the digests of the files of which there is a copy (`storage.archive.archived`);
    `also_at`: the portals and addresses of other posts of its document."""
    facts = post.understanding
    return PostFields(
        id=post.id,
        revision=post.revision,
        url=post.url,
        title=post.title,
        summary=post.summary,
        portal=post.portal,
        categories=post.categories,
        places=facts.places,
        addressees=facts.addressees,
        urgency=facts.urgency,
        document=facts.document,
        mentions=facts.mentions,
        deadlines=tuple(map(deadline_fields, facts.deadlines)),
        relations=tuple(map(relation_fields, facts.relations)),
        also_at=tuple(AlsoAtFields(portal=portal, url=url) for portal, url in also_at),
        scanned=facts.scanned,
        begins_at=facts.begins_at,
        venue=facts.venue,
        published_at=post.published_at,
        updated_at=post.updated_at,
        first_seen_at=post.first_seen_at,
        is_late=post.dating is not None and post.dating.is_late,
        attachments=tuple(_attachment(link, links, kept) for link in post.attachments),
        archive_url=links.post_url(post.id),
    )


def values_of(of: PostFields) -> dict[str, Any]:
    """The fields by name, for a shape that says more."""
    return {one.name: getattr(of, one.name) for one in fields(of)}


def relation_fields(link: DocumentLink) -> RelationFields:
    return RelationFields(relation=link.link, number=link.of.number, post_id=link.post_id)


def deadline_fields(deadline: Deadline) -> DeadlineFields:
    return DeadlineFields(
        on=deadline.on,
        at=deadline.at.isoformat() if deadline.at else None,
        text=deadline.text,
        owner=deadline.owner,
        owner_words=deadline.owner_words,
        task=deadline.task,
        recurs=deadline.recurs,
        is_unsure=deadline.is_unsure,
        source=deadline.source,
    )


def _attachment(link: AttachmentLink, links: Links, kept: Collection[str]) -> AttachmentFields:
    name = name_of_file(link)
    is_kept = link.sha256 is not None and link.sha256 in kept
    return AttachmentFields(
        url=link.url,
        name=name,
        archive_url=links.copy_url(str(link.sha256), name) if is_kept else None,
        media_type=link.media_type,
        bytes=link.bytes,
        sha256=link.sha256,
    )


def name_of_file(link: AttachmentLink) -> str:
    """What people read: the link's name, or where that is an address or nothing, the file's own.

    >>> name_of_file(AttachmentLink("https://h.example/06-CT%20UBND.pdf", "", "application/pdf"))
    '06-CT UBND.pdf'
    """
    told = "" if "://" in link.name else clean(link.name)
    return told or clean(unquote(_path(link.url).rstrip("/").rpartition("/")[2])) or "file"


def _path(url: str) -> str:
    return url.partition("://")[2].partition("/")[2]
