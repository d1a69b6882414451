"""From version 0020 to 0021: what waits in a host group of before is claimed, and its index is used."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from service.storage.engine import open_database
from service.storage.queue import claim_due, heal
from service.types import WEBHOOK
from tests.fakes_versions import make_version

_ROWS = (
    "INSERT INTO lane(key, channel, is_slow, cap, next_due_at) VALUES ('h', 'webhook', 0, 16, 5)",
    "INSERT INTO endpoint(key, host_key, lane_key, channel, cap, next_due_at)"
    " VALUES ('h/1', 'h', 'h', 'webhook', 2, 5)",
    "INSERT INTO message(id, channel, endpoint_key, group_key, state, due_at, created_at)"
    " VALUES ('m', 'webhook', 'h/1', 'g', 'due', 5, 5)",
)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_what_waited_before_the_upgrade_is_claimed_in_its_host_group(
    kind: str, request: pytest.FixtureRequest
) -> None:
    url = request.getfixturevalue(f"{kind}_url")
    make_version(url, "0020", [(row, {}) for row in _ROWS])
    database = open_database(url)
    now = datetime(2026, 11, 28, tzinfo=UTC)
    with database.writing() as conn:
        assert heal(conn) == 0
        (claimed,) = claim_due(conn, channel=WEBHOOK, now=now, limit=5, lease_s=30)
        assert claimed.message_id == "m"
        query = "SELECT host_group_key, in_flight FROM endpoint"
        assert [tuple(row) for row in conn.execute(text(query))] == [("h", 1)]
        in_flight = "SELECT in_flight FROM host_group WHERE key = 'h'"
        assert conn.execute(text(in_flight)).scalar_one() == 1
    database.close()
