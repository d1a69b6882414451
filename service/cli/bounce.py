"""`loa bounce`: takes a bounced mail as an MTA's pipe gives it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from service.cli.common import config_option, echo_json, json_option, warn
from service.errors import LoaError

if TYPE_CHECKING:
    from service.alerts.bounce import Bounce
    from service.bootstrap import Loa

MAX_BYTES = 10 * 1024 * 1024
TRY_AGAIN = 75
"""EX_TEMPFAIL of sysexits.h: the MTA keeps a mail that could not be dealt with, and answers
nobody."""


@click.command()
@config_option
@json_option
def bounce(as_json: bool) -> None:
    """Take a bounced mail on stdin; suspend the address it proves to be dead.

    A forged or foreign mail changes nothing and is no error, so that no MTA answers a bounce with a
    bounce. Whatever keeps it from being read or recorded (no parser, no key, no database, a mistake
    in the configuration) ends with exit code 75 (EX_TEMPFAIL of sysexits.h), so that the MTA keeps
    the mail and tries again.

    \b
    Example, a transport of Postfix's master.cf, by the user that the service has:
      loa-bounce unix - n n - 1 pipe user=loa argv=/opt/loa/bin/loa --config /etc/loa/loa.toml
      bounce
    and in main.cf, for the sender loa@example.gov.vn:
      transport_maps = regexp:{{/^loa\\+b-.*@example\\.gov\\.vn$/ loa-bounce:}}
    """
    from service.cli.common import open_loa

    try:
        said = _take(open_loa())
    except LoaError as error:
        warn(str(error))
        raise click.exceptions.Exit(TRY_AGAIN) from error
    if as_json:
        echo_json(said)
    else:
        click.echo(f"{said['kind']}: {said['suspended']} subscriptions suspended")


def _take(loa: Loa) -> dict[str, object]:
    from service.services.bounces import apply_bounce

    verdict: Bounce = loa.apart.call("bounce", sys.stdin.buffer.read(MAX_BYTES), loa.secret_key)
    with loa.database.writing() as conn:
        suspended = apply_bounce(conn, verdict, loa.clock())
    return {"kind": verdict.kind.value, "message_id": verdict.message_id, "suspended": suspended}
