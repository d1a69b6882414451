"""What programs are shown of units and subscriptions: one declaration each, of which the answers of
the API and of the command line are made, and their description in OpenAPI."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, ClassVar

from service.alerts.own_headers import MASK
from service.channels import kind_of
from service.services.channel_name import ChannelName
from service.services.subscription_acts import AddResult, RotationResult
from service.types import Frequency, Subscription, SubscriptionStatus, Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """An answer has the keys of its shape, all of them, and no other."""

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}  # for what describes and checks it


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitShape(Shape):
    id: str
    name: str
    place: str | None
    contacts: tuple[str, ...] = field(metadata={"description": "in order of escalation"})
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedPostsShape(Shape):
    categories: tuple[str, ...]
    portals: tuple[str, ...]
    places: tuple[str, ...]
    keywords: tuple[str, ...]
    urgencies: tuple[str, ...]
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionShape(Shape):
    id: str
    channel: ChannelName
    target: str | None = field(metadata={"description": "null for `pull`, which is asked"})
    status: SubscriptionStatus
    filters: WantedPostsShape
    frequency: Frequency
    unit: str | None
    headers: dict[str, str] = field(
        metadata={"description": "the names of its own request headers; their values stay hidden"}
    )
    cloudevents: bool
    name: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedSubscriptionShape(SubscriptionShape):
    secret: str | None = field(
        metadata={"description": "what signs its messages, shown only here; null for mail"}
    )
    token: str | None = field(
        metadata={
            "description": "with which `/api/v1/stream` is asked, shown only here; null but for "
            "`pull`"
        }
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSecretShape(Shape):
    id: str
    secret: str
    token: str | None = field(
        metadata={
            "description": "another token too; the one before is good as long as the old secret "
            "signs; null but for `pull`"
        }
    )
    old_secret_until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SentTestShape(Shape):
    id: str
    message: str = field(metadata={"description": "the `webhook-id` that the receiver will see"})


def show_unit(unit: Unit) -> UnitShape:
    return UnitShape(
        id=unit.id,
        name=unit.name,
        place=unit.place,
        contacts=unit.contacts,
        created_at=unit.created_at,
    )


def show_subscription(one: Subscription) -> SubscriptionShape:
    """Never its secret, nor the values of its headers."""
    wanted = one.filters
    return SubscriptionShape(
        id=one.id,
        channel=one.channel,
        target=None if kind_of(one.channel).is_asked else one.target,
        status=one.status,
        filters=WantedPostsShape(
            **{field.name: getattr(wanted, field.name) for field in fields(wanted)}
        ),
        frequency=one.frequency,
        unit=one.unit_id,
        headers=dict.fromkeys(one.headers, MASK),
        cloudevents=one.is_cloudevents,
        name=one.name,
        created_at=one.created_at,
    )


def show_added(added: AddResult) -> AddedSubscriptionShape:
    shown = show_subscription(added.subscription)
    values = {field.name: getattr(shown, field.name) for field in fields(shown)}
    return AddedSubscriptionShape(**values, secret=added.secret, token=added.token)


def show_rotated(made: RotationResult) -> NewSecretShape:
    return NewSecretShape(
        id=made.subscription.id,
        secret=made.secret,
        token=made.token,
        old_secret_until=made.old_until,
    )
