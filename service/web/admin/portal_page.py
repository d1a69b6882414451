"""The page of one portal: how it is, what it keeps silent, its file; and what may be done to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint, g, redirect, render_template, request
from werkzeug.wrappers import Response

from service.errors import Conflict, InvalidInput, NotFound
from service.services import look_acts, portal_acts, silences
from service.services.backfill_acts import load_shown
from service.services.coverage_acts import load_holes
from service.settings.portal_files import read_portal_text
from service.storage.looks import last_look
from service.storage.poll_history import PastPoll, past_polls
from service.storage.silence import count_silences
from service.web.admin.sparkline import bars_of
from service.web.admin.sure import ask_to_remove_portal, is_sure, tell_done
from service.web.pages.portal_state import portal_states
from service.web.problem import Fault, fault_of, status_of
from service.web.site import base_path
from service.words import coded

if TYPE_CHECKING:
    from service.bootstrap import Loa
    from service.settings import PortalConfig

PAST_POLLS = 60
"""Of a listing, in its sparkline."""
SHOWN = 20
"""Silent posts on the page; the others are behind a link."""
LISTINGS = 40


def add_routes(blueprint: Blueprint, loa: Loa) -> None:
    home = f"{base_path(loa.settings.service.public_url)}/admin/portals"
    _add_file_routes(blueprint, loa, home)

    @blueprint.get("/portals/<portal_id>")
    def show_portal(portal_id: str) -> str:
        return _page(loa, portal_id)

    @blueprint.post("/portals/<portal_id>/poll")
    def poll_portal(portal_id: str) -> Response:
        with loa.database.writing() as conn:
            n = portal_acts.poll_now(conn, loa, portal_id)
        tell_done(coded("done.portal_polled", n=n))
        return redirect(f"{home}/{portal_id}", 303)

    @blueprint.post("/portals/<portal_id>/check")
    def check_portal(portal_id: str) -> Response:
        with loa.database.writing() as conn:
            look_acts.ask_check(conn, loa, portal_id)
        return redirect(f"{home}/{portal_id}#check", 303)


def _add_file_routes(blueprint: Blueprint, loa: Loa, home: str) -> None:
    @blueprint.post("/portals/<portal_id>")
    def edit_portal(portal_id: str) -> Response | tuple[str, int]:
        try:
            with loa.database.writing() as conn:
                portal = portal_acts.edit(conn, loa, portal_id, request.form.get("file", ""))
        except (InvalidInput, Conflict) as error:
            return _page(loa, portal_id, fault_of(error, "file")), status_of(error)
        loa.reread_portals()
        tell_done(coded("done.portal_edited", portal=portal.name))
        return redirect(f"{home}/{portal_id}", 303)

    @blueprint.post("/portals/<portal_id>/remove")
    def remove_portal(portal_id: str) -> Response | str:
        with loa.database.writing() as conn:
            if not is_sure():
                return ask_to_remove_portal(conn, loa, portal_id)
            portal = portal_acts.remove(conn, loa, portal_id)
        loa.reread_portals()
        tell_done(coded("done.portal_removed", portal=portal.name), f"portals/{portal_id}/restore")
        return redirect(f"{home}/", 303)

    @blueprint.post("/portals/<portal_id>/restore")
    def restore_portal(portal_id: str) -> Response:
        with loa.database.writing() as conn:
            portal = portal_acts.restore(conn, loa, portal_id)
        loa.reread_portals()
        tell_done(coded("done.portal_restored", portal=portal.name))
        return redirect(f"{home}/{portal_id}", 303)

    @blueprint.post("/portals/reread")
    def reread_portals() -> Response:
        with loa.database.writing() as conn:
            n = portal_acts.reread(conn, loa)
        loa.reread_portals()
        tell_done(coded("done.portals_reread", n=n))
        return redirect(f"{home}/", 303)


def _page(loa: Loa, portal_id: str, fault: Fault | None = None) -> str:
    portal = next((one for one in loa.settings.portals if one.id == portal_id), None)
    if portal is None:
        raise NotFound("portal", portal_id)
    now = loa.clock()
    with loa.database.reading() as conn:
        (state,) = portal_states(conn, [portal])
        holes = load_holes(conn, loa.settings, now)
        silent = silences.list_silences(conn, portal_id=portal_id, limit=SHOWN)
        counts = count_silences(conn).get(portal_id, {})
        history = {
            one.url: past_polls(conn, portal_id, one.url, PAST_POLLS)
            for one in portal.listings[:LISTINGS]
        }
        check = last_look(conn, look_acts.CHECK, portal_id)
        backfill = load_shown(conn, g.language, now).get(portal_id)
    return render_template(
        "admin/portal.html", portal=portal, state=state, holes=holes, silent=silent, counts=counts,
        bars={url: bars_of(polls) for url, polls in history.items()}, check=check, now=now,
        last={url: _last_took(polls) for url, polls in history.items()}, fault=fault,
        backfill=backfill, shown=LISTINGS, today=loa.settings.service.locale.day(now),
        **_file(loa, portal, fault),
    )  # fmt: skip


def _last_took(polls: list[PastPoll]) -> int | None:
    return polls[0].took_ms if polls else None


def _file(loa: Loa, portal: PortalConfig, fault: Fault | None) -> dict[str, Any]:
    """The portal's file, as it is or as it was typed. None: it is not there any more."""
    try:
        path = portal_acts.file_of(loa, portal.id)
    except NotFound:
        return {"path": None, "text": ""}
    text = request.form.get("file", "") if fault else read_portal_text(path)
    return {"path": path, "text": text}
