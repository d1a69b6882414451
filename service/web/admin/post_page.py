"""The desk's page of one post: what the program read of it, by which rule and words, and a person's
decisions over that. A form that is refused comes back filled, the fault at its field."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flask import Blueprint, g, redirect, render_template, request
from sqlalchemy import Connection
from werkzeug.wrappers import Response

from service.errors import Conflict, InvalidInput
from service.posts.overruled import key_of
from service.services import decision_acts
from service.services.decision_parts import OWNERS, TypedRelation, TypedTask
from service.services.decision_shapes import rule_of_companion, rule_of_relation, rule_of_task
from service.storage import receipts
from service.storage.audit import AuditEntry, list_audit
from service.storage.post_decisions import decisions_about
from service.storage.posts import get_post, is_overruled, load_posts
from service.storage.same_document import companions
from service.types import Link, Post
from service.web import auth
from service.web.admin.receipt_board import tally
from service.web.admin.sure import tell_done
from service.web.pages.subscribe_form import place_asked
from service.web.problem import Fault, fault_of, status_of
from service.web.site import base_path, category_name
from service.words import coded

if TYPE_CHECKING:
    from service.bootstrap import Loa

_PLACE = "place"
"""What the form's list of owners says where a commune is named beside it."""
_DECIDED = {"categories": "act.post_categories", "urgency": "act.post_urgency"}


@dataclass(frozen=True, slots=True)
class RefusedForm:
    """`name`: which of the page's forms it is: the key of a reading, or what it would add."""

    name: str
    fault: Fault


def add_routes(blueprint: Blueprint, loa: Loa) -> None:
    home = f"{base_path(loa.settings.service.public_url)}/admin/posts"

    @blueprint.get("/posts/<post_id>")
    def post(post_id: str) -> str:
        return _page(loa, post_id)

    @blueprint.post("/posts/<post_id>/tasks")
    def decide_task(post_id: str) -> Response | tuple[str, int]:
        wrong, is_dropped = request.form.get("wrong") or None, bool(request.form.get("drop"))
        try:
            with loa.database.writing() as conn:
                right = None if is_dropped else _typed_task()
                decision_acts.decide_task(conn, loa, post_id, wrong, right, _by_desk())
        except (InvalidInput, Conflict) as error:
            return _refused(loa, post_id, wrong or "task", error, "task")
        return _done(loa, post_id, "done.task_dropped" if is_dropped else "done.task", "tasks")

    @blueprint.post("/posts/<post_id>/relations")
    def decide_relation(post_id: str) -> Response | tuple[str, int]:
        wrong, is_dropped = request.form.get("wrong") or None, bool(request.form.get("drop"))
        form = request.form
        try:
            with loa.database.writing() as conn:
                said = TypedRelation(form.get("relation", ""), form.get("other", ""))
                right = None if is_dropped else said
                decision_acts.decide_relation(conn, loa, post_id, wrong, right, _by_desk())
        except (InvalidInput, Conflict) as error:
            return _refused(loa, post_id, wrong or "relation", error, "other")
        code = "done.relation_dropped" if is_dropped else "done.relation"
        return _done(loa, post_id, code, "relations")

    @blueprint.post("/posts/<post_id>/document")
    def decide_document(post_id: str) -> Response | tuple[str, int]:
        other, is_same = request.form.get("other", ""), request.form.get("same") == "1"
        try:
            with loa.database.writing() as conn:
                decision_acts.decide_document(conn, loa, post_id, other, is_same, _by_desk())
        except (InvalidInput, Conflict) as error:
            return _refused(loa, post_id, "document", error, "other")
        code = "done.document_same" if is_same else "done.document_other"
        return _done(loa, post_id, code, "documents")

    @blueprint.post("/posts/<post_id>/decisions/<key>/undo")
    def undo_decision(post_id: str, key: str) -> Response:
        with loa.database.writing() as conn:
            decision_acts.undo_decision(conn, loa, post_id, key)
        tell_done("done.post_undo")
        return redirect(f"{home}/{post_id}", 303)

    def _done(loa: Loa, post_id: str, code: str, part: str) -> Response:
        """Undone where it is told that it was done."""
        with loa.database.reading() as conn:
            made = decisions_about(conn, post_id)[-1]
        tell_done(code, f"posts/{post_id}/decisions/{made.id}/undo")
        return redirect(f"{home}/{post_id}#{part}", 303)


def _typed_task() -> TypedTask:
    form = request.form
    owner = form.get("owner", "")
    if owner == _PLACE:
        owner = place_asked(form.get("place", "")) or _PLACE
    return TypedTask(
        form.get("task", ""), form.get("day", ""), form.get("hour", ""), owner, form.get("who", "")
    )


def _refused(
    loa: Loa, post_id: str, name: str, error: InvalidInput | Conflict, otherwise: str
) -> tuple[str, int]:
    fault = fault_of(error, otherwise)
    if fault.field == "owner" and request.form.get("owner") == _PLACE:
        fault = Fault(_PLACE, fault.text)
    return _page(loa, post_id, RefusedForm(name, fault)), status_of(error)


def _page(loa: Loa, post_id: str, refused: RefusedForm | None = None) -> str:
    with loa.database.reading() as conn:
        found = get_post(conn, post_id)
        lines = receipts.list_receipts(conn, post_id)
        shown = {
            "is_overruled": is_overruled(conn, post_id),
            "decided": _last_decisions(conn, post_id),
            "same": [(one, *rule_of_companion(found, one)) for one in companions(conn, found)],
            **_readings(conn, loa, found),
        }
    categories = [(one.id, category_name(loa, one.id, g.language)) for one in loa.rules.categories]
    return render_template(
        "admin/post.html",
        post=found,
        categories=categories,
        tally=tally(lines),
        refused=refused,
        filled=request.form,
        owners=OWNERS,
        links=list(Link),
        **shown,
    )


def _readings(conn: Connection, loa: Loa, post: Post) -> dict[str, Any]:
    facts, made = post.understanding, decisions_about(conn, post.id)
    zone = loa.settings.service.locale.zone
    tasks = [
        {
            "key": key_of(one),
            "is": one,
            "rule": rule_of_task(one),
            "day": (one.at.astimezone(zone).date() if one.at else one.on) or "",
            "hour": f"{one.at.astimezone(zone):%H:%M}" if one.at else "",
            "owner": one.owner if one.owner in (None, *OWNERS) else _PLACE,
            "place": "" if one.owner in (None, *OWNERS) else one.owner,
        }
        for one in facts.deadlines
    ]
    relations = [
        {"key": key_of(one), "is": one, "rule": rule_of_relation(one)} for one in facts.relations
    ]
    ids = {one.other_id for one in made} | {one.post_id for one in made}
    ids |= {one.post_id for one in facts.relations}
    named = load_posts(conn, sorted(one for one in ids if one))
    titles = {key: one.title for key, one in named.items()}
    return {
        "tasks": tasks,
        "relations": relations,
        "decisions": [
            (one, one.other_id if one.post_id == post.id else one.post_id) for one in reversed(made)
        ],
        "titles": titles,
    }


def _last_decisions(conn: Connection, post_id: str) -> dict[str, AuditEntry]:
    """Who decided categories and urgency last, as far as the log goes back."""
    found = {
        name: list_audit(conn, act=act, subject_id=post_id, limit=1)
        for name, act in _DECIDED.items()
    }
    return {name: entries[0] for name, entries in found.items() if entries}


def _by_desk() -> Any:
    return auth.actor(coded("by.operator", name=auth.caller().name))
