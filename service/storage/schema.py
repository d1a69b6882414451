"""The tables, as SQLAlchemy Core sees them on SQLite and on PostgreSQL.

Every NULL says what it means, every index which query it serves. Instants are whole microseconds
since 1970 UTC, so that both databases compare and add them alike. Ids are text: UUIDs, never row
numbers. Here are portals, posts, and who must know; what is owed is `schema_ledger`, handed on
under the same names.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from service.storage.schema_base import (
    EPOCH,
    Instant,
    Json,
    from_micros,
    id_column,
    metadata,
    to_micros,
)
from service.storage.schema_ledger import (
    attempt,
    change,
    change_match,
    delivery,
    endpoint,
    host_group,
    lease,
    message,
    receipt,
)

__all__ = [
    "EPOCH",
    "Instant",
    "Json",
    "api_token",
    "attempt",
    "change",
    "change_match",
    "delivery",
    "endpoint",
    "filter_",
    "from_micros",
    "generation",
    "host",
    "host_group",
    "lease",
    "listing",
    "message",
    "meta",
    "metadata",
    "poll",
    "post",
    "post_alias",
    "post_category",
    "post_listing",
    "post_place",
    "receipt",
    "revision",
    "subscription",
    "to_micros",
    "unit",
]

# --- portals ----------------------------------------------------------------------------------

listing = Table(
    "listing",
    metadata,
    Column("portal_id", Text, primary_key=True),
    Column("url", Text, primary_key=True),
    Column(
        "baseline_at", Instant
    ),  # null: never yet polled with success, its next posts alert nobody
    Column("etag", Text),  # null: the server gave none, or it was dropped
    Column("last_modified", Text),  # likewise
    Column("body_sha256", Text),  # null: no body is known under the present configuration
    Column(
        "reader_version", Text
    ),  # of the parser and configuration that read that body; null: none did
    Column("next_poll_at", Instant, nullable=False),
    Column("failures", Integer, nullable=False, server_default="0"),  # in a row
    Column("failing_since", Instant),  # null: the last poll succeeded
    Column("last_polled_at", Instant),  # null: never
    Column("last_ok_at", Instant),  # null: never
    # until when it was read without a gap, as far as is known; null: never read
    Column("covered_to", Instant),
    Column("last_new_at", Instant),  # null: no post since the baseline
    Column("last_outcome", Text),  # null: never polled
    Column("last_error", Text),  # null: the last poll succeeded
    Column("last_rows", Integer),  # posts on the page when it was last read; null: never read
    Column(
        "resume_url", Text
    ),  # an older page that could not be read while posts were missed; null: none
    Column("lease_until", Instant),  # null: nobody is polling it
    Column(
        "told_at", Instant
    ),  # when the operator was last told of it; null: believes that it is well
    Column(
        "told_what", Text
    ),  # the outcome that was told, or `moved`; null: believes that it is well
    Index("ix_listing_due", "next_poll_at"),  # what is due
)

# the history of outcomes: a row whenever something happened, and one for a run of unchanged polls
poll = Table(
    "poll",
    metadata,
    id_column(),
    Column("portal_id", Text, nullable=False),
    Column("listing_url", Text, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("took_ms", Integer, nullable=False),
    Column("outcome", Text, nullable=False),
    Column(
        "tallies", Json, nullable=False
    ),  # {"new", "updated", "withdrawn", "unchanged", "held", "dropped": {}}
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
    id_column(),
    Column("portal_id", Text, nullable=False),
    Column("portal_name", Text, nullable=False),
    Column("identity_key", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("revision", Integer, nullable=False),  # the latest
    Column("facts", Json, nullable=False),  # the Understanding
    # null: rules decide the categories; else a person did, and it sticks
    Column("overruled_at", Instant),
    Column("published_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("first_seen_at", Instant, nullable=False),
    Column("withdrawn_at", Instant),  # null: the portal shows it
    Column("next_check_at", Instant),  # null: no recheck is planned any more
    Column("missing_since", Instant),  # null: the article answered when last checked
    # when the article was last read; null: only its listing's row is known
    Column("article_at", Instant),
    Column("article_etag", Text),  # null: the server gave none, or no article was read
    Column("article_last_modified", Text),  # likewise
    Column("article_sha256", Text),  # of the article's page; null: none was read
    Column("article_version", Text),  # of the reader that read it; null: none did
    Column("dating", Json),  # which witnesses said published_at; null: stored before they were kept
    UniqueConstraint("portal_id", "identity_key"),
    Index("ix_post_newest", "first_seen_at", "published_at", "id"),  # feed `all`
    # a portal's feed
    Index("ix_post_portal_newest", "portal_id", "first_seen_at", "published_at", "id"),
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
    Column(
        "title", Text, nullable=False, server_default=""
    ),  # as that listing shows it, perhaps cut
    Index(
        "ix_post_listing_listing", "listing_url", "post_id"
    ),  # which posts a listing is known to show
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

# what was published last: Last-Modified must say the same in every process, whenever it started
feed_state = Table(
    "feed_state",
    metadata,
    Column("path", Text, primary_key=True),
    Column("tag", Text, nullable=False),  # names the bytes
    Column("modified_at", Instant, nullable=False),  # when they became these
)

feed_problem = (
    Table(  # what could not be published as it was meant; the last good rendering stands in
        "feed_problem",
        metadata,
        Column("name", Text, primary_key=True),  # of a feed, or of a post's entry
        Column("problem", Text, nullable=False),
        Column("since_at", Instant, nullable=False),
    )
)

# --- who must know ----------------------------------------------------------------------------

unit = Table(
    "unit",
    metadata,
    id_column(),
    Column("name", Text, nullable=False, unique=True),
    Column("place", Text),  # null: stands for no commune
    Column("contacts", Json, nullable=False),  # addresses in order of escalation
    Column("created_at", Instant, nullable=False),
    Column("removed_at", Instant),  # null: still there
    # the unit that it became part of; null: it is there, or was removed and has no successor
    Column("merged_into", Text),
)

# each distinct set of filters once, so that a post is matched against sets, not subscriptions
filter_ = Table(
    "filter",
    metadata,
    id_column(),  # SHA-256 of the canonical definition
    Column("definition", Json, nullable=False),  # Filters as a mapping, values sorted
    Column(
        "created_at", Instant, nullable=False, server_default="0"
    ),  # older changes were not held against it
)

subscription = Table(
    "subscription",
    metadata,
    id_column(),
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
    # its status before it was removed; null: it was not, or by a Loa that did not say
    Column("removed_from", Text),
    Column("secret", LargeBinary),  # encrypted; null: a channel that signs nothing
    Column(
        "old_secret", LargeBinary
    ),  # encrypted, signs too until old_secret_until; null: not rotated lately
    Column("old_secret_until", Instant),  # null: not rotated lately
    Column(
        "headers", Json, nullable=False, server_default="{}"
    ),  # extra request headers of a webhook
    Column("created_at", Instant, nullable=False),
    Column("confirmed_at", Instant),  # null: not confirmed
    Column("token_hash", Text),  # of its own token; null: its channel is not asked
    Column("old_token_hash", Text),  # good until old_secret_until; null: not rotated
    Column("asked_at", Instant),  # about when it was last asked for; null: never
    # 1: its requests have the headers of CloudEvents' binary mode
    Column("is_cloudevents", SmallInteger, nullable=False, server_default="0"),
    Index(
        "ix_subscription_filter", "filter_id", "id"
    ),  # fan-out of a change to the sets that matched
    Index("ix_subscription_walk", "channel", "id"),  # the chunks of a fan-out to webhooks
    Index(
        "ix_subscription_target", "channel", "target_key"
    ),  # all subscriptions of one person or endpoint
    Index("ix_subscription_token", "token_hash", unique=True),  # whose a token is
    Index("ix_subscription_old_token", "old_token_hash", unique=True),  # the same
    Index("ix_subscription_unit", "unit_id"),  # the receipt board
    Index(
        "ix_subscription_endpoint", "endpoint_key"
    ),  # who is behind an endpoint that fails, or answers again
)

api_token = Table(
    "api_token",
    metadata,
    id_column(),
    Column("name", Text, nullable=False),
    Column(
        "hash", Text, nullable=False, unique=True
    ),  # SHA-256 of the token, which is 256 random bits
    Column("role", Text, nullable=False),  # operator, viewer, unit
    Column("unit_id", Text, ForeignKey("unit.id")),  # null: not role unit
    Column("created_at", Instant, nullable=False),
    Column("revoked_at", Instant),  # null: valid
    Column("scopes", Text),  # separated by a space; null: all that its role may
    Column("ends_at", Instant),  # null: good until it is revoked
)

meta = Table(  # single facts about this database: delivery_paused, restore_counter, …
    "meta",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
)
