"""What may be done to a subscription, by whom, and in which state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from importlib.util import find_spec

from sqlalchemy import Connection

from service.alerts.own_headers import seal_headers
from service.alerts.signing import new_secret
from service.channels import WEBSUB, ChannelKind, Consent, kind_of
from service.errors import Conflict, InvalidInput
from service.services import hub_acts
from service.services.audit_acts import audited
from service.services.context import Actor, ActorKind, Context
from service.services.hearing_again import tell_resumed
from service.services.loss_acts import tell_subscription_changed
from service.services.optin import ask_consent, check_mail
from service.storage import (
    deliveries,
    handshakes,
    pull_streams,
    subscription_secrets,
    subscriptions,
)
from service.storage.losses import is_loss_told
from service.storage.subscription_secrets import ROTATION_OVERLAP
from service.storage.subscriptions import (
    NewSubscription,
    get_subscription,
    set_status,
)
from service.storage.tokens import token_hash
from service.storage.units import get_unit
from service.types import Channel, Filters, Frequency, Subscription, SubscriptionStatus
from service.values import MAX_LINE, parse_line
from service.words import coded


@dataclass(frozen=True, slots=True)
class SubscriptionRequest:
    """What a new subscription is to be. `unit`: id or name of its office; None: nobody's, or the
    unit's that asks.

    `is_confirmed`: an operator vouches for the target, so that it is not asked.
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


@dataclass(frozen=True, slots=True)
class AddResult:
    """`secret`: what signs its messages, seen only here; None for mail. `token`: by which it is
    asked for, seen only here; None where its channel is not."""

    subscription: Subscription
    secret: str | None
    token: str | None = None


@dataclass(frozen=True, slots=True)
class RotationResult:
    """`old_until`: so long the secret before signs too, and the token before is good. `token`: None
    where its channel is not asked."""

    subscription: Subscription
    secret: str
    old_until: datetime
    token: str | None = None


@audited("act.subscription_add", "subscription")
def add(conn: Connection, ctx: Context, request: SubscriptionRequest, by: Actor) -> AddResult:
    """Adds it, and asks whoever is behind its target, unless an operator vouches.

    Raises InvalidInput, NotFound for a unit that is not there, Conflict where a unit has as many as
    one may add.
    """
    _check_vouching(by, request.is_confirmed)
    kind = kind_of(request.channel)
    if kind.consent is Consent.HUB:
        raise InvalidInput("channel", "bad.channel_hub", "allowed.hub")
    if kind.consent is Consent.MAILBOX:
        check_mail(ctx)
    _check_sealed(kind, by)
    _check_channel(request.channel, request.frequency, request.headers, request.is_cloudevents)
    _check_target(kind, request.target)
    unit_id = _unit_of(conn, request.unit, by)
    if by.kind is ActorKind.UNIT:
        subscriptions.require_room(conn, str(unit_id))
    secret = new_secret() if kind.is_signed else None
    sealed, mark = None if secret is None else ctx.secret_box.encrypt(secret), ""
    if kind.is_sealed:
        whole = _whole(ctx, kind, request.target)
        sealed, mark = ctx.secret_box.encrypt(whole), ctx.secret_box.mark(whole)
    token = pull_streams.new_token() if kind.is_asked else None
    new = NewSubscription(
        request.channel,
        request.target,
        ctx.clock(),
        filters=request.filters,
        frequency=request.frequency,
        unit_id=unit_id,
        name=parse_line(request.name, "name"),
        language=ctx.settings.service.language,
        is_confirmed=request.is_confirmed or kind.consent is Consent.TOKEN,
        secret=sealed,
        headers=seal_headers(request.headers, ctx.secret_box),
        allow_private_networks=ctx.settings.webhooks.allow_private_networks,
        token_hash=None if token is None else token_hash(token),
        is_cloudevents=request.is_cloudevents,
        mark=mark,
    )
    added = subscriptions.add_subscription(conn, new)
    ask_consent(conn, ctx, added)
    return AddResult(added, secret, token)


@audited("act.subscription_edit", "subscription", "key")
def edit(
    conn: Connection, ctx: Context, key: str, changes: SubscriptionChanges, by: Actor
) -> Subscription:
    """Changes what is named; a unit that hears less by it is told (U1). Raises NotFound, Conflict
    for one that was removed, InvalidInput."""
    found = own(conn, key, by)
    if found.status is SubscriptionStatus.REMOVED:
        raise Conflict(coded("conflict.edit_removed", name=key))
    _check_channel(found.channel, changes.frequency, changes.headers, changes.is_cloudevents)
    _check_vouching(by, changes.is_confirmed)
    if changes.is_confirmed and changes.target is None:
        raise InvalidInput("confirmed", "bad.vouching_none", "allowed.another_address")
    if changes.target is not None:
        _move(conn, ctx, key, changes.target, is_confirmed=changes.is_confirmed)
    if changes.name is not None:
        subscriptions.rename_subscription(
            conn, key, parse_line(changes.name, "name", limit=MAX_LINE)
        )
    if changes.filters is not None:
        subscriptions.set_filters(conn, key, changes.filters, ctx.clock())
    if changes.frequency is not None:
        subscriptions.set_frequency(conn, key, changes.frequency)
    if changes.headers is not None:
        subscriptions.set_headers(conn, key, seal_headers(changes.headers, ctx.secret_box))
    if changes.min_interval_s is not None:
        subscriptions.set_min_interval(conn, key, changes.min_interval_s or None)
    if changes.is_cloudevents is not None:
        subscriptions.set_cloudevents(conn, key, is_wanted=changes.is_cloudevents)
    after = get_subscription(conn, key)
    tell_subscription_changed(conn, ctx, found, after, by)
    return after


@audited("act.subscription_pause", "subscription", "key")
def pause(conn: Connection, ctx: Context, key: str, by: Actor) -> Subscription:
    """Its alerts wait, and Loa does not try by itself whether it can be sent again.

    Raises NotFound, Conflict for one that nobody confirmed or that was removed, and for a unit
    whose mail bounces.
    """
    _check_moves(own(conn, key, by), "pause", by)
    return set_status(conn, key, SubscriptionStatus.PAUSED, at=ctx.clock(), reason=by.reason)


@audited("act.subscription_resume", "subscription", "key")
def resume(conn: Connection, ctx: Context, key: str, by: Actor) -> Subscription:
    """It is sent again, what waited first. Only the operator, or the person, knows that a mailbox
    is mended.

    Raises NotFound, Conflict for one that nobody confirmed or that was removed, and for a unit
    whose mail bounces.
    """
    _check_moves(own(conn, key, by), "resume", by)
    is_told = is_loss_told(conn, key)
    after = set_status(conn, key, SubscriptionStatus.ACTIVE, at=ctx.clock(), reason=by.reason)
    if is_told:
        tell_resumed(conn, ctx, after, by)
    return after


@audited("act.subscription_confirm", "subscription", "key")
def confirm(conn: Connection, ctx: Context, key: str, by: Actor) -> Subscription:
    """An operator vouches for a pending one. One that is active stays so.

    Raises NotFound, Conflict for one that was stopped for another reason than that nobody has
    confirmed it.
    """
    _check_vouching(by, True)
    found = own(conn, key, by)
    if found.status not in (SubscriptionStatus.PENDING, SubscriptionStatus.ACTIVE):
        is_removed = found.status is SubscriptionStatus.REMOVED
        remedy = "conflict.remedy_add" if is_removed else "conflict.remedy_resume"
        raise Conflict(
            coded("conflict.confirm", name=key, status=found.status.value, reason=remedy)
        )
    return set_status(conn, key, SubscriptionStatus.ACTIVE, at=ctx.clock(), reason=by.reason)


@audited("act.subscription_remove", "subscription", "key")
def remove(conn: Connection, ctx: Context, key: str, by: Actor) -> Subscription:
    """Ends it for ever; once it is removed, it stays so. Raises NotFound."""
    if own(conn, key, by).channel == WEBSUB:
        hub_acts.deny(conn, ctx, key, "websub.ended")
        return get_subscription(conn, key)
    return set_status(conn, key, SubscriptionStatus.REMOVED, at=ctx.clock(), reason=by.reason)


@audited("act.subscription_rotate", "subscription", "key")
def rotate(
    conn: Connection, ctx: Context, key: str, by: Actor, *, is_forced: bool = False
) -> RotationResult:
    """A new secret; the one before signs beside it for a day. Raises NotFound, Conflict."""
    found = own(conn, key, by)
    if found.status is SubscriptionStatus.REMOVED:
        raise Conflict(coded("conflict.rotate_removed", name=key))
    secret, now = new_secret(), ctx.clock()
    subscription_secrets.rotate_secret(conn, key, secret, ctx.secret_box, now, is_forced=is_forced)
    token = None
    if kind_of(found.channel).is_asked:
        token = pull_streams.new_token()
        pull_streams.rotate_token(conn, key, token)
    return RotationResult(found, secret, now + ROTATION_OVERLAP, token)


@audited("act.subscription_ask", "subscription", "key")
def ask_again(conn: Connection, ctx: Context, key: str, by: Actor) -> Subscription:
    """Asks whoever is behind the target of a pending one once more; an address at most once a day.

    Raises NotFound, Conflict unless it is pending.
    """
    found = own(conn, key, by)
    if found.status is not SubscriptionStatus.PENDING:
        raise Conflict(coded("conflict.ask", name=key, status=found.status.value))
    ask_consent(conn, ctx, found)
    return found


@audited("act.subscription_test", "subscription", "key")
def test(conn: Connection, ctx: Context, key: str, by: Actor) -> str:
    """Sends a webhook a test delivery, or while it is pending the question that confirms it: the
    message's id. Raises NotFound, Conflict unless it is active or asked by its channel."""
    found = own(conn, key, by)
    if found.status is SubscriptionStatus.PENDING:
        return handshakes.ask_confirmation(conn, key, ctx.links, ctx.clock())
    return handshakes.send_test(conn, key, ctx.clock())


@audited("act.subscription_replay", "subscription", "key")
def replay(
    conn: Connection,
    ctx: Context,
    key: str,
    by: Actor,
    *,
    since: datetime | None,
    is_failed_only: bool,
) -> int:
    """Sends again what it was sent: how many messages are due now. Raises NotFound, Conflict unless
    it is active."""
    own(conn, key, by)
    return deliveries.make_due_again(
        conn, at=ctx.clock(), subscription_id=key, since=since, is_failed_only=is_failed_only
    )


def own(conn: Connection, key: str, by: Actor) -> Subscription:
    """The subscription, where it is there for whoever acts. Raises NotFound."""
    found = get_subscription(conn, key)
    by.check_owns(found.unit_id, "subscription", key)
    return found


def _move(conn: Connection, ctx: Context, key: str, target: str, *, is_confirmed: bool) -> None:
    now, private = ctx.clock(), ctx.settings.webhooks.allow_private_networks
    moved = subscriptions.set_target(conn, key, target, at=now, allow_private_networks=private)
    if moved.status is SubscriptionStatus.PENDING and is_confirmed:
        set_status(conn, key, SubscriptionStatus.ACTIVE, at=now)
    else:
        ask_consent(conn, ctx, moved)


def _check_moves(found: Subscription, act: str, by: Actor) -> None:
    """Raises Conflict where the act would skip the owner's consent, or a bounce: what is paused can
    be resumed."""
    if found.status is SubscriptionStatus.PENDING:
        raise Conflict(coded(f"conflict.{act}_unconfirmed", name=found.id))
    if found.status is SubscriptionStatus.SUSPENDED and by.kind is ActorKind.UNIT:
        raise Conflict(coded(f"conflict.{act}_bounces", name=found.id))


def _check_vouching(by: Actor, is_confirmed: bool) -> None:
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


def _whole(ctx: Context, kind: ChannelKind, target: str) -> str:
    return kind.parse(target, ctx.settings.webhooks.allow_private_networks).key


def find_same(conn: Connection, ctx: Context, channel: Channel, target: str) -> list[Subscription]:
    """Those of that target that were not removed, also where it is kept as a mark alone."""
    kind = kind_of(channel)
    if not kind.is_sealed:
        return subscriptions.list_subscriptions(conn, channel=channel, target=target)
    marks = ctx.secret_box.marks(_whole(ctx, kind, target))
    return subscriptions.list_subscriptions(conn, channel=channel, marks=marks)


def _check_target(kind: ChannelKind, target: str) -> None:
    if kind.is_asked and target:
        raise InvalidInput("target", coded("bad.target_none", channel=kind.name), "allowed.none")
    if not kind.is_asked and not target:
        raise InvalidInput("target", "bad.missing")


def _check_channel(
    channel: Channel,
    frequency: Frequency | None,
    headers: Mapping[str, str] | None,
    is_cloudevents: bool | None,
) -> None:
    """Raises InvalidInput for what the channel has no use for: it would be taken, and do
    nothing."""
    kind = kind_of(channel)
    if not kind.digest_endpoint and frequency not in (None, Frequency.IMMEDIATE):
        raise InvalidInput(
            "frequency", coded("bad.always_immediate", channel=channel), "allowed.immediate"
        )
    if headers and not kind.has_headers:
        raise InvalidInput("headers", "bad.headers_webhook", "allowed.none")
    if is_cloudevents and not kind.has_cloudevents:
        raise InvalidInput("cloudevents", "bad.cloudevents", coded("allowed.among", names="false"))


def _unit_of(conn: Connection, asked: str | None, by: Actor) -> str | None:
    if by.kind is ActorKind.UNIT:
        if asked not in (None, by.unit_id):
            raise InvalidInput("unit", "bad.unit_of_token", "allowed.own_unit")
        return by.unit_id
    return None if asked is None else get_unit(conn, asked).id
