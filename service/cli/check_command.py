"""`loa check`: is everything in order, and if not, what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from service.cli.common import (
    FAILED,
    MISUSED,
    as_plain,
    config_option,
    echo_json,
    echo_table,
    json_option,
    open_configured_loa,
)
from service.cli.parsing import LoaCommand
from service.cli.progress import Progress

if TYPE_CHECKING:
    from service.cli.finding import Finding

MARKS = {"ok": "ok", "warning": "!", "bad": "BAD"}


@click.command(cls=LoaCommand)
@click.option(
    "--offline", "is_offline", is_flag=True, help="Ask no portal, no relay, not the public address."
)
@json_option
@config_option
def check(is_offline: bool, as_json: bool) -> None:
    """Check configuration, database, mail relay, portals and public address, each with a verdict
    and the remedy.

    Exit code 0 when nothing is bad, 1 when something is, 2 when the configuration cannot be used.

    \b
    Examples:
      loa check
      loa check --offline --json
    """
    from service.cli.checks import CONFIGURED, find_all

    loa = open_configured_loa().looking_only()
    click.get_current_context().call_on_close(loa.close)
    with Progress("checking:"):
        findings = find_all(loa, is_offline=is_offline)
    bad = [finding.what for finding in findings if finding.verdict == "bad"]
    if as_json:
        echo_json({"checks": as_plain(findings), "ok": not bad})
    else:
        _echo(findings)
    if bad:
        raise click.exceptions.Exit(MISUSED if set(bad) & set(CONFIGURED) else FAILED)


def _echo(findings: list[Finding]) -> None:
    rows = [(MARKS[item.verdict], item.what, item.detail, item.remedy) for item in findings]
    echo_table(["", "what", "found", "remedy"], rows)
