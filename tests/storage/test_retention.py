"""Every table has a retention that can be set, or reason to stay; receipts and proofs stay
(M11)."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from service.settings.models import RetentionSettings
from service.storage import post_retention
from service.storage.archive import WatchedFile, store_watch
from service.storage.archive_folder import ArchiveFolder
from service.storage.engine import Database
from service.storage.retention import Retention, forget_all
from service.storage.schema_mail import metadata
from service.storage.units import add_unit
from tests.fakes_ledger import NOW, a_post, hook, tell
from tests.storage.test_ledger_retention import count, send_all

KEPT = {
    "audit_days": ("audit",),
    "files_days": ("archive",),
    "messages_days": ("message", "attempt", "answer", "delivery", "bounce", "lease"),
    "polls_days": ("poll",),
    "posts_days": (
        "post", "revision", "post_category", "post_place", "post_listing", "post_alias",
        "post_search", "post_file", "post_facet",
        "decision", "attachment_watch", "change", "change_match", "owed",
    ),
}  # fmt: skip
OF_THEIR_OWN = {
    "idempotency": "a day",
    "archive_day": "a week",
    "backfill": "one a portal",
    "archive_stop": "a row for each reason and portal",
    "archive_part": "until its file has moved",
    "receipt": "for ever: it is the proof",
    "listing": "as many as are configured",
    "hub_lease": "until the lease ends",
    "portal_look": "a week",
    "host": "as many as portals have",
    "host_group": "as many as endpoints",
    "endpoint": "as many as subscriptions",
    "subscription": "their owner removes them",
    "consent": "with its subscription, until the address is erased",
    "filter": "as many as subscriptions",
    "unit": "the operator removes them",
    "api_token": "the operator revokes them",
    "generation": "one row",
    "feed_state": "as many as feeds",
    "feed_problem": "as many as feeds and entries",
    "file_page": "with its file",
    "gap": "for ever: what was not read stays known",
    "outage": "for ever: a row for each time that a portal was away for long",
    "meta": "single facts",
}


def test_M11_every_table_has_a_retention_or_a_reason() -> None:
    assert set(KEPT) == set(RetentionSettings.model_fields)
    named = {table for tables in KEPT.values() for table in tables}
    known = {table.name for table in metadata.sorted_tables}
    assert not named & OF_THEIR_OWN.keys()
    assert (known - named - OF_THEIR_OWN.keys(), (named | OF_THEIR_OWN.keys()) - known) == (
        set(),
        set(),
    )


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of each portal the newest alone is kept, however old."""
    monkeypatch.setattr(post_retention, "NEWEST_KEPT", 1)


YEARS = NOW + timedelta(days=3650)


def ten_years_later(
    database: Database, folder: Path, posts: timedelta | None = timedelta(days=365)
) -> None:
    day = timedelta(days=90)
    forget_all(database, ArchiveFolder(folder), Retention(day, day, None, posts), YEARS)


def posts(database: Database) -> set[str]:
    with database.reading() as conn:
        return set(conn.execute(text("SELECT id FROM post")).scalars())


def test_M11_old_posts_go_with_all_that_is_known_of_them_and_what_a_unit_was_told_of_stays(
    any_database: Database, tmp_path: Path, few: None
) -> None:
    with any_database.writing() as conn:
        for post_id in ("alone-1", "alone-2"):
            tell(conn, a_post(post_id))
            store_watch(
                conn, post_id, WatchedFile("https://x/a.pdf", None, None, 5, "ab" * 32), NOW
            )
        hook(conn, "http://a.example/1")
        tell(conn, a_post("person"))
        unit = add_unit(conn, name="UBND xã Quảng Ninh", at=NOW)
        hook(conn, "http://a.example/2", unit_id=unit.id)
        for post_id in ("told", "newest"):
            tell(conn, a_post(post_id))
        conn.execute(text("UPDATE post SET first_seen_at = first_seen_at + 9 WHERE id = 'newest'"))
    send_all(any_database)
    ten_years_later(any_database, tmp_path, posts=None)
    assert posts(any_database) == {"alone-1", "alone-2", "person", "told", "newest"}
    ten_years_later(any_database, tmp_path)
    assert posts(any_database) == {"told", "newest"}
    with any_database.reading() as conn:
        for table in KEPT["posts_days"]:
            column = "id" if table == "post" else "post_id"
            if table not in ("change_match",):
                left = set(conn.execute(text(f"SELECT {column} FROM {table}")).scalars())
                assert left <= {"told", "newest"}, table
        assert (count(conn, "archive"), count(conn, "post_file")) == (0, 0)


def test_M11_a_post_that_was_acknowledged_stays(
    any_database: Database, tmp_path: Path, few: None
) -> None:
    with any_database.writing() as conn:
        unit = add_unit(conn, name="UBND xã Quảng Ninh", at=NOW)
        for post_id in ("acknowledged", "other", "newest"):
            tell(conn, a_post(post_id))
        conn.execute(text("UPDATE post SET first_seen_at = first_seen_at + 9 WHERE id = 'newest'"))
        conn.execute(
            text("INSERT INTO receipt VALUES ('acknowledged', 1, :unit, 5, '', '', 'api')"),
            {"unit": unit.id},
        )
    ten_years_later(any_database, tmp_path)
    assert posts(any_database) == {"acknowledged", "newest"}


def test_M11_what_listings_may_still_show_stays_however_old(
    any_database: Database, tmp_path: Path
) -> None:
    with any_database.writing() as conn:
        for n in range(3):
            tell(conn, a_post(f"post-{n}"))
    ten_years_later(any_database, tmp_path)
    assert len(posts(any_database)) == 3
