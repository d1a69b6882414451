"""The desk's pages of units and subscriptions; what a form was refused for stands at its field."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, g, render_template, request

from service.services.undo_acts import load_removed
from service.services.wants import say_filters
from service.storage import subscriptions, units
from service.web.problem import Fault

if TYPE_CHECKING:
    from service.bootstrap import Loa

PAGE_ROWS = 50


def add_routes(blueprint: Blueprint, loa: Loa) -> None:
    @blueprint.get("/units")
    def unit_list() -> str:
        return unit_page(loa)

    @blueprint.get("/units/<unit_id>/merge")
    def ask_merge(unit_id: str) -> str:
        with loa.database.reading() as conn:
            unit = units.get_unit(conn, unit_id)
            others = [one for one in units.list_units(conn) if one.id != unit.id]
            found = subscriptions.list_subscriptions(conn, unit_id=unit.id)
        return render_template("admin/merge.html", unit=unit, others=others, subscriptions=found)

    @blueprint.get("/subscriptions")
    def subscription_list() -> str:
        after = request.args.get("after")
        with loa.database.reading() as conn:
            found = subscriptions.list_subscriptions(conn, after=after, limit=PAGE_ROWS + 1)
            names = {unit.id: unit.name for unit in units.list_units(conn)}
            removed = load_removed(conn, loa).subscriptions
        more = found[PAGE_ROWS - 1].id if len(found) > PAGE_ROWS else None
        return render_template(
            "admin/subscriptions.html", subscriptions=found[:PAGE_ROWS], names=names, more=more,
            wants=lambda one: say_filters(loa, one.filters, g.language), removed=removed,
        )  # fmt: skip


def unit_page(loa: Loa, fault: Fault | None = None) -> str:
    """The units, and the form for another; with what was filled in where that was refused."""
    with loa.database.reading() as conn:
        found = units.list_units(conn)
        removed = load_removed(conn, loa).units
    places = {
        unit.place: place.name
        for unit in found
        if unit.place and (place := loa.gazetteer.get(unit.place))
    }
    return render_template(
        "admin/units.html", units=found, places=places, removed=removed, fault=fault
    )
