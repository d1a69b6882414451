"""`loa deliver`: a worker's round, and everything sent that is due now, each once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from service.cli.common import FAILED, echo_json, json_option, not_done, pass_loa, warn
from service.cli.parsing import LoaCommand
from service.cli.progress import Progress

if TYPE_CHECKING:
    from service.bootstrap import Loa


@click.command(cls=LoaCommand)
@json_option
@pass_loa
def deliver(loa: Loa, as_json: bool) -> None:
    """Send everything that is due now, each once, and count the messages.

    What becomes due meanwhile is left for the next time. Before, what a worker looks after (letters
    to the operator, digests, reminders) is looked after once, so that cron may stand in for it.

    Nothing is sent while the stop switch is off (`loa delivery pause`) or a restored database waits
    for
    `loa delivery release`; either is said on stderr, the second with exit code 1.

    \b
    Example:
      loa deliver --json
    """
    from service.storage.deliveries import why_stopped
    from service.storage.queue import FENCED_WORDS

    is_open = loa.fence.look()
    loa.ready_to_send()
    undone = loa.go_round()
    with Progress("sending what is due:"):
        counts: dict[str, int] = loa.deliverer.deliver_due().as_dict()
    loa.fence.move_on()
    if as_json:
        echo_json(counts)
    else:
        click.echo(", ".join(f"{count} {what}" for what, count in counts.items()))
    if not is_open:
        warn(FENCED_WORDS)
        raise click.exceptions.Exit(FAILED)
    with loa.database.reading() as conn:
        stopped = why_stopped(conn)
    if stopped:
        warn(stopped)
    if counts["failed"] or counts["retry"]:
        warn(_unsent(counts))
    if undone:
        warn(not_done(undone))
    if counts["failed"] or counts["retry"] or undone:
        raise click.exceptions.Exit(FAILED)


def _unsent(counts: dict[str, int]) -> str:
    """What was not sent, and which states of `loa delivery list` show it."""
    said = []
    if counts["failed"]:
        said.append(f"{counts['failed']} failed: loa delivery list --state failed")
    if counts["retry"]:
        said.append(f"{counts['retry']} are tried again later: loa delivery list --state due")
    return "; ".join(said)
