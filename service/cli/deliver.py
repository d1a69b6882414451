"""`loa deliver`: sends everything that is due now, once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from service.cli.common import FAILED, echo_json, json_option, pass_loa, warn

if TYPE_CHECKING:
    from service.bootstrap import Loa


@click.command()
@json_option
@pass_loa
def deliver(loa: Loa, as_json: bool) -> None:
    """Send everything that is due now, once, and count the messages.

    \b
    Example:
      loa deliver --json
    """
    from service.storage.fence import WORDS

    is_open = loa.fence.check()
    counts: dict[str, int] = loa.deliverer.deliver_due().as_dict()
    loa.fence.move_on()
    if as_json:
        echo_json(counts)
    else:
        click.echo(", ".join(f"{count} {what}" for what, count in counts.items()))
    if not is_open:
        warn(WORDS)
        raise click.exceptions.Exit(FAILED)
    if counts["failed"] or counts["retry"]:
        warn(f"{counts['failed']} failed, {counts['retry']} are tried again later: loa delivery list --state due")
        raise click.exceptions.Exit(FAILED)
