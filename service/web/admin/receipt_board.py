"""The receipt boards: over all directives, of one, as a file, for the printer; and reminding at
once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from service.alerts.proof import STYLE_HASH, render_proof
from service.alerts.receipt_rules import Line
from service.services.mail_state import has_mail, why_no_mail
from service.services.remind_now import remind_now
from service.services.todays_work import OpenDirective, load_directives, load_open_receipts
from service.storage import receipts
from service.storage.posts import get_post
from service.storage.proofs import load_proof
from service.web import reader
from service.web.admin.board import as_csv
from service.web.admin.sure import tell_done
from service.web.site import base_path
from service.words import coded

if TYPE_CHECKING:
    from service.bootstrap import Loa

PAGE_ROWS = 50
FILTERS = ("late", "unreachable", "waiting")


def add_routes(blueprint: Blueprint, loa: Loa) -> None:
    home = f"{base_path(loa.settings.service.public_url)}/admin"

    @blueprint.get("/receipts/")
    def all_boards() -> str:
        asked, page = request.args.get("only", ""), request.args.get("page", 0, int)
        with loa.database.reading() as conn:
            found = [one for one in load_directives(conn, loa) if _is_asked(one, asked)]
            start = max(0, page) * PAGE_ROWS
            shown = found[start : start + PAGE_ROWS]
            done = receipts.count_acknowledged(conn, [one.post.id for one in shown])
            no_mail = why_no_mail(conn, loa)
        return render_template(
            "admin/boards.html", shown=shown, done=done, now=loa.clock(), asked=asked,
            filters=FILTERS, more=page + 1 if len(found) > start + PAGE_ROWS else None,
            late=sum(bool(one.late) for one in found), no_mail=no_mail,
        )  # fmt: skip

    @blueprint.post("/receipts/remind")
    def remind_units() -> AnyResponse:
        """Those named of one post, all of it, or, without a post, all that are late."""
        posts, units = request.form.getlist("post"), _named_units()
        with loa.database.writing() as conn:
            late = [] if posts else [one for one in load_directives(conn, loa) if one.late]
            wanted = posts or [one.post.id for one in late]
            made = remind_now(conn, loa, [] if units == [] else wanted, units or ())
        facts = {"asked": made.asked, "resting": made.resting, "unreachable": made.unreachable}
        tell_done(coded("done.remind", **facts))
        where = posts[0] if len(posts) == 1 and "all" not in request.form else ""
        return redirect(f"{home}/receipts/{where}", 303)

    @blueprint.get("/receipts/<post_id>")
    def board(post_id: str) -> str:
        with loa.database.reading() as conn:
            post = get_post(conn, post_id)
            lines = receipts.list_receipts(conn, post_id, has_mail=has_mail(conn, loa))
            found = {one.line.unit_id: one for one in load_open_receipts(conn, loa, None, post_id)}
            no_mail = why_no_mail(conn, loa)
        rank = {unit_id: number for number, unit_id in enumerate(found)}
        ranked = sorted(lines, key=lambda line: rank.get(line.unit_id, len(rank)))
        page = max(0, request.args.get("page", 0, int))
        start = page * PAGE_ROWS
        return render_template(
            "admin/receipts.html", post=post, lines=lines, tally=tally(lines), now=loa.clock(),
            shown=ranked[start : start + PAGE_ROWS],
            more=page + 1 if len(ranked) > start + PAGE_ROWS else None,
            open=found, no_mail=no_mail,
        )  # fmt: skip

    @blueprint.get("/receipts/<post_id>/proof")
    def proof(post_id: str) -> Response:
        with loa.database.reading() as conn:
            service = loa.settings.service
            page = render_proof(
                load_proof(conn, post_id), service.title, loa.clock(), service.locale.zone
            )
        policy = (
            f"default-src 'none'; style-src '{STYLE_HASH}'; base-uri 'none'; frame-ancestors 'none'"
        )
        headers = {"Content-Security-Policy": policy}
        return Response(page, content_type="text/html; charset=utf-8", headers=headers)

    @blueprint.get("/receipts/<post_id>.csv")
    def board_file(post_id: str) -> Response:
        with loa.database.reading() as conn:
            lines = receipts.list_receipts(conn, post_id, has_mail=has_mail(conn, loa))
        disposition = f'attachment; filename="xac-nhan-{post_id}.csv"'
        headers = {"Content-Disposition": disposition}
        return Response(
            as_csv(lines, reader.locale()), content_type="text/csv; charset=utf-8", headers=headers
        )


def _named_units() -> list[str] | None:
    """The one whose button was pressed, or those that are ticked, perhaps none; None: all."""
    form = request.form
    if "only" in form:
        return form.getlist("only")
    ticked = form.getlist("unit")
    return ticked if ticked or "chosen" in form else None


def tally(lines: list[receipts.Receipt]) -> list[tuple[Line, int]]:
    return [
        (state, n) for state in reversed(Line) if (n := sum(line.state is state for line in lines))
    ]


def _is_asked(one: OpenDirective, asked: str) -> bool:
    match asked:
        case "late":
            return bool(one.late)
        case "unreachable":
            return bool(one.unreachable)
        case "waiting":
            return not one.late
    return True
