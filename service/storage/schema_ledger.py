"""The tables of the ledger: what is owed, to whom, what was tried, and who has acknowledged.

`service.storage.schema` hands them on under the same names.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from service.storage.schema_base import Instant, Json, id_column, metadata

change = Table(
    "change",
    metadata,
    id_column(),
    Column("post_id", Text, ForeignKey("post.id"), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("type", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("payload", Text, nullable=False),  # the webhook's body, with `receipt_url` null
    Column("what", Json, nullable=False),  # what changed, for people
    # null: alerts go out; baseline, too_old, restored, flood (held until released)
    Column("silenced", Text),
    # the urgency by which it goes before all else; null: it waits its turn
    Column("urgent", Text),
    Column("fanned_out_at", Instant),  # null: deliveries are still being written
    Column("fanout_after", Text),  # the last subscription done; null: none yet
    # published again to who came to match later
    Column("round", SmallInteger, nullable=False, server_default="0"),
    UniqueConstraint("post_id", "revision", "type", "round"),
    Index("ix_change_urgent", "at", sqlite_where=text("urgent IS NOT NULL"),
          postgresql_where=text("urgent IS NOT NULL")),  # whose receipts are asked for in minutes
    Index("ix_change_fanout", "at", sqlite_where=text("fanned_out_at IS NULL"),
          postgresql_where=text("fanned_out_at IS NULL")),  # fan-outs to continue
)  # fmt: skip

change_match = Table(  # which sets of filters a change matched, and why
    "change_match",
    metadata,
    Column("change_id", Text, ForeignKey("change.id"), primary_key=True),
    Column("filter_id", Text, ForeignKey("filter.id"), primary_key=True),
    Column(
        "reason", Text, nullable=False
    ),  # coded (service.words), as every reason, detail and error
    Column(
        "is_silent", SmallInteger, nullable=False, server_default="0"
    ),  # 1: matched, and nothing is owed for it
)

message = Table(
    "message",
    metadata,
    id_column(),
    Column("change_id", Text),  # null: a digest, a handshake or a test
    Column("subscription_id", Text),  # null: a mail, which may carry deliveries of several
    Column("body", Text),  # null: the payload of its change, or made by its channel
    Column("channel", Text, nullable=False),
    Column("endpoint_key", Text, nullable=False),
    # what may be sent once: change and target, or digest
    Column("group_key", Text, nullable=False, unique=True),
    Column("state", Text, nullable=False),
    Column("due_at", Instant, nullable=False),
    # since it was last made due by hand or a probe
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("created_at", Instant, nullable=False),
    Column("done_at", Instant),  # null: not yet sent, failed or skipped
    Column("detail", Text),  # of the last attempt; null: none yet
    # 1: failed by its content or its target
    Column("is_final", SmallInteger, nullable=False, server_default="0"),
    # of the accepted attempt, which has no row in attempt; null: none
    Column("sent_started_at", Instant),
    Column("sent_took_ms", Integer),
    Column("sent_status", Integer),  # null: none was received, or none was accepted
    # 1: claimed before all else, by places of its own too
    Column("is_urgent", SmallInteger, nullable=False, server_default="0"),
    Index("ix_message_waiting", "endpoint_key", "due_at", sqlite_where=text("state = 'due'"),
          postgresql_where=text("state = 'due'")),  # the claim
    Index("ix_message_urgent", "endpoint_key", "is_urgent", "due_at",
    sqlite_where=text("state = 'due' AND is_urgent = 1"),
          postgresql_where=text("state = 'due' AND is_urgent = 1")),  # the claim, first
    Index("ix_message_held", "endpoint_key", sqlite_where=text("state = 'held'"),
          postgresql_where=text("state = 'held'")),  # what a subscription that is resumed is sent
    Index("ix_message_parked", "endpoint_key",
    sqlite_where=text("state IN ('failed', 'suspended')"),
          # what an endpoint that answers again is sent
          postgresql_where=text("state IN ('failed', 'suspended')")),
    Index("ix_message_done", "done_at", sqlite_where=text("done_at IS NOT NULL"),
          postgresql_where=text("done_at IS NOT NULL")),  # retention
)  # fmt: skip

lease = Table(  # what is in the air: a small table, so that a claim need not rewrite messages
    "lease",
    metadata,
    Column("message_id", Text, primary_key=True),
    Column("endpoint_key", Text, nullable=False),
    Column("until", Instant, nullable=False),
    Column("token", BigInteger, nullable=False),  # fences off late results
    sqlite_with_rowid=False,
)

delivery = Table(
    "delivery",
    metadata,
    id_column(),
    Column("change_id", Text, ForeignKey("change.id"), nullable=False),
    Column("subscription_id", Text, ForeignKey("subscription.id"), nullable=False),
    Column("message_id", Text),  # null: waits for its digest, or is held
    Column("state", Text, nullable=False),
    Column("reason", Text),  # why it is in this state; null: as usual
    Column("created_at", Instant, nullable=False),
    Column("done_at", Instant),  # null: not yet
    UniqueConstraint("change_id", "subscription_id"),
    Index("ix_delivery_message", "message_id"),  # what a message carries
    Index("ix_delivery_subscription", "subscription_id", "created_at"),  # its history, its digest
    postgresql_with={"fillfactor": 80},  # room for the one update of each row within its page
)

attempt = Table(  # those that were not accepted, and those accepted before a replay
    "attempt",
    metadata,
    Column("message_id", Text, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("started_at", Instant, nullable=False),
    Column("took_ms", Integer, nullable=False),
    Column(
        "state", Text, nullable=False
    ),  # sent, due (to be tried again), failed, suspended, skipped
    Column("status", Integer),  # HTTP status or SMTP code; null: none was received
    Column("detail", Text, nullable=False),
    sqlite_with_rowid=False,  # one tree to write for each attempt, not two
)

answer = Table(  # what came back for an attempt, its beginning; none where nothing did
    "answer",
    metadata,
    Column("message_id", Text, primary_key=True),
    Column("started_at", Instant, primary_key=True),  # that of its attempt
    Column("body", Text, nullable=False),  # secrets masked
    sqlite_with_rowid=False,
)

# endpoints that share places: those of one host, but for those of it that timed out last
host_group = Table(
    "host_group",
    metadata,
    # scheme://host:port, with #slow for those that timed out last; smtp
    Column("key", Text, primary_key=True),
    Column("channel", Text, nullable=False),
    Column("is_slow", SmallInteger, nullable=False),
    Column("in_flight", Integer, nullable=False, server_default="0"),
    Column("cap", Integer, nullable=False),
    # places of the host, that its host groups share
    Column("host_cap", Integer, nullable=False, server_default="16"),
    Column("next_due_at", Instant),  # null: full, or nothing waits
    Column("urgent_due_at", Instant),  # null: full for urgent ones too, or none of them waits
    Index("ix_host_group_urgent", "channel", "is_slow", "urgent_due_at",
    sqlite_where=text("urgent_due_at IS NOT NULL"),
          postgresql_where=text("urgent_due_at IS NOT NULL")),  # the claim, first
    Index("ix_host_group_ready", "channel", "is_slow", "next_due_at",
    sqlite_where=text("next_due_at IS NOT NULL"),
          postgresql_where=text("next_due_at IS NOT NULL")),  # the claim
)  # fmt: skip

endpoint = Table(
    "endpoint",
    metadata,
    Column("key", Text, primary_key=True),  # scheme://host:port/path, or smtp
    Column("host_key", Text, nullable=False),  # scheme://host:port
    Column("host_group_key", Text, ForeignKey("host_group.key"), nullable=False),
    Column("channel", Text, nullable=False),
    Column("in_flight", Integer, nullable=False, server_default="0"),
    Column("cap", Integer, nullable=False),
    Column("next_due_at", Instant),  # null: full, or nothing waits
    Column("urgent_due_at", Instant),  # null: full for urgent ones too, or none of them waits
    Column("not_before_at", Instant),  # nothing is sent before; null: at once
    Column("min_interval_s", Integer),  # between two messages; null: as fast as it answers
    # ok, slow (timed out last), disabled
    Column("status", Text, nullable=False, server_default="ok"),
    Column("last_ok_at", Instant),  # null: never answered with success
    Column("failing_since", Instant),  # null: its last attempt succeeded
    Column("failed_at", Instant),  # the last failure of those in a row; null: none
    Column("failures", Integer, nullable=False, server_default="0"),  # in a row
    # when its owners were warned of the coming end; null: not in this failure
    Column("warned_at", Instant),
    # when a disabled one is tried again; null: it is not, or not disabled
    Column("probe_at", Instant),
    Index("ix_endpoint_ready", "host_group_key", "next_due_at",
    sqlite_where=text("next_due_at IS NOT NULL"),
          postgresql_where=text("next_due_at IS NOT NULL")),  # the claim
    Index("ix_endpoint_urgent", "host_group_key", "urgent_due_at",
    sqlite_where=text("urgent_due_at IS NOT NULL"),
          postgresql_where=text("urgent_due_at IS NOT NULL")),  # the claim, first
    Index("ix_endpoint_slow", "host_group_key", sqlite_where=text("host_group_key <> host_key"),
          postgresql_where=text("host_group_key <> host_key")),  # whether a host has slow ones
    Index("ix_endpoint_probe", "probe_at", sqlite_where=text("probe_at IS NOT NULL"),
          postgresql_where=text("probe_at IS NOT NULL")),  # probes that are due
)  # fmt: skip

receipt = Table(
    "receipt",
    metadata,
    Column("post_id", Text, ForeignKey("post.id"), primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("unit_id", Text, ForeignKey("unit.id"), primary_key=True),
    Column("at", Instant, nullable=False),
    Column(
        "by", Text, nullable=False
    ),  # who acknowledged: a name that was typed, a token's name, or empty
    Column("note", Text, nullable=False),
    Column("via", Text, nullable=False),  # link, page, api
)

# who was owed a post, once retention has forgotten the deliveries: decides who hears of a later
# edit
owed = Table(
    "owed",
    metadata,
    Column("post_id", Text, ForeignKey("post.id"), primary_key=True),
    Column("subscription_id", Text, ForeignKey("subscription.id"), primary_key=True),
    sqlite_with_rowid=False,
)
