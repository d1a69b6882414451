"""Who wants to know: units, subscriptions and what they ask for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from service.types.vocabulary import Channel, Frequency, SubscriptionStatus


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
    """A webhook's URL or an email address: personal data, never in a log. Of `pull` its own id."""
    status: SubscriptionStatus
    filters: Filters
    frequency: Frequency
    unit_id: str | None
    """None for a person."""
    name: str
    created_at: datetime
    headers: tuple[str, ...] = ()
    """Names of the request headers of its own; their values are kept sealed."""
    is_cloudevents: bool = False
    """Whether its requests have those headers too."""
    language: str = "vi"
    """In which it is written to, where its channel is."""
