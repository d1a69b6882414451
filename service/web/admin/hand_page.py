"""The desk's form for a directive that came on paper, and withdrawing a post."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, g, redirect, render_template, request
from werkzeug.wrappers import Response

from service.errors import Conflict, InputFaults, InvalidInput
from service.services import by_hand
from service.types import Post
from service.web.admin.sure import ask_to_withdraw, is_sure, tell_done
from service.web.problem import Fault, fault_of, status_of
from service.web.site import base_path, category_name
from service.words import coded

if TYPE_CHECKING:
    from service.bootstrap import Loa


def add_routes(blueprint: Blueprint, loa: Loa) -> None:
    home = f"{base_path(loa.settings.service.public_url)}/admin/posts"

    @blueprint.get("/posts/new")
    def new_post() -> str:
        return _form(loa)

    @blueprint.post("/posts/new")
    def add_post() -> Response | tuple[str, int]:
        try:
            post = _publish(loa)
        except (InvalidInput, Conflict) as error:
            return _form(loa, fault_of(error, "title")), status_of(error)
        tell_done(coded("done.post_added", post=post.title))
        return redirect(f"{home}/{post.id}", 303)

    @blueprint.post("/posts/<post_id>/withdraw")
    def withdraw_post(post_id: str) -> Response | str:
        with loa.database.writing() as conn:
            if not is_sure():
                return ask_to_withdraw(conn, post_id)
            post = by_hand.withdraw_by_hand(conn, loa, post_id)
        tell_done(coded("done.post_withdrawn", post=post.title))
        return redirect(f"{home}/{post.id}", 303)


def _publish(loa: Loa) -> Post:
    """Raises InvalidInput, Conflict."""
    form, faults, kept = request.form, InputFaults(), []
    for one in request.files.getlist("file"):
        with faults:
            if one.filename:
                kept.append(by_hand.keep_file(loa, loa.archive, one.filename, one.read()))
    typed = by_hand.TypedPost(
        form.get("title", ""), form.get("text", ""), form.get("category", ""), tuple(kept)
    )
    with loa.database.writing() as conn:
        return by_hand.publish_by_hand(conn, loa, typed, faults)


def _form(loa: Loa, fault: Fault | None = None) -> str:
    categories = [(one.id, category_name(loa, one.id, g.language)) for one in loa.rules.categories]
    return render_template(
        "admin/new_post.html", categories=categories, fault=fault, filled=request.form
    )
