"""The API of who did what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from flask import Blueprint, Response, g
from pydantic import Field

from service.services import audit_acts
from service.web.api.answer import page
from service.web.api.portal_shapes import show_entry
from service.web.api.request_body import PageQuery, read_api_query

if TYPE_CHECKING:
    from service.bootstrap import Loa


class AuditQuery(PageQuery):
    q: str = Field("", max_length=200)
    act: str | None = Field(None, max_length=60)
    door: Literal["command", "api", "page", "desk", "job"] | None = None


def add_routes(blueprint: Blueprint, loa: Loa) -> None:
    @blueprint.get("/v1/audit")
    def list_audit() -> Response:
        asked = read_api_query(AuditQuery)
        with loa.database.reading() as conn:
            found = audit_acts.search(
                conn,
                q=asked.q,
                act=asked.act,
                door=asked.door,
                before=asked.cursor,
                limit=asked.limit + 1,
            )
        return page(found, asked.limit, lambda one: one.id, lambda one: show_entry(one, g.language))
