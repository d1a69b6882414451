"""`loa subscription add` and `edit`: what a new subscription, or a changed one, asks for."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import TYPE_CHECKING, Any

import click

from service.cli.common import echo_json, json_option, pass_loa, warn
from service.types import Channel, Filters, Frequency, Subscription, SubscriptionStatus

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from service.bootstrap import Loa

FREQUENCIES = click.Choice([frequency.value for frequency in Frequency])


def filter_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--category`, `--portal`, `--place`, `--keyword`, each repeatable."""
    options = [
        click.option("--category", "categories", metavar="ID", multiple=True, help="As directives. Repeatable: or."),
        click.option("--portal", "portals", metavar="ID", multiple=True, help="Repeatable: or."),
        click.option("--place", "places", metavar="ID", multiple=True, help="As quang-ninh-16540. Repeatable: or."),
        click.option("--keyword", "keywords", metavar="TEXT", multiple=True, help="Repeatable: or."),
    ]
    return reduce(lambda decorated, option: option(decorated), reversed(options), command)


def subscriber_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--unit`, `--name`, `--confirmed`."""
    options = [
        click.option("--unit", "unit_name", metavar="UNIT", help="The office it is for, by id or name."),
        click.option("--name", default="", help="What you call it."),
        click.option("--confirmed", "is_confirmed", is_flag=True, help="You vouch for it: no handshake, no opt-in."),
    ]
    return reduce(lambda decorated, option: option(decorated), reversed(options), command)


@click.group()
def add() -> None:
    """Add a subscription; without filters it wants everything.

    Several values of one filter are alternatives, different filters must all hold.

    \b
    Examples:
      loa subscription add webhook https://office.example/loa --unit "UBND xã Quảng Ninh" --category directives
      loa subscription add email vanthu@quangninh.example --category directives --place quang-ninh-16540
    """


def header_option(command: Callable[..., Any]) -> Callable[..., Any]:
    metavar = "'NAME: VALUE'"
    text = "A request header of the receiver's own. Repeatable, at most 10."
    return click.option("--header", "headers", metavar=metavar, multiple=True, help=text)(command)


def headers_of(lines: tuple[str, ...]) -> dict[str, str]:
    """Raises InvalidInput for a line without a colon."""
    from service.errors import InvalidInput

    if any(":" not in line for line in lines):
        raise InvalidInput("--header", "has no colon", "'NAME: VALUE'")
    pairs = [line.split(":", 1) for line in lines]
    return {name.strip(): value.strip() for name, value in pairs}


@add.command()
@click.argument("url")
@subscriber_options
@filter_options
@header_option
@json_option
@pass_loa
def webhook(
    loa: Loa,
    url: str,
    unit_name: str | None,
    name: str,
    is_confirmed: bool,
    headers: tuple[str, ...],
    as_json: bool,
    **wanted: tuple[str, ...],
) -> None:
    """Alert URL by signed webhooks (Standard Webhooks); its secret is printed once.

    \b
    Example:
      loa subscription add webhook https://office.example/loa --category directives --confirmed
    """
    from service.alerts.own_headers import seal_headers
    from service.alerts.signing import new_secret
    from service.cli.inputs import check_filters
    from service.storage.subscriptions import NewSubscription

    secret = new_secret()
    new = NewSubscription(
        Channel.WEBHOOK,
        url,
        loa.clock(),
        filters=check_filters(loa, **wanted),
        name=name,
        language=loa.settings.service.language,
        is_confirmed=is_confirmed,
        secret=loa.secret_box.encrypt(secret),
        headers=seal_headers(headers_of(headers), loa.secret_box),
        allow_private_networks=loa.settings.webhooks.allow_private_networks,
    )
    _echo_added(_store(loa, new, unit_name), secret, as_json)


@add.command()
@click.argument("address")
@subscriber_options
@filter_options
@click.option("--frequency", type=FREQUENCIES, default="immediate", show_default=True, help="Or a digest.")
@json_option
@pass_loa
def email(
    loa: Loa,
    address: str,
    unit_name: str | None,
    name: str,
    is_confirmed: bool,
    frequency: str,
    as_json: bool,
    **wanted: tuple[str, ...],
) -> None:
    """Alert ADDRESS by email, at once or in a digest.

    \b
    Example:
      loa subscription add email vanthu@quangninh.example --frequency daily --confirmed
    """
    from service.cli.inputs import check_address, check_filters
    from service.errors import Conflict
    from service.storage.subscriptions import NewSubscription

    if not loa.settings.email.smtp_url:
        raise Conflict(
            "cannot add an email subscription: email.smtp_url is empty, so no mail could be sent; "
            "set LOA_EMAIL__SMTP_URL, as smtp://relay.example:25"
        )
    new = NewSubscription(
        Channel.EMAIL,
        check_address(address),
        loa.clock(),
        filters=check_filters(loa, **wanted),
        frequency=Frequency(frequency),
        name=name,
        language=loa.settings.service.language,
        is_confirmed=is_confirmed,
    )
    _echo_added(_store(loa, new, unit_name), None, as_json)


def _store(loa: Loa, new: Any, unit_name: str | None) -> Subscription:
    from dataclasses import replace

    from service.storage.handshakes import ask_confirmation
    from service.storage.subscriptions import add_subscription
    from service.storage.units import get_unit

    with loa.database.writing() as conn:
        unit_id = get_unit(conn, unit_name).id if unit_name else None
        added = add_subscription(conn, replace(new, unit_id=unit_id))
        if added.status is SubscriptionStatus.PENDING and added.channel is Channel.WEBHOOK:
            ask_confirmation(conn, added.id, loa.links, loa.clock())
        elif added.status is SubscriptionStatus.PENDING:
            _ask_owner(conn, loa, added)
        return added


def _ask_owner(conn: Connection, loa: Loa, added: Subscription) -> None:
    """One mail a day for an address asks whether it wants this, whoever added it."""
    from service.storage.optin import ask_owner
    from service.web.wants import say_filters

    service = loa.settings.service
    what = say_filters(loa, added.filters, service.language)
    ask_owner(conn, added, language=service.language, what=what, title=service.title, now=loa.clock())


def _echo_added(added: Subscription, secret: str | None, as_json: bool) -> None:
    if as_json:
        facts = {"id": added.id, "channel": added.channel, "target": added.target, "status": added.status}
        echo_json({**facts, "secret": secret})
        return
    click.echo(f"added {added.id}: {added.channel.value} to {added.target}, {added.status.value}")
    if secret is not None:
        click.echo(f"secret: {secret}\nThis is shown once; the receiver verifies signatures with it.")
    if added.status.value == "pending":
        warn("it gets nothing until it is confirmed: by its receiver, or by `loa subscription confirm`")


@click.command()
@click.argument("subscription_id", metavar="ID")
@filter_options
@click.option("--everything", "is_everything", is_flag=True, help="Drop all filters.")
@click.option("--frequency", type=FREQUENCIES, help="Of an email subscription.")
@header_option
@click.option("--name", help="What you call it.")
@click.option("--url", help="Another address of a webhook; it is asked first, unless you vouch: --confirmed.")
@click.option("--confirmed", "is_confirmed", is_flag=True, help="You vouch for the address of --url.")
@click.option(
    "--min-interval",
    "min_interval_s",
    metavar="SECONDS",
    type=click.IntRange(0, 3600),
    help="Of a webhook's endpoint: at least so long between two messages; 0: as fast as it answers.",
)
@json_option
@pass_loa
def edit(
    loa: Loa,
    subscription_id: str,
    is_everything: bool,
    frequency: str | None,
    headers: tuple[str, ...],
    name: str | None,
    url: str | None,
    is_confirmed: bool,
    min_interval_s: int | None,
    as_json: bool,
    **wanted: tuple[str, ...],
) -> None:
    """Change what a subscription wants; a filter that is named is replaced, the others stay.

    \b
    Example:
      loa subscription edit 0199… --category directives --category meetings
    """
    from service.alerts.own_headers import seal_headers
    from service.cli.inputs import check_filters
    from service.cli.subscription import filters_text, subscription_json
    from service.storage.subscriptions import (
        get_subscription,
        set_filters,
        set_frequency,
        set_headers,
        set_min_interval,
        set_name,
    )

    changes = check_filters(loa, **wanted)
    with loa.database.writing() as conn:
        before = get_subscription(conn, subscription_id)
        if not headers and min_interval_s is None and url is None and name is None:
            _check_edit(before, changes, is_everything, frequency)
        set_filters(
            conn, subscription_id, Filters() if is_everything else _merged(before.filters, changes), loa.clock()
        )
        if frequency is not None:
            set_frequency(conn, subscription_id, Frequency(frequency))
        if name is not None:
            set_name(conn, subscription_id, name)
        if url is not None:
            _move(conn, loa, subscription_id, url, is_confirmed=is_confirmed)
        if headers:
            set_headers(conn, subscription_id, seal_headers(headers_of(headers), loa.secret_box))
        if min_interval_s is not None:
            set_min_interval(conn, subscription_id, min_interval_s or None)
        after = get_subscription(conn, subscription_id)
    if as_json:
        echo_json(subscription_json(after))
    else:
        click.echo(f"{after.id} wants {filters_text(after)}, {after.frequency.value}")


def _move(conn: Connection, loa: Loa, subscription_id: str, url: str, *, is_confirmed: bool) -> None:
    from service.storage.handshakes import ask_confirmation
    from service.storage.subscriptions import set_status, set_target

    now, private = loa.clock(), loa.settings.webhooks.allow_private_networks
    moved = set_target(conn, subscription_id, url, at=now, allow_private_networks=private)
    if moved.status is SubscriptionStatus.PENDING and is_confirmed:
        set_status(conn, subscription_id, SubscriptionStatus.ACTIVE, at=now)
    elif moved.status is SubscriptionStatus.PENDING:
        ask_confirmation(conn, subscription_id, loa.links, now)


def _check_edit(before: Subscription, changes: Filters, is_everything: bool, frequency: str | None) -> None:
    from service.errors import InvalidInput

    if changes == Filters() and not is_everything and frequency is None:
        raise InvalidInput(
            "edit",
            "nothing to change",
            "--category, --portal, --place, --keyword, --everything, --frequency, --header, --min-interval, --name,"
            " --url",
        )
    if changes != Filters() and is_everything:
        raise InvalidInput("--everything", "does not go with filters", "one or the other")
    if frequency not in (None, Frequency.IMMEDIATE) and before.channel is Channel.WEBHOOK:
        raise InvalidInput("--frequency", "a webhook is always immediate", "only with an email subscription")


def _merged(before: Filters, changes: Filters) -> Filters:
    return Filters(
        categories=changes.categories or before.categories,
        portals=changes.portals or before.portals,
        places=changes.places or before.places,
        keywords=changes.keywords or before.keywords,
    )
