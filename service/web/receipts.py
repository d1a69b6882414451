"""The page where a unit acknowledges a post: one button.

The token in its address is the only right, and can only acknowledge. A GET changes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, render_template, request
from werkzeug.wrappers import Response

from service.alerts.links import Purpose
from service.errors import InvalidInput, NotFound
from service.storage.posts import get_post
from service.storage.receipts import MAX_NAME, MAX_NOTE, acknowledge, acknowledged_at
from service.storage.units import get_unit
from service.text import clean

if TYPE_CHECKING:
    from service.bootstrap import Loa


def make_blueprint(loa: Loa) -> Blueprint:
    """The routes below /receipts/."""
    blueprint = Blueprint("receipts", __name__)

    @blueprint.get("/receipts/<token>")
    def show(token: str) -> str:
        return _page(loa, *_subject(loa, token), is_new=False)

    @blueprint.post("/receipts/<token>")
    def confirm(token: str) -> str:
        post_id, revision, unit_id = _subject(loa, token)
        by = clean(request.form.get("by", ""))[:MAX_NAME]
        note = clean(request.form.get("note", ""))[:MAX_NOTE]
        with loa.database.writing() as conn:
            acknowledge(
                conn,
                post_id=post_id,
                revision=revision,
                unit_id=unit_id,
                at=loa.clock(),
                by=by,
                note=note,
                via="link",
            )
        return _page(loa, post_id, revision, unit_id, is_new=True)

    @blueprint.after_request
    def keep_private(response: Response) -> Response:
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Robots-Tag"] = "noindex"
        return response

    return blueprint


def _subject(loa: Loa, token: str) -> tuple[str, int, str]:
    """What the token is about. Raises NotFound for anything that was not made here for this."""
    try:
        post_id, revision, unit_id = loa.links.read(Purpose.RECEIPT, token)
        return post_id, int(revision), unit_id
    except (InvalidInput, ValueError) as error:
        raise NotFound("receipt link", "(token)") from error


def _page(loa: Loa, post_id: str, revision: int, unit_id: str, *, is_new: bool) -> str:
    with loa.database.reading() as conn:
        post = get_post(conn, post_id)
        unit = get_unit(conn, unit_id)
        at = acknowledged_at(conn, post_id, revision, unit_id)
    return render_template(
        "receipts/receipt.html", post=post, unit=unit, at=at, is_new=is_new, is_older=revision < post.revision,
        post_url=loa.links.post_url(post_id),
    )  # fmt: skip
