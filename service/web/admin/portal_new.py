"""A portal is added by its address, in three steps: what was found there, which listings, and its
file, which is saved where the configuration is read.

A worker asks the portal (`services.look_acts`); these pages ask nobody.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, make_response, redirect, render_template, request
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from service.errors import Conflict, InputFaults, InvalidInput, NotFound
from service.portals.portal_text import render_portal
from service.services import look_acts, portal_acts
from service.settings import ListingConfig, PortalConfig
from service.settings.portal_files import new_portal_file
from service.storage.looks import PortalLook, get_look
from service.text import slugify
from service.values import parse_line
from service.web.admin.sure import tell_done
from service.web.problem import Fault, fault_of, status_of
from service.web.site import base_path
from service.words import coded

if TYPE_CHECKING:
    from service.bootstrap import Loa

LOOK_AGAIN_S = 3
"""A page that waits is asked for again by itself."""


def add_routes(blueprint: Blueprint, loa: Loa) -> None:
    home = f"{base_path(loa.settings.service.public_url)}/admin/portals"

    @blueprint.get("/portals/new")
    def new_portal() -> str:
        return render_template("admin/portal_new.html", fault=None)

    @blueprint.post("/portals/new")
    def probe_portal() -> Response | tuple[str, int]:
        try:
            with loa.database.writing() as conn:
                asked = look_acts.ask_probe(conn, loa, request.form.get("url", ""))
        except InvalidInput as error:
            page = render_template("admin/portal_new.html", fault=fault_of(error, "url"))
            return page, status_of(error)
        return redirect(f"{home}/new/{asked.id}", 303)

    @blueprint.get("/portals/new/<look_id>")
    def show_probe(look_id: str) -> Response:
        found = _probe(loa, look_id)
        response = make_response(_findings(loa, found))
        if found.ended_at is None:
            response.headers["Refresh"] = str(LOOK_AGAIN_S)
        return response

    @blueprint.post("/portals/new/<look_id>")
    def draft_portal(look_id: str) -> str | tuple[str, int]:
        found = _probe(loa, look_id)
        try:
            portal = _chosen(loa, found, request.form)
        except InvalidInput as error:
            return _findings(loa, found, fault_of(error, "id")), status_of(error)
        return _file_page(loa, portal.id, render_portal(portal))

    @blueprint.post("/portals/")
    def add_portal() -> Response | tuple[str, int]:
        text = request.form.get("file", "")
        try:
            with loa.database.writing() as conn:
                portal = portal_acts.add(conn, loa, text)
        except (InvalidInput, Conflict) as error:
            page = _file_page(loa, request.form.get("id", ""), text, fault_of(error, "file"))
            return page, status_of(error)
        loa.reread_portals()
        tell_done(coded("done.portal_added", portal=portal.name))
        return redirect(f"{home}/{portal.id}", 303)


def _probe(loa: Loa, look_id: str) -> PortalLook:
    with loa.database.reading() as conn:
        found = get_look(conn, look_id)
    if found.kind != look_acts.PROBE:
        raise NotFound("look", look_id)
    return found


def _findings(loa: Loa, found: PortalLook, fault: Fault | None = None) -> str:
    return render_template(
        "admin/portal_found.html", found=found, fault=fault, categories=loa.rules.categories
    )


def _file_page(loa: Loa, portal_id: str, text: str, fault: Fault | None = None) -> str:
    path = new_portal_file(loa.settings, slugify(portal_id) or "ten-cong")
    return render_template(
        "admin/portal_file.html", path=path, text=text, id=portal_id, fault=fault
    )


def _chosen(loa: Loa, found: PortalLook, form: MultiDict[str, str]) -> PortalConfig:
    """The portal that was found, as the form names it, with the listings that it chose. Raises
    InvalidInput."""
    if found.report is None:
        raise NotFound("look", found.id)
    offered = [one["url"] for one in found.report["listings"]]
    listings = []
    for number, url in enumerate(offered):
        if form.get(f"listing-{number}") is None:
            continue
        category = form.get(f"category-{number}", "")
        known = {one.id for one in loa.rules.categories}
        listings.append(ListingConfig(url=url, category=category if category in known else None))
    faults = InputFaults()
    if not listings:
        faults.add(InvalidInput("listings", "bad.portal_no_listing"))
    with faults:
        name = parse_line(form.get("name", ""), "name", is_required=True)
    with faults:
        portal_id = _portal_id(form.get("id", ""))
    faults.require_none()
    drafted = PortalConfig.model_validate(found.report["portal"] | {"listings": listings})
    return drafted.model_copy(update={"id": portal_id, "name": name})


def _portal_id(typed: str) -> str:
    portal_id = slugify(parse_line(typed, "id", is_required=True))[:64].strip("-")
    if not portal_id:
        raise InvalidInput("id", "bad.empty")
    return portal_id
