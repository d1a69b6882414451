"""The table of who did what."""

from __future__ import annotations

from sqlalchemy import Column, Index, Table, Text

from service.storage.schema import Instant
from service.storage.schema_base import Json, id_column
from service.storage.schema_mail import metadata

__all__ = ["audit", "metadata"]

audit = Table(  # a row for each act, kept for `retention.audit_days`; no secret, addresses masked
    "audit",
    metadata,
    id_column(),
    Column("at", Instant, nullable=False),
    Column("door", Text, nullable=False),  # command, api, page, desk, job
    Column("who", Text, nullable=False),  # a token's name, a login; empty: whoever had the link
    Column("source", Text, nullable=False),  # the address that asked; empty: this machine
    Column("act", Text, nullable=False),  # a code of `act.*`
    Column("kind", Text, nullable=False),  # unit, subscription, post, portal, token, service …
    Column("subject_id", Text, nullable=False),  # empty: the whole service, or somebody forgotten
    Column("subject", Text, nullable=False),  # what it was called then
    Column("before", Json),  # what the act changed; null: it changed nothing that is shown
    Column("after", Json),  # likewise
    Index("ix_audit_at", "at"),  # what is too old
    Index("ix_audit_subject_id", "subject_id"),  # all that was done to one
)
