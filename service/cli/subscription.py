"""`loa subscription`: who wants which posts, and over which channel."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

from service.alerts.own_headers import MASK
from service.cli.common import echo_facts, echo_json, echo_table, json_option, local, pass_loa, plain, rfc3339, warn
from service.cli.subscription_add import add, edit
from service.types import Channel, Subscription, SubscriptionStatus

if TYPE_CHECKING:
    from service.bootstrap import Loa


@click.group()
def subscription() -> None:
    """Who wants which posts, and over which channel.

    \b
    Example:
      loa subscription add webhook https://office.example/loa --unit "UBND xã Quảng Ninh" --category directives
    """


subscription.add_command(add)
subscription.add_command(edit)


@subscription.command("list")
@click.option("--unit", "unit_name", metavar="UNIT", help="Only those of an office, by id or name.")
@click.option("--channel", type=click.Choice([channel.value for channel in Channel]), help="Only this channel.")
@click.option(
    "--status", type=click.Choice([status.value for status in SubscriptionStatus]), help="Only this status."
)
@json_option
@pass_loa
def list_(loa: Loa, unit_name: str | None, channel: str | None, status: str | None, as_json: bool) -> None:
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
def show(loa: Loa, subscription_id: str, as_json: bool) -> None:
    """Show a subscription; never its secret, nor the values of its headers.

    \b
    Example:
      loa subscription show 0199…
    """
    from service.storage.subscriptions import get_subscription, min_interval, status_reason

    with loa.database.reading() as conn:
        found = get_subscription(conn, subscription_id)
        reason = status_reason(conn, subscription_id)
        interval_s = min_interval(conn, subscription_id)
    if as_json:
        echo_json({**subscription_json(found), "status_reason": reason, "min_interval_s": interval_s})
        return
    echo_facts(
        {
            "id": found.id,
            "channel": found.channel.value,
            "target": found.target,
            "status": found.status.value + (f" ({reason})" if reason else ""),
            "name": found.name,
            "unit": found.unit_id,
            "frequency": found.frequency.value,
            "wants": filters_text(found),
            "headers": ", ".join(f"{name}: {MASK}" for name in found.headers),
            "at most": f"one message in {interval_s} s" if interval_s else None,
            "added": local(found.created_at),
        }
    )


def _move(name: str, status: SubscriptionStatus, text: str) -> Callable[..., Any]:
    """A command that gives a subscription another status."""

    @subscription.command(name, help=f"{text}\n\n\b\nExample:\n  loa subscription {name} 0199…")
    @click.argument("subscription_ids", metavar="ID…", nargs=-1, required=True)
    @json_option
    @pass_loa
    def move(loa: Loa, subscription_ids: tuple[str, ...], as_json: bool) -> None:
        from service.storage.subscriptions import get_subscription, set_status

        with loa.database.writing() as conn:
            for subscription_id in subscription_ids:
                check_move(get_subscription(conn, subscription_id), name)
            moved = [set_status(conn, each, status, at=loa.clock()) for each in subscription_ids]
        if as_json:
            echo_json([subscription_json(item) for item in moved])
        else:
            for item in moved:
                click.echo(f"{item.id} is {item.status.value}")

    return move


def check_move(found: Subscription, name: str) -> None:
    """Raises Conflict where the move would skip the owner's consent."""
    from service.errors import Conflict

    if name == "resume" and found.status is SubscriptionStatus.PENDING:
        raise Conflict(
            f"cannot resume {found.id!r}: its owner has not confirmed it; `loa subscription confirm` vouches for it"
        )


pause = _move("pause", SubscriptionStatus.PAUSED, "Let its alerts wait until `resume`.")
resume = _move("resume", SubscriptionStatus.ACTIVE, "Send again, what waited first; also after Loa disabled it.")
remove = _move("remove", SubscriptionStatus.REMOVED, "End it for ever: it gets nothing more.")
confirm = _move("confirm", SubscriptionStatus.ACTIVE, "Vouch for a pending one: no handshake, no opt-in.")


@subscription.command()
@click.argument("subscription_id", metavar="ID")
@click.option("--force", "is_forced", is_flag=True, help="Within 24 hours of the last time: the oldest one ends now.")
@json_option
@pass_loa
def rotate(loa: Loa, subscription_id: str, is_forced: bool, as_json: bool) -> None:
    """Give a webhook a new secret, printed once; the old one signs beside it for 24 hours.

    Two secrets sign at a time: while an old one still does, another rotation is refused unless it is forced.

    \b
    Example:
      loa subscription rotate 0199… --json
    """
    from service.alerts.signing import new_secret
    from service.storage.subscriptions import ROTATION_OVERLAP, rotate_secret

    secret = new_secret()
    with loa.database.writing() as conn:
        rotate_secret(conn, subscription_id, secret, loa.secret_box, loa.clock(), is_forced=is_forced)
    until = loa.clock() + ROTATION_OVERLAP
    if as_json:
        echo_json({"id": subscription_id, "secret": secret, "old_secret_until": rfc3339(until)})
        return
    click.echo(f"{secret}\nThis is shown once. The old secret signs too until {local(until)}.")


@subscription.command()
@click.argument("subscription_id", metavar="ID")
@json_option
@pass_loa
def test(loa: Loa, subscription_id: str, as_json: bool) -> None:
    """Send a webhook a test delivery, `subscription.test`, through the ledger like any other.

    \b
    Example:
      loa subscription test 0199…
    """
    from service.storage.deliveries import why_stopped
    from service.storage.handshakes import send_test

    with loa.database.writing() as conn:
        message_id = send_test(conn, subscription_id, loa.clock())
        stopped = why_stopped(conn)
    if as_json:
        echo_json({"id": subscription_id, "message": message_id})
    else:
        click.echo(f"message {message_id} is due")
    if stopped or not as_json:
        warn(stopped or "it goes out with `loa serve` or `loa deliver`")


def subscription_json(item: Subscription) -> dict[str, object]:
    """A subscription as `--json` shows it; its secret is in none."""
    return {
        "id": item.id,
        "channel": item.channel.value,
        "target": item.target,
        "status": item.status.value,
        "name": item.name,
        "unit": item.unit_id,
        "frequency": item.frequency.value,
        "filters": plain(item.filters),
        "headers": dict.fromkeys(item.headers, MASK),
        "created_at": rfc3339(item.created_at),
    }


def filters_text(item: Subscription) -> str:
    parts = [
        ("category", item.filters.categories),
        ("portal", item.filters.portals),
        ("place", item.filters.places),
        ("keyword", item.filters.keywords),
    ]
    return "; ".join(f"{name} {' or '.join(values)}" for name, values in parts if values) or "everything"


def echo_subscriptions(items: Sequence[Subscription]) -> None:
    rows = [(item.id, item.channel, item.target, item.status, filters_text(item), item.name) for item in items]
    empty = "no subscriptions: loa subscription add --help"
    echo_table(["id", "channel", "target", "status", "wants", "name"], rows, empty=empty)
