"""API tokens over the API: an operator lists, makes and revokes them."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from flask import Blueprint, Response
from pydantic import Field
from sqlalchemy import Connection

from service.services import token_acts as acts
from service.storage import tokens
from service.storage.tokens import Role, Scope
from service.web.api.answer import answer, page_by, write
from service.web.api.api_subscriptions import by_api
from service.web.api.request_body import (
    Id,
    PageQuery,
    ShortLine,
    StrictBody,
    read_api_query,
    read_json_body,
)
from service.web.api.token_shapes import CreatedTokenShape, show_created, show_token
from service.web.auth import reach

if TYPE_CHECKING:
    from service.bootstrap import Loa


class TokenBody(StrictBody):
    """`unit` goes with the role `unit`. `scopes`: none: all that the role and the token that asks
    may. `ends_on`: its last day; none: as long as the token that asks."""

    name: ShortLine = ""
    role: Role
    unit: Id | None = None
    scopes: tuple[Scope, ...] = Field((), max_length=len(Scope))
    ends_on: date | None = None


def add_routes(blueprint: Blueprint, loa: Loa) -> None:
    @blueprint.get("/v1/tokens")
    def list_tokens() -> Response:
        asked = read_api_query(PageQuery)
        with loa.database.reading() as conn:
            found = tokens.list_tokens(conn)
        return page_by(found, asked, lambda one: one.id, lambda one: show_token(loa, one))

    @blueprint.post("/v1/tokens")
    def create_token() -> Response:
        body = read_json_body(TokenBody)

        def work(conn: Connection) -> tuple[CreatedTokenShape, int]:
            words, made = acts.create(
                conn,
                loa,
                name=body.name,
                role=body.role,
                unit=body.unit,
                scopes=body.scopes,
                ends_on=body.ends_on,
                within=reach(),
            )
            return show_created(loa, words, made), 201

        return write(work)

    @blueprint.delete("/v1/tokens/<token_id>")
    def revoke_token(token_id: str) -> Response:
        with loa.database.writing() as conn:
            acts.revoke(conn, loa, token_id, by_api())
        return answer(None, 204)
