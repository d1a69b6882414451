"""Subscribing by mail, confirming, unsubscribing with one click (RFC 8058), and changing what one
gets.

A GET never changes anything, since scanners follow links. A token in the address is the only right.
Every answer to a subscription is the same, whatever is known of the address.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from flask import Blueprint, g, render_template, request
from sqlalchemy import Connection

from service.alerts.links import Purpose
from service.channels import Consent, kind_of
from service.errors import InputFaults, InvalidInput, NotFound
from service.feeds.catalogue import category_label
from service.posts.kinds import KIND_NAMES
from service.services import subscription_acts as acts
from service.services.consent import say_consent
from service.services.context import Actor, ActorKind
from service.services.optin import (
    CONFIRM_WITHIN,
    OwnSubscriptions,
    ShownConsent,
    answer_question,
    check_mail,
    erase_own,
    persons_own,
    read_link,
    read_question,
    read_restore,
    renew_link,
    request_subscription,
    restore,
    unsubscribe,
)
from service.services.own_data import preview_filters
from service.services.subscription_checks import SubscriptionChanges
from service.services.wants import say_filters
from service.storage.matching import MatchingPosts
from service.storage.subscriptions import get_subscription
from service.storage.units import get_unit, list_units
from service.types import Filters, Subscription, SubscriptionStatus
from service.values import MailAddress
from service.web import reader
from service.web.pages.own_data_page import add_own_data
from service.web.pages.subscribe_form import (
    FormValues,
    read_values,
    stored_values,
    typed_values,
)
from service.web.problem import Fault, fault_of, is_for_program, refuse_often
from service.web.server.limits import Limit, asker, rest_s
from service.web.site import keep_private
from service.words.collation import name_key
from service.words.sentences_consent import CONSENT_VERSION

if TYPE_CHECKING:
    from service.bootstrap import Loa

PER_HOUR = 10
"""Subscriptions that one host may ask for; an office behind one address rarely has more at once."""
BY_OWNER = "by.owner_unsubscribed"


def make_blueprint(loa: Loa) -> Blueprint:
    """The routes /subscribe, /confirm, /unsubscribe and /manage."""
    blueprint = Blueprint("subscriptions", __name__)
    _add_subscribe(blueprint, loa)
    _add_confirm(blueprint, loa)
    _add_unsubscribe(blueprint, loa)
    _add_manage(blueprint, loa)
    _add_restore(blueprint, loa)
    add_own_data(blueprint, loa)

    blueprint.after_request(keep_private)
    return blueprint


def _add_subscribe(blueprint: Blueprint, loa: Loa) -> None:
    limit = Limit(PER_HOUR, 3600, time.monotonic)

    @blueprint.get("/subscribe")
    def form() -> str | tuple[str, int]:
        values = typed_values(request.args)
        return _form_page(loa, values) if values == FormValues() else _preview(loa, values)

    @blueprint.post("/subscribe/preview")
    def preview() -> str | tuple[str, int]:
        return _preview(loa, typed_values(request.form))

    @blueprint.post("/subscribe")
    def subscribe() -> str | tuple[str, int] | tuple[str, int, dict[str, str]]:
        check_mail(loa)
        values = typed_values(request.form)
        faults = InputFaults()
        try:
            with faults:
                address = MailAddress.parse(values.address)
            with faults:
                filters, frequency = read_values(loa, values)
            faults.require_none()
        except InvalidInput as error:
            if is_for_program():
                raise
            return _form_page(loa, values, fault_of(error, "")), 422
        state = limit.take(asker())
        if often := refuse_often(state):
            return _form_page(loa, values, often), 429, state.retry()
        began = time.monotonic()
        with loa.database.writing() as conn:
            request_subscription(
                conn,
                loa,
                address=address,
                filters=filters,
                frequency=frequency,
                locale=reader.locale(),
                shown=_shown("/subscribe"),
            )
        time.sleep(rest_s(time.monotonic() - began))
        return _render(
            loa,
            "subscribe",
            is_done=True,
            address=str(address),
            sender=loa.settings.email.from_,
            days=CONFIRM_WITHIN.days,
            asked=say_filters(loa, filters, g.language),
            frequency=frequency,
        )


def _add_confirm(blueprint: Blueprint, loa: Loa) -> None:
    @blueprint.get("/confirm/<token>")
    def show_confirm(token: str) -> str:
        with loa.database.reading() as conn:
            subscription, refusal = read_question(conn, loa, token)
        return _confirm_page(loa, subscription, refusal)

    @blueprint.post("/confirm/<token>")
    def confirm(token: str) -> tuple[str, int]:
        with loa.database.writing() as conn:
            before, _ = read_question(conn, loa, token)
            subscription, refusal = answer_question(conn, loa, token, _shown("/confirm"))
        is_new = (
            before.status is SubscriptionStatus.PENDING
            and kind_of(before.channel).consent is Consent.MAILBOX
        )
        page = _confirm_page(loa, subscription, refusal, is_new=is_new and refusal is None)
        return page, 200 if refusal is None else 403


def _add_unsubscribe(blueprint: Blueprint, loa: Loa) -> None:
    @blueprint.get("/unsubscribe/<token>")
    def show_unsubscribe(token: str) -> str:
        ids = read_link(loa, Purpose.UNSUBSCRIBE, token)
        return _render(loa, "unsubscribe", is_done=False, units=_units_of(loa, ids))

    @blueprint.post("/unsubscribe/<token>")
    def one_click(token: str) -> str:
        ids = read_link(loa, Purpose.UNSUBSCRIBE, token)
        with loa.database.writing() as conn:
            unsubscribe(conn, loa, ids, _owner(BY_OWNER))
        return _render(loa, "unsubscribe", is_done=True, units=_units_of(loa, ids))


def _add_manage(blueprint: Blueprint, loa: Loa) -> None:
    @blueprint.get("/manage/<token>")
    def manage(token: str) -> str:
        return _manage_page(loa, token)

    @blueprint.post("/manage/<token>")
    def change(token: str) -> str | tuple[str, int]:
        try:
            return _carry_out(loa, token, request.form.get("action"))
        except InvalidInput as error:
            if request.form.get("action") != "edit" or is_for_program():
                raise
            return _manage_page(loa, token, fault=fault_of(error, "")), 422


def _carry_out(loa: Loa, token: str, action: str | None) -> str:
    """What a person asks of their own subscriptions. Raises NotFound, InvalidInput, Conflict."""
    with loa.database.writing() as conn:
        own = persons_own(conn, loa, token)
        if own.is_expired or action == "renew":
            renew_link(conn, loa, own, reader.locale())
            return _render(loa, "expired", is_renewed=True)
        asked_of = _must_be_sure(conn, own, action)
        if asked_of is not None:
            return _render(loa, "sure", unit=asked_of, action=action, typed=_typed_again())
        if action == "erase":
            if request.form.get("sure") != "1":
                return _render(
                    loa, "sure", action=action, address=own.address, typed=_typed_again()
                )
            units = [unit.name for unit in erase_own(conn, loa, own)]
            return _render(loa, "unsubscribe", is_done=True, units=units, is_asked=bool(units))
        _change(conn, loa, own.subscriptions, action)
    return _manage_page(loa, token, is_changed=True)


def _add_restore(blueprint: Blueprint, loa: Loa) -> None:
    @blueprint.get("/restore/<token>")
    def show_restore(token: str) -> str:
        with loa.database.reading() as conn:
            gone = read_restore(conn, loa, token)
        return _render(loa, "restore", unit=_unit_name(loa, gone), target=gone.target)

    @blueprint.post("/restore/<token>")
    def do_restore(token: str) -> str:
        with loa.database.writing() as conn:
            one = restore(conn, loa, token)
        return _render(
            loa, "restore", unit=_unit_name(loa, one), target=one.target, status=one.status
        )


def _render(loa: Loa, name: str, **values: object) -> str:
    categories = [(one.id, category_label(one, g.language)) for one in loa.rules.categories]
    can_mail, kinds = (
        bool(loa.settings.email.smtp_url),
        sorted(KIND_NAMES.items(), key=lambda kind: name_key(kind[1])),
    )
    return render_template(
        f"subscriptions/{name}.html",
        categories=categories,
        kinds=kinds,
        portals=loa.settings.portals,
        can_mail=can_mail,
        filled=request.form,
        consent=say_consent(loa, g.language),
        consent_version=CONSENT_VERSION,
        **values,
    )


def _form_page(
    loa: Loa,
    values: FormValues,
    fault: Fault | None = None,
    preview: MatchingPosts | None = None,
) -> str:
    return _render(loa, "subscribe", is_done=False, values=values, fault=fault, preview=preview)


def _preview(loa: Loa, values: FormValues) -> str | tuple[str, int]:
    """The form as it is filled in, with what that would have brought."""
    try:
        filters, _ = read_values(loa, values)
    except InvalidInput as error:
        return _form_page(loa, values, fault_of(error, "")), 422
    return _form_page(loa, values, preview=_matching(loa, filters))


def _matching(loa: Loa, filters: Filters) -> MatchingPosts:
    with loa.database.reading() as conn:
        return preview_filters(conn, loa, filters)


def _confirm_page(
    loa: Loa, subscription: Subscription, refusal: str | None, *, is_new: bool = False
) -> str:
    """`is_new`: the owner of the address has just said yes, and is shown what is his own."""
    return _render(
        loa,
        "confirm",
        subscription=subscription,
        refusal=refusal,
        words=_words_of(loa),
        is_new=is_new,
        is_mail=kind_of(subscription.channel).consent is Consent.MAILBOX,
        matching=_matching(loa, subscription.filters) if is_new else None,
        manage_url=loa.links.manage_url(subscription.id, loa.clock()) if is_new else None,
    )


def _shown(page: str) -> ShownConsent:
    return ShownConsent(page, g.language, request.form.get("consent"))


def _manage_page(
    loa: Loa, token: str, *, is_changed: bool = False, fault: Fault | None = None
) -> str:
    with loa.database.reading() as conn:
        own = persons_own(conn, loa, token)
        units = {unit.id: unit.name for unit in list_units(conn)}
    if own.is_expired:
        return _render(loa, "expired", is_renewed=False)
    shown = [one for one in own.subscriptions if one.status is not SubscriptionStatus.REMOVED]

    def values_of(one: Subscription) -> FormValues:
        if fault and request.form.get("id") == one.id:
            return typed_values(request.form)
        return stored_values(loa, one.filters, one.frequency)

    return _render(
        loa,
        "manage",
        subscriptions=shown,
        units=units,
        is_changed=is_changed,
        fault=fault,
        values_of=values_of,
        words=_words_of(loa),
        data_path=f"{request.path.rstrip('/')}/data",
    )


def _must_be_sure(conn: Connection, own: OwnSubscriptions, action: str | None) -> str | None:
    """The unit that would hear less, where its name was not shown yet beside the button."""
    if action not in ("pause", "remove", "edit") or request.form.get("sure") == "1":
        return None
    wanted = request.form.get("id", "")
    one = next((one for one in own.subscriptions if one.id == wanted), None)
    if one is None or one.unit_id is None:
        return None
    return next((unit.name for unit in list_units(conn) if unit.id == one.unit_id), None)


def _typed_again() -> list[tuple[str, str]]:
    """What was typed, for the second button to send."""
    pairs = request.form.items(multi=True)
    return [(name, value) for name, value in pairs if name not in ("action", "sure")]


def _unit_name(loa: Loa, one: Subscription) -> str:
    with loa.database.reading() as conn:
        return get_unit(conn, str(one.unit_id)).name


def _units_of(loa: Loa, subscription_ids: Sequence[str]) -> list[str]:
    """The names of the units whose subscriptions these are."""
    with loa.database.reading() as conn:
        names = {unit.id: unit.name for unit in list_units(conn)}
        found = []
        for key in subscription_ids:
            with suppress(NotFound):  # long ago
                found.append(names.get(get_subscription(conn, key).unit_id or ""))
    return list(dict.fromkeys(name for name in found if name))


def _owner(reason: str) -> Actor:
    return Actor(ActorKind.OWNER, reason)


def _change(conn: Connection, loa: Loa, own: Sequence[Subscription], action: str | None) -> None:
    """What one of the person's own subscriptions is asked to become. Raises NotFound, InvalidInput,
    Conflict."""
    wanted = request.form.get("id", "")
    subscription = next((one for one in own if one.id == wanted), None)
    if subscription is None:
        raise NotFound("subscription", wanted[:64])
    match action:
        case "pause":
            acts.pause(conn, loa, wanted, _owner("by.owner_paused"))
        case "resume":
            acts.resume(conn, loa, wanted, _owner("by.owner_edited"))
        case "remove":
            acts.remove(conn, loa, wanted, _owner(BY_OWNER))
        case "edit":
            filters, frequency = read_values(loa, typed_values(request.form))
            before = subscription.filters  # a field that was not sent leaves what is
            filters = replace(
                filters,
                portals=filters.portals if "portal" in request.form else before.portals,
                places=filters.places if "place" in request.form else before.places,
            )
            acts.edit(
                conn,
                loa,
                wanted,
                SubscriptionChanges(filters=filters, frequency=frequency),
                _owner("by.owner_edited"),
            )


def _words_of(loa: Loa) -> Callable[[Subscription], str]:
    return lambda subscription: say_filters(loa, subscription.filters, g.language)
