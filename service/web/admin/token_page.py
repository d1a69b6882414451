"""The desk's page of API tokens: who has one, a new one, and ending one."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from flask import Blueprint, Response, g, redirect, render_template, request
from werkzeug.wrappers import Response as Redirect

from service.errors import InputFaults, InvalidInput, NotFound
from service.services import token_acts as acts
from service.storage.tokens import ApiToken, Role, Scope, list_tokens
from service.storage.units import list_units
from service.values import parse_day
from service.web import auth
from service.web.admin.faults import desk_fault
from service.web.admin.subscriber_pages import CHOICES
from service.web.admin.sure import ask_to_revoke, is_sure, tell_done
from service.web.problem import Fault, status_of
from service.web.site import base_path, with_script
from service.words import coded

if TYPE_CHECKING:
    from service.bootstrap import Loa


def add_routes(blueprint: Blueprint, loa: Loa) -> None:
    home = f"{base_path(loa.settings.service.public_url)}/admin"

    @blueprint.get("/tokens/")
    def token_list() -> str:
        return _page(loa)

    @blueprint.post("/tokens/")
    def create_token() -> Response | tuple[str, int]:
        """Not a redirect: the token is in this answer and in no other."""
        try:
            words, made = _create(loa)
        except NotFound as error:
            return _page(loa, Fault("unit", error.said(g.language))), status_of(error)
        except InvalidInput as error:
            return _page(loa, desk_fault(error, "name")), status_of(error)
        page = render_template(
            "admin/token_made.html", words=words, made=made, last=acts.last_day(loa, made)
        )
        return with_script(page)

    @blueprint.post("/tokens/<token_id>/revoke")
    def revoke_token(token_id: str) -> Redirect | str:
        with loa.database.writing() as conn:
            if not is_sure():
                return ask_to_revoke(conn, token_id)
            by = auth.actor(coded("by.operator", name=auth.caller().name))
            acts.revoke(conn, loa, token_id, by)
        tell_done("done.token_revoked")
        return redirect(f"{home}/tokens/", 303)


def _create(loa: Loa) -> tuple[str, ApiToken]:
    """Raises InvalidInput, NotFound."""
    form, faults = request.form, InputFaults()
    ends_on, last_day = form.get("ends_on", "").strip(), None
    with faults:
        role = _one_of(Role, "role", form.get("role", ""))
    with faults:
        scopes = [_one_of(Scope, "scope", one) for one in form.getlist("scope")]
    with faults:
        last_day = parse_day(ends_on, "ends_on", "allowed.day") if ends_on else None
    faults.require_none()
    with loa.database.writing() as conn:
        return acts.create(
            conn,
            loa,
            name=form.get("name", ""),
            role=role,
            unit=form.get("unit", "").strip() or None,
            scopes=scopes,
            ends_on=last_day,
            within=auth.reach(),
        )


_Choice = TypeVar("_Choice", Role, Scope)


def _one_of(kind: type[_Choice], field: str, said: str) -> _Choice:
    try:
        return kind(said)
    except ValueError as error:
        names = coded("allowed.among", names=", ".join(kind))
        raise InvalidInput(field, coded("bad.value", text=said[:40]), names) from error


def _page(loa: Loa, fault: Fault | None = None) -> str:
    now = loa.clock()
    with loa.database.reading() as conn:
        found = list_tokens(conn)
        units = list_units(conn)
    good = [
        one
        for one in found
        if one.revoked_at is None and (one.ends_at is None or one.ends_at > now)
    ]
    return render_template(
        "admin/tokens.html", tokens=good, ended=len(found) - len(good), roles=Role, scopes=Scope,
        names={unit.id: unit.name for unit in units}, units=units[:CHOICES], fault=fault,
        last_day=lambda one: acts.last_day(loa, one), filled=request.form,
    )  # fmt: skip
