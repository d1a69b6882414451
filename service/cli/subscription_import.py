"""`loa subscription import`: units and subscriptions from one CSV file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from service.cli.common import echo_json, echo_table, json_option, pass_loa
from service.words import say

if TYPE_CHECKING:
    from service.bootstrap import Loa
    from service.services.import_acts import ImportResult
    from service.values import Language


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--dry-run", "is_dry", is_flag=True, help="Only show what would happen.")
@json_option
@pass_loa
def import_(loa: Loa, file: Path, is_dry: bool, as_json: bool) -> None:
    """Add or change units and subscriptions from a CSV file: all of its lines, or none.

    Columns: channel and target; unit, place, contacts (of the unit); name; category, portal,
    about_place, keyword, urgency, kind (filters); frequency; confirmed (yes). Several values are
    separated by spaces or semicolons, keywords by semicolons. The secrets of new webhooks are
    printed once.

    \b
    Examples:
      loa subscription import subscriptions.csv --dry-run
      loa subscription import subscriptions.csv --json > secrets.json
        with a file as
          unit,place,contacts,channel,target,category,confirmed
          UBND xã Quảng Ninh,quang-ninh-16540,vt@xa.example,email,vt@xa.example,directives,yes
    """
    from service.errors import InvalidInput
    from service.services.import_acts import COLUMNS, REQUIRED, import_subscriptions
    from service.services.import_table import read_table

    language = loa.settings.service.locale.language
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput("FILE", f"cannot read {str(file)!r}: {error}", "UTF-8") from error
    try:
        rows = read_table(text, COLUMNS, REQUIRED)
    except InvalidInput as error:
        click.echo(f"loa: {file}: {error.said(language)}", err=True)
        raise click.exceptions.Exit(2) from error
    with loa.database.writing() as conn:
        outer = conn.begin_nested()
        result = import_subscriptions(conn, loa, rows)
        if is_dry or result.problems:
            outer.rollback()
    if result.problems:
        for problem in result.problems:
            click.echo(f"loa: {file}: {problem.said(language)}", err=True)
        click.echo(f"loa: {file}: nothing was written", err=True)
        raise click.exceptions.Exit(2)
    _echo(result, language, is_dry, as_json)


def _echo(result: ImportResult, language: Language, is_dry: bool, as_json: bool) -> None:
    """Ids and secrets of a dry run are rolled back with it: they are not shown."""
    done = [(one, [say(act, language) for act in one.acts]) for one in result.lines]
    if as_json:
        lines = [
            {
                "line": one.line,
                "done": words,
                "id": None if is_dry else one.subscription_id,
                "target": one.target,
                "secret": None if is_dry else one.secret,
            }
            for one, words in done
        ]
        echo_json({"is_dry_run": is_dry, "lines": lines})
        return
    rows = [(one.line, "; ".join(words), None if is_dry else one.secret) for one, words in done]
    echo_table(["line", "would be done" if is_dry else "done", "secret"], rows)
    if is_dry:
        click.echo("nothing was written: this was a dry run", err=True)
