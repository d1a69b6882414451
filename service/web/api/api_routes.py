"""The API below /api/v1: posts, portals and units; subscriptions, deliveries and receipts are
beside it.

Who may ask is decided in `auth.ACCESS`. A unit's token sees what is its own and the posts; that
another's thing exists is not said.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, render_template
from pydantic import Field
from sqlalchemy import Connection

from service.errors import InvalidInput, NotFound
from service.services import decided
from service.services import unit_acts as acts
from service.services.coverage_acts import load_coverage
from service.storage import units
from service.storage.posts import PostQuery, cursor_of, get_post, newest_posts
from service.storage.same_document import companions
from service.types import Urgency
from service.web.api import api_deliveries, api_silences, api_subscriptions, shapes
from service.web.api.answer import answer, page, page_by, write
from service.web.api.openapi import describe
from service.web.api.request_body import Id, PageQuery, ShortLine, Strict, read_body, read_query
from service.web.auth import caller, owned
from service.web.pages.portal_state import portal_states

if TYPE_CHECKING:
    from service.bootstrap import Loa


class PostsQuery(PageQuery):
    category: tuple[Id, ...] = Field((), max_length=20)
    portal: tuple[Id, ...] = Field((), max_length=20)
    place: tuple[Id, ...] = Field((), max_length=20)
    q: ShortLine = ""


class UrgencyBody(Strict):
    urgency: Urgency


class UnitBody(Strict):
    name: ShortLine = Field(min_length=1)
    place: Id | None = None
    contacts: tuple[ShortLine, ...] = Field((), max_length=acts.MAX_CONTACTS)


def make_blueprint(loa: Loa) -> Blueprint:
    blueprint = Blueprint("api", __name__, url_prefix="/api")
    _add_posts(blueprint, loa)
    _add_units(blueprint, loa)
    api_subscriptions.add_routes(blueprint, loa)
    api_deliveries.add_routes(blueprint, loa)
    api_silences.add_routes(blueprint, loa)

    @blueprint.get("/openapi.json")
    def openapi() -> Response:
        return answer(describe(loa))

    @blueprint.get("/docs")
    def docs() -> str:
        document = describe(loa)
        return render_template("api.html", document=document, groups=_by_tag(document))

    return blueprint


def _by_tag(document: dict[str, Any]) -> list[tuple[str, list[tuple[str, str, dict[str, Any]]]]]:
    groups: dict[str, list[tuple[str, str, dict[str, Any]]]] = {}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            groups.setdefault(operation["tags"][0], []).append((method, path, operation))
    return list(groups.items())


def _add_posts(blueprint: Blueprint, loa: Loa) -> None:
    @blueprint.get("/v1/posts")
    def list_posts() -> Response:
        asked = read_query(PostsQuery)
        categories = tuple(loa.rules.renamed.get(one, one) for one in asked.category)
        query = PostQuery(categories, asked.portal, asked.place, asked.q)
        with loa.database.reading() as conn:
            try:
                found = newest_posts(conn, query, asked.limit + 1, asked.cursor)
            except InvalidInput as error:
                field = "cursor" if error.field == "before" else error.field
                raise InvalidInput(field, error.problem, error.allowed) from error
        return page(found, asked.limit, cursor_of, lambda post: shapes.post(post, loa.links))

    @blueprint.get("/v1/posts/<post_id>")
    def show_post(post_id: str) -> Response:
        with loa.database.reading() as conn:
            found = get_post(conn, post_id)
            others = companions(conn, found)
        return answer(shapes.whole_post(found, loa.links, others))

    @blueprint.post("/v1/posts/<post_id>/urgency")
    def decide_urgency(post_id: str) -> Response:
        body = read_body(UrgencyBody)

        def decide(conn: Connection) -> tuple[dict[str, Any], int]:
            found = decided.decide_urgency(conn, loa, post_id, body.urgency)
            return shapes.whole_post(found, loa.links, companions(conn, found)), 200

        return write(decide)

    @blueprint.get("/v1/portals")
    def list_portals() -> Response:
        asked = read_query(PageQuery)
        with loa.database.reading() as conn:
            states = portal_states(conn, loa.settings.portals, is_counting=True)
            covered = {one.id: one for one in load_coverage(conn, loa.settings, loa.clock())}
        return page_by(
            states,
            asked,
            lambda state: state.portal.id,
            lambda state: shapes.portal(state, covered[state.portal.id]),
        )

    @blueprint.get("/v1/portals/<portal_id>")
    def show_portal(portal_id: str) -> Response:
        wanted = [portal for portal in loa.settings.portals if portal.id == portal_id]
        if not wanted:
            raise NotFound("portal", portal_id)
        with loa.database.reading() as conn:
            (covered,) = load_coverage(conn, loa.settings, loa.clock(), [portal_id])
            (state,) = portal_states(conn, wanted, is_counting=True)
        return answer(shapes.portal(state, covered))


def _add_units(blueprint: Blueprint, loa: Loa) -> None:
    @blueprint.get("/v1/units")
    def list_units() -> Response:
        asked = read_query(PageQuery)
        with loa.database.reading() as conn:
            found = units.list_units(conn)
        mine = [unit for unit in found if caller().sees_all or unit.id == caller().unit_id]
        return page_by(mine, asked, lambda unit: unit.name, shapes.unit)

    @blueprint.get("/v1/units/<unit_id>")
    def show_unit(unit_id: str) -> Response:
        owned(unit_id, "unit", unit_id)
        with loa.database.reading() as conn:
            return answer(shapes.unit(units.get_unit(conn, unit_id)))

    @blueprint.post("/v1/units")
    def add_unit() -> Response:
        body = read_body(UnitBody)
        facts = acts.parse_unit(loa, name=body.name, place=body.place, contacts=body.contacts)
        return write(lambda conn: (shapes.unit(acts.add(conn, loa, facts)), 201))

    @blueprint.delete("/v1/units/<unit_id>")
    def remove_unit(unit_id: str) -> Response:
        with loa.database.writing() as conn:
            acts.remove(conn, loa, unit_id)
        return answer(None, 204)
