"""What is done is forgotten in time; what must be known for ever is not. The same on both
databases."""

from __future__ import annotations

import time
from datetime import timedelta
from threading import Thread

import pytest
from sqlalchemy import Connection, event, text

from service.storage.deliveries import list_deliveries, make_due_again
from service.storage.engine import Database
from service.storage.queue import claim_due, next_due_at, record_results
from service.storage.retention import forget_done
from service.storage.units import add_unit
from service.types import WEBHOOK, ChangeType, Result, State
from tests.fakes_ledger import NOW, a_post, hook, mail, tell

LATER = NOW + timedelta(days=100)


def send_all(database: Database) -> int:
    """Everything that is due is sent, and accepted."""
    sent = 0
    while True:
        with database.writing() as conn:
            claimed = claim_due(conn, channel=WEBHOOK, now=NOW, limit=100, lease_s=30)
            record_results(
                conn,
                [
                    Result(c.message_id, c.lease_token, State.SENT, 200, "", NOW, 0.1)
                    for c in claimed
                ],
                NOW,
            )
        if not claimed:
            return sent
        sent += len(claimed)


def count(conn: Connection, table: str) -> int:
    return int(conn.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())


def test_D16_an_edit_still_reaches_whom_the_post_reached_long_ago(any_database: Database) -> None:
    with any_database.writing() as conn:
        old = hook(conn, "http://a.example/1")
        tell(conn, a_post())
    assert send_all(any_database) == 1
    assert forget_done(any_database, LATER) == 1
    with any_database.writing() as conn:
        assert (count(conn, "message"), count(conn, "delivery"), count(conn, "attempt")) == (
            0,
            0,
            0,
        )
        hook(conn, "http://a.example/2")
        tell(conn, a_post(revision=2), ChangeType.UPDATED, at=LATER)
        assert [(d.subscription_id, d.type) for d in list_deliveries(conn)] == [
            (old.id, ChangeType.UPDATED)
        ]
        tell(conn, a_post(revision=2), ChangeType.WITHDRAWN, at=LATER)
        assert {d.subscription_id for d in list_deliveries(conn)} == {old.id}


def test_D16_what_was_published_long_ago_is_not_published_again(any_database: Database) -> None:
    with any_database.writing() as conn:
        hook(conn, "http://a.example/1")
        change_id = tell(conn, a_post())
    send_all(any_database)
    forget_done(any_database, LATER)
    with any_database.writing() as conn:
        conn.execute(
            text("UPDATE change SET fanned_out_at = NULL, fanout_after = NULL WHERE id = :id"),
            {"id": change_id},
        )
        tell(conn, a_post(), at=LATER)
        assert list_deliveries(conn) == []


def test_the_deliveries_that_told_a_unit_stay_for_the_receipt_board(any_database: Database) -> None:
    with any_database.writing() as conn:
        unit = add_unit(conn, name="UBND xã Quảng Ninh", at=NOW)
        told = hook(conn, "http://a.example/1", unit_id=unit.id)
        hook(conn, "http://a.example/2")
        tell(conn, a_post())
    send_all(any_database)
    assert forget_done(any_database, LATER) == 2
    with any_database.writing() as conn:
        (kept,) = list_deliveries(conn)
        assert (kept.subscription_id, kept.state) == (told.id, State.SENT)
        assert make_due_again(conn, at=LATER, subscription_id=told.id) == 0
        assert list_deliveries(conn)[0].state is State.SENT


def test_a_mail_that_still_carries_something_undone_stays_whole(any_database: Database) -> None:
    with any_database.writing() as conn:
        mail(conn, "an@example.vn")
        tell(conn, a_post())
        conn.execute(text("UPDATE message SET state = 'sent', done_at = 1"))
    assert forget_done(any_database, LATER) == 0


def test_D16_forgetting_while_delivering_holds_no_lock_for_long_and_loses_nothing(
    any_database: Database,
) -> None:
    with any_database.writing() as conn:
        for i in range(40):
            hook(conn, f"http://a{i}.example/1")
        for i in range(50):
            tell(conn, a_post(f"post-{i}"))
    assert send_all(any_database) == 2000
    with any_database.writing() as conn:
        for i in range(50, 60):
            tell(conn, a_post(f"post-{i}"))
    longest = [0.0]

    @event.listens_for(any_database.engine, "begin")
    def begun(conn: Connection) -> None:
        conn.info["began"] = time.monotonic()

    @event.listens_for(any_database.engine, "commit")
    def ended(conn: Connection) -> None:
        longest[0] = max(longest[0], time.monotonic() - conn.info["began"])

    forgotten: list[int] = []
    thread = Thread(
        target=lambda: forgotten.append(forget_done(any_database, NOW + timedelta(microseconds=1)))
    )
    thread.start()
    sent = send_all(any_database)
    thread.join()
    assert sent == 400
    assert forget_done(any_database, LATER) + forgotten[0] == 2400
    assert longest[0] < 1.0
    with any_database.reading() as conn:
        assert (count(conn, "message"), count(conn, "owed")) == (0, 2400)


@pytest.mark.parametrize("n_done", [300])
def test_the_hot_path_never_walks_over_what_is_done(any_database: Database, n_done: int) -> None:
    """Every statement of a claim and of a recording is explained: none scans the messages or the
    deliveries."""
    with any_database.writing() as conn:
        hook(conn, "http://a.example/1")
        for i in range(n_done):
            tell(conn, a_post(f"post-{i}"))
    seen: dict[str, object] = {}

    @event.listens_for(any_database.engine, "before_cursor_execute")
    def remember(_conn: object, _cursor: object, sql: str, values: object, *_: object) -> None:
        seen.setdefault(sql, values[0] if isinstance(values, list) else values)

    with any_database.writing() as conn:
        claimed = claim_due(conn, channel=WEBHOOK, now=NOW, limit=100, lease_s=30)
    with any_database.writing() as conn:
        record_results(
            conn,
            [Result(c.message_id, c.lease_token, State.SENT, 200, "", NOW, 0.1) for c in claimed],
            NOW,
        )
        next_due_at(conn, WEBHOOK)
    event.remove(any_database.engine, "before_cursor_execute", remember)
    assert len(claimed) == 2
    with any_database.writing() as conn:
        if not any_database.is_sqlite:
            conn.execute(text("SET LOCAL enable_seqscan = off"))
        for sql, values in seen.items():
            if sql.split()[0] not in ("SELECT", "UPDATE", "INSERT", "WITH", "DELETE"):
                continue
            explain = "EXPLAIN QUERY PLAN " if any_database.is_sqlite else "EXPLAIN "
            plan = "\n".join(str(row) for row in conn.exec_driver_sql(explain + sql, values))  # type: ignore[arg-type] # as they were
            for walk in ("SCAN message", "SCAN m'", "SCAN y'", "SCAN delivery", "SCAN d'",
            "Seq Scan on message",
                         "Seq Scan on delivery"):  # fmt: skip
                assert walk not in plan, (sql, plan)
