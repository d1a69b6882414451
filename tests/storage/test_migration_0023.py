"""From version 0022 to 0023: of a post of before nobody decided anything, and somebody may."""

from __future__ import annotations

import pytest

from service.storage.engine import open_database
from service.storage.post_decisions import (
    decisions_about,
    delete_decision,
    insert_decision,
)
from service.types import Deadline, Decision, DecisionKind
from tests.fakes_ledger import NOW
from tests.fakes_versions import make_version

_ROW = """INSERT INTO post(id, portal_id, portal_name, identity_key, url, title, revision, facts,
    published_at, updated_at, first_seen_at)
    VALUES ('p1', 'x', 'X', 'k', 'https://x.example/1', 'Tin', 1, '{}', 1, 1, 1)"""


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_post_of_before_may_be_decided_of(kind: str, request: pytest.FixtureRequest) -> None:
    url = request.getfixturevalue(f"{kind}_url")
    make_version(url, "0022", [(_ROW, {})])
    database = open_database(url)
    said = Deadline(NOW.date(), "", task="họp")
    made = Decision("d1", "p1", DecisionKind.TASK, None, None, said, "by.command", NOW)
    with database.writing() as conn:
        assert decisions_about(conn, "p1") == []
        insert_decision(conn, made)
        assert decisions_about(conn, "p1") == [made]
        delete_decision(conn, "d1")
        assert decisions_about(conn, "p1") == []
    database.close()
