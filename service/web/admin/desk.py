"""The operator's pages: portals and their health, posts, units, subscriptions, deliveries, the
receipt board.

Every change is a POST with the session's CSRF token.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from flask import Blueprint, g, render_template, request

from service.channels import kind_of
from service.errors import InvalidInput
from service.services import silences
from service.services.context import OPERATOR
from service.services.explain import explain
from service.storage import deliveries, subscriptions
from service.storage.posts import cursor_of, get_post, load_posts, newest_posts
from service.storage.silence import count_silences
from service.types import State
from service.web.admin import (
    audit_page,
    hand_page,
    portal_new,
    portal_page,
    post_page,
    receipt_board,
    sign_in_page,
    subscriber_pages,
    subscription_page,
    succession_page,
    today,
    token_page,
    unit_page,
)
from service.web.admin import desk_actions as admin_actions
from service.web.admin.sent_body import shown_body
from service.web.pages.search_page import read_search_query
from service.web.site import keep_private
from service.words import coded

if TYPE_CHECKING:
    from service.bootstrap import Loa

PAGE_ROWS = 50
SILENT_ROWS = 25
HELD_SHOWN = 10
"""Portals that a flood is held of, on the page of silent posts."""


def make_blueprint(loa: Loa) -> Blueprint:
    blueprint = Blueprint("admin", __name__, url_prefix="/admin")
    sign_in_page.add_routes(blueprint, loa)
    today.add_routes(blueprint, loa)
    hand_page.add_routes(blueprint, loa)
    portal_new.add_routes(blueprint, loa)
    portal_page.add_routes(blueprint, loa)
    _add_posts(blueprint, loa)
    post_page.add_routes(blueprint, loa)
    subscriber_pages.add_routes(blueprint, loa)
    succession_page.add_routes(blueprint, loa)
    unit_page.add_routes(blueprint, loa)
    subscription_page.add_routes(blueprint, loa)
    receipt_board.add_routes(blueprint, loa)
    _add_deliveries(blueprint, loa)
    audit_page.add_routes(blueprint, loa)
    token_page.add_routes(blueprint, loa)
    admin_actions.add_routes(blueprint, loa)

    blueprint.after_request(keep_private)
    return blueprint


def _add_posts(blueprint: Blueprint, loa: Loa) -> None:
    @blueprint.get("/posts")
    def posts() -> str:
        with loa.database.reading() as conn:
            found = newest_posts(
                conn, read_search_query(loa), PAGE_ROWS + 1, request.args.get("before")
            )
        older = cursor_of(found[PAGE_ROWS - 1]) if len(found) > PAGE_ROWS else None
        return render_template(
            "admin/posts.html", posts=found[:PAGE_ROWS], older=older, q=request.args.get("q", "")
        )

    @blueprint.get("/silent/")
    def silent() -> str:
        after, code = request.args.get("after"), request.args.get("code") or None
        with loa.database.reading() as conn:
            found = silences.list_silences(conn, code=code, after=after, limit=SILENT_ROWS + 1)
            counts = count_silences(conn)
        more = found[SILENT_ROWS - 1].change_id if len(found) > SILENT_ROWS else None
        held = [(key, by[silences.FLOOD]) for key, by in counts.items() if silences.FLOOD in by]
        return render_template(
            "admin/silent.html",
            found=found[:SILENT_ROWS],
            more=more,
            counts=counts,
            held=held[:HELD_SHOWN],
            held_more=max(0, len(held) - HELD_SHOWN),
            code=code,
            codes=silences.CODES,
            to_decide=silences.TO_DECIDE,
            names={portal.id: portal.name for portal in loa.settings.portals},
        )


def _add_deliveries(blueprint: Blueprint, loa: Loa) -> None:
    @blueprint.get("/deliveries")
    def delivery_list() -> str:
        return render_template("admin/deliveries.html", **_deliveries(loa))

    @blueprint.get("/deliveries/<key>")
    def delivery(key: str) -> str:
        with loa.database.reading() as conn:
            shown = deliveries.show_delivery(conn, key)
            post = get_post(conn, shown.delivery.post_id)
            target = subscriptions.get_subscription(conn, shown.delivery.subscription_id)
            body = shown_body(deliveries.payload_sent(conn, shown.delivery.change_id))
            told = explain(conn, loa, post.id, target.id, OPERATOR, g.language)
        return render_template(
            "admin/delivery.html",
            shown=shown,
            post=post,
            subscription=target,
            why=told,
            body=body,
            is_signed=kind_of(target.channel).is_signed,
        )


def _deliveries(loa: Loa) -> dict[str, Any]:
    asked = request.args.get("state", "")
    if asked and asked not in [state.value for state in State]:
        raise InvalidInput(
            "state",
            coded("bad.state", text=asked),
            coded("allowed.among", names=", ".join(State)),
        )
    with loa.database.reading() as conn:
        found = deliveries.list_deliveries(
            conn,
            state=State(asked) if asked else None,
            subscription_id=request.args.get("subscription") or None,
            post_id=request.args.get("post") or None,
            before=request.args.get("before") or None,
            limit=PAGE_ROWS + 1,
        )
        posts = load_posts(conn, sorted({one.post_id for one in found}))
        targets = {
            key: subscriptions.get_subscription(conn, key).target
            for key in {d.subscription_id for d in found}
        }
    more = found[PAGE_ROWS - 1].id if len(found) > PAGE_ROWS else None
    narrowed = urlencode(
        [(k, v) for k, v in request.args.items() if k in ("state", "subscription", "post") and v]
    )
    return {
        "deliveries": found[:PAGE_ROWS],
        "posts": posts,
        "targets": targets,
        "more": more,
        "narrowed": narrowed,
        "state_asked": asked,
        "states": [state.value for state in State if state is not State.LEASED],
    }
