"""`loa webhook`: for who writes a receiver. Needs no configuration, and no database."""

from __future__ import annotations

import json
import time
from threading import Thread
from typing import TYPE_CHECKING

import click

from service.alerts.examples import EXAMPLE_TYPES
from service.cli.common import config_option, echo_json, fail, json_option, printable_cell
from service.cli.parsing import LoaGroup
from service.errors import InvalidInput

if TYPE_CHECKING:
    from service.office.listener import ReceivedMessage

TYPE = click.argument("type_", metavar="TYPE", type=click.Choice(EXAMPLE_TYPES))


@click.group(cls=LoaGroup)
def webhook() -> None:
    """For who writes a receiver: a recorded message of each type, its schema, a receiver to try.

    \b
    Example:
      loa webhook example post.published --sign whsec_…
    """


@webhook.command()
@TYPE
@click.option("--sign", "secret", required=True, metavar="SECRET", help="The receiver's whsec_….")
@click.option("--post", "url", metavar="URL", help="Send it there, and show the answer's status.")
@click.option("--cloudevents", "is_cloudevents", is_flag=True, help="With those headers too.")
@json_option
@config_option
def example(type_: str, secret: str, url: str | None, is_cloudevents: bool, as_json: bool) -> None:
    """Show a recorded message with headers and body, signed with SECRET for now.

    Types: post.published, post.updated, post.withdrawn, subscription.confirm, subscription.test.

    \b
    Example:
      loa webhook example post.published --sign whsec_eA== --post http://127.0.0.1:8080/loa
    """
    from service.alerts.cloudevents import cloudevents_headers
    from service.alerts.examples import example_message
    from service.alerts.signing import sign

    _check_secret("--sign", secret)
    message, timestamp = example_message(type_), int(time.time())
    headers = {
        "content-type": "application/json",
        "webhook-id": message.id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": sign(secret, message.id, timestamp, message.body),
    }
    if is_cloudevents:
        headers |= cloudevents_headers(message.id, "https://loa.example", message.body)
    if url is not None:
        _post(url, headers, message.body, as_json)
    elif as_json:
        echo_json({"headers": headers, "body": message.body.decode()})
    else:
        for name, value in headers.items():
            click.echo(f"{name}: {value}")
        click.echo(f"\n{message.body.decode()}")


def _post(url: str, headers: dict[str, str], body: bytes, as_json: bool) -> None:
    import requests

    try:
        answer = requests.post(url, data=body, headers=headers, timeout=15, allow_redirects=False)
    except requests.RequestException as error:
        fail(f"cannot post to {url}: {error}")
    if as_json:
        echo_json({"headers": headers, "body": body.decode(), "status": answer.status_code})
    else:
        click.echo(
            f"{url} answered {answer.status_code}: {printable_cell(answer.text[:200])}".rstrip(": ")
        )
    if not 200 <= answer.status_code < 300:
        fail("a receiver that takes a message answers 2xx")


@webhook.command()
@TYPE
@config_option
def schema(type_: str) -> None:
    """Print the JSON Schema of a type, for whoever checks or generates code.

    \b
    Example:
      loa webhook schema post.published > post.published.json
    """
    from service.web.api.webhook_shapes import webhook_schema

    click.echo(json.dumps(webhook_schema(type_), indent=2))


@webhook.command()
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True)
@click.option("--secret", "secrets", multiple=True, metavar="SECRET", help="whsec_…. Repeatable.")
@click.option(
    "--public-key", "public_keys", multiple=True, metavar="KEY", help="whpk_…. Repeatable."
)
@click.option(
    "--status", type=click.IntRange(200, 599), default=204, show_default=True,
    help="How good messages are answered, to see what a failing receiver is sent.",
)  # fmt: skip
@click.option("--count", type=click.IntRange(1), help="End after so many; else on Ctrl-C.")
@json_option
@config_option
def listen(
    port: int,
    secrets: tuple[str, ...],
    public_keys: tuple[str, ...],
    status: int,
    count: int | None,
    as_json: bool,
) -> None:
    """Receive webhooks on 127.0.0.1: verify them, answer the handshake, show what came.

    \b
    Example:
      loa webhook listen --port 8080 --secret whsec_…
    """
    from service.alerts.verifying import Verifier
    from service.office.listener import Listener

    for secret in secrets:
        _check_secret("--secret", secret)
    if not secrets and not public_keys:
        raise InvalidInput("--secret", "is not given", "--secret or --public-key")
    seen: list[ReceivedMessage] = []

    def tell(received: ReceivedMessage) -> None:
        _show(received, as_json)
        seen.append(received)
        if count is not None and len(seen) == count:
            Thread(target=listener.stop).start()

    try:
        listener = Listener(port, Verifier(secrets, public_keys), tell, status)
    except OSError as error:
        raise InvalidInput("--port", f"cannot be used: {error.strerror}", "another port") from error
    click.echo(f"listening at {listener.url}; Ctrl-C ends", err=True)
    try:
        listener.serve()
    except KeyboardInterrupt:
        click.echo(f"{len(seen)} came", err=True)


def _show(received: ReceivedMessage, as_json: bool) -> None:
    verdict = received.fault or "verified"
    if as_json:
        line = {"webhook-id": received.id, "type": received.type, "verified": not received.fault}
        more = {"fault": received.fault, "status": received.status, "body": received.said}
        click.echo(json.dumps({**line, **more}, ensure_ascii=False))
        return
    data = (received.said or {}).get("data")
    title = data.get("title", "") if isinstance(data, dict) else ""
    what = f"{received.type or '?'} {received.id or '?'}"
    click.echo(f"{printable_cell(what)}: {verdict}, answered {received.status}")
    if title:
        click.echo(f"  {printable_cell(title)}")


def _check_secret(option: str, secret: str) -> None:
    from service.alerts.signing import PREFIX, signing_bytes

    try:
        is_usable = secret.startswith(PREFIX) and bool(signing_bytes(secret))
    except ValueError:
        is_usable = False
    if not is_usable:
        raise InvalidInput(option, "is no secret", f"{PREFIX} and base64, as Loa printed it")
