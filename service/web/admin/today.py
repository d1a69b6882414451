"""The desk's first page, what there is to do today; and the portals, which are behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, g, render_template, request

from service.services.backfill_acts import load_shown
from service.services.coverage_acts import load_holes
from service.services.mail_state import why_no_mail
from service.services.todays_work import SHOWN, load_work
from service.storage import queue
from service.storage.counts import count_all
from service.storage.pages import count_waiting_scans
from service.types import State
from service.web.pages.portal_state import portal_states

if TYPE_CHECKING:
    from service.bootstrap import Loa

PORTALS = 25
"""On one page, with all their listings."""


def add_routes(blueprint: Blueprint, loa: Loa) -> None:
    @blueprint.get("/")
    def index() -> str:
        with loa.database.reading() as conn:
            work = load_work(conn, loa)
            counts, scans = count_all(conn), count_waiting_scans(conn)
            ill = [one for one in portal_states(conn, loa.settings.portals) if one.failing]
            no_mail = why_no_mail(conn, loa)
            is_restored, is_paused = queue.is_fenced(conn), queue.is_paused(conn)
        waiting = sum(n for (_, state), n in counts.messages.items() if state == State.DUE)
        failed = sum(n for (_, state), n in counts.messages.items() if state == State.FAILED)
        return render_template(
            "admin/index.html", work=work, counts=counts, ill=ill, waiting=waiting, failed=failed,
            names={portal.id: portal.name for portal in loa.settings.portals}, now=loa.clock(),
            shown=SHOWN, scans=scans, is_paused=is_paused, is_restored=is_restored, no_mail=no_mail,
        )  # fmt: skip

    @blueprint.get("/portals/")
    def portal_list() -> str:
        after = request.args.get("after", "")
        known = sorted(loa.settings.portals, key=lambda portal: portal.id)
        listed = [portal for portal in known if portal.id > after]
        with loa.database.reading() as conn:
            states = portal_states(conn, listed[:PORTALS])
            holes = load_holes(conn, loa.settings, loa.clock())
            backfills = load_shown(conn, g.language, loa.clock())
        return render_template(
            "admin/portals.html", states=states, holes=holes, backfills=backfills,
            folder=loa.settings.portals_dir,
            more=listed[PORTALS - 1].id if len(listed) > PORTALS else None,
        )  # fmt: skip
