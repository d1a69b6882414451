"""The tables, as SQLAlchemy Core sees them on SQLite and on PostgreSQL.

Every NULL says what it means, every index which query it serves. Instants are whole microseconds since
1970 UTC, so that both databases compare and add them alike. Ids are text: UUIDs, never row numbers.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import (
    BigInteger,
    Column,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_micros(instant: datetime) -> int:
    """Whole microseconds since 1970 UTC of an aware instant; exact, where `timestamp()` would round."""
    return (instant - EPOCH) // timedelta(microseconds=1)


def from_micros(micros: int) -> datetime:
    """The aware UTC instant of `to_micros`."""
    return EPOCH + timedelta(microseconds=micros)


class Instant(TypeDecorator[datetime]):
    """An aware datetime, stored as microseconds since 1970 UTC."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else to_micros(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        return None if value is None else from_micros(value)


class Json(TypeDecorator[Any]):
    """A JSON value, stored as text: the same bytes on both databases."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else orjson.dumps(value).decode()

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return None if value is None else orjson.loads(value)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _id() -> Column[str]:
    return Column("id", Text, primary_key=True)


# --- portals ----------------------------------------------------------------------------------

listing = Table(
    "listing",
    metadata,
    Column("portal_id", Text, primary_key=True),
    Column("url", Text, primary_key=True),
    Column("baseline_at", Instant),  # null: never yet polled with success, its next posts alert nobody
    Column("etag", Text),  # null: the server gave none, or it was dropped
    Column("last_modified", Text),  # likewise
    Column("body_sha256", Text),  # null: no body is known under the present configuration
    Column("reader_version", Text),  # of the parser and configuration that read that body; null: none did
    Column("next_poll_at", Instant, nullable=False),
    Column("failures", Integer, nullable=False, server_default="0"),  # in a row
    Column("failing_since", Instant),  # null: the last poll succeeded
    Column("last_polled_at", Instant),  # null: never
    Column("last_ok_at", Instant),  # null: never
    Column("last_new_at", Instant),  # null: no post since the baseline
    Column("last_outcome", Text),  # null: never polled
    Column("last_error", Text),  # null: the last poll succeeded
    Column("last_rows", Integer),  # posts on the page when it was last read; null: never read
    Column("lease_until", Instant),  # null: nobody is polling it
    Column("told_at", Instant),  # when the operator was told that it is bad; null: believes that it is well
    Index("ix_listing_due", "next_poll_at"),  # what is due
)

poll = Table(  # the history of outcomes: a row whenever something happened, and one for a run of unchanged polls
    "poll",
    metadata,
    _id(),
    Column("portal_id", Text, nullable=False),
    Column("listing_url", Text, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("took_ms", Integer, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("tallies", Json, nullable=False),  # {"new", "updated", "withdrawn", "unchanged", "held", "dropped": {}}
    Column("error", Text),  # null: none
    Index("ix_poll_listing", "portal_id", "listing_url", "started_at"),  # health of a listing
)

host = Table(  # politeness is owed to a host, whichever portal or worker asks
    "host",
    metadata,
    Column("name", Text, primary_key=True),  # scheme://host:port
    Column("next_request_at", Instant, nullable=False),
    Column("robots_body", Text),  # null: not fetched yet; empty: there is none, all is allowed
    Column("robots_fetched_at", Instant),  # null: not fetched yet
    Column("robots_error", Text),  # null: fetched, or a clean 404
)

# --- posts ------------------------------------------------------------------------------------

post = Table(
    "post",
    metadata,
    _id(),
    Column("portal_id", Text, nullable=False),
    Column("portal_name", Text, nullable=False),
    Column("identity_key", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("revision", Integer, nullable=False),  # the latest
    Column("facts", Json, nullable=False),  # the Understanding
    Column("overruled_at", Instant),  # null: rules decide the categories; else a person did, and it sticks
    Column("published_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("first_seen_at", Instant, nullable=False),
    Column("withdrawn_at", Instant),  # null: the portal shows it
    Column("next_check_at", Instant),  # null: no recheck is planned any more
    Column("missing_since", Instant),  # null: the article answered when last checked
    Column("article_at", Instant),  # when the article was last read; null: only its listing's row is known
    Column("article_etag", Text),  # null: the server gave none, or no article was read
    Column("article_last_modified", Text),  # likewise
    Column("article_sha256", Text),  # of the article's page; null: none was read
    Column("article_version", Text),  # of the reader that read it; null: none did
    UniqueConstraint("portal_id", "identity_key"),
    Index("ix_post_newest", "first_seen_at", "published_at", "id"),  # feed `all`
    Index("ix_post_portal_newest", "portal_id", "first_seen_at", "published_at", "id"),  # a portal's feed
    Index("ix_post_check", "next_check_at", sqlite_where=text("next_check_at IS NOT NULL"),
          postgresql_where=text("next_check_at IS NOT NULL")),  # rechecks that are due
)  # fmt: skip

revision = Table(
    "revision",
    metadata,
    Column("post_id", Text, ForeignKey("post.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("seen_at", Instant, nullable=False),
    Column("title", Text, nullable=False),
    Column("html", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("attachments", Json, nullable=False),  # [AttachmentLink as a mapping]
    Column("fingerprint", Text, nullable=False),  # of title, number, text and attachments
    Column(
        "what", Json, nullable=False
    ),  # which of them changed: ["title", "text", "attachments", …]; [] in the first
)

post_category = Table(
    "post_category",
    metadata,
    Column("post_id", Text, ForeignKey("post.id"), primary_key=True),
    Column("category", Text, primary_key=True),
    Column("position", SmallInteger, nullable=False),  # 0 is the primary one
    Index("ix_post_category_category", "category", "post_id"),  # a category's feed
)

post_place = Table(
    "post_place",
    metadata,
    Column("post_id", Text, ForeignKey("post.id"), primary_key=True),
    Column("place_id", Text, primary_key=True),
    Index("ix_post_place_place", "place_id", "post_id"),  # a place's feed
)

post_listing = Table(  # which listings show a post
    "post_listing",
    metadata,
    Column("post_id", Text, ForeignKey("post.id"), primary_key=True),
    Column("listing_url", Text, primary_key=True),
    Column("first_listed_at", Instant, nullable=False),
    Column("title", Text, nullable=False, server_default=""),  # as that listing shows it, perhaps cut
    Index("ix_post_listing_listing", "listing_url", "post_id"),  # which posts a listing is known to show
)

post_alias = Table(  # other addresses of a post: its slug changed
    "post_alias",
    metadata,
    Column("portal_id", Text, primary_key=True),
    Column("identity_key", Text, primary_key=True),
    Column("post_id", Text, ForeignKey("post.id"), nullable=False),
    Index("ix_post_alias_post", "post_id"),  # all addresses of a post
)

generation = Table(  # moves when what web processes hold in memory is no longer true
    "generation",
    metadata,
    Column("name", Text, primary_key=True),  # feeds
    Column("n", BigInteger, nullable=False),
)

# --- who must know ----------------------------------------------------------------------------

unit = Table(
    "unit",
    metadata,
    _id(),
    Column("name", Text, nullable=False, unique=True),
    Column("place", Text),  # null: stands for no commune
    Column("contacts", Json, nullable=False),  # addresses in order of escalation
    Column("created_at", Instant, nullable=False),
    Column("removed_at", Instant),  # null: still there
)

filter_ = Table(  # each distinct set of filters once, so that a post is matched against sets, not subscriptions
    "filter",
    metadata,
    _id(),  # SHA-256 of the canonical definition
    Column("definition", Json, nullable=False),  # Filters as a mapping, values sorted
    Column("created_at", Instant, nullable=False, server_default="0"),  # older changes were not held against it
)

subscription = Table(
    "subscription",
    metadata,
    _id(),
    Column("channel", Text, nullable=False),
    Column("target", Text, nullable=False),  # a URL or an address
    Column("target_key", Text, nullable=False),  # what makes two targets the same one
    Column("endpoint_key", Text, nullable=False),
    Column("filter_id", Text, ForeignKey("filter.id"), nullable=False),
    Column("frequency", Text, nullable=False),
    Column("unit_id", Text, ForeignKey("unit.id")),  # null: a person
    Column("name", Text, nullable=False),
    Column("language", Text, nullable=False, server_default="vi"),
    Column("status", Text, nullable=False),
    Column("status_reason", Text),  # null: nothing to say
    Column("status_at", Instant, nullable=False),
    Column("secret", LargeBinary),  # encrypted; null: a channel that signs nothing
    Column("old_secret", LargeBinary),  # encrypted, signs too until old_secret_until; null: not rotated lately
    Column("old_secret_until", Instant),  # null: not rotated lately
    Column("headers", Json, nullable=False, server_default="{}"),  # extra request headers of a webhook
    Column("created_at", Instant, nullable=False),
    Column("confirmed_at", Instant),  # null: not confirmed
    Index("ix_subscription_filter", "filter_id", "id"),  # fan-out of a change to the sets that matched
    Index("ix_subscription_target", "channel", "target_key"),  # all subscriptions of one person or endpoint
    Index("ix_subscription_unit", "unit_id"),  # the receipt board
)

# --- what is owed, and to whom ----------------------------------------------------------------

change = Table(
    "change",
    metadata,
    _id(),
    Column("post_id", Text, ForeignKey("post.id"), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("type", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("payload", Text, nullable=False),  # the webhook's body, with `receipt_url` null
    Column("what", Json, nullable=False),  # what changed, for people
    Column("silenced", Text),  # null: alerts go out; baseline, too_old, flood (held until released)
    Column("fanned_out_at", Instant),  # null: deliveries are still being written
    Column("fanout_after", Text),  # the last subscription done; null: none yet
    UniqueConstraint("post_id", "revision", "type"),
    Index("ix_change_fanout", "at", sqlite_where=text("fanned_out_at IS NULL"),
          postgresql_where=text("fanned_out_at IS NULL")),  # fan-outs to continue
)  # fmt: skip

change_match = Table(  # which sets of filters a change matched, and why
    "change_match",
    metadata,
    Column("change_id", Text, ForeignKey("change.id"), primary_key=True),
    Column("filter_id", Text, ForeignKey("filter.id"), primary_key=True),
    Column("reason", Text, nullable=False),  # in words
    Column("is_silent", SmallInteger, nullable=False, server_default="0"),  # 1: matched, and nothing is owed for it
)

message = Table(
    "message",
    metadata,
    _id(),
    Column("change_id", Text),  # null: a digest, a handshake or a test
    Column("subscription_id", Text),  # null: a mail, which may carry deliveries of several
    Column("body", Text),  # null: the payload of its change, or made by its channel
    Column("channel", Text, nullable=False),
    Column("endpoint_key", Text, nullable=False),
    Column("group_key", Text, nullable=False, unique=True),  # what may be sent once: change and target, or digest
    Column("state", Text, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("lease_until", Instant),  # null: not leased
    Column("lease_token", BigInteger, nullable=False, server_default="0"),  # fences off late results
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("created_at", Instant, nullable=False),
    Column("done_at", Instant),  # null: not yet sent, failed or skipped
    Column("detail", Text),  # of the last attempt; null: none yet
    Column("is_final", SmallInteger, nullable=False, server_default="0"),  # 1: failed by its content or its target
    Index("ix_message_waiting", "endpoint_key", "due_at", sqlite_where=text("state = 'due'"),
          postgresql_where=text("state = 'due'")),  # the claim
    Index("ix_message_leased", "lease_until", sqlite_where=text("state = 'leased'"),
          postgresql_where=text("state = 'leased'")),  # leases that ran out
    Index("ix_message_parked", "endpoint_key", sqlite_where=text("state IN ('failed', 'suspended')"),
          postgresql_where=text("state IN ('failed', 'suspended')")),  # what an endpoint that answers again is sent
    Index("ix_message_done", "done_at", sqlite_where=text("done_at IS NOT NULL"),
          postgresql_where=text("done_at IS NOT NULL")),  # retention
)  # fmt: skip

delivery = Table(
    "delivery",
    metadata,
    _id(),
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
)

attempt = Table(
    "attempt",
    metadata,
    Column("message_id", Text, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("started_at", Instant, nullable=False),
    Column("took_ms", Integer, nullable=False),
    Column("state", Text, nullable=False),  # sent, due (to be tried again), failed, suspended, skipped
    Column("status", Integer),  # HTTP status or SMTP code; null: none was received
    Column("detail", Text, nullable=False),
)

lane = Table(  # endpoints that share places: those of one host, but for those of it that timed out last
    "lane",
    metadata,
    Column("key", Text, primary_key=True),  # scheme://host:port, with #slow for those that timed out last; smtp
    Column("channel", Text, nullable=False),
    Column("is_slow", SmallInteger, nullable=False),
    Column("in_flight", Integer, nullable=False, server_default="0"),
    Column("cap", Integer, nullable=False),
    Column("next_due_at", Instant),  # null: full, or nothing waits
    Index("ix_lane_ready", "channel", "is_slow", "next_due_at", sqlite_where=text("next_due_at IS NOT NULL"),
          postgresql_where=text("next_due_at IS NOT NULL")),  # the claim
)  # fmt: skip

endpoint = Table(
    "endpoint",
    metadata,
    Column("key", Text, primary_key=True),  # scheme://host:port/path, or smtp
    Column("host_key", Text, nullable=False),  # scheme://host:port
    Column("lane_key", Text, ForeignKey("lane.key"), nullable=False),
    Column("channel", Text, nullable=False),
    Column("in_flight", Integer, nullable=False, server_default="0"),
    Column("cap", Integer, nullable=False),
    Column("next_due_at", Instant),  # null: full, or nothing waits
    Column("not_before_at", Instant),  # nothing is sent before; null: at once
    Column("min_interval_s", Integer),  # between two messages; null: as fast as it answers
    Column("status", Text, nullable=False, server_default="ok"),  # ok, slow (timed out last), disabled
    Column("last_ok_at", Instant),  # null: never answered with success
    Column("failing_since", Instant),  # null: its last attempt succeeded
    Column("failures", Integer, nullable=False, server_default="0"),  # in a row
    Column("warned_at", Instant),  # when its owners were warned of the coming end; null: not in this failure
    Column("probe_at", Instant),  # when a disabled one is tried again; null: it is not, or not disabled
    Index("ix_endpoint_ready", "lane_key", "next_due_at", sqlite_where=text("next_due_at IS NOT NULL"),
          postgresql_where=text("next_due_at IS NOT NULL")),  # the claim
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
    Column("by", Text, nullable=False),  # who acknowledged: a name that was typed, a token's name, or empty
    Column("note", Text, nullable=False),
    Column("via", Text, nullable=False),  # link, api
)

api_token = Table(
    "api_token",
    metadata,
    _id(),
    Column("name", Text, nullable=False),
    Column("hash", Text, nullable=False, unique=True),  # SHA-256 of the token, which is 256 random bits
    Column("role", Text, nullable=False),  # operator, unit
    Column("unit_id", Text, ForeignKey("unit.id")),  # null: role operator
    Column("created_at", Instant, nullable=False),
    Column("revoked_at", Instant),  # null: valid
)

meta = Table(  # single facts about this database: delivery_paused, restore_counter, …
    "meta",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
)
