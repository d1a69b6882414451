"""The statements of the queue: SQLite and PostgreSQL answer each of them alike."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from service.errors import StorageError
from service.storage.engine import Database
from service.storage.queue import ClaimedMessage, statements_on
from service.storage.queue.driver import dialect_of
from service.storage.queue.ledger_rows import (
    AcceptedMessage,
    DeliveryUpdate,
    MessageUpdate,
    RejectedAttempt,
)
from service.storage.queue.postgresql import PostgresqlStatements
from service.storage.queue.sqlite import SqliteStatements
from service.storage.queue.statements import ChangeRow, MessageRow, Statements
from service.storage.schema import to_micros
from service.types import Result, State
from tests.fakes_ledger import NOW, a_post, hook, mail, tell

AT = to_micros(NOW + timedelta(hours=1))
UNTIL = AT + 30_000_000
A = "http://a.example/1"
NAMES = sorted(name for name in vars(Statements) if not name.startswith("_"))


@contextmanager
def using(database: Database) -> Iterator[Statements]:
    with database.writing() as conn, statements_on(conn) as statements:
        yield statements


def owe(database: Database, *urls: str, posts: int = 1) -> None:
    with database.writing() as conn:
        for url in urls:
            hook(conn, url)
        for number in range(posts):
            tell(conn, a_post(f"post-{number}"))


def take(
    database: Database, limit: int = 10, *, is_slow: bool = False, token: int = 7
) -> list[ClaimedMessage]:
    """As a claim does it: what was leased is counted in the same transaction."""
    with using(database) as statements:
        statements.steer()
        taken = statements.take("webhook", AT, UNTIL, token, limit, is_slow=is_slow)
        statements.shift_endpoints(taken.endpoints)
        statements.shift_host_groups(taken.host_groups)
    return taken.claimed


def result(one: ClaimedMessage, token: int | None = None) -> Result:
    return Result(
        one.message_id, one.lease_token if token is None else token, State.SENT, 200, "", NOW, 0.1
    )


def rows(database: Database, query: str) -> list[tuple[object, ...]]:
    with database.reading() as conn:
        return [tuple(row) for row in conn.execute(text(query))]


@pytest.mark.parametrize("answer", [SqliteStatements, PostgresqlStatements])
@pytest.mark.parametrize("name", NAMES)
def test_each_database_answers_each_statement_as_it_is_asked(
    name: str, answer: type[Statements]
) -> None:
    asked, answered = (inspect.signature(getattr(one, name)) for one in (Statements, answer))
    assert answered == asked


def test_an_instant_is_the_one_that_leases_are_measured_by(any_database: Database) -> None:
    with using(any_database) as statements:
        said = statements.instant(AT)
    assert (
        said == AT
        if any_database.is_sqlite
        else said > AT - timedelta(days=3650).total_seconds() * 1e6
    )


def test_a_claim_takes_no_more_than_an_endpoint_has_places(any_database: Database) -> None:
    owe(any_database, A, "http://b.example/1", posts=3)
    claimed = take(any_database)
    assert (
        sorted(one.endpoint_key for one in claimed)
        == ["http://a.example:80/1"] * 2 + ["http://b.example:80/1"] * 2
    )
    assert {(one.lease_token, one.attempts, one.is_slow) for one in claimed} == {(7, 1, False)}
    assert take(any_database) == []


def test_a_claim_takes_no_more_than_it_is_asked_for_and_only_of_its_host_groups(
    any_database: Database,
) -> None:
    owe(any_database, A, "http://b.example/1", posts=3)
    assert len(take(any_database, 3)) == 3
    assert take(any_database, is_slow=True) == []
    leased = rows(any_database, "SELECT until, token FROM lease")
    assert leased == [(UNTIL, 7)] * 3


def test_a_claim_spaces_the_messages_of_an_endpoint_that_asks_for_it(
    any_database: Database,
) -> None:
    owe(any_database, A, posts=3)
    with any_database.writing() as conn:
        conn.execute(text("UPDATE endpoint SET min_interval_s = 60"))
    assert len(take(any_database)) == 1
    assert rows(any_database, "SELECT not_before_at, next_due_at FROM endpoint") == [
        (AT + 60_000_000,) * 2
    ]
    assert take(any_database) == []


def test_a_result_is_owned_under_its_token_only_and_once(any_database: Database) -> None:
    owe(any_database, A, "http://b.example/1")
    one, other = take(any_database)
    with using(any_database) as statements:
        found = statements.owned([result(one), result(other, token=8)])
        again = statements.owned([result(one)])
    assert [(it.result, it.endpoint_key, it.channel, it.is_well) for it in found] == [
        (result(one), one.endpoint_key, "webhook", False)
    ]
    assert again == []
    assert rows(any_database, "SELECT message_id FROM lease") == [(other.message_id,)]


def test_what_was_accepted_is_written_with_its_delivery(any_database: Database) -> None:
    owe(any_database, A)
    (one,) = take(any_database)
    with using(any_database) as statements:
        statements.write_sent([AcceptedMessage(one.message_id, AT, "detail", AT - 5, 12, 204)])
    query = (
        "SELECT state, done_at, detail, sent_started_at, sent_took_ms, sent_status, attempts FROM "
        "message"
    )
    assert rows(any_database, query) == [("sent", AT, "detail", AT - 5, 12, 204, 1)]
    assert rows(any_database, "SELECT state, done_at, reason FROM delivery") == [("sent", AT, None)]


def test_what_was_not_accepted_is_written_with_its_attempt_and_deliveries(
    any_database: Database,
) -> None:
    owe(any_database, A)
    (one,) = take(any_database)
    id_ = one.message_id
    with using(any_database) as statements:
        for number in (1, 2):
            statements.write(
                (),
                [MessageUpdate(id_, "failed", AT + number, AT, "why", 1, 1)],
                [RejectedAttempt(id_, AT, number, "failed", None, "why")],
                [DeliveryUpdate(id_, "failed", AT, "why")],
            )
        statements.write((), [MessageUpdate(id_, "due", None, None, "later", 0, 0)], (), ())
    query = "SELECT state, due_at, done_at, detail, is_final, attempts FROM message"
    assert rows(any_database, query) == [("due", AT + 2, None, "later", 0, 2)]
    tried = rows(any_database, "SELECT number, took_ms, status FROM attempt ORDER BY number")
    assert tried == [(1, 1, None), (2, 2, None)]
    assert rows(any_database, "SELECT state, reason FROM delivery") == [("failed", "why")]


def test_a_mail_that_is_sent_tells_those_it_still_carries(any_database: Database) -> None:
    with any_database.writing() as conn:
        mail(conn, "a@example.vn")
        tell(conn, a_post())
    with using(any_database) as statements:
        (one,) = statements.take("email", AT, UNTIL, 7, 10, is_slow=False).claimed
        statements.write(
            [AcceptedMessage(one.message_id, AT, "", AT, 1, 250)],
            (),
            (),
            [DeliveryUpdate(one.message_id, "sent", AT, None)],
        )
    assert rows(any_database, "SELECT state FROM message") == [("sent",)]
    assert rows(any_database, "SELECT state, done_at FROM delivery") == [("sent", AT)]


def test_places_that_are_given_back_are_found_again(any_database: Database) -> None:
    owe(any_database, A, posts=3)
    take(any_database)
    full = rows(any_database, "SELECT in_flight, next_due_at FROM endpoint")
    with using(any_database) as statements:
        statements.shift_endpoints({"http://a.example:80/1": -1})
        statements.shift_host_groups({"http://a.example:80": -1})
    free = rows(any_database, "SELECT in_flight, next_due_at FROM endpoint")
    assert (full, free) == ([(2, None)], [(1, to_micros(NOW))])
    host_group = "SELECT in_flight, next_due_at FROM host_group WHERE is_slow = 0"
    assert rows(any_database, host_group) == [(1, to_micros(NOW))]


def test_messages_and_changes_are_read_with_what_a_sender_needs(any_database: Database) -> None:
    owe(any_database, A)
    (one,) = take(any_database)
    with using(any_database) as statements:
        (message,) = statements.messages([one.message_id, "nobody"], AT)
        (change,) = statements.changes([str(message.change_id), "nothing"])
        assert (statements.messages([], AT), statements.changes([])) == ([], [])
    assert isinstance(message, MessageRow)
    assert isinstance(change, ChangeRow)
    assert (message.target, message.status, message.body, message.old_secret) == (
        A,
        "active",
        None,
        None,
    )
    assert message.secret is not None
    assert (change.post_id, change.revision) == ("post-0", 1)
    assert change.payload.startswith("{")


def test_what_the_driver_refuses_is_an_error_of_storage(any_database: Database) -> None:
    with pytest.raises(StorageError, match="cannot use the ledger"), any_database.writing() as conn:
        conn.execute(text("ALTER TABLE change RENAME TO gone"))
        with statements_on(conn) as statements:
            statements.changes(["any"])


def test_only_the_driver_asks_which_database_it_is() -> None:
    folder = Path(inspect.getfile(Statements)).parent
    asking = {
        path.name
        for path in folder.glob("*.py")
        if re.search(r"dialect\.name|is_sqlite\b(?!\()", path.read_text("utf-8"))
    }
    assert asking == {"driver.py"}


def test_each_database_has_a_dialect_of_its_own(any_database: Database) -> None:
    owe(any_database, A)
    with any_database.writing() as conn:
        dialect = dialect_of(conn)
        touched = "SELECT key FROM endpoint"
        host_groups = dialect.host_groups_to_lock(conn, touched, {})
        assert host_groups == ([] if any_database.is_sqlite else ["http://a.example:80"])
        dialect.lock_host_groups(conn, host_groups)
        dialect.notify(conn, "loa_due")
        assert dialect.write_found(
            conn, "SELECT 1, 2, 3, 4, 5, 6 WHERE 1 = 0", NOTHING, "", {}
        ) is (None)
        assert bool(dialect.row_lock) is not any_database.is_sqlite
        assert (dialect.pause_s > 0) is any_database.is_sqlite


NOTHING = ("DELETE FROM host_group WHERE key = '' RETURNING key", "SELECT * FROM found")


def test_what_is_asked_for_is_leased_as_there_are_places_urgent_or_all(
    any_database: Database,
) -> None:
    owe(any_database, A, "http://b.example/1", posts=3)
    first, second = "http://a.example:80/1", "http://b.example:80/1"
    with using(any_database) as statements:
        wanted = {first: 1, second: 9, "http://none.example:80/": 5}
        taken = statements.hand_out(wanted, AT, UNTIL, 7, is_urgent=False)
        none = statements.hand_out(wanted, AT, UNTIL, 7, is_urgent=True)
    assert sorted(one.endpoint_key for one in taken) == [first, second, second]
    assert none == []
    leased = rows(any_database, "SELECT message_id, until, token FROM lease ORDER BY message_id")
    assert leased == sorted((one.message_id, UNTIL, 7) for one in taken)


def test_a_message_in_nobodys_hand_is_leased_by_its_id(any_database: Database) -> None:
    owe(any_database, A)
    ((id_, key),) = rows(any_database, "SELECT id, endpoint_key FROM message")
    with using(any_database) as statements:
        statements.lease({str(id_): str(key)}, UNTIL, 9)
    assert rows(any_database, "SELECT message_id, token FROM lease") == [(id_, 9)]
