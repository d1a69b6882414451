"""`loa subscription add` and `edit`: what a new subscription, or a changed one, asks for."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from functools import reduce
from inspect import cleandoc
from typing import TYPE_CHECKING, Any

import click
from click.exceptions import NoSuchCommand

from service.channels import CHANNELS, ChannelKind, added_channels
from service.cli.common import echo_json, json_option, pass_loa, warn
from service.cli.named import named
from service.cli.parsing import LoaCommand, LoaGroup
from service.cli.subscription_shown import shown_target
from service.errors import InputFaults, InvalidInput
from service.types import Channel, Filters, Frequency

if TYPE_CHECKING:
    from service.bootstrap import Loa
    from service.services.subscription_acts import AddResult
    from service.services.subscription_checks import SubscriptionRequest

FREQUENCIES = click.Choice([frequency.value for frequency in Frequency])


def filter_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--category`, `--portal`, `--place`, `--keyword`, `--urgency`, `--kind`, each repeatable."""
    options = [
        click.option(
            "--category",
            "categories",
            metavar="ID",
            multiple=True,
            help="As directives. Repeatable: or.",
        ),
        click.option("--portal", "portals", metavar="ID", multiple=True, help="Repeatable: or."),
        click.option(
            "--place",
            "places",
            metavar="PLACE",
            multiple=True,
            help='As quang-ninh-16540, or "xã Quảng Ninh". Repeatable: or.',
        ),
        click.option(
            "--keyword", "keywords", metavar="TEXT", multiple=True, help="Repeatable: or."
        ),
        click.option(
            "--urgency",
            "urgencies",
            metavar="LEVEL",
            multiple=True,
            help="normal, khan, thuong-khan, hoa-toc. Repeatable: or.",
        ),
        click.option(
            "--kind",
            "kinds",
            metavar="KIND",
            multiple=True,
            help="Of document, as cong-dien. Repeatable: or.",
        ),
    ]
    return reduce(lambda decorated, option: option(decorated), reversed(options), command)


def subscriber_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--unit`, `--name`."""
    options = [
        click.option(
            "--unit", "unit_name", metavar="UNIT", help="The office it is for, by id or name."
        ),
        click.option("--name", default="", help="What you call it."),
    ]
    return reduce(lambda decorated, option: option(decorated), reversed(options), command)


def header_option(command: Callable[..., Any]) -> Callable[..., Any]:
    metavar = "'NAME: VALUE'"
    text = "A request header of the receiver's own. Repeatable, at most 10."
    return click.option("--header", "headers", metavar=metavar, multiple=True, help=text)(command)


def headers_of(lines: tuple[str, ...]) -> dict[str, str]:
    """Raises InvalidInput for a line without a colon."""
    if any(":" not in line for line in lines):
        raise InvalidInput("--header", "has no colon", "'NAME: VALUE'")
    pairs = [line.split(":", 1) for line in lines]
    return {name.strip(): value.strip() for name, value in pairs}


FREQUENCY = click.option(
    "--frequency", type=FREQUENCIES, default="immediate", show_default=True, help="Or a digest."
)


CONFIRMED = click.option(
    "--confirmed",
    "is_confirmed",
    is_flag=True,
    help="You vouch for it: no handshake, no opt-in.",
)

CLOUDEVENTS = click.option(
    "--cloudevents",
    "is_cloudevents",
    is_flag=True,
    help="Also the headers of CloudEvents' binary mode; the body stays the same.",
)

LANGUAGE = click.option(
    "--language", type=click.Choice(["vi", "en"]), help="In which it is written to."
)

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


class _Channels(LoaGroup):
    """One command for each channel of the table, with the options that the channel has a use
    for."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return sorted(added_channels())

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Raises NoSuchCommand, which names the channel that may be meant."""
        names = self.list_commands(ctx)
        if args[0] not in names and not args[0].startswith("-"):
            raise NoSuchCommand(args[0], possibilities=names, ctx=ctx)
        return super().resolve_command(ctx, args)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        return _command(CHANNELS[Channel(cmd_name)]) if cmd_name in added_channels() else None


def _command(kind: ChannelKind) -> click.Command:
    argument = click.argument("target", metavar=kind.metavar)
    options: list[Decorator] = [subscriber_options, filter_options]
    if not kind.is_asked:
        options = [argument, subscriber_options, CONFIRMED, filter_options]
    options += [header_option] if kind.has_headers else []
    options += [CLOUDEVENTS] if kind.has_cloudevents else []
    options += [FREQUENCY] if kind.digest_endpoint else []
    options += [LANGUAGE] if kind.is_worded else []
    options += [json_option, pass_loa]
    work: Callable[..., Any] = named(unit_name="unit")(_adding(kind))
    for option in reversed(options):
        work = option(work)
    return click.command(kind.name, cls=LoaCommand, help=cleandoc(kind.help))(work)


def _adding(kind: ChannelKind) -> Callable[..., None]:
    def add_it(
        loa: Loa,
        unit_name: str | None,
        name: str,
        as_json: bool,
        is_confirmed: bool = False,
        target: str = "",
        frequency: str = Frequency.IMMEDIATE.value,
        headers: tuple[str, ...] = (),
        is_cloudevents: bool = False,
        language: str | None = None,
        **wanted: tuple[str, ...],
    ) -> None:
        from service.services.subscription_checks import SubscriptionRequest

        if kind.is_sealed and target == "-":
            target = sys.stdin.read().strip()
        faults, filters, own_headers = InputFaults(), Filters(), dict[str, str]()
        with faults:
            filters = _filters(loa, wanted)
        with faults:
            own_headers = headers_of(headers)
        wants = SubscriptionRequest(
            kind.name,
            target,
            filters=filters,
            frequency=Frequency(frequency),
            unit=unit_name,
            name=name,
            headers=own_headers,
            is_confirmed=is_confirmed,
            is_cloudevents=is_cloudevents,
            language=language,
        )
        _add(loa, wants, faults, as_json)

    return add_it


@click.group(cls=_Channels)
def add() -> None:
    """Add a subscription; without filters it wants everything.

    Several values of one filter are alternatives, different filters must all hold.

    \b
    Examples:
      loa subscription add webhook https://office.example/loa --unit "UBND xã Quảng Ninh"
      loa subscription add email vanthu@quangninh.example --place quang-ninh-16540
    """


def _filters(loa: Loa, wanted: Mapping[str, tuple[str, ...]]) -> Filters:
    from service.services.filters import parse_filters

    return parse_filters(loa, **wanted)


def _add(loa: Loa, wants: SubscriptionRequest, faults: InputFaults, as_json: bool) -> None:
    from service.services.context import OPERATOR
    from service.services.subscription_acts import add as add_subscription

    with loa.database.writing() as conn:
        added = add_subscription(conn, loa, wants, OPERATOR, faults)
    _echo_added(added, as_json)


def _echo_added(result: AddResult, as_json: bool) -> None:
    added, secret, token = result.subscription, result.secret, result.token
    target = shown_target(added)
    if as_json:
        facts = {
            "id": added.id,
            "channel": added.channel,
            "target": target,
            "status": added.status,
        }
        echo_json({**facts, "secret": secret, **({"token": token} if token else {})})
        return
    to = f" to {target}" if target else ""
    click.echo(f"added {added.id}: {added.channel}{to}, {added.status.value}")
    if token is not None:
        click.echo(f"token: {token}\nThis is shown once; the office asks with it: loa pull --help")
    if secret is not None:
        click.echo(
            f"secret: {secret}\nThis is shown once; the receiver verifies signatures with it."
        )
    if added.status.value == "pending":
        warn(
            "it gets nothing until it is confirmed: by its receiver, or by `loa subscription "
            "confirm`"
        )


@click.command(cls=LoaCommand)
@click.argument("subscription_id", metavar="ID")
@filter_options
@click.option(
    "--everything",
    "is_everything",
    is_flag=True,
    help="Drop all filters, but for those named beside it.",
)
@click.option("--frequency", type=FREQUENCIES, help="Of an email subscription.")
@header_option
@click.option("--name", help="What you call it.")
@click.option(
    "--url", help="Another address of a webhook; it is asked first, unless you vouch: --confirmed."
)
@click.option(
    "--confirmed", "is_confirmed", is_flag=True, help="You vouch for the address of --url."
)
@click.option(
    "--cloudevents/--no-cloudevents",
    "is_cloudevents",
    default=None,
    help="Whether a webhook has the headers of CloudEvents' binary mode too.",
)
@click.option(
    "--min-interval",
    "min_interval_s",
    metavar="SECONDS",
    type=click.IntRange(0, 3600),
    help="Of a webhook's endpoint: at least so long between two messages; 0: as fast as it "
    "answers.",
)
@json_option
@pass_loa
@named(subscription_id="subscription")
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
    is_cloudevents: bool | None,
    as_json: bool,
    **wanted: tuple[str, ...],
) -> None:
    """Change what a subscription wants; a filter that is named is replaced, the others stay.

    \b
    Example:
      loa subscription edit 0199… --category directives --category meetings
    """
    from service.cli.subscription_shown import filters_text, subscription_json
    from service.services.context import OPERATOR
    from service.services.filters import replace_named
    from service.services.subscription_acts import edit as edit_subscription
    from service.services.subscription_checks import SubscriptionChanges
    from service.storage.subscriptions import get_subscription

    faults, named, own_headers = InputFaults(), Filters(), None
    with faults:
        named = _filters(loa, wanted)
    with faults:
        own_headers = headers_of(headers) if headers else None
    others = (headers, frequency, name, url, min_interval_s, is_cloudevents, *wanted.values())
    _check_edit(is_everything, others)
    with loa.database.writing() as conn:
        before = get_subscription(conn, subscription_id)
        changes = SubscriptionChanges(
            filters=named
            if is_everything
            else replace_named(before.filters, named)
            if named != Filters()
            else None,
            frequency=None if frequency is None else Frequency(frequency),
            headers=own_headers,
            name=name,
            target=url,
            is_confirmed=is_confirmed,
            min_interval_s=min_interval_s,
            is_cloudevents=is_cloudevents,
        )
        after = edit_subscription(conn, loa, subscription_id, changes, OPERATOR, faults)
    if as_json:
        echo_json(subscription_json(after))
    else:
        click.echo(f"{after.id} wants {filters_text(after)}, {after.frequency.value}")


def _check_edit(is_everything: bool, others: tuple[object, ...]) -> None:
    if not is_everything and all(one in (None, ()) for one in others):
        raise InvalidInput(
            "edit",
            "nothing to change",
            "--category, --portal, --place, --keyword, --urgency, --kind, --everything, "
            "--frequency, --header, --cloudevents, --min-interval, --name, --url",
        )
