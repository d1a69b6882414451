"""What a signed-in operator may do: each a POST with the session's CSRF token, which `auth` has checked before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from service.alerts.signing import new_secret
from service.errors import InvalidInput
from service.storage import changes, deliveries, handshakes, subscriptions, units
from service.storage.subscriptions import ROTATION_OVERLAP
from service.types import SubscriptionStatus
from service.web import auth
from service.web.api import check_contacts
from service.web.app import base_path

if TYPE_CHECKING:
    from service.bootstrap import Loa

MOVES = {
    "pause": SubscriptionStatus.PAUSED,
    "resume": SubscriptionStatus.ACTIVE,
    "confirm": SubscriptionStatus.ACTIVE,
    "remove": SubscriptionStatus.REMOVED,
}


def add_routes(blueprint: Blueprint, loa: Loa) -> None:
    home = f"{base_path(loa.settings.service.public_url)}/admin"
    _add_delivery_routes(blueprint, loa, home)
    _add_portal_routes(blueprint, loa, home)
    _add_unit_routes(blueprint, loa, home)
    _add_subscription_routes(blueprint, loa, home)


def _add_delivery_routes(blueprint: Blueprint, loa: Loa, home: str) -> None:
    @blueprint.post("/deliveries/<key>/replay")
    def replay_delivery(key: str) -> Response:
        with loa.database.writing() as conn:
            deliveries.replay(conn, at=loa.clock(), delivery_id=key)
        return redirect(f"{home}/deliveries/{key}", 303)

    @blueprint.post("/deliveries/replay-failed")
    def replay_failed() -> Response:
        with loa.database.writing() as conn:
            deliveries.replay(conn, at=loa.clock(), is_failed_only=True)
        return redirect(f"{home}/deliveries?state=due", 303)

    @blueprint.post("/deliveries/<any(pause, resume):move>")
    def switch_deliveries(move: str) -> Response:
        with loa.database.writing() as conn:
            if move == "pause":
                deliveries.pause_all(conn, loa.clock())
            else:
                deliveries.resume_all(conn)
        return redirect(f"{home}/", 303)


def _add_portal_routes(blueprint: Blueprint, loa: Loa, home: str) -> None:
    @blueprint.post("/portals/<portal_id>/release")
    def release_portal(portal_id: str) -> Response:
        with loa.database.writing() as conn:
            changes.release_flood(conn, portal_id)
        return redirect(f"{home}/", 303)

    @blueprint.post("/posts/<post_id>/categories")
    def recategorise_post(post_id: str) -> Response:
        from service.poll import recategorise  # polling is no part of a web process; this alone is rare

        known = [category.id for category in loa.rules.categories]
        primary = request.form.get("primary", "")
        wanted = dict.fromkeys([primary, *request.form.getlist("category")])
        if not set(wanted) <= set(known):
            raise InvalidInput("category", "is not known", ", ".join(known))
        recategorise(loa.database, loa.links, loa.settings, post_id, tuple(wanted), loa.clock())
        return redirect(f"{home}/posts/{post_id}", 303)


def _add_unit_routes(blueprint: Blueprint, loa: Loa, home: str) -> None:
    @blueprint.post("/units")
    def add_unit() -> Response:
        contacts = check_contacts(request.form.get("contacts", "").replace(",", " ").split())
        place = request.form.get("place", "").strip() or None
        if place is not None and loa.gazetteer.get(place) is None:
            raise InvalidInput("place", f"there is no place {place!r}", "an id of config/places.toml")
        with loa.database.writing() as conn:
            units.add_unit(conn, name=request.form.get("name", ""), at=loa.clock(), place=place, contacts=contacts)
        return redirect(f"{home}/units", 303)

    @blueprint.post("/units/<unit_id>/remove")
    def remove_unit(unit_id: str) -> Response:
        with loa.database.writing() as conn:
            units.remove_unit(conn, unit_id, loa.clock())
        return redirect(f"{home}/units", 303)


def _add_subscription_routes(blueprint: Blueprint, loa: Loa, home: str) -> None:
    @blueprint.post("/subscriptions/<key>/<move>")
    def move_subscription(key: str, move: str) -> Response:
        if move not in MOVES:
            raise InvalidInput("move", f"there is no {move!r}", ", ".join(MOVES))
        with loa.database.writing() as conn:
            subscriptions.set_status(conn, key, MOVES[move], at=loa.clock(), reason=f"admin: {auth.caller().name}")
        return redirect(f"{home}/subscriptions", 303)

    @blueprint.post("/subscriptions/<key>/rotate")
    def rotate_secret(key: str) -> str:
        """Not a redirect: the secret is in this answer and in no other."""
        secret, now = new_secret(), loa.clock()
        with loa.database.writing() as conn:
            subscriptions.rotate_secret(conn, key, secret, loa.secret_box, now)
            found = subscriptions.get_subscription(conn, key)
        return render_template("admin/secret.html", subscription=found, secret=secret, until=now + ROTATION_OVERLAP)

    @blueprint.post("/subscriptions/<key>/test")
    def test_subscription(key: str) -> Response:
        with loa.database.writing() as conn:
            handshakes.send_test(conn, key, loa.clock())
        return redirect(f"{home}/subscriptions", 303)
