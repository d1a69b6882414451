"""A process that moves files out of the database is killed again and again: nothing is lost
(S4)."""

from __future__ import annotations

import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest

from service.storage.archive_parts import count_parts
from service.storage.engine import open_database
from tests.fakes_archive import archive_of
from tests.storage.test_archive import in_database, read

FILES = 9
SIZE = 2_200_000
MOVE = """
import sys
from pathlib import Path
from service.storage.archive_folder import ArchiveFolder
from service.storage.archive_parts import move_parts
from service.storage.engine import open_database
database = open_database(sys.argv[1], is_migrating=False)
print("ready", flush=True)
while move_parts(database, ArchiveFolder(Path(sys.argv[2]))):
    pass
"""


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_S4_nothing_is_lost_when_a_move_is_killed_at_any_moment(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    url = request.getfixturevalue(f"{kind}_url")
    database = open_database(url)
    bodies = [b"%PDF" + bytes([n]) * SIZE for n in range(FILES)]
    digests = [in_database(database, body) for body in bodies]
    archive = archive_of(database, folder=tmp_path / "files")
    left = [FILES]
    while left[-1]:
        command = [sys.executable, "-c", MOVE, url, str(tmp_path / "files")]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as moving:
            assert moving.stdout is not None
            assert moving.stdout.readline() == b"ready\n"
            while moving.poll() is None and count_parts(database) > left[-1] - 3:
                pass
            moving.kill()
        left.append(count_parts(database))
        kept = [sha256(read(archive, digest)).hexdigest() for digest in digests]
        assert kept == digests
    assert len(left) > 2, "it was killed while it had more to do"
    assert {path.name for path in archive.folder.walk()} == set(digests)
    database.close()
