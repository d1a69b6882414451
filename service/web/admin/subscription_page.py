"""A subscription is added from its unit's page, and has a page of its own: what its endpoint was
asked and answered, what it wants, and the form that changes that.

A secret is shown in the answer to the form that made it, and never again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint, g, redirect, render_template, request
from werkzeug.wrappers import Response

from service.channels import Consent, added_channels, kind_of
from service.errors import Conflict, InputFaults, InvalidInput
from service.posts.kinds import KIND_NAMES
from service.services import subscription_acts as acts
from service.services.context import Actor
from service.services.subscription_checks import SubscriptionChanges, SubscriptionRequest
from service.services.wants import say_filters
from service.storage.own_messages import last_own_messages
from service.storage.subscriptions import get_subscription
from service.storage.units import get_unit
from service.types import Channel, Filters, Frequency, Subscription, SubscriptionStatus
from service.web import auth
from service.web.admin.faults import desk_fault
from service.web.admin.sent_body import shown_body
from service.web.admin.sure import tell_done
from service.web.pages.subscribe_form import FormValues, read_values, stored_values, typed_values
from service.web.problem import Fault, status_of
from service.web.site import base_path, category_name, with_script
from service.words import coded

if TYPE_CHECKING:
    from service.bootstrap import Loa

ANSWERS = 5
"""Of the last questions and tests."""
"""With these whoever looks could confirm in the endpoint's place."""


def add_routes(blueprint: Blueprint, loa: Loa) -> None:
    home = f"{base_path(loa.settings.service.public_url)}/admin/subscriptions"

    @blueprint.get("/units/<unit_id>/subscribe")
    def new_subscription(unit_id: str) -> str:
        return _add_page(loa, unit_id, typed_values(request.args))

    @blueprint.post("/units/<unit_id>/subscribe")
    def add_subscription(unit_id: str) -> Response | tuple[str, int]:
        """Not a redirect: the secret is in this answer and in no other."""
        values, faults = typed_values(request.form), InputFaults()
        try:
            asked = _asked(loa, unit_id, values, faults)
            with loa.database.writing() as conn:
                made = acts.add(conn, loa, asked, _by_desk(), faults)
        except (InvalidInput, Conflict) as error:
            return _add_page(loa, unit_id, values, desk_fault(error, "target")), status_of(error)
        return with_script(render_template("admin/secret.html", made=made, until=None))

    @blueprint.get("/subscriptions/<key>")
    def show_subscription(key: str) -> str:
        return _page(loa, key)

    @blueprint.post("/subscriptions/<key>")
    def edit_subscription(key: str) -> Response | tuple[str, int]:
        values, faults = typed_values(request.form), InputFaults()
        try:
            with loa.database.writing() as conn:
                changes = _changes(loa, get_subscription(conn, key), values, faults)
                edited = acts.edit(conn, loa, key, changes, _by_desk(), faults)
        except (InvalidInput, Conflict) as error:
            return _page(loa, key, values, desk_fault(error, "target")), status_of(error)
        tell_done(coded("done.subscription_edited", target=edited.target))
        return redirect(f"{home}/{key}", 303)


def _asked(loa: Loa, unit_id: str, values: FormValues, faults: InputFaults) -> SubscriptionRequest:
    """Raises InvalidInput for a channel that is none; other faults go to `faults`."""
    form = request.form
    channel = kind_of(form.get("channel", "")).name
    filters, frequency = _wanted(loa, values, faults)
    return SubscriptionRequest(
        Channel(channel),
        "" if kind_of(channel).is_asked else form.get("target", "").strip()[:2_000],
        filters=filters,
        frequency=frequency,
        unit=unit_id,
        name=form.get("name", ""),
        is_confirmed=form.get("confirmed") == "1",
    )


def _wanted(loa: Loa, values: FormValues, faults: InputFaults) -> tuple[Filters, Frequency]:
    with faults:
        return read_values(loa, values)
    return Filters(), Frequency.IMMEDIATE


def _changes(
    loa: Loa, found: Subscription, values: FormValues, faults: InputFaults
) -> SubscriptionChanges:
    """Another address only where it is another: one that is typed again is not asked again."""
    filters, frequency = _wanted(loa, values, faults)
    target = request.form.get("target", "").strip()[:2_000]
    return SubscriptionChanges(
        filters=filters,
        frequency=frequency if kind_of(found.channel).digest_endpoint else None,
        name=request.form.get("name", ""),
        target=target if target and target != found.target else None,
    )


def _add_page(loa: Loa, unit_id: str, values: FormValues, fault: Fault | None = None) -> str:
    with loa.database.reading() as conn:
        unit = get_unit(conn, unit_id)
    return render_template(
        "admin/subscribe.html", unit=unit, fault=fault, channels=added_channels(),
        asked=request.form.get("channel", added_channels()[0]), **_form(loa, values),
    )  # fmt: skip


def _page(loa: Loa, key: str, values: FormValues | None = None, fault: Fault | None = None) -> str:
    with loa.database.reading() as conn:
        found = get_subscription(conn, key)
        unit = None if found.unit_id is None else get_unit(conn, found.unit_id)
        own = last_own_messages(conn, key, ANSWERS)
    kind = kind_of(found.channel)
    values = values or stored_values(loa, found.filters, found.frequency.value)
    return render_template(
        "admin/subscription.html", s=found, unit=unit, kind=kind, fault=fault,
        own=[(one, shown_body(one.body)) for one in own],
        may_move=kind.consent is Consent.ENDPOINT,
        is_pending=found.status is SubscriptionStatus.PENDING,
        is_removed=found.status is SubscriptionStatus.REMOVED,
        wants=say_filters(loa, found.filters, g.language), **_form(loa, values),
    )  # fmt: skip


def _form(loa: Loa, values: FormValues) -> dict[str, Any]:
    """What the fields of `subscriptions/_fields.html` are made of."""
    return {
        "values": values,
        "categories": [
            (one.id, category_name(loa, one.id, g.language)) for one in loa.rules.categories
        ],
        "portals": loa.settings.portals,
        "kinds": list(KIND_NAMES.items()),
    }


def _by_desk() -> Actor:
    return auth.actor(coded("by.operator", name=auth.caller().name))
