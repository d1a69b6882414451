"""The API of silent posts: which there are and why, released and discarded by an operator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from flask import Blueprint, Response, g

from service.services import silences
from service.web.api import portal_shapes as shapes
from service.web.api.answer import page, write
from service.web.api.request_body import EmptyBody, Id, PageQuery, read_api_query, read_json_body

if TYPE_CHECKING:
    from service.bootstrap import Loa


class SilencesQuery(PageQuery):
    portal: Id | None = None
    code: (
        Literal["flood", "too_old", "restored", "baseline", "discarded", "same_document"] | None
    ) = None


def add_routes(blueprint: Blueprint, loa: Loa) -> None:
    @blueprint.get("/v1/silences")
    def list_silences() -> Response:
        asked = read_api_query(SilencesQuery)
        with loa.database.reading() as conn:
            found = silences.list_silences(
                conn,
                code=asked.code,
                portal_id=asked.portal,
                after=asked.cursor,
                limit=asked.limit + 1,
            )
        return page(
            found,
            asked.limit,
            lambda one: one.change_id,
            lambda one: shapes.show_silence(one, g.language),
        )

    @blueprint.post("/v1/posts/<post_id>/release")
    def release_post(post_id: str) -> Response:
        read_json_body(EmptyBody)
        return write(
            lambda conn: (
                shapes.ReleasedShape(released=silences.release_posts(conn, loa, [post_id])),
                200,
            )
        )

    @blueprint.post("/v1/posts/<post_id>/discard")
    def discard_post(post_id: str) -> Response:
        read_json_body(EmptyBody)
        return write(
            lambda conn: (
                shapes.DiscardedShape(discarded=silences.discard_posts(conn, loa, [post_id])),
                200,
            )
        )

    @blueprint.post("/v1/portals/<portal_id>/release")
    def release_portal(portal_id: str) -> Response:
        read_json_body(EmptyBody)
        return write(
            lambda conn: (
                shapes.ReleasedShape(released=silences.release_portal(conn, loa, portal_id)),
                200,
            )
        )

    @blueprint.post("/v1/portals/<portal_id>/discard")
    def discard_portal(portal_id: str) -> Response:
        read_json_body(EmptyBody)
        return write(
            lambda conn: (
                shapes.DiscardedShape(discarded=silences.discard_portal(conn, loa, portal_id)),
                200,
            )
        )
