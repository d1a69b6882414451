"""`loa pull`: the client of an office that has no public address; needs no configuration, and no
database."""

from __future__ import annotations

import ipaddress
import shlex
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from service.cli.common import FAILED, config_option, echo_json, fail, json_option, warn
from service.cli.parsing import LoaCommand
from service.errors import InvalidInput, RemoteError

if TYPE_CHECKING:
    from service.office.consumers import Consumer
    from service.office.pulling import Puller


@click.command(cls=LoaCommand)
@click.option(
    "--url", required=True, metavar="URL", help="The Loa's address, as https://loa.example."
)
@click.option(
    "--token-file",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="What `loa subscription add pull --json` printed; or a token and a secret, a line each.",
)
@click.option("--post", "post_url", metavar="URL", help="Post each to a local program.")
@click.option(
    "--dir",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write each to a file of this folder, <webhook-id>.json.",
)
@click.option("--exec", "command", metavar="CMD", help="Run a command for each, its body on stdin.")
@click.option("--once", "is_once", is_flag=True, help="Take what is owed now, and end.")
@click.option(
    "--statement",
    "day",
    metavar="DAY",
    help="Compare with what was owed on a day (2026-11-29, in Vietnam), and fetch what is missing.",
)
@click.option(
    "--allow-http",
    is_flag=True,
    help="Send the token over plain http, in a closed network.",
)
@json_option
@config_option
def pull(
    url: str,
    token_file: Path,
    post_url: str | None,
    folder: Path | None,
    command: str | None,
    is_once: bool,
    day: str | None,
    allow_http: bool,
    as_json: bool,
) -> None:
    """Ask a Loa for what this office is owed, and hand it on; for an office behind a firewall.

    Each message is verified, handed on, and only then acknowledged: whatever dies in between, it
    comes again under its webhook-id. Runs until SIGTERM or Ctrl-C. With --dir, --statement knows by
    the files what is missing; with --post and --exec the whole day is handed on again, for the
    receiver knows what it has by webhook-id.

    Exit codes: 0 all was taken; 1 something was not, or the Loa could not be asked (with --once and
    --statement); 2 the token, the address or an option cannot be used.

    \b
    Examples:
      loa pull --url https://loa.example --token-file office.json --post http://127.0.0.1:8080/loa
      loa pull --url https://loa.example --token-file office.json --dir inbox --statement 2026-11-29
    """
    from service.office.credentials import read_credentials
    from service.office.office_client import OfficeClient
    from service.office.pulling import Puller

    _check_url(url, allow_http=allow_http)
    taker = _taker(post_url, folder, command)
    client = OfficeClient(url, read_credentials(token_file))
    stop = Event()
    puller = Puller(client, taker, warn, stop)
    with _ending(stop):
        if day is not None:
            _make_whole(puller, day, as_json)
            return
        with suppress(_StoppedPull):  # it waited for messages, and there was nothing to end
            puller.run(is_once=is_once)
    counts = puller.counts
    if as_json:
        echo_json(counts.as_dict())
    else:
        click.echo(", ".join(f"{n} {what}" for what, n in counts.as_dict().items()))
    if is_once and not counts.is_whole:
        raise click.exceptions.Exit(FAILED)


def _make_whole(puller: Puller, day: str, as_json: bool) -> None:
    try:
        found = puller.make_whole(day)
    except RemoteError as error:
        fail(str(error))
    except _StoppedPull:
        fail("ended before the day was whole; run it again")
    if as_json:
        counts = {"owed": found.owed, "missing": found.missing, "fetched": found.fetched}
        echo_json({"day": found.day, **counts, "gone": found.gone, "whole": found.is_whole})
    else:
        said = f"{found.day}: {found.owed} owed, {found.missing} missing, {found.fetched} fetched"
        gone = f", {len(found.gone)} that nobody has any more" if found.gone else ""
        click.echo(said + gone)
    if not found.is_whole:
        raise click.exceptions.Exit(FAILED)


def _taker(post_url: str | None, folder: Path | None, command: str | None) -> Consumer:
    from service.office.consumers import CommandConsumer, FolderConsumer, HttpConsumer

    given = [one for one in (post_url, folder, command) if one is not None]
    if len(given) != 1:
        raise InvalidInput(
            "--post, --dir, --exec", f"{len(given)} of them are given", "one of the three"
        )
    if post_url is not None:
        if urlsplit(post_url).scheme not in ("http", "https"):
            raise InvalidInput("--post", f"is no web address: {post_url!r}", "http://host/path")
        return HttpConsumer(post_url)
    if folder is not None:
        return FolderConsumer(folder)
    try:
        words = shlex.split(str(command))
    except ValueError as error:
        raise InvalidInput("--exec", f"cannot be read: {error}", "a command") from error
    if not words:
        raise InvalidInput("--exec", "is empty", "a command")
    return CommandConsumer(words)


def _check_url(url: str, *, allow_http: bool) -> None:
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError as error:
        raise InvalidInput("--url", f"is no web address: {error}", "https://host") from error
    if parts.scheme not in ("http", "https") or not host or parts.query or parts.fragment:
        raise InvalidInput("--url", f"is no address of a Loa: {url!r}", "https://host")
    if parts.scheme == "http" and not allow_http and not _is_here(host):
        raise InvalidInput(
            "--url", "would send the token over plain http", "https://host, or --allow-http"
        )


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class _StoppedPull(BaseException):
    """SIGTERM or Ctrl-C while nothing was in hand."""


@contextmanager
def _ending(stop: Event) -> Iterator[None]:
    """A signal ends after the message that is in hand; a second one at once."""

    def end(_number: int, _frame: object) -> None:
        if stop.is_set():
            raise _StoppedPull
        stop.set()
        signal.setitimer(signal.ITIMER_REAL, _HAND_ON_WITHIN_S)

    def late(_number: int, _frame: object) -> None:
        raise _StoppedPull

    before = {
        number: signal.signal(number, act)
        for number, act in ((signal.SIGTERM, end), (signal.SIGINT, end), (signal.SIGALRM, late))
    }
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, act in before.items():
            signal.signal(number, act)


_HAND_ON_WITHIN_S = 2.0
"""So long may the message in hand take when it is to end; whoever waits for the Loa waits no
longer."""
