"""`loa subscription import`: units and subscriptions from one CSV file."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from service import logs
from service.cli.common import echo_table, json_option, pass_loa
from service.cli.parsing import LoaCommand
from service.cli.progress import Progress
from service.words import say

if TYPE_CHECKING:
    from service.bootstrap import Loa
    from service.services.import_acts import ImportedLine
    from service.services.import_table import TableRow
    from service.values import Language

MANY = 1_000
"""Lines of which it is said how long they took."""
TOLD = 200
"""Problems that are named; whoever has more of them has made one mistake many times."""


@click.command("import", cls=LoaCommand)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--dry-run", "is_dry", is_flag=True, help="Only show what would happen.")
@json_option
@pass_loa
def import_(loa: Loa, file: Path, is_dry: bool, as_json: bool) -> None:
    """Add or change units and subscriptions from a CSV file: nothing is written unless all of its
    lines can be.

    Columns: channel and target; unit, place, contacts (of the unit); name; category, portal,
    about_place, keyword, urgency, kind (filters); frequency; confirmed (yes). Several values are
    separated by spaces or semicolons, keywords by semicolons. The secrets of new webhooks are
    printed once. A long file is written some hundred lines at a time; what was ended may be run
    again, and nothing is done twice.

    \b
    Examples:
      loa subscription import subscriptions.csv --dry-run
      loa subscription import subscriptions.csv --json > secrets.json
        with a file as
          unit,place,contacts,channel,target,category,confirmed
          UBND xã Quảng Ninh,quang-ninh-16540,vt@xa.example,email,vt@xa.example,directives,yes
    """
    from service.cli.table_file import read_twice

    language, began = loa.settings.service.locale.language, time.monotonic()
    with read_twice(file) as table:
        with Progress("checked", "lines") as progress:
            n = _check(loa, table, file, progress)
        with Progress("tried" if is_dry else "written", "lines", n) as progress:
            done = _done(loa, table, file, progress, is_dry=is_dry)
            _echo(done, language, is_dry=is_dry, as_json=as_json)
    if is_dry:
        click.echo("nothing was written: this was a dry run", err=True)
    if n > MANY:
        click.echo(f"{n} lines in {time.monotonic() - began:.0f} s", err=True)


def _check(loa: Loa, table: Path, file: Path, progress: Progress) -> int:
    """How many lines there are. Ends the command where one of them cannot be done."""
    from service.services.import_acts import SeenLines, check_lines

    told, count, n, seen = list[str](), 0, 0, SeenLines()
    language = loa.settings.service.locale.language
    for rows in _portions(loa, table, file):
        problems = check_lines(loa, rows, seen)
        n += len(rows)
        count += len(problems)
        told += [one.said(language) for one in problems[: TOLD - len(told)]]
        progress.step(len(rows))
    for line in told:
        click.echo(f"loa: {file}: {line}", err=True)
    if count > len(told):
        click.echo(f"loa: {file}: and {count - len(told)} more", err=True)
    if count:
        click.echo(f"loa: {file}: nothing was written", err=True)
        raise click.exceptions.Exit(2)
    return n


def _portions(loa: Loa, table: Path, file: Path) -> Iterator[list[TableRow]]:
    """Ends the command where the file is no such table."""
    from service.cli.table_file import portions, table_rows
    from service.errors import InvalidInput
    from service.services.import_acts import COLUMNS, REQUIRED

    try:
        yield from portions(table_rows(table, COLUMNS, REQUIRED))
    except InvalidInput as error:
        said = error.said(loa.settings.service.locale.language) or str(error)
        click.echo(f"loa: {file}: {said}", err=True)
        raise click.exceptions.Exit(2) from error


def _done(
    loa: Loa, table: Path, file: Path, progress: Progress, *, is_dry: bool
) -> Iterator[list[ImportedLine]]:
    """What was done by each line, some lines at a time. Ends the command where what the database
    holds is in the way."""
    from service.services.import_acts import SeenLines, import_subscriptions

    seen, added = SeenLines(), set[str]()
    for rows in _portions(loa, table, file):
        with loa.database.writing() as conn:
            outer = conn.begin_nested()
            result = import_subscriptions(conn, loa, rows, seen)
            if is_dry or result.problems:
                outer.rollback()
        for problem in result.problems:
            said = problem.said(loa.settings.service.locale.language)
            click.echo(f"loa: {file}: {said}", err=True)
        if result.problems:
            click.echo(
                f"loa: {file}: {progress.counted} were written; run it again to go on", err=True
            )
            raise click.exceptions.Exit(2)
        progress.step(len(result.lines))
        yield [_told_once(one, added) for one in result.lines] if is_dry else result.lines


def _told_once(one: ImportedLine, added: set[str]) -> ImportedLine:
    """Of an office that is rolled back with the line that adds it, and so is added by a later one
    again, it is said once."""
    new = [act for act in one.acts if act.startswith("import.unit_added")]
    acts = tuple(act for act in one.acts if act not in added)
    added.update(new)
    return replace(one, acts=acts)


def _echo(
    done: Iterator[list[ImportedLine]], language: Language, *, is_dry: bool, as_json: bool
) -> None:
    """As it is done, for it may be longer than memory. Ids and secrets of a dry run are rolled back
    with it: they are not shown."""
    if as_json:
        _echo_lines_json(done, language, is_dry=is_dry)
        return
    columns, is_first = ["line", "would be done" if is_dry else "done", "secret"], True
    for lines in done:
        rows = [
            (one.line, "; ".join(say(act, language) for act in one.acts),
             None if is_dry else one.secret)
            for one in lines
        ]  # fmt: skip
        echo_table(columns, rows, is_headed=is_first)
        is_first = False
    if is_first:
        echo_table(columns, [])


def _echo_lines_json(
    done: Iterator[list[ImportedLine]], language: Language, *, is_dry: bool
) -> None:
    """One document, whose lines are written as they come."""
    out, is_first = sys.stdout.buffer, True
    out.write(f'{{"is_dry_run": {json.dumps(is_dry)}, "lines": ['.encode())
    for one in (one for lines in done for one in lines):
        shown = {
            "line": one.line,
            "done": [say(act, language) for act in one.acts],
            "id": None if is_dry else one.subscription_id,
            "target": one.target,
            "secret": None if is_dry else one.secret,
        }
        text = logs.escaped(json.dumps(shown, ensure_ascii=False))
        out.write(b"\n" if is_first else b",\n")
        out.write(text.encode("utf-8", "surrogatepass"))
        is_first = False
    out.write(b"]}\n")
    out.flush()
