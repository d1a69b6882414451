"""`loa bounce`: takes a bounced mail as an MTA's pipe gives it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from service.cli.common import echo_json, json_option, pass_loa, warn
from service.errors import InvalidInput

if TYPE_CHECKING:
    from service.bootstrap import Loa

MAX_BYTES = 10 * 1024 * 1024
TRY_AGAIN = 75
"""EX_TEMPFAIL of sysexits.h: the MTA keeps a mail that no parser could read, and answers nobody."""


@click.command()
@json_option
@pass_loa
def bounce(loa: Loa, as_json: bool) -> None:
    """Take a bounced mail on stdin; suspend the address it proves to be dead.

    A forged or foreign mail changes nothing and is no error, so that no MTA answers a bounce with a bounce. One that
    cannot be read ends with exit code 75 (EX_TEMPFAIL of sysexits.h), so that the MTA keeps it and tries again.

    \b
    Example, a line of Postfix's /etc/aliases for the sender "loa":
      loa: "|/usr/bin/loa --config /etc/loa.toml bounce"
    """
    from service.alerts.bounce import read
    from service.storage.bounces import apply_bounce

    try:
        verdict = read(sys.stdin.buffer.read(MAX_BYTES), loa.secret_key)
    except InvalidInput as error:
        warn(str(error))
        raise click.exceptions.Exit(TRY_AGAIN) from error
    with loa.database.writing() as conn:
        suspended = apply_bounce(conn, verdict, loa.clock())
    if as_json:
        echo_json({"kind": verdict.kind, "message_id": verdict.message_id, "suspended": suspended})
    else:
        click.echo(f"{verdict.kind.value}: {suspended} subscriptions suspended")
