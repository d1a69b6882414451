"""A database that was there is missed: nothing makes an empty one in its place without being told
to (M12)."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from service.bootstrap import Loa, open_loa
from service.errors import StorageError
from service.storage.engine import open_database
from service.web.app import create_app
from tests.fakes import FakeClock
from tests.journeys.cli import Terminal
from tests.journeys.test_cli_serve import running


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    return Terminal(tmp_path)


def remove(folder: Path) -> None:
    for name in ("loa.db", "loa.db-wal", "loa.db-shm"):
        (folder / name).unlink(missing_ok=True)


def check(terminal: Terminal, code: int) -> dict[str, dict[str, str]]:
    return {one["what"]: one for one in terminal.json("check", "--offline", code=code)["checks"]}


@pytest.mark.parametrize("trace", ["loa.db.fence", "loa.db.secret"])
@pytest.mark.parametrize("is_empty", [False, True], ids=["gone", "empty"])
def test_M12_neither_a_start_nor_a_command_nor_check_makes_a_database_where_one_was(
    terminal: Terminal, trace: str, is_empty: bool
) -> None:
    terminal.run("deliver")
    for path in terminal.folder.glob("loa.db*"):
        if path.name != trace:
            path.unlink()
    if not (terminal.folder / trace).exists():
        (terminal.folder / trace).write_text("0" * 64)
    if is_empty:
        (terminal.folder / "loa.db").touch()
    for command in (
        ["unit", "list"],
        ["poll"],
        ["deliver"],
        ["backup", str(terminal.folder / "copy.db")],
    ):
        assert str(terminal.folder / "loa.db") in terminal.refused(*command, code=1)
    for command in ("serve", "worker", "web"):
        with running(terminal, command) as (process, log):
            assert process.wait(20) == 1
            assert trace in log.read_text() and "--new-database" in log.read_text()
    found = check(terminal, 1)["database"]
    assert found["verdict"] == "bad" and trace in found["detail"]
    assert (terminal.folder / "loa.db").exists() is is_empty
    assert not is_empty or (terminal.folder / "loa.db").stat().st_size == 0


def test_M12_a_first_start_needs_no_word_and_check_before_it_makes_nothing(
    tmp_path: Path,
) -> None:
    terminal = Terminal(tmp_path, is_new=True)
    before = sorted(path.name for path in terminal.folder.iterdir())
    assert check(terminal, 0)["database"]["verdict"] == "warning"
    assert sorted(path.name for path in terminal.folder.iterdir()) == before
    terminal.run("unit", "list")
    assert check(terminal, 0)["database"]["verdict"] == "ok"


def test_M12_told_to_a_start_makes_a_new_one(terminal: Terminal, sqlite_url: str) -> None:
    terminal.run("deliver")
    remove(terminal.folder)
    with pytest.raises(StorageError, match="is gone"):
        open_database(sqlite_url)
    open_database(sqlite_url, may_replace=True).close()
    assert check(terminal, 0)["database"]["verdict"] == "ok"


@pytest.fixture
def loa(tmp_path: Path, clock: FakeClock) -> Loa:
    opened = open_loa(
        None, {"LOA_DATABASE__URL": f'"sqlite:///{tmp_path / "loa.db"}"'}, clock=clock
    )
    opened.prepare()
    return opened


def test_M12_deleted_while_it_runs_readiness_says_so_and_nothing_goes_to_a_file_without_a_name(
    loa: Loa, tmp_path: Path
) -> None:
    child = loa.for_child()
    client = create_app(child).test_client()
    assert client.get("/readyz").status_code == 200
    (tmp_path / "loa.db").rename(tmp_path / "kept.db")
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json is not None and "its file is gone" in answer.json["reasons"][0]
    with pytest.raises(StorageError, match="gone"), child.database.writing() as conn:
        conn.execute(text("INSERT INTO meta(key, value) VALUES ('lost', '1')"))
    with pytest.raises(StorageError, match="gone"):
        child.fence.look()
    assert not (tmp_path / "loa.db").exists()
    (tmp_path / "kept.db").rename(tmp_path / "loa.db")
    assert client.get("/readyz").status_code == 200
    child.close()


def test_M12_what_was_committed_to_a_file_that_was_deleted_meanwhile_is_not_said_to_be_written(
    loa: Loa, tmp_path: Path
) -> None:
    with pytest.raises(StorageError, match="gone"), loa.database.writing() as conn:
        conn.execute(text("INSERT INTO meta(key, value) VALUES ('lost', '1')"))
        remove(tmp_path)
    loa.close()


def test_M12_another_file_in_its_place_is_used_from_the_next_transaction_on(
    loa: Loa, tmp_path: Path
) -> None:
    with loa.database.writing() as conn:
        conn.execute(text("INSERT INTO meta(key, value) VALUES ('which', 'first')"))
    copy = tmp_path / "copy.db"
    with (
        closing(sqlite3.connect(tmp_path / "loa.db")) as live,
        closing(sqlite3.connect(copy)) as target,
    ):
        live.backup(target)
        target.execute("UPDATE meta SET value = 'copy' WHERE key = 'which'")
        target.commit()
    remove(tmp_path)
    copy.rename(tmp_path / "loa.db")
    with loa.database.reading() as conn:
        assert (
            conn.execute(text("SELECT value FROM meta WHERE key = 'which'")).scalar_one() == "copy"
        )
    loa.close()
