"""Tables of what comes from outside by the web: answers kept for repeated requests, and the leases
of subscribers that are strangers, and what people consented to."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, LargeBinary, SmallInteger, Table, Text

from service.storage.schema import Instant
from service.storage.schema_coverage import metadata

__all__ = ["consent", "hub_lease", "idempotency", "metadata"]

idempotency = Table(  # what a POST with an Idempotency-Key was answered, for a day
    "idempotency",
    metadata,
    Column("caller", Text, primary_key=True),  # the id of the token: keys of two callers never meet
    Column("key", Text, primary_key=True),
    Column("fingerprint", Text, nullable=False),  # SHA-256 of method, path and body
    Column("status", SmallInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),  # encrypted: it may show a secret
    Column("created_at", Instant, nullable=False),
    Index("ix_idempotency_created", "created_at"),  # what is too old
)

hub_lease = Table(  # of a subscription of WebSub
    "hub_lease",
    metadata,
    Column("subscription_id", Text, ForeignKey("subscription.id"), primary_key=True),
    Column("topic", Text, nullable=False),  # the address of its feed below `public_url`
    Column("until", Instant),  # null: its callback has confirmed nothing yet
    Index("ix_hub_lease_until", "until"),  # what ends
)

consent = Table(  # to what the owner of an address said yes; no address stands here
    "consent",
    metadata,
    Column("subscription_id", Text, ForeignKey("subscription.id"), primary_key=True),
    Column("step", Text, primary_key=True),  # asked, confirmed
    Column("text_version", Text),  # null: no text was shown
    Column("page", Text, nullable=False),  # its path, without any token
    Column("language", Text, nullable=False),
    Column("at", Instant, nullable=False),
)
