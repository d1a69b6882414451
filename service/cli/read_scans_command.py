"""`loa post read-scans`: reads scanned files that are kept, and says what became of each."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import click

from service.cli.common import echo_json, echo_table, json_option, pass_loa, warn
from service.cli.parsing import LoaCommand
from service.cli.progress import Progress

if TYPE_CHECKING:
    from service.bootstrap import Loa


@click.command("read-scans", cls=LoaCommand)
@click.argument("posts", metavar="[POST…]", nargs=-1)
@click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DAY",
    help="Of posts published since then, as 2026-11-20.",
)
@json_option
@pass_loa
def read_scans(loa: Loa, posts: tuple[str, ...], since: datetime | None, as_json: bool) -> None:
    """Read the scanned files of posts, and draw the first pages of their PDFs: of all posts, or of
    those named. What was read with this program and model is left alone, unless its post is named.

    A running worker reads what is new by itself; this is for the files of before. About 6 seconds
    a file. May be interrupted and run again. Of what is found in posts that are older than
    polling.max_alert_age_days nobody is alerted.

    \b
    Examples:
      loa post read-scans --since 2026-11-01
      loa post read-scans 5b4c…
    """
    from service.errors import ConfigurationError
    from service.services.scan_acts import ask_for_scans
    from service.storage.pages import count_waiting_scans
    from service.words import say

    reader = loa.first_pages.reader_name()
    if reader is None:
        raise ConfigurationError(
            "scanned files cannot be read: `loa check --offline` says why, and what to do"
        )
    from_at = since.replace(tzinfo=loa.settings.service.locale.zone) if since else None
    asked = ask_for_scans(loa.database, loa.clock(), reader, since=from_at, post_ids=posts)
    done = []
    with Progress("read", "files") as progress:
        while (one := loa.first_pages.next(reader)) is not None:
            done.append(one)
            progress.step()
    with loa.database.reading() as conn:
        waiting = count_waiting_scans(conn)
    if as_json:
        rows = [
            {"sha256": one.sha256, "error": say(one.error, "en") or None, "told": one.told}
            for one in done
        ]
        echo_json({"asked": asked, "files": rows, "waiting": waiting})
    else:
        echo_table(
            ["file", "posts told of again", "why nothing was read"],
            [
                (one.sha256[:16], "-" if one.told is None else one.told, say(one.error, "en"))
                for one in done
            ],
            empty="no scanned file is to be read",
        )
    if waiting:
        warn(f"{waiting} scanned files are in the hands of a running worker")
