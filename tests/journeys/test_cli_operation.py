"""Check, backup, the ledger, and what is asked of portals, by command."""

from __future__ import annotations

import json
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from service.bootstrap import open_loa
from service.delivery.alone import delivering_alone
from service.storage.beats import BeatRow
from tests.journeys.cli import Terminal


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    return Terminal(tmp_path)


def test_check_names_the_database_by_its_absolute_path(terminal: Terminal) -> None:
    found = terminal.json("check", "--offline")
    assert found["ok"] is True
    (database,) = [item for item in found["checks"] if item["what"] == "database"]
    assert str(terminal.database) in database["detail"]


def test_check_says_what_to_do_and_exits_1_when_something_is_bad(terminal: Terminal) -> None:
    terminal.configure(
        '[service]\npublic_url = "http://127.0.0.1:1"\n[email]\nsmtp_url = '
        '"smtp://u:hunter2@127.0.0.1:1"\n'
        "[polling]\nmin_delay_per_host_s = 0\n"
    )
    (terminal.folder / "portals" / "x.toml").write_text(
        'id = "x"\nname = "X"\nbase_url = "http://127.0.0.1:1"\n[[listings]]\nurl = "/"\n',
        encoding="utf-8",
    )
    result = terminal.run("check", "--json", code=1)
    assert "hunter2" not in result.output
    bad = {
        item["what"]: item["remedy"]
        for item in terminal.json("check", code=1)["checks"]
        if item["verdict"] == "bad"
    }
    assert set(bad) == {"mail relay", "portal x"}
    assert all(bad.values())


def test_check_is_calm_about_what_is_not_started_and_bad_about_what_is(terminal: Terminal) -> None:
    terminal.configure('[service]\npublic_url = "http://127.0.0.1:1"\n')

    def address() -> tuple[str, str]:
        found = {one["what"]: one for one in terminal.json("check", code=None)["checks"]}
        return found["public address"]["verdict"], found["public address"]["detail"]

    assert address()[0] == "warning" and "not started" in address()[1]
    loa = open_loa(terminal.config, {})
    with delivering_alone(loa.database):
        assert address()[0] == "bad"
    assert address()[0] == "warning"
    BeatRow(loa.database, "other:1").write([])
    loa.close()
    assert address()[0] == "bad"


def test_M1_check_says_that_a_damaged_database_is_damaged(terminal: Terminal) -> None:
    terminal.database.write_bytes(b"junk" * 1000)
    found = terminal.json("check", "--offline", code=1)
    (database,) = [item for item in found["checks"] if item["what"] == "database"]
    assert database["verdict"] == "bad"


def test_a_backup_is_a_whole_database_with_its_key(terminal: Terminal, tmp_path: Path) -> None:
    terminal.run("unit", "add", "--name", "A")
    copy = tmp_path / "copy.db"
    with closing(sqlite3.connect(terminal.database, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("INSERT INTO meta VALUES ('x', 'not yet committed')")
        told = terminal.json("backup", str(copy))
        writer.execute("ROLLBACK")
    assert told["bytes"] == copy.stat().st_size
    key = Path(told["secret_file"])
    assert key.read_text() == (tmp_path / "loa.db.secret").read_text()
    assert stat.S_IMODE(key.stat().st_mode) == stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert "exists" in terminal.refused("backup", str(copy))
    terminal.environ["LOA_DATABASE__URL"] = f"sqlite:///{copy}"
    assert [unit["name"] for unit in terminal.json("unit", "list")] == ["A"]


def test_a_key_that_is_lost_is_not_replaced_in_silence(terminal: Terminal) -> None:
    hook = terminal.json(
        "subscription", "add", "webhook", "https://office.example/loa", "--confirmed"
    )["id"]
    key = terminal.folder / "loa.db.secret"
    key.unlink()
    said = terminal.refused("deliver")
    assert str(key) in said and "put it back from the backup" in said
    assert not key.exists()
    (found,) = [
        one
        for one in terminal.json("check", "--offline", code=2)["checks"]
        if one["what"] == "secret key"
    ]
    assert found["verdict"] == "bad" and found["remedy"] == f"put {key} back"

    key.write_text("0" * 64 + "\n")
    (found,) = [
        one
        for one in terminal.json("check", "--offline", code=2)["checks"]
        if one["what"] == "secret key"
    ]
    assert "1 webhook secrets were sealed with another key" in found["detail"]
    terminal.run("subscription", "rotate", hook)
    assert terminal.json("check", "--offline")["ok"] is True


def test_a_key_that_is_too_short_stops_the_start_and_is_not_shown(terminal: Terminal) -> None:
    terminal.environ["LOA_SERVICE__SECRET_KEY"] = "short"
    said = terminal.refused("unit", "list")
    assert "service.secret_key = (not shown); allowed: at least 32 random characters" in said
    assert "short" not in said


def test_a_place_that_cannot_be_written_is_wrong_usage_whatever_was_to_be_written_there(
    terminal: Terminal,
) -> None:
    terminal.run("unit", "list")
    said = terminal.refused("backup", "/nonexistent/dir/x.db")
    assert "cannot write '/nonexistent/dir/x.db': No such file or directory" in said
    assert "'/proc/x'" in terminal.refused("export", "/proc/x")


def test_what_is_no_address_is_not_erased_and_not_said_to_be(terminal: Terminal) -> None:
    assert "'bad' is no mail address" in terminal.refused("erase", "bad")
    assert terminal.json("erase", "lan@xa.example") == {"erased": 0}


def test_M8_bounce_says_why_it_may_exit_75(terminal: Terminal) -> None:
    terminal.database.unlink()
    assert "EX_TEMPFAIL" in terminal.run("bounce", "--help").stdout
    assert "loa.db" in terminal.run("bounce", stdin="a: b", code=75).stderr
    assert not terminal.database.exists()
    terminal.run("key", "rotate")  # makes database and key, which a bounce does not
    assert "has no headers" in terminal.run("bounce", stdin="rubbish", code=75).stderr


def test_a_backup_of_postgresql_says_how(terminal: Terminal) -> None:
    terminal.environ["LOA_DATABASE__URL"] = "postgresql://loa:hunter2@127.0.0.1:1/loa"
    said = terminal.refused("backup", "x.db")
    assert "pg_dump" in said
    assert "hunter2" not in said


def test_portals_are_listed_and_unknown_ones_refused(terminal: Terminal) -> None:
    (terminal.folder / "portals" / "x.toml").write_text(
        'id = "x"\nname = "X"\nbase_url = "http://127.0.0.1:1"\n[[listings]]\nurl = "/tin"\n',
        encoding="utf-8",
    )
    (portal,) = terminal.json("portal", "list")["portals"]
    assert portal["listings"][0]["url"] == "http://127.0.0.1:1/tin"
    assert "allowed: x" in terminal.refused("poll", "y")
    assert terminal.json("portal", "release", "x") == {"portals": [{"id": "x", "released": 0}]}
    checked = terminal.json("portal", "check", code=1)
    assert checked["portals"][0]["listings"][0]["posts"] == []
    assert "network: cannot fetch" in terminal.refused("portal", "check", "--json", code=1)


def test_the_ledger_can_be_stopped_and_goes_on(terminal: Terminal) -> None:
    assert terminal.json("delivery", "pause") == {"status": "paused"}
    assert terminal.json("deliver") == {
        "sent": 0,
        "failed": 0,
        "retry": 0,
        "suspended": 0,
        "skipped": 0,
    }
    assert terminal.json("delivery", "resume") == {"status": "running"}
    assert terminal.json("delivery", "list") == []
    assert "nothing was named" in terminal.refused("delivery", "replay")
    assert "30m, 2h, 7d" in terminal.refused("delivery", "list", "--since", "yesterday")


def test_what_does_not_exist_is_named(terminal: Terminal) -> None:
    for arguments in (
        ("post", "show", "x"),
        ("delivery", "show", "x"),
        ("delivery", "replay", "x"),
        ("subscription", "show", "x"),
        ("why", "x", "y"),
    ):
        assert "'x'" in terminal.refused(*arguments)


def test_a_token_is_shown_once_and_revoked(terminal: Terminal) -> None:
    terminal.run("unit", "add", "--name", "A")
    made = terminal.json("token", "create", "--name", "văn thư", "--role", "unit", "--unit", "A")
    assert made["role"] == "unit"
    assert made["token"] not in terminal.run("token", "list", "--json").output
    terminal.run("token", "revoke", made["id"])
    assert terminal.json("token", "list")[0]["revoked_at"] is not None
    assert terminal.json("token", "create", "--role", "viewer")["name"] == "viewer"
    assert terminal.json("token", "create", "--role", "unit", "--unit", "A")["name"] == "A"
    roles = {one["name"]: one["role"] for one in terminal.json("token", "list")}
    assert roles == {"viewer": "viewer", "A": "unit", "văn thư": "unit"}
    assert "--role unit --unit UNIT" in terminal.refused(
        "token", "create", "--role", "viewer", "--unit", "A"
    )
    assert "--role unit --unit UNIT" in terminal.refused(
        "token", "create", "--name", "x", "--role", "unit"
    )


def test_a_database_that_was_not_restored_has_nothing_to_release(terminal: Terminal) -> None:
    assert terminal.json("delivery", "release", "--discard") == {
        "was_restored": False,
        "discarded": 0,
    }


def test_check_says_to_start_the_newer_loa_where_the_database_is_its(terminal: Terminal) -> None:
    terminal.run("unit", "list")
    with closing(sqlite3.connect(terminal.database)) as newer:
        newer.execute("UPDATE alembic_version SET version_num = '9999'")
        newer.commit()
    checks = terminal.json("check", "--offline", code=1)["checks"]
    (found,) = [one for one in checks if one["what"] == "database"]
    assert found["remedy"].startswith("start the newer Loa")


def test_check_gives_a_remedy_that_fits_postgresql(terminal: Terminal) -> None:
    terminal.environ["LOA_DATABASE__URL"] = "postgresql://loa:hunter2@127.0.0.1:1/loa"
    result = terminal.run("check", "--offline", "--json", code=2)
    assert "hunter2" not in result.output
    found = {item["what"]: item for item in json.loads(result.stdout)["checks"]}
    assert "start PostgreSQL" in found["database"]["remedy"]
    assert "SECRET_KEY_FILE" in found["secret key"]["remedy"]


def test_what_is_not_there_is_told_with_where_it_is_listed(terminal: Terminal) -> None:
    for kind, command in (
        ("post", "show"),
        ("subscription", "show"),
        ("delivery", "show"),
        ("token", "revoke"),
    ):
        said = terminal.refused(kind, command, "x")
        assert said == f"loa: there is no {kind} 'x'; `loa {kind} list` shows those there are\n"


def test_a_place_that_is_nearly_right_is_suggested(terminal: Terminal) -> None:
    for wrong in ("quang-ninh", "Quảng Ninh"):
        assert "quang-ninh-16540" in terminal.refused(
            "unit", "add", "--name", "A", "--place", wrong
        )
