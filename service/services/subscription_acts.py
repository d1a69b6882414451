"""What may be done to a subscription, by whom, and in which state."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from service.alerts.signing import new_secret
from service.channels import WEBSUB, ChannelKind, Consent, kind_of
from service.errors import Conflict, InputFaults
from service.services import hub_acts
from service.services.audit_acts import audited
from service.services.context import Actor, ActorKind, Context
from service.services.loss_acts import tell_subscription_changed
from service.services.optin import ask_consent
from service.services.subscription_checks import (
    SubscriptionChanges,
    SubscriptionRequest,
    check_changes,
    check_request,
    check_vouching,
)
from service.storage import (
    deliveries,
    handshakes,
    pull_streams,
    subscription_secrets,
    subscriptions,
)
from service.storage.subscription_secrets import ROTATION_OVERLAP
from service.storage.subscriptions import (
    NewSubscription,
    get_subscription,
    set_status,
)
from service.storage.tokens import token_hash
from service.storage.units import get_unit
from service.types import Channel, Subscription, SubscriptionStatus
from service.words import coded


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
def add(
    conn: Connection,
    ctx: Context,
    request: SubscriptionRequest,
    by: Actor,
    faults: InputFaults | None = None,
) -> AddResult:
    """Adds it, and asks whoever is behind its target, unless an operator vouches. `faults`: what
    whoever calls could not read of the same request.

    Raises InvalidInput with all that cannot be, NotFound for a unit that is not there, Conflict
    where a unit has as many as one may add.
    """
    kind = kind_of(request.channel)
    name, headers = check_request(ctx, kind, request, by, faults or InputFaults())
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
        name=name,
        language=request.language or ctx.settings.service.language,
        is_confirmed=request.is_confirmed or kind.consent is Consent.TOKEN,
        secret=sealed,
        headers=headers,
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
    conn: Connection,
    ctx: Context,
    key: str,
    changes: SubscriptionChanges,
    by: Actor,
    faults: InputFaults | None = None,
) -> Subscription:
    """Changes what is named; a unit that hears less by it is told (U1). `faults`: what whoever
    calls could not read of the same request. Raises NotFound, Conflict for one that was removed,
    InvalidInput with all that cannot be."""
    found = own(conn, key, by)
    if found.status is SubscriptionStatus.REMOVED:
        raise Conflict(coded("conflict.edit_removed", name=key))
    kind = kind_of(found.channel)
    name, headers = check_changes(ctx, kind, changes, by, faults or InputFaults())
    if changes.target is not None:
        _move(conn, ctx, key, changes.target, by if changes.is_confirmed else None)
    if name is not None:
        subscriptions.rename_subscription(conn, key, name)
    if changes.filters is not None:
        subscriptions.set_filters(conn, key, changes.filters, ctx.clock())
    if changes.frequency is not None:
        subscriptions.set_frequency(conn, key, changes.frequency)
    if headers is not None:
        subscriptions.set_headers(conn, key, headers)
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
    return set_status(conn, key, SubscriptionStatus.ACTIVE, at=ctx.clock(), reason=by.reason)


@audited("act.subscription_confirm", "subscription", "key")
def confirm(conn: Connection, ctx: Context, key: str, by: Actor) -> Subscription:
    """An operator vouches for a pending one. One that is active stays so.

    Raises NotFound, Conflict for one that was stopped for another reason than that nobody has
    confirmed it.
    """
    check_vouching(by, True)
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


def _move(conn: Connection, ctx: Context, key: str, target: str, vouching: Actor | None) -> None:
    now, private = ctx.clock(), ctx.settings.webhooks.allow_private_networks
    moved = subscriptions.set_target(conn, key, target, at=now, allow_private_networks=private)
    if moved.status is SubscriptionStatus.PENDING and vouching is not None:
        set_status(conn, key, SubscriptionStatus.ACTIVE, at=now, reason=vouching.reason)
    else:
        ask_consent(conn, ctx, moved)


def _check_moves(found: Subscription, act: str, by: Actor) -> None:
    """Raises Conflict where the act would skip the owner's consent, or a bounce: what is paused can
    be resumed."""
    if found.status is SubscriptionStatus.PENDING:
        raise Conflict(coded(f"conflict.{act}_unconfirmed", name=found.id))
    if found.status is SubscriptionStatus.SUSPENDED and by.kind is ActorKind.UNIT:
        raise Conflict(coded(f"conflict.{act}_bounces", name=found.id))


def _whole(ctx: Context, kind: ChannelKind, target: str) -> str:
    return kind.parse(target, ctx.settings.webhooks.allow_private_networks).key


def find_same(conn: Connection, ctx: Context, channel: Channel, target: str) -> list[Subscription]:
    """Those of that target that were not removed, also where it is kept as a mark alone."""
    kind = kind_of(channel)
    if not kind.is_sealed:
        return subscriptions.list_subscriptions(conn, channel=channel, target=target)
    marks = ctx.secret_box.marks(_whole(ctx, kind, target))
    return subscriptions.list_subscriptions(conn, channel=channel, marks=marks)


def _unit_of(conn: Connection, asked: str | None, by: Actor) -> str | None:
    if by.kind is ActorKind.UNIT:
        return by.unit_id
    return None if asked is None else get_unit(conn, asked).id
