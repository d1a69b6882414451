"""`loa bench`: the benchmarks, ours beside a baseline."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click

from service.cli.common import (
    FAILED,
    config_option,
    echo_json,
    echo_table,
    json_option,
    open_configured_loa,
    warn,
)
from service.cli.parsing import LoaCommand
from service.cli.progress import Progress

NAMES = ("fanout", "feeds", "poll", "classify", "mail", "ledger", "crash", "month", "places")


@click.command(cls=LoaCommand)
@click.argument("name", type=click.Choice(NAMES))
@click.option("--quick", "is_quick", is_flag=True, help="A smaller run, within 45 seconds.")
@click.option(
    "--minutes",
    type=click.FloatRange(min=0),
    default=0.0,
    help="How long on each database; for `crash`.",
)
@click.option(
    "--mine",
    "is_mine",
    is_flag=True,
    help="The rules on what your own people decided; for `classify`.",
)
@config_option
@json_option
def bench(name: str, is_quick: bool, minutes: float, is_mine: bool, as_json: bool) -> None:
    """Measure Loa against a baseline, on this machine.

    Exit code 0 when both sides were measured, whatever the ratio; 1 when a baseline is missing.

    \b
    Example:
      loa bench fanout --quick
    """
    if minutes and name != "crash":
        raise click.UsageError("--minutes is for `loa bench crash`")
    if is_mine and name != "classify":
        raise click.UsageError("--mine is for `loa bench classify`")
    more = {"minutes": minutes} if minutes else {}
    benchmark = import_module(f"service.bench.bench_{name}")
    with Progress(f"measuring {name}:"):
        results: list[dict[str, Any]] = (
            benchmark.run_mine(open_configured_loa())
            if is_mine
            else benchmark.run(quick=is_quick, **more)
        )
    if as_json:
        echo_json(results)
    else:
        rows = [
            (r["what"], _side(r["ours"]), _side(r["baseline"]), r["ratio"], r["budget"], r["met"])
            for r in results
        ]
        echo_table(["what", "ours", "baseline", "ratio", "budget", "met"], rows)
    missing = [str(result["what"]) for result in results if not result["baseline"]]
    if missing:
        warn(f"no baseline was measured for: {', '.join(missing)}")
        raise click.exceptions.Exit(FAILED)


def _side(measured: dict[str, Any] | None) -> str:
    return ", ".join(f"{key} {value}" for key, value in (measured or {}).items()) or "none"
