"""What a subscription is asked to be, or to become, and whether it can: every fault of it, told at
once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec

from service.alerts.own_headers import SealedValue, seal_headers
from service.channels import ChannelKind, Consent
from service.errors import InputFaults, InvalidInput
from service.services.context import Actor, ActorKind, Context
from service.services.optin import check_mail
from service.types import Channel, Filters, Frequency
from service.values import MAX_LINE, parse_line
from service.words import coded


@dataclass(frozen=True, slots=True)
class SubscriptionRequest:
    """What a new subscription is to be. `unit`: id or name of its office; None: nobody's, or the
    unit's that asks.

    `is_confirmed`: an operator vouches for the target, so that it is not asked. `language`: None:
    that of the service.
    """

    channel: Channel
    target: str
    filters: Filters = field(default_factory=Filters)
    frequency: Frequency = Frequency.IMMEDIATE
    unit: str | None = None
    name: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    is_confirmed: bool = False
    is_cloudevents: bool = False
    language: str | None = None


@dataclass(frozen=True, slots=True)
class SubscriptionChanges:
    """What is to become of a subscription; None leaves a thing as it is.

    `target`: another address of a webhook, which is asked unless an operator vouches:
    `is_confirmed`.
    `min_interval_s`: seconds between two messages to its endpoint; 0: as fast as it answers.
    """

    filters: Filters | None = None
    frequency: Frequency | None = None
    headers: Mapping[str, str] | None = None
    name: str | None = None
    target: str | None = None
    is_confirmed: bool = False
    min_interval_s: int | None = None
    is_cloudevents: bool | None = None


def check_request(
    ctx: Context, kind: ChannelKind, request: SubscriptionRequest, by: Actor, faults: InputFaults
) -> tuple[str, dict[str, SealedValue]]:
    """Its name and its headers as they are kept. Raises InvalidInput with all that cannot be."""
    with faults:
        check_vouching(by, request.is_confirmed)
    with faults:
        if kind.consent is Consent.HUB:
            raise InvalidInput("channel", "bad.channel_hub", "allowed.hub")
        if kind.consent is Consent.MAILBOX:
            check_mail(ctx)
        _check_sealed(kind, by)
    _check_channel(kind, request.frequency, request.headers, request.is_cloudevents, faults)
    with faults:
        _check_target(ctx, kind, request.target)
    with faults:
        name = parse_line(request.name, "name")
    with faults:
        headers = seal_headers(request.headers, ctx.secret_box)
    if by.kind is ActorKind.UNIT and request.unit not in (None, by.unit_id):
        faults.add(InvalidInput("unit", "bad.unit_of_token", "allowed.own_unit"))
    faults.require_none()
    return name, headers


def check_changes(
    ctx: Context, kind: ChannelKind, changes: SubscriptionChanges, by: Actor, faults: InputFaults
) -> tuple[str | None, dict[str, SealedValue] | None]:
    """Its name and its headers as they are kept; None stays. Raises InvalidInput with all that
    cannot be."""
    _check_channel(kind, changes.frequency, changes.headers, changes.is_cloudevents, faults)
    with faults:
        check_vouching(by, changes.is_confirmed)
        if changes.is_confirmed and changes.target is None:
            raise InvalidInput("confirmed", "bad.vouching_none", "allowed.another_address")
    with faults:
        if changes.target is not None and kind.consent is Consent.ENDPOINT:
            kind.parse(changes.target, ctx.settings.webhooks.allow_private_networks)
    name, headers = None, None
    with faults:
        if changes.name is not None:
            name = parse_line(changes.name, "name", limit=MAX_LINE)
    with faults:
        if changes.headers is not None:
            headers = seal_headers(changes.headers, ctx.secret_box)
    faults.require_none()
    return name, headers


def check_vouching(by: Actor, is_confirmed: bool) -> None:
    if is_confirmed and not by.is_operator:
        raise InvalidInput("confirmed", "bad.vouching", coded("allowed.among", names="false"))


def _check_sealed(kind: ChannelKind, by: Actor) -> None:
    """Raises InvalidInput where what sends to such targets is not there, or it is not for whoever
    acts to add one."""
    if kind.is_sealed and not by.is_operator:
        raise InvalidInput(
            "channel", coded("bad.channel_operator", channel=kind.name), "allowed.hub"
        )
    if kind.extra is not None and find_spec(kind.extra[1]) is None:
        raise InvalidInput(
            "channel",
            coded("bad.extra_missing", channel=kind.name),
            coded("allowed.extra", extra=kind.extra[0]),
        )


def _check_target(ctx: Context, kind: ChannelKind, target: str) -> None:
    if kind.is_asked:
        if target:
            problem = coded("bad.target_none", channel=kind.name)
            raise InvalidInput("target", problem, "allowed.none")
        return
    if not target:
        raise InvalidInput("target", "bad.missing")
    kind.parse(target, ctx.settings.webhooks.allow_private_networks)


def _check_channel(
    kind: ChannelKind,
    frequency: Frequency | None,
    headers: Mapping[str, str] | None,
    is_cloudevents: bool | None,
    faults: InputFaults,
) -> None:
    """What the channel has no use for: it would be taken, and do nothing."""
    if not kind.digest_endpoint and frequency not in (None, Frequency.IMMEDIATE):
        problem = coded("bad.always_immediate", channel=kind.name)
        faults.add(InvalidInput("frequency", problem, "allowed.immediate"))
    if headers and not kind.has_headers:
        faults.add(InvalidInput("headers", "bad.headers_webhook", "allowed.none"))
    if is_cloudevents and not kind.has_cloudevents:
        only = coded("allowed.among", names="false")
        faults.add(InvalidInput("cloudevents", "bad.cloudevents", only))
