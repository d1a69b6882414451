"""`loa demo`: the whole job on this machine, with nothing configured."""

from __future__ import annotations

import shlex
import signal
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from service.cli.common import FAILED, config_option, echo_json, json_option

if TYPE_CHECKING:
    from service.demo.demonstration import Demo

LIVE_POST_AFTER_S = 5.0


@click.command(context_settings={"ignore_unknown_options": False})
@click.option(
    "--once", is_flag=True, help="One round, a report, and the end; 0 only if everything arrived."
)
@config_option
@json_option
def demo(once: bool, as_json: bool) -> None:
    """Shows the whole job: a sample portal, the real service, a webhook receiver and a mail sink.

    Without --once there are five communes: three acknowledge what is published, one does not and
    is late, one has a dead endpoint; the desk, to which a link is printed, shows it as it happens.

    Everything runs on loopback, on free ports, in a temporary directory that goes when the demo
    ends. The sample portal is built from one saved page of a real portal; no configuration is read.

    \b
    Examples:
      loa demo
      loa demo --once --json
    """
    from service.demo.communes import COMMUNES, FIRST
    from service.demo.demonstration import Demo

    communes = (FIRST,) if once else COMMUNES
    for name in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, _end)  # else what the demo started would live on
    with (
        tempfile.TemporaryDirectory(prefix="loa-demo-") as folder,
        Demo(Path(folder), communes) as running,
    ):
        if once:
            _run_once(running, as_json)
        else:
            _run_live(running)


def _end(number: int, _frame: object) -> None:
    raise SystemExit(128 + number)


def _run_once(running: Demo, as_json: bool) -> None:
    from service.demo.demo_report import report

    running.wait_for_baseline()
    title = running.publish()
    running.wait_until(
        lambda: running.has_arrived(title), f"{title!r} in the feed, by webhook and by mail"
    )
    found = report(running)
    if as_json:
        echo_json(found)
    else:
        _show(found)
    if not found["ok"]:
        raise click.exceptions.Exit(FAILED)


def _show(found: dict[str, object]) -> None:
    feeds, webhooks, mails = found["feeds"], found["webhooks"], found["mails"]
    assert isinstance(feeds, dict)
    assert isinstance(webhooks, dict)
    assert isinstance(mails, dict)
    click.echo(f"{found['posts']} posts")
    told = {
        url: verdict
        for url, verdict in feeds.items()
        if verdict != "valid" or "/feeds/places/" not in url
    }
    for url, verdict in told.items():
        click.echo(f"  {url}  {verdict}")
    click.echo(f"  and {len(feeds) - len(told)} feeds of communes  valid")
    click.echo(
        f"{webhooks['received']} webhooks received, {webhooks['verified']} with a verified "
        f"signature"
    )
    click.echo(f"{mails['received']} mails received")
    click.echo("everything arrived" if found["ok"] else "something is missing")


def _run_live(running: Demo) -> None:
    addresses = running.addresses
    click.echo("Loa is running. Open:")
    for words, url in (
        ("the page for people", addresses.site),
        ("a feed, for a feed reader", addresses.feed),
        ("the sample portal that is watched", addresses.portal),
        ("the webhooks and mails that arrive", addresses.inbox),
        ("the operator's desk; signs in, once", running.desk_link()),
        ("who has acknowledged, on the desk", addresses.board),
        ("how to write a receiver", f"{addresses.site}help/webhooks"),
    ):
        click.echo(f"  {words:36} {url}")
    click.echo("Commands in another terminal reach it after:")
    click.echo(f"  export LOA_CONFIG={shlex.quote(str(running.config))}")
    click.echo()
    click.echo("reading the sample portal …")
    running.wait_for_baseline()
    click.echo(
        f"{len(running.read_json_feed())} posts are in the feeds; nobody is alerted of what was "
        f"there before"
    )
    _pause(LIVE_POST_AFTER_S)
    _watch_communes(running, _publish(running))
    click.echo("\nPress Ctrl-C to end the demo.")
    while True:
        _pause(3600)


def _publish(running: Demo) -> str:
    from service.demo.demonstration import due_soon

    title = running.publish(due_soon())
    click.echo(f"the portal publishes:  {title}")
    started = time.monotonic()
    running.wait_until(
        lambda: running.has_arrived(title), f"{title!r} in the feed, by webhook and by mail"
    )
    click.echo(
        f"it is in the feed, and came by webhook and by mail, after "
        f"{time.monotonic() - started:.1f} s"
    )
    return title


def _watch_communes(running: Demo, title: str) -> None:
    """Three acknowledge while one looks; says of the others why they do not."""
    from service.demo.communes import CommuneBehaviour

    started = time.monotonic()
    for one in running.communes:
        if one.conduct is CommuneBehaviour.ACKNOWLEDGES:
            _pause(max(0.0, started + one.after_s - time.monotonic()))
            running.acknowledge(title, one)
            click.echo(f"  acknowledged: {one.name}, {one.clerk}")
        elif one.conduct is CommuneBehaviour.IS_LATE:
            click.echo(f"  does not:     {one.name}; late when the hour in the text has passed")
        else:
            click.echo(f"  not reached:  {one.name}; its endpoint is dead, Loa tries again")


def _pause(seconds: float) -> None:
    """Waits; Ctrl-C ends the demo in order, with exit code 0."""
    try:
        time.sleep(seconds)
    except KeyboardInterrupt as error:
        click.echo("\nended")
        raise click.exceptions.Exit(0) from error
