"""The tables beside the posts: their searchable words, the files they link to, and what is known of
those.

SQLite searches with FTS5 and PostgreSQL with a GIN index, both over the same folded words.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    event,
)

from service.storage.schema import Instant, metadata

__all__ = [
    "archive",
    "archive_day",
    "archive_part",
    "archive_stop",
    "attachment_watch",
    "file_page",
    "metadata",
    "post_facet",
    "post_file",
    "post_search",
]

post_search = Table(  # the folded words of each post's latest revision
    "post_search",
    metadata,
    Column(
        "n", Integer, primary_key=True
    ),  # SQLite's full text needs a number; it never leaves the database
    Column("post_id", Text, ForeignKey("post.id"), nullable=False, unique=True),
    Column("words", Text, nullable=False),  # one space around each, so that a phrase is a substring
)

post_facet = Table(  # what a post's document says of itself, as a search asks for it
    "post_facet",
    metadata,
    Column("post_id", Text, ForeignKey("post.id"), primary_key=True),
    Column("name", Text, primary_key=True),  # kind, urgency, number, issuer, deadline
    # a slug, folded words with a space around each, or a day as 2026-11-29
    Column("value", Text, primary_key=True),
    Index("ix_post_facet_value", "name", "value", "post_id"),  # posts of a kind, number, deadline
)

_SQLITE_SEARCH = (
    "CREATE VIRTUAL TABLE post_fts USING fts5(words, content='post_search', content_rowid='n', "
    "tokenize='ascii')",
    """CREATE TRIGGER post_search_added AFTER INSERT ON post_search BEGIN
      INSERT INTO post_fts(rowid, words) VALUES (new.n, new.words); END""",
    """CREATE TRIGGER post_search_removed AFTER DELETE ON post_search BEGIN
      INSERT INTO post_fts(post_fts, rowid, words) VALUES ('delete', old.n, old.words); END""",
    """CREATE TRIGGER post_search_changed AFTER UPDATE ON post_search BEGIN
      INSERT INTO post_fts(post_fts, rowid, words) VALUES ('delete', old.n, old.words);
      INSERT INTO post_fts(rowid, words) VALUES (new.n, new.words); END""",
)
_POSTGRESQL_SEARCH = (
    "CREATE INDEX ix_post_search_words ON post_search USING gin (to_tsvector('simple', words))",
)


@event.listens_for(post_search, "after_create")
def _create_search(_table: Table, connection: Connection, **_options: object) -> None:
    """What SQLAlchemy has no words for."""
    statements = _SQLITE_SEARCH if connection.dialect.name == "sqlite" else _POSTGRESQL_SEARCH
    for statement in statements:
        connection.exec_driver_sql(statement)


archive = Table(  # files of posts, so that a directive can be read when its portal is gone
    "archive",
    metadata,
    Column("sha256", Text, primary_key=True),
    Column("media_type", Text, nullable=False),
    Column("bytes", Integer, nullable=False),
    Column("text", Text),  # of its first pages; null: no PDF, or none that can be read
    Column("is_scan", SmallInteger, nullable=False, server_default="0"),  # 1: a PDF of pictures
    Column("archived_at", Instant, nullable=False),  # written after the file
    Column("absent", Text),  # why the file is not kept, a code; null: it is
    Index("ix_archive_at", "archived_at"),  # what is old
)

archive_part = (
    Table(  # where files were before they had a folder: each moves there, then its parts go
        "archive_part",
        metadata,
        Column("sha256", Text, primary_key=True),  # of the whole file
        Column("number", Integer, primary_key=True),
        Column("body", LargeBinary, nullable=False),
    )
)

post_file = Table(  # which posts a file is of, in whichever revision: a file of none may go
    "post_file",
    metadata,
    Column("post_id", Text, ForeignKey("post.id"), primary_key=True),
    Column("sha256", Text, primary_key=True),
    Index("ix_post_file_sha256", "sha256"),  # whether any post has it
)

file_page = (
    Table(  # what is done with the first pages of a PDF after its post was told, once a file
        "file_page",
        metadata,
        Column("sha256", Text, primary_key=True),
        Column("asked_at", Instant, nullable=False),
        Column(
            "is_scan", SmallInteger, nullable=False
        ),  # 1: its words are to be read from pictures
        Column(
            "is_covered", SmallInteger, nullable=False, server_default="0"
        ),  # 1: page one is drawn
        Column("tries", Integer, nullable=False, server_default="0"),
        Column("leased_until", Instant),  # null: nobody has it in hand
        Column("done_at", Instant),  # null: waits
        Column("reader", Text),  # program, version and model that read it; null: none did
        Column("ocr_text", Text),  # what was read; never the text of the file
        Column("ocr_second", Text),  # its heading, from another picture
        Column("ocr_confidence", Float),  # mean of the words, 0 to 100
        Column("error", Text),  # why nothing was read, a code
        Index("ix_file_page_waiting", "done_at", "asked_at"),
    )
)

archive_day = Table(  # how much was kept of a portal in a day
    "archive_day",
    metadata,
    Column("day", Text, primary_key=True),  # as 2026-11-29, in Vietnam
    Column("portal_id", Text, primary_key=True),
    Column("bytes", BigInteger, nullable=False),
)

archive_stop = Table(  # why files are not kept now, until one is
    "archive_stop",
    metadata,
    Column("reason", Text, primary_key=True),  # a code
    Column("portal_id", Text, primary_key=True),  # empty: of all portals
    Column("since_at", Instant, nullable=False),
    Column("told_at", Instant),  # null: the operator does not know
)

attachment_watch = (
    Table(  # what is known of a file behind a link, so that a replaced one is noticed
        "attachment_watch",
        metadata,
        Column("post_id", Text, ForeignKey("post.id"), primary_key=True),
        Column("url", Text, primary_key=True),
        Column("etag", Text),  # null: the server gave none
        Column("last_modified", Text),  # likewise
        Column("bytes", Integer),  # null: not known
        Column("sha256", Text),  # null: never downloaded
        Column("checked_at", Instant, nullable=False),
        Column("error", Text),  # null: the last check succeeded
    )
)
