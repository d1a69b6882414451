"""The page of one unit: all that is its own, and what may be done to it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from flask import Blueprint, g, redirect, render_template, request
from werkzeug.wrappers import Response

from service.errors import Conflict, InvalidInput
from service.services import unit_acts
from service.services.mail_state import why_no_mail
from service.services.todays_work import load_open_receipts
from service.services.unit_link import mail_links
from service.services.wants import say_filters
from service.storage.losses import active_targets
from service.storage.subscriptions import list_subscriptions
from service.storage.unit_record import load_acknowledged
from service.storage.units import get_unit
from service.web import auth
from service.web.admin.faults import desk_fault
from service.web.admin.sure import tell_done
from service.web.pages.subscribe_form import place_asked, say_place
from service.web.problem import Fault, status_of
from service.web.site import base_path
from service.words import coded

if TYPE_CHECKING:
    from service.bootstrap import Loa

YEAR = timedelta(days=365)
SHOWN = 100
"""Receipts on the page; subscriptions are few."""


def add_routes(blueprint: Blueprint, loa: Loa) -> None:
    home = f"{base_path(loa.settings.service.public_url)}/admin"

    @blueprint.get("/units/<unit_id>")
    def show_unit(unit_id: str) -> str:
        return _page(loa, unit_id)

    @blueprint.post("/units/<unit_id>")
    def edit_unit(unit_id: str) -> Response | tuple[str, int]:
        form = request.form
        place = place_asked(form.get("place", ""))
        changes = unit_acts.UnitChanges(
            name=form.get("name", ""),
            place=place or None,
            has_no_place=not place,
            contacts=form.get("contacts", "").replace(",", " ").split(),
        )
        try:
            with loa.database.writing() as conn:
                by = auth.actor(coded("by.operator", name=auth.caller().name))
                unit = unit_acts.edit(conn, loa, unit_id, changes, by)
        except (InvalidInput, Conflict) as error:
            return _page(loa, unit_id, desk_fault(error, "name")), status_of(error)
        tell_done(coded("done.unit_edited", unit=unit.name))
        return redirect(f"{home}/units/{unit.id}", 303)

    @blueprint.post("/units/<unit_id>/link")
    def link_unit(unit_id: str) -> Response:
        with loa.database.writing() as conn:
            unit = mail_links(conn, loa, unit_id)
        tell_done(coded("done.unit_link", unit=unit.name, n=len(unit.contacts)))
        return redirect(f"{home}/units/{unit.id}", 303)


def _page(loa: Loa, unit_id: str, fault: Fault | None = None) -> str:
    now = loa.clock()
    with loa.database.reading() as conn:
        unit = get_unit(conn, unit_id)
        found = list_subscriptions(conn, unit_id=unit.id)
        open_receipts = load_open_receipts(conn, loa, unit.id)
        acknowledged = load_acknowledged(conn, unit.id, now - YEAR, SHOWN)
        no_mail = why_no_mail(conn, loa)
        hears = active_targets(conn, unit.id, has_mail=no_mail is None)
    place = loa.gazetteer.get(unit.place) if unit.place else None
    return render_template(
        "admin/unit.html", unit=unit, subscriptions=found, open=open_receipts, now=now,
        acknowledged=acknowledged, hears=hears, fault=fault, place=place, shown=SHOWN,
        no_mail=no_mail, wants=lambda one: say_filters(loa, one.filters, g.language),
        filled=request.form if fault else {
            "name": unit.name, "contacts": ", ".join(unit.contacts),
            "place": say_place(loa, unit.place) if unit.place else "",
        },
    )  # fmt: skip
