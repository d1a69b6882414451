"""From version 0023 to 0024: of an attempt of before it is not known what came back."""

from __future__ import annotations

import pytest

from service.storage.deliveries import attempts_of
from service.storage.engine import open_database
from tests.fakes_versions import make_version

_ROW = """INSERT INTO attempt(message_id, number, started_at, took_ms, state, status, detail)
    VALUES ('m1', 1, 1, 5, 'failed', 500, 'webhook.answered')"""


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_an_attempt_of_before_has_no_answer(kind: str, request: pytest.FixtureRequest) -> None:
    url = request.getfixturevalue(f"{kind}_url")
    make_version(url, "0023", [(_ROW, {})])
    database = open_database(url)
    with database.reading() as conn:
        assert [one.answer for one in attempts_of(conn, "m1")] == [""]
    database.close()
