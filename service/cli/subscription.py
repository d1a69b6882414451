"""`loa subscription`: who wants which posts, and over which channel."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from service.alerts.own_headers import MASK
from service.channels import CHANNELS
from service.cli.common import (
    echo_facts,
    echo_json,
    json_instant,
    json_option,
    local,
    pass_loa,
    warn,
)
from service.cli.named import named
from service.cli.parsing import LoaGroup
from service.cli.subscription_add import add, edit
from service.cli.subscription_import import import_
from service.cli.subscription_shown import (
    echo_subscriptions,
    filters_text,
    shown_target,
    subscription_json,
)
from service.types import Channel, SubscriptionStatus
from service.words import say

if TYPE_CHECKING:
    from service.bootstrap import Loa


@click.group(cls=LoaGroup)
def subscription() -> None:
    """Who wants which posts, and over which channel.

    \b
    Example:
      loa subscription add webhook https://office.example/loa --unit "UBND xã Quảng Ninh" --category
      directives
    """


subscription.add_command(add)
subscription.add_command(edit)
subscription.add_command(import_)


@subscription.command("list")
@click.option("--unit", "unit_name", metavar="UNIT", help="Only those of an office, by id or name.")
@click.option("--channel", type=click.Choice(list(CHANNELS)), help="Only this channel.")
@click.option(
    "--status",
    type=click.Choice([status.value for status in SubscriptionStatus]),
    help="Only this status.",
)
@json_option
@pass_loa
@named(unit_name="unit")
def list_(
    loa: Loa, unit_name: str | None, channel: str | None, status: str | None, as_json: bool
) -> None:
    """List subscriptions; those that were removed only with --status removed.

    \b
    Example:
      loa subscription list --status disabled
    """
    from service.storage.subscriptions import list_subscriptions
    from service.storage.units import get_unit

    with loa.database.reading() as conn:
        found = list_subscriptions(
            conn,
            unit_id=get_unit(conn, unit_name).id if unit_name else None,
            channel=Channel(channel) if channel else None,
            status=SubscriptionStatus(status) if status else None,
        )
    if as_json:
        echo_json([subscription_json(item) for item in found])
    else:
        echo_subscriptions(found)


@subscription.command()
@click.argument("subscription_id", metavar="ID")
@json_option
@pass_loa
@named(subscription_id="subscription")
def show(loa: Loa, subscription_id: str, as_json: bool) -> None:
    """Show a subscription; never its secret, nor the values of its headers.

    \b
    Example:
      loa subscription show 0199…
    """
    from service.cli.subscription_asked import asked_json, asked_lines
    from service.storage.question_answers import last_asked
    from service.storage.subscriptions import get_subscription, min_interval, status_reason

    with loa.database.reading() as conn:
        found = get_subscription(conn, subscription_id)
        reason = say(status_reason(conn, subscription_id), "en") or None
        interval_s = min_interval(conn, subscription_id)
        asked = last_asked(conn, subscription_id)
    if as_json:
        echo_json(
            {
                **subscription_json(found),
                "status_reason": reason,
                "min_interval_s": interval_s,
                "last_asked": asked_json(asked),
            }
        )
        return
    echo_facts(
        {
            "id": found.id,
            "channel": found.channel,
            "target": shown_target(found),
            "status": found.status.value + (f" ({reason})" if reason else ""),
            "name": found.name,
            "unit": found.unit_id,
            "frequency": found.frequency.value,
            "wants": filters_text(found),
            "headers": ", ".join(f"{name}: {MASK}" for name in found.headers),
            "CloudEvents headers": "yes" if found.is_cloudevents else None,
            "at most": f"one message in {interval_s} s" if interval_s else None,
            "added": local(found.created_at, loa.settings.service.locale),
            "last asked": asked_lines(asked, found.status, loa.settings.service.locale),
        }
    )


def _move(name: str, text: str) -> Callable[..., Any]:
    """A command that gives a subscription another status: all that are named, or none."""

    @subscription.command(name, help=f"{text}\n\n\b\nExample:\n  loa subscription {name} 0199…")
    @click.argument("subscription_ids", metavar="ID…", nargs=-1, required=True)
    @json_option
    @pass_loa
    @named(subscription_ids="subscription")
    def move(loa: Loa, subscription_ids: tuple[str, ...], as_json: bool) -> None:
        from service.services import subscription_acts, undo_acts
        from service.services.context import OPERATOR

        acts = {"restore": undo_acts.restore_subscription}
        act = acts.get(name) or getattr(subscription_acts, name)
        with loa.database.writing() as conn:
            moved = [act(conn, loa, each, OPERATOR) for each in subscription_ids]
        if as_json:
            echo_json([subscription_json(item) for item in moved])
        else:
            for item in moved:
                click.echo(f"{item.id} is {item.status.value}")

    return move


pause = _move("pause", "Let its alerts wait until `resume`.")
resume = _move("resume", "Send again, what waited first; also after Loa disabled it.")
remove = _move("remove", "End it for ever: it gets nothing more.")
restore = _move("restore", "Undo its removal, within seven days: it is what it was before.")
confirm = _move("confirm", "Vouch for a pending one: no handshake, no opt-in.")


@subscription.command()
@click.argument("subscription_id", metavar="ID")
@click.option(
    "--force",
    "is_forced",
    is_flag=True,
    help="Within 24 hours of the last time: the oldest one ends now.",
)
@json_option
@pass_loa
@named(subscription_id="subscription")
def rotate(loa: Loa, subscription_id: str, is_forced: bool, as_json: bool) -> None:
    """Give a webhook a new secret, printed once; the old one signs beside it for 24 hours.

    Two secrets sign at a time: while an old one still does, another rotation is refused unless it
    is forced.

    \b
    Example:
      loa subscription rotate 0199… --json
    """
    from service.services.context import OPERATOR
    from service.services.subscription_acts import rotate as rotate_secret

    with loa.database.writing() as conn:
        made = rotate_secret(conn, loa, subscription_id, OPERATOR, is_forced=is_forced)
    secret, until = made.secret, made.old_until
    if as_json:
        facts = {"id": subscription_id, "secret": secret, "old_secret_until": json_instant(until)}
        echo_json(facts | ({"token": made.token} if made.token else {}))
        return
    if made.token:
        click.echo(f"token: {made.token}\nThe old token is good as long as the old secret signs.")
    click.echo(
        f"{secret}\nThis is shown once. The old secret signs too until "
        f"{local(until, loa.settings.service.locale)}."
    )


@subscription.command()
@click.argument("subscription_id", metavar="ID")
@json_option
@pass_loa
@named(subscription_id="subscription")
def test(loa: Loa, subscription_id: str, as_json: bool) -> None:
    """Send a webhook a test delivery, `subscription.test`, through the ledger like any other.
    While it is pending, it is asked once more to confirm, at once.

    \b
    Example:
      loa subscription test 0199…
    """
    from service.services.context import OPERATOR
    from service.services.subscription_acts import test as send_test
    from service.storage.deliveries import why_stopped
    from service.storage.subscriptions import get_subscription

    with loa.database.writing() as conn:
        message_id = send_test(conn, loa, subscription_id, OPERATOR)
        stopped, status = why_stopped(conn), get_subscription(conn, subscription_id).status
    if status == "pending":
        warn("it is pending: it is asked once more to confirm, and tested after that")
    if as_json:
        echo_json({"id": subscription_id, "message": message_id})
    else:
        click.echo(f"message {message_id} is due")
    if stopped or not as_json:
        warn(stopped or "it goes out with `loa serve` or `loa deliver`")
