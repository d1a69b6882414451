"""The tables of who did what, and of what a person decided of posts."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Table, Text

from service.storage.schema import Instant
from service.storage.schema_base import Json, id_column
from service.storage.schema_mail import metadata

__all__ = ["audit", "decision", "metadata"]

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

# where the program read something else; what is believed of a post stands in its facts
decision = Table(
    "decision",
    metadata,
    id_column(),
    Column("post_id", Text, ForeignKey("post.id"), nullable=False),
    Column("kind", Text, nullable=False),  # task, relation, same, other
    # the other post; null: of a task, or of a relation that is only dropped
    Column("other_id", Text, ForeignKey("post.id")),
    Column("wrong", Json),  # what was read and is not so; null: nothing was
    Column("correct", Json),  # what is so; null: nothing is, or it is of two posts
    Column("who", Text),  # a code of `by.*`; null: it is not known
    Column("at", Instant, nullable=False),
    Index("ix_decision_post_id", "post_id"),  # all of one post
    Index("ix_decision_other_id", "other_id"),  # what is decided of it beside another
)
