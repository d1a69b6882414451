"""From a change to what is owed, the same on both databases."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import orjson
import pytest
from sqlalchemy import Connection, text

from service.alerts.message import owes_receipt
from service.delivery.deliverer import LedgerWork
from service.services import publish
from service.storage.deliveries import list_deliveries
from service.storage.engine import Database
from service.storage.explanation import explain_delivery
from service.storage.queue import (
    FANOUT_CHUNK,
    ChangePayload,
    OutgoingReader,
    claim_due,
    continue_fanouts,
    record_results,
)
from service.storage.retention import forget_done
from service.storage.silence import release_flood
from service.storage.units import add_unit
from service.types import EMAIL, WEBHOOK, ChangeType, Channel, Filters, Result, State
from tests.fakes_ledger import NOW, a_post, hook, mail, tell


def types_by_subscription(database: Database) -> Counter[tuple[str, str]]:
    with database.reading() as conn:
        return Counter(
            (d.subscription_id, d.type.value) for d in list_deliveries(conn, limit=10_000)
        )


def test_each_subscription_is_owed_a_change_once_however_often_the_fan_out_runs(
    any_database: Database,
) -> None:
    n = FANOUT_CHUNK * 2 + 7
    with any_database.writing() as conn:
        first = hook(conn, "http://a.example/0")
        conn.execute(
            text(
                "INSERT INTO subscription(id, channel, target, target_key, endpoint_key, "
                "filter_id, frequency, name,"
                " status, status_at, secret, created_at) SELECT loa_uuid7(), channel, target, "
                "target_key,"
                " endpoint_key, filter_id, frequency, name, status, status_at, secret, created_at "
                "FROM subscription,"
                " (WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r WHERE i < :n) "
                "SELECT i FROM r) AS x"
                " WHERE subscription.id = :first"
            ),
            {"n": n - 1, "first": first.id},
        )
        tell(conn, a_post())
        assert conn.execute(text("SELECT count(*) FROM delivery")).scalar_one() == FANOUT_CHUNK
    assert continue_fanouts(any_database, NOW) == 1
    with any_database.writing() as conn:
        conn.execute(text("UPDATE change SET fanned_out_at = NULL, fanout_after = NULL"))
    continue_fanouts(any_database, NOW)
    with any_database.reading() as conn:
        assert conn.execute(
            text("SELECT count(*), count(DISTINCT message_id) FROM delivery")
        ).one() == (n, n)
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
        assert release_flood(conn, "quangxuong") == 2
    continue_fanouts(any_database, NOW)
    assert sorted(what for _, what in types_by_subscription(any_database)) == [
        "post.published",
        "post.updated",
    ]


def test_why_says_what_matched_and_what_was_missing(any_database: Database) -> None:
    with any_database.writing() as conn:
        yes = hook(conn, "http://a.example/1", filters=Filters(keywords=("BÃO",)))
        no = hook(conn, "http://a.example/2", filters=Filters(keywords=("bao",)))
        tell(conn, a_post())
        assert (
            explain_delivery(conn, a_post(), yes.id).words("vi")[0]
            == "tin mới (post.published): khớp từ khóa “BÃO”"
        )
        assert (
            explain_delivery(conn, a_post(), no.id)
            .words("vi")[0]
            .startswith("không khớp bộ lọc: từ khóa")
        )


DIRECTIVES = Filters(categories=("directives",))
MEETINGS = Filters(categories=("meetings",))


def take(conn: Connection, channel: Channel) -> list[Result]:
    """What is due, leased, as if each of it will be accepted."""
    claimed = claim_due(conn, channel=channel, now=NOW, limit=100, lease_s=30)
    return [Result(c.message_id, c.lease_token, State.SENT, 200, "", NOW, 0.1) for c in claimed]


def count(conn: Connection, table: str) -> int:
    return int(conn.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())


@pytest.mark.parametrize("moment", ["sent", "leased", "due"])
def test_D13_who_was_told_by_mail_is_told_when_another_subscription_of_theirs_comes_to_match(
    any_database: Database, moment: str
) -> None:
    with any_database.writing() as conn:
        mail(conn, "an@example.vn", filters=DIRECTIVES)
        second = mail(conn, "an@example.vn", filters=MEETINGS)
        tell(conn, a_post())
        results = take(conn, EMAIL) if moment != "due" else []
        if moment == "sent":
            record_results(conn, results, NOW)
        tell(conn, a_post(categories=("directives", "meetings")), at=NOW + timedelta(minutes=1))
        if moment != "sent":
            record_results(conn, results or take(conn, EMAIL), NOW)
    with any_database.reading() as conn:
        (delivery,) = list_deliveries(conn, subscription_id=second.id)
        assert delivery.state is State.SENT
        assert (delivery.reason is not None) == (moment == "sent")
        assert count(conn, "message") == 1
        assert count(conn, "delivery") == 2


def test_a_unit_that_comes_to_match_is_mailed_though_its_address_was_told(
    any_database: Database,
) -> None:
    with any_database.writing() as conn:
        mail(conn, "an@example.vn", filters=DIRECTIVES)
        unit = add_unit(conn, name="UBND xã Quảng Ninh", at=NOW)
        second = mail(conn, "an@example.vn", filters=MEETINGS)
        conn.execute(
            text("UPDATE subscription SET unit_id = :u WHERE id = :s"),
            {"u": unit.id, "s": second.id},
        )
        tell(conn, a_post())
        record_results(conn, take(conn, EMAIL), NOW)
        tell(conn, a_post(categories=("directives", "meetings")))
        (delivery,) = list_deliveries(conn, subscription_id=second.id)
        assert delivery.state is State.DUE
        assert [r.message_id for r in take(conn, EMAIL)] == [delivery.message_id]


def test_who_comes_to_match_later_is_sent_the_post_as_it_is_then_and_nobody_twice(
    any_database: Database,
) -> None:
    def told(subscription_id: str) -> ChangePayload:
        (delivery,) = list_deliveries(conn, subscription_id=subscription_id)
        assert delivery.message_id is not None
        said = OutgoingReader().load(conn, [delivery.message_id], NOW)[delivery.message_id].told
        assert said is not None
        return said

    def categories(subscription_id: str) -> list[str]:
        return list(orjson.loads(told(subscription_id).payload)["data"]["categories"])

    with any_database.writing() as conn:
        everything = hook(conn, "http://a.example/1")
        unit = add_unit(conn, name="UBND xã Quảng Ninh", at=NOW)
        directives = hook(conn, "http://a.example/2", filters=DIRECTIVES, unit_id=unit.id)
        meetings = hook(conn, "http://a.example/3", filters=MEETINGS)
        tell(conn, a_post(categories=("news",)))
        before = told(everything.id).payload
        for minutes in (1, 2):
            tell(conn, a_post(), at=NOW + timedelta(minutes=minutes))
        tell(conn, a_post(categories=("meetings",)), at=NOW + timedelta(minutes=3))
        assert told(everything.id).payload == before
        assert categories(directives.id) == ["directives"]
        assert owes_receipt(categories(directives.id), ("directives",))
        assert categories(meetings.id) == ["meetings"]
        assert count(conn, "change") == 3
    continue_fanouts(any_database, NOW)
    assert set(types_by_subscription(any_database).values()) == {1}


def test_a_fan_out_that_runs_again_brings_back_no_message_that_was_forgotten(
    any_database: Database,
) -> None:
    with any_database.writing() as conn:
        unit = add_unit(conn, name="UBND xã Quảng Ninh", at=NOW)
        hook(conn, "http://a.example/1", unit_id=unit.id)
        change_id = tell(conn, a_post())
        record_results(conn, take(conn, WEBHOOK), NOW)
    assert forget_done(any_database, NOW + timedelta(days=100)) == 1
    with any_database.writing() as conn:
        hook(conn, "http://a.example/2")
        again = "UPDATE change SET fanned_out_at = NULL, fanout_after = NULL WHERE id = :id"
        conn.execute(text(again), {"id": change_id})
    continue_fanouts(any_database, NOW)
    with any_database.reading() as conn:
        assert (count(conn, "delivery"), count(conn, "message")) == (2, 1)


def test_only_results_that_counted_are_counted(any_database: Database) -> None:
    with any_database.writing() as conn:
        hook(conn, "http://a.example/1")
        tell(conn, a_post())
        results = take(conn, WEBHOOK)
    work = LedgerWork(any_database, WEBHOOK, lambda: NOW, 30)
    work.record([replace(result, lease_token=result.lease_token - 1) for result in results])
    assert not work.counts
    work.record(results)
    work.record(results)
    assert work.counts == {"sent": 1}


def test_a_set_of_filters_is_parsed_once(any_database: Database) -> None:
    with any_database.writing() as conn:
        hook(conn, "http://a.example/1", filters=Filters(keywords=("bão chỉ một lần",)))
        tell(conn, a_post("post-1"))
        parsed = publish._parsed.cache_info().misses
        tell(conn, a_post("post-2"))
    assert publish._parsed.cache_info().misses == parsed


def test_ids_that_a_fan_out_makes_are_uuids_of_version_7_and_differ(any_database: Database) -> None:
    with any_database.writing() as conn:
        hook(conn, "http://a.example/1")
        hook(conn, "http://a.example/2")
        mail(conn, "an@example.vn")
        for number in range(2):
            tell(conn, a_post(f"post-{number}"))
        made = [UUID(id_) for table in ("delivery", "message") for id_ in ids_of(conn, table)]
    assert len(set(made)) == len(made) == 12
    assert {one.version for one in made} == {7}


def test_two_changes_in_one_transaction_owe_each_its_own(any_database: Database) -> None:
    with any_database.writing() as conn:
        first = hook(conn, "http://a.example/1", filters=DIRECTIVES)
        second = hook(conn, "http://a.example/2", filters=MEETINGS)
        tell(conn, a_post("post-1"))
        tell(conn, a_post("post-2", categories=("meetings",)))
        owed = {(d.post_id, d.subscription_id) for d in list_deliveries(conn)}
    assert owed == {("post-1", first.id), ("post-2", second.id)}


def ids_of(conn: Connection, table: str) -> list[str]:
    return list(conn.execute(text(f"SELECT id FROM {table}")).scalars())
