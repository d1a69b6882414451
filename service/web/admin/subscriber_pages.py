"""The desk's pages of units and subscriptions; what a form was refused for stands at its field."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, g, render_template, request

from service.services.succession_acts import plan_succession
from service.services.undo_acts import load_removed
from service.services.wants import say_filters
from service.storage import subscriptions, units
from service.text import fold_plain
from service.types import Unit
from service.web.problem import Fault

if TYPE_CHECKING:
    from service.bootstrap import Loa

UNIT_ROWS = 50
SUBSCRIPTION_ROWS = 25
CHOICES = 100
"""Units among which one is chosen from a list; of more its name is typed."""


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
        return render_template(
            "admin/merge.html", unit=unit, others=others, subscriptions=found, choices=CHOICES
        )

    @blueprint.get("/subscriptions")
    def subscription_list() -> str:
        after = request.args.get("after")
        with loa.database.reading() as conn:
            found = subscriptions.list_subscriptions(conn, after=after, limit=SUBSCRIPTION_ROWS + 1)
            names = {unit.id: unit.name for unit in units.list_units(conn)}
            removed = load_removed(conn, loa).subscriptions
        more = found[SUBSCRIPTION_ROWS - 1].id if len(found) > SUBSCRIPTION_ROWS else None
        return render_template(
            "admin/subscriptions.html", subscriptions=found[:SUBSCRIPTION_ROWS], names=names,
            more=more, wants=lambda one: say_filters(loa, one.filters, g.language), removed=removed,
        )  # fmt: skip


def unit_page(loa: Loa, fault: Fault | None = None) -> str:
    """The units, and the form for another; with what was filled in where that was refused."""
    q, page = request.args.get("q", "")[:100], max(0, request.args.get("page", 0, int))
    with loa.database.reading() as conn:
        found = [unit for unit in units.list_units(conn) if _is_meant(unit, fold_plain(q))]
        removed = load_removed(conn, loa).units
        ended = len(plan_succession(conn, loa))
    start = page * UNIT_ROWS
    shown = found[start : start + UNIT_ROWS]
    places = {
        unit.place: place.name
        for unit in shown
        if unit.place and (place := loa.gazetteer.get(unit.place))
    }
    return render_template(
        "admin/units.html", units=shown, places=places, removed=removed, fault=fault, q=q,
        ended=ended, count=len(found), more=page + 1 if len(found) > start + UNIT_ROWS else None,
    )  # fmt: skip


def _is_meant(unit: Unit, words: str) -> bool:
    """Whether its name, place or a contact holds what was searched, written without marks too."""
    held = fold_plain(" ".join((unit.name, unit.place or "", *unit.contacts)))
    return all(word in held for word in words.split())
