"""`loa poll`: polls now, and reports each listing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from service.cli.common import FAILED, echo_json, echo_table, json_option, not_done, pass_loa, warn
from service.cli.parsing import LoaCommand
from service.cli.progress import Progress
from service.types import Outcome

if TYPE_CHECKING:
    from service.bootstrap import Loa

COUNTS = ("new", "updated", "withdrawn", "unchanged", "held")


@click.command(cls=LoaCommand)
@click.argument("portals", metavar="[PORTAL]…", nargs=-1)
@json_option
@pass_loa
def poll(loa: Loa, portals: tuple[str, ...], as_json: bool) -> None:
    """Poll all portals now, or those that are named, whatever interval, back-off or Retry-After
    say.

    robots.txt and the delay for each host still hold. What a worker looks after (letters to the
    operator, digests, reminders) is looked after once, so that cron may stand in for it.

    \b
    Examples:
      loa poll
      loa poll quangxuong --json
    """
    from service.cli.inputs import chosen_portals
    from service.round import backfill_job, pages_job
    from service.schedule import run_once

    wanted = chosen_portals(loa, portals)
    if not loa.settings.portals:
        warn(f"there is no portal in {loa.settings.portals_dir}: loa portal probe --help")
    loa.fence.look()  # what a restored database finds again is told from what it held
    total = len(wanted or loa.settings.portals)
    with Progress("read", "portals", total, lambda: _read_now(loa)) as progress:
        report: dict[str, Any] = loa.poller.poll(
            wanted or None, is_forced=True, ended=progress.step
        ).to_json()
    undone = (*run_once([backfill_job(loa), pages_job(loa)]), *loa.go_round())
    if as_json:
        echo_json(report)
    else:
        echo_report(report)
    polled = {item["id"] for item in report["portals"]}
    for portal_id in wanted or [portal.id for portal in loa.settings.portals]:
        if portal_id not in polled:
            warn(
                f"{portal_id} is being polled by another process: loa portal list shows how that "
                f"ended"
            )
    failed = [
        listing for item in report["portals"] for listing in item["listings"] if _is_failed(listing)
    ]
    if failed:
        warn("; ".join(f"{listing['url']}: {listing['outcome']}" for listing in failed))
    if undone:
        warn(not_done(undone))
    if failed or undone:
        raise click.exceptions.Exit(FAILED)


def _read_now(loa: Loa) -> str:
    """One of the pages that are read just now."""
    return next((beat.doing for beat in loa.pulse.beats() if beat.doing), "")


def _is_failed(listing: dict[str, Any]) -> bool:
    return Outcome(listing["outcome"]).is_failure


def echo_report(report: dict[str, Any]) -> None:
    rows = [
        (
            item["id"],
            listing["url"],
            listing["outcome"],
            *(listing[count] for count in COUNTS),
            listing["error"],
        )
        for item in report["portals"]
        for listing in item["listings"]
    ]
    echo_table(["portal", "listing", "outcome", *COUNTS, "error"], rows, empty="nothing was polled")
