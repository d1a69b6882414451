"""The command line as somebody meets it first: a beginning, a word for what was mistyped, a thing
named as it is called, and a quiet end."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from itertools import takewhile
from pathlib import Path

import pytest

from service import logs
from service.cli.version import revision, version_line
from service.storage.engine import HEAD
from tests.journeys.cli import Terminal


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    made = Terminal(tmp_path)
    made.configure('[email]\nsmtp_url = "smtp://127.0.0.1:9"\n')
    return made


def test_init_writes_what_is_read_says_so_and_never_overwrites(
    terminal: Terminal, tmp_path: Path
) -> None:
    folder = tmp_path / "mới"
    said = terminal.run("init", str(folder)).stdout
    assert f"portal files are read from: {folder / 'portals'}" in said
    assert f"export LOA_CONFIG={folder / 'loa.toml'}" in said
    terminal.environ["LOA_CONFIG"] = str(folder / "loa.toml")
    checks = {one["what"]: one for one in terminal.json("check", "--offline")["checks"]}
    assert str(folder / "portals") in checks["portal files"]["detail"]
    assert {one["verdict"] for one in checks.values()} <= {"ok", "warning"}
    (folder / "loa.toml").write_text("# mine\n", encoding="utf-8")
    again = terminal.run("init", str(folder)).stdout
    assert f"kept as it is: {folder / 'loa.toml'}" in again
    assert (folder / "loa.toml").read_text("utf-8") == "# mine\n"
    assert terminal.json("init", str(folder))["written"] == []


def test_init_takes_every_key_that_it_leaves_out_for_trial(
    terminal: Terminal, tmp_path: Path
) -> None:
    """What stands behind a # is what a person takes it away from."""
    terminal.run("init", str(tmp_path / "x"))
    config = tmp_path / "x" / "loa.toml"
    text = config.read_text("utf-8")
    for key in ("email =", "smtp_url =", "from =", "allow_private_networks ="):
        assert f"# {key}" in text
        text = text.replace(f"# {key}", key)
    config.write_text(text, encoding="utf-8")
    terminal.environ["LOA_CONFIG"] = str(config)
    terminal.run("check", "--offline")


def test_init_that_cannot_write_says_where(terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    assert str(tmp_path / "file") in terminal.refused("init", str(tmp_path / "file" / "x"))


def test_where_portal_files_are_read_is_said_by_list_and_by_what_is_refused(
    terminal: Terminal,
) -> None:
    folder = str(terminal.folder / "portals")
    assert folder in terminal.run("portal", "list").stderr
    for command in (("poll",), ("portal", "check"), ("coverage",)):
        assert folder in terminal.refused(*command, "nowhere")


@pytest.mark.parametrize(("typed", "meant"), [("portl", "portal"), ("subscripton", "subscription")])
def test_a_command_that_is_mistyped_is_guessed(terminal: Terminal, typed: str, meant: str) -> None:
    assert f"Did you mean '{meant}'?" in terminal.refused(typed)


def test_a_command_of_a_command_is_guessed_too(terminal: Terminal) -> None:
    assert "Did you mean 'list'?" in terminal.refused("unit", "lst")
    assert "Did you mean 'webhook'?" in terminal.refused("subscription", "add", "webhok", "x")
    assert "--frequency" in terminal.run("subscription", "add", "email", "--help").stdout


def test_a_refused_address_names_the_key_that_would_let_it_pass(terminal: Terminal) -> None:
    for url in ("http://office.example/", "https://10.0.0.7/", "https://office/"):
        said = terminal.refused("subscription", "add", "webhook", url)
        assert "webhooks.allow_private_networks" in said, url


def test_version_says_revision_and_schema(terminal: Terminal) -> None:
    line = terminal.run("--version").stdout.strip()
    assert line == version_line() and line.endswith(f"schema {HEAD}")
    assert revision().startswith("files-") or len(revision()) == 12


def test_things_are_named_by_a_beginning_an_address_or_a_name(terminal: Terminal) -> None:
    unit = terminal.json("unit", "add", "--name", "UBND xã Quảng Ninh")["id"]
    mail = ("subscription", "add", "email", "vt@xa.example", "--confirmed", "--name", "văn thư")
    added = terminal.json(*mail, "--unit", "ubnd xa quang ninh")
    key = added["id"]
    for said in (key, key[:-3], f"{key[:-3]}…", key.upper()[:-3], "vt@xa.example", "văn thư"):
        assert terminal.json("subscription", "show", said)["id"] == key, said
    assert terminal.json("subscription", "show", "UBND xã Quảng Ninh")["id"] == key
    assert terminal.json("unit", "show", unit[:-3])["id"] == unit
    assert "did you mean 'UBND xã Quảng Ninh'" in terminal.refused("unit", "show", "xã Quang Ninh")
    assert "there is no unit" in terminal.refused("unit", "show", "khác hẳn")
    terminal.run("token", "create", "--name", "màn hình")
    (token,) = terminal.json("token", "list")
    terminal.run("token", "revoke", "màn hình")
    assert terminal.json("token", "revoke", token["id"][:-2])["id"] == token["id"]


def test_what_may_mean_several_is_named_and_nothing_is_guessed(terminal: Terminal) -> None:
    for name in ("một", "hai"):
        terminal.run("subscription", "add", "email", f"{name[0]}@xa.example", "--confirmed")
    keys = [one["id"] for one in terminal.json("subscription", "list")]
    common = "".join(
        a for a, b in takewhile(lambda pair: pair[0] == pair[1], zip(*keys, strict=True))
    )
    said = terminal.refused("subscription", "remove", common)
    assert "may mean several" in said and all(key in said for key in keys)
    assert len(terminal.json("subscription", "list")) == 2
    assert "there is no subscription" in terminal.refused("subscription", "remove", keys[0][:3])


def test_completion_is_printed_as_help_says(terminal: Terminal) -> None:
    run = subprocess.run(
        [Path(sys.executable).with_name("loa")],
        env={**os.environ, "_LOA_COMPLETE": "bash_source"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "_loa_completion" in run.stdout


def test_ctrl_c_says_what_is_kept(terminal: Terminal) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        (terminal.folder / "portals" / "x.toml").write_text(
            f'id = "x"\nname = "X"\nbase_url = "{address}"\nkind = "auto"\n[[listings]]\nurl = "/"\n',
            encoding="utf-8",
        )
        process = subprocess.Popen(
            [sys.executable, "-m", "service", "poll"],
            env={**os.environ, "LOA_CONFIG": str(terminal.config)},
            stderr=subprocess.PIPE,
            text=True,
            # what a shell starts in the background ignores it, and hands that on
            preexec_fn=lambda: signal.signal(
                signal.SIGINT, signal.SIG_DFL
            ),  # nothing else runs here
        )
        silent.settimeout(30)
        held, _ = silent.accept()
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
        held.close()
    assert process.returncode == 1
    assert "stopped after 0 of 1 portals; every listing that was read to its end is kept" in said
    assert "Traceback" not in said


def test_a_clock_that_leaves_a_run_out_is_no_news(capsys: pytest.CaptureFixture[str]) -> None:
    import logging

    logs.configure(is_verbose=True)
    logging.getLogger("apscheduler.scheduler").warning("maximum number of running instances")
    logging.getLogger("service.x").warning("something else")
    said = capsys.readouterr().err
    assert "running instances" not in said and "something else" in said
