"""The page where a unit acknowledges a post: one button.

The token in its address is the only right, and can only acknowledge. A GET changes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, render_template, request

from service.services.receipt_acts import acknowledge_by_link, find_receipt_subject
from service.storage.posts import get_post, revisions
from service.storage.receipts import acknowledged_at
from service.storage.units import get_unit
from service.web.pages.differences import differences
from service.web.site import keep_private

if TYPE_CHECKING:
    from service.bootstrap import Loa


def make_blueprint(loa: Loa) -> Blueprint:
    """The routes below /receipts/."""
    blueprint = Blueprint("receipts", __name__)

    @blueprint.get("/receipts/<token>")
    def show(token: str) -> str:
        return _page(loa, token, is_new=False)

    @blueprint.post("/receipts/<token>")
    def confirm(token: str) -> str:
        form = request.form
        with loa.database.writing() as conn:
            acknowledge_by_link(conn, loa, token, form.get("by", ""), form.get("note", ""))
        return _page(loa, token, is_new=True)

    blueprint.after_request(keep_private)
    return blueprint


def _page(loa: Loa, token: str, *, is_new: bool) -> str:
    with loa.database.reading() as conn:
        about = find_receipt_subject(conn, loa, token)
        post = get_post(conn, about.post_id)
        unit = get_unit(conn, about.unit_id)
        seen = [one for one in revisions(conn, post.id) if one.number <= about.revision]
        at = acknowledged_at(conn, about.post_id, about.revision, about.unit_id)
    return render_template(
        "receipts/receipt.html", post=post, unit=unit, at=at, is_new=is_new,
        changed=differences(seen).get(about.revision),
        is_older=about.revision < post.revision,
        post_url=loa.links.post_url(about.post_id),
    )  # fmt: skip
