"""Posts in both databases: stored, found, searched, overruled; and the politeness and health beside
them."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import Connection

from service.errors import InvalidInput, NotFound
from service.portals.gate import StoredRobots
from service.posts.diff import fingerprint
from service.storage.engine import Database
from service.storage.hosts import StoredHostGate
from service.storage.posts import (
    Draft,
    PostQuery,
    add_revision,
    bump,
    cursor_of,
    generation,
    get_post,
    insert_post,
    load_posts,
    newest_posts,
    post_by_key,
    revisions,
    set_categories,
)
from service.storage.same_document import companions
from service.storage.watch import set_withdrawn
from service.types import Document, Place, PortalName, Post, Relation, Understanding
from tests.fakes import FakeClock

CLOCK = FakeClock()


def draft(
    key: str, title: str = "Tiêu đề", text: str = "", number: str | None = None, hours: int = 0
) -> Draft:
    document = Document("chi-thi", number, None, None, Relation.IS) if number else None
    place = Place("quang-ninh-16540", "Quảng Ninh")
    facts = Understanding(("directives",), document=document, places=(place,), concerns=(place.id,))
    at = CLOCK() + timedelta(hours=hours)
    return Draft(
        PortalName("huyen", "UBND huyện"), key, f"https://x.example{key}", title, "", text, facts,
        (),
        fingerprint(title, text, document, ()), at, at,
    )  # fmt: skip


def store(conn: Connection, one: Draft) -> Post:
    post = insert_post(conn, one)
    assert post is not None
    return post


def test_a_post_comes_back_as_it_was_stored(any_database: Database) -> None:
    with any_database.writing() as conn:
        post = store(conn, draft("/a", number="06/CT-UBND"))
        assert get_post(conn, post.id) == post
        assert list(load_posts(conn, ["none", post.id])) == [post.id]
        assert insert_post(conn, draft("/a")) is None
        assert post_by_key(conn, "huyen", ["/a", "/b"])["/a"].id == post.id
        with pytest.raises(NotFound):
            get_post(conn, "none")


def test_pages_of_posts_are_newest_first_and_continue_where_they_ended(
    any_database: Database,
) -> None:
    with any_database.writing() as conn:
        for hour in range(5):
            store(conn, draft(f"/{hour}", title=str(hour), hours=hour // 2))
        first = newest_posts(conn, limit=2)
        second = newest_posts(conn, limit=9, before=cursor_of(first[-1]))
        everything = newest_posts(conn)
    assert first + second == everything
    assert everything[0].title == "4"
    with any_database.reading() as conn, pytest.raises(InvalidInput):
        newest_posts(conn, before="rubbish")


def test_posts_are_narrowed_by_category_portal_and_place(any_database: Database) -> None:
    with any_database.writing() as conn:
        store(conn, draft("/a"))
        assert (
            len(
                newest_posts(
                    conn, PostQuery(("meetings", "directives"), ("huyen",), ("quang-ninh-16540",))
                )
            )
            == 1
        )
        assert newest_posts(conn, PostQuery(categories=("meetings",))) == []
        assert newest_posts(conn, PostQuery(places=("quang-hai-16540-cu",))) == []


@pytest.mark.parametrize(
    ("q", "is_found"),
    [
        ("mưa lũ", True),
        ("mua lu", True),
        ("LŨ MƯA", True),
        ('"mua lu"', True),
        ('"lu mua"', False),
        ('"phong chong mua', True),
        ("06/CT-UBND", True),
        ("6 ct ubnd", True),
        ("06–CT/UBND", True),
        ("16/CT-UBND", False),
        ("mưa nắng", False),
        ("hướng", True),
        ("huong*", True),
        ("' OR 1=1 --", False),
        ("% _", False),
        ("«…»", False),
        ("NEAR AND NOT", False),
        ("漢字", True),
    ],
)
def test_search_answers_alike_on_both_databases(
    any_database: Database, q: str, is_found: bool
) -> None:
    with any_database.writing() as conn:
        store(conn, draft("/a", "Phòng, chống mưa lũ", "Hướng dẫn cho các xã 漢字.", "06/CT-UBND"))
        assert bool(newest_posts(conn, PostQuery(q=q))) is is_found


def test_a_search_that_is_too_long_is_refused(database: Database) -> None:
    with database.reading() as conn, pytest.raises(InvalidInput):
        newest_posts(conn, PostQuery(q="x" * 10_000))


def test_an_overruling_sticks_through_edits(any_database: Database) -> None:
    with any_database.writing() as conn:
        post = store(conn, draft("/a"))
        before = generation(conn, "feeds")
        set_categories(conn, post.id, ["meetings", "events"], CLOCK())
        assert generation(conn, "feeds") == before + 1
        edited = add_revision(
            conn, get_post(conn, post.id), draft("/a", "Tiêu đề mới", hours=1), ["title"]
        )
        assert edited.categories == ("meetings", "events")
        assert get_post(conn, post.id) == edited
        assert [revision.what for revision in revisions(conn, post.id)] == [(), ("title",)]
        assert newest_posts(conn, PostQuery(q="moi", categories=("events",))) == [edited]


def _of_document(
    key: str, number: str, issued_on: date | None, issuer: str | None, hours: int = 0
) -> Draft:
    one = draft(key, title=f"Tin {key}", hours=hours)
    document = Document("chi-thi", number, issued_on, issuer, Relation.RELAYS)
    return replace(one, understanding=replace(one.understanding, document=document))


def test_posts_of_one_document_find_each_other_in_any_writing_of_its_number(
    any_database: Database,
) -> None:
    day = date(2023, 6, 5)
    with any_database.writing() as conn:
        post = store(conn, _of_document("/of", "06/CT-UBND", day, "UBND huyện Quảng Xương"))
        office = "Ủy ban nhân dân huyện Quảng Xương"
        older = store(conn, _of_document("/older", "6 /CT–UBND", day, office, hours=-2))
        store(conn, _of_document("/by-nobody-named", "06/CT-UBND", day, None))
        newer = store(
            conn,
            _of_document("/newer", "06/ct-ubnd", None, "Chủ tịch UBND huyện Quảng Xương", hours=1),
        )
        store(
            conn,
            _of_document("/next-year", "06/CT-UBND", date(2024, 6, 5), "UBND huyện Quảng Xương"),
        )
        store(conn, _of_document("/other-office", "06/CT-UBND", day, "UBND huyện Nga Sơn"))
        store(conn, draft("/mentions-it", text="theo Chỉ thị số 06/CT-UBND ngày 05/6/2023"))
        gone = store(conn, _of_document("/gone", "06/CT-UBND", day, None))
        set_withdrawn(conn, gone.id, CLOCK(), None)
        found = companions(conn, post)
        assert [(one.id, one.title, one.portal.id, one.published_at) for one in found] == [
            (newer.id, "Tin /newer", "huyen", newer.published_at),
            (older.id, "Tin /older", "huyen", older.published_at),
        ]
        assert post.id in [one.id for one in companions(conn, older)]


def test_a_post_without_a_document_number_has_no_companions(any_database: Database) -> None:
    with any_database.writing() as conn:
        without, unnumbered = (
            store(conn, draft("/none")),
            store(conn, _of_document("/no-number", "", None, "UBND")),
        )
        overlong = store(conn, _of_document("/long", "6/CT-" + "U" * 300, None, "UBND"))
        assert [companions(conn, post) for post in (without, unnumbered, overlong)] == [[], [], []]


def test_a_generation_counts_its_moves(any_database: Database) -> None:
    with any_database.writing() as conn:
        assert generation(conn, "feeds") == 0
        bump(conn, "feeds")
        bump(conn, "feeds")
        assert generation(conn, "feeds") == 2


def test_requests_to_a_host_keep_their_distance_across_workers(any_database: Database) -> None:
    gate, waits = StoredHostGate(any_database), []
    threads = [
        threading.Thread(target=lambda: waits.append(gate.reserve("https://x:443", 1.5, CLOCK())))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(waits) == [0.0, 1.5, 3.0, 4.5]
    assert gate.reserve("https://x:443", 1.5, CLOCK() - timedelta(days=1)) == 0.0


def test_robots_of_a_host_are_remembered(any_database: Database) -> None:
    gate = StoredHostGate(any_database)
    assert gate.robots("https://x:443") is None
    gate.reserve("https://x:443", 1, CLOCK())
    assert gate.robots("https://x:443") is None
    known = StoredRobots("User-agent: *", CLOCK(), None)
    gate.store_robots("https://x:443", known)
    assert gate.robots("https://x:443") == known
