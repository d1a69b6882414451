"""`loa backup`: a consistent copy of the database while everything goes on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from service.cli.common import echo_json, json_option, pass_loa

if TYPE_CHECKING:
    from service.bootstrap import Loa


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@json_option
@pass_loa
def backup(loa: Loa, file: Path, as_json: bool) -> None:
    """Write a consistent copy of the database to FILE, while Loa is running.

    The secret key is copied beside it, to FILE.secret: without it links in sent mails and webhook
    secrets are lost. On PostgreSQL use pg_dump.

    \b
    Example:
      loa backup /backup/loa-$(date +%F).db
    """
    from service.storage.backup import copy_database

    copied = copy_database(loa.settings.database.url, file.absolute())
    secret = _copy_secret(loa, file)
    if as_json:
        echo_json(
            {
                "file": str(file.absolute()),
                "bytes": copied,
                "secret_file": str(secret) if secret else None,
            }
        )
        return
    click.echo(f"wrote {file.absolute()} ({copied / 1e6:.1f} MB)")
    if secret:
        click.echo(f"wrote {secret}; keep it as safe as the database, both are needed to restore")


def _copy_secret(loa: Loa, file: Path) -> Path | None:
    """None where the key is configured: then it is the operator's to keep."""
    if loa.settings.service.secret_key:
        return None
    from service.settings.secret import FILE_SUFFIX, write_key

    copy = file.absolute().with_name(file.name + FILE_SUFFIX)
    write_key(copy, loa.secret_key)
    return copy
