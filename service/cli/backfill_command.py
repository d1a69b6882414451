"""`loa portal backfill`: closes gaps, and says which days remain uncovered."""

from __future__ import annotations

import sys
from datetime import date, datetime
from typing import TYPE_CHECKING

import click

from service.cli.common import (
    FAILED,
    as_plain,
    echo_json,
    echo_table,
    json_option,
    local,
    pass_loa,
    warn,
)
from service.cli.parsing import LoaCommand
from service.words import say, say_fields

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.bootstrap import Loa
    from service.poll.backfill_run import BackfillReport
    from service.services.backfill_acts import Progress


@click.command(cls=LoaCommand)
@click.argument("portal")
@click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%d"]),
    required=True,
    metavar="DAY",
    help="The first day, as 2026-11-20.",
)
@json_option
@pass_loa
def backfill(loa: Loa, portal: str, since: datetime, as_json: bool) -> None:
    """Look for all that PORTAL published since DAY, and say which days remain uncovered.

    Walks back through the pages of each listing, then through the sitemap where these do not
    suffice; robots.txt and the delay for each host hold. What was missed within a gap is told as
    late, but not what is older than polling.max_alert_age_days; all else fills feeds only. May be
    interrupted and run again.

    \b
    Example:
      loa portal backfill quangxuong --since 2026-11-20
    """
    from service.cli.inputs import chosen_portals
    from service.services.backfill_acts import run_now
    from service.services.context import OPERATOR

    (portal_id,) = chosen_portals(loa, (portal,))
    loa.fence.look()  # what a restored database finds again is told from what it held
    report = run_now(
        loa.database, loa, portal_id, since.date(), OPERATOR, loa.poller.backfill, _progress(loa)
    )
    if as_json:
        shown = say_fields(as_plain(report.facts()), "en")
        shown["sitemap"]["errors"] = [say(error, "en") for error in shown["sitemap"]["errors"]]
        echo_json(shown)
    else:
        _echo(loa, report)
    for error in report.errors:
        warn(say(error, "en"))
    for url, days in report.covered.items():
        if days and not as_json:
            click.echo(f"{url}: covered: {ranges(days)}")
    for url, days in report.uncovered.items():
        if days:
            warn(f"{url}: not covered: {ranges(days)}")
    if report.is_interrupted:
        warn("interrupted; run it again to go on")
    if report.errors or not report.is_whole:
        raise click.exceptions.Exit(FAILED)


def _progress(loa: Loa) -> Progress:
    def tell(url: str, read: int, reached_at: datetime | None) -> None:
        if sys.stderr.isatty():
            so_far = local(reached_at, loa.settings.service.locale) if reached_at else ""
            click.echo(f"{url}: {read} read {so_far}".rstrip(), err=True)

    return tell


def _echo(loa: Loa, report: BackfillReport) -> None:
    locale = loa.settings.service.locale
    rows = [
        (one.url, one.pages, one.found, one.alerted, local(one.reached_at, locale))
        for one in report.walked
    ]
    if report.searched is not None and report.searched.url is not None:
        by_map = report.searched
        rows.append((by_map.url or "", by_map.read, by_map.found, by_map.alerted, ""))
    echo_table(["listing or sitemap", "read", "found", "alerted", "back to"], rows)
    if report.is_whole:
        click.echo(f"every day since {report.since} is covered")


def ranges(days: Sequence[date]) -> str:
    """Days in order, those that follow each other as one range.

    >>> ranges([date(2026, 11, 1), date(2026, 11, 2), date(2026, 11, 5)])
    '2026-11-01 to 2026-11-02, 2026-11-05'
    """
    from service.services.backfill_acts import day_ranges

    return ", ".join(str(a) if a == b else f"{a} to {b}" for a, b in day_ranges(days))
