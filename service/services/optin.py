"""Subscribing by a stranger's word: pending until the owner of the address says yes, and erasure
when asked.

Whatever the state of an address, the same rows are written and a mail is queued at most once a day:
nobody learns whether an address is known.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import Connection

from service.alerts.links import Purpose
from service.channels import Consent, kind_of
from service.errors import InvalidInput, NotFound
from service.services.audit_acts import audited
from service.services.consent import known_version
from service.services.context import Actor, ActorKind, Context
from service.services.loss_acts import ask_erasure, tell_erased
from service.services.wants import say_filters
from service.storage import consents
from service.storage.consents import ConsentStep
from service.storage.erasure import ERASED, forget_address, subscriptions_of
from service.storage.handshakes import address_mark, ask_confirmation
from service.storage.mails import queue_letter
from service.storage.schema import from_micros, to_micros
from service.storage.subscriptions import (
    CONFIRMED,
    NewSubscription,
    add_subscription,
    get_subscription,
    list_subscriptions,
    set_filters,
    set_frequency,
    set_status,
)
from service.storage.units import get_unit, units_of_address
from service.types import (
    EMAIL,
    Filters,
    Frequency,
    Subscription,
    SubscriptionStatus,
    Unit,
)
from service.values import Locale, MailAddress, address_key, address_keys
from service.words import coded

BY_ERASURE = "by.erasure"
CONFIRM_WITHIN = timedelta(days=7)
MANAGE_FOR = timedelta(days=90)
RESTORE_WITHIN = timedelta(days=30)
Refusal = Literal["expired", "moved"]
"""Why a link confirms nothing any more: its week is over, or the endpoint that was asked has
moved."""


@dataclass(frozen=True, slots=True)
class ShownConsent:
    """What stood beside the button that was pressed: the path of the page, without any token, and
    the version of the text on consent, None where there was none."""

    page: str
    language: str
    version: str | None = None


@audited("act.subscription_request", "person")
def request_subscription(
    conn: Connection,
    ctx: Context,
    *,
    address: MailAddress,
    filters: Filters,
    frequency: Frequency,
    locale: Locale,
    shown: ShownConsent,
) -> None:
    """One pending subscription for an address, and one mail a day that asks its owner, in his
    language. What was shown beside the button is recorded.

    Raises InvalidInput where no mail can be sent.
    """
    check_mail(ctx)
    now, title, what = (
        ctx.clock(),
        ctx.settings.service.title,
        say_filters(ctx, filters, locale.language),
    )
    known = [
        one
        for one in list_subscriptions(conn, channel=EMAIL, target=str(address))
        if one.unit_id is None
    ]
    same = [one for one in known if one.filters == filters and one.frequency is frequency]
    if any(one.status is SubscriptionStatus.ACTIVE for one in same):
        subscription, kind = same[0], "already"
    else:
        subscription, kind = (
            _pending(conn, known, address, filters, frequency, locale.language, now),
            "confirm",
        )
        _record(conn, subscription.id, ConsentStep.ASKED, shown, now)
    purpose = Purpose.CONFIRM if kind == "confirm" else Purpose.MANAGE
    subject = [subscription.id, str(to_micros(now))]
    paragraphs = [coded(f"letter.{kind}_body", title=title, what=what)]
    paragraphs += ["letter.confirm_hint"] if kind == "confirm" else []
    queue_letter(
        conn,
        key=f"optin:{address.key}:{locale.day(now).isoformat()}",
        address=subscription.target,
        subject=f"letter.{kind}_subject",
        paragraphs=paragraphs,
        now=now,
        language=locale.language,
        button=(
            purpose.value,
            subject,
            "letter.confirm_button" if kind == "confirm" else "letter.manage_button",
        ),
        subscription_id=subscription.id,
    )


def _record(
    conn: Connection, key: str, step: ConsentStep, shown: ShownConsent, at: datetime
) -> None:
    given = consents.RecordedConsent(
        key, step, known_version(shown.version), shown.page, shown.language, at
    )
    consents.record_consent(conn, given)


def _pending(
    conn: Connection,
    known: list[Subscription],
    address: MailAddress,
    filters: Filters,
    frequency: Frequency,
    language: str,
    now: datetime,
) -> Subscription:
    """The one that waits, with what was asked for last; so fifty requests are one row."""
    for one in known:
        if one.status is SubscriptionStatus.PENDING:
            set_frequency(conn, one.id, frequency)
            return set_filters(conn, one.id, filters, now)
    new = NewSubscription(
        EMAIL, str(address), now, filters=filters, frequency=frequency, language=language
    )
    return add_subscription(conn, new)


def check_mail(ctx: Context) -> None:
    """Raises InvalidInput where this service has no mail relay."""
    if not ctx.settings.email.smtp_url:
        raise InvalidInput(
            "channel",
            "bad.no_mail",
            "allowed.smtp",
        )


def ask_consent(conn: Connection, ctx: Context, added: Subscription) -> None:
    """Asks whoever is behind the target of a pending subscription, as its channel does."""
    if added.status is not SubscriptionStatus.PENDING:
        return
    consent = kind_of(added.channel).consent
    if consent is Consent.ENDPOINT:
        ask_confirmation(conn, added.id, ctx.links, ctx.clock())
    elif consent is Consent.MAILBOX:
        _ask_owner(conn, ctx, added)


def _ask_owner(conn: Connection, ctx: Context, subscription: Subscription) -> None:
    """Queues the mail that asks the owner of a pending subscription, which an operator added; once
    a day at most."""
    service, now = ctx.settings.service, ctx.clock()
    locale, title = service.locale, service.title
    what = say_filters(ctx, subscription.filters, subscription.language)
    queue_letter(
        conn,
        key=f"optin:{address_key(subscription.target)}:{locale.day(now).isoformat()}",
        address=subscription.target,
        subject="letter.confirm_subject",
        paragraphs=[coded("letter.confirm_body", title=title, what=what), "letter.confirm_hint"],
        now=now,
        language=subscription.language,
        button=(
            Purpose.CONFIRM.value,
            [subscription.id, str(to_micros(now))],
            "letter.confirm_button",
        ),
        subscription_id=subscription.id,
    )


def read_question(
    conn: Connection, ctx: Context, token: str
) -> tuple[Subscription, Refusal | None]:
    """The subscription that a link asks about, and why the link confirms nothing any more; None
    where it does.

    A mailbox's link ends after some days; an endpoint's has no end, and is good for the address
    that was asked. Raises NotFound for a token that was not made here for this.
    """
    subscription_id, *said = read_link(ctx, Purpose.CONFIRM, token)
    subscription = get_subscription(conn, subscription_id)
    if kind_of(subscription.channel).consent is Consent.ENDPOINT:
        return subscription, None if said == [address_mark(subscription.target)] else "moved"
    is_waiting = subscription.status is SubscriptionStatus.PENDING
    is_late = bool(said) and from_micros(int(said[0])) + CONFIRM_WITHIN < ctx.clock()
    return subscription, "expired" if is_waiting and is_late else None


def answer_question(
    conn: Connection, ctx: Context, token: str, shown: ShownConsent
) -> tuple[Subscription, Refusal | None]:
    """Whoever has the link says yes: a pending subscription is active, any other stays as it is.
    Raises NotFound."""
    subscription, refusal = read_question(conn, ctx, token)
    if refusal is None:
        subscription = _say_yes(conn, ctx, subscription.id, shown)
    return subscription, refusal


@audited("act.subscription_confirm", "subscription", "key")
def _say_yes(conn: Connection, ctx: Context, key: str, shown: ShownConsent) -> Subscription:
    found = get_subscription(conn, key)
    if found.status is not SubscriptionStatus.PENDING:
        return found
    if kind_of(found.channel).consent is Consent.MAILBOX:
        _record(conn, key, ConsentStep.CONFIRMED, shown, ctx.clock())
    return set_status(conn, key, SubscriptionStatus.ACTIVE, at=ctx.clock(), reason=CONFIRMED)


def read_link(ctx: Context, purpose: Purpose, token: str) -> tuple[str, ...]:
    """What a link is about. Raises NotFound for a token that was not made here for this purpose,
    EndedLink."""
    try:
        return ctx.links.read(purpose, token)
    except InvalidInput as error:
        raise NotFound("link", "(token)") from error


@dataclass(frozen=True, slots=True)
class OwnSubscriptions:
    """All mail subscriptions of the person whom a manage link was sent to, removed ones too.

    `is_expired`: the link is older than MANAGE_FOR, or says no age: it only has a new one mailed.
    """

    address: str
    subscriptions: tuple[Subscription, ...]
    is_expired: bool


def persons_own(conn: Connection, ctx: Context, token: str) -> OwnSubscriptions:
    """What a manage link is about. Raises NotFound."""
    subscription_id, *made_at = read_link(ctx, Purpose.MANAGE, token)
    one = get_subscription(conn, subscription_id)
    if one.channel != EMAIL:
        raise NotFound("subscription", subscription_id)
    all_own = list_subscriptions(conn, channel=EMAIL, target=one.target, has_removed=True)
    is_expired = not made_at or from_micros(int(made_at[0])) + MANAGE_FOR < ctx.clock()
    return OwnSubscriptions(one.target, tuple(all_own), is_expired)


@audited("act.link_renew", "person")
def renew_link(conn: Connection, ctx: Context, own: OwnSubscriptions, locale: Locale) -> None:
    """Mails a new manage link to whom the old one belongs; once a day at most."""
    now, one = ctx.clock(), own.subscriptions[0]
    queue_letter(
        conn,
        key=f"manage:{address_key(own.address)}:{locale.day(now).isoformat()}",
        address=own.address,
        subject="letter.renewed_subject",
        paragraphs=[coded("letter.renewed_body", title=ctx.settings.service.title)],
        now=now,
        language=locale.language,
        button=(Purpose.MANAGE.value, (one.id, str(to_micros(now))), "letter.manage_button"),
        subscription_id=one.id,
    )


def read_restore(conn: Connection, ctx: Context, token: str) -> Subscription:
    """The subscription that a unit's contact may ask back. Raises NotFound, also where the link is
    older than RESTORE_WITHIN, or the address was forgotten meanwhile."""
    subscription_id, made_at = read_link(ctx, Purpose.RESTORE, token)
    one = get_subscription(conn, subscription_id)
    is_late = from_micros(int(made_at)) + RESTORE_WITHIN < ctx.clock()
    if is_late or one.target.startswith(ERASED) or one.unit_id is None:
        raise NotFound("link", "(token)")
    return one


@audited("act.subscription_restore", "subscription")
def restore(conn: Connection, ctx: Context, token: str) -> Subscription:
    """Subscribes a unit again as it was, and asks the owner of the address, once: pending until
    then. Raises NotFound."""
    gone = read_restore(conn, ctx, token)
    live = list_subscriptions(conn, unit_id=gone.unit_id, channel=gone.channel, target=gone.target)
    if live:
        return live[0]
    get_unit(conn, str(gone.unit_id))
    new = NewSubscription(
        gone.channel,
        gone.target,
        ctx.clock(),
        filters=gone.filters,
        frequency=gone.frequency,
        unit_id=gone.unit_id,
        name=gone.name,
        language=gone.language,
    )
    added = add_subscription(conn, new)
    ask_consent(conn, ctx, added)
    return added


@audited("act.unsubscribe", "subscription", "subscription_ids")
def unsubscribe(conn: Connection, ctx: Context, subscription_ids: Iterable[str], by: Actor) -> int:
    """Removes those that are still there; returns how many. Twice is once, and one that is gone is
    no error."""
    done = 0
    for subscription_id in subscription_ids:
        try:
            if get_subscription(conn, subscription_id).status is SubscriptionStatus.REMOVED:
                continue
        except NotFound:
            continue
        set_status(
            conn, subscription_id, SubscriptionStatus.REMOVED, at=ctx.clock(), reason=by.reason
        )
        done += 1
    return done


@audited("act.erase_ask", "person")
def erase_own(conn: Connection, ctx: Context, own: OwnSubscriptions) -> list[Unit]:
    """Forgets a person who asks for it, but for an address of a unit: then the operator is asked,
    and what is the person's own ends. Returns the units that it is an address of."""
    units = units_of_address(conn, address_keys(own.address))
    if not units:
        erase(conn, ctx, own.address)
        return []
    private = [one.id for one in own.subscriptions if one.unit_id is None]
    unsubscribe(conn, ctx, private, Actor(ActorKind.OWNER, BY_ERASURE))
    for unit in units:
        ask_erasure(conn, ctx, unit, own.address)
    return units


@audited("act.erase", "person")
def erase(conn: Connection, ctx: Context, address: str) -> int:
    """Forgets a person: the address stands nowhere any more. Returns how many subscriptions held
    it; the other contacts of its units hear of it.

    What an older Loa took is erased as it stands. Raises InvalidInput for what is no address and is
    known nowhere.
    """
    keys = address_keys(address)
    ids = subscriptions_of(conn, keys)
    units = units_of_address(conn, keys)
    unsubscribe(conn, ctx, ids, Actor(ActorKind.OWNER, BY_ERASURE))
    if not forget_address(conn, keys):
        MailAddress.parse(address)
    for unit in units:
        tell_erased(conn, ctx, get_unit(conn, unit.id))
    return len(ids)
