"""Portals over the API: how they are, and read back to a day by a worker when an operator asks."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from flask import Blueprint, Response, g
from sqlalchemy import Connection

from service.errors import NotFound
from service.services import backfill_acts
from service.services.backfill_acts import BackfillShape, load_shown
from service.services.coverage_acts import load_coverage
from service.web.api import portal_shapes as shapes
from service.web.api.answer import answer, page_by, write
from service.web.api.api_subscriptions import by_api
from service.web.api.request_body import PageQuery, StrictBody, read_api_query, read_json_body
from service.web.pages.portal_state import portal_states

if TYPE_CHECKING:
    from service.bootstrap import Loa


class BackfillBody(StrictBody):
    since: date


def add_routes(blueprint: Blueprint, loa: Loa) -> None:
    @blueprint.get("/v1/portals")
    def list_portals() -> Response:
        asked = read_api_query(PageQuery)
        with loa.database.reading() as conn:
            states = portal_states(conn, loa.settings.portals, is_counting=True)
            covered = {one.id: one for one in load_coverage(conn, loa.settings, loa.clock())}
            backfills = load_shown(conn, g.language, loa.clock())
        return page_by(
            states,
            asked,
            lambda state: state.portal.id,
            lambda state: shapes.show_portal(
                state, covered[state.portal.id], backfills.get(state.portal.id), g.language
            ),
        )

    @blueprint.get("/v1/portals/<portal_id>")
    def show_portal(portal_id: str) -> Response:
        wanted = [portal for portal in loa.settings.portals if portal.id == portal_id]
        if not wanted:
            raise NotFound("portal", portal_id)
        with loa.database.reading() as conn:
            (covered,) = load_coverage(conn, loa.settings, loa.clock(), [portal_id])
            (state,) = portal_states(conn, wanted, is_counting=True)
            backfill = load_shown(conn, g.language, loa.clock()).get(portal_id)
        return answer(shapes.show_portal(state, covered, backfill, g.language))

    @blueprint.post("/v1/portals/<portal_id>/backfill")
    def backfill_portal(portal_id: str) -> Response:
        body = read_json_body(BackfillBody)

        def work(conn: Connection) -> tuple[BackfillShape, int]:
            asked = backfill_acts.ask(conn, loa, portal_id, body.since, by_api())
            return backfill_acts.show_backfill(asked, g.language, loa.clock()), 202

        return write(work)
