"""Searches narrowed by what documents say of themselves, counted and put in order: alike on both
databases."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import text

from service.errors import InvalidInput
from service.storage.engine import Database, open_database
from service.storage.found_posts import MOST_COUNTED, count_posts, find_posts
from service.storage.posts import (
    Draft,
    PostQuery,
    add_revision,
    get_post,
    insert_post,
    newest_posts,
)
from service.types import Deadline, Document, PortalName, Relation, Understanding, Urgency
from tests.fakes_versions import make_version

NOON = datetime(2026, 11, 23, 5, tzinfo=UTC)
KHAN = Understanding(
    ("directives",),
    urgency=Urgency("khan"),
    document=Document("cong-van", "1687-CV/TU", date(2026, 11, 20), "Tỉnh ủy Thanh Hóa",
                      Relation.IS),
    deadlines=(
        Deadline(date(2026, 12, 15), "trước ngày 15/12"),
        # in Vietnam already the next day
        Deadline(None, "trước 01 giờ ngày 02/01/2027", at=datetime(2027, 1, 1, 18, tzinfo=UTC)),
    ),
)  # fmt: skip
PLAIN = Understanding(
    ("directives",),
    document=Document("chi-thi", "06/CT-UBND", None, "UBND huyện Quảng Xương", Relation.IS),
)


def draft(key: str, title: str, words: str, facts: Understanding, hours: int = 0) -> Draft:
    at = NOON + timedelta(hours=hours)
    return Draft(PortalName("huyen", "UBND huyện"), key, f"https://x.example/{key}", title, "",
                 words, facts, (), key, at, at)  # fmt: skip


@pytest.fixture
def stored(any_database: Database) -> Database:
    with any_database.writing() as conn:
        insert_post(conn, draft("a", "Công văn khẩn", "về bão", KHAN))
        insert_post(conn, draft("b", "Chỉ thị về rét", "và bão", PLAIN, 24))
        insert_post(conn, draft("c", "Tin bão số 9", "mưa to", Understanding(("news",)), 48))
    return any_database


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (PostQuery(kinds=("cong-van",)), "a"),
        (PostQuery(kinds=("cong-van", "chi-thi")), "ba"),
        (PostQuery(kinds=("luat",)), ""),
        (PostQuery(urgencies=("khan", "hoa-toc")), "a"),
        (PostQuery(urgencies=("normal",)), "cb"),
        (PostQuery(number="1687"), "a"),
        (PostQuery(number="1687-cv/tu"), "a"),
        (PostQuery(number="6/ct-ubnd"), "b"),
        (PostQuery(number="687"), ""),
        (PostQuery(number="–"), ""),
        (PostQuery(issuer="tinh uy"), "a"),
        (PostQuery(issuer="UBND huyện Quảng Xương"), "b"),
        (PostQuery(issuer="xương quảng"), ""),
        (PostQuery(issuer="100%"), ""),
        (PostQuery(deadline_from=date(2026, 12, 15), deadline_to=date(2026, 12, 15)), "a"),
        (PostQuery(deadline_from=date(2026, 12, 16), deadline_to=date(2027, 1, 1)), ""),
        (PostQuery(deadline_from=date(2027, 1, 2)), "a"),
        (PostQuery(deadline_to=date(2026, 12, 14)), ""),
        (PostQuery(day_from=date(2026, 11, 24)), "cb"),
        (PostQuery(day_to=date(2026, 11, 24)), "ba"),
        (PostQuery(day_from=date(2026, 11, 23), day_to=date(2026, 11, 23)), "a"),
        (PostQuery(day_to=date.max), "cba"),
        (PostQuery(q="bão", kinds=("chi-thi",), day_from=date(2026, 11, 1)), "b"),
    ],
)
def test_posts_are_found_by_what_their_document_says(
    stored: Database, query: PostQuery, found: str
) -> None:
    with stored.reading() as conn:
        posts = newest_posts(conn, query)
        assert "".join(post.url[-1] for post in posts) == found
        assert count_posts(conn, query) == len(found)


def test_what_a_document_said_before_it_changed_finds_nothing(stored: Database) -> None:
    with stored.writing() as conn:
        (post,) = newest_posts(conn, PostQuery(number="1687"))
        edited = draft("a", "Công văn", "", replace(PLAIN, urgency=Urgency.NORMAL), 1)
        add_revision(conn, get_post(conn, post.id), edited, ["number"])
        assert newest_posts(conn, PostQuery(number="1687")) == []
        assert len(newest_posts(conn, PostQuery(number="6/CT-UBND"))) == 2


def test_words_in_the_title_come_before_newer_ones_far_below_and_pages_go_on_there(
    any_database: Database,
) -> None:
    with any_database.writing() as conn:
        for n in range(5):
            title, words = ("Bão số 9", "x") if n % 2 else ("Tin", "chữ " * 200 + "bão")
            insert_post(conn, draft(str(n), title, words, Understanding(("news",)), n))
        seen, before = [], None
        for _ in range(5):
            page = find_posts(conn, PostQuery(q="bão"), 1, before, by_relevance=True)
            seen += [post.url[-1] for post in page.posts]
            before = page.older
        by_time = find_posts(conn, PostQuery(q="bão"), 2, None, by_relevance=False)
    assert "".join(seen) == "31420" and before is None
    assert [post.url[-1] for post in by_time.posts] == ["4", "3"] and by_time.older


@pytest.mark.parametrize("before", ["rubbish", "0rubbish", "2", ""])
def test_a_cursor_of_nothing_is_refused(database: Database, before: str) -> None:
    with database.reading() as conn, pytest.raises(InvalidInput):
        find_posts(conn, PostQuery(q="a"), 1, before, by_relevance=True)


def test_many_are_counted_to_a_limit(stored: Database) -> None:
    with stored.reading() as conn:
        assert count_posts(conn, PostQuery(), most=2) == 3
        assert MOST_COUNTED == 1_000


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_what_was_stored_before_is_found_too(kind: str, request: pytest.FixtureRequest) -> None:
    """From version 0012 to 0013."""
    facts = {
        "urgency": "khan",
        "document": {"kind": "cong-van", "number": "1687-CV/TU", "issued_on": None, "issuer": None},
        "deadlines": [{"on": "2026-12-15", "text": ""}, {"at": "2027-01-01T18:00:00+00:00"},
                      {"on": None, "recurs": "monthly"}],
    }  # fmt: skip
    row = (
        "INSERT INTO post(id, portal_id, portal_name, identity_key, url, title, revision, facts,"
        " published_at, updated_at, first_seen_at) VALUES"
        " (:id, 'p', 'P', :id, 'https://x.example', 't', 1, :facts, 1, 1, 1)"
    )
    url = request.getfixturevalue(f"{kind}_url")
    rows = [(row, {"id": "a", "facts": json.dumps(facts)}), (row, {"id": "b", "facts": "{}"})]
    make_version(url, "0012", rows)
    database = open_database(url)
    with database.reading() as conn:
        found = conn.execute(text("SELECT post_id, name, value FROM post_facet ORDER BY 1, 2, 3"))
        assert [tuple(one) for one in found] == [
            ("a", "deadline", "2026-12-15"),
            ("a", "deadline", "2027-01-02"),
            ("a", "kind", "cong-van"),
            ("a", "number", " w1687 wcv wtu "),
            ("a", "urgency", "khan"),
            ("b", "urgency", "normal"),
        ]
    database.close()
