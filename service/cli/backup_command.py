"""`loa backup`: a consistent copy of the database and of the kept files while everything goes
on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from service.cli.common import echo_json, json_option, pass_loa
from service.cli.parsing import LoaCommand
from service.cli.progress import Progress

if TYPE_CHECKING:
    from service.bootstrap import Loa


@click.command(cls=LoaCommand)
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--files",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder for the files of posts; one that is there gets what it lacks. Default: "
    "FILE.files",
)
@json_option
@pass_loa
def backup(loa: Loa, file: Path, folder: Path | None, as_json: bool) -> None:
    """Write a consistent copy of the database to FILE, and of the kept files to FILE.files, while
    Loa is running.

    The secret key is copied beside it, to FILE.secret: without it links in sent mails and webhook
    secrets are lost. On one disk the files are named again, not copied; on another one give all
    backups the same folder with --files, and each adds what is new. On PostgreSQL use pg_dump, and
    copy archive.folder.

    \b
    Examples:
      loa backup /backup/loa-$(date +%F).db
      loa backup /backup/loa-$(date +%F).db --files /backup/files
    """
    from service.settings.secret import FILES_SUFFIX
    from service.storage.backup import copy_database, copy_files

    into = (folder or file.with_name(file.name + FILES_SUFFIX)).absolute()
    with Progress("copying:"):
        copied = copy_database(loa.settings.database.url, file.absolute())
        secret = _copy_secret(loa, file)
        files = copy_files(loa.archive.folder, into)
    waiting = loa.archive.facts().waiting
    if as_json:
        made = {
            "file": str(file.absolute()),
            "bytes": copied,
            "secret_file": str(secret) if secret else None,
            "files_folder": str(into),
            "files_new": files.files,
            "files_kept": files.kept,
            "files_in_database": waiting,
        }
        echo_json(made)
        return
    click.echo(f"wrote {file.absolute()} ({copied / 1e6:.1f} MB)")
    click.echo(
        f"wrote {files.files} files to {into} ({files.bytes / 1e6:.1f} MB); {files.kept} were there"
    )
    if waiting:
        click.echo(f"{waiting} files are in the database still, and in its copy")
    if secret:
        click.echo(f"wrote {secret}; keep it as safe as the database, both are needed to restore")


def _copy_secret(loa: Loa, file: Path) -> Path | None:
    """None where the key is configured: then it is the operator's to keep."""
    if loa.settings.service.secret_key:
        return None
    from service.settings.secret import FILE_SUFFIX, key_text, write_key

    loa.keyring()  # makes it where there is none yet
    copy = file.absolute().with_name(file.name + FILE_SUFFIX)
    write_key(copy, key_text(loa.settings))
    return copy
