"""`loa check` has its table whatever the database is; a worker ends when it is too old; metrics are
not public."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from service.bootstrap import Loa
from service.errors import DatabaseVersionError
from service.storage.engine import HEAD, open_database
from service.supervisor import FINAL
from tests.fakes import FakeClock
from tests.fakes_web import make_web
from tests.journeys.cli import Terminal
from tests.journeys.test_cli_serve import running
from tests.patience import eventually

WHATS = {"configuration", "rules and places", "secret key", "database"}


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    return Terminal(tmp_path)


def check(terminal: Terminal, code: int, *options: str) -> dict[str, dict[str, str]]:
    return {one["what"]: one for one in terminal.json("check", *options, code=code)["checks"]}


def set_version(terminal: Terminal, version: str) -> None:
    database = open_database(f"sqlite:///{terminal.folder / 'loa.db'}", is_migrating=False)
    with database.writing() as conn:
        conn.execute(text("UPDATE alembic_version SET version_num = :v"), {"v": version})
    database.close()


def version_of(terminal: Terminal) -> str:
    database = open_database(f"sqlite:///{terminal.folder / 'loa.db'}", is_migrating=False)
    with database.reading() as conn:
        found = conn.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
    database.close()
    return str(found)


@pytest.mark.parametrize(
    "url", ["postgresql+psycopg://loa:wort@127.0.0.1:1/loa", "sqlite:////dev/null/loa.db"]
)
def test_M9_check_has_its_table_with_the_database_away(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    terminal.environ |= {"LOA_DATABASE__URL": f'"{url}"', "LOA_SERVICE__SECRET_KEY": "k" * 40}
    found = check(terminal, 1)
    assert found.keys() >= WHATS | {"mail relay", "portals", "public address"}
    assert found["database"]["verdict"] == "bad"


@pytest.mark.parametrize(
    ("version", "verdict", "code"), [("0001", "warning", 1), ("9999", "bad", 1)]
)
def test_M9_check_beside_an_older_or_newer_loa_says_so_and_never_migrates(
    terminal: Terminal, version: str, verdict: str, code: int
) -> None:
    terminal.run("unit", "list")
    set_version(terminal, version)
    result = terminal.run("check", "--offline", "--json", code=code if verdict == "bad" else 0)
    assert "Traceback" not in result.output
    found = check(terminal, code if verdict == "bad" else 0, "--offline")
    assert found.keys() >= WHATS
    assert found["database"]["verdict"] == verdict and version in found["database"]["detail"]
    assert version_of(terminal) == version


def test_M9_check_on_a_database_whose_tables_are_those_of_an_older_loa_has_its_table(
    terminal: Terminal,
) -> None:
    terminal.run("unit", "list")
    set_version(terminal, "0001")
    database = open_database(f"sqlite:///{terminal.folder / 'loa.db'}", is_migrating=False)
    with database.writing() as conn:
        conn.execute(text("DROP TABLE change_match"))
        conn.execute(text("ALTER TABLE meta RENAME TO left_over"))
    database.close()
    found = check(terminal, 1, "--offline")
    assert found.keys() >= WHATS | {"restore fence"}
    assert version_of(terminal) == "0001"


def test_M9_check_says_that_a_copy_was_restored_before_anything_was_started_on_it(
    terminal: Terminal,
) -> None:
    terminal.run("deliver")
    shutil.copy(terminal.folder / "loa.db", terminal.folder / "old.db")
    terminal.run("deliver")
    terminal.run("deliver")
    for name in ("loa.db-wal", "loa.db-shm"):
        (terminal.folder / name).unlink(missing_ok=True)
    shutil.copy(terminal.folder / "old.db", terminal.folder / "loa.db")
    for _ in range(2):
        found = check(terminal, 1, "--offline")["restore fence"]
        assert found["verdict"] == "bad" and "restored" in found["detail"]


def test_M9_an_old_worker_ends_with_a_message_when_the_schema_moved_on(terminal: Terminal) -> None:
    with running(terminal, "worker") as (process, log):
        eventually(lambda: (terminal.folder / "loa.db.delivering").exists())
        set_version(terminal, "9999")
        assert process.wait(30) == 1
        said = log.read_text()
    assert "is at version '9999' by now, and this Loa knows version" in said and HEAD in said
    assert "Traceback" not in said
    assert FINAL == 78


def test_M9_a_web_process_of_an_old_loa_is_not_ready(sqlite_url: str, clock: FakeClock) -> None:
    web = make_web(sqlite_url, clock)
    with web.loa.database.writing() as conn:
        conn.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    answer = web.client.get("/readyz")
    assert answer.status_code == 503
    assert "another Loa has migrated it" in str(answer.json)
    web.loa.close()


def test_M9_a_loa_that_only_looks_refuses_no_newer_database_and_makes_none(
    sqlite_url: str, clock: FakeClock
) -> None:
    web = make_web(sqlite_url, clock)
    looking: Loa = web.loa.looking_only()
    with looking.database.reading() as conn:
        assert conn.execute(text("SELECT count(*) FROM meta")).scalar_one() >= 0
    with web.loa.database.writing() as conn:
        conn.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DatabaseVersionError):
        open_database(sqlite_url)
    looking.close()
    web.loa.close()


def _warned(client: Any) -> bool:
    return any(one.startswith("proxy: ") for one in client.get("/readyz").json["warnings"])


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP"])
def test_M10_a_proxy_that_nobody_configured_is_told_by_readiness_and_check(
    terminal: Terminal, sqlite_url: str, clock: FakeClock, header: str
) -> None:
    terminal.run("unit", "list")
    web = make_web(sqlite_url, clock)
    web.client.get("/", headers={header: "192.0.2.7"}, environ_overrides={"REMOTE_ADDR": "1.1.1.1"})
    assert not _warned(web.client)  # a stranger may write what he likes
    clock.advance(11)
    web.client.get("/", headers={header: "192.0.2.7"})
    assert _warned(web.client)
    web.loa.close()


def test_M10_check_says_that_a_proxy_is_in_front(terminal: Terminal) -> None:
    from service.storage.proxy_sightings import note_proxy
    from tests.fakes_trouble import wait_until

    terminal.run("unit", "list")
    database = open_database(f"sqlite:///{terminal.folder / 'loa.db'}", is_migrating=False)
    from datetime import UTC, datetime

    with database.writing() as conn:
        note_proxy(conn, datetime.now(UTC))
    database.close()
    assert wait_until(lambda: "proxy" in check(terminal, 0, "--offline"), 5)
    terminal.environ["LOA_SERVER__TRUSTED_PROXIES"] = "1"
    assert "proxy" not in check(terminal, 0, "--offline")


def test_M10_metrics_are_for_this_machine_unless_there_is_a_token(
    sqlite_url: str, clock: FakeClock
) -> None:
    web = make_web(sqlite_url, clock)
    assert web.client.get("/metrics").status_code == 200
    for address in ("203.0.113.9", "10.0.0.1", "::ffff:10.0.0.1", ""):
        outside = web.client.get("/metrics", environ_overrides={"REMOTE_ADDR": address})
        assert outside.status_code == 403
    for address in ("127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"):
        assert (
            web.client.get("/metrics", environ_overrides={"REMOTE_ADDR": address}).status_code
            == 200
        )
    for header in ("X-Forwarded-For", "Forwarded", "X-Real-IP"):
        assert web.client.get("/metrics", headers={header: "127.0.0.1"}).status_code == 403
    web.loa.close()


def test_M10_behind_a_trusted_proxy_nobody_passes_as_this_machine(
    sqlite_url: str, clock: FakeClock
) -> None:
    web = make_web(sqlite_url, clock, server={"trusted_proxies": 1})
    assert web.client.get("/metrics", headers={"X-Forwarded-For": "127.0.0.1"}).status_code == 403
    assert web.client.get("/metrics").status_code == 200
    web.loa.close()


def test_M10_with_a_token_metrics_are_for_whoever_has_it_from_anywhere(
    sqlite_url: str, clock: FakeClock
) -> None:
    web = make_web(sqlite_url, clock, server={"metrics_token": "wort"})
    outside = {"REMOTE_ADDR": "203.0.113.9"}
    assert web.client.get("/metrics").status_code == 401
    assert web.client.get("/metrics", environ_overrides=outside).status_code == 401
    right, wrong = {"Authorization": "Bearer wort"}, {"Authorization": "Bearer wor"}
    assert web.client.get("/metrics", headers=right, environ_overrides=outside).status_code == 200
    assert web.client.get("/metrics", headers=wrong, environ_overrides=outside).status_code == 401
    web.loa.close()
