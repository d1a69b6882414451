"""What two workers, or one that died, do to a post at once: each step may be done again."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import text

from service.alerts.links import Links
from service.services.post_store import PostStore
from service.storage.engine import Database
from service.storage.posts import get_post
from service.types import AttachmentLink, Filters, Understanding
from tests.fakes import FakeClock
from tests.fakes_ledger import hook
from tests.storage.test_posts import draft

LIST = "https://x.example/list"


def make_store(database: Database) -> PostStore:
    return PostStore(database, Links("key", "https://loa.example"), ("directives",))


def count(database: Database, query: str) -> int:
    with database.reading() as conn:
        return int(conn.execute(text(query)).scalar_one())


def test_a_post_that_another_worker_stored_first_is_stored_and_told_once(
    any_database: Database,
) -> None:
    store = make_store(any_database)
    assert store.new(draft("/a"), LIST, "Tiêu đề", None) is not None
    assert store.new(draft("/a"), LIST, "Tiêu đề", None) is None
    assert count(any_database, "SELECT count(*) FROM change") == 1


def test_another_listing_tells_of_a_baseline_those_who_come_to_want_it(
    any_database: Database, clock: FakeClock
) -> None:
    store = make_store(any_database)
    with any_database.writing() as conn:
        for category in ("directives", "meetings"):
            url = f"https://{category}.example/"
            hook(conn, url, filters=Filters(categories=(category,)))
    post = store.new(draft("/a"), LIST, "Tiêu đề", "baseline")
    assert post is not None
    facts = Understanding(("directives", "meetings"))
    store.listed_elsewhere(post, LIST + "2", "Tiêu đề", facts, clock(), is_news=True)
    with any_database.reading() as conn:
        assert get_post(conn, post.id).categories == ("directives", "meetings")
    assert count(any_database, "SELECT count(*) FROM change WHERE silenced IS NULL") == 1
    assert count(any_database, "SELECT count(*) FROM change_match WHERE is_silent = 0") == 2
    store.listed_elsewhere(post, LIST + "3", "Tiêu đề", None, clock(), is_news=False)
    assert count(any_database, "SELECT count(*) FROM change") == 1


def test_files_of_a_revision_that_is_gone_or_that_are_known_are_no_edit(
    any_database: Database, clock: FakeClock
) -> None:
    store = make_store(any_database)
    post = store.new(draft("/a"), LIST, "Tiêu đề", None)
    assert post is not None
    link = AttachmentLink("https://x.example/1.pdf", "1.pdf", "application/pdf", sha256="0" * 64)
    late = replace(post, revision=7, attachments=(link,))
    assert store.files_seen(late, post.understanding, (), clock()) is False
    assert store.files_seen(post, post.understanding, (), clock()) is False


def test_a_post_is_withdrawn_once(any_database: Database, clock: FakeClock) -> None:
    store = make_store(any_database)
    post = store.new(draft("/a"), LIST, "Tiêu đề", None)
    assert post is not None
    for _ in range(2):
        store.withdrawn(post, clock(), None)
    withdrawn = "SELECT count(*) FROM change WHERE type = 'post.withdrawn'"
    assert count(any_database, withdrawn) == 1


def test_U5_a_scan_of_a_revision_that_is_gone_adds_nothing(
    any_database: Database, clock: FakeClock
) -> None:
    store = make_store(any_database)
    post = store.new(draft("/a"), LIST, "Tiêu đề", None)
    assert post is not None
    seen = replace(post, revision=post.revision + 1)
    assert store.scan_read(seen, Understanding(("meetings",)), clock(), is_old=False) is None
    with any_database.reading() as conn:
        assert get_post(conn, post.id).categories == post.categories
