"""Portals over the API, by an operator: looked at by a worker, added to the files of the
configuration, polled at once, removed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from flask import Blueprint, Response, g
from pydantic import Field
from sqlalchemy import Connection

from service.portals.portal_text import render_portal
from service.services import look_acts, portal_acts
from service.settings import ListingConfig, PortalConfig
from service.storage.looks import get_look
from service.web.api import portal_act_shapes as shapes
from service.web.api.answer import answer, write
from service.web.api.request_body import EmptyBody, Id, Line, ShortLine, StrictBody, read_json_body

if TYPE_CHECKING:
    from service.bootstrap import Loa

Address = Annotated[Line, Field(min_length=1, max_length=look_acts.MAX_ADDRESS)]


class ProbeBody(StrictBody):
    url: Address


class PortalListingBody(StrictBody):
    url: Address
    category: Id | None = None


class PortalBody(StrictBody):
    """As its file has it; what else a file may say is written there."""

    id: Id
    name: Annotated[ShortLine, Field(min_length=1)]
    base_url: Address
    kind: Id = "auto"
    listings: Annotated[tuple[PortalListingBody, ...], Field(min_length=1, max_length=100)]


def add_routes(blueprint: Blueprint, loa: Loa) -> None:
    _add_looks(blueprint, loa)

    @blueprint.post("/v1/portals")
    def add_portal() -> Response:
        text = _as_file(read_json_body(PortalBody))

        def work(conn: Connection) -> tuple[shapes.AddedPortalShape, int]:
            return shapes.show_added_portal(portal_acts.add(conn, loa, text), text), 201

        answered = write(work)
        loa.reread_portals()
        return answered

    @blueprint.delete("/v1/portals/<portal_id>")
    def remove_portal(portal_id: str) -> Response:
        with loa.database.writing() as conn:
            portal_acts.remove(conn, loa, portal_id)
        loa.reread_portals()
        return answer(None, 204)

    @blueprint.post("/v1/portals/<portal_id>/poll")
    def poll_portal(portal_id: str) -> Response:
        read_json_body(EmptyBody)

        def work(conn: Connection) -> tuple[shapes.PolledPortalShape, int]:
            due = portal_acts.poll_now(conn, loa, portal_id)
            return shapes.PolledPortalShape(listings=due), 202

        return write(work)


def _add_looks(blueprint: Blueprint, loa: Loa) -> None:
    @blueprint.post("/v1/probes")
    def probe_portal() -> Response:
        body = read_json_body(ProbeBody)

        def work(conn: Connection) -> tuple[shapes.PortalLookShape, int]:
            return shapes.show_look(look_acts.ask_probe(conn, loa, body.url), g.language), 202

        return write(work)

    @blueprint.post("/v1/portals/<portal_id>/check")
    def check_portal(portal_id: str) -> Response:
        read_json_body(EmptyBody)

        def work(conn: Connection) -> tuple[shapes.PortalLookShape, int]:
            return shapes.show_look(look_acts.ask_check(conn, loa, portal_id), g.language), 202

        return write(work)

    @blueprint.get("/v1/probes/<look_id>")
    def show_probe(look_id: str) -> Response:
        with loa.database.reading() as conn:
            return answer(shapes.show_look(get_look(conn, look_id), g.language))


def _as_file(body: PortalBody) -> str:
    """What is wrong with it the file's own reader says."""
    listings = [
        ListingConfig.model_construct(url=one.url, category=one.category) for one in body.listings
    ]
    return render_portal(
        PortalConfig.model_construct(
            id=body.id, name=body.name, base_url=body.base_url, kind=body.kind,
            listings=tuple(listings),
        )
    )  # fmt: skip
