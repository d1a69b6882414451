"""`loa export DIR`: every feed and page as files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from service.cli.common import echo_json, json_option, pass_loa, warn
from service.cli.parsing import LoaCommand
from service.cli.progress import Progress

if TYPE_CHECKING:
    from service.bootstrap import Loa


@click.command(cls=LoaCommand)
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@json_option
@pass_loa
def export(loa: Loa, folder: Path, as_json: bool) -> None:
    """Write every feed and page as files, each with a gzip variant, for a static server or CDN.

    Files are replaced whole; what an earlier export wrote and is no more is removed.

    \b
    Example:
      loa export /srv/www/loa
    """
    from service.export import export_to

    with Progress("written", "files") as progress:
        done = export_to(loa, folder, progress.step)
    if as_json:
        echo_json(done)
    else:
        click.echo(
            f"{done.files} files in {folder}, {done.written} new or changed, {done.removed} removed"
        )
    for name, problem in done.problems.items():
        warn(f"cannot export {name!r}: it {problem}; the last good one stays")
    if done.problems:
        raise click.exceptions.Exit(1)
