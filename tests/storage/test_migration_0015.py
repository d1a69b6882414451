"""From version 0012 to 0015: the files of before wait for nothing until they are asked for."""

from __future__ import annotations

import pytest

from service.storage.engine import open_database
from service.storage.pages import ask_pages_again, count_waiting_scans
from tests.fakes_ledger import NOW
from tests.fakes_versions import make_version

DIGEST = "ab" * 32
_ROWS = (
    f"""INSERT INTO archive(sha256, media_type, bytes, text, is_scan, archived_at)
    VALUES ('{DIGEST}', 'application/pdf', 4, '', 1, 1)""",
)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_files_of_before_are_read_when_they_are_asked_for(
    kind: str, request: pytest.FixtureRequest
) -> None:
    url = request.getfixturevalue(f"{kind}_url")
    make_version(url, "0012", [(row, {}) for row in _ROWS])
    database = open_database(url)
    with database.writing() as conn:
        assert count_waiting_scans(conn) == 0
        assert ask_pages_again(conn, [DIGEST], NOW, "tesseract 5 vie") == 1
    database.close()
