"""The queue, the same on both databases: claims, places, leases, results."""

from __future__ import annotations

from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from datetime import timedelta
from itertools import cycle
from random import Random
from threading import Event, Thread

import pytest
from sqlalchemy import text

from service.channels import ConcurrencyLimits
from service.storage.deliveries import list_deliveries
from service.storage.engine import Database
from service.storage.queue import (
    ClaimedMessage,
    apply_caps,
    claim_due,
    disable_failing,
    free_all_leases,
    free_expired,
    has_expired,
    heal,
    probe_disabled,
    record_results,
    space_endpoint,
    warn_failing,
)
from service.storage.retention import forget_done
from service.storage.subscriptions import (
    get_subscription,
    list_subscriptions,
    set_status,
    set_target,
)
from service.types import WEBHOOK, Filters, Result, State, SubscriptionStatus
from tests.fakes_ledger import NOW, a_post, hook, tell
from tests.fakes_trouble import wait_until

LATER = NOW + timedelta(hours=1)


def claim(
    database: Database, limit: int = 100, slow_limit: int | None = None, *, lease_s: float = 30
) -> list[ClaimedMessage]:
    with database.writing() as conn:
        return claim_due(
            conn, channel=WEBHOOK, now=LATER, limit=limit, lease_s=lease_s, slow_limit=slow_limit
        )


def result(one: ClaimedMessage, state: State = State.SENT, **more: object) -> Result:
    return Result(one.message_id, one.lease_token, state, 200, "", NOW, 0.1, **more)  # type: ignore[arg-type] # fields of Result


def record(database: Database, *results: Result) -> int:
    with database.writing() as conn:
        return len(record_results(conn, results, LATER))


def owe(database: Database, urls: list[str], posts: int = 1) -> None:
    with database.writing() as conn:
        for url in urls:
            hook(conn, url)
        for i in range(posts):
            tell(conn, a_post(f"post-{i}"))


def test_an_endpoint_never_has_more_in_the_air_than_its_places(any_database: Database) -> None:
    owe(any_database, ["http://a.example/1"], posts=5)
    first = claim(any_database)
    assert (len(first), claim(any_database)) == (2, [])
    record(any_database, result(first[0]))
    assert len(claim(any_database)) == 1


def test_endpoints_of_one_host_share_its_places(any_database: Database) -> None:
    owe(any_database, [f"http://a.example/{i}" for i in range(30)], posts=2)
    assert len(claim(any_database)) == 16


def test_endpoints_that_timed_out_leave_three_quarters_of_a_host_to_the_others(
    any_database: Database,
) -> None:
    owe(any_database, [f"http://a.example/{i}" for i in range(8)], posts=4)
    first = claim(any_database)
    again = NOW
    record(any_database, *(result(one, State.DUE, due_at=again, timed_out=True) for one in first))
    second = claim(any_database)
    assert sum(one.is_slow for one in second) == 4
    record(any_database, *(result(one) for one in second))
    with any_database.reading() as conn:
        assert conn.execute(text("SELECT sum(in_flight) FROM host_group")).scalar_one() == 0


def test_slow_endpoints_get_no_more_than_the_slow_limit(any_database: Database) -> None:
    owe(any_database, ["http://a.example/1", "http://b.example/1"])
    record(
        any_database,
        *(result(one, State.DUE, due_at=NOW, timed_out=True) for one in claim(any_database)),
    )
    assert len(claim(any_database, slow_limit=1)) == 1


def test_D1_a_late_result_under_an_old_lease_changes_nothing(any_database: Database) -> None:
    owe(any_database, ["http://a.example/1"])
    (old,) = claim(any_database)
    with any_database.writing() as conn:
        assert free_all_leases(conn) == 1
    (new,) = claim(any_database)
    assert record(any_database, result(old, State.FAILED)) == 0
    assert record(any_database, result(new)) == 1
    assert record(any_database, result(new)) == 0


def test_a_lease_that_ran_out_is_due_again_and_its_attempt_is_not_counted(
    any_database: Database,
) -> None:
    owe(any_database, ["http://a.example/1", "http://b.example/1"])
    (first,), (other,) = claim(any_database, 1, lease_s=-1), claim(any_database, 1, lease_s=3600)
    with any_database.writing() as conn:
        assert has_expired(conn, LATER)
        assert free_expired(conn, LATER) == 1
        assert free_expired(conn, LATER) == 0
    (second,) = claim(any_database)
    assert (second.message_id, second.attempts) == (first.message_id, first.attempts)
    assert record(any_database, result(first)) == 0
    assert record(any_database, result(second), result(other)) == 2


def test_healing_mends_places_that_a_crash_left_taken(any_database: Database) -> None:
    owe(any_database, ["http://a.example/1"])
    with any_database.writing() as conn:
        conn.execute(text("UPDATE endpoint SET in_flight = 2, next_due_at = NULL"))
        conn.execute(text("UPDATE host_group SET in_flight = 16, next_due_at = NULL"))
        assert heal(conn) > 0
        assert heal(conn) == 0
    assert len(claim(any_database)) == 1


def test_a_raised_cap_counts_at_once(any_database: Database) -> None:
    owe(any_database, ["http://a.example/1"], posts=5)
    claim(any_database)
    with any_database.writing() as conn:
        apply_caps(conn, {WEBHOOK: ConcurrencyLimits(4, 16)})
    assert len(claim(any_database)) == 2


def test_D4_disabled_by_time_and_count_probed_and_back_by_itself(any_database: Database) -> None:
    owe(any_database, ["http://a.example/1"], posts=3)
    with any_database.writing() as conn:
        conn.execute(
            text(
                "UPDATE endpoint SET failures = 30, failing_since = 1, failed_at = 1000000000000000"
            )
        )
        assert disable_failing(conn, NOW, timedelta(days=5)) == ["http://a.example:80/1"]
    assert claim(any_database) == []
    with any_database.writing() as conn:
        assert probe_disabled(conn, NOW + timedelta(days=1)) == 1
        assert sorted(d.state for d in list_deliveries(conn)) == [
            State.DUE,
            State.SUSPENDED,
            State.SUSPENDED,
        ]
        subscription_id = list_deliveries(conn)[0].subscription_id
        assert get_subscription(conn, subscription_id).status is SubscriptionStatus.DISABLED
    with any_database.writing() as conn:
        (probe,) = claim_due(
            conn, channel=WEBHOOK, now=NOW + timedelta(days=2), limit=9, lease_s=30
        )
        record_results(conn, [result(probe)], NOW + timedelta(days=2))
        assert get_subscription(conn, subscription_id).status is SubscriptionStatus.ACTIVE
        assert (
            len(claim_due(conn, channel=WEBHOOK, now=NOW + timedelta(days=3), limit=9, lease_s=30))
            == 2
        )


def test_D16_done_rows_leave_in_time_and_what_waits_stays(any_database: Database) -> None:
    owe(any_database, ["http://a.example/1"], posts=3)
    record(any_database, *(result(one) for one in claim(any_database)))
    assert forget_done(any_database, LATER + timedelta(days=1)) == 2
    assert len(claim(any_database)) == 1


def test_an_endpoint_that_wants_time_between_two_messages_gets_it(any_database: Database) -> None:
    owe(any_database, ["http://a.example/1"], posts=3)
    with any_database.writing() as conn:
        space_endpoint(conn, "http://a.example:80/1", 7200)
    (first,) = claim(any_database)
    record(any_database, result(first))
    assert claim(any_database) == []
    with any_database.writing() as conn:
        later = LATER + timedelta(hours=2, seconds=1)
        assert len(claim_due(conn, channel=WEBHOOK, now=later, limit=9, lease_s=30)) == 1


def test_a_host_has_all_its_places_again_when_none_of_its_endpoints_is_slow(
    any_database: Database,
) -> None:
    owe(any_database, [f"http://a.example/{i}" for i in range(20)], posts=2)
    first = claim(any_database)
    late = [
        result(one, State.DUE, due_at=NOW, timed_out=True)
        for one in first
        if one.endpoint_key == first[0].endpoint_key
    ]
    record(any_database, *late, *(result(one) for one in first[len(late) :]))
    second = claim(any_database)
    assert (len(second), sum(not one.is_slow for one in second)) == (14, 12)
    record(any_database, *map(result, second))
    with any_database.reading() as conn:
        assert conn.execute(text("SELECT cap FROM host_group WHERE is_slow = 0")).scalar_one() == 16


def test_D15_one_endpoint_with_a_thousand_waiting_delays_no_other(any_database: Database) -> None:
    owe(any_database, ["http://a.example/busy"], posts=40)
    with any_database.writing() as conn:
        for i in range(5):
            hook(conn, f"http://b{i}.example/", filters=Filters(keywords=("mới",)))
        tell(conn, a_post("newest", title="Tin mới"), at=NOW + timedelta(minutes=1))
    first = claim(any_database, 7)
    assert len({one.endpoint_key for one in first}) == 6


def test_M2_leases_end_by_the_clock_of_the_database_whatever_a_workers_clock_says(
    postgresql_database: Database,
) -> None:
    owe(postgresql_database, ["http://a.example/1"])
    (mine,) = claim(postgresql_database)
    for skew in (timedelta(days=400), timedelta(days=-400)):
        with postgresql_database.writing() as conn:
            assert not has_expired(conn, LATER + skew)
            assert free_expired(conn, LATER + skew) == 0
            wrong = claim_due(conn, channel=WEBHOOK, now=LATER + skew, limit=9, lease_s=30)
            assert wrong == []
    assert record(postgresql_database, result(mine)) == 1


def slow_host(database: Database) -> list[ClaimedMessage]:
    """Twenty endpoints of one host, of which one timed out last; what of the rest is in the air."""
    owe(database, [f"http://a.example/{i}" for i in range(20)], posts=3)
    first = claim(database)
    late = [one for one in first if one.endpoint_key == first[0].endpoint_key]
    record(database, *(result(one, State.DUE, due_at=NOW, timed_out=True) for one in late))
    rest = [one for one in first if one not in late]
    record(database, *map(result, rest))
    return late


def test_a_disabled_endpoint_that_timed_out_last_costs_its_host_no_places(
    any_database: Database,
) -> None:
    late = slow_host(any_database)
    with any_database.writing() as conn:
        failing = (
            "UPDATE endpoint SET failures = 30, failing_since = 1, failed_at = 1000000000000000 "
            "WHERE key = :k"
        )
        conn.execute(text(failing), {"k": late[0].endpoint_key})
        assert disable_failing(conn, LATER, timedelta(days=5)) == [late[0].endpoint_key]
    taken = claim(any_database)
    assert (len(taken), any(one.is_slow for one in taken)) == (16, False)
    record(any_database, *map(result, taken))
    with any_database.writing() as conn:
        assert probe_disabled(conn, LATER + timedelta(days=1)) == 1
    with any_database.writing() as conn:
        tomorrow = LATER + timedelta(days=2)
        probed = claim_due(conn, channel=WEBHOOK, now=tomorrow, limit=100, lease_s=30)
    assert (len(probed), sum(one.is_slow for one in probed)) == (13, 1)


@pytest.mark.parametrize("way", ["removed", "moved"])
def test_an_endpoint_that_nobody_is_behind_any_more_costs_its_host_no_places(
    any_database: Database, way: str
) -> None:
    late = slow_host(any_database)
    with any_database.writing() as conn:
        path = late[0].endpoint_key.rpartition("/")[2]
        (gone,) = list_subscriptions(conn, target=f"http://a.example/{path}")
        if way == "removed":
            set_status(conn, gone.id, SubscriptionStatus.REMOVED, at=LATER)
        else:
            set_target(conn, gone.id, "http://b.example/", at=LATER, allow_private_networks=True)
    assert len(claim(any_database)) == 16


def waiting_for_locks(database: Database) -> int:
    query = (
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = "
        "current_database()"
    )
    with database.reading() as conn:
        return int(conn.execute(text(query)).scalar_one())


def test_two_workers_that_heal_at_once_mend_once(postgresql_database: Database) -> None:
    database = postgresql_database
    owe(database, ["http://a.example/1"], posts=6)
    with database.writing() as conn:
        conn.execute(text("UPDATE endpoint SET in_flight = 2, next_due_at = NULL"))
        conn.execute(
            text("UPDATE host_group SET in_flight = 2, next_due_at = NULL WHERE is_slow = 0")
        )
    mended: list[int] = []

    def heal_too() -> None:
        with database.writing() as conn:
            mended.append(heal(conn))

    other = Thread(target=heal_too)
    with database.writing() as conn:
        assert heal(conn) == 2
        other.start()
        assert wait_until(lambda: waiting_for_locks(database) == 1)
    other.join()
    assert mended == [0]
    assert (len(claim(database)), len(claim(database))) == (2, 0)


def test_M3_workers_owners_and_tending_at_once_never_stop_one_another(  # noqa: C901  # three simple loops over what the test arranges, counted as one
    postgresql_database: Database,
) -> None:
    database = postgresql_database
    owe(database, [f"http://a.example/{i}" for i in range(12)], posts=40)
    with database.reading() as conn:
        ids = [one.id for one in list_subscriptions(conn)]
    stop, chance = Event(), Random(7)

    def work() -> None:
        mine: list[ClaimedMessage] = []
        while not stop.is_set():
            mine += claim(database, 20)
            chance.shuffle(mine)
            done, mine = mine[: len(mine) // 2], mine[len(mine) // 2 :]
            late = {one.message_id for one in done if chance.random() < 0.3}
            record(
                database,
                *(
                    result(one, State.DUE, due_at=NOW, timed_out=one.message_id in late)
                    for one in sorted(done, key=lambda one: one.message_id)
                ),
            )
        record(database, *(result(one, State.DUE, due_at=NOW) for one in mine))

    def own() -> None:
        while not stop.is_set():
            for status in (SubscriptionStatus.PAUSED, SubscriptionStatus.ACTIVE):
                with database.writing() as conn:
                    set_status(conn, chance.choice(ids), status, at=LATER)

    def tend() -> None:
        caps = cycle((2, 3))
        while not stop.is_set():
            with database.writing() as conn:
                apply_caps(conn, {WEBHOOK: ConcurrencyLimits(next(caps), 16)})
                free_expired(conn, LATER)
                warn_failing(conn, LATER, timedelta(0))
                probe_disabled(conn, LATER)
                heal(conn)

    with ThreadPoolExecutor(5) as pool:
        jobs = [pool.submit(one) for one in (work, work, own, own, tend)]
        wait(jobs, timeout=4, return_when=FIRST_EXCEPTION)
        stop.set()
    for job in jobs:
        job.result()
    with database.writing() as conn:
        for one in ids:
            set_status(conn, one, SubscriptionStatus.ACTIVE, at=LATER)
        apply_caps(conn, {WEBHOOK: ConcurrencyLimits(2, 16)})
        assert heal(conn) == 0
    sent = 0
    while claimed := claim(database):
        sent += record(database, *map(result, claimed))
    assert sent == 12 * 40
