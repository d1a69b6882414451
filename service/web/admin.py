"""The operator's pages: portals and their health, posts, units, subscriptions, deliveries, the receipt board.

Signing in takes an operator's API token; the session names the token, so that revoking it ends the session.
Every change is a POST with the session's CSRF token.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint, redirect, render_template, request, session
from werkzeug.wrappers import Response

from service.errors import InvalidInput
from service.storage import deliveries, receipts, subscriptions, units
from service.storage.counts import count_all
from service.storage.posts import cursor_of, get_post, newest_posts
from service.types import State, SubscriptionStatus
from service.web import auth
from service.web.app import base_path
from service.web.portal_state import portal_states
from service.web.public import read_query

if TYPE_CHECKING:
    from service.bootstrap import Loa

PAGE_ROWS = 50
MOVES = {
    "pause": SubscriptionStatus.PAUSED,
    "resume": SubscriptionStatus.ACTIVE,
    "remove": SubscriptionStatus.REMOVED,
}


def make_blueprint(loa: Loa) -> Blueprint:
    blueprint = Blueprint("admin", __name__, url_prefix="/admin")
    _add_session(blueprint, loa)
    _add_reads(blueprint, loa)
    _add_writes(blueprint, loa)

    @blueprint.after_request
    def keep_private(response: Response) -> Response:
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Robots-Tag"] = "noindex"
        return response

    return blueprint


def _add_session(blueprint: Blueprint, loa: Loa) -> None:
    home = f"{base_path(loa.settings.service.public_url)}/admin/"

    @blueprint.route("/sign-in", methods=["GET", "POST"])
    def sign_in() -> Response | str | tuple[str, int]:
        if request.method == "GET":
            return render_template("admin/sign_in.html", is_refused=False)
        auth.require_csrf()
        found = auth.identify(request.form.get("token", "").strip())
        if found is None or not found.is_operator:
            return render_template("admin/sign_in.html", is_refused=True), 401
        auth.sign_in(found)
        return redirect(home, 303)

    @blueprint.post("/sign-out")
    def sign_out() -> Response:
        session.clear()
        return redirect(f"{home}sign-in", 303)


def _add_reads(blueprint: Blueprint, loa: Loa) -> None:
    @blueprint.get("/")
    def index() -> str:
        with loa.database.reading() as conn:
            counts = count_all(conn)
            states = portal_states(conn, loa.settings.portals)
        waiting = sum(n for (_, state), n in counts.messages.items() if state == State.DUE)
        failed = sum(n for (_, state), n in counts.messages.items() if state == State.FAILED)
        return render_template("admin/index.html", counts=counts, states=states, waiting=waiting, failed=failed)

    @blueprint.get("/posts")
    def posts() -> str:
        with loa.database.reading() as conn:
            found = newest_posts(conn, read_query(), PAGE_ROWS + 1, request.args.get("before"))
        older = cursor_of(found[PAGE_ROWS - 1]) if len(found) > PAGE_ROWS else None
        return render_template("admin/posts.html", posts=found[:PAGE_ROWS], older=older, q=request.args.get("q", ""))

    @blueprint.get("/units")
    def unit_list() -> str:
        with loa.database.reading() as conn:
            return render_template("admin/units.html", units=units.list_units(conn))

    @blueprint.get("/subscriptions")
    def subscription_list() -> str:
        after = request.args.get("after")
        with loa.database.reading() as conn:
            found = subscriptions.list_subscriptions(conn, after=after, limit=PAGE_ROWS + 1)
            names = {unit.id: unit.name for unit in units.list_units(conn)}
        more = found[PAGE_ROWS - 1].id if len(found) > PAGE_ROWS else None
        return render_template("admin/subscriptions.html", subscriptions=found[:PAGE_ROWS], names=names, more=more)

    @blueprint.get("/deliveries")
    def delivery_list() -> str:
        return render_template("admin/deliveries.html", **_deliveries(loa))

    @blueprint.get("/deliveries/<key>")
    def delivery(key: str) -> str:
        with loa.database.reading() as conn:
            shown = deliveries.show_delivery(conn, key)
            post = get_post(conn, shown.delivery.post_id)
            target = subscriptions.get_subscription(conn, shown.delivery.subscription_id)
        return render_template("admin/delivery.html", shown=shown, post=post, subscription=target)

    @blueprint.get("/receipts/<post_id>")
    def board(post_id: str) -> str:
        with loa.database.reading() as conn:
            post = get_post(conn, post_id)
            lines = receipts.list_receipts(conn, post_id)
        done = sum(line.acknowledged_at is not None for line in lines)
        return render_template("admin/receipts.html", post=post, lines=lines, done=done)


def _deliveries(loa: Loa) -> dict[str, Any]:
    asked = request.args.get("state", "")
    if asked and asked not in [state.value for state in State]:
        raise InvalidInput("state", f"there is no state {asked!r}", ", ".join(State))
    with loa.database.reading() as conn:
        found = deliveries.list_deliveries(
            conn,
            state=State(asked) if asked else None,
            subscription_id=request.args.get("subscription") or None,
            post_id=request.args.get("post") or None,
            before=request.args.get("before") or None,
            limit=PAGE_ROWS + 1,
        )
    more = found[PAGE_ROWS - 1].id if len(found) > PAGE_ROWS else None
    return {"deliveries": found[:PAGE_ROWS], "more": more, "state_asked": asked, "states": [s.value for s in State]}


def _add_writes(blueprint: Blueprint, loa: Loa) -> None:
    home = f"{base_path(loa.settings.service.public_url)}/admin"

    @blueprint.post("/units")
    def add_unit() -> Response:
        contacts = tuple(request.form.get("contacts", "").replace(",", " ").split())
        place = request.form.get("place", "").strip() or None
        if place is not None and loa.gazetteer.get(place) is None:
            raise InvalidInput("place", f"there is no place {place!r}", "an id of config/places.toml")
        with loa.database.writing() as conn:
            units.add_unit(conn, name=request.form.get("name", ""), at=loa.clock(), place=place, contacts=contacts)
        return redirect(f"{home}/units", 303)

    @blueprint.post("/subscriptions/<key>/<move>")
    def move_subscription(key: str, move: str) -> Response:
        if move not in MOVES:
            raise InvalidInput("move", f"there is no {move!r}", ", ".join(MOVES))
        with loa.database.writing() as conn:
            subscriptions.set_status(conn, key, MOVES[move], at=loa.clock(), reason=f"admin: {auth.caller().name}")
        return redirect(f"{home}/subscriptions", 303)

    @blueprint.post("/deliveries/<key>/replay")
    def replay_delivery(key: str) -> Response:
        with loa.database.writing() as conn:
            deliveries.replay(conn, at=loa.clock(), delivery_id=key)
        return redirect(f"{home}/deliveries/{key}", 303)
