"""From a change to what is owed, the same on both databases."""

from __future__ import annotations

from collections import Counter

from sqlalchemy import text

from service.storage import fanout
from service.storage.changes import continue_fanouts, release_flood
from service.storage.deliveries import list_deliveries
from service.storage.engine import Database
from service.storage.why import explain
from service.types import ChangeType, Filters
from tests.fakes_ledger import NOW, a_post, hook, mail, tell


def types_by_subscription(database: Database) -> Counter[tuple[str, str]]:
    with database.reading() as conn:
        return Counter((d.subscription_id, d.type.value) for d in list_deliveries(conn, limit=10_000))


def test_each_subscription_is_owed_a_change_once_however_often_the_fan_out_runs(any_database: Database) -> None:
    n = fanout.CHUNK * 2 + 7
    with any_database.writing() as conn:
        first = hook(conn, "http://a.example/0")
        conn.execute(
            text(
                "INSERT INTO subscription(id, channel, target, target_key, endpoint_key, filter_id, frequency, name,"
                " status, status_at, secret, created_at) SELECT loa_uuid7(), channel, target, target_key,"
                " endpoint_key, filter_id, frequency, name, status, status_at, secret, created_at FROM subscription,"
                " (WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r WHERE i < :n) SELECT i FROM r) AS x"
                " WHERE subscription.id = :first"
            ),
            {"n": n - 1, "first": first.id},
        )
        tell(conn, a_post())
        assert conn.execute(text("SELECT count(*) FROM delivery")).scalar_one() == fanout.CHUNK
    assert continue_fanouts(any_database, NOW) == 1
    with any_database.writing() as conn:
        conn.execute(text("UPDATE change SET fanned_out_at = NULL, fanout_after = NULL"))
    continue_fanouts(any_database, NOW)
    with any_database.reading() as conn:
        assert conn.execute(text("SELECT count(*), count(DISTINCT message_id) FROM delivery")).one() == (n, n)
        assert conn.execute(text("SELECT count(*) FROM message")).scalar_one() == n


def test_an_edit_goes_to_those_who_were_owed_the_post_and_is_published_to_those_it_newly_matches(
    any_database: Database,
) -> None:
    with any_database.writing() as conn:
        directives = hook(conn, "http://a.example/1", filters=Filters(categories=("directives",)))
        meetings = hook(conn, "http://a.example/2", filters=Filters(categories=("meetings",)))
        hook(conn, "http://a.example/3", filters=Filters(categories=("events",)))
        tell(conn, a_post())
        tell(conn, a_post(revision=2, categories=("meetings",)), ChangeType.UPDATED)
    assert types_by_subscription(any_database) == {
        (directives.id, "post.published"): 1,
        (directives.id, "post.updated"): 1,
        (meetings.id, "post.published"): 1,
    }


def test_an_edit_of_a_baseline_post_alerts_nobody_new(any_database: Database) -> None:
    with any_database.writing() as conn:
        hook(conn, "http://a.example/1")
        tell(conn, a_post(), silenced="baseline")
        hook(conn, "http://a.example/2", filters=Filters(categories=("directives",)), at=NOW)
        tell(conn, a_post(revision=2), ChangeType.UPDATED)
    assert not types_by_subscription(any_database)


def test_a_withdrawal_goes_to_those_who_were_owed_the_post(any_database: Database) -> None:
    with any_database.writing() as conn:
        owed = hook(conn, "http://a.example/1")
        tell(conn, a_post())
        late = hook(conn, "http://a.example/2")
        tell(conn, a_post(), ChangeType.WITHDRAWN)
    owed_types = types_by_subscription(any_database)
    assert owed_types[(owed.id, "post.withdrawn")] == 1
    assert owed_types[(late.id, "post.withdrawn")] == 0


def test_D13_several_subscriptions_of_one_person_make_one_mail(any_database: Database) -> None:
    with any_database.writing() as conn:
        mail(conn, "An@example.vn")
        mail(conn, "an@example.vn", filters=Filters(keywords=("bão",)))
        tell(conn, a_post())
        assert conn.execute(text("SELECT count(*) FROM message")).scalar_one() == 1
        assert conn.execute(text("SELECT count(*) FROM delivery")).scalar_one() == 2


def test_D15_a_flood_waits_for_the_operator(any_database: Database) -> None:
    with any_database.writing() as conn:
        hook(conn, "http://a.example/1")
        tell(conn, a_post(), silenced="flood")
        tell(conn, a_post(revision=2), ChangeType.UPDATED)
        assert list_deliveries(conn) == []
        assert release_flood(conn, "quangxuong", NOW) == 2
    continue_fanouts(any_database, NOW)
    assert sorted(what for _, what in types_by_subscription(any_database)) == ["post.published", "post.updated"]


def test_why_says_what_matched_and_what_was_missing(any_database: Database) -> None:
    with any_database.writing() as conn:
        yes = hook(conn, "http://a.example/1", filters=Filters(keywords=("BÃO",)))
        no = hook(conn, "http://a.example/2", filters=Filters(keywords=("bao",)))
        tell(conn, a_post())
        assert explain(conn, a_post(), yes.id).words[0] == "post.published: khớp từ khoá “BÃO”"
        assert explain(conn, a_post(), no.id).words[0].startswith("không khớp bộ lọc: từ khoá")
