"""From version 0009 to 0012: subscriptions of before are asked for by nobody, and have no headers of
CloudEvents."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from service.storage.engine import open_database
from service.storage.pull_streams import find_stream
from service.storage.subscriptions import get_subscription
from tests.fakes_ledger import NOW
from tests.fakes_versions import make_version

_ROWS = (
    """INSERT INTO filter(id, definition, created_at) VALUES ('f',
    '{"categories":[],"keywords":[],"places":[],"portals":[]}', 1)""",
    """INSERT INTO subscription(id, channel, target, target_key, endpoint_key, filter_id, frequency,
    name, status, status_at, headers, created_at) VALUES ('s', 'webhook', 'https://a.example/',
    'https://a.example/', 'https://a.example:443/', 'f', 'immediate', '', 'active', 1, '{}', 1)""",
)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_webhook_of_before_stays_as_it_was(kind: str, request: pytest.FixtureRequest) -> None:
    url = request.getfixturevalue(f"{kind}_url")
    make_version(url, "0009", [(row, {}) for row in _ROWS])
    database = open_database(url)
    with database.reading() as conn:
        found = get_subscription(conn, "s")
        assert (found.target, found.is_cloudevents) == ("https://a.example/", False)
        assert find_stream(conn, "", NOW) is None
        kept = conn.execute(text("SELECT token_hash, old_token_hash, asked_at FROM subscription"))
        assert kept.all() == [(None, None, None)]
    database.close()
