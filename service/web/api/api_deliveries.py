"""Deliveries and receipts over the API: what was sent to whom, again on request, and who has
acknowledged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, g
from pydantic import Field
from sqlalchemy import Connection

from service.services import delivery_acts as acts
from service.services.explain import explain_all
from service.services.mail_state import has_mail
from service.services.receipt_acts import MAX_NOTE, acknowledge
from service.services.subscription_acts import replay as replay_to
from service.storage import deliveries, receipts
from service.storage.posts import get_post
from service.types import State
from service.web.api import delivery_shapes as shapes
from service.web.api.answer import answer, page, page_by, write
from service.web.api.api_subscriptions import by_api, own_subscription
from service.web.api.request_body import (
    EmptyBody,
    Id,
    Instant,
    Line,
    PageQuery,
    StrictBody,
    read_api_query,
    read_json_body,
)
from service.web.auth import caller

if TYPE_CHECKING:
    from service.bootstrap import Loa


class DeliveriesQuery(PageQuery):
    state: State | None = None
    subscription: Id | None = None
    post: Id | None = None
    since: Instant | None = None


class ReplayBody(StrictBody):
    since: Instant | None = None
    failed_only: bool = True


class WhyQuery(StrictBody):
    """Each as people name it: an id, an address, a title, the name of a unit."""

    post: Line = Field(min_length=1, max_length=2000)
    subscription: Line = Field(min_length=1, max_length=2000)


class ReceiptsQuery(PageQuery):
    post: Id


class ReceiptBody(StrictBody):
    post: Id
    note: str = Field("", max_length=MAX_NOTE)


def add_routes(blueprint: Blueprint, loa: Loa) -> None:
    _add_deliveries(blueprint, loa)
    _add_replays(blueprint, loa)
    _add_receipts(blueprint, loa)


def _add_deliveries(blueprint: Blueprint, loa: Loa) -> None:
    @blueprint.get("/v1/deliveries")
    def list_deliveries() -> Response:
        asked = read_api_query(DeliveriesQuery)
        with loa.database.reading() as conn:
            if asked.subscription is not None:
                own_subscription(conn, asked.subscription)
            if asked.post is not None:
                get_post(conn, asked.post)
            found = deliveries.list_deliveries(
                conn,
                state=asked.state,
                subscription_id=asked.subscription,
                post_id=asked.post,
                since=asked.since,
                before=asked.cursor,
                limit=asked.limit + 1,
                unit_id=caller().unit_id,
            )
        return page(
            found,
            asked.limit,
            lambda one: one.id,
            lambda one: shapes.delivery_shape(one, g.language),
        )

    @blueprint.get("/v1/deliveries/<key>")
    def show_delivery(key: str) -> Response:
        with loa.database.reading() as conn:
            shown = deliveries.show_delivery(conn, key)
            own_subscription(conn, shown.delivery.subscription_id)
        zone, sees_all = loa.settings.service.locale.zone, caller().sees_all
        return answer(shapes.show_attempted(shown, g.language, zone, has_answers=sees_all))

    @blueprint.get("/v1/why")
    def explain() -> Response:
        asked = read_api_query(WhyQuery)
        with loa.database.reading() as conn:
            post_id, found = explain_all(
                conn, loa, asked.post, asked.subscription, by_api(), g.language
            )
        zone = loa.settings.service.locale.zone
        answers = [(one.id, answered) for one, answered in found]
        return answer(shapes.show_why(post_id, answers, g.language, zone))


def _add_replays(blueprint: Blueprint, loa: Loa) -> None:
    @blueprint.post("/v1/deliveries/<key>/replay")
    def replay_delivery(key: str) -> Response:
        read_json_body(EmptyBody)

        return write(
            lambda conn: (shapes.ReplayedShape(replayed=acts.replay(conn, loa, key, by_api())), 202)
        )

    @blueprint.post("/v1/subscriptions/<key>/replay")
    def replay_subscription(key: str) -> Response:
        body = read_json_body(ReplayBody)

        def work(conn: Connection) -> tuple[object, int]:
            replayed = replay_to(
                conn, loa, key, by_api(), since=body.since, is_failed_only=body.failed_only
            )
            return shapes.ReplayedShape(replayed=replayed), 202

        return write(work)


def _add_receipts(blueprint: Blueprint, loa: Loa) -> None:
    @blueprint.get("/v1/receipts")
    def list_receipts() -> Response:
        asked = read_api_query(ReceiptsQuery)
        with loa.database.reading() as conn:
            board = receipts.list_receipts(conn, asked.post, has_mail=has_mail(conn, loa))
        mine = [line for line in board if caller().sees_all or line.unit_id == caller().unit_id]
        return page_by(
            mine, asked, lambda line: f"{line.unit_name}\0{line.unit_id}", shapes.show_receipt
        )

    @blueprint.post("/v1/receipts")
    def add_receipt() -> Response:
        body = read_json_body(ReceiptBody)

        def work(conn: Connection) -> tuple[object, int]:
            done = acknowledge(conn, loa, body.post, body.note, by_api(), caller().name)
            return shapes.show_acknowledged(done), 201 if done.is_new else 200

        return write(work)
