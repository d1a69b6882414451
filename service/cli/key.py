"""`loa key`: the key that signs links and seals secrets."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import click

from service.cli.common import echo_json, json_option, local, pass_loa, warn
from service.cli.parsing import LoaGroup

if TYPE_CHECKING:
    from service.bootstrap import Loa
    from service.services.key_acts import Rotation

KEEP_DAYS = 30
"""Most directives are acknowledged within their first month."""


@click.group(cls=LoaGroup)
def key() -> None:
    """The key that signs links and sessions, and seals the secrets of webhooks.

    \b
    Example:
      loa key rotate --keep-days 30
    """


@key.command()
@click.option(
    "--keep-days",
    type=click.IntRange(0, 3650),
    default=KEEP_DAYS,
    show_default=True,
    help="How long links of the old key still open; 0: from now on they do not.",
)
@json_option
@pass_loa
def rotate(loa: Loa, keep_days: int, as_json: bool) -> None:
    """Replace a key that leaked: new links and seals are made with a new one.

    On SQLite the key file is written anew, and what runs takes the new key without a restart. A key
    that is configured is yours to change first, on every machine: /help/machine#keys says in
    which order. If it is cut short, run it again: it finishes, and makes no further key.

    \b
    Example:
      loa key rotate
    """
    from service.services import key_acts as keys

    done = keys.rotate(loa.database, loa, timedelta(days=keep_days))
    resealed = done.resealed
    if as_json:
        said = {"is_new": done.until is not None, "old_until": done.until}
        echo_json({**said, "resealed": resealed.done, "unopened": resealed.unopened})
    else:
        _say(loa, done)
    if resealed.unopened:
        warn(
            f"{resealed.unopened} secrets open with no key that is known: `loa subscription "
            f"rotate ID` for each"
        )
        raise click.exceptions.Exit(1)


def _say(loa: Loa, done: Rotation) -> None:
    if done.until is not None:
        until = local(done.until, loa.settings.service.locale)
        click.echo(
            f"a new key makes links and seals from now on; the old one opens its links until "
            f"{until}"
        )
        click.echo("back up the key file; nothing needs a restart")
    elif not loa.settings.service.secret_key:
        click.echo("finished a rotation that was cut short; to make another key, run this again")
    else:
        click.echo("restart what still runs with the old configuration")
    click.echo(f"sealed anew: {done.resealed.done}")
