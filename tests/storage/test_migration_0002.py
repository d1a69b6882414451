"""From version 0001 to 0002: what was in the air is due again, and is sent once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from service.storage.deliveries import attempts_of
from service.storage.engine import open_database
from service.storage.queue import claim_due, heal, record_results
from service.storage.schema import to_micros
from service.types import WEBHOOK, Result, State
from tests.fakes_ledger import NOW
from tests.fakes_versions import make_version

_ROWS = (
    "INSERT INTO lane(key, channel, is_slow, in_flight, cap) VALUES ('h', 'webhook', 0, 1, 16)",
    "INSERT INTO endpoint(key, host_key, lane_key, channel, in_flight, cap) VALUES ('e', 'h', "
    "'h', 'webhook', 1, 2)",
    "INSERT INTO message(id, channel, endpoint_key, group_key, state, due_at, lease_until, "
    "lease_token, attempts,"
    " created_at) VALUES ('m', 'webhook', 'e', 'g', 'leased', 1, 2, 7, 2, 1)",
    "INSERT INTO attempt(message_id, number, started_at, took_ms, state, status, detail)"
    " VALUES ('m', 1, 1, 5, 'due', 503, 'trả lời 503')",
)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_what_was_in_the_air_is_due_again_after_the_migration(
    kind: str, request: pytest.FixtureRequest
) -> None:
    url = request.getfixturevalue(f"{kind}_url")
    make_version(url, "0001", [(row, {}) for row in _ROWS])
    database = open_database(url)
    with database.writing() as conn:
        heal(conn)  # as every deliverer does when it starts
        (one,) = claim_due(conn, channel=WEBHOOK, now=NOW, limit=9, lease_s=30)
        assert (one.message_id, one.attempts) == ("m", 2)
        record_results(
            conn, [Result("m", one.lease_token, State.SENT, 200, "đã nhận", NOW, 0.1)], NOW
        )
        assert [(a.number, a.status) for a in attempts_of(conn, "m")] == [(1, 503), (2, 200)]
        assert conn.execute(text("SELECT done_at FROM message")).scalar_one() == to_micros(NOW)
        assert (
            claim_due(conn, channel=WEBHOOK, now=NOW + timedelta(days=1), limit=9, lease_s=30) == []
        )
    database.close()
