"""What the API answers, as models: the schemas of the OpenAPI document, and what tests hold every
answer against.

The answers themselves are made by `shapes`; nothing is validated while serving.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from service.alerts.receipt_rules import Line
from service.services.backfill_acts import BackfillShape as BackfillShape
from service.services.post_shapes import PostShape as PostShape
from service.services.post_shapes import WholePostShape as WholePostShape
from service.storage.explanation import Because
from service.types import ChangeType, Frequency, Outcome, State, SubscriptionStatus
from service.web.channel_name import ChannelName


class Shape(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NamedShape(Shape):
    id: str
    name: str


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
    backfill: BackfillShape | None = Field(
        description="the last that was asked for; null: none ever was"
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


class AuditEntryShape(Shape):
    id: str
    at: AwareDatetime
    door: str = Field(description="command, api, page, desk, or job: by itself")
    who: str = Field(description="a token's name, a login; empty: whoever had a link")
    source: str = Field(description="the address that asked; empty: the machine of the service")
    act: str
    said: str = Field(description="the act in words")
    kind: str = Field(description="of the subject")
    subject: str = Field(description="its id; empty: the whole service, or somebody forgotten")
    name: str = Field(description="what it was called then; an address is masked")
    before: dict[str, Any] | None = Field(description="what the act changed; null: nothing shown")
    after: dict[str, Any] | None


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
    target: str | None = Field(description="null for `pull`, which is asked")
    status: SubscriptionStatus
    filters: WantedPostsShape
    frequency: Frequency
    unit: str | None
    headers: dict[str, str] = Field(
        description="the names of its own request headers; their values stay hidden"
    )
    cloudevents: bool
    name: str
    created_at: AwareDatetime


class AddedSubscriptionShape(SubscriptionShape):
    secret: str | None = Field(
        description="what signs its messages, shown only here; null for mail"
    )
    token: str | None = Field(
        description="with which `/api/v1/stream` is asked, shown only here; null but for `pull`"
    )


class NewSecretShape(Shape):
    id: str
    secret: str
    token: str | None = Field(
        description="another token too; the one before is good as long as the old secret signs; "
        "null but for `pull`"
    )
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


class WhyAnswerShape(Shape):
    post: str
    subscription: str
    was_owed: bool
    words: list[str] = Field(description="for people, in order, in Vietnamese")
    codes: list[Because] = Field(
        description="for programs: one for each of the words, in the same order"
    )
    told: list[ToldShape]


class WhyShape(WhyAnswerShape):
    others: list[WhyAnswerShape] = Field(
        description="the same for each further subscription that is meant, as of a unit's name"
    )


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
    place_id: str | None = Field(description="null: it is no commune's")
    has_channel: bool = Field(description="whether the unit hears by any channel now")
    is_removed: bool = Field(
        description="the unit was removed since: it is owed and reminded of nothing more"
    )
    merged_into: str | None = Field(
        description="the name of the unit that it became part of; null: none"
    )


class AcknowledgedShape(Shape):
    post: str
    revision: int
    unit: str
    at: AwareDatetime


class HandedMessageShape(Shape):
    """As a webhook's request: verify `webhook-signature` over the bytes of `body`."""

    webhook_id: str = Field(alias="webhook-id")
    webhook_timestamp: str = Field(alias="webhook-timestamp")
    webhook_signature: str = Field(alias="webhook-signature")
    body: str = Field(description="the webhook's body, as a string")


class StreamShape(Shape):
    messages: list[HandedMessageShape]


class StreamAckShape(Shape):
    acknowledged: list[str]
    unknown: list[str] = Field(description="ids that are none of the caller's messages")


class StatementShape(Shape):
    day: date
    ids: list[str] = Field(description="sorted; every message that was owed on that day")
    digest: str = Field(description="`sha256:` and the hash of the sorted ids, each with a newline")
