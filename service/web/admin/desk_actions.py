"""What a signed-in operator may do: each a POST with the session's CSRF token, which `auth` has
checked before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from service.errors import Conflict, InvalidInput
from service.services import backfill_acts, overruling_acts, silences, undo_acts
from service.services import delivery_acts as deliveries
from service.services import subscription_acts as subscriptions
from service.services import unit_acts as units
from service.services.context import Actor
from service.services.filters import check_categories
from service.services.merge_acts import merge
from service.storage.subscriptions import get_subscription
from service.values import parse_day
from service.web import auth
from service.web.admin.faults import desk_fault
from service.web.admin.subscriber_pages import unit_page
from service.web.admin.sure import (
    ask_of_portal,
    ask_to_remove_subscription,
    ask_to_remove_unit,
    ask_to_replay,
    ask_to_rotate,
    is_sure,
    tell_done,
)
from service.web.pages.subscribe_form import place_asked
from service.web.problem import status_of
from service.web.site import base_path, with_script
from service.words import coded

if TYPE_CHECKING:
    from service.bootstrap import Loa

MOVES = {
    "pause": subscriptions.pause,
    "resume": subscriptions.resume,
    "confirm": subscriptions.confirm,
    "ask": subscriptions.ask_again,
    "remove": subscriptions.remove,
    "restore": undo_acts.restore_subscription,
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
            n = deliveries.replay(conn, loa, key, _by_desk())
        tell_done(coded("done.replayed", n=n))
        return redirect(f"{home}/deliveries/{key}", 303)

    @blueprint.post("/deliveries/replay-failed")
    def replay_failed() -> Response | str:
        with loa.database.writing() as conn:
            if not is_sure():
                return ask_to_replay(conn)
            n = deliveries.replay_all(conn, loa, since=None, is_failed_only=True)
        tell_done(coded("done.replayed", n=n))
        return redirect(f"{home}/deliveries?state=due", 303)

    @blueprint.post("/deliveries/<any(pause, resume):move>")
    def switch_deliveries(move: str) -> Response:
        with loa.database.writing() as conn:
            if move == "pause":
                deliveries.pause_all(conn, loa)
            else:
                deliveries.resume_all(conn, loa)
        tell_done("done.delivery_paused" if move == "pause" else "done.delivery_resumed")
        return redirect(f"{home}/", 303)


def _add_portal_routes(blueprint: Blueprint, loa: Loa, home: str) -> None:
    @blueprint.post("/portals/<portal_id>/release")
    def release_portal(portal_id: str) -> Response | str:
        with loa.database.writing() as conn:
            if not is_sure():
                return ask_of_portal(conn, loa, portal_id, "release")
            n = silences.release_portal(conn, loa, portal_id)
        tell_done(coded("done.released", n=n))
        return redirect(f"{home}/silent/", 303)

    @blueprint.post("/portals/<portal_id>/discard")
    def discard_portal(portal_id: str) -> Response | str:
        with loa.database.writing() as conn:
            if not is_sure():
                return ask_of_portal(conn, loa, portal_id, "discard")
            n = silences.discard_portal(conn, loa, portal_id)
        tell_done(coded("done.discarded", n=n))
        return redirect(f"{home}/silent/", 303)

    @blueprint.post("/portals/<portal_id>/backfill")
    def backfill_portal(portal_id: str) -> Response:
        since = parse_day(request.form.get("since", ""), "since")
        with loa.database.writing() as conn:
            backfill_acts.ask(conn, loa, portal_id, since, _by_desk())
        tell_done(coded("done.backfill", portal=portal_id, day=since.isoformat()))
        return redirect(f"{home}/portals/{portal_id}#backfill", 303)

    @blueprint.post("/posts/<post_id>/release")
    def release_post(post_id: str) -> Response:
        with loa.database.writing() as conn:
            n = silences.release_posts(conn, loa, [post_id])
        tell_done(coded("done.released", n=n))
        return redirect(f"{home}/silent/", 303)

    @blueprint.post("/posts/<post_id>/discard")
    def discard_post(post_id: str) -> Response:
        with loa.database.writing() as conn:
            n = silences.discard_posts(conn, loa, [post_id])
        tell_done(coded("done.discarded", n=n))
        return redirect(f"{home}/silent/", 303)

    @blueprint.post("/posts/<post_id>/categories")
    def recategorise_post(post_id: str) -> Response:
        wanted = check_categories(
            loa, [request.form.get("primary", ""), *request.form.getlist("category")]
        )
        with loa.database.writing() as conn:
            overruling_acts.decide_categories(conn, loa, post_id, wanted)
        tell_done("done.categories")
        return redirect(f"{home}/posts/{post_id}", 303)

    @blueprint.post("/posts/<post_id>/urgency")
    def decide_urgency(post_id: str) -> Response:
        with loa.database.writing() as conn:
            overruling_acts.decide_urgency(conn, loa, post_id, request.form.get("urgency", ""))
        tell_done("done.urgency")
        return redirect(f"{home}/posts/{post_id}", 303)


def _add_unit_routes(blueprint: Blueprint, loa: Loa, home: str) -> None:
    @blueprint.post("/units")
    def add_unit() -> Response | tuple[str, int]:
        form = request.form
        contacts = form.get("contacts", "").replace(",", " ").split()
        try:
            facts = units.parse_unit(
                loa,
                name=form.get("name", ""),
                place=place_asked(form.get("place", "")) or None,
                contacts=contacts,
            )
            with loa.database.writing() as conn:
                unit = units.add(conn, loa, facts)
        except (InvalidInput, Conflict) as error:
            return unit_page(loa, desk_fault(error, "name")), status_of(error)
        tell_done(coded("done.unit_added", unit=unit.name))
        return redirect(f"{home}/units", 303)

    @blueprint.post("/units/<unit_id>/remove")
    def remove_unit(unit_id: str) -> Response | str:
        with loa.database.writing() as conn:
            if not is_sure():
                return ask_to_remove_unit(conn, loa, unit_id)
            unit = units.remove(conn, loa, unit_id, _by_desk())
        tell_done(coded("done.unit_removed", unit=unit.name), f"units/{unit.id}/restore")
        return redirect(f"{home}/units", 303)

    @blueprint.post("/units/<unit_id>/restore")
    def restore_unit(unit_id: str) -> Response:
        with loa.database.writing() as conn:
            unit = undo_acts.restore_unit(conn, loa, unit_id, _by_desk())
        tell_done(coded("done.unit_restored", unit=unit.name))
        return redirect(f"{home}/units", 303)

    @blueprint.post("/units/<unit_id>/merge")
    def merge_unit(unit_id: str) -> Response:
        with loa.database.writing() as conn:
            merged = merge(conn, loa, unit_id, request.form.get("into", ""))
        facts = {"unit": merged.unit.name, "into": merged.into.name}
        tell_done(coded("done.unit_merged", **facts))
        return redirect(f"{home}/units", 303)


def _add_subscription_routes(blueprint: Blueprint, loa: Loa, home: str) -> None:
    @blueprint.post("/subscriptions/<key>/<move>")
    def move_subscription(key: str, move: str) -> Response | str:
        if move not in MOVES:
            raise InvalidInput(
                "move",
                coded("bad.value", text=move),
                coded("allowed.among", names=", ".join(MOVES)),
            )
        with loa.database.writing() as conn:
            if move == "remove" and not is_sure():
                return ask_to_remove_subscription(conn, key)
            moved = MOVES[move](conn, loa, key, _by_desk())
        undo = f"subscriptions/{key}/restore" if move == "remove" else ""
        tell_done(coded(f"done.{move}", target=moved.target), undo)
        there = f"{home}/subscriptions/{key}#answers" if move == "ask" else f"{home}/subscriptions"
        return redirect(there, 303)

    @blueprint.post("/subscriptions/<key>/rotate")
    def rotate_secret(key: str) -> str | Response:
        """Not a redirect: the secret is in this answer and in no other."""
        with loa.database.writing() as conn:
            if not is_sure():
                return ask_to_rotate(conn, key)
            made = subscriptions.rotate(conn, loa, key, _by_desk())
        return with_script(render_template("admin/secret.html", made=made, until=made.old_until))

    @blueprint.post("/subscriptions/<key>/test")
    def test_subscription(key: str) -> Response:
        with loa.database.writing() as conn:
            subscriptions.test(conn, loa, key, _by_desk())
            target = get_subscription(conn, key).target
        tell_done(coded("done.test", target=target))
        return redirect(f"{home}/subscriptions/{key}#answers", 303)


def _by_desk() -> Actor:
    """Whoever is signed in, as what is changed remembers it."""
    return auth.actor(coded("by.operator", name=auth.caller().name))
