"""From version 0005 to 0008: nothing of before is urgent, and what waits is sent as before (U4)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from service.storage.engine import open_database
from service.storage.queue import claim_due, heal
from service.storage.subscriptions import filters_of
from service.types import WEBHOOK, Filters
from tests.fakes_versions import make_version

_ROWS = (
    "INSERT INTO lane(key, channel, is_slow, cap, next_due_at) VALUES ('h', 'webhook', 0, 16, 5)",
    "INSERT INTO endpoint(key, host_key, lane_key, channel, cap, next_due_at)"
    " VALUES ('h/1', 'h', 'h', 'webhook', 2, 5)",
    "INSERT INTO message(id, channel, endpoint_key, group_key, state, due_at, created_at)"
    " VALUES ('m', 'webhook', 'h/1', 'g', 'due', 5, 5)",
)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_U4_what_waited_before_the_upgrade_is_claimed_and_is_not_urgent(
    kind: str, request: pytest.FixtureRequest
) -> None:
    url = request.getfixturevalue(f"{kind}_url")
    make_version(url, "0005", [(row, {}) for row in _ROWS])
    database = open_database(url)
    now = datetime(2026, 11, 28, tzinfo=UTC)
    with database.writing() as conn:
        assert heal(conn) == 0
        (claimed,) = claim_due(conn, channel=WEBHOOK, now=now, limit=5, lease_s=30)
        assert (claimed.message_id, claimed.is_urgent) == ("m", False)
        assert conn.execute(text("SELECT urgent_due_at FROM endpoint")).scalar_one() is None
    database.close()


def test_U4_filters_of_before_are_read_as_they_were_kept() -> None:
    kept = {"categories": ["directives"], "portals": [], "places": [], "keywords": ["bão"]}
    assert filters_of(kept) == Filters(categories=("directives",), keywords=("bão",))
