"""From version 0019 to 0020: a token of before may what it might."""

from __future__ import annotations

import pytest

from service.storage.engine import open_database
from service.storage.tokens import Scope, list_tokens
from tests.fakes_versions import make_version

_ROWS = (
    """INSERT INTO api_token(id, name, hash, role, created_at) VALUES ('t1', 'huyện', 'ab', 'operator', 1)""",
    """INSERT INTO api_token(id, name, hash, role, created_at) VALUES ('t0', 'xem', 'cd', 'viewer', 1)""",
)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_token_of_before_has_every_scope_of_its_role(
    kind: str, request: pytest.FixtureRequest
) -> None:
    url = request.getfixturevalue(f"{kind}_url")
    make_version(url, "0019", [(row, {}) for row in _ROWS])
    database = open_database(url)
    with database.reading() as conn:
        assert [one.scopes for one in list_tokens(conn)] == [tuple(Scope), (Scope.READ,)]
    database.close()
