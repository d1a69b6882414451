"""`loa delivery`: the ledger, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from service.cli.common import (
    as_plain,
    echo_facts,
    echo_json,
    echo_table,
    json_option,
    local,
    pass_loa,
    warn,
)
from service.cli.named import named
from service.cli.parsing import LoaGroup
from service.types import State
from service.words import say, say_fields

if TYPE_CHECKING:
    from service.bootstrap import Loa
    from service.storage.deliveries import DeliveryHistory
    from service.values import Locale

STATES = click.Choice([state.value for state in State])


@click.group(cls=LoaGroup)
def delivery() -> None:
    """The ledger: what was sent, what failed and why, what waits.

    \b
    Example:
      loa delivery list --state failed --since 2d
    """


@delivery.command("list")
@click.option("--state", type=STATES, help="Only this state.")
@click.option("--subscription", "subscription_id", metavar="ID", help="Only of this subscription.")
@click.option("--post", "post_id", metavar="ID", help="Only of this post.")
@click.option("--since", metavar="WHEN", help="Made since: 30m, 2h, 7d ago, or an instant.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True)
@click.option("--before", metavar="ID", help="The next older page; the id of the last one shown.")
@json_option
@pass_loa
@named(subscription_id="subscription", post_id="post")
def list_(
    loa: Loa,
    state: str | None,
    subscription_id: str | None,
    post_id: str | None,
    since: str | None,
    limit: int,
    before: str | None,
    as_json: bool,
) -> None:
    """List deliveries, newest first. What a flood holds back has none yet: `loa portal list` counts
    it.

    \b
    Example:
      loa delivery list --state failed --subscription 0199…
    """
    from service.cli.inputs import parse_since
    from service.storage.counts import count_held
    from service.storage.deliveries import list_deliveries

    with loa.database.reading() as conn:
        held = count_held(conn) if state == State.HELD else {}
        found = list_deliveries(
            conn,
            state=State(state) if state else None,
            subscription_id=subscription_id,
            post_id=post_id,
            since=parse_since(since, loa.clock(), loa.settings.service.locale.zone)
            if since
            else None,
            before=before,
            limit=limit,
        )
    if as_json:
        echo_json(say_fields(as_plain(found), "en"))
    else:
        rows = [
            (
                d.id,
                local(d.created_at, loa.settings.service.locale),
                d.state,
                d.type,
                d.post_id,
                d.subscription_id,
                say(d.reason, "en", loa.settings.service.locale.zone),
            )
            for d in found
        ]
        echo_table(
            ["id", "made", "state", "change", "post", "subscription", "reason"],
            rows,
            empty="no deliveries",
        )
    for portal_id, count in held.items():
        warn(
            f"a flood holds {count} changes back, no deliveries yet: loa portal release {portal_id}"
        )


@delivery.command()
@click.argument("delivery_id", metavar="ID")
@json_option
@pass_loa
@named(delivery_id="delivery")
def show(loa: Loa, delivery_id: str, as_json: bool) -> None:
    """Show a delivery with every attempt; ID is its own or its message's, the one that receivers
    see.

    \b
    Example:
      loa delivery show 0199…
    """
    from service.storage.deliveries import show_delivery

    with loa.database.reading() as conn:
        found = show_delivery(conn, delivery_id)
    if as_json:
        shown = say_fields({**as_plain(found.delivery), "attempts": as_plain(found.attempts)}, "en")
        echo_json({**shown, "next_attempt_at": as_plain(found.next_attempt_at)})
    else:
        _echo_shown(found, loa.settings.service.locale)


def _echo_shown(found: DeliveryHistory, locale: Locale) -> None:
    item = found.delivery
    echo_facts(
        {
            "id": item.id,
            "message": item.message_id or "none yet: it waits for its digest",
            "change": f"{item.type.value} of post {item.post_id}, revision {item.revision}",
            "subscription": f"{item.subscription_id} ({item.channel})",
            "state": item.state.value + (f": {say(item.reason, 'en')}" if item.reason else ""),
            "made": local(item.created_at, locale),
            "done": local(item.done_at, locale),
            "next attempt": local(found.next_attempt_at, locale),
        }
    )
    click.echo()
    rows = [
        (
            a.number,
            local(a.started_at, locale),
            f"{a.took_ms} ms",
            a.state,
            a.status,
            say(a.detail, "en", locale.zone),
        )
        for a in found.attempts
    ]
    echo_table(["attempt", "at", "took", "state", "status", "detail"], rows, empty="no attempt yet")
    for a in found.attempts:
        if a.answer:
            click.echo(f"\nwhat came back at attempt {a.number}:\n{a.answer}")


@delivery.command()
@click.argument("delivery_id", metavar="[ID]", required=False)
@click.option(
    "--subscription", "subscription_id", metavar="ID", help="What a subscription was sent."
)
@click.option(
    "--since", metavar="WHEN", help="What was made since: 30m, 2h, 7d ago, or an instant."
)
@click.option(
    "--failed",
    "is_failed_only",
    is_flag=True,
    help="Only what failed, is suspended, or waits to be tried again.",
)
@json_option
@pass_loa
@named(delivery_id="delivery", subscription_id="subscription")
def replay(
    loa: Loa,
    delivery_id: str | None,
    subscription_id: str | None,
    since: str | None,
    is_failed_only: bool,
    as_json: bool,
) -> None:
    """Send again: one delivery, a subscription's, or all since a time. A repeat carries the same
    id.

    What waits for its next attempt is tried now.

    \b
    Examples:
      loa delivery replay 0199…
      loa delivery replay --subscription 0199… --since 2026-11-23T08:00 --failed
    """
    from service.cli.inputs import parse_since
    from service.services import delivery_acts as deliveries
    from service.services import subscription_acts as subscriptions
    from service.services.context import OPERATOR
    from service.storage.deliveries import why_stopped

    instant = parse_since(since, loa.clock(), loa.settings.service.locale.zone) if since else None
    with loa.database.writing() as conn:
        if delivery_id is not None:
            count = deliveries.replay(
                conn,
                loa,
                delivery_id,
                OPERATOR,
                subscription_id=subscription_id,
                since=instant,
                is_failed_only=is_failed_only,
            )
        elif subscription_id is not None:
            count = subscriptions.replay(
                conn, loa, subscription_id, OPERATOR, since=instant, is_failed_only=is_failed_only
            )
        else:
            count = deliveries.replay_all(conn, loa, since=instant, is_failed_only=is_failed_only)
        stopped = why_stopped(conn)
    if as_json:
        echo_json({"replayed": count})
    else:
        click.echo(f"{count} messages are due now")
    if not count:
        warn(
            "nothing to send again: it is due already, is being sent, was skipped, or its "
            "subscription is not active"
        )
    elif stopped or not as_json:
        warn(stopped or "they go out with `loa serve` or `loa deliver`")


@delivery.command()
@json_option
@pass_loa
def pause(loa: Loa, as_json: bool) -> None:
    """The stop switch: nothing is sent until `resume`. What is on its way arrives; all that is owed
    waits.

    \b
    Example:
      loa delivery pause
    """
    from service.services.delivery_acts import pause_all

    with loa.database.writing() as conn:
        pause_all(conn, loa)
    if as_json:
        echo_json({"status": "paused"})
    else:
        click.echo("delivery is paused until: loa delivery resume")


@delivery.command()
@json_option
@pass_loa
def resume(loa: Loa, as_json: bool) -> None:
    """Send again what waited.

    \b
    Example:
      loa delivery resume
    """
    from service.services.delivery_acts import resume_all

    with loa.database.writing() as conn:
        resume_all(conn, loa)
    if as_json:
        echo_json({"status": "running"})
    else:
        click.echo("delivery goes on")


@delivery.command()
@click.option(
    "--since", metavar="WHEN", help="Send what is newer than: 30m, 2h, 7d ago, or an instant."
)
@click.option("--discard", "is_discarding", is_flag=True, help="Send nothing of what waits.")
@json_option
@pass_loa
def release(loa: Loa, since: str | None, is_discarding: bool, as_json: bool) -> None:
    """Say what a database that was restored from a backup may send; until then it sends nothing.

    With --since, name the time at which the lost database last sent: what was due before it and not
    tried yet may have gone and is skipped, and so are posts that are found again, now or by each
    listing's next poll, and were published before it. With --discard so is whatever was due before
    now, and what the next polls find that was published before now. What is due later, waits for
    its digest, is held or is known to have failed stays.

    \b
    Examples:
      loa delivery release --discard
      loa delivery release --since 2026-11-23T08:00
    """
    from service.cli.inputs import parse_since
    from service.errors import InvalidInput
    from service.services.restore import release_restored

    if is_discarding == (since is not None):
        found = "both were said" if is_discarding else "must say what may be sent"
        raise InvalidInput("release", found, "either --since WHEN, or --discard")
    instant = parse_since(since, loa.clock(), loa.settings.service.locale.zone) if since else None
    was_fenced = not loa.fence.look()
    discarded = (
        release_restored(loa.database, loa.settings, loa.clock(), instant) if was_fenced else 0
    )
    if as_json:
        echo_json({"was_restored": was_fenced, "discarded": discarded})
    elif was_fenced:
        click.echo(
            f"the restored database sends again; {discarded} messages that waited are skipped"
        )
    else:
        click.echo("nothing to release: this database was not restored")
