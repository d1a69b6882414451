"""From version 0004 to 0005: files stay in the database and readable until they move; whose they
are is kept (S4)."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy import text

from service.storage.archive_parts import count_parts, move_parts
from service.storage.engine import open_database
from tests.fakes_archive import archive_of
from tests.fakes_versions import make_version

OLD, NEW = b"%PDF of the first revision", b"%PDF of the second"
_POST = (
    "INSERT INTO post(id, portal_id, portal_name, identity_key, url, title, revision, facts, "
    "published_at,"
    " updated_at, first_seen_at) VALUES ('p', 'cong', 'C', 'x/1', 'https://x/1', 'T', 2, '{}', 5, "
    "5, 5)"
)
_REVISION = (
    "INSERT INTO revision(post_id, number, seen_at, title, html, text, attachments, fingerprint, "
    "what)"
    " VALUES ('p', :number, 5, 'T', '', '', :links, 'f', '[]')"
)
_PART = "INSERT INTO archive_part(sha256, number, body) VALUES (:sha, 0, :body)"
_FILE = (
    "INSERT INTO archive(sha256, media_type, bytes, text, is_scan, archived_at)"
    " VALUES (:sha, 'application/pdf', :n, 'words', 0, 5)"
)
_WATCH = (
    "INSERT INTO attachment_watch(post_id, url, bytes, sha256, checked_at) VALUES ('p', "
    "'https://x/f', 5, :sha, 5)"
)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_S4_files_of_before_are_read_and_move(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    url = request.getfixturevalue(f"{kind}_url")
    digests = [sha256(body).hexdigest() for body in (OLD, NEW)]
    rows = [(_POST, {})]
    for number, (digest, body) in enumerate(zip(digests, (OLD, NEW), strict=True), 1):
        links = (
            f'[{{"url": "https://x/f", "name": "f", "media_type": "a/b", "bytes": 5, "sha256": '
            f'"{digest}"}}]'
        )
        rows += [
            (_REVISION, {"number": number, "links": links}),
            (_PART, {"sha": digest, "body": body}),
        ]
        rows += [(_FILE, {"sha": digest, "n": len(body)})]
    no_files = (
        '[{"url": "https://x/g", "name": "g", "media_type": "a/b", "bytes": null, "sha256": null}]'
    )
    rows += [(_WATCH, {"sha": digests[1]}), (_REVISION, {"number": 3, "links": no_files})]
    make_version(url, "0004", rows)
    database = open_database(url)
    archive = archive_of(database, folder=tmp_path / "files")
    assert count_parts(database) == 2
    for _ in range(2):
        assert [b"".join(archive.open(digest)[1]) for digest in digests] == [OLD, NEW]
        move_parts(database, archive.folder)
    assert count_parts(database) == 0
    with database.reading() as conn:
        kept = conn.execute(text("SELECT post_id, sha256 FROM post_file ORDER BY sha256")).all()
    assert [tuple(row) for row in kept] == sorted(("p", digest) for digest in digests)
    database.close()
