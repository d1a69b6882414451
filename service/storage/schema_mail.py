"""The table of mails that came back."""

from __future__ import annotations

from sqlalchemy import Column, Table, Text

from service.storage.schema import Instant
from service.storage.schema_web import metadata

__all__ = ["bounce", "metadata"]

bounce = Table(  # once for a message and kind; no address stands here
    "bounce",
    metadata,
    Column("message_id", Text, primary_key=True),
    Column("kind", Text, primary_key=True),  # hard, soft, ours, complaint
    Column("at", Instant, nullable=False),
    Column("detail", Text, nullable=False),
)
