"""From version 0021 to 0022: a token of before does not end by itself."""

from __future__ import annotations

import pytest

from service.storage.engine import open_database
from service.storage.tokens import list_tokens
from tests.fakes_versions import make_version

_ROW = """INSERT INTO api_token(id, name, hash, role, created_at, scopes)
    VALUES ('t1', 'huyện', 'ab', 'operator', 1, 'read')"""


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_token_of_before_does_not_end(kind: str, request: pytest.FixtureRequest) -> None:
    url = request.getfixturevalue(f"{kind}_url")
    make_version(url, "0021", [(_ROW, {})])
    database = open_database(url)
    with database.reading() as conn:
        assert [one.ends_at for one in list_tokens(conn)] == [None]
    database.close()
