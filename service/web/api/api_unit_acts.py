"""What more an operator does with units over the API: undo a removal, merge, move those of communes
that are no more, mail the link to its page, ask again who has not acknowledged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response
from pydantic import Field
from sqlalchemy import Connection

from service.services import subscriber_shapes as shapes
from service.services import undo_acts
from service.services.merge_acts import merge
from service.services.remind_now import remind_now
from service.services.succession_acts import carry_out, plan_succession
from service.services.succession_shapes import SuccessionShape, show_succession
from service.services.unit_link import mail_links
from service.web.api.answer import write
from service.web.api.api_subscriptions import by_api
from service.web.api.delivery_shapes import RemindedShape
from service.web.api.request_body import EmptyBody, Id, ShortLine, StrictBody, read_json_body

if TYPE_CHECKING:
    from service.bootstrap import Loa

MANY = 200


class MergeBody(StrictBody):
    into: Id


class RemindBody(StrictBody):
    """`units`: only these; none: all that have yet to acknowledge."""

    posts: tuple[Id, ...] = Field(min_length=1, max_length=MANY)
    units: tuple[Id, ...] = Field((), max_length=MANY)


class SucceedBody(StrictBody):
    """`units`, `district`: only these offices, or those of an old district. `choose`: ids or names
    of offices to places, for communes that were divided. `apply`: do it; else it is only shown."""

    units: tuple[ShortLine, ...] = Field((), max_length=MANY)
    district: ShortLine | None = None
    choose: dict[str, Id] = Field(default_factory=dict, max_length=MANY)
    apply: bool = False


def add_routes(blueprint: Blueprint, loa: Loa) -> None:
    @blueprint.post("/v1/units/<unit_id>/merge")
    def merge_unit(unit_id: str) -> Response:
        body = read_json_body(MergeBody)
        return write(
            lambda conn: (shapes.show_unit(merge(conn, loa, unit_id, body.into).into), 200)
        )

    @blueprint.post("/v1/units/<unit_id>/link")
    def link_unit(unit_id: str) -> Response:
        read_json_body(EmptyBody)
        return write(lambda conn: (shapes.show_unit(mail_links(conn, loa, unit_id)), 202))

    @blueprint.post("/v1/units/<unit_id>/restore")
    def restore_unit(unit_id: str) -> Response:
        read_json_body(EmptyBody)

        def work(conn: Connection) -> tuple[shapes.UnitShape, int]:
            return shapes.show_unit(undo_acts.restore_unit(conn, loa, unit_id, by_api())), 200

        return write(work)

    @blueprint.post("/v1/successions")
    def succeed_units() -> Response:
        body = read_json_body(SucceedBody)

        def work(conn: Connection) -> tuple[SuccessionShape, int]:
            steps = plan_succession(
                conn, loa, names=body.units, district=body.district, chosen=body.choose
            )
            if body.apply:
                carry_out(conn, loa, steps)
            return show_succession(steps, is_applied=body.apply), 200

        return write(work)

    @blueprint.post("/v1/receipts/remind")
    def remind_units() -> Response:
        body = read_json_body(RemindBody)

        def work(conn: Connection) -> tuple[RemindedShape, int]:
            made = remind_now(conn, loa, body.posts, body.units)
            return RemindedShape(
                asked=made.asked, resting=made.resting, unreachable=made.unreachable
            ), 200

        return write(work)
