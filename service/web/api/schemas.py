"""What the API answers, as models: the schemas of the OpenAPI document, and what tests hold every
answer against.

The answers themselves are made by `shapes`; nothing is validated while serving.
"""

from __future__ import annotations

from datetime import date

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from service.alerts.receipt_rules import Line
from service.storage.explanation import Because
from service.types import (
    ChangeType,
    Frequency,
    Outcome,
    Relation,
    State,
    SubscriptionStatus,
    Urgency,
)
from service.web.channel_name import ChannelName


class Shape(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NamedShape(Shape):
    id: str
    name: str


class DocumentShape(Shape):
    kind: str | None
    number: str | None
    issued_on: date | None
    issuer: str | None
    relation: Relation


class MentionShape(Shape):
    kind: str | None
    number: str
    issued_on: date | None
    issuer: str | None


class DeadlineShape(Shape):
    on: date
    text: str


class AttachmentShape(Shape):
    url: str
    name: str
    media_type: str
    bytes: int | None
    sha256: str | None


class ReasonShape(Shape):
    category: str
    rule: str
    words: str


class PostShape(Shape):
    id: str
    revision: int
    url: str
    title: str
    summary: str
    portal: NamedShape
    categories: list[str] = Field(description="the primary one first")
    places: list[NamedShape]
    addressees: list[str]
    urgency: Urgency
    document: DocumentShape | None
    mentions: list[MentionShape]
    deadlines: list[DeadlineShape]
    begins_at: AwareDatetime | None
    venue: str | None
    published_at: AwareDatetime
    updated_at: AwareDatetime
    first_seen_at: AwareDatetime
    is_late: bool = Field(
        default=False, description="told though its date is old: no two witnesses agree that it is"
    )
    withdrawn_at: AwareDatetime | None
    attachments: list[AttachmentShape]
    cut: dict[str, int]
    archive_url: str


class CompanionShape(Shape):
    id: str
    title: str
    portal: NamedShape
    published_at: AwareDatetime
    relation: Relation
    archive_url: str


class WholePostShape(PostShape):
    html: str
    text: str
    why: list[ReasonShape]
    urgency_why: ReasonShape | None = Field(description="null where nothing says that it is urgent")
    same_document: list[CompanionShape] = Field(
        description="other posts of its document, newest first, 20 at most"
    )


class CoverageGap(Shape):
    from_: AwareDatetime = Field(alias="from")
    to: AwareDatetime | None = Field(description="null: it lasts")


class ListingHealthShape(Shape):
    url: str
    outcome: Outcome | None = Field(description="of the last poll; null: never polled")
    error: str | None
    failures: int
    failing_since: AwareDatetime | None
    last_polled_at: AwareDatetime | None
    last_ok_at: AwareDatetime | None
    last_new_at: AwareDatetime | None
    next_poll_at: AwareDatetime | None
    covered_since: AwareDatetime | None = Field(description="null: never read")
    covered_to: AwareDatetime | None = Field(
        description="the last read that left nothing open; null: never read"
    )
    gaps: list[CoverageGap] = Field(description="within these, posts may have been missed")
    held: int
    silent: dict[str, int]


class PortalShape(Shape):
    id: str
    name: str
    base_url: str
    kind: str
    is_failing: bool
    held: int = Field(description="changes that a flood holds back until an operator lets them go")
    silent: dict[str, int] = Field(
        description="by reason, posts that were told to nobody although somebody asked"
    )
    listings: list[ListingHealthShape]


class SilenceShape(Shape):
    post: str
    portal: str
    title: str
    code: str
    reason: str = Field(description="the code in words")
    at: AwareDatetime = Field(description="since when it is silent")
    published_at: AwareDatetime


class ReleasedShape(Shape):
    released: int = Field(description="of a portal changes, of a post posts")


class DiscardedShape(Shape):
    discarded: int = Field(description="posts")


class UnitShape(Shape):
    id: str
    name: str
    place: str | None
    contacts: list[str] = Field(description="in order of escalation")
    created_at: AwareDatetime


class WantedPostsShape(Shape):
    categories: list[str]
    portals: list[str]
    places: list[str]
    keywords: list[str]
    urgencies: list[str]
    kinds: list[str]


class SubscriptionShape(Shape):
    id: str
    channel: ChannelName
    target: str
    status: SubscriptionStatus
    filters: WantedPostsShape
    frequency: Frequency
    unit: str | None
    headers: dict[str, str] = Field(
        description="the names of its own request headers; their values stay hidden"
    )
    name: str
    created_at: AwareDatetime


class AddedSubscriptionShape(SubscriptionShape):
    secret: str | None = Field(
        description="what signs its webhooks, shown only here; null for mail"
    )


class NewSecretShape(Shape):
    id: str
    secret: str
    old_secret_until: AwareDatetime


class SentTestShape(Shape):
    id: str
    message: str = Field(description="the `webhook-id` that the receiver will see")


class DeliveryShape(Shape):
    id: str
    change_id: str
    type: ChangeType
    post: str
    revision: int
    subscription: str
    channel: ChannelName
    message_id: str | None = Field(description="null while it waits for its digest")
    state: State
    reason: str | None
    created_at: AwareDatetime
    done_at: AwareDatetime | None


class AttemptShape(Shape):
    number: int
    started_at: AwareDatetime
    took_ms: int
    state: State
    status: int | None
    detail: str


class ShownDeliveryShape(DeliveryShape):
    attempts: list[AttemptShape]
    next_attempt_at: AwareDatetime | None


class ReplayedShape(Shape):
    replayed: int = Field(description="messages that are due now")


class ToldShape(Shape):
    delivery: DeliveryShape
    rule: str | None = Field(description="what matched; null where it followed an earlier delivery")
    is_merged: bool
    attempts: list[AttemptShape]


class WhyShape(Shape):
    post: str
    subscription: str
    was_owed: bool
    words: list[str] = Field(description="for people, in order, in Vietnamese")
    codes: list[Because] = Field(
        description="for programs: one for each of the words, in the same order"
    )
    told: list[ToldShape]


class ReceiptLineShape(Shape):
    unit: NamedShape
    state: Line
    revision: int
    owed_at: AwareDatetime | None
    sent_at: AwareDatetime | None
    acknowledged_at: AwareDatetime | None
    by: str
    note: str
    via: str
    acknowledged_revision: int | None
    has_channel: bool = Field(description="whether the unit hears by any channel now")
    is_removed: bool = Field(
        description="the unit was removed since: it is owed and reminded of nothing more"
    )


class AcknowledgedShape(Shape):
    post: str
    revision: int
    unit: str
    at: AwareDatetime
