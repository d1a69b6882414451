"""`loa bounce`: takes a bounced mail as an MTA's pipe gives it."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING

import click

from service.cli.common import config_option, echo_json, json_option, warn
from service.cli.parsing import LoaCommand
from service.errors import LoaError

if TYPE_CHECKING:
    from service.alerts.bounce import Bounce
    from service.bootstrap import Loa

MAX_BYTES = 10 * 1024 * 1024
TRY_AGAIN = 75
"""EX_TEMPFAIL of sysexits.h: the MTA keeps a mail that could not be dealt with, and answers
nobody."""

_log = logging.getLogger(__name__)


@click.command(cls=LoaCommand)
@config_option
@json_option
def bounce(as_json: bool) -> None:
    """Take a bounced mail on stdin; suspend the address it proves to be dead.

    A forged or foreign mail changes nothing and is no error, so that no MTA answers a bounce with a
    bounce. Whatever keeps it from being read or recorded (no parser, no key, no database, one of
    another version, a mistake in the configuration, a bug) ends with exit code 75 (EX_TEMPFAIL of
    sysexits.h), so that the MTA keeps the mail and tries again. Makes neither database nor key, and
    migrates nothing.

    \b
    Example (config/deploy/postfix has the transport for Postfix that does this):
      loa --config /etc/loa/loa.toml bounce < returned.eml
    """
    try:
        said = _take()
        if as_json:
            echo_json(said)
        else:
            click.echo(f"{said['kind']}: {said['suspended']} subscriptions suspended")
    except LoaError as error:
        warn(str(error))
        raise click.exceptions.Exit(TRY_AGAIN) from error
    except Exception as error:  # a bug: logged whole, and the mail is not lost by it
        _log.exception("cannot take this mail")
        raise click.exceptions.Exit(TRY_AGAIN) from error


def _take() -> dict[str, object]:
    from service.cli.common import open_configured_loa
    from service.services.bounce_acts import apply_bounce
    from service.settings.secret import is_key_missing, missing_key
    from service.storage.engine import require_version

    given = open_configured_loa()
    loa: Loa = given.looking_only()
    click.get_current_context().call_on_close(loa.close)
    with loa.database.reading() as conn:
        require_version(conn, loa.settings.database.url)
    if is_key_missing(loa.settings):
        raise missing_key(loa.settings)
    verdict: Bounce = loa.apart.call(
        "bounce", sys.stdin.buffer.read(MAX_BYTES), *loa.keyring().opening
    )
    with loa.database.writing() as conn:
        suspended = apply_bounce(conn, verdict, loa.clock())
    return {"kind": verdict.kind.value, "message_id": verdict.message_id, "suspended": suspended}
