"""Windows, archives and the watch on generations, the same on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest

from service.errors import InvalidInput
from service.storage.engine import Database
from service.storage.feeds import (
    GenerationWatch,
    all_stamps,
    archive_page,
    current_window,
    feed_problems,
    known_places,
    known_portals,
    set_feed_problems,
    stamps_of,
)
from service.storage.posts import Draft, PostQuery, bump, insert_post, set_categories
from service.types import PortalName, Post
from tests.fakes_feeds import AT, make_post


def store(database: Database, *posts: Post) -> None:
    with database.writing() as conn:
        for post in posts:
            insert_post(
                conn,
                Draft(
                    post.portal,
                    post.url,
                    post.url,
                    post.title,
                    post.html,
                    post.text,
                    post.understanding,
                    post.attachments,
                    post.url,
                    post.published_at,
                    post.first_seen_at,
                ),
            )
        bump(conn, "feeds")


def old_posts(count: int) -> list[Post]:
    return [
        make_post(i, f"Tin {i}", first_seen_at=make_post(i).published_at - timedelta(days=i))
        for i in range(count)
    ]


def test_a_window_and_its_archives_hold_every_post_once(any_database: Database) -> None:
    store(any_database, *old_posts(23))
    query = PostQuery(categories=("directives",), portals=("quangxuong",))
    with any_database.reading() as conn:
        window = current_window(conn, query, 5, 2)
        titles = [post.title for post in window.posts]
        while window.previous is not None:
            before = window.previous
            window = archive_page(conn, query, before, 5)
            titles += [post.title for post in window.posts]
        assert list(dict.fromkeys(titles)) == [f"Tin {i}" for i in range(23)]
        assert len(window.posts) == 5 and window.following is not None
        assert archive_page(conn, query, window.following, 5).previous == before
        assert known_portals(conn) == [PortalName("quangxuong", "UBND huyện Quảng Xương")]
        assert known_places(conn) == []


def test_a_window_keeps_entries_and_days(any_database: Database) -> None:
    store(any_database, *old_posts(23))
    with any_database.reading() as conn:
        assert len(current_window(conn, PostQuery(), 5, 10).posts) == 10
        assert len(current_window(conn, PostQuery(), 12, 1).posts) == 12
        assert current_window(conn, PostQuery(), 50, 1).previous is None


def test_what_is_wrong_when_feeds_are_served_and_when_they_are_exported_is_told_apart(
    any_database: Database,
) -> None:
    def told() -> dict[str, str]:
        with any_database.reading() as conn:
            return feed_problems(conn)

    set_feed_problems(any_database, {"/feeds/all.rss": "is wrong"}, AT)
    set_feed_problems(any_database, {"/srv": "is full"}, AT, is_of_export=True)
    assert told() == {"/feeds/all.rss": "is wrong", "export: /srv": "is full"}
    set_feed_problems(any_database, {"/feeds/all.rss": "is worse"}, AT)
    assert told() == {"/feeds/all.rss": "is worse", "export: /srv": "is full"}
    set_feed_problems(any_database, {}, AT)
    assert told() == {"export: /srv": "is full"}
    set_feed_problems(any_database, {}, AT, is_of_export=True)
    assert told() == {}


def test_the_stamp_of_a_post_moves_with_what_is_shown_of_it_and_only_then(
    any_database: Database,
) -> None:
    store(any_database, *old_posts(3))
    with any_database.reading() as conn:
        before = dict(all_stamps(conn))
        assert before == stamps_of(conn, list(before)) and len(before) == 3
        (first, *_) = before
    with any_database.writing() as conn:
        set_categories(conn, first, ["events"], AT)
    with any_database.reading() as conn:
        after = dict(all_stamps(conn))
    assert {post_id for post_id in before if before[post_id] != after[post_id]} == {first}


def test_a_foreign_cursor_is_refused(any_database: Database) -> None:
    with any_database.reading() as conn, pytest.raises(InvalidInput):
        archive_page(conn, PostQuery(), "rubbish", 5)


def test_the_watch_sees_what_another_connection_commits(any_database: Database) -> None:
    watch = GenerationWatch(any_database)
    first = watch.read()
    assert watch.read() == first
    store(any_database, make_post(0))
    assert watch.read() == first + 1
    watch.close()
    assert watch.read() == first + 1
    watch.close()
