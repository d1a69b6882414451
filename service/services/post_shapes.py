"""What the API and `--json` say of a post: the fields of `alerts.post_fields`, and what belongs to
an answer alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import chain

from sqlalchemy import Connection

from service.alerts.cut import MAX_ITEMS
from service.alerts.links import Links
from service.alerts.post_fields import PostFields, fields_of, values_of
from service.services.decision_shapes import (
    DecisionShape,
    ReadingShape,
    decisions_shown,
    readings_of,
)
from service.storage.archive import archived
from service.storage.same_document import Companion, companions
from service.types import PortalName, Post, Reason, Relation


@dataclass(frozen=True, slots=True, kw_only=True)
class PostShape(PostFields):
    withdrawn_at: datetime | None
    cut: dict[str, int] = field(metadata={"description": "how many files are left out"})


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanionShape:
    id: str
    title: str
    portal: PortalName
    published_at: datetime
    relation: Relation
    archive_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WholePostShape(PostShape):
    html: str
    text: str
    why: tuple[Reason, ...]
    urgency_why: Reason | None = field(
        metadata={"description": "null where nothing says that it is urgent"}
    )
    same_document: tuple[CompanionShape, ...] = field(
        metadata={"description": "other posts of its document, newest first, 20 at most"}
    )
    readings: tuple[ReadingShape, ...] = field(
        metadata={
            "description": "by which rule and words its tasks, relations and other posts are so"
        }
    )
    decisions: tuple[DecisionShape, ...] = field(
        metadata={"description": "what people decided of those, the last one first"}
    )


def digests_kept(conn: Connection, posts: Sequence[Post]) -> set[str]:
    """The digests of those files of some posts of which there is a copy."""
    links = chain.from_iterable(post.attachments for post in posts)
    return archived(conn, [link.sha256 for link in links if link.sha256])


def named_elsewhere(post: Post, others: Sequence[Companion]) -> list[tuple[str, str]]:
    """The portals and addresses of the posts of its document at other portals."""
    return [(other.portal.name, other.url) for other in others if other.portal.id != post.portal.id]


def show_posts(conn: Connection, posts: Sequence[Post], links: Links) -> list[PostShape]:
    """Each with at most MAX_ITEMS files."""
    shown = [replace(post, attachments=post.attachments[:MAX_ITEMS]) for post in posts]
    kept = digests_kept(conn, shown)
    overs = [len(post.attachments) - MAX_ITEMS for post in posts]
    return [
        PostShape(
            **values_of(fields_of(post, links, kept)),
            withdrawn_at=post.withdrawn_at,
            cut={"attachments": over} if over > 0 else {},
        )
        for post, over in zip(shown, overs, strict=True)
    ]


def show_whole_post(conn: Connection, post: Post, links: Links) -> WholePostShape:
    """With all its files, its text, the reasons of its categories, and the other posts of its
    document."""
    others = companions(conn, post)
    kept = digests_kept(conn, [post])
    return WholePostShape(
        **values_of(fields_of(post, links, kept, named_elsewhere(post, others))),
        withdrawn_at=post.withdrawn_at,
        cut={},
        html=post.html,
        text=post.text,
        why=post.understanding.why,
        urgency_why=post.understanding.urgency_why,
        same_document=tuple(
            CompanionShape(
                id=other.id,
                title=other.title,
                portal=other.portal,
                published_at=other.published_at,
                relation=other.relation,
                archive_url=links.post_url(other.id),
            )
            for other in others
        ),
        readings=tuple(readings_of(post, others)),
        decisions=tuple(decisions_shown(conn, post.id)),
    )
