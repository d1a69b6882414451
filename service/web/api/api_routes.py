"""The API below /api/v1: posts, portals and units; subscriptions, deliveries and receipts are
beside it.

Who may ask is decided in `access_table`. A unit's token sees what is its own and the posts; that
another's thing exists is not said.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from flask import Blueprint, Response, render_template
from pydantic import Field
from sqlalchemy import Connection

from service.errors import InvalidInput
from service.posts.kinds import KIND_NAMES
from service.services import overruling_acts
from service.services import subscriber_shapes as shapes
from service.services import unit_acts as acts
from service.services.filters import MAX_KEYWORD_CHARS, check_categories
from service.services.narrowing import DAYS, WORDS, narrow_query
from service.services.post_shapes import WholePostShape, show_posts, show_whole_post
from service.storage import units
from service.storage.posts import PostQuery, cursor_of, get_post, newest_posts
from service.types import Urgency
from service.web.api import (
    api_audit,
    api_deliveries,
    api_portal_acts,
    api_portals,
    api_post_acts,
    api_silences,
    api_stream,
    api_subscriptions,
    api_tokens,
    api_unit_acts,
)
from service.web.api.answer import answer, page, page_by, write
from service.web.api.api_subscriptions import by_api
from service.web.api.openapi import describe_api
from service.web.api.request_body import (
    Id,
    Line,
    PageQuery,
    ShortLine,
    StrictBody,
    read_api_query,
    read_json_body,
)
from service.web.auth import caller, owned
from service.web.site import with_script

if TYPE_CHECKING:
    from service.bootstrap import Loa


SearchedLine = Annotated[Line, Field(max_length=MAX_KEYWORD_CHARS)]
Kind = Annotated[Id, Field(json_schema_extra={"enum": list(KIND_NAMES)})]
Day = Annotated[
    Line, Field(max_length=10, description="a day as 2026-11-29, in Vietnam; empty for any")
]


class PostsQuery(PageQuery):
    category: tuple[Id, ...] = Field((), max_length=20)
    portal: tuple[Id, ...] = Field((), max_length=20)
    place: tuple[Id, ...] = Field((), max_length=20)
    q: ShortLine = ""
    kind: tuple[Kind, ...] = Field((), max_length=len(KIND_NAMES))
    urgency: tuple[Urgency, ...] = Field((), max_length=len(Urgency))
    number: SearchedLine = ""
    issuer: SearchedLine = ""
    deadline_from: Day = ""
    deadline_to: Day = ""
    day_from: Day = ""
    day_to: Day = ""

    def pairs(self) -> list[tuple[str, str]]:
        """What narrows by documents and days, as `narrow_query` reads it."""
        many = [("kind", value) for value in self.kind]
        many += [("urgency", value) for value in self.urgency]
        return many + [(name, getattr(self, name)) for name in (*WORDS, *DAYS)]


class UrgencyBody(StrictBody):
    urgency: Urgency


class CategoriesBody(StrictBody):
    """The primary one first."""

    categories: tuple[Id, ...] = Field(min_length=1, max_length=20)


class UnitBody(StrictBody):
    name: ShortLine = Field(min_length=1)
    place: Id | None = None
    contacts: tuple[ShortLine, ...] = Field((), max_length=acts.MAX_CONTACTS)


class UnitPatch(StrictBody):
    """What is left out stays. `place` null: it stands for no commune; `contacts` replaces all of
    them."""

    name: ShortLine | None = None
    place: Id | None = None
    contacts: tuple[ShortLine, ...] | None = Field(None, max_length=acts.MAX_CONTACTS)
    add_contacts: tuple[ShortLine, ...] = Field((), max_length=acts.MAX_CONTACTS)
    remove_contacts: tuple[ShortLine, ...] = Field((), max_length=acts.MAX_CONTACTS)


def make_blueprint(loa: Loa) -> Blueprint:
    blueprint = Blueprint("api", __name__, url_prefix="/api")
    _add_posts(blueprint, loa)
    _add_units(blueprint, loa)
    api_subscriptions.add_routes(blueprint, loa)
    api_deliveries.add_routes(blueprint, loa)
    api_portals.add_routes(blueprint, loa)
    api_post_acts.add_routes(blueprint, loa)
    api_portal_acts.add_routes(blueprint, loa)
    api_audit.add_routes(blueprint, loa)
    api_silences.add_routes(blueprint, loa)
    api_stream.add_routes(blueprint, loa)
    api_unit_acts.add_routes(blueprint, loa)
    api_tokens.add_routes(blueprint, loa)

    @blueprint.get("/openapi.json")
    def openapi() -> Response:
        return answer(describe_api(loa))

    @blueprint.get("/docs")
    def docs() -> Response:
        document = describe_api(loa)
        page = render_template("api.html", document=document, groups=_by_tag(document))
        return with_script(page, asks=True)

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
        asked = read_api_query(PostsQuery)
        categories = tuple(loa.rules.renamed.get(one, one) for one in asked.category)
        query = narrow_query(
            PostQuery(categories, asked.portal, asked.place, asked.q), asked.pairs()
        )
        with loa.database.reading() as conn:
            try:
                found = newest_posts(conn, query, asked.limit + 1, asked.cursor)
            except InvalidInput as error:
                raise error.renamed({"before": "cursor"}) from error
            shown = show_posts(conn, found, loa.links)
        pairs = list(zip(found, shown, strict=True))
        return page(pairs, asked.limit, lambda pair: cursor_of(pair[0]), lambda pair: pair[1])

    @blueprint.get("/v1/posts/<post_id>")
    def show_post(post_id: str) -> Response:
        with loa.database.reading() as conn:
            shown = show_whole_post(conn, get_post(conn, post_id), loa.links)
        return answer(shown)

    @blueprint.post("/v1/posts/<post_id>/urgency")
    def decide_urgency(post_id: str) -> Response:
        body = read_json_body(UrgencyBody)

        def decide(conn: Connection) -> tuple[WholePostShape, int]:
            found = overruling_acts.decide_urgency(conn, loa, post_id, body.urgency)
            return show_whole_post(conn, found, loa.links), 200

        return write(decide)

    @blueprint.post("/v1/posts/<post_id>/categories")
    def recategorise_post(post_id: str) -> Response:
        body = read_json_body(CategoriesBody)
        wanted = check_categories(loa, body.categories)

        def decide(conn: Connection) -> tuple[WholePostShape, int]:
            found = overruling_acts.decide_categories(conn, loa, post_id, wanted)
            return show_whole_post(conn, found, loa.links), 200

        return write(decide)


def _add_units(blueprint: Blueprint, loa: Loa) -> None:
    @blueprint.get("/v1/units")
    def list_units() -> Response:
        asked = read_api_query(PageQuery)
        with loa.database.reading() as conn:
            found = units.list_units(conn)
        mine = [unit for unit in found if caller().sees_all or unit.id == caller().unit_id]
        return page_by(mine, asked, lambda unit: unit.name, shapes.show_unit)

    @blueprint.get("/v1/units/<unit_id>")
    def show_unit(unit_id: str) -> Response:
        owned(unit_id, "unit", unit_id)
        with loa.database.reading() as conn:
            return answer(shapes.show_unit(units.get_unit(conn, unit_id)))

    @blueprint.post("/v1/units")
    def add_unit() -> Response:
        body = read_json_body(UnitBody)
        facts = acts.parse_unit(loa, name=body.name, place=body.place, contacts=body.contacts)
        return write(lambda conn: (shapes.show_unit(acts.add(conn, loa, facts)), 201))

    @blueprint.patch("/v1/units/<unit_id>")
    def edit_unit(unit_id: str) -> Response:
        body = read_json_body(UnitPatch)
        changes = acts.UnitChanges(
            name=body.name,
            place=body.place,
            has_no_place="place" in body.model_fields_set and body.place is None,
            contacts=body.contacts,
            add_contacts=body.add_contacts,
            remove_contacts=body.remove_contacts,
        )
        with loa.database.writing() as conn:
            return answer(shapes.show_unit(acts.edit(conn, loa, unit_id, changes, by_api())))

    @blueprint.delete("/v1/units/<unit_id>")
    def remove_unit(unit_id: str) -> Response:
        with loa.database.writing() as conn:
            acts.remove(conn, loa, unit_id, by_api())
        return answer(None, 204)
