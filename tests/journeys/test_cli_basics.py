"""What holds for every command: help, exit codes, messages, configuration."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from service.cli import COMMANDS, main
from tests.journeys.cli import Terminal


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    return Terminal(tmp_path)


def every_command() -> list[tuple[str, ...]]:
    """Each command and sub-command, as it is typed."""
    paths: list[tuple[str, ...]] = []

    def walk(path: tuple[str, ...], command: click.Command) -> None:
        paths.append(path)
        if isinstance(command, click.Group):
            for name, child in command.commands.items():
                walk((*path, name), child)

    with click.Context(main) as context:
        for name in COMMANDS:
            command = main.get_command(context, name)
            assert command is not None
            walk((name,), command)
    return paths


def test_help_lists_every_command_without_importing_any() -> None:
    code = (
        "import sys; from service.cli import main; main(['--help'], standalone_mode=False); "
        "print(sorted(m for m in sys.modules if m.startswith('service.') or m in ('pydantic', "
        "'sqlalchemy')))"
    )
    out = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    for name in COMMANDS:
        assert f"\n  {name} " in out
    assert out.rstrip().endswith(
        "['service.cli', 'service.errors', 'service.instants', 'service.types', "
        "'service.types.attempts', 'service.types.decisions', 'service.types.documents', "
        "'service.types.portal_pages', 'service.types.post_facts', 'service.types.subscribers', "
        "'service.types.vocabulary']"
    )


def test_every_command_has_help_with_an_example_and_takes_config() -> None:
    for path in every_command():
        result = CliRunner().invoke(main, [*path, "--help"], prog_name="loa")
        assert result.exit_code == 0, path
        assert "Example" in result.output, path
        if "Commands:" not in result.output and path[0] not in ("bench", "demo", "init"):
            assert "--config FILE" in result.output, path


def test_help_imports_nothing_that_it_does_not_need() -> None:
    """What makes `--help` slow is what it imports; its time is measured in benchmarks, beside
    nothing else."""
    script = (
        "import sys\n"
        "from service.cli import main\n"
        "main(['--help'], standalone_mode=False)\n"
        "print('\\0', *sorted({name.partition('.')[0] for name in sys.modules}))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    shown, _, listed = done.stdout.partition("\0")
    assert "demo" in shown
    imported = set(listed.split())
    foreign = {
        package
        for package, owners in packages_distributions().items()
        if package in imported
        and not {owner.lower() for owner in owners} & {"loa", "pip", "setuptools"}
    }
    assert foreign <= {"click", "service"}, f"`loa --help` imports {sorted(foreign)}"


def test_an_unknown_command_names_those_there_are(terminal: Terminal) -> None:
    assert "serve, web, worker" in terminal.refused("sevre")


def test_M6_a_broken_configuration_exits_2_and_names_file_key_value_and_what_is_allowed(
    terminal: Terminal,
) -> None:
    terminal.configure('[server]\nport = "http"\n')
    said = terminal.refused("unit", "list")
    assert (
        f'{terminal.config}: server.port = "http"; allowed: a whole number, at least 0, at most '
        f"65535" in said
    )


def test_M6_a_broken_portal_file_exits_2(terminal: Terminal) -> None:
    (terminal.folder / "portals" / "x.toml").write_text("id = 3\n", encoding="utf-8")
    said = terminal.refused("poll")
    assert f"{terminal.folder}/portals/x.toml: id = 3" in said
    assert "name is missing" in said


def test_M6_a_broken_rule_exits_2(terminal: Terminal) -> None:
    (terminal.folder / "categories.toml").write_text("[[categories]]\nid = 3\n", encoding="utf-8")
    assert f"{terminal.folder}/categories.toml" in terminal.refused("post", "list")


def test_config_after_the_command_counts_more_than_before_it(
    terminal: Terminal, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.toml"
    broken.write_text("x = 1\n", encoding="utf-8")
    terminal.environ = {}
    terminal.run("--config", str(broken), "unit", "list", "--config", str(terminal.config))
    terminal.run("--config", str(broken), "unit", "list", code=2)


def test_M1_a_corrupted_database_is_one_clear_line_and_works_again_when_mended(
    terminal: Terminal,
) -> None:
    terminal.run("unit", "add", "--name", "A")
    whole = terminal.database.read_bytes()
    terminal.database.write_bytes(b"no database at all" * 100)
    for suffix in ("-wal", "-shm"):
        terminal.database.with_name(terminal.database.name + suffix).unlink(missing_ok=True)
    said = terminal.refused("unit", "list", code=1)
    assert said.count("\n") == 1
    assert "file is not a database" in said
    terminal.database.write_bytes(whole)
    assert [unit["name"] for unit in terminal.json("unit", "list")] == ["A"]


def test_M1_a_full_disk_is_one_clear_line_and_nothing_is_half_written(terminal: Terminal) -> None:
    """A limit on the size of files stands in for the disk: SQLite meets an error of the kernel in
    mid-write."""
    terminal.run("unit", "list")
    units = terminal.folder / "units.csv"
    units.write_text(
        "name\n" + "".join(f"unit {number:04d}\n" for number in range(1000)), encoding="utf-8"
    )
    command = (
        f"ulimit -f 40; exec {sys.executable} -m service --config {terminal.config} unit import "
        f"{units}"
    )
    failed = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert failed.returncode == 1
    assert "Traceback" not in failed.stderr
    assert "cannot use the database" in failed.stderr
    assert terminal.json("unit", "list") == []
    assert terminal.json("unit", "import", str(units))["added"] == 1000


def test_M1_a_folder_that_cannot_be_written_is_named(terminal: Terminal) -> None:
    terminal.environ["LOA_DATABASE__URL"] = "sqlite:////proc/loa/loa.db"
    assert "'/proc/loa/loa.db'" in terminal.refused("unit", "list", code=1)


def test_M5_a_newer_database_is_refused_with_a_message(terminal: Terminal) -> None:
    import sqlite3
    from contextlib import closing

    terminal.run("unit", "list")
    with closing(sqlite3.connect(terminal.database)) as newer:
        newer.execute("UPDATE alembic_version SET version_num = '9999'")
        newer.commit()
    said = terminal.refused("unit", "list", code=1)
    assert "version '9999'" in said
    assert "start the newer Loa, or restore a backup" in said


def test_control_characters_never_reach_a_terminal(terminal: Terminal) -> None:
    from service.cli.common import printable_cell

    assert printable_cell("a\x1b]0;x\x07b") == "a ]0;x b"
