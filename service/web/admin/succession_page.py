"""The desk's page of offices whose communes are no more: what becomes of each is shown, and done at
once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from service.errors import InvalidInput
from service.services.succession_acts import StepKind, carry_out, plan_succession
from service.web.admin.sure import tell_done
from service.web.problem import Fault, fault_of, status_of
from service.web.site import base_path
from service.words import coded

if TYPE_CHECKING:
    from service.bootstrap import Loa

_CHOICE = "to:"
"""How the field of an office is called whose commune was divided; its id follows."""


def add_routes(blueprint: Blueprint, loa: Loa) -> None:
    home = f"{base_path(loa.settings.service.public_url)}/admin"

    @blueprint.get("/successions")
    def show_successions() -> str:
        return _page(loa)

    @blueprint.post("/successions")
    def succeed_units() -> Response | tuple[str, int]:
        chosen = {
            field.removeprefix(_CHOICE): place
            for field, place in request.form.items()
            if field.startswith(_CHOICE) and place
        }
        try:
            with loa.database.writing() as conn:
                steps = plan_succession(conn, loa, chosen=chosen)
                carry_out(conn, loa, steps)
        except InvalidInput as error:
            return _page(loa, fault_of(error, "choose")), status_of(error)
        waiting = sum(step.kind is StepKind.CHOOSE for step in steps)
        tell_done(coded("done.units_succeeded", n=len(steps) - waiting, waiting=waiting))
        return redirect(f"{home}/successions" if waiting else f"{home}/units", 303)


def _page(loa: Loa, fault: Fault | None = None) -> str:
    with loa.database.reading() as conn:
        steps = plan_succession(conn, loa)
    return render_template("admin/succession.html", steps=steps, choice=_CHOICE, fault=fault)
